"""Probe: what is in a file, as far as it could be read. What could not be read stays None."""

from __future__ import annotations

import math
from typing import Any

from pydantic import Field

from jobs.engine.types import Strict


class VideoStream(Strict):
    """A video stream; attached pictures are here too, marked."""

    index: int
    codec: str
    profile: str | None = None
    width: int = Field(description="coded px, before rotation and sample aspect ratio")
    height: int
    pixel_format: str | None = None
    alpha: bool = Field(False, description="has a plane of transparency beside what «pixel_format» tells (VP8, VP9)")
    sar: tuple[int, int] = Field((1, 1), description="sample aspect ratio; 0:1 and unknown are 1:1")
    rotation: int = Field(0, description="degrees clockwise that make the picture upright: 0, 90, 180, 270")
    fps: float | None = Field(None, description="average frame rate")
    nominal_fps: float | None = Field(None, description="r_frame_rate, where it is believable (≤ 240)")
    field_order: str | None = None
    duration: float | None = None
    start: float | None = None
    frames: int | None = Field(None, description="as counted, else as the container says")
    bitrate_kbps: int | None = None
    color_range: str | None = None
    color_space: str | None = None
    color_transfer: str | None = None
    color_primaries: str | None = None
    level: int | None = None
    language: str | None = None
    attached_picture: bool = False
    default: bool = False
    mime: str | None = Field(None, description="RFC 6381 codec string, where ffprobe knows it: avc1.64001f")
    configuration: str | None = Field(None, exclude=True, repr=False, description="hash of what decoders are told before the first picture")


class AudioStream(Strict):
    """An audio stream."""

    index: int
    codec: str
    profile: str | None = None
    sample_rate: int | None = None
    channels: int | None = None
    channel_layout: str | None = None
    bits_per_sample: int | None = None
    duration: float | None = None
    start: float | None = None
    bitrate_kbps: int | None = None
    language: str | None = None
    title: str | None = Field(None, description="name of the track")
    default: bool = False
    mime: str | None = Field(None, description="RFC 6381 codec string, where ffprobe knows it: mp4a.40.2")
    configuration: str | None = Field(None, exclude=True, repr=False, description="hash of what decoders are told before the first packet")


class SubtitleStream(Strict):
    """A subtitle stream; ``text`` tells whether it can become another text format."""

    index: int
    codec: str
    text: bool
    language: str | None = None
    title: str | None = Field(None, description="name of the track")
    default: bool = False
    forced: bool = Field(False, description="shown also to who asked for no subtitles: signs and foreign speech")


class OtherStream(Strict):
    """Data, timed metadata, attachments."""

    index: int
    kind: str
    codec: str | None = None


class Probe(Strict):
    """One file."""

    format_name: str = Field(description="ffprobe's whole format_name, e.g. mov,mp4,m4a,3gp,3g2,mj2")
    duration: float | None = Field(None, description="seconds, believable or None")
    start: float | None = None
    size: int | None = None
    bitrate_kbps: int | None = None
    video: tuple[VideoStream, ...] = ()
    audio: tuple[AudioStream, ...] = ()
    subtitle: tuple[SubtitleStream, ...] = ()
    other: tuple[OtherStream, ...] = ()
    chapters: int = 0
    title: str | None = None

    @property
    def picture(self) -> VideoStream | None:
        """The first real video stream: no cover art."""
        return next((v for v in self.video if not v.attached_picture), None)

    @property
    def sound(self) -> AudioStream | None:
        """The first audio stream."""
        return self.audio[0] if self.audio else None


