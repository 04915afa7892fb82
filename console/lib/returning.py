"""Where a person goes after an action: back to the very page, with its filters, that the action was started from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.http import url_has_allowed_host_and_scheme

if TYPE_CHECKING:
    from django.http import HttpRequest


def back(request: HttpRequest, default: str) -> str:
    """The address in ``next`` (POST before GET) if it is one of this site, else ``default``. Never leads to another host."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return wanted
    return default
