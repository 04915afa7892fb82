"""Watermark templates and their versions, as raw rows: looked at here, written by services (console, API)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.lib.admin import ReadOnly, ReadOnlyInline
from templates_app.marks.models import WatermarkTemplate, WatermarkTemplateVersion

if TYPE_CHECKING:
    from django.utils.safestring import SafeString


class WatermarkVersionInline(ReadOnlyInline):
    """Versions are never changed once written."""

    model = WatermarkTemplateVersion
    fields = ("number", "params", "created_at")
    show_change_link = False
    ordering = ("-number",)


@admin.register(WatermarkTemplate)
class WatermarkTemplateAdmin(ReadOnly):
    """Watermark templates, deleted ones too."""

    list_display = ("name", "id", "kind", "version", "deleted_at", "updated_at", "in_console")
    list_filter = ("kind", ("deleted_at", admin.EmptyFieldListFilter))
    list_select_related = ("current",)
    search_fields = ("name", "id")
    inlines = (WatermarkVersionInline,)

    @admin.display(description=_("version"))
    def version(self, row: WatermarkTemplate) -> int | None:
        """The current one's number."""
        return row.current.number if row.current else None

    @admin.display(description=_("console"))
    def in_console(self, row: WatermarkTemplate) -> SafeString:
        """The page that people use."""
        return format_html('<a href="{}">{}</a>', reverse("templates:mark_detail", args=[row.pk]), gettext("Open"))
