"""Placeholders in output keys: every one by its value, names without dots, and what does not exist."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from jobs.engine.address import Address
from jobs.engine.template import Template
from jobs.placeholders import OF_PICTURES, Facts, escaped, expand, fill, finish, finish_picture, is_late, resolution, with_extension

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


@pytest.mark.parametrize("pattern", ["{Filename}", "{tags.NAME}", "a{RunId}b", "{Object_Prefix}", "{index}"])
def test_it_refuses_what_does_not_exist(pattern: str) -> None:
    with pytest.raises(ValueError, match="Unknown placeholder"):
        expand(pattern, TALK)


def test_what_a_name_holds_is_not_read_as_a_pattern() -> None:
    assert expand("{FileName}", Address("input", "{ExtName}.mp4")) == "{ExtName}"


def test_an_empty_extension_adds_nothing() -> None:
    assert with_extension("a", "") == "a"


def facts(**values: Any) -> Facts:
    return Facts(
        TALK, "m3u8", "hls-ladder", "x1080", dt.datetime(2026, 2, 3, 4, 5, 6, tzinfo=dt.UTC), dt.datetime(2027, 8, 9, 10, 11, 12, tzinfo=dt.UTC), **values
    )


@pytest.mark.parametrize(
    ("pattern", "key"),
    [
        ("{bucket}/{key}", "input/talks/2026/one.two.MOV"),
        ("{dirname}/{barename}-{resolution}.{autoext}", "talks/2026/one.two-x1080.m3u8"),
        ("{basename}.{ext}", "one.two.MOV.MOV"),
        ("{label}", "hls-ladder"),
        ("{year}{mon}{day}-{hour}{min}{sec}", "20260203-040506"),
        ("{t_year}{t_mon}{t_day}-{t_hour}{t_min}{t_sec}", "20270809-101112"),
        ("{{FileName}} {{}} }}", "{FileName} {} }"),
        ("{ a} {a b} {} { 5%d {1}", "{ a} {a b} {} { 5%d {1}"),
    ],
)
def test_names_of_all_products(pattern: str, key: str) -> None:
    assert fill(pattern, facts()) == key


def test_tags_are_known_by_name() -> None:
    assert fill("{tags.show}-{tags.no.2}", facts(tags={"show": "a{b}", "no.2": "x"})) == "a{b}-x"


def test_an_input_in_the_root_has_no_folder() -> None:
    assert fill("{dirname}/x", Facts(Address("input", "a.mp4"))) == "x"


def test_what_is_known_late_is_filled_at_the_end() -> None:
    source = Facts(Address("input", "a {DestMd5} {.mp4"))
    pattern = "{FileName}-{{x}}-{DestMd5}-{DestAvgBitrate}.mp4"
    assert is_late(pattern)
    assert not is_late("{{DestMd5}}")
    assert finish(fill(pattern, source), md5="d41d8c", kbps=812) == "a {DestMd5} {-{x}-d41d8c-812.mp4"


@pytest.mark.parametrize("text", ["{FileName}", "{{", "a}b{c}d", "plain"])
def test_an_escaped_text_gives_itself(text: str) -> None:
    assert fill(escaped(text), facts()) == text


@pytest.mark.parametrize(
    ("video", "said"),
    [({"width": 1920, "height": 1080}, "1920x1080"), ({"height": 1080}, "x1080"), ({"width": 640}, "640x"), ({"short_side": 540}, "540p"), ({}, "")],
)
def test_resolution_is_what_the_parameters_say(video: dict[str, int], said: str) -> None:
    assert resolution(Template.model_validate({"container": {"format": "mp4"}, "video": video})) == said


def test_pictures_are_numbered_in_two_ways() -> None:
    key = fill("{barename}_{index}_{Count}-{SnapshotTime}.jpg", Facts(TALK), OF_PICTURES)
    assert finish_picture(key, number=12, seconds=1.5) == "one.two_12_00012-1500.jpg"
