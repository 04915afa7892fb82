"""What this node's ffmpeg can really do: one tiny encode per encoder, since a listed encoder may still fail at start."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.engine.types import Strict
from jobs.ffmpeg import sandbox
from jobs.ffmpeg.limits import for_probe

if TYPE_CHECKING:
    from jobs.ffmpeg.tools import Tools

SECONDS = 10.0
SIDE = 64
_FROM_PICTURE = ("-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", f"{SIDE}x{SIDE}", "-framerate", "25")
_FROM_SOUND = ("-f", "s16le", "-sample_rate", "48000", "-ch_layout", "stereo")
_FROM_TEXT = ("-f", "srt")
_QUICK = ("-threads", "1")

VIDEO: Mapping[str, tuple[str, ...]] = {
    "libx264": ("-preset", "ultrafast"),
    "libx265": ("-preset", "ultrafast", "-x265-params", "pools=1:log-level=error"),
    "libvpx-vp9": ("-deadline", "realtime", "-cpu-used", "8"),
    "libsvtav1": ("-preset", "12"),
    "gif": ("-pix_fmt", "rgb8"),
    "libwebp_anim": (),
    "mjpeg": ("-pix_fmt", "yuvj420p"),
    "png": ("-pix_fmt", "rgb24"),
}
AUDIO: Mapping[str, tuple[str, ...]] = {
    "aac": (),
    "libmp3lame": (),
    "libvorbis": (),
    "libopus": (),
    "flac": (),
    "ac3": (),
    "eac3": (),
    "alac": (),
    "libopencore_amrnb": ("-ar", "8000", "-ac", "1", "-b:a", "12.2k"),
}
SUBTITLES: Mapping[str, tuple[str, ...]] = {"mov_text": (), "srt": (), "webvtt": (), "ass": ()}
"""Encoder name → the options that make its shortest run. Hardware encoders have no place here until a template can ask for one."""


class Capabilities(Strict):
    """Proven facts about one node's programs. ``encoders``: ffmpeg's names, sorted; ``sandbox``: which protections are active."""

    version: str
    encoders: tuple[str, ...]
    sandbox: dict[str, bool]


def measure(tools: Tools) -> Capabilities:
    """Try every encoder of the tables: about 25 runs of 20–80 ms. Callers keep the answer per path, size and time of change of the program."""
    with tempfile.TemporaryDirectory(prefix="reelmill-probe-") as name:
        folder = Path(name)
        (folder / "picture").write_bytes(bytes(SIDE * SIDE * 3 // 2))
        (folder / "sound").write_bytes(bytes(4800 * 4))
        (folder / "text").write_text("1\n00:00:00,000 --> 00:00:00,100\nx\n")
        rows = [
            *((encoder, (*_FROM_PICTURE, *_input("picture")), ("-frames:v", "1", "-c:v", encoder, *options)) for encoder, options in VIDEO.items()),
            *((encoder, (*_FROM_SOUND, *_input("sound")), ("-c:a", encoder, *options)) for encoder, options in AUDIO.items()),
            *((encoder, (*_FROM_TEXT, *_input("text")), ("-c:s", encoder, *options)) for encoder, options in SUBTITLES.items()),
        ]
        proven = sorted(encoder for encoder, source, target in rows if _works(tools, folder, source, target))
    return Capabilities(version=tools.version, encoders=tuple(proven), sandbox=sandbox.protections().as_dict())


def _input(name: str) -> tuple[str, ...]:
    """The whitelists that every input carries; the formats are those of the files made here."""
    formats = {"picture": "rawvideo", "sound": "s16le", "text": "srt"}
    return ("-protocol_whitelist", "file", "-format_whitelist", formats[name], "-i", name)


def _works(tools: Tools, folder: Path, source: tuple[str, ...], target: tuple[str, ...]) -> bool:
    """Whether one tiny encode succeeds; its result is thrown away by the null muxer."""
    argv = ("-nostdin", "-v", "error", *source, *_QUICK, *target, "-f", "null", "none")
    return sandbox.call(tools.ffmpeg, argv, cwd=folder, limits=for_probe(SECONDS), timeout=SECONDS).exit_code == 0
