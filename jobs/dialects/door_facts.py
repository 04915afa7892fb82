"""From a Django request to the facts that signatures are computed over, with nothing decoded twice: raw path, raw query, headers as they came."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from jobs.dialects.signing.facts import Facts, pairs

if TYPE_CHECKING:
    from django.http import HttpRequest

FORM = "application/x-www-form-urlencoded"
SCHEME = re.compile(r"\A[a-z]+://", re.IGNORECASE)


def raw_path(request: HttpRequest) -> str:
    """The path as sent. Only servers tell it; in other places it is written anew."""
    scope = getattr(request, "scope", None)
    if scope and scope.get("raw_path"):
        return str(scope["raw_path"].decode("ascii", "replace"))
    return quote(request.path_info, safe="/-_.~")


def headers_of(request: HttpRequest) -> dict[str, str]:
    """Headers by lower-case name, texts as UTF-8 where they are. Of a header that came twice, all values with commas."""
    scope = getattr(request, "scope", None)
    if scope is None:
        return {name.lower(): value for name, value in request.headers.items()}
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("utf-8", "surrogateescape")
        found[key] = f"{found[key]},{text}" if key in found else text
    return found


def body_of(request: HttpRequest) -> bytes:
    """The whole body of a call. Raises RequestDataTooBig, UnreadablePostError."""
    return request.body


def facts_of(request: HttpRequest, body: bytes) -> Facts:
    """The facts of an RPC call. Raises ValueError: a query or form that cannot be decoded."""
    headers = headers_of(request)
    is_form = headers.get("content-type", "").partition(";")[0].strip().lower() == FORM
    return Facts(
        method=request.method or "",
        path=raw_path(request),
        query=pairs(request.META.get("QUERY_STRING", "")),
        headers=headers,
        form=pairs(body.decode("ascii")) if is_form and body else (),
        body_sha256=hashlib.sha256(body).hexdigest(),
    )


def host_of(request: HttpRequest) -> str:
    """The host that was called, without the scheme that some SDKs send along. Not checked: never a place that we go to."""
    return SCHEME.sub("", request.META.get("HTTP_HOST", "")).rstrip("/")[:255]


def endpoint_of(request: HttpRequest) -> str:
    """Scheme and host that were called."""
    return f"{request.scheme}://{host_of(request)}"
