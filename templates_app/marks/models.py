"""Watermark templates and their immutable versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from console.lib.ids import new_id

if TYPE_CHECKING:
    from jobs.engine.vocabulary.marks import Watermark


class WatermarkTemplate(models.Model):
    """A named watermark: where, how large, when; with or without its image or text. The parameters are in its newest version."""

    class Kind(models.TextChoices):
        IMAGE = "image", _("Image")
        TEXT = "text", _("Text")

    id = models.CharField(_("id"), primary_key=True, max_length=64, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=128, unique=True)
    kind = models.CharField(_("type"), max_length=16, choices=Kind.choices, default=Kind.IMAGE)
    current = models.ForeignKey(
        "WatermarkTemplateVersion", on_delete=models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("current version")
    )
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        app_label = "templates_app"
        verbose_name = _("watermark template")
        verbose_name_plural = _("watermark templates")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def params(self) -> dict[str, Any]:
        """The current parameters: only what was said."""
        return self.current.params if self.current else {}

    @property
    def mark(self) -> Watermark:
        """The same, read."""
        from jobs.engine.vocabulary.marks import Watermark

        return Watermark.model_validate(self.params, strict=False)


class WatermarkTemplateVersion(models.Model):
    """One state of a watermark template's parameters; never changed once written."""

    template = models.ForeignKey(WatermarkTemplate, on_delete=models.CASCADE, related_name="versions", verbose_name=_("watermark template"))
    number = models.PositiveIntegerField(_("number"))
    params = models.JSONField(_("parameters"), help_text=_("jobs.engine.vocabulary.marks.Watermark as JSON"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        app_label = "templates_app"
        verbose_name = _("watermark template version")
        verbose_name_plural = _("watermark template versions")
        ordering = ("template", "-number")
        constraints = [models.UniqueConstraint(fields=("template", "number"), name="watermark_version_number")]

    def __str__(self) -> str:
        return f"{self.template_id} v{self.number}"
