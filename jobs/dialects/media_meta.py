"""What is in a media file in IMM's words (DetectMediaMeta; video/info of the object store), out of a media info job's result. Pure. What is not known is left out."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from jobs.dialects.probed import raw_format, raw_streams, tag

GENERAL = ("Title", "Artist", "Album", "AlbumArtist", "Composer", "Performer")
_TAGS = {"AlbumArtist": "album_artist"}


def media_meta(result: Mapping[str, Any]) -> dict[str, Any]:
    """``result``: of a job of the kind mediainfo (``jobs.engine.media_info.MediaInfo`` as JSON, with ffprobe's own document as «raw»)."""
    raw, about = raw_streams(result), raw_format(result)
    videos, sounds = result.get("video") or (), result.get("audio") or ()
    picture = next((stream for stream in videos if not stream.get("attached_picture")), None)
    streams = [*videos, *sounds, *(result.get("subtitle") or ()), *(result.get("other") or ())]
    first: Mapping[str, Any] = picture or next(iter(sounds), {})
    found: dict[str, Any] = {
        "FormatName": result.get("format_name"),
        "FormatLongName": result.get("container") or about.get("format_long_name"),
        "Duration": result.get("duration"),
        "Bitrate": _bits(result.get("bitrate_kbps")),
        "Size": result.get("size"),
        "StartTime": result.get("start"),
        "StreamCount": len(streams),
        "ProgramCount": about.get("nb_programs"),
        "VideoWidth": picture.get("width") if picture else None,
        "VideoHeight": picture.get("height") if picture else None,
        "Language": first.get("language"),
        "ProduceTime": tag(about, "creation_time"),
        "LatLong": tag(about, "location"),
        **{name: tag(about, _TAGS.get(name, name.lower())) for name in GENERAL},
        "VideoStreams": [_video(stream, raw.get(stream["index"], {})) for stream in videos],
        "AudioStreams": [_audio(stream, raw.get(stream["index"], {})) for stream in sounds],
        "Subtitles": [_subtitle(stream, raw.get(stream["index"], {})) for stream in result.get("subtitle") or ()],
    }
    return _known(found | ({"Title": result["title"]} if result.get("title") else {}))


def _codec(stream: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Index": stream["index"],
        "Language": stream.get("language"),
        "CodecName": stream.get("codec"),
        "CodecLongName": raw.get("codec_long_name"),
        "CodecTagString": raw.get("codec_tag_string"),
        "CodecTag": raw.get("codec_tag"),
        "StartTime": stream.get("start"),
        "Duration": stream.get("duration"),
        "Bitrate": _bits(stream.get("bitrate_kbps")),
    }


def _video(stream: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    sar = stream.get("sar") or (1, 1)
    width, height = stream["width"] * sar[0], stream["height"] * sar[1]
    shape = Fraction(width, height) if width and height else None
    return _known(
        _codec(stream, raw)
        | {
            "Profile": stream.get("profile"),
            "CodecTimeBase": raw.get("codec_time_base"),
            "Width": stream["width"],
            "Height": stream["height"],
            "HasBFrames": raw.get("has_b_frames"),
            "SampleAspectRatio": f"{sar[0]}:{sar[1]}",
            "DisplayAspectRatio": f"{shape.numerator}:{shape.denominator}" if shape else None,
            "PixelFormat": stream.get("pixel_format"),
            "Level": stream.get("level"),
            "FrameRate": raw.get("r_frame_rate") or _rate(stream.get("nominal_fps") or stream.get("fps")),
            "AverageFrameRate": raw.get("avg_frame_rate") or _rate(stream.get("fps")),
            "TimeBase": raw.get("time_base"),
            "FrameCount": stream.get("frames"),
            "Rotate": str(stream.get("rotation") or 0),
            "BitDepth": stream.get("bit_depth"),
            "ColorSpace": stream.get("color_space"),
            "ColorRange": stream.get("color_range"),
            "ColorTransfer": stream.get("color_transfer"),
            "ColorPrimaries": stream.get("color_primaries"),
        }
    )


def _audio(stream: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    frames = str(raw.get("nb_frames") or "")
    return _known(
        _codec(stream, raw)
        | {
            "CodecTimeBase": raw.get("codec_time_base"),
            "TimeBase": raw.get("time_base"),
            "FrameCount": int(frames) if frames.isdecimal() else None,
            "Lyric": tag(raw, "lyrics"),
            "SampleFormat": raw.get("sample_fmt"),
            "SampleRate": stream.get("sample_rate"),
            "Channels": stream.get("channels"),
            "ChannelLayout": stream.get("channel_layout"),
        }
    )


def _subtitle(stream: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    return _known(_codec(stream, raw) | {"Width": raw.get("width"), "Height": raw.get("height")})


def _rate(fps: float | None) -> str | None:
    if not fps:
        return None
    exact = Fraction(fps).limit_denominator(1001)
    return f"{exact.numerator}/{exact.denominator}"


def _bits(kbps: int | None) -> int | None:
    return None if kbps is None else kbps * 1000


def _known(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value is not None}
