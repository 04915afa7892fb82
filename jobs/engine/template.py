"""What a transcoding template may say: container, video, audio, subtitle, mux, conditions, ladder.

Every field has one name from here to URL, form and column. ``None`` means «not said»: the rule that then holds stands in the
field's description. Overrides of a job are a partial template, merged once by :func:`merge`.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import Field

from jobs.engine.types import Kbps, Strict

Format = Literal["mp4", "mov", "mkv", "ts", "flv", "hls", "gif", "mp3", "m4a", "ogg", "flac"]
VideoCodec = Literal["h264", "h265", "gif", "copy"]
AudioCodec = Literal["aac", "mp3", "vorbis", "flac", "copy"]
Smaller = Literal["convert", "keep", "fail"]


class Container(Strict):
    """The file format."""

    format: Format = Field(description="container of the output")


class Video(Strict):
    """The picture. With ``codec: copy`` nothing else may be said."""

    remove: bool = Field(False, description="drop the video stream")
    codec: VideoCodec | None = Field(None, description="not said: the container's usual codec")
    profile: Literal["baseline", "main", "high", "main10"] | None = Field(None, description="H.264: baseline, main, high; H.265: main, main10")
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"] | None = Field(
        None, description="speed against size; not said: medium"
    )
    crf: float | None = Field(None, ge=0, le=51, description="constant quality, 0–51; not said and no bitrate: 23 (H.264), 26 (H.265)")
    bitrate_kbps: Kbps | None = Field(None, ge=10, le=100_000, description="average bitrate, kbit/s")
    maxrate_kbps: Kbps | None = Field(None, ge=10, le=100_000, description="peak bitrate, kbit/s")
    bufsize_kbit: int | None = Field(None, ge=10, le=200_000, description="decoder buffer, kbit; not said: 2 × maxrate")
    width: int | None = Field(None, ge=64, le=8192, description="px; one side given keeps the ratio, to the nearest even number")
    height: int | None = Field(None, ge=64, le=8192, description="px; see width")
    short_side: int | None = Field(None, ge=64, le=8192, description="px of the shorter side; the longer one follows the source; not with width or height")
    scale_type: Literal["fit", "stretch", "crop", "fill"] | None = Field(
        None,
        description="with both sides given: fit inside, stretch to, fill and crop, or fit and fill up with black; not said: stretch",
    )
    fps: float | None = Field(None, ge=0, le=240, description="frames per second; not said or 0: the source's own timing")
    max_fps: float | None = Field(None, gt=0, le=240, description="upper bound where fps is not said")
    gop: int | None = Field(None, ge=1, le=100_000, description="frames between key frames; not said: 250, or what the segment length asks for")
    pixel_format: Literal["yuv420p", "yuva420p", "yuv420p10le", "yuv422p", "yuv422p10le", "yuv444p", "yuv444p10le"] | None = Field(
        None, description="not said: the source's if codec and profile can, else yuv420p"
    )


class Audio(Strict):
    """The sound. With ``codec: copy`` nothing else may be said."""

    remove: bool = Field(False, description="drop the audio stream")
    codec: AudioCodec | None = Field(None, description="not said: the container's usual codec")
    sample_rate: Literal[8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000] | None = Field(
        None, description="Hz; not said: the source's, or the nearest that the codec allows"
    )
    channels: int | None = Field(None, ge=1, le=8, description="not said: the source's, or the nearest that the codec allows")
    bitrate_kbps: Kbps | None = Field(None, ge=8, le=1000, description="kbit/s; not for flac; not said: the codec's usual for these channels")


class Subtitle(Strict):
    """Text tracks of the input."""

    remove: bool = Field(False, description="drop subtitle streams; not said: those that the container can hold are kept")


class Mux(Strict):
    """Packaging."""

    segment_seconds: float | None = Field(None, ge=1, le=60, description="length of HLS segments; not said: 10")
    faststart: bool = Field(True, description="mp4, mov, m4a: index at the front")
    gif_loop: int = Field(0, ge=0, le=65535, description="0: for ever")


class Conditions(Strict):
    """What to do where the source is below the target: convert anyway, keep the source's value, or fail the output."""

    if_smaller: Smaller = Field("keep", description="target larger than the upright source in width or height")
    if_lower_video_bitrate: Smaller = Field("convert", description="source video bitrate below the target; unknown counts as enough")
    if_lower_audio_bitrate: Smaller = Field("convert", description="source audio bitrate below the target; unknown counts as enough")
    if_lower_fps: Smaller = Field("keep", description="source frame rate below the target")


class Rung(Strict):
    """One step of an HLS ladder: what differs from the template's video and audio."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", description="part of file names")
    video: Video
    audio: Audio | None = None


class Template(Strict):
    """All parameters of one transcoding template."""

    container: Container
    video: Video = Video()
    audio: Audio = Audio()
    subtitle: Subtitle = Subtitle()
    mux: Mux = Mux()
    conditions: Conditions = Conditions()
    ladder: tuple[Rung, ...] = Field(
        (), max_length=12, description="hls only: a master playlist with these rungs; rungs that the source cannot fill are left out, the smallest always stays"
    )


# Ways of saying the same thing: naming one in an override unsays the template's other one.
EITHER_OR: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("crf",), ("bitrate_kbps",)),
    (("bitrate_kbps",), ("crf",)),
    (("short_side",), ("width", "height")),
    (("width", "height"), ("short_side",)),
)


def merge(template: Template, overrides: dict[str, Any]) -> Template:
    """Lay a job's overrides over a template, field by field.

    Precedence, strongest first: a field in ``overrides``, the template's field, the field's default. An override of ``null`` unsays
    the template's value. ``ladder`` is replaced as a whole. Choosing ``codec: copy`` in an override unsays the template's other fields of
    that stream that are not overridden too. Of two ways of saying the same (:data:`EITHER_OR`), the one in an override unsays the template's other one.
    Raises pydantic.ValidationError with places relative to the overrides.
    """
    merged = template.model_dump(mode="json")
    for section, given in overrides.items():
        if given is None and section in merged:
            del merged[section]
            continue
        base = merged.get(section)
        if not isinstance(given, dict) or not isinstance(base, dict):
            merged[section] = given
            continue
        if section in ("video", "audio") and given.get("codec") == "copy":
            base = {}
        for one, other in EITHER_OR:
            if any(given.get(name) is not None for name in one):
                base = {name: value for name, value in base.items() if name not in other}
        merged[section] = {name: value for name, value in (base | given).items() if value is not None}
    return Template.model_validate_json(json.dumps(merged))
