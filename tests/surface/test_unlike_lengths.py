"""Picture and sound that do not end together, clips that end before something, sound of which nobody says how long it is: everything still comes out."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jobs.engine import dash, hls
from tests.surface.harness import Bench, Made

pytestmark = pytest.mark.media
FAST = {"preset": "ultrafast"}


@pytest.fixture(scope="module")
def films(bench: Bench) -> dict[str, Path]:
    """Inputs by name: the picture's seconds and the sounds'."""

    def make(name: str, picture: int, *sounds: int) -> Path:
        path = bench.folder / name
        argv = [bench.tools.ffmpeg, "-v", "error", "-y", "-f", "lavfi", "-i", f"testsrc2=size=128x72:rate=25:duration={picture}"]
        for seconds in sounds:
            argv += ["-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=44100:duration={seconds}"]
        maps = [word for number in range(len(sounds) + 1) for word in ("-map", str(number))]
        subprocess.run([*argv, *maps, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", str(path)], check=True, timeout=60)
        return path

    return {"short sound": make("short.mp4", 6, 2), "long sound": make("long.mp4", 3, 6), "two": make("two.mp4", 6, 2, 6)}


def lengths(made: Made) -> dict[str, float]:
    """Seconds of the tracks of a set, as players read them."""
    plan = made.output.set
    assert plan is not None
    if plan.hls:
        return {t.name: hls.read((made.room / (t.playlist or t.file)).read_text()).seconds for t in plan.tracks if t.kind != "text"}
    by_init = {r.init: r.seconds for r in dash.read((made.room / (plan.manifest or "")).read_text()).representations}
    return {t.name: by_init[t.init] for t in plan.tracks if t.kind != "text"}


@pytest.mark.parametrize("sections", [{"container": {"format": "dash"}}, {"container": {"format": "cmaf"}}, {
    "container": {"format": "hls"}, "mux": {"segment_format": "fmp4"}, "encryption": {"method": "cbcs"}
}], ids=["dash", "cmaf", "cbcs"])  # fmt: skip
@pytest.mark.parametrize(("name", "picture", "sound"), [("short sound", 6, 2), ("long sound", 3, 6), ("two", 6, 2)])
def test_each_track_of_a_set_is_as_long_as_its_source(
    bench: Bench, films: dict[str, Path], sections: dict[str, Any], name: str, picture: int, sound: int
) -> None:
    found = lengths(bench.run(films[name], {"video": FAST, **sections}))
    assert found["v"] == pytest.approx(picture, abs=0.1)
    assert found["a0"] == pytest.approx(sound, abs=0.1)


def test_two_tracks_of_which_one_ends_early(bench: Bench, films: dict[str, Path]) -> None:
    found = lengths(bench.run(films["two"], {"container": {"format": "hls"}, "video": FAST, "audios": [{"stream": 0}, {"stream": 1}]}))
    assert [round(found[name]) for name in ("v", "a0", "a1")] == [6, 2, 6]


def test_a_further_track_that_ends_before_a_joined_picture(bench: Bench, films: dict[str, Path]) -> None:
    template = {"container": {"format": "hls"}, "video": FAST, "audios": [{}, {"input": "b"}], "edit": {"after": [{"address": "oss://input/long"}]}}
    spec = {"inputs": [{"name": "b", "address": "oss://input/b"}]}
    made = bench.run(films["short sound"], template, files={"long": films["short sound"], "b": films["long sound"]}, spec=spec)
    assert [round(lengths(made)[name]) for name in ("v", "a0", "a1")] == [12, 12, 6]


@pytest.mark.parametrize(("format_", "sections"), [("mkv", {}), ("m4a", {}), ("hls", {"audios": [{"input": "b"}, {}]})])
def test_a_further_track_beside_a_clipped_join(bench: Bench, films: dict[str, Path], format_: str, sections: dict[str, Any]) -> None:
    """Of 2 + 2 s from 0.5 to 3.5 s; the further track has 2 s of which 1.5 are left."""
    edit = {"after": [{"address": "oss://input/t"}], "start": 0.5, "duration": 3.0}
    video = {} if format_ == "m4a" else {"video": FAST}
    template = {"container": {"format": format_}, **video, "audios": [{"input": "b"}], "edit": edit, **sections}
    spec = {"inputs": [{"name": "b", "address": "oss://input/b"}]}
    tone = bench.source({"seconds": 2, "video": False, "suffix": "m4a"})
    made = bench.run(bench.source({"seconds": 2}), template, files={"t": bench.source({"seconds": 2}), "b": tone}, spec=spec)
    if format_ == "hls":
        assert lengths(made)["a0"] == pytest.approx(1.5, abs=0.15)
    else:
        assert len(made.samples()) / 8000 == pytest.approx(1.5, abs=0.15)


@pytest.mark.parametrize("segment_format", ["ts", "fmp4"])
def test_hls_whose_sound_goes_on(bench: Bench, films: dict[str, Path], segment_format: str) -> None:
    made = bench.run(films["long sound"], {"container": {"format": "hls"}, "video": FAST, "mux": {"segment_format": segment_format}})
    assert hls.read(made.file.read_text()).seconds == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize("seconds", [1.5, 2.5, 4.5])
def test_hls_segments_that_end_with_a_half(bench: Bench, seconds: float) -> None:
    """ffmpeg writes 2 as the target duration of segments of 2.5 s."""
    made = bench.run(bench.source({"seconds": 6, "rate": 24}), {"container": {"format": "hls"}, "video": FAST, "mux": {"segment_seconds": seconds}})
    assert hls.read(made.file.read_text()).segments[0].seconds == pytest.approx(seconds)


@pytest.mark.parametrize("format_", ["hls", "dash", "cmaf"])
def test_forced_cuts_behind_the_end_of_a_clip(bench: Bench, format_: str) -> None:
    spec = {"input": {"address": "oss://input/x", "duration": 0.4}}
    made = bench.run(bench.source({"seconds": 2}), {"container": {"format": format_}, "video": FAST, "mux": {"cut_times": [0.5, 0.9]}}, spec=spec)
    assert lengths(made)["" if format_ == "hls" else "v"] == pytest.approx(0.4, abs=0.05)


# --- texts ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("format_", ["mkv", "mp4", "webm"])
@pytest.mark.parametrize(("name", "spec", "edit"), [("the job's", {"duration": 6.0}, {}), ("the output's", {}, {"duration": 6.0})])
def test_texts_behind_the_end_of_a_clip_are_left_out(bench: Bench, format_: str, name: str, spec: dict[str, Any], edit: dict[str, Any]) -> None:
    source = bench.media / "count-480p10-h264-2audio-eng-deu-srt.mkv"
    video = {"width": 64, **FAST}
    made = bench.run(
        source,
        {"container": {"format": format_}, "video": video, "edit": edit, "subtitle": {"streams": [0]}},
        spec={"input": {"address": "oss://input/x", **spec}},
    )
    packets = made.raw("-show_packets", "-select_streams", "s")["packets"]
    ends = [float(p["pts_time"]) + float(p.get("duration_time", 0)) for p in packets if int(p["size"]) > 2]
    assert ends
    assert max(ends) <= 6.1, name


# --- raw AAC --------------------------------------------------------------------------------------------------------------
def test_silence_in_raw_aac_is_as_long_as_it_was(bench: Bench) -> None:
    """ADTS has no length: ffprobe guesses it by the rate of the first packets, and silence takes hardly any bytes."""
    source = bench.source({"video": False, "seconds": 8, "suffix": "flac", "more": ("-af", "volume=0:enable='gte(t,1)'", "-c:a", "flac")})
    made = bench.run(source, {"container": {"format": "aac"}})
    assert made.probe.duration == pytest.approx(8, abs=0.1)
    assert len(made.samples()) / 8000 == pytest.approx(8, abs=0.1)


@pytest.mark.parametrize("format_", ["aac", "mkv", "m4a"])
def test_long_blocks_of_a_low_rate(bench: Bench, format_: str) -> None:
    """At 8 kHz a block of AAC takes 128 ms."""
    spec = {"input": {"address": "oss://input/x", "duration": 0.7}}
    template = {"container": {"format": format_}, "audio": {"sample_rate": 8000}} | ({"video": {"remove": True}} if format_ == "mkv" else {})
    samples = bench.run(bench.source({"seconds": 2}), template, spec=spec).samples()
    assert len(samples) / 8000 == pytest.approx(0.7, abs=0.3)
    assert float(np.abs(samples).max()) > 0.05


def test_loudness_of_a_silent_film_with_a_tail_that_sounds(bench: Bench) -> None:
    """The film itself is silence of our own making, which nobody can listen to."""
    template = {"container": {"format": "mp4"}, "video": FAST, "audio": {"loudness": {}}, "edit": {"tails": [{"address": "oss://input/t"}]}}
    made = bench.run(bench.source({"audio": False}), template, files={"t": bench.source({"seconds": 1})})
    samples = np.abs(made.samples()[:, 0])
    assert samples[1000:7000].max() < 0.001
    assert samples[9000:15000].max() > 0.05
