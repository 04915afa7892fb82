"""What may be expected of an output. Pure. How long it must be stands in lengths.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jobs.engine.animation import longer
from jobs.engine.codecs import SHOWN_PIXELS
from jobs.engine.containers import SEGMENTED
from jobs.engine.errors import JobError
from jobs.engine.lengths import lengths
from jobs.engine.plan import Expected

if TYPE_CHECKING:
    from jobs.engine.footage import Footage
    from jobs.engine.picture import Picture
    from jobs.engine.probe import AudioStream, Probe, VideoStream
    from jobs.engine.sound import Sound
    from jobs.engine.spec import InputSpec

# MXF says only some of it in its own words
COLOURS_NOT_TOLD = frozenset({"mxf"})


def clip_seconds(probe: Probe, wanted: InputSpec) -> float | None:
    """Seconds that will be processed; None: unknown. Raises JobError ClipOutOfRange where the start is known to lie behind the end."""
    start = wanted.start or 0.0
    if probe.duration is None:
        return wanted.duration
    left = probe.duration - start
    if left <= 0 and start > 0:
        raise JobError("ClipOutOfRange", f"The clip starts at {start:g} s; the input is {probe.duration:.2f} s long.")
    return min(left, wanted.duration) if wanted.duration else left


def expected(
    footage: Footage,
    picture: Picture | None,
    sounds: Sequence[Sound],
    video: VideoStream | None,
    audio: AudioStream | None,
    subtitles: int,
    format_: str,
) -> Expected:
    """The facts that verify holds an output to."""
    length = lengths(footage, picture, sounds, video, audio, format_)
    seen = lengths(footage, picture, (), video, None, format_) if picture and format_ in SEGMENTED else None
    copied = any(part is not None and part.plan.encoder == "copy" for part in (picture, *sounds))
    encoded = picture is not None and picture.plan.encoder not in ("copy", "gif", "libwebp_anim")
    return Expected(
        video_codec=picture.plan.codec if picture else None,
        audios=tuple(s.expected(format_) for s in sounds),
        width=picture.plan.width if picture else None,
        height=picture.plan.height if picture else None,
        duration=round(length.seconds + longer(picture.plan if picture else None, picture.fps if picture else None), 3) if length.seconds is not None else None,
        duration_tolerance=round(length.slack, 3),
        picture_seconds=round(seen.seconds, 3) if seen and seen.seconds is not None else None,
        picture_tolerance=round(seen.slack, 3) if seen else 0.5,
        may_be_longer=footage.span.clipped and copied,
        frames=length.frames if format_ != "webp" else None,  # libwebp makes one of pictures that are alike
        frames_tolerance=length.spare,
        fps=picture.fps if picture and not picture.rate_kept else None,
        pixel_format=_shown(picture.plan.codec, picture.plan.pixel_format) if picture and encoded else None,
        colours=picture.colours if picture and encoded and format_ not in COLOURS_NOT_TOLD else None,
        subtitles=subtitles,
    )


def _shown(codec: str, pixel_format: str | None) -> str | None:
    """The pixel format as ffprobe tells it."""
    return SHOWN_PIXELS.get((codec, pixel_format or ""), pixel_format)
