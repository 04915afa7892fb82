"""What is in a file, as MPS tells it: every number a text. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from jobs.dialects.answer_template import text, texts
from jobs.dialects.mps.reading import said
from jobs.dialects.probed import raw_format, raw_streams

Row = Mapping[str, Any]


def properties(probe: Row | None, extension: str = "") -> dict[str, Any]:
    """Properties of a job's file; empty where nothing is known."""
    if not probe:
        return {}
    picture = shown(probe)
    width, height = size(picture)
    return texts(
        Width=width,
        Height=height,
        Duration=decimal(probe.get("duration")),
        Fps=rate(picture.get("fps")),
        Bitrate=probe.get("bitrate_kbps"),
        FileFormat=extension or probe.get("format_name", "").partition(",")[0],
        FileSize=probe.get("size"),
    ) | said(Format=format_(probe), Streams=streams(probe))


def shown(probe: Row) -> Row:
    """The first picture that is no cover; empty where there is none."""
    return next((stream for stream in probe.get("video") or () if not stream.get("attached_picture")), {})


def size(stream: Row) -> tuple[int | None, int | None]:
    """Width and height of the upright picture."""
    sides = stream.get("width"), stream.get("height")
    return (sides[1], sides[0]) if stream.get("rotation") in (90, 270) else sides


def format_(probe: Row) -> dict[str, str]:
    """The container."""
    kinds = ("video", "audio", "subtitle", "other")
    raw = raw_format(probe)
    tags = raw.get("tags") or probe.get("tags") or {}
    return texts(
        NumStreams=sum(len(probe.get(kind) or ()) for kind in kinds),
        NumPrograms=raw.get("nb_programs", 0),
        FormatName=probe.get("format_name"),
        FormatLongName=raw.get("format_long_name") or probe.get("container") or probe.get("format_name"),
        StartTime=decimal(probe.get("start")),
        Duration=decimal(probe.get("duration")),
        Size=probe.get("size"),
        Bitrate=probe.get("bitrate_kbps"),
    ) | said(Tags={str(name): str(value) for name, value in tags.items()})


def streams(probe: Row) -> dict[str, Any]:
    """The streams by kind, each kind wrapped."""
    kinds = (("Video", "video", _video), ("Audio", "audio", _audio), ("Subtitle", "subtitle", _subtitle))
    raw = raw_streams(probe)
    return {f"{name}StreamList": {f"{name}Stream": [tell(row, raw.get(row.get("index"), {})) for row in probe.get(kind) or ()]} for name, kind, tell in kinds}


def _video(row: Row, raw: Row) -> dict[str, str]:
    return _common(row, raw) | texts(
        HasBFrames=raw.get("has_b_frames"),
        Profile=row.get("profile"),
        Width=row.get("width"),
        Height=row.get("height"),
        Sar=_ratio(row.get("sar") or (1, 1)),
        Dar=_display_ratio(row),
        PixFmt=row.get("pixel_format"),
        Level=row.get("level"),
        Fps=rate(row.get("nominal_fps") or row.get("fps")),
        AvgFPS=rate(row.get("fps")),
        Rotate=row.get("rotation") or 0,
        ColorRange=row.get("color_range"),
        ColorTransfer=row.get("color_transfer"),
        ColorPrimaries=row.get("color_primaries"),
        NumFrames=row.get("frames"),
    )


def _audio(row: Row, raw: Row) -> dict[str, str]:
    return _common(row, raw) | texts(
        SampleFmt=raw.get("sample_fmt"),
        NumFrames=raw.get("nb_frames"),
        Samplerate=row.get("sample_rate"),
        Channels=row.get("channels"),
        ChannelLayout=row.get("channel_layout"),
    )


def _subtitle(row: Row, raw: Row) -> dict[str, str]:
    return _common(row, raw)


def _common(row: Row, raw: Row) -> dict[str, str]:
    return texts(
        Index=row.get("index"),
        CodecName=row.get("codec"),
        CodecLongName=raw.get("codec_long_name") or row.get("codec"),
        CodecTimeBase=raw.get("codec_time_base") or raw.get("time_base"),
        CodecTagString=raw.get("codec_tag_string") or (row.get("mime") or "").partition(".")[0] or None,
        CodecTag=raw.get("codec_tag"),
        Timebase=raw.get("time_base"),
        StartTime=decimal(row.get("start")),
        Duration=decimal(row.get("duration")),
        Bitrate=row.get("bitrate_kbps"),
        Lang=row.get("language"),
    )


def decimal(value: float | None) -> str | None:
    """Seconds with six decimals, as ffprobe writes them."""
    return None if value is None else f"{value:.6f}"


def rate(value: float | None) -> str | None:
    """Frames per second: ``25``, ``29.97``."""
    return None if value is None else text(round(value, 3))


def _ratio(pair: Any) -> str:
    return f"{pair[0]}:{pair[1]}"


def _display_ratio(row: Row) -> str | None:
    width, height = row.get("width"), row.get("height")
    if not width or not height:
        return None
    across, down = row.get("sar") or (1, 1)
    divisor = math.gcd(width * across, height * down)
    return f"{width * across // divisor}:{height * down // divisor}"
