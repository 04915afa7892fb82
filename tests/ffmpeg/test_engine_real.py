"""The engine's commands with the real ffmpeg: what comes out is probed, counted, and held against the plan and against what we know of the files."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jobs.engine import hls
from jobs.engine.argv import commands
from jobs.engine.codecs import AUDIO, CONTAINERS, DECODERS, VIDEO
from jobs.engine.errors import JobError
from jobs.engine.plan import Plan
from jobs.engine.probe import Probe
from jobs.engine.resolve import resolve
from jobs.engine.spec import TranscodeSpec
from jobs.engine.template import Template
from jobs.engine.verify import Check, verdict, verify
from jobs.ffmpeg import runner, sandbox
from jobs.ffmpeg.limits import for_probe
from jobs.ffmpeg.probe import probe
from jobs.ffmpeg.tools import Tools

pytestmark = pytest.mark.media
FAST = {"preset": "ultrafast", "pixel_format": "yuv420p"}
MP4 = {"container": {"format": "mp4"}, "video": {**FAST, "short_side": 540}}
# texts of the input would make a set with a master of it: see tests/surface
HLS = {"container": {"format": "hls"}, "video": {**FAST, "short_side": 540}, "mux": {"segment_seconds": 2.0}, "subtitle": {"remove": True}}


@dataclass(frozen=True)
class Done:
    """A plan that was run."""

    plan: Plan
    room: Path
    probes: dict[str, Probe]
    checks: dict[int, tuple[Check, ...]]
    exit_codes: tuple[int, ...]

    def verdicts(self) -> dict[int, tuple[str, str] | None]:
        """By output: None where all is well."""
        return {index: verdict(found) for index, found in self.checks.items()}

    def segments(self, name: str) -> list[float]:
        """Lengths of a playlist's segments."""
        return [s.seconds for s in hls.read((self.room / name).read_text()).segments]


def transcode(source: Path, room: Path, tools: Tools, *templates: dict[str, Any], start: float | None = None, duration: float | None = None) -> Done:
    """Probe, resolve, run, look, verify, as a worker does."""
    room.mkdir()
    shutil.copyfile(source, room / "input")
    outputs = [{"template": "t", "address": f"oss://output/{n}"} for n in range(len(templates))]
    spec = TranscodeSpec.model_validate_json(json.dumps({"input": {"address": "oss://input/x", "start": start, "duration": duration}, "outputs": outputs}))
    read = [Template.model_validate_json(json.dumps(t)) for t in templates]
    plan = resolve(spec, read, probe(room / "input", tools=tools, cwd=room))
    codes = [_run(command, room, tools) for command in commands(plan)]
    sizes = {path.name: path.stat().st_size for path in room.iterdir()}
    probes: dict[str, Probe] = {}
    for rendition in (r for o in plan.outputs for r in o.renditions):
        try:
            probes[rendition.file] = probe(room / rendition.file, tools=tools, cwd=room, count_packets=True, own_playlist=rendition.segments is not None)
        except JobError:
            continue
    playlists = {path.name: path.read_text() for pattern in ("*.m3u8", "*.vtt") for path in room.glob(pattern)}
    checks = {o.index: verify(o, probes, playlists, sizes) for o in plan.outputs}
    return Done(plan, room, probes, checks, tuple(codes))


def _run(command: Any, room: Path, tools: Tools) -> int:
    finished = runner.run(
        command,
        tools=tools,
        cwd=room,
        log=room.parent / "log",
        on_progress=lambda _: None,
        should_stop=lambda: False,
        stall_seconds=60,
        wall_seconds=120,
        max_bytes=None,
        min_free_bytes=0,
    )
    assert not finished.stopped
    return finished.exit_code


# file, (width, height) of the 540p output, frames (None: not known before), seconds
FILES = [
    ("bbb-720p25-h264-aac51.mp4", (960, 540), 132, 5.3),
    ("screen-3026x1386-vfr-h264-noaudio.mp4", (1178, 540), 63, 8.7),
    ("dog-1080p-vfr-phone-h264-aac.mp4", (960, 540), 41, 1.6),
    ("phone-rot90-320p30-h264-aac.mov", (320, 568), 62, 2.1),
    ("lamp-rot90-720p30-hevc-aac.mov", (540, 960), 35, 1.2),
    ("sar2x1-360p30-h264.mp4", (1280, 360), 150, 5.0),
    ("bear-161x121-vp9-odd.webm", (160, 120), 30, 1.0),
    ("roof-720x1280p30-av1-hdr10-aac.mp4", (540, 960), 127, 4.2),
    ("hello-480p30-mpeg2-mp2.mpeg", (640, 480), 249, 8.3),
    ("earth-270p30-mpeg4-mp3.avi", (480, 270), 150, 5.0),
    ("lego-240p30-wmv2-wma2.wmv", (320, 240), None, 5.6),
    ("face-720p30-h264-aac-fragmented-offset.mp4", (810, 540), 30, 1.1),
    ("count-480p10-h264-2audio-eng-deu-srt.mkv", (640, 480), None, 24.5),
    ("face-720p-h264-aac.flv", (810, 540), 30, 1.1),
]


