"""What may be expected of an output, and how exactly. Pure.

Lengths. Containers with an index or sample tables say how long they are; streams of packets (MPEG-TS, raw audio …) are only
estimated, so more is forgiven. Frames. Their exact number is expected where all of this holds: the source's rate is kept, the whole
input is taken, and the source is of the MP4/MOV family, whose sample table counts frames, and count and rate give the stream's own
length (an edit list that hides frames makes them differ). Elsewhere a count is taken with 2 % to spare, and for clips none.
A damaged source that decodes to fewer frames or a shorter file than this is noticed by that: see verify.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.engine.codecs import RATE_NOT_TOLD
from jobs.engine.errors import JobError
from jobs.engine.picture import Picture, constant_rate, source_fps
from jobs.engine.plan import Expected

if TYPE_CHECKING:
    from jobs.engine.probe import AudioStream, Probe, VideoStream
    from jobs.engine.sound import Sound
    from jobs.engine.spec import InputSpec

_INDEXED = frozenset({"mov", "matroska", "avi", "wav", "flac", "ogg", "asf", "flv", "mxf", "aiff", "w64", "caf", "webm"})
# Formats that say when a frame begins and not how long it stands: a screen recording's last picture may have stood long
_NO_DURATIONS = frozenset({"hls", "ts", "flv", "gif"})
_LATE = 0.5  # s: what encoders' delays and last frames may differ by


def indexed(probe: Probe) -> bool:
    """Whether the container itself says how long it is."""
    return not _INDEXED.isdisjoint(probe.format_name.split(","))


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
    probe: Probe,
    wanted: InputSpec,
    seconds: float | None,
    picture: Picture | None,
    sound: Sound | None,
    video: VideoStream | None,
    audio: AudioStream | None,
    subtitles: int,
    format_: str,
) -> Expected:
    """The facts that verify holds an output to."""
    clipped = wanted.start is not None or wanted.duration is not None
    duration, slack = _duration(probe, seconds, clipped, video if picture else None, audio if sound else None)
    if picture and picture.rate_kept and format_ in _NO_DURATIONS and video and not constant_rate(video):
        slack += min(2.0, 0.5 * (duration or 4.0))
    copied = any(part is not None and part.plan.encoder == "copy" for part in (picture, sound))
    frames, spare = _frames(probe, clipped, picture, video) if picture and video else (None, 0)
    encoded = picture is not None and picture.plan.encoder not in ("copy", "gif")
    return Expected(
        video_codec=picture.plan.codec if picture else None,
        audio_codec=sound.plan.codec if sound else None,
        width=picture.plan.width if picture else None,
        height=picture.plan.height if picture else None,
        duration=round(duration, 3) if duration is not None else None,
        duration_tolerance=round(slack, 3),
        may_be_longer=clipped and copied,
        frames=frames,
        frames_tolerance=spare,
        fps=picture.fps if picture and not picture.rate_kept else None,
        pixel_format=picture.plan.pixel_format if picture and encoded else None,
        sample_rate=sound.plan.sample_rate if sound and (format_, sound.plan.codec) not in RATE_NOT_TOLD else None,
        channels=sound.plan.channels if sound else None,
        subtitles=subtitles,
    )


def _duration(probe: Probe, seconds: float | None, clipped: bool, video: VideoStream | None, audio: AudioStream | None) -> tuple[float | None, float]:
    """Seconds and tolerance: of the streams that are taken where those are known, else of the file."""
    slack = _LATE + (2 / (source_fps(video) or 10.0) if video else 0.0)
    taken = [s for s in (video, audio) if s]
    if len(taken) < (probe.picture is not None) + len(probe.audio) and not all(s.duration for s in taken):
        slack += 2.0 + 0.25 * (seconds or 0.0)  # the file may be as long as a stream that is left behind
    whole = seconds
    if not clipped and taken and all(s.duration for s in taken):
        origin = probe.start or 0.0
        late = max(0.0, min((s.start or 0.0) - origin for s in taken))
        whole = max((s.start or 0.0) - origin + (s.duration or 0.0) for s in taken)
        slack += late
        if seconds is not None and not 0 < whole <= seconds + slack:
            whole = seconds
    if whole is None:
        return None, slack
    return whole, slack + (min(5.0, 0.01 * whole) if indexed(probe) else 2.0 + 0.25 * whole)


def _frames(probe: Probe, clipped: bool, picture: Picture, stream: VideoStream) -> tuple[int | None, int]:
    """Number of frames, and how many may differ; (None, 0) where nothing can be said."""
    if clipped or not indexed(probe):
        return None, 0
    if not picture.rate_kept:
        if stream.duration is None or picture.fps is None:
            return None, 0
        count = max(1, round(stream.duration * picture.fps))
        return count, max(3, round(0.02 * count))
    if stream.frames is None:
        return None, 0
    exact = "mov" in probe.format_name.split(",") and stream.fps and stream.duration and abs(stream.frames - stream.fps * stream.duration) < 1.0
    return stream.frames, 0 if exact else max(3, round(0.02 * stream.frames))
