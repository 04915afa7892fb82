"""Ladders, and which outputs share a process."""

from __future__ import annotations

import pytest

from jobs.engine.resolve import GROUP_RENDITIONS, rungs_for
from tests.engine.samples import LADDER, option, output, plan, probe, template


@pytest.mark.parametrize(("name", "wanted"), [("bbb", ["720p", "360p"]), ("odd", ["360p"]), ("screen", ["1080p", "720p", "360p"]), ("hdr", ["720p", "360p"])])
def test_rungs_that_the_source_cannot_fill_are_left_out_but_the_smallest(name: str, wanted: list[str]) -> None:
    assert [r.name for r in rungs_for(template("hls", ladder=LADDER), probe(name))] == wanted


def test_a_ladder_has_a_rendition_per_rung_and_a_master() -> None:
    found = output("bbb", "hls", ladder=LADDER, mux={"segment_seconds": 4.0})
    assert found.master == "o0.m3u8"
    assert [(r.name, r.file, r.segments) for r in found.renditions] == [
        ("720p", "o0-720p.m3u8", "o0-720p-%05d.ts"),
        ("360p", "o0-360p.m3u8", "o0-360p-%05d.ts"),
    ]
    assert [r.bandwidth for r in found.renditions] == [(2500 + 384) * 1100, (800 + 384) * 1100]
    assert found.warnings == ("The source is too small for: 1080p.",)
    assert output("bbb", "hls").master is None


def test_a_rung_lays_its_own_values_over_the_templates() -> None:
    ladder = [{"name": "a", "video": {"short_side": 360}, "audio": {"bitrate_kbps": 64, "channels": 1}}, {"name": "b", "video": {"crf": 30.0}}]
    found = output("bbb", "hls", video={"width": 640, "bitrate_kbps": 900, "maxrate_kbps": 1200, "preset": "fast"}, ladder=ladder)
    first, second = found.renditions
    assert first.video is not None
    assert second.video is not None
    assert first.audios
    assert (first.video.width, first.video.height, option(first.video, "-b:v"), option(first.video, "-preset")) == (640, 360, "900k", "fast")
    assert (second.video.width, option(second.video, "-crf"), option(second.video, "-maxrate")) == (640, "30", None)
    assert first.audios[0].channels == 1


def test_outputs_that_encode_the_picture_share_a_process_and_others_do_not() -> None:
    copies = {"video": {"codec": "copy"}, "audio": {"codec": "copy"}}
    made = plan("bbb", template("mp4"), template("mp4", **copies), template("hls"), template("mp3"), template("gif"), template("ts"), template("mkv", **copies))
    assert [o.group for o in made.outputs] == [0, 1, 0, 2, 3, 0, 4]


def test_a_process_encodes_only_so_many_pictures() -> None:
    made = plan("bbb", *[template("mp4")] * (GROUP_RENDITIONS + 1))
    assert [o.group for o in made.outputs] == [0] * GROUP_RENDITIONS + [1]
    ladder = template("hls", ladder=[{"name": f"r{n}", "video": {"short_side": 64 + 2 * n}} for n in range(GROUP_RENDITIONS + 2)])
    assert [o.group for o in plan("bbb", template("mp4"), ladder, template("mp4")).outputs] == [0, 1, 2]