@pytest.mark.parametrize(("name", "size", "frames", "seconds"), FILES)
def test_real_files_become_540p_mp4_and_hls(
    name: str, size: tuple[int, int], frames: int | None, seconds: float, media: Path, tmp_path: Path, tools: Tools
) -> None:
    done = transcode(media / name, tmp_path / "room", tools, MP4, HLS)
    assert done.exit_codes == (0,), "one decode for both"
    assert done.verdicts() == {0: None, 1: None}
    playlist = done.plan.outputs[1].renditions[0].file  # «o1.m3u8», or beside a text track «o1-v.m3u8»
    for file in ("o0.mp4", playlist):
        found = done.probes[file]
        assert found.picture is not None
        assert (found.picture.width, found.picture.height, found.picture.rotation, found.picture.sar) == (*size, 0, (1, 1))
        assert found.picture.pixel_format == "yuv420p"
        if frames is not None:
            assert found.picture.frames == frames
        assert found.duration == pytest.approx(seconds, abs=0.5)
    assert sum(done.segments(playlist)) == pytest.approx(seconds, abs=0.5)
    both = [done.probes[f].picture for f in ("o0.mp4", playlist)]
    assert both[0] is not None
    assert both[1] is not None
    assert both[0].frames == both[1].frames


SOUND = ("mp3", "m4a", "ogg", "flac")


@pytest.mark.parametrize(
    "format_", [name for name, row in CONTAINERS.items() if name not in ("dash", "cmaf") and (row.video or row.audio)]
)  # others: see tests/surface
def test_every_format_holds_every_codec_of_its_table(format_: str, media: Path, tmp_path: Path, tools: Tools) -> None:
    row = CONTAINERS[format_]
    pictures: list[dict[str, Any]] = [{"codec": c, "short_side": 120, **({} if c == "gif" else FAST)} for c in row.video] or [{}]
    sounds: list[dict[str, Any]] = [{"codec": c} for c in row.audio] or [{}]
    most = max(len(pictures), len(sounds))
    pairs = [(pictures[n % len(pictures)], sounds[n % len(sounds)]) for n in range(most)]
    templates = [{"container": {"format": format_}, "video": p, "audio": s} for p, s in pairs]
    done = transcode(media / "flower-540p30-h264-aac.mp4", tmp_path / "room", tools, *templates, start=1.0, duration=1.0)
    assert not done.plan.failed
    assert done.verdicts() == dict.fromkeys(range(len(pairs)))
    for output, (picture, sound) in zip(done.plan.outputs, pairs, strict=True):
        found = done.probes[output.renditions[0].file]
        assert (found.picture.codec if found.picture else None) == (VIDEO[picture["codec"]].stream if picture else None)
        assert (found.sound.codec if found.sound else None) == (AUDIO[sound["codec"]].stream if sound else None)


def test_the_rungs_of_a_ladder_have_the_same_segments_and_begin_with_key_frames(media: Path, tmp_path: Path, tools: Tools) -> None:
    ladder = [{"name": n, "video": {**FAST, "short_side": s, "codec": c}} for n, s, c in (("240p", 240, "h264"), ("120p", 120, "h264"), ("x", 120, "h265"))]
    template = {"container": {"format": "hls"}, "mux": {"segment_seconds": 1.5}, "ladder": ladder}
    done = transcode(media / "bbb-720p24-h264-mp3-55s.mp4", tmp_path / "room", tools, template, start=20.0, duration=7.0)
    assert done.verdicts() == {0: None}
    lengths = [done.segments(r.file) for r in done.plan.outputs[0].renditions]
    assert lengths[0] == lengths[1] == lengths[2]
    assert lengths[0] == pytest.approx([1.5, 1.5, 1.5, 1.5, 1.0], abs=0.05)
    show = ["-v", "error", "-select_streams", "v", "-show_entries", "packet=flags", "-read_intervals", "%+#1", "-of", "csv=p=0", *_only("mpegts"), "-i"]
    for segment in sorted(done.room.glob("*.ts")):
        answer = sandbox.call(tools.ffprobe, [*show, segment.name], cwd=done.room, limits=for_probe(10), timeout=10)
        assert answer.stdout.startswith(b"K"), f"{segment.name} does not begin with a key frame"
    text = hls.master([hls.variant(r.file, (done.room / r.file).read_text(), _sizes(done.room), done.probes[r.file]) for r in done.plan.outputs[0].renditions])
    assert 'CODECS="avc1.' in text
    assert 'CODECS="hvc1.1.6.L' in text
    assert "RESOLUTION=426x240" in text


def _only(format_: str) -> list[str]:
    return ["-protocol_whitelist", "file", "-format_whitelist", format_]


