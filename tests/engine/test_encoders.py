"""Encoder options: what is said once, where key frames are forced, what the two passes are told."""

from __future__ import annotations

import itertools
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from jobs.engine.argv import works
from jobs.engine.codecs import VIDEO
from jobs.engine.containers import CONTAINERS, VARIANTS, container
from jobs.engine.keyframes import forced
from jobs.engine.levels import H264, H265, holds, least
from jobs.engine.resolve import resolve
from jobs.engine.spec import TranscodeSpec
from jobs.engine.template import Template
from jobs.ffmpeg import tools
from tests.engine.samples import probe


def argvs(*templates: dict[str, Any], name: str = "bbb") -> list[tuple[str, ...]]:
    outputs = [{"template": "t", "address": f"oss://output/{n}"} for n in range(len(templates))]
    spec = TranscodeSpec.model_validate_json(json.dumps({"input": "oss://input/x", "outputs": outputs}))
    plan = resolve(spec, [Template.model_validate_json(json.dumps(t)) for t in templates], probe(name))
    assert not plan.failed, plan.failed
    return [command.argv for work in works(plan) for command in work.commands]


def values(argv: tuple[str, ...], option: str) -> list[str]:
    return [value for word, value in itertools.pairwise(argv) if word == option]


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_parameters_of_an_encoder_are_said_once(codec: str) -> None:
    video = {"codec": codec, "rate_control": "cbr", "bitrate_kbps": 500, "closed_gop": True, "level": "4", "profile": "main", "preset": "ultrafast"}
    (argv,) = argvs({"container": {"format": "mp4"}, "video": video})
    for option in ("-x264-params", "-x265-params", "-flags:v", "-preset", "-b:v", "-maxrate:v", "-bufsize:v"):
        assert len(values(argv, option)) <= 1, option
    name = "-x264-params" if codec == "h264" else "-x265-params"
    assert {"h264": {"nal-hrd=cbr", "open-gop=0", "cabac=1"}, "h265": {"strict-cbr=1", "hrd=1", "open-gop=0", "level-idc=4"}}[codec] <= set(
        values(argv, name)[0].split(":")
    )


def test_two_passes_find_each_others_statistics() -> None:
    video = {"passes": 2, "bitrate_kbps": 500}
    first, second = argvs(*({"container": {"format": "mp4"}, "video": {**video, "codec": codec}} for codec in ("h264", "h265", "vp9")))
    for argv, number in ((first, "1"), (second, "2")):
        assert values(argv, "-pass:v") == [number, number]  # x265 is told by its own parameters
        assert f"pass={number}:stats=pass-o1.mp4" in values(argv, "-x265-params")[0]
        assert values(argv, "-x264-params") == ["stats=pass-o0.mp4"]
        assert values(argv, "-passlogfile:v") == ["pass-o2.mp4"]
        # ffmpeg numbers its statistics by stream, so both passes have the same streams before it
        assert argv[: argv.index("pass-o2.mp4")].count("-map") == 6
    assert values(first, "-f")[-3:] == ["null"] * 3


def test_a_first_pass_of_x264_alone_is_silent_and_others_stay_out_of_it() -> None:
    templates: list[dict[str, Any]] = [{"container": {"format": "mp4"}, "video": {"passes": 2, "bitrate_kbps": 500}}, {"container": {"format": "mp4"}}]
    first, second = argvs(*templates)
    assert (first.count("-map"), second.count("-map")) == (1, 4)
    assert "-c:a:0" not in first


@pytest.mark.parametrize(("seconds", "cuts", "wanted"), [(2.0, (), [0, 2, 4]), (2.0, (1.0, 4.0, 4.52), [0, 1, 2, 4, 4.52]), (None, (1.48,), [0, 1.48]), (None, (0.0,), None), (None, (), None)])  # fmt: skip
@pytest.mark.parametrize("codec", ["libx264", "libvpx-vp9", "libsvtav1"])
def test_key_frames_are_forced_at_borders_and_cut_times(
    tmp_path: Path, codec: str, seconds: float | None, cuts: tuple[float, ...], wanted: list[float] | None
) -> None:
    expression = forced(seconds, cuts)
    if wanted is None:
        assert expression is None
        return
    assert expression is not None
    found = tools.find()
    fast = {
        "libx264": ["-preset", "ultrafast", "-sc_threshold", "0"],
        "libvpx-vp9": ["-deadline", "realtime", "-cpu-used", "8"],
        "libsvtav1": ["-preset", "12"],
    }[codec]
    source = ["-f", "lavfi", "-i", "testsrc2=size=64x64:rate=25:duration=5,setpts=PTS+0.3/TB"]  # begins late: counted from the first picture
    argv = [
        found.ffmpeg,
        "-nostdin",
        "-v",
        "error",
        *source,
        "-c:v",
        codec,
        *fast,
        "-pix_fmt",
        "yuv420p",
        "-g",
        "250",
        "-force_key_frames:v",
        expression,
        "-copyts",
        "x.mkv",
    ]
    subprocess.run(argv, check=True, cwd=tmp_path, timeout=60, capture_output=True)
    show = [found.ffprobe, "-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time,flags", "-of", "csv=p=0", "x.mkv"]
    rows = subprocess.run(show, check=True, cwd=tmp_path, timeout=60, capture_output=True, text=True).stdout.split()
    times = [float(row.split(",")[0]) for row in rows if "K" in row.split(",")[1]]
    assert [time - times[0] for time in times] == pytest.approx(wanted, abs=0.021)


def test_levels() -> None:
    assert holds("h264", "4", 1920, 1080, 30.0)
    assert not holds("h264", "4", 1920, 1080, 60.0)
    assert (least("h264", 1920, 1080, 60.0), least("h265", 3840, 2160, 60.0), least("h264", 8192, 8192, 60.0)) == ("4.2", "5.1", None)
    assert frozenset(H264) == VIDEO["h264"].levels
    assert frozenset(H265) == VIDEO["h265"].levels


def test_the_kind_of_segments_decides_what_a_set_holds() -> None:
    assert container("hls").video == ("h264", "h265")
    assert "av1" in container("hls", "fmp4").video
    assert container("dash", "webm").audio[0] == "opus"
    assert container("mp4", "ts") is CONTAINERS["mp4"]
    assert {format_ for format_, _ in VARIANTS} == {"hls", "dash"}
