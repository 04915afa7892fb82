"""Django's admin, for administrators: the site's header, people's tokens and preferences. Routine work has pages in the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console import auth
from console.models import ApiToken, KeptAnswer, Preference

if TYPE_CHECKING:
    from django.http import HttpRequest

admin.site.site_header = _("Reelmill administration")
admin.site.site_title = _("Reelmill administration")
admin.site.index_title = _("Users, tokens and raw rows")
admin.site.site_url = "/console/"  # «View site»
admin.site.empty_value_display = "–"


class NewTokenForm(forms.ModelForm):
    """A token to be."""

    class Meta:
        model = ApiToken
        fields = ("name", "user", "role")

    def clean(self) -> dict[str, Any]:
        """A token may do no more than its user."""
        data = super().clean() or {}
        if data.get("user") and data.get("role") and not auth.at_least(data["user"], data["role"]):
            self.add_error("role", _("A token cannot have a stronger role than its user."))
        return data


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):
    """Tokens: made here with their text shown once; afterwards only named, switched off or deleted."""

    list_display = ("name", "user", "role", "hint", "enabled", "created_at", "last_used_at")
    list_display_links = ("name",)
    list_editable = ("enabled",)
    list_filter = ("enabled", "role")
    list_select_related = ("user",)
    search_fields = ("name", "user__username", "hint")
    autocomplete_fields = ("user",)
    date_hierarchy = "created_at"
    readonly_fields = ("user", "role", "hint", "created_at", "last_used_at")
    fields = ("name", "enabled", "user", "role", "hint", "created_at", "last_used_at")

    def get_form(self, request: HttpRequest, obj: ApiToken | None = None, change: bool = False, **kwargs: Any) -> Any:
        """Another form for a new one."""
        if obj is None:
            kwargs["form"] = NewTokenForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        """A new one has a name, a user and a role."""
        return ("name", "user", "role") if obj is None else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        """User and role of a token never change: it would silently become another one."""
        return () if obj is None else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        """A new token is made by the service, and its text told once."""
        if change:
            super().save_model(request, obj, form, change)
            return
        token, text = auth.make_token(obj.user, obj.name, obj.role)
        obj.pk = token.pk
        obj.refresh_from_db()
        messages.warning(request, gettext("Copy the token now, it is not shown again: %(text)s") % {"text": text})


@admin.register(Preference)
class PreferenceAdmin(admin.ModelAdmin):
    """What people set for themselves."""

    list_display = ("user", "language", "theme", "page_size", "keep_live", "shortcuts")
    list_filter = ("language", "theme")
    list_select_related = ("user",)
    search_fields = ("user__username",)
    raw_id_fields = ("user",)


@admin.register(KeptAnswer)
class KeptAnswerAdmin(admin.ModelAdmin):
    """Answers kept for an Idempotency-Key, for a week."""

    list_display = ("key", "user", "status", "created_at")
    list_select_related = ("user",)
    search_fields = ("key__exact", "user__username")
    readonly_fields = ("user", "key", "digest", "status", "body", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False
