"""The door for foreign SDKs, in front of the site: what is a signed call goes to its product, everything else on to the site's own addresses.

No session, no cookie and no CSRF token is looked at or made here: the signature of every request says who calls.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from jobs.dialects import door_oss, door_rpc
from jobs.dialects.door_facts import raw_path

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

CALL_PARAMETERS = re.compile(r"(?:\A|&)(?:Action|Version|AccessKeyId|Signature|SignatureMethod)=")


def middleware(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Answer signed calls here."""

    def door(request: HttpRequest) -> HttpResponseBase:
        if door_oss.is_meant(request):
            return door_oss.answer(request)
        if is_rpc(request):
            return door_rpc.answer(request)
        return get_response(request)

    return door


def is_rpc(request: HttpRequest) -> bool:
    """Whether this is an RPC call: at «/», and neither a browser that comes to look nor a request to the bucket that the host names."""
    if raw_path(request) not in ("/", "") or door_oss.signed(request):
        return False
    if request.method == "POST" or "HTTP_X_ACS_ACTION" in request.META or "HTTP_X_ACS_VERSION" in request.META:
        return True
    return request.META.get("HTTP_AUTHORIZATION", "").startswith("ACS3-") or CALL_PARAMETERS.search(request.META.get("QUERY_STRING", "")) is not None
