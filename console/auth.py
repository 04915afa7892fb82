"""Who is calling, and what may they do: sessions of people, bearer tokens of programs, and the three roles.

Roles are Django groups named «viewer», «operator» and «admin»; a superuser is an admin; somebody in no group may do nothing.
Two doors use this: :func:`viewer`, :func:`operator`, :func:`admin` guard pages (sign-in page, 403 page), :func:`require` guards JSON and
objects (it raises Refused, which the interfaces answer with 401 or 403).
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja.security.base import AuthBase

from console import audit
from console.lib import acting
from console.lib import policy as policies
from console.lib.policy import EVERYTHING, Policy
from console.models import AccessKey, ApiToken, Role
from jobs.engine.errors import Refused

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
STRENGTH: dict[str, int] = {Role.VIEWER: 1, Role.OPERATOR: 2, Role.ADMIN: 3}
USED_EVERY = dt.timedelta(minutes=1)  # «last used» is written at most this often, not with every request
TOKEN_PREFIX = "rm_"  # noqa: S105  not a secret: lets people and scanners recognise one


@dataclass(frozen=True)
class Caller:
    """Somebody who proved who they are. ``token`` and ``access_key`` are None for a session of the console. ``policy``: what limits them beside the role."""

    user: User
    role: Role | None
    token: ApiToken | None = None
    policy: Policy = EVERYTHING
    access_key: AccessKey | None = None

    @property
    def name(self) -> str:
        """What the history shows as «who»."""
        return self.user.get_username()

    @property
    def credential(self) -> str:
        """What the history shows as «with what»: the AccessKey's id, the token's name; empty for a session."""
        return self.access_key.key_id if self.access_key else self.token.name if self.token else ""

    def at_least(self, role: str) -> bool:
        """Whether this caller may do what ``role`` may."""
        return self.role is not None and STRENGTH[self.role] >= STRENGTH[role]


def role_of(user: User | AnonymousUser | None) -> Role | None:
    """The strongest role of a user; None for strangers, for the inactive and for those in no group. One query per user object."""
    if user is None or not user.is_authenticated or not user.is_active:
        return None
    if user.is_superuser:
        return Role.ADMIN
    known = getattr(user, "_reelmill_role", False)
    if known is False:
        names = [name for name in user.groups.values_list("name", flat=True) if name in STRENGTH]
        known = Role(max(names, key=STRENGTH.__getitem__)) if names else None
        user._reelmill_role = known  # type: ignore[attr-defined]  # a cache for this object only
    return cast("Role | None", known)


def at_least(user: User | AnonymousUser | None, role: str) -> bool:
    """Whether this user may do what ``role`` may."""
    own = role_of(user)
    return own is not None and STRENGTH[own] >= STRENGTH[role]


# --- pages ------------------------------------------------------------------------------------------------------------
def _guard(role: Role) -> Callable[[View], View]:
    """A decorator for page views: anonymous people are sent to the sign-in page, too weak ones get the 403 page."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _sign_in(request)
            if not at_least(request.user, role):
                raise PermissionDenied(_("This needs the role «%(role)s».") % {"role": role.label})
            return view(request, *args, **kwargs)

        guarded.role = role  # type: ignore[attr-defined]  # told by a test that no page is left unguarded
        return cast("View", guarded)

    return decorate


viewer = _guard(Role.VIEWER)
operator = _guard(Role.OPERATOR)
admin = _guard(Role.ADMIN)


