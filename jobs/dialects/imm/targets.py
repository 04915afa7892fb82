"""One element of ``Targets`` as one of our outputs. Pure. What is not said gets IMM's own defaults, not ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from jobs.dialects.imm.marks import delogos, watermarks
from jobs.dialects.ladders import ladder, rung_names
from jobs.dialects.locations import parts_of
from jobs.dialects.reading import Bad, Fields
from jobs.dialects.uri_variables import pattern, with_extension
from jobs.engine.containers import GOP_MAX, container
from jobs.engine.template import Template

if TYPE_CHECKING:
    from jobs.dialects.imm.images import Look

ENDINGS = {"oga": "oga"}  # where IMM's extension is not ours
AUDIO_CONTAINERS = {"mp3": "mp3", "aac": "aac", "flac": "flac", "oga": "ogg", "ac3": "ac3", "opus": "opus", "amr": "amr"}
CONTAINERS = {name: name for name in ("mp4", "mkv", "mov", "asf", "avi", "mxf", "ts", "flv", "webm")} | AUDIO_CONTAINERS
SEGMENTS = {"hls": {"": None, "ts": "ts", "mp4": "fmp4"}, "dash": {"": None, "mp4": "fmp4", "webm": "webm"}}
SEGMENT_NAME = "{name}-%d"
OPTIONS = {"fixed": "convert", "adaptive": "keep", "fall": "fail"}
VIDEO_CODECS = {name: name for name in ("copy", "h264", "h265", "vp9")}
AUDIO_CODECS = {name: name for name in ("copy", "mp3", "vorbis", "aac", "flac", "ac3", "opus", "amr")}
PIXELS = {name: name for name in ("yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le", "yuva420p")}
SCALES = {name: name for name in ("stretch", "crop", "fill", "fit")}
TEXTS = {"srt": "srt", "ass": "ass", "webvtt": "vtt", "vtt": "vtt"}
RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
ALL_STREAMS = 100  # numbers above mean every stream


def is_output(target: Fields) -> bool:
    """Whether the target is a file of its own; else it only names pictures or texts. Raises Bad where only half of that is said."""
    said = target.has("URI"), target.has("Container") or target.has("Segment")
    if said[0] != said[1]:
        target.need("URI" if said[1] else "Container")
    return all(said)


def output(target: Fields, tags: Mapping[str, str], look: Look, *, sound: bool, picture: bool) -> dict[str, Any]:
    """``{"address", "overrides"}``. ``sound``, ``picture``: whether the source's are to be used at all. Raises Bad."""
    format_, mux = _format(target)
    audio_only = format_ in AUDIO_CONTAINERS.values()
    video = target.child("Video")
    without_picture = audio_only or not picture or video.flag("DisableVideo")
    section: dict[str, Any] = {"remove": True} if without_picture else _video(video, format_)
    conditions = {"if_smaller": "convert", "if_lower_fps": "convert", "if_lower_video_bitrate": "convert", "if_lower_audio_bitrate": "convert"}
    overrides: dict[str, Any] = {"container": {"format": format_}, "video": section, "conditions": conditions}
    if not without_picture and section["codec"] != "copy":
        _picture_parts(video, overrides)
    _audio(target.child("Audio"), overrides, look, sound=sound)
    _subtitle(target.child("Subtitle"), overrides)
    if target.flag("StripMetadata"):
        mux["strip_metadata"] = True
    if (speed := target.number("Speed", 0.5, 1.0)) is not None and speed != 1:
        overrides.setdefault("edit", {})["speed"] = speed
    if mux:
        overrides["mux"] = mux
    for name in ("Data", "AttachedPicture"):
        if target.child(name).items("Stream"):
            raise target.bad(name, "Keeping these streams is not offered here.")
    made = address(target, "URI", tags)
    if ending := ENDINGS.get(target.text("Container").lower()):
        made = made.replace("{autoext}", ending)
    return {"address": made, "overrides": overrides}


def group(fields: Fields, tags: Mapping[str, str], look: Look, *, sound: bool, picture: bool) -> dict[str, Any]:
    """One of ``TargetGroups``: a master playlist at URI, with a rung for each target. Raises Bad."""
    fields.need("URI")
    rows = fields.some("Targets", 12)
    found = []
    for row in rows:
        if row.child("Segment").one_of("Format", {"hls": "hls", "dash": "dash"}, "") != "hls":
            raise row.bad("Segment", "Targets of a group are HLS.")
        try:
            found.append(Template.model_validate_json(json.dumps(output(row, tags, look, sound=sound, picture=picture)["overrides"])))
        except ValidationError as error:
            raise Bad(row.place, error.errors(include_url=False, include_context=False, include_input=False)[0]["msg"]) from None
    names = rung_names([row.text("URI").rpartition("/")[2].partition(".")[0] for row in rows])
    return {"address": address(fields, "URI", tags), "overrides": ladder(found, names)}


