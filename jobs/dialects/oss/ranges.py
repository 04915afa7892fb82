"""Ranges and conditions of object requests. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.http import parse_http_date_safe

if TYPE_CHECKING:
    import datetime as dt

_RANGE = re.compile(r"bytes=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*\Z")


def wanted(header: str, size: int) -> tuple[int, int] | tuple[()] | None:
    """First byte and the one after the last; () where there is no such byte; None where the whole is to be sent (also for what is no single range)."""
    found = _RANGE.match(header.strip())
    if not found or not (found[1] or found[2]):
        return None
    if not found[1]:
        count = min(int(found[2]), size)
        return (size - count, size) if count else ()
    first = int(found[1])
    if found[2] and int(found[2]) < first:
        return None
    if first >= size:
        return ()
    return first, min(int(found[2]) + 1, size) if found[2] else size


def same_tag(header: str, tag: str) -> bool:
    """Whether one of the tags of a header is this one; quotes and case do not matter, clients send both."""
    return any(word.strip().removeprefix("W/").strip('"').upper() == tag.strip('"').upper() or word.strip() == "*" for word in header.split(","))


def status(headers: Mapping[str, str], tag: str, modified: dt.datetime, prefix: str = "") -> int:
    """412, 304, or 0 where the object is meant. ``prefix``: «x-oss-copy-source-» for the source of a copy. Times count whole seconds."""
    written = int(modified.timestamp())
    known = headers.get(f"{prefix}if-match")
    if known is not None:
        if not same_tag(known, tag):
            return 412
    elif (then := parse_http_date_safe(headers.get(f"{prefix}if-unmodified-since", ""))) is not None and written > then:
        return 412
    known = headers.get(f"{prefix}if-none-match")
    if known is not None:
        return 304 if same_tag(known, tag) else 0
    since = parse_http_date_safe(headers.get(f"{prefix}if-modified-since", ""))
    return 304 if since is not None and written <= since else 0
