"""The cases whose whole argv is kept, compared as lists. After a change that is meant: ``python -m tests.engine.golden`` writes them anew; read the diff."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jobs.engine.address import Address
from jobs.engine.argv import commands
from jobs.engine.plan import Plan
from jobs.engine.probe import Probe, VideoStream
from jobs.engine.resolve import resolve
from jobs.engine.sources import Fetched, Material
from jobs.engine.spec import TranscodeSpec
from jobs.engine.template import Template
from tests.engine.samples import plan, probe, spec, template

FOLDER = Path(__file__).parent / "golden"
_COPY = {"video": {"codec": "copy"}, "audio": {"codec": "copy"}}
_STEPS: dict[str, Any] = {
    "fps": 15.0, "crop": {"left": 10, "top": 20, "width": 300, "height": 500}, "rotate": 30, "flip": "horizontal", "denoise": "medium",
    "width": 300, "height": 200, "scale_type": "fit", "sharpen": "light", "pad": {"width": 320, "height": 240, "color": "#102030"},
}  # fmt: skip
_LADDER = [{"name": "360p", "video": {"short_side": 360}}, {"name": "240p", "video": {"short_side": 240}, "audio": {"bitrate_kbps": 64}}]


_EDIT = {
    "before": [{"address": "oss://input/a", "start": 0.5}],
    "after": [{"address": "oss://input/b", "duration": 2.0}, {"address": "oss://input/b", "duration": 2.0}],
    "end": 1.0,
    "speed": 1.25,
    "openings": [{"address": "oss://input/a"}],
    "tails": [{"address": "oss://input/b", "blend_seconds": 0.5}],
}


def _joined(edited: Template) -> Plan:
    """A join with an opening and a tail: «a» is a phone clip that stands upright, «b» has another rate."""
    files = {Address("input", "a"): Fetched("m1", probe("rot90")), Address("input", "b"): Fetched("m2", probe("flower"))}
    return resolve(spec(1), [edited], Material(probe("bbb"), files))


_LOGO = {"image": "oss://input/logo.png", "corner": "bottom_right", "width": 0.2, "dx": 7, "dy": 0.05, "opacity": 0.8}
_MOVING = {"image": "oss://input/anim.gif", "start": 1.0, "duration": 2.0}
_TEXT = {"text": {"content": "%{pts} 水印", "size": 0.1}, "corner": "top_left", "dx": 5}
_AREA = {"corner": "top_right", "width": 0.25, "height": 40, "start": 0.5}


def marked(name: str, format_: str = "mp4", **sections: Any) -> Plan:
    """A plan with marks, whose files are described here."""
    still = Probe(format_name="png_pipe", video=(VideoStream(index=0, codec="png", width=400, height=100),))
    moving = Probe(format_name="gif", video=(VideoStream(index=0, codec="gif", width=128, height=128),))
    files = {Address("input", "logo.png"): Fetched("mark1", still), Address("input", "anim.gif"): Fetched("mark2", moving)}
    spec = TranscodeSpec.model_validate_json(json.dumps({"input": "oss://input/x", "outputs": [{"template": "t", "address": "oss://output/0"}]}))
    return resolve(spec, [template(format_, **sections)], Material(probe(name), files))


def _plans() -> dict[str, Plan]:
    preset: dict[str, Any] = {"codec": "h264", "short_side": 540, "profile": "high", "pixel_format": "yuv420p"}
    return {
        "mp4-540p": plan("bbb", template("mp4", video=preset)),
        "mp4-h265-main10": plan("hdr", template("mp4", video={"codec": "h265", "profile": "main10"})),
        "hls-vfr": plan("screen", template("hls", video=preset, mux={"segment_seconds": 6.0})),
        "hls-h265": plan("full-range", template("hls", video={"codec": "h265", "short_side": 540})),
        "hls-ladder": plan("flower", template("hls", ladder=_LADDER, mux={"segment_seconds": 4.0})),
        "hls-fmp4": plan("flower", template("hls", video={"codec": "h265"}, mux={"segment_format": "fmp4", "start_number": 0, "iframe_playlist": True})),
        "hls-aes": plan("bbb", template("hls", video=preset, encryption={"method": "aes-128"})),
        "hls-tracks": plan("count", template("hls", audios=[{"stream": 0}, {"stream": 1}], ladder=_LADDER)),
        "dash-cuts": plan("bbb", template("dash", video=preset, mux={"segment_seconds": 4.0, "cut_times": [5.0]})),
        "cmaf-cbcs": plan("count", template("cmaf", ladder=_LADDER, encryption={"method": "cbcs"}, mux={"iframe_playlist": True})),
        "two-equal-outputs": plan("bbb", template("mp4", video=preset), template("mp4", video=preset)),
        "mixed-groups": plan("count", template("mp4"), template("mkv", **_COPY), template("mp3"), template("flv", audio={"remove": True})),
        "clip": plan("rot90", template("mov", video={"fps": 15.0, "width": 200, "height": 200, "scale_type": "fill"}), start=0.5, duration=1.25),
        "gif": plan("bbb", template("gif", video={"width": 320, "fps": 10.0})),
        "picture-steps": plan("rot90", template("mp4", video=_STEPS)),
        "hdr-to-sdr": plan("hdr", template("mp4", video={"codec": "h265", "short_side": 360, "hdr": "sdr", "deinterlace": "force"})),
        "gif-palette": plan("bbb", template("gif", video={"width": 101}, mux={"palette": "frame", "dither": "bayer", "final_delay_cs": 100, "loop": 2})),
        "webp": plan("bbb", template("webp", video={"width": 320, "fps": 10.0})),
        "gif-long": plan("screen", template("gif", video={"fps": 5.0})),
        "ts-bitrate": plan("mpeg", template("ts", video={"bitrate_kbps": 800, "maxrate_kbps": 1000, "gop": 60}, audio={"codec": "mp3"})),
        "remux-mp4": plan("chapters", template("mp4", **_COPY)),
        "remux-flv-clip": plan("flower", template("flv", **_COPY), start=1.0),
        "mkv-ass": plan("ass", template("mkv", audio={"codec": "vorbis"})),
        "mp3": plan("mp3", template("mp3", audio={"channels": 2, "bitrate_kbps": 128})),
        "m4a": plan("opus51", template("m4a")),
        "ogg-flac": plan("adts", template("ogg", audio={"codec": "flac"})),
        "flac": plan("mp3", template("flac")),
        "two-tracks": plan(
            "count", template("mkv", audios=[{"select_language": "deu", "title": "Deutsch", "default": True}, {"codec": "ac3", "volume_db": -3}])
        ),
        "mix": plan("count", template("m4a", audio={"mix": True, "channels": 2, "loudness": {}})),
        "watermarks": marked("rot90", video=preset, watermarks=[_LOGO, _TEXT, _MOVING], delogos=[_AREA]),
        "watermarks-ladder": marked("flower", format_="hls", ladder=_LADDER, watermarks=[_LOGO, _TEXT]),
        "join": _joined(template("mp4", video={"short_side": 240}, edit=_EDIT)),
        "two-passes": plan(
            "bbb",
            template("mp4", video={"codec": "h264", "passes": 2, "bitrate_kbps": 800, "level": "4", "bframes": 3, "refs": 4}),
            template("webm", video={"passes": 2, "bitrate_kbps": 500, "rate_control": "vbr", "gop_seconds": 2.0}),
        ),
        "cbr-he-aac": plan("bbb", template("ts", video={"rate_control": "cbr", "bitrate_kbps": 800}, audio={"profile": "aac_he", "channels": 2})),
        "mxf": plan("screen", template("mxf", video={"codec": "mpeg2", "bitrate_kbps": 8000, "scan": "interlaced"})),
        "avi-h265": plan("bbb", template("avi", video={"codec": "h265"}, audio={"codec": "aac", "quality": 60})),
        "mov-prores": plan("bbb", template("mov", video={"codec": "prores", "profile": "hq"}, audio={"codec": "pcm_s24le"})),
    }


def cases() -> dict[str, list[list[str]]]:
    """argv of every command, by name of the case."""
    return {name: [list(command.argv) for command in commands(made)] for name, made in _plans().items()}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for case, found in cases().items():
        (FOLDER / f"{case}.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
