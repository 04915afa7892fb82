"""Snapshot templates."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from console.lib.ids import new_id


class SnapshotTemplate(models.Model):
    """Named parameters of a snapshot or sprite job. Jobs take the values when they are accepted, so a change changes no job."""

    class Kind(models.TextChoices):
        SNAPSHOT = "snapshot", _("Snapshot")
        SPRITE = "sprite", _("Sprite")
        WEBVTT = "webvtt", _("WebVTT thumbnails")

    id = models.CharField(_("id"), primary_key=True, max_length=64, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=128, unique=True)
    kind = models.CharField(_("type"), max_length=16, choices=Kind.choices, default=Kind.SNAPSHOT)
    params = models.JSONField(_("parameters"), default=dict, help_text=_("what a snapshot or sprite job says, without its input"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        app_label = "templates_app"
        verbose_name = _("snapshot template")
        verbose_name_plural = _("snapshot templates")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def job_kind(self) -> str:
        """The kind of job that it is for."""
        return "snapshot" if self.kind == self.Kind.SNAPSHOT else "sprite"
