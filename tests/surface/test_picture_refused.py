"""Picture: what a source cannot give fails with a code, what contradicts itself is refused at the door, and every range has its ends."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from jobs.engine.spec import TranscodeSpec
from jobs.engine.template import Template
from tests.surface.harness import INPUT, Bench, problems

SHORT: dict[str, Any] = {"seconds": 0.4, "audio": False}


def failure(bench: Bench, video: dict[str, Any], conditions: dict[str, Any] | None = None, **made: Any) -> tuple[str, str]:
    """Code and sentence of an output that the source cannot give."""
    bench.number += 1
    room = bench.folder / f"room{bench.number}"
    room.mkdir()
    spec = TranscodeSpec.model_validate_json(json.dumps({"input": INPUT, "outputs": [{"template": "t", "address": "oss://output/0"}]}))
    template = Template.model_validate_json(json.dumps({"container": {"format": "mp4"}, "video": video, "conditions": conditions or {}}))
    plan = bench.plan(room, bench.source({**SHORT, **made}), spec, [template], {})
    return plan.failed[0].code, plan.failed[0].message


@pytest.mark.media
@pytest.mark.parametrize(
    ("video", "conditions", "code", "words"),
    [
        ({"width": 192}, {"if_smaller": "fail"}, "SourceTooSmall", "128×72"),
        ({"width": 64, "height": 74}, {"if_smaller": "fail"}, "SourceTooSmall", "64×74"),
        ({"fps": 50.0}, {"if_lower_fps": "fail"}, "SourceTooSmall", "25"),
        ({"bitrate_kbps": 90_000}, {"if_lower_video_bitrate": "fail"}, "SourceTooSmall", "90000"),
        ({"crop": {"left": 128, "top": 0, "width": 10, "height": 10}}, {}, "AreaOutsidePicture", "128×72"),
        ({"crop": {"left": 0, "top": 72, "width": 10, "height": 10}}, {}, "AreaOutsidePicture", "128×72"),
        ({"pad": {"width": 100, "height": 100}}, {}, "ImpossibleCombination", "100×100"),
        ({"pad": {"width": 160, "height": 100, "left": 40}}, {}, "ImpossibleCombination", "40, 0"),
        ({"codec": "h265", "crop": {"width": 8, "height": 8}}, {}, "ImpossibleCombination", "16 px"),
        ({"width": 8192, "height": 64, "rotate": 45, "scale_type": "crop"}, {"if_smaller": "fail"}, "SourceTooSmall", "8192"),
    ],
)
def test_what_a_source_cannot_give_fails_with_a_code(bench: Bench, video: dict[str, Any], conditions: dict[str, Any], code: str, words: str) -> None:
    found = failure(bench, video, conditions)
    assert found[0] == code
    assert words in found[1]


@pytest.mark.parametrize(
    ("field", "below", "lowest", "highest", "above"),
    [
        ("width", 1, 2, 8192, 8193),
        ("height", 1, 2, 8192, 8193),
        ("short_side", 1, 2, 8192, 8193),
        ("long_side", 1, 2, 8192, 8193),
        ("fps", -0.1, 0.0, 240.0, 240.1),
        ("max_fps", 0.0, 0.1, 240.0, 240.1),
        ("rotate", -1, 0, 359, 360),
        ("crop.width", 1, 2, 8192, 8193),
        ("crop.height", 1, 2, 8192, 8193),
        ("crop.left", -1, 0, 8192, 8193),
        ("crop.top", -1, 0, 8192, 8193),
        ("pad.width", 1, 2, 8192, 8193),
        ("pad.height", 1, 2, 8192, 8193),
        ("pad.left", -1, 0, 8190, 8193),
        ("pad.top", -1, 0, 8190, 8193),
    ],
)
def test_ranges(field: str, below: float, lowest: float, highest: float, above: float) -> None:
    def sent(value: float) -> dict[str, Any]:
        section, _, name = field.rpartition(".")
        if not section:
            return {field: value}
        return {section: {"width": 8192, "height": 8192, name: value}}

    for value in (below, above):
        with pytest.raises(ValidationError):
            problems("mp4", video=sent(value))
    for value in (lowest, highest):
        assert problems("mp4", video=sent(value)) == []


@pytest.mark.parametrize(
    ("format_", "sections", "place"),
    [
        ("mp4", {"video": {"long_side": 64, "width": 64}}, "video.long_side"),
        ("mp4", {"video": {"long_side": 64, "short_side": 64}}, "video.long_side"),
        ("mp4", {"video": {"follow_orientation": True}}, "video.follow_orientation"),
        ("mp4", {"video": {"scale_type": "fit", "width": 64}}, "video.scale_type"),
        ("mp4", {"video": {"codec": "h265", "width": 14, "height": 14}}, "video.width"),
        ("mp4", {"video": {"pad": {"width": 101, "height": 100}}}, "video.pad.width"),
        ("mp4", {"video": {"width": 200, "height": 100, "pad": {"width": 100, "height": 100}}}, "video.pad.width"),
        ("mp4", {"video": {"pad": {"width": 100, "height": 100, "left": 100}}}, "video.pad.left"),
        ("mp4", {"video": {"scan": "progressive", "deinterlace": "none"}}, "video.deinterlace"),
        ("mp4", {"video": {"scan": "interlaced", "deinterlace": "auto"}}, "video.deinterlace"),
        ("mp4", {"video": {"scan": "interlaced", "rotate": 90}}, "video.rotate"),
        ("mp4", {"video": {"scan": "interlaced", "flip": "vertical"}}, "video.flip"),
        ("mp4", {"video": {"hdr": "keep", "pixel_format": "yuv420p"}}, "video.hdr"),
        ("mp4", {"video": {"hdr": "keep", "profile": "high"}}, "video.hdr"),
        ("gif", {"video": {"hdr": "keep"}}, "video.hdr"),
        ("webp", {"video": {"fps": 120.0}}, "video.fps"),
        ("gif", {"video": {"fps": 60.0}}, "video.fps"),
        ("mp4", {"mux": {"dither": "bayer"}}, "mux.dither"),
        ("webp", {"mux": {"final_delay_cs": 10}}, "mux.final_delay_cs"),
        ("mp4", {"mux": {"palette": "clip"}}, "mux.palette"),
    ],
)
def test_contradictions_are_refused_at_the_door(format_: str, sections: dict[str, Any], place: str) -> None:
    assert place in [loc for loc, _ in problems(format_, **sections)]
