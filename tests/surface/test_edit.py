"""Cut and speed: every frame and tone of the output is where it belongs; what cannot be cut or joined says why."""

from __future__ import annotations

from typing import Any

import pytest

from tests.surface.edits import (
    IMM_CLIP,
    MPS_CLIP,
    OSS_CLIP,
    SPEED,
    SYNC,
    VIDEO,
    WHITE,
    Cut,
    both,
    copied_from_key_frame,
    count_is,
    frames,
    in_step,
    part,
    run,
    speed_is,
    tones,
    within_one,
)
from tests.surface.harness import Bench, problems
from tests.surface.reels import Reels, numbers, times

pytestmark = pytest.mark.media

CLIPS = [
    Cut("start and duration", MPS_CLIP, {"start": 0.4, "duration": 1.0}, frames(range(10, 35), seconds=1.0)),
    Cut("start alone", OSS_CLIP, {"start": 1.2}, frames(range(30, 50), seconds=0.8)),
    Cut("duration alone", OSS_CLIP, {"duration": 0.52}, frames(range(13), seconds=0.52)),
    Cut("duration 0 is to the end", OSS_CLIP, {"start": 1.0, "duration": 0.0}, frames(range(25, 50), seconds=1.0)),
    Cut("cut off the end", MPS_CLIP, {"end": 0.6}, frames(range(35), seconds=1.4)),
    Cut("start and end", MPS_CLIP, {"start": 0.2, "end": 0.8}, frames(range(5, 30), seconds=1.0)),
    Cut("duration beyond the end", OSS_CLIP, {"start": 1.6, "duration": 9.0}, frames(range(40, 50), seconds=0.4)),
    Cut("between two frames", MPS_CLIP, {"start": 0.41, "duration": 0.4}, lambda made: within_one(made, list(range(11, 21)))),
    Cut(
        "a clip counts within the job's",
        MPS_CLIP,
        {"start": 0.2, "duration": 0.4},
        frames(range(15, 25), seconds=0.4),
        spec={"input": {"address": "oss://input/x", "start": 0.4, "duration": 1.2}},
    ),
    Cut(
        "a clip ends with the job's",
        MPS_CLIP,
        {"start": 0.8, "duration": 1.0},
        frames(range(30, 40), seconds=0.4),
        spec={"input": {"address": "oss://input/x", "start": 0.4, "duration": 1.2}},
    ),
    Cut(
        "the end is that of the job's clip",
        MPS_CLIP,
        {"end": 0.2},
        frames(range(10, 30)),
        spec={"input": {"address": "oss://input/x", "start": 0.4, "duration": 1.0}},
    ),
    Cut("with another rate", IMM_CLIP, {"start": 0.4, "duration": 1.0}, lambda made: count_is(made, 10), more={"video": {**VIDEO, "fps": 10.0}}),
    Cut("sound alone", OSS_CLIP, {"start": 0.5, "duration": 0.7}, tones((0.1, 0.6, 440), seconds=0.7), format="mp3"),
    Cut("into FLV", IMM_CLIP, {"start": 0.4, "duration": 1.0}, frames(range(10, 35)), format="flv"),
    Cut("into HLS", SYNC, {"start": 0.4, "duration": 1.0}, frames(range(10, 35)), format="hls", more={"mux": {"segment_seconds": 1.0}}),
    Cut("in step", SYNC, {"start": 0.3, "duration": 1.5}, in_step(25, 2), source="flash-25"),
    Cut("in step, 50 fps, off the grid", SYNC, {"start": 0.333, "end": 0.1}, in_step(50, 2), source="flash-50"),
    Cut("in step, of a TS", SYNC, {"start": 0.31}, in_step(25, 2), source="flash-ts"),
    Cut("in step, of an MKV", SYNC, {"start": 0.31, "end": 0.3}, in_step(25, 2), source="flash-mkv"),
    Cut("in step, as HLS", SYNC, {"start": 0.2, "duration": 2.0}, in_step(25, 2), source="flash-25", format="hls"),
    Cut(
        "a copy begins at the key frame before",
        OSS_CLIP,
        {"start": 0.5},
        lambda made: copied_from_key_frame(made),
        source="count-gop10",
        more={"video": {"codec": "copy"}},
    ),
    Cut("so does one of a TS", OSS_CLIP, {"start": 0.5}, lambda made: copied_from_key_frame(made), source="count-ts", more={"video": {"codec": "copy"}}),
    Cut(
        "a TS beside its copied sound",
        OSS_CLIP,
        {"start": 0.52, "duration": 1.0},
        lambda made: within_one(made, list(range(13, 38))),
        source="count-ts",
        more={"audio": {"codec": "copy"}},
    ),
    Cut("a TS in step with its copied sound", SYNC, {"start": 0.31}, in_step(25, 2), source="flash-ts", more={"audio": {"codec": "copy"}}),
]

