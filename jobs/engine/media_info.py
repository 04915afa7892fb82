"""Media info: everything that can be told of a file without decoding it, in one normal form. Pure.

It is the probe that jobs work with, and what people ask for besides: depth and HDR of pictures, how even the frame rate really is, groups of pictures,
chapters, tags. What could not be read stays None.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from jobs.engine.geometry import upright
from jobs.engine.packets import FrameRate, Gops, LookedAt, Packet, frame_rate, gops, looked_at
from jobs.engine.probe import AudioStream, Probe, VideoStream, number, parse_ffprobe, text
from jobs.engine.transparency import transparent
from jobs.engine.types import Strict

TAGS = 40
VALUE_CHARS = 500


class Mastering(Strict):
    """SMPTE ST 2086: the display that the picture was graded on. Chromaticities are CIE 1931 x and y."""

    red: tuple[float, float] | None = None
    green: tuple[float, float] | None = None
    blue: tuple[float, float] | None = None
    white: tuple[float, float] | None = None
    min_nits: float | None = None
    max_nits: float | None = None


class DolbyVision(Strict):
    """The configuration record of Dolby Vision."""

    profile: int | None = None
    level: int | None = None
    compatibility: int | None = Field(None, description="what the base layer is compatible with: 1 HDR10, 2 SDR, 4 HLG")
    enhancement_layer: bool = False


class Hdr(Strict):
    """What makes a picture HDR."""

    format: Literal["HDR10", "HDR10+", "HLG", "PQ", "Dolby Vision"]
    mastering: Mastering | None = None
    max_cll: int | None = Field(None, description="brightest pixel, cd/m²")
    max_fall: int | None = Field(None, description="brightest frame on average, cd/m²")
    dolby_vision: DolbyVision | None = None


class VideoInfo(VideoStream):
    """A video stream with what is told of it to people."""

    display_width: int = Field(description="px, upright and in square pixels")
    display_height: int = Field(description="px, upright and in square pixels")
    bit_depth: int | None = None
    chroma: Literal["4:0:0", "4:2:0", "4:1:1", "4:2:2", "4:4:0", "4:4:4", "RGB"] | None = None
    alpha: bool = False
    hdr: Hdr | None = Field(None, description="null: SDR, or not said")
    frame_rate: FrameRate | None = None
    gops: Gops | None = None
    tags: dict[str, str] = Field(default_factory=dict)


class AudioInfo(AudioStream):
    """An audio stream with what is told of it to people."""

    tags: dict[str, str] = Field(default_factory=dict)


class Chapter(Strict):
    """A chapter; times in s."""

    start: float
    end: float | None = None
    title: str | None = None


class MediaInfo(Probe):
    """One file."""

    video: tuple[VideoInfo, ...] = ()
    audio: tuple[AudioInfo, ...] = ()
    container: str | None = Field(None, description="long name of the format")
    brand: str | None = Field(None, description="mp4, mov: the major brand")
    chapter_list: tuple[Chapter, ...] = ()
    tags: dict[str, str] = Field(default_factory=dict)
    looked_at: LookedAt | None = None


def parse_media_info(document: dict[str, Any], packets: Sequence[Packet] = (), frame: dict[str, Any] | None = None, *, whole: bool = True) -> MediaInfo:
    """The normal form. ``document``: as for parse_ffprobe; ``packets``: of the first video stream, ``whole``: all of them; ``frame``: its first frame with side data."""
    probe = parse_ffprobe(document)
    rows = {stream.get("index"): stream for stream in _rows(document.get("streams"))}
    first = probe.picture
    video = []
    for stream in probe.video:
        is_first = first is not None and stream.index == first.index
        video.append(_video(stream, rows.get(stream.index, {}), packets if is_first else (), frame if is_first else None, whole=whole))
    about = _dict(document.get("format"))
    chapters = tuple(chapter for row in _rows(document.get("chapters")) if (chapter := _chapter(row)))
    plain = probe.model_dump()
    looked = looked_at(packets, whole=whole) if packets else None
    return MediaInfo.model_validate(
        plain
        | {
            "video": tuple(video),
            "audio": tuple(AudioInfo(**stream.model_dump(), tags=_tags(rows.get(stream.index, {}))) for stream in probe.audio),
            "container": text(about.get("format_long_name")),
            "brand": (text(_dict(about.get("tags")).get("major_brand")) or "").strip() or None,
            "chapter_list": chapters,
            "tags": _tags(about),
            "looked_at": looked,
        }
    )


def raw_document(document: dict[str, Any], name: str) -> dict[str, Any]:
    """ffprobe's document as it may be shown: with the object's name in place of our own file's."""
    about = dict(_dict(document.get("format")))
    if "filename" in about:
        about["filename"] = name
    return document | {"format": about}


