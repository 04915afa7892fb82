"""A probe in IMS's words: numbers are texts, video keys are written ``Codec_name``, audio keys ``CodecName``. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from jobs.dialects.answer_template import texts
from jobs.dialects.probed import raw_format, raw_streams


def meta(info: Mapping[str, Any] | None, *, bucket: str, key: str, url: str, media_id: str = "", size: int | None = None) -> dict[str, Any]:
    """``info``: a probe as JSON, or the result of a media info job."""
    info = info or {}
    raw, about = raw_streams(info), raw_format(info)
    picture: Mapping[str, Any] = next((stream for stream in info.get("video") or () if not stream.get("attached_picture")), {})
    return {
        "FileBasicInfo": texts(
            MediaId=media_id or None,
            FileName=key.rpartition("/")[2],
            FileSize=size if size is not None else info.get("size"),
            FileStatus="Normal",
            FileType="source" if media_id else "transcode_file",
            FileUrl=url,
            FormatName=info.get("format_name") or about.get("format_name"),
            Duration=info.get("duration"),
            Bitrate=info.get("bitrate_kbps"),
            Width=picture.get("width"),
            Height=picture.get("height"),
        ),
        "VideoStreamInfoList": [_video(stream, raw.get(stream["index"], {})) for stream in info.get("video") or ()],
        "AudioStreamInfoList": [_audio(stream, raw.get(stream["index"], {})) for stream in info.get("audio") or ()],
    }


def _video(stream: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, str]:
    sar = stream.get("sar") or (1, 1)
    width, height = (stream.get("width") or 0) * sar[0], (stream.get("height") or 0) * sar[1]
    shape = Fraction(width, height) if width and height else None
    return texts(
        Index=stream["index"],
        Codec_name=stream.get("codec"),
        Codec_long_name=raw.get("codec_long_name"),
        Codec_tag=raw.get("codec_tag"),
        Codec_tag_string=raw.get("codec_tag_string"),
        Codec_time_base=raw.get("codec_time_base"),
        Profile=stream.get("profile"),
        Width=stream.get("width"),
        Height=stream.get("height"),
        Has_b_frames=raw.get("has_b_frames"),
        Sar=f"{sar[0]}:{sar[1]}",
        Dar=f"{shape.numerator}:{shape.denominator}" if shape else None,
        PixFmt=stream.get("pixel_format"),
        Level=stream.get("level"),
        Fps=stream.get("nominal_fps") or stream.get("fps"),
        Avg_fps=stream.get("fps"),
        Time_base=raw.get("time_base"),
        Start_time=stream.get("start"),
        Duration=stream.get("duration"),
        Bit_rate=stream.get("bitrate_kbps"),
        NumFrames=stream.get("frames"),
        Lang=stream.get("language"),
        Rotate=stream.get("rotation") or None,
    )


def _audio(stream: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, str]:
    return texts(
        Index=stream["index"],
        CodecName=stream.get("codec"),
        CodecLongName=raw.get("codec_long_name"),
        CodecTag=raw.get("codec_tag"),
        CodecTagString=raw.get("codec_tag_string"),
        CodecTimeBase=raw.get("codec_time_base"),
        SampleFmt=raw.get("sample_fmt"),
        SampleRate=stream.get("sample_rate"),
        Channels=stream.get("channels"),
        ChannelLayout=stream.get("channel_layout"),
        Timebase=raw.get("time_base"),
        StartTime=stream.get("start"),
        Duration=stream.get("duration"),
        Bitrate=stream.get("bitrate_kbps"),
        Lang=stream.get("language"),
    )
