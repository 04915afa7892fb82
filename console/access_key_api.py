"""AccessKeys as JSON: everybody sees and makes their own, admins see all. And temporary credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from console import access_keys, auth
from console.auth import STRENGTH, needs_viewer, who
from console.lib.http import answer, iso, known_parameters, plain_text, read, whole_number
from console.lib.openapi import body, parameter
from console.lib.paging import page
from console.lib.policy import EVERYTHING
from console.models import AccessKey, Role
from jobs.engine.errors import Problem, Refused
from jobs.engine.types import Strict

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from console.auth import Caller

router = Router(tags=["access keys"])


class NewAccessKey(Strict):
    """An AccessKey to be."""

    name: str = Field("", max_length=128)
    role: str = Field("operator", description="viewer, operator or admin; never more than your own")
    policy: dict[str, Any] = Field(
        default_factory=dict, description='{"buckets": […], "actions": […], "read_only": true}; * stands for anything; {}: no limits'
    )


class AccessKeyChange(Strict):
    """What can change of a key. What is not named stays."""

    name: str | None = Field(None, max_length=128)
    enabled: bool | None = None
    policy: dict[str, Any] | None = None


class NewCredentials(Strict):
    """Temporary credentials to be."""

    duration_seconds: int = Field(3600, description="900 to 43200")
    policy: dict[str, Any] = Field(default_factory=dict, description="limits them further than the key's own")
    name: str = Field("", max_length=128)


def mine(caller: Caller) -> QuerySet[AccessKey]:
    """The keys that this caller may see."""
    rows = AccessKey.objects.select_related("user", "parent")
    return rows if caller.at_least(Role.ADMIN) else rows.filter(user=caller.user)


@router.get("/access-keys", auth=needs_viewer, openapi_extra={"parameters": [parameter("after", "cursor"), parameter("limit", "1–100", type="integer")]})
def access_key_list(request: HttpRequest) -> HttpResponse:
    """Your AccessKeys (an admin's list has everybody's), newest first, without their secrets. Role viewer."""
    known_parameters(request, "after", "before", "limit")
    rows = mine(who(request)).order_by("-created_at", "-id")
    found = page(rows, plain_text(request, "after", 4096), plain_text(request, "before", 4096), whole_number(request, "limit", 25, 1, 100))
    return answer({"items": [document(row) for row in found.items], "next": found.next, "previous": found.previous})


@router.post("/access-keys", auth=needs_viewer, openapi_extra={"requestBody": body("NewAccessKey")})
def access_key_create(request: HttpRequest) -> HttpResponse:
    """Make an AccessKey of your own; ``secret`` is told now and never again. Role viewer."""
    known_parameters(request)
    wanted = read(NewAccessKey, request)
    caller = _unlimited(request)
    if STRENGTH.get(wanted.role, 0) > STRENGTH[caller.role or Role.VIEWER]:
        raise Refused("PermissionDenied", _("An AccessKey cannot have a stronger role than its user."))
    row, secret = access_keys.make_key(caller.user, name=wanted.name, role=wanted.role, policy=wanted.policy)
    return answer(document(row) | {"secret": secret}, 201)


@router.get("/access-keys/{key_id}", auth=needs_viewer)
def access_key_get(request: HttpRequest, key_id: str) -> HttpResponse:
    """One AccessKey, without its secret. Role viewer."""
    known_parameters(request)
    return answer(document(_row(request, key_id)))


@router.patch("/access-keys/{key_id}", auth=needs_viewer, openapi_extra={"requestBody": body("AccessKeyChange")})
def access_key_change(request: HttpRequest, key_id: str) -> HttpResponse:
    """Name it, switch it on or off, give it another policy. Role viewer, for keys of your own; admin for others'."""
    known_parameters(request)
    wanted = read(AccessKeyChange, request)
    _unlimited(request)
    row = access_keys.change(_row(request, key_id), **wanted.model_dump(exclude_none=True))
    return answer(document(row))


@router.delete("/access-keys/{key_id}", auth=needs_viewer, response={204: None})
def access_key_delete(request: HttpRequest, key_id: str) -> HttpResponse:
    """Withdraw a key and the credentials lent from it: they are refused from now on. Role viewer, for keys of your own; admin for others'."""
    known_parameters(request)
    _unlimited(request)
    access_keys.withdraw(_row(request, key_id))
    return answer(None, 204)


@router.post("/access-keys/{key_id}/credentials", auth=needs_viewer, openapi_extra={"requestBody": body("NewCredentials")})
def credentials_create(request: HttpRequest, key_id: str) -> HttpResponse:
    """Temporary credentials of one of your keys: id, secret and security token, told now and never again. Role viewer."""
    known_parameters(request)
    wanted = read(NewCredentials, request)
    caller = _unlimited(request)
    parent = _row(request, key_id)
    if parent.user_id != caller.user.pk:
        raise Refused("PermissionDenied", _("Only the owner of a key lends it."))
    if not parent.enabled:
        raise Refused("WrongState", _("This key is switched off."))
    if STRENGTH[parent.role] > STRENGTH[caller.role or Role.VIEWER]:
        raise Refused("PermissionDenied", _("This key may do more than you may here."))
    row, secret, token = access_keys.lend(parent, seconds=wanted.duration_seconds, policy=wanted.policy, name=wanted.name)
    return answer(document(row) | {"secret": secret, "security_token": token}, 201)


def document(row: AccessKey) -> dict[str, Any]:
    """A key as JSON. Never its secret."""
    return {
        "id": row.key_id,
        "name": row.name,
        "user": row.user.get_username(),
        "role": row.role,
        "policy": row.policy,
        "enabled": row.enabled,
        "parent": row.parent.key_id if row.parent else None,
        "created_at": iso(row.created_at),
        "last_used_at": iso(row.last_used_at),
        "expires_at": iso(row.expires_at),
    }


def _unlimited(request: HttpRequest) -> Caller:
    """The caller, if no policy limits them: else they could make themselves a key without limits."""
    caller = auth.who(request)
    if caller.policy != EVERYTHING:
        raise Refused("PermissionDenied", _("A token with a policy cannot change AccessKeys."))
    return caller


def _row(request: HttpRequest, key_id: str) -> AccessKey:
    found = mine(who(request)).filter(key_id=key_id).first() if access_keys.KEY_ID.match(key_id) else None
    if found is None:
        raise Refused("NotFound", problems=(Problem(("key_id",), _("There is no such AccessKey.")),))
    return found
