"""How long an output must be, and how many frames it must have, each with what may differ. Pure.

Lengths. Containers with an index or sample tables say how long they are; streams of packets (MPEG-TS, raw audio …) are only estimated, so more is
forgiven. Where the streams that are taken tell their lengths, a clip, a join, another speed or a tail is known to within two frames.
Frames. Their number is exact where the source is whole, its rate is kept, and it is of the MP4/MOV family, whose sample table counts frames, and count and
rate give the stream's own length (an edit list that hides frames makes them differ). A clip may differ by one frame at its border, a join by one for
each part, an exact number at another rate by one. Elsewhere a count is taken with 2 % to spare, or none.
A damaged source that decodes to fewer frames or a shorter file than this is noticed by that: see verify.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.engine.cut import Piece, counted, indexed
from jobs.engine.rates import constant_rate, source_fps
from jobs.engine.slates import blends

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobs.engine.footage import Footage
    from jobs.engine.picture import Picture
    from jobs.engine.probe import AudioStream, Probe, VideoStream
    from jobs.engine.sound import Sound

# Formats that say when a frame begins and not how long it stands: a screen recording's last picture may have stood long
_NO_DURATIONS = frozenset({"hls", "ts", "flv", "gif"})
_LATE = 0.5  # s: what encoders' delays and last frames may differ by
_PADDING = 0.1  # s: what sound codecs add at both ends, at the least
BLOCK = 1024  # samples that AAC codes at once
_ROUGH = 0.2  # s: what lengths of streams are off in containers without a table of samples (the preroll of ASF …)


@dataclass(frozen=True)
class Lengths:
    """Seconds and frames, None where nothing can be said, and how much either may differ both ways."""

    seconds: float | None
    slack: float
    frames: int | None = None
    spare: int = 0


def lengths(footage: Footage, picture: Picture | None, sounds: Sequence[Sound], video: VideoStream | None, audio: AudioStream | None, format_: str) -> Lengths:
    """Of one rendition. ``video`` and ``audio``: the streams that are taken."""
    seen, heard = (video if picture else None), (audio if sounds else None)
    copied = any(part is not None and part.plan.encoder == "copy" for part in (picture, *sounds))
    known = _known(footage, seen, heard)
    if copied or known is None or not (footage.joined or footage.span.clipped or footage.speed != 1 or footage.tails):
        seconds, slack = _whole(footage, seen, heard)
        if picture and picture.rate_kept and format_ in _NO_DURATIONS and video and not constant_rate(video):
            slack += min(2.0, 0.5 * (seconds or 4.0))
        if footage.alike and picture and picture.plan.encoder == "copy" and seen:
            return Lengths(seconds, slack, *_frames(footage.alike.probe, picture, seen))
        if footage.span.clipped or footage.joined or footage.rate or not (picture and seen):
            return Lengths(seconds, slack)
        frames, spare = _frames(footage.probe, picture, seen)
        return Lengths(seconds, slack, frames, spare)
    rate = (picture.fps if picture else None) or footage.rate or (source_fps(seen) if seen else None)
    slack = _padding(sounds) + (2 / (rate or 10.0) if seen else 0.0) + (footage.joined.spare / (rate or 10.0) if footage.joined else 0.0)
    if not _counts(footage) or format_ == "asf":  # what ASF says of its length is rough on both sides
        slack += _ROUGH + 0.01 * known
    if seen and not footage.rate and not constant_rate(seen):
        # a picture that stands long where the clip begins or ends: TS does not say how long, and all of a short clip may be one
        slack += min(2.0, known if format_ == "ts" and picture and picture.rate_kept else 0.5 * known)
    played = known / footage.speed
    added = [(length, blend) for length, blend in blends(footage.tails, played, rate)] if footage.tails and rate else []
    total = played + sum(length - blend for length, blend in added)
    if not (picture and seen and rate):
        return Lengths(total, slack)
    frames, spare = _edited_frames(footage, picture, seen, played)
    if frames is not None:
        spare += 0 if _counts(footage) else max(6, round(0.1 * frames))  # seeking by packets is as exact as their time stamps
        frames += sum(round((length - blend) * rate) for length, blend in added)
    return Lengths(total, slack, frames, spare + len(added))


def _padding(sounds: Sequence[Sound]) -> float:
    """What sound codecs add at both ends: up to two blocks, which are long at low sample rates."""
    return max([_PADDING, *(2.2 * BLOCK / sound.plan.sample_rate for sound in sounds if sound.plan.sample_rate)])


def _counts(footage: Footage) -> bool:
    """Whether all containers have a table of samples, so that lengths of streams are exact."""
    return footage.joined.counted if footage.joined else counted(footage.probe)


def _known(footage: Footage, video: VideoStream | None, audio: AudioStream | None) -> float | None:
    """Seconds of the main part before speed, where they are known well."""
    if footage.joined is not None:
        return footage.span.seconds if footage.joined.frames is not None else None
    if not indexed(footage.probe):
        return None
    piece = Piece("", footage.probe, footage.span)
    ends = [piece.end_of(stream) for stream in (video, audio) if stream is not None]
    if not ends or None in ends:
        return None
    return max(end for end in ends if end is not None) or None  # 0: the clip begins where nothing is known to be


def _edited_frames(footage: Footage, picture: Picture, stream: VideoStream, played: float) -> tuple[int | None, int]:
    """Of the main part as played."""
    parts = footage.joined.spare if footage.joined else 0
    if not picture.rate_kept:
        # the last picture of a variable source may stand longer than the clip
        stands = 0 if constant_rate(stream) else math.ceil((picture.fps or 0.0) / (source_fps(stream) or 10.0))
        return (max(1, round(played * picture.fps)), 2 + stands + parts) if picture.fps else (None, 0)
    if footage.rate:
        end = footage.span.seconds if footage.joined else Piece("", footage.probe, footage.span).end_of(stream)
        return (max(1, round(end / footage.speed * footage.rate)), 1 + parts) if end else (None, 0)
    if not constant_rate(stream) or not stream.fps or footage.span.limit is None:
        return None, 0
    end = Piece("", footage.probe, footage.span).end_of(stream)
    return (max(1, math.ceil(end * stream.fps - 0.01)), 1) if end else (None, 0)


def _whole(footage: Footage, video: VideoStream | None, audio: AudioStream | None) -> tuple[float | None, float]:
    """Seconds and tolerance: of the streams that are taken where those are known, else of the file."""
    probe, seconds, clipped = footage.probe, footage.seconds, footage.span.clipped
    slack = _LATE + (2 / (source_fps(video) or 10.0) if video else 0.0)
    taken = [s for s in (video, audio) if s]
    if len(taken) < (probe.picture is not None) + len(probe.audio) and not all(s.duration for s in taken):
        slack += 2.0 + 0.25 * (seconds or 0.0)  # the file may be as long as a stream that is left behind
    whole = seconds
    if not (clipped or footage.joined or footage.speed != 1 or footage.tails) and taken and all(s.duration for s in taken):
        origin = probe.start or 0.0
        late = max(0.0, min((s.start or 0.0) - origin for s in taken))
        whole = max((s.start or 0.0) - origin + (s.duration or 0.0) for s in taken)
        slack += late
        if seconds is not None and not 0 < whole <= seconds + slack:
            whole = seconds
    if whole is None:
        return None, slack
    return whole, slack + (min(5.0, 0.01 * whole) if indexed(probe) else 2.0 + 0.25 * whole)


def _frames(probe: Probe, picture: Picture, stream: VideoStream) -> tuple[int | None, int]:
    """Number of frames of a whole input, and how many may differ; (None, 0) where nothing can be said."""
    if not indexed(probe):
        return None, 0
    exact = bool(
        "mov" in probe.format_name.split(",") and stream.frames and stream.fps and stream.duration and abs(stream.frames - stream.fps * stream.duration) < 1.0
    )
    if not picture.rate_kept:
        if stream.duration is None or picture.fps is None:
            return None, 0
        count = max(1, round(stream.duration * picture.fps))
        return count, 1 if exact else max(3, round(0.02 * count))
    if stream.frames is None:
        return None, 0
    return stream.frames, 0 if exact else max(3, round(0.02 * stream.frames))
