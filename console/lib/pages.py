"""One answer for a page and its fragments: the same view, the same context, a named part of the same template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.utils.cache import patch_vary_headers

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def render_page(request: HttpRequest, template: str, context: Mapping[str, Any], *, parts: Mapping[str, str] | None = None, status: int = 200) -> HttpResponse:
    """Render ``template``; for htmx asking for an element of ``parts`` (element id → name of a partial) only that part.

    ``Vary`` keeps a browser from showing a stored fragment as a page when somebody goes back.
    """
    htmx = getattr(request, "htmx", None)
    part = (parts or {}).get(htmx.target or "") if htmx and not htmx.history_restore_request else None
    response = render(request, f"{template}#{part}" if part else template, dict(context), status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response
