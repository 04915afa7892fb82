"""Reading MPS's parameters: files with percent-encoded keys, lists of ids, clock times, pages. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from jobs.dialects.answer_template import said as said
from jobs.dialects.locations import object_at
from jobs.dialects.mps.errors import absent
from jobs.dialects.reading import Bad, Fields
from jobs.engine.address import SCHEME, Address, key_mistake

IDS_MAX = 10
PAGE_SIZE = 10
_CLOCK = re.compile(r"(\d{1,2}):([0-5]?\d):([0-5]?\d(?:\.\d{1,3})?)")
_SECONDS = re.compile(r"\d{1,6}(?:\.\d{1,3})?")
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


def need(params: Mapping[str, str], *names: str) -> None:
    """Raises Refusal for the first parameter that is not there."""
    for name in names:
        if not params.get(name):
            raise absent(name)


def ids(params: Mapping[str, str], name: str) -> list[str]:
    """Up to ten ids with commas between them, each once. Raises Refusal or Bad."""
    need(params, name)
    found = list(dict.fromkeys(word.strip() for word in params[name].split(",") if word.strip()))
    if not found:
        raise absent(name)
    if len(found) > IDS_MAX:
        raise Bad(name, f"At most {IDS_MAX} ids are taken.", kind="list")
    return found


def plain_id(text: str) -> bool:
    """Whether this could be an id of anything; nothing else is looked for in the database."""
    return _ID.fullmatch(text) is not None


def key(text: str, place: str) -> str:
    """An object key as MPS has it in JSON: percent-encoded UTF-8. Raises Bad."""
    try:
        found = unquote(text, errors="strict")
        found.encode()
    except UnicodeError:
        raise Bad(place, "The key is not valid UTF-8.", kind="key") from None
    return found


def encoded(text: str) -> str:
    """The key as answers have it."""
    return quote(text, safe="/-_.~!*'()")


def file(fields: Fields, *, bucket: str = "") -> Address:
    """``{Bucket, Location, Object}``; ``bucket``: where none is said. Raises Bad."""
    fields.need("Object")
    found = key(fields.text("Object"), fields.at("Object"))
    if mistake := key_mistake(found):
        raise Bad(fields.at("Object"), mistake, kind="key")
    return Address(bucket_of(fields, bucket), found)


def bucket_of(fields: Fields, usual: str = "") -> str:
    """The bucket of a file. Raises Bad."""
    name = fields.text("Bucket") or usual
    if not name:
        fields.need("Bucket")
    return bucket_name(name, fields.at("Bucket"))


def bucket_name(name: str, place: str) -> str:
    """A name that a bucket can have. Raises Bad."""
    try:
        Address.parse(f"{SCHEME}{name}/x")
    except ValueError:
        raise Bad(place, "Bucket names have 3 to 63 characters: a–z, 0–9 and -.", kind="bucket") from None
    return name


def located(text: str, place: str, endpoint: str = "") -> Address:
    """The object of a URL. Raises Bad."""
    try:
        return object_at(text, endpoint)
    except ValueError as error:
        raise Bad(place, str(error)) from None


def seconds(fields: Fields, name: str) -> float | None:
    """A time: ``hh:mm:ss[.SSS]`` or ``sssss[.SSS]``, s; None: not said. Raises Bad."""
    text = fields.text(name)
    if not text:
        return None
    if match := _CLOCK.fullmatch(text):
        return int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3])
    if not _SECONDS.fullmatch(text):
        raise Bad(fields.at(name), "Write hh:mm:ss.SSS, or seconds.")
    return float(text)


def base64_text(fields: Fields, name: str) -> bytes:
    """What a Base64 text holds; both alphabets, padding or none. Raises Bad."""
    text = fields.text(name).strip().replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Bad(fields.at(name), "This is not Base64.", kind="base64") from None


def page(params: Mapping[str, str], most: int = 100) -> tuple[int, int]:
    """PageNumber from 1 and PageSize. Raises Bad."""
    fields = Fields(params)
    return fields.whole("PageNumber", 1, 1_000_000) or 1, fields.whole("PageSize", 1, most) or PAGE_SIZE


def page_size(params: Mapping[str, str], usual: int = PAGE_SIZE) -> int:
    """MaximumPageSize, 1 to 100. Raises Bad."""
    return Fields(params).whole("MaximumPageSize", 1, 100) or usual


def word(text: str, place: str, words: Mapping[str, str]) -> str:
    """What one of MPS's words stands for among ours; empty: the usual one, which is the first. Raises Bad."""
    found = Fields({"word": text}).one_of("word", words, next(iter(words.values()))) if text.lower() in {w.lower() for w in words} or not text else None
    if found is None:
        raise Bad(place, f"Use one of {', '.join(words)}.")
    return found


def wrapped(name: str, items: list[Any], within: str = "") -> dict[str, Any]:
    """MPS's form of a list: ``{"JobList": {"Job": […]}}``."""
    return {within or f"{name}List": {name: items}}
