"""Small middlewares: every request gets an id, every error of the API is JSON, every page has its reader's language, theme and time zone."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from console.lib.acting import Actor, acting, identified
from console.lib.http import failure
from console.lib.ids import new_id
from console.lib.policy import in_force
from console.models import AuditEntry, Preference

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    Next = Callable[[HttpRequest], HttpResponseBase]

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
_OBJECT = re.compile(r"/api/v1/buckets/[^/]+/objects/.")
THEMES = ("light", "dark")


def request_id(get_response: Next) -> Next:
    """``X-Request-Id``: taken from the caller if it is harmless, else made; in ``request.id``, in every log line and in the answer. A policy put in force, and who is served, end with it."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-Id", "")
        request.id = given if _ID.match(given) else new_id()  # type: ignore[attr-defined]
        nobody = Actor("", _way(request.path_info), address=request.META.get("REMOTE_ADDR", ""), request_id=request.id)  # type: ignore[attr-defined]
        with structlog.contextvars.bound_contextvars(request_id=request.id), in_force(), acting(nobody):  # type: ignore[attr-defined]
            response = get_response(request)
        response.headers["X-Request-Id"] = request.id  # type: ignore[attr-defined]
        return response

    return middleware


def _way(path: str) -> str:
    """The interface that an address belongs to."""
    ways = {"api": AuditEntry.Via.API, "admin": AuditEntry.Via.ADMIN}
    return ways.get(path.lstrip("/").partition("/")[0], AuditEntry.Via.CONSOLE)


def api_errors(get_response: Next) -> Next:
    """Under /api/ every error is JSON of one shape, also those that Django itself makes (wrong method, unknown host, broken request)."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if response.status_code < 400 or not request.path_info.startswith("/api/") or response.headers.get("Content-Type", "").startswith("application/json"):
            return response
        told = failure(request, response.status_code)
        for name in ("Allow", "Content-Range"):
            if name in response.headers:
                told.headers[name] = response.headers[name]
        return told

    return middleware


def head_of_json(get_response: Next) -> Next:
    """HEAD under /api/ is answered like GET, without the body; objects answer it by themselves, without reading anything."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.method != "HEAD" or not request.path_info.startswith("/api/") or _OBJECT.match(request.path_info):
            return get_response(request)
        request.method = "GET"
        response = get_response(request)
        request.method = "HEAD"
        if isinstance(response, HttpResponse):
            response.headers["Content-Length"] = str(len(response.content))
            response.content = b""
        return response

    return middleware


def preferences(get_response: Next) -> Next:
    """Language, theme and time zone: what the person set, else the cookies, else the browser's language and the server's zone.

    Sets ``request.preference`` (a row or None), ``request.theme`` («light», «dark» or «» for the system's) and activates language and zone.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        chosen = _preference(request)
        request.preference = chosen  # type: ignore[attr-defined]
        theme = chosen.theme if chosen and chosen.theme else request.COOKIES.get("theme", "")
        request.theme = theme if theme in THEMES else ""  # type: ignore[attr-defined]
        language = chosen.language if chosen else ""
        if language not in dict(settings.LANGUAGES):
            language = translation.get_language_from_request(request)
        request.LANGUAGE_CODE = language
        with translation.override(language), timezone.override(_zone(request.COOKIES.get("timezone", ""))):
            response = get_response(request)
        response.headers.setdefault("Content-Language", language)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            patch_vary_headers(response, ["HX-Request", "HX-Target"])  # a page and its fragment share an address: Back must not show the fragment
        return response

    return middleware


def _preference(request: HttpRequest) -> Preference | None:
    """The row of the person signed in, who is served from now on. Requests without a session cookie ask the database nothing."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
        return None
    identified(request.user.get_username())
    return Preference.objects.filter(pk=request.user.pk).first()


def _zone(name: str) -> zoneinfo.ZoneInfo | None:
    """The named zone, or None for the server's own."""
    try:
        return zoneinfo.ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):  # unknown, absurd, or a folder's name: a cookie is anything
        return None
