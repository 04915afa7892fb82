"""Placeholders in output keys: every one by its value, names without dots, and what does not exist."""

from __future__ import annotations

import pytest

from jobs.engine.address import Address
from jobs.placeholders import expand, with_extension

TALK = Address("input", "talks/2026/one.two.MOV")


@pytest.mark.parametrize(
    ("pattern", "key"),
    [
        ("{ObjectPrefix}{FileName}-540p", "talks/2026/one.two-540p.mp4"),
        ("{FileName}/{ExtName}/x", "one.two/MOV/x.mp4"),
        ("plain.mp4", "plain.mp4"),
        ("plain.MP4", "plain.MP4"),
        ("{FileName}.mp4x", "one.two.mp4x.mp4"),
        ("100%d {FileName}", "100%d one.two.mp4"),
    ],
)
def test_it_fills_placeholders_and_adds_the_extension_once(pattern: str, key: str) -> None:
    assert expand(pattern, TALK, "mp4") == key


@pytest.mark.parametrize(
    ("name", "stem", "extension"), [("README", "README", ""), (".hidden", ".hidden", ""), ("a.b", "a", "b"), ("会议 🎬.mov", "会议 🎬", "mov")]
)
def test_it_splits_names(name: str, stem: str, extension: str) -> None:
    assert expand("{FileName}|{ExtName}|{ObjectPrefix}", Address("input", name)) == f"{stem}|{extension}|"


@pytest.mark.parametrize("pattern", ["{Filename}", "{}", "a{DestMd5}b", "{Object Prefix}"])
def test_it_refuses_what_does_not_exist(pattern: str) -> None:
    with pytest.raises(ValueError, match="Unknown placeholder"):
        expand(pattern, TALK)


def test_what_a_name_holds_is_not_read_as_a_pattern() -> None:
    assert expand("{FileName}", Address("input", "{ExtName}.mp4")) == "{ExtName}"


def test_an_empty_extension_adds_nothing() -> None:
    assert with_extension("a", "") == "a"
