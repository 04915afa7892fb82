"""Addresses: names that are legal and work, names that are refused, and the way there and back."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from jobs.engine.address import KEY_BYTES, Address

READ: TypeAdapter[Address] = TypeAdapter(Address)


@pytest.mark.parametrize(
    "key", ["a.mp4", "a b/c d.mp4", "-rf.mp4", "100%d.mp4", "中文/片.mp4", "🎬.mp4", "a'b\"c;$(x)&.mp4", "…/x", "a..b", "%2e%2e/x", "x" * KEY_BYTES, "a?b#c"]
)
def test_names_that_must_work(key: str) -> None:
    address = Address.parse(f"oss://input/{key}")
    assert (address.bucket, address.key) == ("input", key)
    assert Address.parse(str(address)) == address
    assert READ.validate_json(READ.dump_json(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "input/a",
        "http://input/a",
        "file:///etc/passwd",
        "oss://",
        "oss://input",
        "oss://input/",
        "oss://In/a",
        "oss://ab/a",
        "oss://-ab/a",
        "oss://a_b/a",
        "oss://input/../a",
        "oss://input/a/..",
        "oss://input/./a",
        "oss://input//a",
        "oss://input/a//b",
        "oss://input/a/",
        "oss://input/a\nb",
        "oss://input/a\x00",
        "oss://input/\x85",
        "oss://input/a\u2028b",
        "oss://input/" + "x" * (KEY_BYTES + 1),
        f"oss://input/{chr(0xD800)}",
    ],
)
def test_names_that_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Address.parse(text)
    with pytest.raises(ValidationError):
        READ.validate_python(text)


def test_the_limit_counts_bytes_not_characters() -> None:
    assert Address.parse("oss://input/" + "中" * 341).key
    with pytest.raises(ValueError, match="1026"):
        Address.parse("oss://input/" + "中" * 342)


def test_parts() -> None:
    address = Address.parse("oss://output/a/b/clip.m3u8")
    assert (address.name, address.folder) == ("clip.m3u8", "a/b/")
    assert str(address.sibling("x.ts")) == "oss://output/a/b/x.ts"
    assert Address.parse("oss://output/x").folder == ""
