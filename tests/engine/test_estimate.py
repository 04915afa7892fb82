"""Size estimates: order of magnitude, and what makes them larger."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.engine.codecs import CONTAINERS
from jobs.engine.containers import TEXTS
from jobs.engine.estimate import bytes_per_minute
from tests.engine.samples import template


def megabytes(format_: str, pixels: int | None = None, fps: float | None = None, source_kbps: int | None = None, **sections: Any) -> float:
    found = bytes_per_minute(template(format_, **sections), pixels, fps, source_kbps)
    assert found is not None
    return found / 1e6


def test_bitrates_are_kept_closely() -> None:
    assert megabytes("mp4", video={"bitrate_kbps": 1000}, audio={"bitrate_kbps": 128}) == pytest.approx(1128 * 60 / 8000, rel=0.05)
    assert megabytes("mp3", audio={"bitrate_kbps": 320}) == pytest.approx(2.4, rel=0.05)


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ({"crf": 18.0}, {"crf": 28.0}),
        ({"short_side": 1080}, {"short_side": 540}),
        ({"width": 1920}, {"width": 640}),
        ({"height": 1080}, {"width": 640, "height": 360}),
        ({"fps": 60.0}, {"fps": 15.0}),
        ({"codec": "h264"}, {"codec": "h265"}),
        ({}, {"maxrate_kbps": 500}),
    ],
)
def test_what_makes_an_output_larger_is_seen(more: dict[str, Any], less: dict[str, Any]) -> None:
    assert megabytes("mp4", video=more) > megabytes("mp4", video=less)


def test_the_source_counts_where_the_template_says_nothing() -> None:
    assert megabytes("mp4", pixels=1920 * 1080) > megabytes("mp4", pixels=640 * 360)
    assert bytes_per_minute(template("mp4", video={"codec": "copy"})) is None
    assert megabytes("mp4", source_kbps=4000, video={"codec": "copy"}, audio={"codec": "copy"}) == pytest.approx(31, rel=0.1)


def test_a_ladder_is_the_sum_of_its_rungs() -> None:
    rungs = [{"name": n, "video": {"bitrate_kbps": b}} for n, b in (("a", 1000), ("b", 500))]
    one = megabytes("hls", video={"bitrate_kbps": 1000}) + megabytes("hls", video={"bitrate_kbps": 500})
    assert megabytes("hls", ladder=rungs) == pytest.approx(one, rel=0.01)


@pytest.mark.parametrize("format_", list(CONTAINERS))
def test_every_format_has_an_estimate(format_: str) -> None:
    assert (0.001 if format_ in TEXTS else 0.08) < megabytes(format_, pixels=640 * 360) < 2000


@pytest.mark.parametrize(
    ("format_", "more", "less"),
    [
        ("mov", {"video": {"codec": "prores", "profile": "hq"}}, {"video": {"codec": "prores", "profile": "proxy"}}),
        ("mkv", {"video": {"codec": "mpeg2"}}, {"video": {"codec": "h264"}}),
        ("webm", {"video": {"crf": 20.0}}, {"video": {"crf": 50.0}}),
        ("mp3", {"audio": {"quality": 90}}, {"audio": {"quality": 10}}),
        ("mp4", {"audio": {}}, {"audio": {"profile": "aac_he"}}),
        ("wav", {"audio": {"codec": "pcm_s24le"}}, {"audio": {"codec": "pcm_s16le"}}),
        ("mp4", {"video": {"long_side": 1920}}, {"video": {"long_side": 640}}),
        ("mp4", {"audios": [{}, {"stream": 1}]}, {"audios": [{}]}),
    ],
)
def test_the_codecs_differ(format_: str, more: dict[str, Any], less: dict[str, Any]) -> None:
    assert megabytes(format_, **more) > megabytes(format_, **less)