def texts(target: Fields, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """``Subtitle.ExtractSubtitle``: an output for each stream that is named (nothing said: the first), ``URI_number.extension``. Raises Bad."""
    subtitle = target.child("Subtitle")
    wanted = subtitle.child("ExtractSubtitle")
    if not wanted.values:
        return []
    wanted.need("URI")
    wanted.need("Format")
    format_ = wanted.one_of("Format", TEXTS, "srt")
    try:
        bucket, key = parts_of(wanted.text("URI"))
        return [
            {"address": pattern(bucket, f"{key}_{number}.{format_}", tags), "overrides": {"container": {"format": format_}, "subtitle": {"streams": [number]}}}
            for number in _streams(subtitle) or [0]
        ]
    except ValueError as error:
        raise error if isinstance(error, Bad) else wanted.bad("URI", str(error)) from None


def address(fields: Fields, name: str, tags: Mapping[str, str]) -> str:
    """The address pattern of a URI, with the output's extension where it has none. Raises Bad."""
    try:
        bucket, key = parts_of(fields.text(name))
        return pattern(bucket, with_extension(key), tags)
    except ValueError as error:
        raise fields.bad(name, str(error)) from None


# --- container --------------------------------------------------------------------------------------------------------
def _format(target: Fields) -> tuple[str, dict[str, Any]]:
    segment = target.child("Segment")
    if not segment.values:
        return target.one_of("Container", CONTAINERS, "mp4"), {}
    kind = segment.one_of("Format", {"hls": "hls", "dash": "dash"}, "")
    if not kind:
        segment.need("Format")
    mux: dict[str, Any] = {}
    if found := target.one_of("Container", SEGMENTS[kind], None):
        mux["segment_format"] = found
    seconds = segment.number("Duration", 0, 3600)
    mux["segment_seconds"] = 10.0 if seconds is None else seconds
    if kind == "hls":
        mux |= {"segment_name": SEGMENT_NAME, "start_number": segment.whole("StartNumber", 0, 999_999) or 0}
    return kind, mux


# --- picture ----------------------------------------------------------------------------------------------------------
def _video(video: Fields, format_: str) -> dict[str, Any]:
    if any(number not in (0, "0") for number in video.items("Stream")):
        raise video.bad("Stream", "Only the first video stream is offered here: leave it out, or say [0].")
    wanted = video.child("TranscodeVideo")
    codec = wanted.one_of("Codec", VIDEO_CODECS, "copy")
    if codec == "copy":
        return {"codec": "copy"}
    section: dict[str, Any] = {"codec": codec} | _rate(wanted) | _size(wanted)
    if wanted.whole("VideoSlim", 0, 1):
        if codec not in ("h264", "h265") or not (section.get("bitrate_kbps") or section.get("maxrate_kbps")):
            raise wanted.bad("VideoSlim", "Narrowband needs Bitrate or MaxBitrate, and H.264 or H.265.")
        section["narrowband"] = {"method": 1}
    if fps := wanted.number("FrameRate", 0, 240):
        section["fps"] = fps
    if pixels := wanted.one_of("PixelFormat", PIXELS, ""):
        section["pixel_format"] = pixels
    section["gop"] = wanted.whole("GOPSize", 1, 100_000) or min(150, GOP_MAX.get(format_, 150))
    if codec != "vp9":
        bframes, refs = wanted.whole("BFrames", 0, 16), wanted.whole("Refs", 1, 16)
        usual = 3 if container(format_).bframes else 0
        section |= {"bframes": usual if bframes is None else bframes, "refs": 2 if refs is None else refs}
    if (turned := wanted.whole("Rotation", 0, 270)) not in (None, 0, 90, 180, 270):
        raise wanted.bad("Rotation", "One of 0, 90, 180, 270 is expected.")
    if turned:
        section["rotate"] = turned
    return section


def _rate(wanted: Fields) -> dict[str, Any]:
    crf, bitrate = wanted.number("CRF", 0, 51), _kilo(wanted, "Bitrate", 10_000, 100_000_000)
    if crf is not None and bitrate is not None:
        raise wanted.bad("CRF", "Give CRF or Bitrate, not both.")
    section: dict[str, Any] = {"bitrate_kbps": bitrate} if bitrate is not None else {"crf": 23.0 if crf is None else crf}
    peak, buffer = _kilo(wanted, "MaxBitrate", 10_000, 100_000_000), _kilo(wanted, "BufferSize", 10_000, 200_000_000)
    if peak is not None and buffer is None:
        raise wanted.bad("MaxBitrate", "It needs BufferSize.")
    if peak is not None:
        section |= {"maxrate_kbps": peak, "bufsize_kbit": buffer}
    return section


def _size(wanted: Fields) -> dict[str, Any]:
    said = wanted.text("Resolution")
    scale = wanted.one_of("ScaleType", SCALES, "stretch")
    if not said:
        return {}
    sides = said.lower().split("x")
    if len(sides) != 2 or not any(sides) or not all(side == "" or (side.isascii() and side.isdecimal() and 1 <= int(side) <= 4096) for side in sides):
        raise wanted.bad("Resolution", "Write 1280x720, 1280x or x720; sides have at most 4096 pixels.")
    section: dict[str, Any] = {name: int(side) for name, side in zip(("width", "height"), sides, strict=True) if side}
    if len(section) == 2:
        section["scale_type"] = scale
    if wanted.flag("AdaptiveResolutionDirection"):
        section["follow_orientation"] = True
    return section


def _picture_parts(video: Fields, overrides: dict[str, Any]) -> None:
    """What stands beside the codec: conditions, speed, marks and areas."""
    wanted, filters = video.child("TranscodeVideo"), video.child("FilterVideo")
    for name, condition in (("BitrateOption", "if_lower_video_bitrate"), ("FrameRateOption", "if_lower_fps"), ("ResolutionOption", "if_smaller")):
        overrides["conditions"][condition] = wanted.one_of(name, OPTIONS, "convert")
    if (speed := filters.number("Speed", 0.25, 4)) is not None and speed != 1:
        overrides.setdefault("edit", {})["speed"] = speed
    if filters.has("Desensitization"):
        raise filters.bad("Desensitization", "Finding faces and plates is not offered here.")
    if marks := watermarks(filters):
        overrides["watermarks"] = marks
    if areas := delogos(filters):
        overrides["delogos"] = areas


# --- sound ------------------------------------------------------------------------------------------------------------
def _audio(audio: Fields, overrides: dict[str, Any], look: Look, *, sound: bool) -> None:
    if not sound or audio.flag("DisableAudio"):
        overrides["audio"] = {"remove": True}
        return
    wanted = audio.child("TranscodeAudio")
    codec = wanted.one_of("Codec", AUDIO_CODECS, "copy")
    section: dict[str, Any] = {"codec": codec}
    if codec != "copy":
        section |= _sound(wanted, codec)
        overrides["conditions"]["if_lower_audio_bitrate"] = wanted.one_of("BitrateOption", OPTIONS, "convert")
    streams = _sounds(audio, look)
    if audio.child("FilterAudio").flag("Mixing") and codec != "copy":
        section["mix"] = True
        if streams:
            section["mix_streams"] = streams
    elif streams:
        overrides["audios"] = [{"stream": number} for number in streams]
    overrides["audio"] = section


def _sound(wanted: Fields, codec: str) -> dict[str, Any]:
    section: dict[str, Any] = {}
    bitrate, quality = _kilo(wanted, "Bitrate", 1000, 10_000_000), wanted.whole("Quality", 0, 100)
    if bitrate is not None and quality is not None:
        raise wanted.bad("Quality", "Give Bitrate or Quality, not both.")
    if bitrate is not None:
        section["bitrate_kbps"] = bitrate
    if quality is not None:
        section["quality"] = quality
    if (rate := wanted.whole("SampleRate", 8000, 96_000)) is not None:
        rate = 11_025 if rate == 12_025 else rate  # as the product's own list has it
        if rate not in RATES:
            raise wanted.bad("SampleRate", f"One of {', '.join(map(str, RATES))} is expected.")
        section["sample_rate"] = rate
    if wanted.one_of("SampleRateOption", OPTIONS, "convert") != "convert":
        raise wanted.bad("SampleRateOption", "Only fixed is offered here.")
    if (channels := wanted.whole("Channel", 1, 8)) is not None:
        section["channels"] = channels
    if (depth := wanted.whole("BitsPerSample", 16, 24)) is not None and codec == "flac":
        if depth not in (16, 24):
            raise wanted.bad("BitsPerSample", "16 or 24 is expected.")
        section["bit_depth"] = depth
    return section


def _subtitle(subtitle: Fields, overrides: dict[str, Any]) -> None:
    section: dict[str, Any] = {}
    if subtitle.flag("DisableSubtitle"):
        section["remove"] = True
    elif (streams := _streams(subtitle, every=True)) is not None:
        section["streams"] = streams
    if section:
        overrides["subtitle"] = section


def _sounds(fields: Fields, look: Look) -> list[int] | None:
    """The numbers in ``Stream`` of the sound: all those of the source where one of them means so."""
    if fields.has("Stream") and _streams(fields, every=True) is None:
        return list(range(len(look().audio))) or None
    return _streams(fields)


def _streams(fields: Fields, *, every: bool = False) -> list[int] | None:
    """The numbers in ``Stream``; None: nothing said, or (``every``) all of them."""
    found = []
    for number, value in enumerate(fields.items("Stream", 32)):
        one = Fields({"n": value}, f"{fields.at('Stream')}[{number}]").whole("n", -1, 1_000_000)
        if one is None or one < 0 or one > ALL_STREAMS:
            if every:
                return None
            raise fields.bad("Stream", "Name each stream by its number, from 0; «all» is not offered here.")
        found.append(one)
    return found or None


def _kilo(fields: Fields, name: str, least: int, most: int) -> int | None:
    """bit/s as kbit/s."""
    value = fields.whole(name, least, most)
    return None if value is None else max(1, round(value / 1000))


__all__ = ["Bad", "address", "is_output", "output"]
