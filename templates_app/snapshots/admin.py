"""Snapshot templates as raw rows: looked at here, written by services (console, API)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.lib.admin import ReadOnly
from templates_app.snapshots.models import SnapshotTemplate

if TYPE_CHECKING:
    from django.utils.safestring import SafeString


@admin.register(SnapshotTemplate)
class SnapshotTemplateAdmin(ReadOnly):
    """Snapshot templates."""

    list_display = ("name", "id", "kind", "updated_at", "in_console")
    list_filter = ("kind",)
    search_fields = ("name", "id")

    @admin.display(description=_("console"))
    def in_console(self, row: SnapshotTemplate) -> SafeString:
        """The page that people use."""
        return format_html('<a href="{}">{}</a>', reverse("templates:snapshot_detail", args=[row.pk]), gettext("Open"))
