"""Clips: which stretch of a file is taken. Pure arithmetic in seconds.

The clip of the job's input comes first, an output's own clip counts within it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.engine.errors import JobError
from jobs.engine.rates import constant_rate

if TYPE_CHECKING:
    from jobs.engine.probe import AudioStream, Probe, VideoStream

NOTHING = 1e-6  # s: less than this is no length
INDEXED = frozenset({"mov", "matroska", "avi", "wav", "flac", "ogg", "asf", "flv", "mxf", "aiff", "w64", "caf", "webm"})


@dataclass(frozen=True)
class Span:
    """A stretch of something. ``seconds``: its length as far as known; ``limit``: where it has to be cut off, None: runs to the end."""

    start: float = 0.0
    seconds: float | None = None
    limit: float | None = None

    @property
    def clipped(self) -> bool:
        """Whether anything was cut off, as far as was asked."""
        return self.start > 0 or self.limit is not None


@dataclass(frozen=True)
class Piece:
    """A stretch of one fetched file."""

    file: str
    probe: Probe
    span: Span

    def end_of(self, stream: VideoStream | AudioStream) -> float | None:
        """Where a stream ends, s from the stretch's beginning and not beyond its end; None where the container does not say."""
        if stream.duration is None:
            return None
        late = (stream.start or 0.0) - (self.probe.start or 0.0)
        left = max(0.0, late + stream.duration - self.span.start)
        return left if self.span.limit is None else min(left, self.span.limit)


def indexed(probe: Probe) -> bool:
    """Whether the container itself says how long it is."""
    return not INDEXED.isdisjoint(probe.format_name.split(","))


def counted(probe: Probe) -> bool:
    """Whether the container has a table of all samples, so that lengths of its streams are exact. Fragments have none, and edit lists hide samples."""
    if "mov" not in probe.format_name.split(","):
        return False
    seen = probe.picture
    if seen is None or not constant_rate(seen):
        return True
    return bool(seen.frames and seen.fps and seen.duration and abs(seen.frames - seen.fps * seen.duration) < 1.0)


def clip(whole: Span, start: float | None, duration: float | None, end: float | None = None) -> Span:
    """A part of a stretch. A duration of 0 means to the end; ``end``: how much is cut off the end. Raises JobError ClipOutOfRange."""
    begin = start or 0.0
    left = None if whole.seconds is None else whole.seconds - begin
    if left is not None and left <= NOTHING and begin > 0:
        raise JobError("ClipOutOfRange", f"The clip starts at {begin:g} s; the input is {whole.seconds:.2f} s long.")
    limits = [duration] if duration else []
    if whole.limit is not None:
        limits.append(whole.limit - begin)
    if end:
        if left is None:
            raise JobError("ClipOutOfRange", "The length of the input is not known, so nothing can be cut off its end.")
        if left - end <= NOTHING:
            raise JobError("ClipOutOfRange", f"Nothing is left: {end:g} s are cut off the end of {left:.2f} s.")
        limits.append(left - end)
    limit = min(limits, default=None)
    seconds = min((s for s in (left, limit) if s is not None), default=None)
    return Span(whole.start + begin, seconds, limit)


SEEK_AHEAD = 15.0  # s: key frames are rarely further apart
SEEKS_BADLY = frozenset({"mpegts", "mpeg", "asf"})
"""Formats without an index, or often without one: a seek lands anywhere, and what lies before the next key frame cannot be decoded. They are opened earlier and trimmed after decoding."""


def seeks_badly(probe: Probe) -> bool:
    """Whether the file is of such a format."""
    return not SEEKS_BADLY.isdisjoint(probe.format_name.split(","))


def opened(probe: Probe, span: Span) -> tuple[Span, float]:
    """Where to open a file so that the stretch can be decoded, and how many seconds of that come before the stretch."""
    if probe.picture is None or not span.start or not seeks_badly(probe):
        return span, 0.0
    early = min(span.start, SEEK_AHEAD)
    return Span(span.start - early, span.seconds, None if span.limit is None else span.limit + early), early
