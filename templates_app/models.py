"""Transcoding templates and their immutable versions."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from console.lib.ids import new_id


class Template(models.Model):
    """A named collection of transcoding parameters. The parameters themselves are in its newest version."""

    class Kind(models.TextChoices):
        CUSTOM = "custom", _("Custom")
        STATIC = "static", _("Preset static")
        INTELLIGENT = "intelligent", _("Preset intelligent")
        NARROWBAND = "narrowband", _("Narrowband")
        CUSTOMIZED = "customized", _("Customized")

    id = models.CharField(_("id"), primary_key=True, max_length=64, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=128, unique=True)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, default=Kind.CUSTOM)
    description = models.CharField(_("description"), max_length=255, blank=True)
    current = models.ForeignKey("TemplateVersion", on_delete=models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("current version"))
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def is_preset(self) -> bool:
        """Presets ship with Reelmill and cannot be edited."""
        return self.kind not in (self.Kind.CUSTOM, self.Kind.CUSTOMIZED)

    @property
    def is_opaque(self) -> bool:
        """Only admins see its parameters, and no job changes them."""
        return self.kind == self.Kind.CUSTOMIZED


class TemplateVersion(models.Model):
    """One state of a template's parameters; never changed once written."""

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="versions", verbose_name=_("template"))
    number = models.PositiveIntegerField(_("number"))
    params = models.JSONField(_("parameters"), help_text=_("jobs.engine.template.Template as JSON"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("template version")
        verbose_name_plural = _("template versions")
        ordering = ("template", "-number")
        constraints = [models.UniqueConstraint(fields=("template", "number"), name="template_version_number")]

    def __str__(self) -> str:
        return f"{self.template_id} v{self.number}"


from templates_app.marks.models import WatermarkTemplate as WatermarkTemplate  # noqa: E402  # so that Django knows them
from templates_app.marks.models import WatermarkTemplateVersion as WatermarkTemplateVersion  # noqa: E402
from templates_app.snapshots.models import SnapshotTemplate as SnapshotTemplate  # noqa: E402