def _sizes(room: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in room.iterdir()}


def test_places_devices_and_dates_stay_behind_and_languages_and_chapters_do_not(media: Path, tmp_path: Path, tools: Tools) -> None:
    copy = {"container": {"format": "mov"}, "video": {"codec": "copy"}, "audio": {"codec": "copy"}}
    lamp = transcode(media / "lamp-rot90-720p30-hevc-aac.mov", tmp_path / "lamp", tools, copy, MP4)
    for file in ("o0.mov", "o1.mp4"):
        kept = (lamp.room / file).read_bytes()
        assert not any(word in kept for word in (b"iPad", b"ISO6709", b"+52.4597", b"2023"))
    assert b"ISO6709" in (lamp.room / "input").read_bytes()
    assert lamp.probes["o0.mov"].picture is not None
    assert lamp.probes["o0.mov"].picture.rotation == 90, "a copy keeps its rotation"
    count = transcode(media / "count-480p10-h264-2audio-eng-deu-srt.mkv", tmp_path / "count", tools, MP4)
    found = count.probes["o0.mp4"]
    assert [a.language for a in found.audio] == ["eng"]
    assert [(s.codec, s.language) for s in found.subtitle] == [("mov_text", "deu")]
    chapters = transcode(media / "chapters-240p30-h264-444-aac.mkv", tmp_path / "chapters", tools, MP4)
    assert chapters.probes["o0.mp4"].chapters == 2
    assert b"Chapter 2" in (chapters.room / "o0.mp4").read_bytes()


def test_a_rate_that_is_asked_for_is_met_on_variable_sources(media: Path, tmp_path: Path, tools: Tools) -> None:
    template = {**MP4, "video": {**MP4["video"], "fps": 10.0}, "conditions": {"if_lower_fps": "convert"}}
    done = transcode(media / "screen-3026x1386-vfr-h264-noaudio.mp4", tmp_path / "room", tools, template)
    assert done.verdicts() == {0: None}
    picture = done.probes["o0.mp4"].picture
    assert picture is not None
    assert (picture.fps, picture.nominal_fps) == (10.0, 10.0)
    assert picture.frames == pytest.approx(87, abs=1)


@pytest.mark.parametrize("name", ["corrupt/cut-at-60-percent.mp4", "corrupt/bad-h264-stream.mp4"])
def test_damaged_inputs_are_named_and_not_published(name: str, media: Path, tmp_path: Path, tools: Tools) -> None:
    done = transcode(media / name, tmp_path / "room", tools, MP4, HLS)
    found = done.verdicts()
    assert {code for code, _ in (v for v in found.values() if v)} == {"ResourceContentBad"}
    assert len([v for v in found.values() if v]) == 2


def test_full_range_becomes_studio_range_without_changing_the_look(media: Path, tmp_path: Path, tools: Tools) -> None:
    done = transcode(media / "timecode-1080p30-hevc-aac.mp4", tmp_path / "room", tools, MP4, duration=0.2)
    picture = done.probes["o0.mp4"].picture
    assert picture is not None
    assert (picture.color_range, picture.pixel_format) == ("tv", "yuv420p")
    means = [_grey(done.room / file, done.room, tools) for file in ("input", "o0.mp4")]
    assert means[0] == pytest.approx(means[1], abs=2.0)


def _grey(path: Path, room: Path, tools: Tools) -> float:
    """Mean luminance of the first picture, 0–255."""
    argv = [
        "-v",
        "error",
        *_only("mov,mp4,m4a,3gp,3g2,mj2"),
        "-i",
        path.name,
        "-frames:v",
        "1",
        "-vf",
        "scale=64:36:out_range=full,format=gray",
        "-f",
        "rawvideo",
        "-y",
        "grey",
    ]
    answer = sandbox.call(tools.ffmpeg, argv, cwd=room, limits=for_probe(20), timeout=20)
    data = (room / "grey").read_bytes()
    assert answer.exit_code == 0
    assert len(data) == 64 * 36
    return sum(data) / len(data)


def test_every_name_in_our_tables_is_one_of_this_ffmpeg(tmp_path: Path, tools: Tools) -> None:
    def listed(what: str) -> set[str]:
        answer = sandbox.call(tools.ffmpeg, ["-hide_banner", f"-{what}"], cwd=tmp_path, limits=for_probe(20), timeout=20)
        lines = [line.split() for line in answer.stdout.decode().splitlines()]
        return {name for words in lines if len(words) > 1 for name in words[1].split(",")}

    encoders, decoders, muxers = listed("encoders"), listed("decoders"), listed("muxers")
    assert {row.encoder for row in (*VIDEO.values(), *AUDIO.values())} <= encoders
    assert {e for row in CONTAINERS.values() for e in row.subtitles.values()} - {"copy"} <= encoders
    assert {row.muxer for row in CONTAINERS.values()} <= muxers
    assert {name for names in DECODERS.values() for name in names} <= decoders
