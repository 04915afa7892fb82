"""Addresses of objects: ``oss://bucket/key``. Pure: an address is a name, never a path.

The key is taken literally (no percent decoding), so spaces, CJK, emoji, a leading dash and ``%d`` are ordinary characters.
Limits: bucket 3–63 of a–z 0–9 and - (OSS bucket naming); key 1–1,023 bytes of UTF-8 (OSS object naming).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic_core import core_schema

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler

SCHEME = "oss://"
KEY_BYTES = 1023
_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,61})[a-z0-9]\Z")


def key_mistake(key: str) -> str | None:
    """Say in one sentence why this key cannot be used, or None if it can."""
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        return "The key is not valid Unicode."
    if not key:
        return "The key is empty."
    if size > KEY_BYTES:
        return f"The key has {size} bytes; at most {KEY_BYTES} are allowed."
    if any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u2028\u2029" for c in key):
        return "The key has control characters."
    if any(part in ("", ".", "..") for part in key.split("/")):
        return "The key has an empty, «.» or «..» segment."
    return None


@dataclass(frozen=True, order=True)
class Address:
    """Bucket and key of one object. ``Address.parse`` is the only way in from text."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read ``oss://bucket/key``. Raises ValueError with one plain sentence."""
        if not text.startswith(SCHEME):
            raise ValueError("An address starts with oss:// and names a bucket and a key.")
        bucket, _, key = text[len(SCHEME) :].partition("/")
        if not _BUCKET.match(bucket):
            raise ValueError("Bucket names have 3 to 63 characters: a–z, 0–9 and -.")
        if mistake := key_mistake(key):
            raise ValueError(mistake)
        return cls(bucket, key)

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}"

    @property
    def name(self) -> str:
        """The last segment of the key."""
        return self.key.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The key up to and with its last slash, or the empty string."""
        return self.key[: len(self.key) - len(self.name)]

    def sibling(self, name: str) -> Address:
        """The object of that name beside this one."""
        return Address(self.bucket, self.folder + name)

    @classmethod
    def _read(cls, value: object) -> Address:
        """An address, or the text of one. A union of both would report every mistake twice, in places that nobody wrote."""
        if isinstance(value, Address):
            return value
        if not isinstance(value, str):
            raise ValueError("An address is a text that starts with oss://.")
        return cls.parse(value)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        from_text = core_schema.no_info_after_validator_function(cls.parse, core_schema.str_schema())
        return core_schema.json_or_python_schema(
            json_schema=from_text,
            python_schema=core_schema.no_info_plain_validator_function(cls._read),
            serialization=core_schema.plain_serializer_function_ser_schema(str),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "format": "oss-address", "examples": ["oss://input/clip.mp4"]}