SPEEDS = [
    *(Cut(f"speed {speed:g}", SPEED, {"speed": speed}, lambda made, speed=speed: speed_is(made, speed)) for speed in (0.25, 0.5, 0.8, 1.25, 2.0, 4.0)),
    Cut("speed of sound alone", SPEED, {"speed": 2.0}, tones((0.1, 0.9, 440), seconds=1.0), format="mp3"),
    Cut("speed of a clip", SPEED, {"speed": 2.0, "start": 0.4, "duration": 0.8}, lambda made: count_is(made, 10)),
    Cut(
        "speed of a join",
        SPEED,
        {"speed": 2.0, "after": [part("a")]},
        both(lambda made: count_is(made, 38), tones((0.1, 0.9, 440), (1.1, 1.4, 880), seconds=1.5)),
        parts=("white",),
    ),
    Cut(
        "speed with a rate",
        SPEED,
        {"speed": 0.5},
        lambda made: count_is(made, 200),
        more={"video": {**VIDEO, "fps": 50.0}, "conditions": {"if_lower_fps": "convert"}},
    ),
    Cut(
        "a tail at its own speed",
        SPEED,
        {"speed": 2.0, "tails": [part("a")]},
        both(lambda made: count_is(made, 50), tones((0.1, 0.9, 440), (1.1, 1.9, 880), seconds=2.0)),
        parts=("white",),
    ),
    Cut("slow and in step", SYNC, {"speed": 0.5}, in_step(25, 3), source="flash-25"),
    Cut("fast and in step", SYNC, {"speed": 1.5}, in_step(25, 3), source="flash-25"),
]


@pytest.mark.parametrize("row", [*CLIPS, *SPEEDS], ids=[f"{kind}: {row.name}" for kind, rows in (("clip", CLIPS), ("speed", SPEEDS)) for row in rows])
def test_row(bench: Bench, reels: Reels, row: Cut) -> None:
    row.look(run(bench, reels, row))


# --- several outputs, failures, refusals --------------------------------------------------------------------------------
def _outputs(*edits: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"container": {"format": "mp4"}, "video": VIDEO, "edit": edit} for edit in edits]


def test_equal_clips_share_a_process_and_others_have_their_own(bench: Bench, reels: Reels) -> None:
    clip = {"start": 0.4, "duration": 0.4}
    made = bench.run_all(reels("count"), *_outputs(clip, {"start": 1.0}, clip, {}))
    assert [m.output.group for m in made] == [0, 1, 0, 2]
    assert [(s.start, s.duration) for s in made[0].plan.sources] == [(0.4, 0.4), (1.0, None), (None, None)]
    assert [numbers(m) for m in made] == [list(range(10, 20)), list(range(25, 50)), list(range(10, 20)), list(range(50))]


def test_equal_joins_share_a_process(bench: Bench, reels: Reels) -> None:
    edit = {"after": [part("a")]}
    made = bench.run_all(reels("count"), *_outputs(edit, edit, {}), files={"a": reels("white")})
    assert [m.output.group for m in made] == [0, 0, 1]
    assert numbers(made[0]) == numbers(made[1]) == [*range(50), *WHITE]


