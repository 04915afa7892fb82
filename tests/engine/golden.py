"""The cases whose whole argv is kept, compared as lists. After a change that is meant: ``python -m tests.engine.golden`` writes them anew; read the diff."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jobs.engine.argv import commands
from jobs.engine.plan import Plan
from tests.engine.samples import plan, template

FOLDER = Path(__file__).parent / "golden"
_COPY = {"video": {"codec": "copy"}, "audio": {"codec": "copy"}}
_LADDER = [{"name": "360p", "video": {"short_side": 360}}, {"name": "240p", "video": {"short_side": 240}, "audio": {"bitrate_kbps": 64}}]


def _plans() -> dict[str, Plan]:
    preset: dict[str, Any] = {"codec": "h264", "short_side": 540, "profile": "high", "pixel_format": "yuv420p"}
    return {
        "mp4-540p": plan("bbb", template("mp4", video=preset)),
        "mp4-h265-main10": plan("hdr", template("mp4", video={"codec": "h265", "profile": "main10"})),
        "hls-vfr": plan("screen", template("hls", video=preset, mux={"segment_seconds": 6.0})),
        "hls-h265": plan("full-range", template("hls", video={"codec": "h265", "short_side": 540})),
        "hls-ladder": plan("flower", template("hls", ladder=_LADDER, mux={"segment_seconds": 4.0})),
        "two-equal-outputs": plan("bbb", template("mp4", video=preset), template("mp4", video=preset)),
        "mixed-groups": plan("count", template("mp4"), template("mkv", **_COPY), template("mp3"), template("flv", audio={"remove": True})),
        "clip": plan("rot90", template("mov", video={"fps": 15.0, "width": 200, "height": 200, "scale_type": "fill"}), start=0.5, duration=1.25),
        "gif": plan("bbb", template("gif", video={"width": 320, "fps": 10.0})),
        "gif-long": plan("screen", template("gif", video={"fps": 5.0})),
        "ts-bitrate": plan("mpeg", template("ts", video={"bitrate_kbps": 800, "maxrate_kbps": 1000, "gop": 60}, audio={"codec": "mp3"})),
        "remux-mp4": plan("chapters", template("mp4", **_COPY)),
        "remux-flv-clip": plan("flower", template("flv", **_COPY), start=1.0),
        "mkv-ass": plan("ass", template("mkv", audio={"codec": "vorbis"})),
        "mp3": plan("mp3", template("mp3", audio={"channels": 2, "bitrate_kbps": 128})),
        "m4a": plan("opus51", template("m4a")),
        "ogg-flac": plan("adts", template("ogg", audio={"codec": "flac"})),
        "flac": plan("mp3", template("flac")),
    }


def cases() -> dict[str, list[list[str]]]:
    """argv of every command, by name of the case."""
    return {name: [list(command.argv) for command in commands(made)] for name, made in _plans().items()}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for case, found in cases().items():
        (FOLDER / f"{case}.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
