"""Lists of joined parts that lie in a bucket: {"MergeList": [{"MergeURL": …, "Start": …, "Duration": …}]} (MPS MergeConfigUrl). Pure."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from jobs.engine.address import SCHEME, Address
from jobs.engine.playlist import unescaped
from jobs.engine.template import JoinPart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobs.engine.template import Template

LIST_BYTES = 1_000_000
PARTS_MAX = 100
_KEYS = frozenset({"MergeURL", "Start", "Duration", "RoleArn"})
_URL = re.compile(r"http://([a-z0-9-]+)\.oss-[a-z0-9-]+\.aliyuncs\.com/(.+)\Z", re.DOTALL)
_CLOCK = re.compile(r"(?:(\d{1,2}):([0-5]?\d):)?(\d{1,5}(?:\.\d{1,6})?)\Z")


def read(data: bytes) -> tuple[JoinPart, ...]:
    """The parts in their order. Times are seconds, or hh:mm:ss. Raises ValueError with one plain sentence."""
    if len(data) > LIST_BYTES:
        raise ValueError(f"The list has more than {LIST_BYTES:,} bytes.")
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise ValueError("The list is not a JSON document.") from None
    rows = document.get("MergeList") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not rows:
        raise ValueError("The list has no «MergeList» with parts.")
    if len(rows) > PARTS_MAX:
        raise ValueError(f"The list has {len(rows)} parts; at most {PARTS_MAX} can be joined.")
    return tuple(_part(row, number) for number, row in enumerate(rows, start=1))


def _part(row: Any, number: int) -> JoinPart:
    if not isinstance(row, dict) or not isinstance(row.get("MergeURL"), str):
        raise ValueError(f"Part {number} of the list has no «MergeURL».")
    if odd := sorted(str(key) for key in row.keys() - _KEYS):
        raise ValueError(f"Part {number} of the list has an unknown key «{odd[0][:40]}».")
    start, duration = _seconds(row.get("Start"), number), _seconds(row.get("Duration"), number)
    try:
        return JoinPart(address=_address(row["MergeURL"]), start=start, duration=duration or None)
    except ValueError as error:
        raise ValueError(f"Part {number} of the list: {error}") from None


def _address(text: str) -> Address:
    """oss://bucket/key, or the address that MPS uses for the same: it names a bucket, nothing is fetched from there."""
    if found := _URL.match(text):
        return Address.parse(f"{SCHEME}{found[1]}/{unescaped(found[2])}")
    return Address.parse(text)


def _seconds(value: Any, number: int) -> float | None:
    if value is None or value == "":
        return None
    found = _CLOCK.match(str(value)) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    seconds = int(found[1] or 0) * 3600 + int(found[2] or 0) * 60 + float(found[3]) if found else -1.0
    if not 0 <= seconds < 86_400:
        raise ValueError(f"A time of part {number} of the list is neither seconds nor hh:mm:ss.")
    return seconds


def with_parts(template: Template, parts: Sequence[JoinPart]) -> Template:
    """The template with the parts of its list in the list's place."""
    return template.model_copy(update={"edit": template.edit.model_copy(update={"after": tuple(parts), "after_list": None})})