FAILURES = [
    ("start behind the end", {"start": 5.0}, "ClipOutOfRange", "The clip starts at 5 s; the input is 2.00 s long."),
    ("nothing left before the end", {"start": 0.5, "end": 1.5}, "ClipOutOfRange", "Nothing is left: 1.5 s are cut off the end of 1.50 s."),
    ("a part's start behind its end", {"after": [part("a", start=7.0)]}, "ClipOutOfRange", "The clip starts at 7 s; the input is 1.00 s long."),
    ("start behind the end of the whole", {"after": [part("a")], "start": 3.5}, "ClipOutOfRange", "The clip starts at 3.5 s; the input is 3.00 s long."),
    ("a part without a picture", {"after": [part("a"), part("b")]}, "NoVideoStream", "Part 3 of the join has no picture."),
    ("an opening without a picture", {"openings": [part("b")]}, "NoVideoStream", "The opening clip oss://input/b has no picture."),
    ("a tail without a picture", {"tails": [part("b")]}, "NoVideoStream", "The tail clip oss://input/b has no picture."),
    ("a tail's start behind its end", {"tails": [part("a", start=2.0)]}, "ClipOutOfRange", "The clip starts at 2 s; the input is 1.00 s long."),
    ("a list that nobody has read", {"after_list": "oss://input/b"}, "JoinListNotReadable", "The list oss://input/b has not been read."),
]