# --- pictures ---------------------------------------------------------------------------------------------------------
def _video(stream: VideoStream, row: dict[str, Any], packets: Sequence[Packet], frame: dict[str, Any] | None, *, whole: bool) -> VideoInfo:
    shown = upright(stream) if stream.width and stream.height else None
    return VideoInfo(
        **stream.model_dump(exclude={"alpha"}),  # told below, whichever way the file carries it
        display_width=shown.width if shown else stream.width,
        display_height=shown.height if shown else stream.height,
        bit_depth=_depth(stream, row),
        chroma=_chroma(stream.pixel_format or ""),
        alpha=transparent(stream),
        hdr=_hdr(stream, [*_rows(row.get("side_data_list")), *_rows((frame or {}).get("side_data_list"))]),
        frame_rate=frame_rate(packets),
        gops=gops(stream.codec, packets, whole=whole),
        tags=_tags(row),
    )


def _depth(stream: VideoStream, row: dict[str, Any]) -> int | None:
    """Bits of one sample. The pixel format knows it best: containers often leave it out."""
    name = stream.pixel_format
    if name is None:
        raw = number(row.get("bits_per_raw_sample"))
        return int(raw) if raw else None
    if found := re.search(r"(?:p|gray|ya|gbrp|gbrap)(9|10|12|14|16)(?:le|be)?\Z", name):
        return int(found[1])
    if found := re.match(r"(?:rgb|bgr)(48)|(?:rgba|bgra)(64)", name):
        return 16
    return {"x2rgb10le": 10, "x2bgr10le": 10, "p010le": 10, "p016le": 16, "monow": 1, "monob": 1}.get(name, 8)


def _chroma(name: str) -> Any:
    if name.startswith(("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "x2rgb", "x2bgr", "pal8")):
        return "RGB"
    if name.startswith(("gray", "ya", "mono")):
        return "4:0:0"
    if name.startswith(("p010", "p016", "nv12", "nv21")):
        return "4:2:0"
    found = re.match(r"yuva?j?(420|422|444|411|440)", name)
    return ":".join(found[1]) if found else None


def _hdr(stream: VideoStream, sides: Sequence[dict[str, Any]]) -> Hdr | None:
    """What the stream, or its first frame, says of HDR."""
    by_kind = {str(side.get("side_data_type", "")): side for side in sides}
    mastering = next((_mastering(side) for kind, side in by_kind.items() if "Mastering display" in kind), None)
    light = next((side for kind, side in by_kind.items() if "Content light level" in kind), {})
    dolby = next((side for kind, side in by_kind.items() if "DOVI configuration" in kind), None)
    plus = any("2094-40" in kind or "HDR10+" in kind for kind in by_kind)
    if dolby is not None:
        name: Literal["HDR10", "HDR10+", "HLG", "PQ", "Dolby Vision"] = "Dolby Vision"
    elif stream.color_transfer == "smpte2084":
        name = "HDR10+" if plus else "HDR10" if stream.color_primaries == "bt2020" else "PQ"
    elif stream.color_transfer == "arib-std-b67":
        name = "HLG"
    else:
        return None
    return Hdr(
        format=name,
        mastering=mastering,
        max_cll=_whole(light.get("max_content")),
        max_fall=_whole(light.get("max_average")),
        dolby_vision=None
        if dolby is None
        else DolbyVision(
            profile=_whole(dolby.get("dv_profile")),
            level=_whole(dolby.get("dv_level")),
            compatibility=_whole(dolby.get("dv_bl_signal_compatibility_id")),
            enhancement_layer=bool(_whole(dolby.get("el_present_flag"))),
        ),
    )


def _mastering(side: dict[str, Any]) -> Mastering:
    def point(name: str) -> tuple[float, float] | None:
        across, down = _ratio(side.get(f"{name}_x")), _ratio(side.get(f"{name}_y"))
        return None if across is None or down is None else (round(across, 5), round(down, 5))

    return Mastering(
        red=point("red"),
        green=point("green"),
        blue=point("blue"),
        white=point("white_point"),
        min_nits=_ratio(side.get("min_luminance")),
        max_nits=_ratio(side.get("max_luminance")),
    )


# --- texts and numbers ------------------------------------------------------------------------------------------------
def _chapter(row: dict[str, Any]) -> Chapter | None:
    start = number(row.get("start_time"))
    if start is None:
        return None
    return Chapter(start=start, end=number(row.get("end_time")), title=_short(_dict(row.get("tags")).get("title")))


def _tags(row: dict[str, Any]) -> dict[str, str]:
    """Tags as they are, so many and so long as a person reads."""
    found = {str(key)[:64]: value for key, said in list(_dict(row.get("tags")).items())[:TAGS] if (value := _short(said))}
    return dict(sorted(found.items()))


def _short(value: Any) -> str | None:
    return "".join(c for c in value if c.isprintable())[:VALUE_CHARS] or None if isinstance(value, str) else None


def _ratio(value: Any) -> float | None:
    """«50/50000» as a number."""
    first, _, second = str(value).partition("/")
    over, under = number(first), number(second or "1")
    return over / under if over is not None and under else None


def _whole(value: Any) -> int | None:
    found = number(value)
    return None if found is None else int(found)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _rows(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