def _sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back. A fragment cannot show that page: htmx is told to go there with the page the person is on."""
    if request.headers.get("HX-Request") != "true":
        return redirect_to_login(request.get_full_path())
    here = urlsplit(request.headers.get("HX-Current-URL", ""))
    back = here._replace(scheme="", netloc="").geturl() if here.path else resolve_url("console:overview")
    response = HttpResponse(status=401)
    response.headers["HX-Redirect"] = redirect_to_login(back).headers["Location"]
    return response


# --- JSON and objects -------------------------------------------------------------------------------------------------
def require(request: HttpRequest, role: str) -> Caller:
    """The caller, who must have at least ``role``. Raises Refused: NotAuthenticated or PermissionDenied."""
    who = caller(request)
    if who is None:
        raise Refused("NotAuthenticated")
    if not who.at_least(role):
        raise Refused("PermissionDenied", _("This needs the role «%(role)s».") % {"role": Role(role).label})
    if not who.policy.allows_action(_action(request, role)):
        raise Refused("PermissionDenied", _("The policy of this token does not allow it."))
    policies.put_in_force(who.policy)
    acting.identified(who.name, who.credential)
    return who


def _action(request: HttpRequest, role: str) -> str:
    """What the policy of a token calls this request: ``api:jobs:read``, ``api:jobs:write``; outside of /api/v1/ by the first part of the address."""
    parts = request.path_info.removeprefix("/api/v1/").strip("/").split("/")
    return f"api:{parts[0] or 'site'}:{'read' if role == Role.VIEWER else 'write'}"


def caller(request: HttpRequest) -> Caller | None:
    """Who sends this request: the owner of the bearer token, else the person signed in. A wrong token is nobody, whatever the session says.

    A session may only change things with Django's CSRF token: raises Refused (PermissionDenied) without one.
    """
    if header := request.headers.get("Authorization", ""):
        scheme, _sep, text = header.partition(" ")
        return _by_token(text.strip()) if scheme.lower() == "bearer" else None
    if not request.user.is_authenticated or not request.user.is_active:
        return None
    if request.method not in ("GET", "HEAD", "OPTIONS", "TRACE") and (reason := _csrf_failure(request)):
        raise Refused("PermissionDenied", _("The console's session needs its CSRF token: %(reason)s") % {"reason": reason})
    return Caller(request.user, role_of(request.user))


def _by_token(text: str) -> Caller | None:
    token = ApiToken.objects.select_related("user").filter(digest=digest(text), enabled=True, user__is_active=True).first()
    if token is None:
        return None
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    own = role_of(token.user)
    policy = Policy.read(token.policy)
    if own is None:
        return Caller(token.user, None, token, policy)
    role = Role.VIEWER if policy.only_reads else min(own, Role(token.role), key=STRENGTH.__getitem__)
    return Caller(token.user, role, token, policy)


class Bearer(AuthBase):
    """What an endpoint of the API needs: somebody with at least this role. ``request.auth`` is the :class:`Caller` afterwards."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    csrf = True  # the page of the document then sends the session's CSRF token, so that people signed in can try things out

    def __init__(self, role: str) -> None:
        super().__init__()
        self.role = role

    def __call__(self, request: HttpRequest) -> Caller:
        return require(request, self.role)


needs_viewer = Bearer(Role.VIEWER)
needs_operator = Bearer(Role.OPERATOR)
needs_admin = Bearer(Role.ADMIN)


def who(request: HttpRequest) -> Caller:
    """The caller that a :class:`Bearer` has let in."""
    return cast("Caller", request.auth)  # type: ignore[attr-defined]


class _Csrf(CsrfViewMiddleware):
    """Django's check, answering with its reason instead of a page."""

    def _reject(self, request: HttpRequest, reason: str) -> str:
        return reason


def _csrf_failure(request: HttpRequest) -> str | None:
    """Why Django's CSRF check fails for this request, or None. Views of the API are exempt from the middleware, so it is asked here."""
    check = _Csrf(lambda _request: HttpResponse())
    check.process_request(request)
    return cast("str | None", check.process_view(request, _unguarded, (), {}))


def _unguarded(request: HttpRequest) -> HttpResponse:
    """Stands for a view that is not exempt."""
    return HttpResponse()


def digest(text: str) -> str:
    """What is kept of a token. Tokens are long and random, so a plain SHA-256 is enough."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def make_token(user: User, name: str, role: str, text: str | None = None, policy: Mapping[str, Any] | None = None) -> tuple[ApiToken, str]:
    """A new token and its text, which is not kept. ``text``: a given one (first start). Raises Refused for a role above the user's own, or a bad policy."""
    own = role_of(user)
    if role not in STRENGTH:
        raise Refused("InvalidParameter", _("Choose viewer, operator or admin."))
    if own is None or STRENGTH[role] > STRENGTH[own]:
        raise Refused("PermissionDenied", _("A token cannot have a stronger role than its user."))
    text = text or TOKEN_PREFIX + secrets.token_urlsafe(32)
    rules = Policy.read(policy or {}).document()
    with transaction.atomic():
        token = ApiToken.objects.create(user=user, name=name, role=role, policy=rules, digest=digest(text), hint=text[-4:])
        audit.record("api_token.created", token.pk, name, user=user.get_username(), role=str(role), policy=rules)
    return token, text


def withdraw_token(token: ApiToken) -> None:
    """Refused from now on."""
    with transaction.atomic():
        audit.record("api_token.deleted", token.pk, token.name, user=token.user.get_username())
        token.delete()


def switch_token(token: ApiToken, *, enabled: bool) -> None:
    """On or off."""
    with transaction.atomic():
        if ApiToken.objects.filter(pk=token.pk, enabled=not enabled).update(enabled=enabled):
            audit.record("api_token.enabled" if enabled else "api_token.disabled", token.pk, token.name)
    token.enabled = enabled