@pytest.mark.parametrize(("edit", "code", "message"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
def test_what_cannot_be_cut_fails_that_output_alone(bench: Bench, reels: Reels, edit: dict[str, Any], code: str, message: str) -> None:
    from tests.surface.harness import INPUT, Template, TranscodeSpec

    room = bench.folder / f"failing{len(list(bench.folder.iterdir()))}"
    room.mkdir()
    spec = TranscodeSpec.model_validate({"input": INPUT, "outputs": [{"template": "t", "address": f"oss://output/{n}"} for n in range(2)]}, strict=False)
    templates = [Template.model_validate(t, strict=False) for t in _outputs(edit, {})]
    plan = bench.plan(room, reels("count"), spec, templates, {"a": reels("white"), "b": reels("tone-1320")})
    assert [(f.index, f.code, f.message) for f in plan.failed] == [(0, code, message)]
    assert [o.index for o in plan.outputs] == [1]


REFUSALS = [
    ("duration and end", "mp4", {"edit": {"duration": 1.0, "end": 1.0}}, ["edit.end"]),
    ("parts and a list", "mp4", {"edit": {"after": [part("a")], "after_list": "oss://input/l"}}, ["edit.after_list"]),
    ("21 parts", "mp4", {"edit": {"before": [part("a")], "after": [part("a")] * 20}}, ["edit.after"]),
    ("copied sound joined under an encoded picture", "mp4", {"edit": {"after": [part("a")]}, "audio": {"codec": "copy"}}, ["audio.codec"]),
    ("a joined copy, cut", "mp4", {"edit": {"after": [part("a")], "start": 1.0}, "video": {"codec": "copy"}, "audio": {"codec": "copy"}}, ["edit.start"]),
    ("a joined copy of whole parts", "mp4", {"edit": {"after": [part("a")]}, "video": {"codec": "copy"}, "audio": {"codec": "copy"}}, []),
    ("a copy of sound, joined", "mp3", {"edit": {"before": [part("a")]}, "audio": {"codec": "copy"}}, []),
    ("a faster copy", "mp4", {"edit": {"speed": 2.0}, "video": {"codec": "copy"}, "audio": {"codec": "copy"}}, ["edit.speed", "edit.speed"]),
    (
        "a copy with a tail and an opening",
        "mp4",
        {"edit": {"openings": [part("a")], "tails": [part("a")]}, "video": {"codec": "copy"}},
        ["edit.tails", "edit.openings"],
    ),
    ("an opening of sound", "mp3", {"edit": {"openings": [part("a")]}}, ["edit.openings"]),
    ("a tail without picture", "mp4", {"edit": {"tails": [part("a")]}, "video": {"remove": True}}, ["edit.tails"]),
    ("sound four times as fast and more", "mp4", {"edit": {"speed": 4.01}}, ["edit.speed"]),
    ("sound slower than a quarter", "mp3", {"edit": {"speed": 0.24}}, ["edit.speed"]),
    ("a silent picture as fast as wanted", "mp4", {"edit": {"speed": 40.0}, "audio": {"remove": True}}, []),
    ("an animation as slow as wanted", "gif", {"edit": {"speed": 0.01}}, []),
    ("speed 1 of a copy is nothing", "mp4", {"edit": {"speed": 1.0}, "video": {"codec": "copy"}}, []),
    ("20 parts", "mp4", {"edit": {"before": [part("a")] * 10, "after": [part("a")] * 10}}, []),
]


@pytest.mark.parametrize(("format_", "sections", "places"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_refusals(format_: str, sections: dict[str, Any], places: list[str]) -> None:
    assert [place for place, _ in problems(format_, **sections)] == places


RANGES = [
    ("speed", 0.009, False), ("speed", 0.25, True), ("speed", 4.0, True), ("speed", 100.1, False),
    ("start", -0.1, False), ("start", 86_399.0, True), ("start", 86_400.0, False), ("end", -1.0, False), ("duration", 0.0, True),
    ("openings", [{**part("a"), "width": 0}], False), ("openings", [{**part("a"), "width": 4096}], True), ("openings", [{**part("a"), "height": 4097}], False),
    ("openings", [{**part("a"), "height": "half"}], False), ("openings", [part("a")] * 5, False),
    ("tails", [{**part("a"), "blend_seconds": 10.5}], False), ("tails", [{**part("a"), "background": "#12345"}], False), ("tails", [part("a")] * 4, True),
    ("after", [part("a", duration=0.0)], False), ("after", [{"address": "http://x/y"}], False),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value", "good"), RANGES)
def test_ranges(key: str, value: Any, good: bool) -> None:
    if good:
        assert problems("mp4", edit={key: value}) == []
    else:
        with pytest.raises(ValueError, match=key):
            problems("mp4", edit={key: value})


def test_flashes_and_beeps_of_the_clips_themselves_come_together(bench: Bench, reels: Reels) -> None:
    made = bench.run(reels("flash-25"), {"container": {"format": "mp4"}, "video": VIDEO})
    flashes, beeps = times(made)
    assert flashes == pytest.approx([0.48, 1.48, 2.48], abs=0.001)
    assert beeps == pytest.approx([0.48, 1.48, 2.48], abs=0.01)


def test_a_copy_says_where_no_key_frame_is_near(bench: Bench) -> None:
    """Key frames of this TS are at 0 and 70 s: what begins at 68 s is not found in the minute before."""
    keys = ("-c:v", "libx264", "-g", "1000", "-sc_threshold", "0", "-force_key_frames", "70", "-c:a", "aac")
    source = bench.source({"seconds": 74, "size": "64x36", "rate": 2, "suffix": "ts", "more": keys})
    made = bench.run(source, {"container": {"format": "mp4"}, "video": {"codec": "copy"}, "audio": {"remove": True}, "edit": {"start": 68.0}})
    assert made.output.warnings == ("No key frame was found in the 60 s before the clip's start: the picture begins at the one after it.",)
    assert len(made.frames()) == 8


STANDS = {"media": "screen-3026x1386-vfr-h264-noaudio.mp4"}
"""Of a variable rate: its last picture comes at 7.16 s and stands 1.57 s."""


ENCODERS = {"h264": ("medium", "mp4", "mov", "mkv"), "h265": ("ultrafast", "mp4", "mov", "mkv"), "av1": ("ultrafast", "mp4", "mkv")}


@pytest.mark.parametrize(("codec", "preset", "format_"), [(codec, preset, format_) for codec, (preset, *formats) in ENCODERS.items() for format_ in formats])
def test_the_last_picture_of_a_variable_rate_stands_as_long_as_it_did(bench: Bench, format_: str, codec: str, preset: str) -> None:
    """Also where pictures are reordered, so that another one is stored last (x264 and x265), and where the encoder says nothing of lengths (SVT-AV1)."""
    video = {"codec": codec, "preset": preset, "short_side": 72}
    made = bench.run(bench.source(STANDS), {"container": {"format": format_}, "video": video})
    assert made.probe.duration == pytest.approx(8.726, abs=0.01)
    packets = made.raw("-show_packets")["packets"]
    assert len(made.frames(pixel_format="gray")) == len(packets) == 63
    assert max(float(p["pts_time"]) for p in packets) == pytest.approx(7.156, abs=0.01)
    assert all(float(p["duration_time"]) > 0 for p in packets)


@pytest.mark.parametrize(
    ("edit", "seconds", "last"), [({"duration": 6.5}, 6.5, 5.586), ({"start": 5.0, "duration": 1.5}, 1.5, 0.586), ({"start": 5.0}, 3.726, 2.156)]
)
def test_a_picture_that_stands_beyond_the_clip_ends_with_it(bench: Bench, edit: dict[str, Any], seconds: float, last: float) -> None:
    """A picture comes at 5.59 s and stands 1.57 s. The order of storing may begin up to 0.15 s late."""
    made = bench.run(bench.source(STANDS), {"container": {"format": "mp4"}, "video": {"short_side": 72, "preset": "medium"}, "edit": edit})
    assert made.probe.duration == pytest.approx(seconds, abs=0.15)
    assert max(float(f["pts_time"]) for f in made.raw("-show_frames")["frames"]) == pytest.approx(last, abs=0.05)


@pytest.mark.parametrize("format_", ["mp4", "mkv", "webm", "flv", "ts", "hls", "avi", "gif"])
@pytest.mark.parametrize(
    ("start", "first", "last"),
    [
        pytest.param(0.0, 1.115, 1.342, id="begins with a long picture"),
        (0.41, 0.747, 1.499),
        (2.85, 0.876, 1.244),
        pytest.param(5.59, 0.0, 0.0, id="within one"),
    ],
)
def test_a_clip_of_a_variable_rate_is_as_long_as_asked(bench: Bench, format_: str, start: float, first: float, last: float) -> None:
    """Long pictures stand where it begins. ``first``: when the second picture comes; ``last``: when the last one does, s of the clip.
    Where pictures are reordered, FLV, TS and HLS begin later than 0."""
    made = bench.run(bench.source(STANDS), {"container": {"format": format_}, "video": {"short_side": 72}, "edit": {"start": start, "duration": 1.5}})
    assert all(check.ok for check in made.checks)
    packets = made.raw("-show_packets")["packets"]
    if format_ in ("avi", "gif"):  # a constant rate
        assert made.probe.duration == pytest.approx(1.5, abs=0.07)
        return
    times = sorted(float(p["pts_time"]) for p in packets)
    shown = [time - times[0] for time in times]
    assert shown[min(1, len(shown) - 1)] == pytest.approx(first, abs=0.01)
    assert shown[-1] == pytest.approx(last, abs=0.01)
    if format_ in ("mp4", "mkv", "webm", "flv"):
        late = times[0] if format_ == "flv" else 0.0
        assert (made.probe.duration or 0.0) - late == pytest.approx(1.5, abs=0.01)


def test_a_faster_clip_of_a_variable_rate_ends_with_it(bench: Bench) -> None:
    """Within one picture, which stands 1.57 s."""
    edit = {"start": 5.59, "duration": 1.5, "speed": 1.5}
    made = bench.run(bench.source(STANDS), {"container": {"format": "mp4"}, "video": {"short_side": 72}, "edit": edit})
    assert made.probe.duration == pytest.approx(1.0, abs=0.05)
