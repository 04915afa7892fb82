"""AppendObject: more bytes at the end of an object."""

from __future__ import annotations

from django.http import HttpResponse

from console.models import Role
from jobs.dialects.call import OssCall, OssRefusal
from jobs.dialects.oss import objects
from jobs.dialects.oss.words import address_of, require
from media_assets import appending, digests

DIGITS = 19


def append(call: OssCall) -> HttpResponse:
    """AppendObject. Headers and metadata are those of the first call."""
    require(call, Role.OPERATOR)
    objects.refuse_unserved(call)
    said = call.value("position")
    if not (said.isascii() and said.isdigit() and len(said) <= DIGITS):
        raise OssRefusal(
            "InvalidArgument", "The argument position is invalid: write how many bytes the object has.", ArgumentName="position", ArgumentValue=said
        )
    judge = digests.wanted(objects.content_md5(call), call.length)
    try:
        written = appending.append(address_of(call), int(said), objects.chunks(call), objects.about(call.headers), judge=judge)
    except appending.NotAppendable:
        raise OssRefusal("ObjectNotAppendable", "The object is not appendable.", 409) from None
    except appending.NotAtEnd as error:
        refusal = OssRefusal("PositionNotEqualToLength", "Position is not equal to file length.", 409)
        refusal.headers = {objects.NEXT: str(error.length)}
        raise refusal from None
    return objects.described(HttpResponse(), written.facts, written.note)
