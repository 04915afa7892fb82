"""Pages of AccessKeys, and the page that shows how to use them from the SDKs. Everybody has their own keys; admins see all."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console import access_keys
from console.access_key_forms import AccessKeyForm, LendForm
from console.auth import STRENGTH, at_least, role_of, viewer
from console.lib.form_errors import add_refusal
from console.models import AccessKey, Role
from console.sdk_snippets import SECRET_NAME, snippets
from jobs.engine.errors import Refused

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

SHOWN = 200


def _mine(request: HttpRequest) -> QuerySet[AccessKey]:
    """The keys that this person may see."""
    rows = AccessKey.objects.select_related("user", "parent")
    return rows if at_least(request.user, Role.ADMIN) else rows.filter(user=cast("User", request.user))


@require_GET
@viewer
def access_key_list(request: HttpRequest) -> HttpResponse:
    """Keys, newest first, and the temporary credentials that are still good."""
    rows = _mine(request)[:SHOWN]
    context = {"keys": [row for row in rows if row.parent_id is None], "lent": [row for row in rows if row.parent_id and not access_keys.is_expired(row)]}
    return render(request, "console/access_keys.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@viewer
def access_key_new(request: HttpRequest) -> HttpResponse:
    """Make a key; the answer shows its secret, this once."""
    user = cast("User", request.user)
    own = role_of(user) or Role.VIEWER
    roles = [(role.value, role.label) for role in Role if STRENGTH[role] <= STRENGTH[own]]
    form = AccessKeyForm(request.POST if request.method == "POST" else None, roles=roles, initial={"role": min(own, Role.OPERATOR, key=STRENGTH.__getitem__)})
    if form.is_bound and form.is_valid():
        try:
            row, secret = access_keys.make_key(user, name=form.cleaned_data["name"], role=form.cleaned_data["role"], policy=form.policy())
        except Refused as error:
            add_refusal(form, error)
        else:
            return render(request, "console/access_key_secret.html", {"key": row, "secret": secret, "secret_name": SECRET_NAME})
    return render(request, "console/access_key_form.html", {"form": form}, status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK)


@require_http_methods(["GET", "POST"])
@viewer
def access_key_edit(request: HttpRequest, key_id: str) -> HttpResponse:
    """Name and policy. Id, secret and role stay."""
    row = get_object_or_404(_mine(request), key_id=key_id)
    form = AccessKeyForm(request.POST if request.method == "POST" else None, initial=AccessKeyForm.values(row))
    if form.is_bound and form.is_valid():
        try:
            access_keys.change(row, name=form.cleaned_data["name"], policy=form.policy())
        except Refused as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("AccessKey %(id)s was saved.") % {"id": row.key_id})
            return redirect("console:access_keys")
    context = {"form": form, "key": row}
    return render(request, "console/access_key_form.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK)


@require_POST
@viewer
def access_key_switch(request: HttpRequest, key_id: str) -> HttpResponse:
    """On or off."""
    row = get_object_or_404(_mine(request), key_id=key_id)
    access_keys.change(row, enabled=not row.enabled)
    messages.success(request, (_("AccessKey %(id)s is on.") if row.enabled else _("AccessKey %(id)s is off.")) % {"id": row.key_id})
    return redirect("console:access_keys")


@require_http_methods(["GET", "POST"])
@viewer
def access_key_delete(request: HttpRequest, key_id: str) -> HttpResponse:
    """Ask, then withdraw it and what was lent from it."""
    row = get_object_or_404(_mine(request), key_id=key_id)
    if request.method == "POST":
        access_keys.withdraw(row)
        messages.success(request, _("AccessKey %(id)s was deleted.") % {"id": key_id})
        return redirect("console:access_keys")
    return render(request, "console/access_key_delete.html", {"key": row})


@never_cache
@require_http_methods(["GET", "POST"])
@viewer
def access_key_lend(request: HttpRequest, key_id: str) -> HttpResponse:
    """Temporary credentials of one of one's own keys; the answer shows them, this once."""
    parent = get_object_or_404(AccessKey, key_id=key_id, user=cast("User", request.user), parent__isnull=True)
    form = LendForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            row, secret, token = access_keys.lend(parent, seconds=form.cleaned_data["duration"], policy=form.policy(), name=form.cleaned_data["name"])
        except Refused as error:
            add_refusal(form, error)
        else:
            return render(request, "console/access_key_secret.html", {"key": row, "secret": secret, "token": token, "secret_name": SECRET_NAME})
    context = {"form": form, "parent": parent}
    return render(request, "console/access_key_lend.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK)


@require_GET
@viewer
def sdk(request: HttpRequest) -> HttpResponse:
    """Programs to copy, with this site's endpoint and a key of the person's own."""
    own = AccessKey.objects.filter(user=cast("User", request.user), parent__isnull=True, enabled=True)
    chosen = own.filter(key_id=request.GET.get("key", "")).first() if "\x00" not in request.GET.get("key", "") else None
    key = chosen or own.first()
    context = {
        "snippets": snippets(request.scheme or "http", request.get_host(), key.key_id if key else "YOUR-ACCESS-KEY-ID"),
        "key": key,
        "keys": own[:50],
        "secret_name": SECRET_NAME,
        "endpoint": request.get_host(),
        "scheme": request.scheme,
    }
    return render(request, "console/sdk.html", context)
