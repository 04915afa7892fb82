"""Django's admin, for administrators: the site's header, people's tokens and preferences. Routine work has pages in the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console import access_keys, audit, auth
from console.lib.admin import ReadOnly
from console.models import AccessKey, ApiToken, AuditEntry, KeptAnswer, Preference, UsedNonce
from jobs.engine.errors import Refused

if TYPE_CHECKING:
    from django.http import HttpRequest

admin.site.site_header = _("Reelmill administration")
admin.site.site_title = _("Reelmill administration")
admin.site.index_title = _("Users, tokens and raw rows")
admin.site.site_url = "/console/"  # «View site»
admin.site.empty_value_display = "–"


def checked(policy: Any) -> dict[str, Any]:
    """A policy as it is kept. Raises ValidationError with all its mistakes."""
    if not isinstance(policy, dict):
        raise forms.ValidationError(_("Write a JSON object."))
    try:
        return access_keys.checked_policy(policy).document()
    except Refused as error:
        raise forms.ValidationError([problem.message for problem in error.problems]) from None


admin.site.unregister(User)


@admin.register(User)
class PersonAdmin(UserAdmin):
    """Django's own page of users, which writes down what becomes of them: made, changed, in which roles, deleted."""

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """The roles are written after the row: what they were is kept until then."""
        obj._roles = _roles(obj) if change else []  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Groups are in place now."""
        super().save_related(request, form, formsets, change)
        before, now = form.instance._roles, _roles(form.instance)
        more: dict[str, Any] = {"roles": [before, now]} if before != now else {}
        if change and (fields := sorted(set(form.changed_data) - {"groups"})):
            more["fields"] = fields
        audit.record("user.changed" if change else "user.created", form.instance.pk, form.instance.get_username(), **more)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        """Another password, set by an administrator."""
        with transaction.atomic():
            response = super().user_change_password(request, id, form_url)
            if request.method == "POST" and response.status_code == 302:
                found = User.objects.filter(pk=id).first()
                audit.record("user.secret_changed", id, found.get_username() if found else "")
        return response

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """With their keys and tokens."""
        audit.record("user.deleted", obj.pk, obj.get_username())
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """One by one."""
        for user in queryset:
            self.delete_model(request, user)


def _roles(user: User) -> list[str]:
    return [*sorted(user.groups.values_list("name", flat=True)), *(["superuser"] if user.is_superuser else [])]


class NewTokenForm(forms.ModelForm):
    """A token to be."""

    class Meta:
        model = ApiToken
        fields = ("name", "user", "role", "policy")

    def clean_policy(self) -> dict[str, Any]:
        """Its mistakes at its field."""
        return checked(self.cleaned_data["policy"] or {})

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
    readonly_fields = ("user", "role", "policy", "hint", "created_at", "last_used_at")
    fields = ("name", "enabled", "user", "role", "policy", "hint", "created_at", "last_used_at")

    def get_form(self, request: HttpRequest, obj: ApiToken | None = None, change: bool = False, **kwargs: Any) -> Any:
        """Another form for a new one."""
        if obj is None:
            kwargs["form"] = NewTokenForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        """A new one has a name, a user, a role and a policy."""
        return ("name", "user", "role", "policy") if obj is None else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        """User and role of a token never change: it would silently become another one."""
        return () if obj is None else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        """A new token is made by the service, and its text told once."""
        if change:
            auth.switch_token(obj, enabled=obj.enabled)
            super().save_model(request, obj, form, change)
            return
        token, text = auth.make_token(obj.user, obj.name, obj.role, policy=obj.policy)
        obj.pk = token.pk
        obj.refresh_from_db()
        messages.warning(request, gettext("Copy the token now, it is not shown again: %(text)s") % {"text": text})

    def delete_model(self, request: HttpRequest, obj: ApiToken) -> None:
        """By the service, which writes it down."""
        auth.withdraw_token(obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """One by one."""
        for token in queryset.select_related("user"):
            auth.withdraw_token(token)


class AccessKeyForm(forms.ModelForm):
    """A policy is checked by the service, the role against the user's own."""

    class Meta:
        model = AccessKey
        fields = ("name", "user", "role", "policy", "enabled")

    def clean_policy(self) -> dict[str, Any]:
        """Its mistakes at its field."""
        return checked(self.cleaned_data["policy"] or {})

    def clean(self) -> dict[str, Any]:
        """A key may do no more than its user."""
        data = super().clean() or {}
        if data.get("user") and data.get("role") and not auth.at_least(data["user"], data["role"]):
            self.add_error("role", _("An AccessKey cannot have a stronger role than its user."))
        return data


@admin.register(AccessKey)
class AccessKeyAdmin(admin.ModelAdmin):
    """AccessKeys: made here with their secret shown once; afterwards named, limited, switched off or deleted. Secrets are never shown."""

    form = AccessKeyForm
    list_display = ("key_id", "name", "user", "role", "enabled", "parent", "expires_at", "created_at", "last_used_at")
    list_editable = ("enabled",)
    list_filter = ("enabled", "role")
    list_select_related = ("user", "parent")
    search_fields = ("key_id", "name", "user__username")
    autocomplete_fields = ("user",)
    date_hierarchy = "created_at"
    readonly_fields = ("key_id", "user", "role", "parent", "expires_at", "created_at", "last_used_at")
    fields = ("key_id", "name", "enabled", "policy", "user", "role", "parent", "expires_at", "created_at", "last_used_at")

    def get_fields(self, request: HttpRequest, obj: AccessKey | None = None) -> Any:
        """A new one has a name, a user, a role and a policy."""
        return ("name", "user", "role", "policy") if obj is None else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: AccessKey | None = None) -> Any:
        """Id, user and role never change: it would silently become another one."""
        return () if obj is None else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: AccessKey, form: Any, change: bool) -> None:
        """A new key is made by the service, and its secret told once."""
        if change:
            access_keys.change(obj, name=obj.name, enabled=obj.enabled, policy=obj.policy)
            return
        row, secret = access_keys.make_key(obj.user, name=obj.name, role=obj.role, policy=obj.policy)
        obj.pk = row.pk
        obj.refresh_from_db()
        messages.warning(request, gettext("Copy the secret of %(id)s now, it is not shown again: %(secret)s") % {"id": row.key_id, "secret": secret})

    def delete_model(self, request: HttpRequest, obj: AccessKey) -> None:
        """By the service, which writes it down."""
        access_keys.withdraw(obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """One by one; what was lent from a key goes with it."""
        for row in queryset.filter(parent__isnull=True).select_related("user"):
            access_keys.withdraw(row)
        for row in queryset.filter(parent__isnull=False).select_related("user"):
            access_keys.withdraw(row)


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


@admin.register(UsedNonce)
class UsedNonceAdmin(ReadOnly):
    """Nonces of signed requests, for half an hour."""

    list_display = ("digest", "expires_at")
    search_fields = ("digest__exact",)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly):
    """Who did what."""

    list_display = ("at", "actor", "via", "credential", "address", "action", "subject", "subject_id")
    list_filter = ("via", "action")
    search_fields = ("actor__exact", "subject", "subject_id__exact")
    date_hierarchy = "at"
