"""Binding buckets as input and output. A bucket that nobody has bound becomes a local one of that name, as in the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.lib import policy
from jobs.dialects.call import Refusal
from jobs.dialects.mps.errors import not_found
from jobs.dialects.mps.reading import bucket_name, need, page_size
from jobs.dialects.reading import Bad, Fields
from media_assets import services
from media_assets.models import Bucket

if TYPE_CHECKING:
    from jobs.dialects.call import Answer, Call

ROLES = {"Input": "is_input", "Output": "is_output"}
PAGE = 50


def bind_input(call: Call) -> Answer:
    """BindInputBucket."""
    return _bind(call, "Input")


def bind_output(call: Call) -> Answer:
    """BindOutputBucket."""
    return _bind(call, "Output")


def unbind_input(call: Call) -> Answer:
    """UnbindInputBucket."""
    return _unbind(call, "Input")


def unbind_output(call: Call) -> Answer:
    """UnbindOutputBucket."""
    return _unbind(call, "Output")


def listed(call: Call) -> Answer:
    """ListAllMediaBucket: a bucket that is both is told twice."""
    size = page_size(call.params, PAGE)
    found = [{"Bucket": row.name, "Type": kind, "Referer": ""} for row in _own() for kind, role in ROLES.items() if getattr(row, role)]
    start = _number(call.params.get("NextPageToken", ""))
    answer: dict[str, Any] = {"MediaBucketList": {"MediaBucket": found[start : start + size]}}
    return answer | ({"NextPageToken": f"{start + size:032x}"} if start + size < len(found) else {})


def _own() -> list[Bucket]:
    """The caller's buckets."""
    return [row for row in Bucket.objects.order_by("name") if policy.current().allows_bucket(row.name)]


def _number(token: str) -> int:
    """Where a page begins: the token is its number, in 32 hexadecimal digits."""
    if not token:
        return 0
    if len(token) != 32 or any(letter not in "0123456789abcdef" for letter in token):
        raise Bad("NextPageToken", "This is no token of this list.")
    return int(token, 16) % 2**31


def _bind(call: Call, kind: str) -> Answer:
    name = _named(call)
    row = Bucket.objects.filter(name=name).first()
    if row is None:
        services.create_bucket(name, is_input=kind == "Input", is_output=kind == "Output")
    elif not getattr(row, ROLES[kind]):
        services.update_bucket(row, **{ROLES[kind]: True})
    return {}


def _unbind(call: Call, kind: str) -> Answer:
    name = _named(call)
    row = Bucket.objects.filter(name=name).first()
    if row is None or not getattr(row, ROLES[kind]):
        raise not_found(name)
    if all(getattr(row, role) for role in ROLES.values()):
        services.update_bucket(row, **{ROLES[kind]: False})
    elif row.driver == Bucket.Driver.LOCAL and not row.folder:
        services.remove_bucket(row)  # binding it again finds the same folder
    else:
        raise Refusal("InvalidParameter.InvalidState", f'The bucket "{name}" has a store of its own, whose settings would be lost: remove it in the console.')
    return {}


def _named(call: Call) -> str:
    need(call.params, "Bucket")
    return bucket_name(Fields(call.params).text("Bucket"), "Bucket")