def parse_ffprobe(document: dict[str, Any]) -> Probe:
    """Read ffprobe's ``-show_format -show_streams -show_chapters`` JSON. Never raises for a missing or odd value."""
    about = _dict(document.get("format"))
    streams = [s for s in _list(document.get("streams")) if isinstance(s, dict)]
    video: list[VideoStream] = []
    audio: list[AudioStream] = []
    subtitle: list[SubtitleStream] = []
    other: list[OtherStream] = []
    for position, stream in enumerate(streams):
        index = _int(stream.get("index"))
        index = position if index is None else index
        kind, codec = text(stream.get("codec_type")) or "unknown", text(stream.get("codec_name"))
        width, height = _int(stream.get("width")) or 0, _int(stream.get("height")) or 0
        if kind == "video" and codec and ((width > 0 and height > 0) or _attached(stream)):
            video.append(_video(stream, index, codec, width, height))
        elif kind == "audio" and codec:
            audio.append(_audio(stream, index, codec))
        elif kind == "subtitle" and codec:
            subtitle.append(_subtitle(stream, index, codec))
        else:
            other.append(OtherStream(index=index, kind=kind, codec=codec))
    size = _int(about.get("size"))
    bitrate = _int(about.get("bit_rate"))
    duration, start = _length(about, [*(v for v in video if not v.attached_picture), *audio], size)
    duration = _of_packets(about, streams, audio) or duration
    if duration is None or duration != number(about.get("duration")):
        bitrate = round(size * 8 / duration) if size and duration else None  # ffprobe's own was computed with the length we do not believe
    return Probe(
        format_name=text(about.get("format_name")) or "unknown",
        duration=duration,
        start=start,
        size=size,
        bitrate_kbps=_kbps(bitrate),
        video=tuple(video),
        audio=tuple(audio),
        subtitle=tuple(subtitle),
        other=tuple(other),
        chapters=len(_list(document.get("chapters"))),
        title=_title(_dict(about.get("tags"))),
    )


TEXT_SUBTITLES = frozenset(
    {
        "ass",
        "jacosub",
        "microdvd",
        "mov_text",
        "mpl2",
        "pjs",
        "realtext",
        "sami",
        "srt",
        "ssa",
        "stl",
        "subrip",
        "subviewer",
        "subviewer1",
        "text",
        "ttml",
        "vplayer",
        "webvtt",
    }
)
FPS_MAX = 240.0
_HOUR = 3600.0


def _length(about: dict[str, Any], streams: list[VideoStream | AudioStream], size: int | None) -> tuple[float | None, float | None]:
    """Duration and start in seconds, as far as they are believable.

    Fragmented files may begin tens of hours after zero, and ffprobe then counts from zero: where every stream knows its own length, the
    file is not much longer than from the earliest start to the latest end. Without stream lengths, a file of many hours at less than
    100 bit/s is not believed.
    """
    duration, start = number(about.get("duration")), number(about.get("start_time"))
    if duration is not None and duration <= 0:
        duration = None
    known = [(s.start or 0.0, s.duration) for s in streams if s.duration]
    if known and len(known) == len(streams):
        span = max(begin + length for begin, length in known) - min(begin for begin, _ in known)
        longest = max(length for _, length in known)
        # starts that lie hours apart are as odd as the sum: then the longest stream is all that is known
        believable = span if span <= 1.5 * longest + 10 else longest
        if duration is None or duration > 1.5 * believable + 10:
            duration = believable
    elif duration is not None and size and duration > _HOUR and size * 8 / duration < 100:
        duration = None
    return duration, start


def _of_packets(about: dict[str, Any], streams: list[dict[str, Any]], audio: list[AudioStream]) -> float | None:
    """Seconds of raw AAC (ADTS) whose packets were counted: ffprobe only guesses by the rate of the first ones, and silence takes hardly any bytes."""
    if text(about.get("format_name")) != "aac" or len(audio) != 1 or len(streams) != 1:
        return None
    packets, rate = _int(streams[0].get("nb_read_packets")), audio[0].sample_rate
    samples = 2048 if (audio[0].profile or "").startswith("HE-AAC") else 1024
    return packets * samples / rate if packets and rate else None


def _video(stream: dict[str, Any], index: int, codec: str, width: int, height: int) -> VideoStream:
    disposition = _dict(stream.get("disposition"))
    frames = _int(stream.get("nb_read_packets")) or _int(stream.get("nb_frames"))
    level = _int(stream.get("level"))
    return VideoStream(
        index=index,
        codec=codec,
        profile=text(stream.get("profile")),
        width=width,
        height=height,
        pixel_format=text(stream.get("pix_fmt")),
        alpha=any(key.lower() == "alpha_mode" and text(value) == "1" for key, value in _dict(stream.get("tags")).items()),
        sar=_sar(stream.get("sample_aspect_ratio")),
        rotation=_rotation(stream),
        fps=_rate(stream.get("avg_frame_rate")),
        nominal_fps=_rate(stream.get("r_frame_rate")),
        field_order=text(stream.get("field_order")),
        duration=_positive(stream.get("duration")),
        start=number(stream.get("start_time")),
        frames=frames if frames and frames > 0 else None,
        bitrate_kbps=_kbps(_int(stream.get("bit_rate"))),
        color_range=text(stream.get("color_range")),
        color_space=text(stream.get("color_space")),
        color_transfer=text(stream.get("color_transfer")),
        color_primaries=text(stream.get("color_primaries")),
        level=level if level is not None and level >= 0 else None,
        language=_language(stream),
        attached_picture=_attached(stream),
        default=bool(_int(disposition.get("default"))),
        mime=text(stream.get("mime_codec_string")),
        configuration=text(stream.get("extradata_hash")),
    )


