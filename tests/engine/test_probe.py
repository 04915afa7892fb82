"""parse_ffprobe: captured files, and documents with missing and odd values."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.engine.probe import Probe, parse_ffprobe
from tests.engine.samples import NAMES, document, probe


def stream(**values: Any) -> dict[str, Any]:
    return {"codec_type": "video", "codec_name": "h264", "width": 640, "height": 360, **values}


@pytest.mark.parametrize("name", NAMES)
def test_it_reads_every_captured_file(name: str) -> None:
    found = probe(name)
    assert found.format_name != "unknown"
    assert found.duration is not None
    assert 0.05 < found.duration < 30
    assert found.video or found.audio
    assert Probe.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize(("name", "rotation"), [("rot90", 90), ("rot270", 270), ("lamp", 90), ("bbb", 0)])
def test_rotation_is_what_makes_the_picture_upright_clockwise(name: str, rotation: int) -> None:
    picture = probe(name).picture
    assert picture is not None
    assert picture.rotation == rotation


def test_cover_art_is_not_the_picture() -> None:
    found = probe("cover")
    assert found.picture is not None
    assert found.picture.codec == "h264"
    assert [v.codec for v in found.video if v.attached_picture] == ["png"]


def test_it_reads_streams_languages_and_subtitles() -> None:
    found = probe("count")
    assert [(a.index, a.codec, a.language) for a in found.audio] == [(1, "ac3", "eng"), (2, "aac", "deu")]
    assert [(s.index, s.codec, s.text, s.language) for s in found.subtitle] == [(3, "subrip", True, "deu")]
    assert found.sound is found.audio[0]
    assert probe("chapters").chapters == 2


def test_rates_above_240_are_not_believed() -> None:
    picture = probe("flv").picture
    assert picture is not None
    assert (picture.fps, picture.nominal_fps) == (None, 60.0)
    screen = probe("screen").picture
    assert screen is not None
    assert screen.fps == pytest.approx(7.2202, abs=1e-4)
    assert screen.nominal_fps is None
    assert screen.frames == 63


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"format": None, "streams": None, "chapters": None},
        {"format": [], "streams": {}, "chapters": 3},
        {"streams": [1, None, "x", {}]},
        {"streams": [{"codec_type": "video"}, {"codec_type": "audio"}, {"codec_type": "subtitle"}]},
        {"streams": [stream(width="wide", height=None)]},
        {"format": {"duration": "N/A", "size": "many", "bit_rate": "-1"}, "streams": [{"codec_type": 7, "codec_name": 7, "index": "x"}]},
    ],
)
def test_it_never_raises_for_missing_or_odd_values(broken: dict[str, Any]) -> None:
    found = parse_ffprobe(broken)
    assert found.duration is None
    assert found.picture is None
    assert found.sound is None


def test_odd_values_of_a_stream_become_none() -> None:
    odd = stream(
        avg_frame_rate="0/0",
        r_frame_rate="x",
        sample_aspect_ratio="0:1",
        nb_frames="-3",
        bit_rate="N/A",
        duration="nan",
        start_time="inf",
        level=-99,
        side_data_list=[{"rotation": "N/A"}, 5],
        tags={"language": "<b>", "rotate": "x"},
        disposition=None,
    )
    picture = parse_ffprobe({"streams": [odd]}).picture
    assert picture is not None
    assert (picture.fps, picture.nominal_fps, picture.sar, picture.frames, picture.bitrate_kbps) == (None, None, (1, 1), None, None)
    assert (picture.duration, picture.start, picture.level, picture.language, picture.rotation) == (None, None, None, None, 0)


@pytest.mark.parametrize(("text", "sar"), [("2:1", (2, 1)), ("1:0", (1, 1)), ("-4:3", (1, 1)), ("400:1", (1, 1)), ("40:33", (40, 33)), (None, (1, 1))])
def test_unbelievable_aspect_ratios_are_square(text: str | None, sar: tuple[int, int]) -> None:
    picture = parse_ffprobe({"streams": [stream(sample_aspect_ratio=text)]}).picture
    assert picture is not None
    assert picture.sar == sar


@pytest.mark.parametrize(("angle", "clockwise"), [(-90, 90), (90, 270), (180, 180), (-180, 180), (0, 0), (-89.7, 90), (-270, 270), (450, 270)])
def test_angles_are_turned_round_and_rounded(angle: float, clockwise: int) -> None:
    picture = parse_ffprobe({"streams": [stream(side_data_list=[{"side_data_type": "Display Matrix", "rotation": angle}])]}).picture
    assert picture is not None
    assert picture.rotation == clockwise


def test_the_rotate_tag_of_old_files_counts_clockwise() -> None:
    picture = parse_ffprobe({"streams": [stream(tags={"rotate": "90"})]}).picture
    assert picture is not None
    assert picture.rotation == 90


def test_counted_packets_win_over_what_the_container_says() -> None:
    picture = parse_ffprobe({"streams": [stream(nb_frames="50", nb_read_packets="48")]}).picture
    assert picture is not None
    assert picture.frames == 48


def test_forty_hours_of_a_fragmented_file_are_not_believed() -> None:
    odd = document("flower")
    odd["format"]["duration"] = "143165.64"
    found = parse_ffprobe(odd)
    assert found.duration == pytest.approx(5.055)
    assert found.bitrate_kbps is not None
    assert found.bitrate_kbps > 1000, "the bitrate follows the length that is believed"


def test_starts_that_lie_hours_apart_leave_the_longest_stream() -> None:
    streams = [
        stream(index=0, start_time="143164.5", duration="1.0"),
        {"index": 1, "codec_type": "audio", "codec_name": "aac", "start_time": "0", "duration": "1.1"},
    ]
    assert parse_ffprobe({"format": {"duration": "143165.6"}, "streams": streams}).duration == pytest.approx(1.1)


def test_many_hours_of_almost_nothing_are_not_believed() -> None:
    assert parse_ffprobe({"format": {"duration": "143165.6", "size": "106093"}, "streams": [stream()]}).duration is None
    assert parse_ffprobe({"format": {"duration": "7200", "size": "500000000"}, "streams": [stream()]}).duration == 7200


def test_titles_lose_control_characters_and_excess() -> None:
    found = parse_ffprobe({"format": {"tags": {"TITLE": "a\nb\x00" + "c" * 900}}})
    assert found.title == "ab" + "c" * 498
    assert probe("bbb").title is None
