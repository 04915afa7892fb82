"""Admin pages that show rows and change nothing: a service or a worker writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

if TYPE_CHECKING:
    from django.http import HttpRequest


class ReadOnlyInline(admin.TabularInline):
    """Rows below their parent that only services and workers write. A class of its own says ``model`` and ``fields``."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """All of them."""
        return tuple(str(name) for name in self.fields or ())


class ReadOnly(admin.ModelAdmin):
    """Rows that only services and workers write."""

    show_full_result_count = False  # counting a million rows for a number nobody needs
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False
