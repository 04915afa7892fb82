"""Overrides over a template: precedence, null, copy, ways of saying the same, ladders, mistakes."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from jobs.engine.combinations import check
from jobs.engine.resolve import laid_over
from jobs.engine.template import Rung, Template, Video, merge
from tests.engine.samples import template

BASE = {
    "video": {"codec": "h264", "short_side": 540, "crf": 20.0, "preset": "fast", "profile": "high"},
    "audio": {"codec": "aac", "bitrate_kbps": 96},
    "mux": {"segment_seconds": 4.0},
}


def merged(overrides: dict[str, Any], format_: str = "hls", **sections: Any) -> Template:
    return merge(template(format_, **(sections or BASE)), overrides)


def test_nothing_changes_nothing() -> None:
    assert merged({}) == template("hls", **BASE)


def test_a_field_wins_over_the_template_and_leaves_the_others() -> None:
    found = merged({"video": {"preset": "slow"}, "audio": {"channels": 1}})
    assert (found.video.preset, found.video.crf, found.video.short_side) == ("slow", 20.0, 540)
    assert (found.audio.channels, found.audio.bitrate_kbps) == (1, 96)


def test_null_unsays() -> None:
    found = merged({"video": {"short_side": None, "profile": None}, "mux": None})
    assert (found.video.short_side, found.video.profile) == (None, None)
    assert found.mux.segment_seconds is None


def test_removing_unsays_the_rest_of_that_stream() -> None:
    found = merged({"audio": {"remove": True}})
    assert found.audio.model_dump(exclude_none=True) == {"remove": True, "mix": False}
    assert check(found) == ()
    assert found.video == merged({}).video


def test_copy_unsays_the_rest_of_that_stream_only() -> None:
    found = merged({"video": {"codec": "copy"}})
    assert found.video.model_dump(exclude_none=True) == {"remove": False, "codec": "copy"}
    assert found.audio.bitrate_kbps == 96


@pytest.mark.parametrize(
    ("sections", "override", "left"),
    [
        ({"crf": 20.0}, {"bitrate_kbps": 900}, {"bitrate_kbps": 900}),
        ({"bitrate_kbps": 900, "maxrate_kbps": 1200}, {"crf": 20.0}, {"crf": 20.0, "maxrate_kbps": 1200}),
        ({"short_side": 540}, {"width": 640}, {"width": 640}),
        ({"width": 640, "height": 360}, {"short_side": 540}, {"short_side": 540}),
        ({"width": 640}, {"height": 360}, {"width": 640, "height": 360}),
        ({"max_fps": 60.0}, {"fps": 30.0}, {"fps": 30.0}),
        ({"fps": 25.0}, {"max_fps": 50.0}, {"max_fps": 50.0}),
    ],
)
def test_of_two_ways_of_saying_the_same_the_overrides_stays(sections: dict[str, Any], override: dict[str, Any], left: dict[str, Any]) -> None:
    found = merged({"video": override}, "mp4", video=sections)
    assert found.video.model_dump(exclude_none=True) == {"remove": False, **left}


def test_both_ways_in_the_same_override_stay_for_the_combinations_to_refuse() -> None:
    found = merged({"video": {"crf": 20.0, "bitrate_kbps": 900}}, "mp4", video={})
    assert (found.video.crf, found.video.bitrate_kbps) == (20.0, 900)


def test_the_container_can_be_changed_and_a_ladder_is_replaced_as_a_whole() -> None:
    laddered = {"ladder": [{"name": "a", "video": {"short_side": 360}}, {"name": "b", "video": {"short_side": 540}}]}
    found = merged({"ladder": [{"name": "c", "video": {"short_side": 240}}]}, "hls", **laddered)
    assert [r.name for r in found.ladder] == ["c"]
    assert merged({"container": {"format": "ts"}}, "mp4", video={}).container.format == "ts"


@pytest.mark.parametrize(
    ("overrides", "place"),
    [
        ({"video": {"crv": 20}}, ("video", "crv")),
        ({"vidio": {}}, ("vidio",)),
        ({"vidio": None}, ("vidio",)),
        ({"container": None}, ("container",)),
        ({"video": {"crf": "20"}}, ("video", "crf")),
        ({"video": {"crf": 99}}, ("video", "crf")),
        ({"video": 5}, ("video",)),
        ({"container": {"format": "rm"}}, ("container", "format")),
        ({"ladder": [{"name": "A B", "video": {}}]}, ("ladder", 0, "name")),
        ({"video": {"remove": "yes"}}, ("video", "remove")),
    ],
)
def test_mistakes_have_their_place(overrides: dict[str, Any], place: tuple[str | int, ...]) -> None:
    with pytest.raises(ValidationError) as caught:
        merged(overrides)
    assert place in [e["loc"] for e in caught.value.errors()]


def test_the_template_itself_is_not_changed() -> None:
    base = template("hls", **BASE)
    merge(base, {"video": {"crf": 30.0}})
    assert base == template("hls", **BASE)


@pytest.mark.parametrize(
    ("base", "given", "left"),
    [
        ({"rate_control": "cbr", "bitrate_kbps": 500}, {"crf": 20.0}, {"crf": 20.0}),
        ({"bitrate_kbps": 500, "passes": 2}, {"crf": 20.0}, {"crf": 20.0}),
        ({"bitrate_max_kbps": 500}, {"crf": 20.0}, {"crf": 20.0}),
        ({"rate_control": "crf", "crf": 20.0}, {"bitrate_kbps": 500}, {"bitrate_kbps": 500}),
        ({"rate_control": "cbr", "bitrate_kbps": 500}, {"bitrate_kbps": 900}, {"rate_control": "cbr", "bitrate_kbps": 900}),
        ({"crf": 20.0}, {"rate_control": "vbr", "bitrate_kbps": 500}, {"rate_control": "vbr", "bitrate_kbps": 500}),
        ({"bitrate_kbps": 500, "passes": 2}, {"rate_control": "crf"}, {"rate_control": "crf"}),
    ],
)
def test_a_rate_control_ends_the_other_one(base: dict[str, Any], given: dict[str, Any], left: dict[str, Any]) -> None:
    assert {k: v for k, v in merged({"video": given}, "mp4", video=base).video.model_dump().items() if v not in (None, False)} == left
    rung = laid_over(template("hls", video=base), Rung(name="a", video=Video.model_validate(given)))
    assert {k: v for k, v in rung.video.model_dump().items() if v not in (None, False)} == left
    assert not check(template("mp4", video=left))
