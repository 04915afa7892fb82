"""Templates and their versions, as raw rows: looked at here, written by services (console, API)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.lib.admin import ReadOnlyInline
from templates_app.marks.admin import WatermarkTemplateAdmin as WatermarkTemplateAdmin  # so that Django finds it
from templates_app.models import Template, TemplateVersion
from templates_app.snapshots.admin import SnapshotTemplateAdmin as SnapshotTemplateAdmin

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.utils.safestring import SafeString


class VersionInline(ReadOnlyInline):
    """Versions are never changed once written."""

    model = TemplateVersion
    fields = ("number", "params", "created_at")
    ordering = ("-number",)


@admin.register(Template)
class TemplateAdmin(admin.ModelAdmin):
    """Templates, deleted ones too."""

    list_display = ("name", "id", "kind", "description", "version", "deleted_at", "updated_at", "in_console")
    list_filter = ("kind", ("deleted_at", admin.EmptyFieldListFilter))
    list_select_related = ("current",)
    search_fields = ("name", "id", "description")
    inlines = (VersionInline,)

    @admin.display(description=_("version"))
    def version(self, template: Template) -> int | None:
        """The current one's number."""
        return template.current.number if template.current else None

    @admin.display(description=_("console"))
    def in_console(self, template: Template) -> SafeString:
        """The page that people use."""
        return format_html('<a href="{}">{}</a>', reverse("templates:template_detail", args=[template.pk]), gettext("Open"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never: a template without a checked version would break jobs."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never, for the same reason."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: old jobs point to its versions."""
        return False
