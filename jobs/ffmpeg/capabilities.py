"""What this node's programs can really do: one tiny run per encoder, filter and program, since what is listed may still fail at start."""

from __future__ import annotations

import hashlib
import tempfile
import wave
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
    "mpeg2video": (),
    "mpeg4": (),
    "prores_ks": ("-pix_fmt", "yuv422p10le"),
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
    "pcm_s16le": (),
    "pcm_s24le": (),
}
SUBTITLES: Mapping[str, tuple[str, ...]] = {"mov_text": (), "srt": (), "webvtt": (), "ass": ()}
"""Encoder name → the options that make its shortest run. Hardware encoders have no place here until a template can ask for one."""

_TAGGED = "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=limited"
PICTURE_FILTERS: Mapping[str, str] = {
    "zscale": f"{_TAGGED},zscale=transfer=linear:npl=100",
    "tonemap": f"{_TAGGED},zscale=transfer=linear:npl=100,format=gbrpf32le,tonemap=tonemap=mobius",
    "ass": "ass=filename=o0-b0.ass",  # the only kind of name that the guard lets through
    "drawtext": "drawtext=text=x",
    "delogo": "delogo=x=8:y=8:w=16:h=16",
    "pixelize": "pixelize=w=8:h=8",
    "gblur": "gblur=sigma=2",
    "hqdn3d": "hqdn3d",
    "unsharp": "unsharp",
    "bwdif": "bwdif=deint=all",
    "idet": "idet",
    "cropdetect": "cropdetect",
    "rotate": "rotate=angle=1",
    "overlay": "split[a][b];[a][b]overlay=x=1:y=1",
    "xfade": "split[a][b];[a][b]xfade=duration=0.02:offset=0",
    "palettegen": "palettegen",
    "libvmaf": "split[a][b];[a][b]libvmaf",
}
SOUND_FILTERS: Mapping[str, str] = {
    "loudnorm": "loudnorm",
    "ebur128": "ebur128",
    "alimiter": "alimiter",
    "atempo": "atempo=1.5",
    "amix": "asplit[a][b];[a][b]amix",
    "acrossfade": "asplit[a][b];[a][b]acrossfade=d=0.02",
}
"""Filter name → the shortest graph that runs it."""
_SUBTITLES = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Sans,16

[Events]
Format: Layer, Start, End, Style, Text
Dialogue: 0,0:00:00.00,0:00:01.00,Default,x
"""
TABLES = hashlib.sha256(repr([VIDEO, AUDIO, SUBTITLES, PICTURE_FILTERS, SOUND_FILTERS]).encode()).hexdigest()[:16]
"""Changes when something else is tried: what was measured with other tables is measured anew."""


class Capabilities(Strict):
    """Proven facts about one node's programs. ``encoders``, ``filters``: ffmpeg's names, sorted; ``programs``: further programs that run, by name;
    ``sandbox``: which protections are active."""

    version: str
    encoders: tuple[str, ...]
    filters: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    sandbox: dict[str, bool]


def measure(tools: Tools) -> Capabilities:
    """Try every row of the tables: about 50 runs of 20–80 ms. Callers keep the answer per path, size and time of change of the programs, and TABLES."""
    with tempfile.TemporaryDirectory(prefix="reelmill-probe-") as name:
        folder = Path(name)
        (folder / "picture").write_bytes(bytes(SIDE * SIDE * 3 // 2))
        (folder / "sound").write_bytes(bytes(4800 * 4))
        (folder / "text").write_text("1\n00:00:00,000 --> 00:00:00,100\nx\n")
        (folder / "o0-b0.ass").write_text(_SUBTITLES)
        picture, sound = (*_FROM_PICTURE, *_input("picture")), (*_FROM_SOUND, *_input("sound"))
        rows = [
            *((encoder, picture, ("-frames:v", "1", "-c:v", encoder, *options)) for encoder, options in VIDEO.items()),
            *((encoder, sound, ("-c:a", encoder, *options)) for encoder, options in AUDIO.items()),
            *((encoder, (*_FROM_TEXT, *_input("text")), ("-c:s", encoder, *options)) for encoder, options in SUBTITLES.items()),
        ]
        proven = sorted(encoder for encoder, source, target in rows if _works(tools, folder, source, target))
        graphs = [
            *((filter_, picture, ("-filter_complex", f"[0:0]{graph}", "-c:v", "rawvideo")) for filter_, graph in PICTURE_FILTERS.items()),
            *((filter_, sound, ("-filter_complex", f"[0:0]{graph}", "-c:a", "pcm_s16le")) for filter_, graph in SOUND_FILTERS.items()),
        ]
        filters = sorted(filter_ for filter_, source, target in graphs if _works(tools, folder, source, target))
        programs = sorted(name for name, works in (("fdkaac", _fdkaac_works), ("packager", _packager_works)) if works(tools, folder))
    return Capabilities(
        version=tools.version, encoders=tuple(proven), filters=tuple(filters), programs=tuple(programs), sandbox=sandbox.protections().as_dict()
    )


def _input(name: str) -> tuple[str, ...]:
    """The whitelists that every input carries; the formats are those of the files made here."""
    formats = {"picture": "rawvideo", "sound": "s16le", "text": "srt"}
    return ("-protocol_whitelist", "file", "-format_whitelist", formats[name], "-i", name)


def _works(tools: Tools, folder: Path, source: tuple[str, ...], target: tuple[str, ...]) -> bool:
    """Whether one tiny run succeeds; its result is thrown away by the null muxer."""
    argv = ("-nostdin", "-v", "error", *source, *_QUICK, *target, "-f", "null", "none")
    return sandbox.call(tools.ffmpeg, argv, cwd=folder, limits=for_probe(SECONDS), timeout=SECONDS).exit_code == 0


def _fdkaac_works(tools: Tools, folder: Path) -> bool:
    """Whether it makes HE-AAC of a tenth of a second: the library may lack it (Debian's «free» build has AAC-LC only)."""
    if tools.fdkaac is None:
        return False
    with wave.open(str(folder / "sound.wav"), "wb") as file:
        file.setparams((2, 2, 48000, 4800, "NONE", ""))
        file.writeframes(bytes(4800 * 4))
    argv = ("-S", "-p", "5", "-b", "32000", "-G", "1", "-o", "sound.m4a", "sound.wav")
    done = sandbox.call(tools.fdkaac, argv, cwd=folder, limits=for_probe(SECONDS), timeout=SECONDS)
    return done.exit_code == 0 and (folder / "sound.m4a").stat().st_size > 0


def _packager_works(tools: Tools, folder: Path) -> bool:
    if tools.packager is None:
        return False
    return sandbox.call(tools.packager, ("--version",), cwd=folder, limits=for_probe(SECONDS), timeout=SECONDS).exit_code == 0
