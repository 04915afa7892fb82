"""Lists of objects, versions 1 and 2: prefix, delimiter, marker, encoding."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from console.models import Role
from jobs.dialects.call import OssCall, OssRefusal
from jobs.dialects.oss import documents
from jobs.dialects.oss.objects import tag
from jobs.dialects.oss.words import require
from media_assets import object_writing
from media_assets.storage import storage

if TYPE_CHECKING:
    from django.http import HttpResponse

    from media_assets.objects import ObjectFacts

USUAL, MOST = 100, 1000
LAST = "\U0010ffff"  # behind every key that goes on after a common prefix
PAGE = 1000

Fetch = Callable[[str, str, int], Sequence["ObjectFacts"]]
"""prefix, after, limit → objects in the order of their keys."""


@dataclass
class Page:
    """One page: objects and common prefixes, in order; ``last``: the last of both; ``more``: whether there is more behind it."""

    objects: list[ObjectFacts] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    last: str = ""
    more: bool = False


def page(fetch: Fetch, *, prefix: str, delimiter: str, after: str, limit: int) -> Page:
    """Objects behind ``after``; those that share what comes before the next ``delimiter`` count as one. A common prefix that is named in ``after`` is done with."""
    found = Page()
    if limit < 1:
        return found
    if delimiter and after.startswith(prefix) and after.endswith(delimiter) and after != prefix:
        after += LAST
    while True:
        rows = fetch(prefix, after, PAGE if delimiter else limit + 1)
        for facts in rows:
            if facts.key <= after:
                continue
            common = common_prefix(facts.key, prefix, delimiter)
            if len(found.objects) + len(found.prefixes) == limit:
                found.more = True
                return found
            if common:
                found.prefixes.append(common)
                found.last, after = common, common + LAST
            else:
                found.objects.append(facts)
                found.last = after = facts.key
        if len(rows) < (PAGE if delimiter else limit + 1):
            return found


def common_prefix(key: str, prefix: str, delimiter: str) -> str:
    """What a key shares with its neighbours; empty where it stands for itself."""
    if not delimiter:
        return ""
    at = key.find(delimiter, len(prefix))
    return key[: at + len(delimiter)] if at >= 0 else ""


def list_objects(call: OssCall) -> HttpResponse:
    """GetBucket (ListObjects) and ListObjectsV2."""
    require(call, Role.VIEWER)
    place = storage(call.bucket)
    second = call.value("list-type") == "2"
    prefix, delimiter = call.value("prefix"), call.value("delimiter")
    limit, encoding = max_keys(call), encoding_of(call)
    after = call.value("marker") if not second else _continued(call)

    def fetch(prefix: str, after: str, limit: int) -> Sequence[ObjectFacts]:
        return place.list(prefix, after, limit)

    found = page(fetch, prefix=prefix, delimiter=delimiter, after=after, limit=limit)
    notes = object_writing.notes(call.bucket, found.objects)
    owner = documents.OWNER if not second or call.value("fetch-owner") == "true" else None

    def name(text: str) -> str:
        return documents.encoded(text, encoding)

    contents = [
        {
            "Key": name(facts.key),
            "LastModified": documents.moment(facts.modified),
            "ETag": tag(facts, notes.get(facts.key)),
            "Type": notes[facts.key].kind if facts.key in notes else "Normal",
            "Size": facts.size,
            "StorageClass": documents.STORAGE_CLASS,
            "Owner": owner,
        }
        for facts in found.objects
    ]
    document: dict[str, Any] = {"Name": call.bucket, "Prefix": name(prefix)}
    if second:
        document |= {"StartAfter": name(call.value("start-after")) or None, "ContinuationToken": call.value("continuation-token") or None}
        document |= {"KeyCount": len(contents) + len(found.prefixes), "NextContinuationToken": _token(found.last) if found.more else None}
    else:
        document |= {"Marker": name(call.value("marker")), "NextMarker": name(found.last) if found.more else None}
    document |= {"MaxKeys": limit, "Delimiter": name(delimiter), "IsTruncated": found.more, "EncodingType": encoding or None}
    return documents.answered("ListBucketResult", document | {"Contents": contents, "CommonPrefixes": [{"Prefix": name(one)} for one in found.prefixes]})


def max_keys(call: OssCall, name: str = "max-keys") -> int:
    """How many are wanted. Raises OssRefusal InvalidArgument."""
    text = call.value(name)
    if not text:
        return USUAL if name == "max-keys" else MOST
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= MOST:
        raise OssRefusal("InvalidArgument", f"The parameter {name} is a number from 1 to {MOST}.", ArgumentName=name, ArgumentValue=text)
    return int(text)


def encoding_of(call: OssCall) -> str:
    """«url» or nothing. Raises OssRefusal InvalidArgument."""
    encoding = call.value("encoding-type")
    if encoding not in ("", "url"):
        raise OssRefusal("InvalidArgument", "The parameter encoding-type can only be url.", ArgumentName="encoding-type", ArgumentValue=encoding)
    return encoding


def _continued(call: OssCall) -> str:
    token = call.value("continuation-token")
    if not token:
        return call.value("start-after")
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        raise OssRefusal("InvalidArgument", "The continuation token is not one of ours.", ArgumentName="continuation-token") from None


def _token(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode()
