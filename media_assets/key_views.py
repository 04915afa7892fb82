"""Keys over HTTP: ``/keys/<id>`` gives the 16 bytes, ``/keys/<id>/license`` answers ClearKey players. Nothing of it is ever cached."""

from __future__ import annotations

import base64
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from console.lib.http import answer, error_answer, read_object
from jobs.engine.errors import ReelmillError, Refused
from media_assets import keys

KIDS_MAX = 64


@require_safe
def key_view(request: HttpRequest, key_id: str) -> HttpResponse:
    """The key as HLS players take it."""
    try:
        row = keys.find(request, key_id)
        response = HttpResponse(keys.opened(row), content_type="application/octet-stream")
    except ReelmillError as error:
        response = error_answer(request, error)
    return _unkept(response)


@csrf_exempt
@require_POST
def license_view(request: HttpRequest, key_id: str) -> HttpResponse:
    """ClearKey's licence (W3C Encrypted Media Extensions, 9.1): ``{"kids": […]}`` in, the key as a JSON Web Key out. It changes nothing, so it needs no CSRF token."""
    try:
        row = keys.find(request, key_id)
        own = _coded(bytes.fromhex(row.key_id))
        if own not in _kids(read_object(request)):
            raise Refused("NotFound", "There is no such key.")
        response = answer({"keys": [{"kty": "oct", "kid": own, "k": _coded(keys.opened(row))}], "type": "temporary"})
    except ReelmillError as error:
        response = error_answer(request, error)
    return _unkept(response)


def _kids(document: dict[str, Any]) -> list[str]:
    """The key ids that are asked for."""
    asked = document.get("kids")
    if not isinstance(asked, list) or len(asked) > KIDS_MAX:
        raise Refused("InvalidParameter", "A licence request names its key ids.")
    return [str(one).rstrip("=") for one in asked]


def _coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unkept(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