def _audio(stream: dict[str, Any], index: int, codec: str) -> AudioStream:
    rate, channels = _int(stream.get("sample_rate")), _int(stream.get("channels"))
    bits = _int(stream.get("bits_per_raw_sample")) or _int(stream.get("bits_per_sample"))
    return AudioStream(
        index=index,
        codec=codec,
        profile=text(stream.get("profile")),
        sample_rate=rate if rate and rate > 0 else None,
        channels=channels if channels and channels > 0 else None,
        channel_layout=text(stream.get("channel_layout")),
        bits_per_sample=bits or None,
        duration=_positive(stream.get("duration")),
        start=number(stream.get("start_time")),
        bitrate_kbps=_kbps(_int(stream.get("bit_rate"))),
        language=_language(stream),
        title=_title(_dict(stream.get("tags")), "name"),  # as MP4 has it
        default=bool(_int(_dict(stream.get("disposition")).get("default"))),
        mime=text(stream.get("mime_codec_string")),
        configuration=text(stream.get("extradata_hash")),
    )


def _subtitle(stream: dict[str, Any], index: int, codec: str) -> SubtitleStream:
    flags = _dict(stream.get("disposition"))
    return SubtitleStream(
        index=index,
        codec=codec,
        text=codec in TEXT_SUBTITLES,
        language=_language(stream),
        title=_title(_dict(stream.get("tags")), "name"),  # as MP4 has it
        default=bool(_int(flags.get("default"))),
        forced=bool(_int(flags.get("forced"))),
    )


def _attached(stream: dict[str, Any]) -> bool:
    """Cover art and thumbnails; their size may be unknown (0)."""
    disposition = _dict(stream.get("disposition"))
    return bool(_int(disposition.get("attached_pic")) or _int(disposition.get("still_image")))


def _rotation(stream: dict[str, Any]) -> int:
    """Degrees clockwise that make the picture upright. ffprobe's angle counts the other way round; tags of old files («rotate») do not."""
    for side in _list(stream.get("side_data_list")):
        if isinstance(side, dict) and (angle := number(side.get("rotation"))) is not None:
            return round(-angle / 90) * 90 % 360
    angle = number(_dict(stream.get("tags")).get("rotate"))
    return round(angle / 90) * 90 % 360 if angle is not None else 0


def _sar(value: Any) -> tuple[int, int]:
    """A sample aspect ratio; what is missing, zero or absurd (beyond 1:10) is square."""
    first, _, second = (text(value) or "").partition(":")
    across, down = _int(first), _int(second)
    if not across or not down or across < 0 or down < 0 or not 0.1 <= across / down <= 10:
        return (1, 1)
    return (across, down)


def _rate(value: Any) -> float | None:
    """A frame rate such as «30000/1001»; None when it is missing or above 240 (containers in milliseconds say 1000)."""
    first, _, second = (text(value) or "").partition("/")
    over, under = number(first), number(second or "1")
    if not over or not under or over < 0 or under < 0:
        return None
    rate = over / under
    return rate if 0.01 <= rate <= FPS_MAX else None


def _language(stream: dict[str, Any]) -> str | None:
    """An ISO 639 code; «und» says nothing."""
    code = text(_dict(stream.get("tags")).get("language"))
    return code.lower() if code and 2 <= len(code) <= 8 and code.isascii() and code.replace("-", "").isalpha() and code.lower() != "und" else None


def _title(tags: dict[str, Any], *other_names: str) -> str | None:
    named = {str(k).lower(): v for k, v in tags.items()}
    said = next((found for name in ("title", *other_names) if (found := text(named.get(name)))), None)
    return "".join(c for c in said if c.isprintable())[:500] or None if said else None


def _kbps(bits: int | None) -> int | None:
    return max(1, round(bits / 1000)) if bits and bits > 0 else None


def _positive(value: Any) -> float | None:
    found = number(value)
    return found if found is not None and found > 0 else None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def text(value: Any) -> str | None:
    """A text that says something."""
    return value if isinstance(value, str) and value not in ("", "N/A", "unknown") else None


def number(value: Any) -> float | None:
    """A finite number, also where it is written as text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _int(value: Any) -> int | None:
    found = number(value)
    return int(found) if found is not None and abs(found) < 2**53 else None
