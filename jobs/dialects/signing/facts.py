"""A request, taken apart without being understood: what signatures are computed over."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

Pairs = tuple[tuple[str, str], ...]
PAIRS_MAX = 5000
_ESCAPES = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True)
class Facts:
    """``path``: as sent, percent-encoded. ``query`` and ``form``: decoded once, in order, blank values kept. ``headers``: lower-case names.

    Texts that came as bytes are decoded as UTF-8; bytes of headers that are none stand for themselves (surrogateescape). ``body_sha256``: hexadecimal.
    ``bucket`` and ``key``: decoded, for the object store.
    """

    method: str
    path: str
    query: Pairs
    headers: Mapping[str, str]
    form: Pairs = ()
    body_sha256: str = ""
    bucket: str = ""
    key: str = ""

    def header(self, name: str) -> str:
        """A header without the blanks around it, or an empty text."""
        return self.headers.get(name, "").strip()

    def parameter(self, name: str) -> str:
        """The first value of a query parameter, or an empty text."""
        return next((value for key, value in self.query if key == name), "")

    def has(self, name: str) -> bool:
        """Whether the query has this parameter."""
        return any(key == name for key, _value in self.query)


def pairs(text: str) -> Pairs:
    """A query string or form, decoded. Raises ValueError: broken escapes, not UTF-8, too many."""
    if not text:
        return ()
    parts = text.split("&")
    if len(parts) > PAIRS_MAX:
        raise ValueError(f"more than {PAIRS_MAX} parameters")
    found = []
    for part in parts:
        if part:
            name, _equals, value = part.partition("=")
            found.append((decoded(name, plus=True), decoded(value, plus=True)))
    return tuple(found)


def decoded(text: str, *, plus: bool = False) -> str:
    """Percent-decoded as UTF-8; with ``plus`` a + is a blank. Raises ValueError."""
    if "%" not in text:
        text.encode("ascii")
        return text.replace("+", " ") if plus else text
    if _ESCAPES.search(text):
        raise ValueError("a broken percent escape")
    return unquote_to_bytes(text.replace("+", " ") if plus else text).decode("utf-8")


def encoded(text: str, safe: str = "") -> str:
    """Percent-encoding of the UTF-8 bytes: everything but A–Z a–z 0–9 - _ . ~ and ``safe``; upper-case hexadecimal."""
    return quote(text.encode("utf-8", "surrogateescape"), safe="-_.~" + safe)


def joined(rows: Iterable[tuple[str, str]], *, bare: bool) -> str:
    """Encoded pairs in byte order of their names, joined by «&». ``bare``: as the object store orders and writes them: encoded names, no equals sign without a value."""
    if bare:
        return "&".join(name if not value else f"{name}={value}" for name, value in sorted((encoded(name), encoded(value)) for name, value in rows))
    return "&".join(f"{encoded(name)}={encoded(value)}" for name, value in sorted(rows, key=lambda row: (raw(row[0]), raw(row[1]))))


def raw(text: str) -> bytes:
    """The bytes that were sent."""
    return text.encode("utf-8", "surrogateescape")
