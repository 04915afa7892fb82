"""Snapshots: which pictures of a video, and the commands that make them. Pure.

«At that time» means what a player shows then: the last picture that begins no later. Pictures that lie far apart are reached by opening the file at the
key frame before each of them; pictures that lie close together come out of one go through the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.engine import snapshot_picture
from jobs.engine.argv import works
from jobs.engine.cut import Span, opened
from jobs.engine.errors import JobError
from jobs.engine.kinds.kind import Kind
from jobs.engine.plan import Expected, OutputPlan, Plan, RenditionPlan, VideoPlan, Work
from jobs.engine.rates import source_fps
from jobs.engine.sources import Sources, pad
from jobs.engine.spec import SNAPSHOTS_MAX

if TYPE_CHECKING:
    from jobs.engine.fields import Counts
    from jobs.engine.plan import FilterSpec
    from jobs.engine.probe import Probe, VideoStream
    from jobs.engine.spec import SnapshotSpec

KIND = Kind(name="snapshot", lane="short", makes_outputs=True)
INTERVAL_USUAL = 10.0  # s
CLOSE = 2.0  # s: opening the file anew costs about as much as decoding that much of it
TOGETHER = 8  # pictures in one process, each with a decoder of its own
TOGETHER_PIXELS = 16_000_000
TICKS = 90_000  # per second; times are compared in these
SLACK = TICKS // 2000  # half a millisecond: times are given in milliseconds, and containers round
ONCE = 86_400  # s: the second tick never comes, or everything between would be filled with copies
NEAR_END = 1e-6


@dataclass(frozen=True)
class Take:
    """Pictures that come out of one filter chain. ``pattern``: their files in the room, numbered from 1, or by their time in ms where it is not known
    beforehand (``interval`` None). ``limit``: at most so many."""

    pattern: str
    start: float
    interval: float | None
    limit: int

    def file(self, number: int) -> str:
        """The file of one picture."""
        return self.pattern.replace("%d", str(number))

    def time(self, number: int) -> float:
        """Seconds of the picture that has this number in its name."""
        return number / 1000 if self.interval is None else self.start + (number - 1) * self.interval


@dataclass(frozen=True)
class SnapshotPlan:
    """What will be made. ``wanted``: how many pictures as far as that can be known; ``works[i]`` makes those takes whose position it names."""

    takes: tuple[Take, ...]
    works: tuple[Work, ...]
    width: int
    height: int
    wanted: int | None
    warnings: tuple[str, ...] = ()


def video_of(probe: Probe) -> VideoStream:
    """The stream that pictures are taken of. Raises JobError NoVideoStream."""
    if probe.picture is None:
        raise JobError("NoVideoStream", "The input has only a cover picture, no video." if probe.video else "The input has no video to take pictures of.")
    return probe.picture


def end_of(probe: Probe) -> float | None:
    """Where the picture ends, seconds from the beginning of the file; None: not known."""
    stream = video_of(probe)
    if stream.duration is None:
        return probe.duration
    late = max(0.0, (stream.start or 0.0) - (probe.start or 0.0))
    end = late + stream.duration if late < 1.5 * stream.duration + 10 else stream.duration  # starts hours apart are not believed
    return end if probe.duration is None else min(end, probe.duration)


def plan(
    spec: SnapshotSpec,
    probe: Probe,
    format_: str,
    *,
    counts: Counts | None = None,
    first: float | None = None,
    whole: bool = False,
    prefix: str = "s",
    takes: Sequence[Take] | None = None,
    key_options: Sequence[str] = (),
) -> SnapshotPlan:
    """Decide which pictures, and how. ``counts``: of the fields, where they were looked at; ``first``: time of the first picture that is not black;
    ``whole``: read from the very beginning, for files where opening in the middle does not lead anywhere; ``prefix``: of the files' names;
    ``takes``: which pictures, where the caller has decided that; ``key_options``: of the input, where only key frames are decoded.

    Raises JobError NoVideoStream, TimeOutOfRange, InputTooLarge, InputNotReadable (no length where one is needed).
    """
    stream = video_of(probe)
    picture = snapshot_picture.plan(spec, stream, format_, counts)
    chosen_takes, wanted, warnings = _takes(spec, probe, first) if takes is None else (takes, None, ())
    suffix = "png" if format_ == "avif" else snapshot_picture.FORMATS[format_].extension
    named = [Take(f"{prefix}{number}-%d.{suffix}", take.start, take.interval, take.limit) for number, take in enumerate(chosen_takes)]
    keys = spec.frame == "key" or spec.mode == "keyframes"
    # neighbours in time are needed to put fields together, so all are decoded
    only_keys = keys and not picture.before
    chosen: tuple[FilterSpec, ...] = (("select", (("expr", "key"),)),) if keys and not only_keys else ()
    sources = Sources()
    outputs = []
    together = max(1, min(TOGETHER, TOGETHER_PIXELS // max(1, stream.width * stream.height)))
    for number, take in enumerate(named):
        span = Span() if whole or take.interval is None else opened(probe, Span(max(0.0, take.start - _early(probe, stream))))[0]
        # times count from the beginning of the file, wherever it is opened: else they are rounded to the ticks of its pictures
        options = ("-copyts", "-start_at_zero", "-noaccurate_seek", *(("-skip_frame", "nokey", *key_options) if only_keys else ()))
        source = sources.of(probe, start=span.start, options=options)
        video = VideoPlan(
            pad=pad(source, stream),
            encoder=picture.encoder,
            codec=picture.codec,
            filters=(*picture.before, *chosen, *_picked(spec, take), *picture.after),
            options=(*_stopped(spec, take), "-fps_mode", "passthrough", *_timed(take), *picture.options),
            width=picture.width,
            height=picture.height,
        )
        file = take.file(1) if _one_key(spec, take) else take.pattern
        rendition = RenditionPlan(
            name="", file=file, video=video, mux_options=("-map_metadata", "-1", *_written(spec, take), "-f", "image2"), expected=Expected()
        )
        seconds = _seconds(take, probe) if take.limit > 1 else None
        outputs.append(OutputPlan(index=number, format=format_, renditions=(rendition,), expected_seconds=seconds, group=number // together))
    done = works(Plan(sources=sources.table, outputs=tuple(outputs)))
    return SnapshotPlan(tuple(named), done, picture.width, picture.height, wanted, warnings)


def _early(probe: Probe, stream: VideoStream) -> float:
    """AVI counts in pictures: opened in the second half of one, it goes on with the next."""
    return 1 / (source_fps(stream) or 1.0) if "avi" in probe.format_name.split(",") else 0.0


def _seconds(take: Take, probe: Probe) -> float | None:
    """How much of the video a take goes through."""
    end = end_of(probe)
    if take.interval is None or end is None:
        return end
    return min(max(0.0, end - take.start), take.limit * take.interval)


# --- which ------------------------------------------------------------------------------------------------------------
def _takes(spec: SnapshotSpec, probe: Probe, first: float | None) -> tuple[list[Take], int | None, tuple[str, ...]]:
    """The takes, how many pictures they should make, and what has to be said about it."""
    end = end_of(probe)
    start = first if first is not None else spec.time or 0.0
    if spec.mode in ("frames", "keyframes"):
        return [Take("", 0.0, None, spec.count or SNAPSHOTS_MAX)], None, ()
    if spec.mode == "times":
        return _apart(_inside(sorted(set(spec.times)), end))
    _inside([start], end)
    if spec.mode == "single":
        return [Take("", start, 0.0, 1)], 1, ()
    if spec.mode == "average":
        if end is None:
            raise JobError("InputNotReadable", "The input does not tell how long it is, so nothing can be spread over its length.")
        step = end / (spec.count or 1)
        return _apart(([(number + 0.5) * step for number in range(spec.count or 1)], ()))
    return _series(spec, start, end)


def _series(spec: SnapshotSpec, start: float, end: float | None) -> tuple[list[Take], int | None, tuple[str, ...]]:
    step = spec.interval or INTERVAL_USUAL
    possible = None if end is None else amount(start, end, step)
    most = spec.count or SNAPSHOTS_MAX
    number = most if possible is None else min(most, possible)
    warnings: tuple[str, ...] = ()
    if possible is not None and spec.count and possible < spec.count:
        warnings = (_short(possible, spec.count),)
    elif spec.count is None and (possible or 0) > SNAPSHOTS_MAX:
        warnings = (f"Only the first {SNAPSHOTS_MAX:,} of {possible:,} pictures are made.",)
    if end is None or (step <= CLOSE and spec.frame == "normal"):
        return [Take("", start, step, number)], None if end is None else number, warnings
    return [Take("", start + position * step, 0.0, 1) for position in range(number)], number, warnings


def amount(start: float, end: float, step: float) -> int:
    """How many pictures a series has until the end."""
    return max(0, int((end - NEAR_END - start) / step) + 1)


def _inside(times: Sequence[float], end: float | None) -> tuple[list[float], tuple[str, ...]]:
    """The times before the end; raises JobError TimeOutOfRange where that leaves none."""
    found = [time for time in times if end is None or time < end - NEAR_END]
    if not found:
        raise JobError("TimeOutOfRange", f"There is no picture at {min(times):g} s: the video is {end or 0:.2f} s long.")
    return found, (_short(len(found), len(times)),) if len(found) < len(times) else ()


def _short(found: int, wanted: int) -> str:
    return f"The video ends before all pictures are taken: {found} of {wanted}."


def _apart(found: tuple[list[float], tuple[str, ...]]) -> tuple[list[Take], int, tuple[str, ...]]:
    times, warnings = found
    return [Take("", time, 0.0, 1) for time in times], len(times), warnings


# --- how --------------------------------------------------------------------------------------------------------------
def _picked(spec: SnapshotSpec, take: Take) -> Iterator[FilterSpec]:
    """The filters that let the wanted pictures through."""
    if take.interval is None:
        if spec.mode == "frames":
            yield "select", (("expr", f"not(mod(n,{spec.every or 1}))"),)
        elif spec.interval:
            yield "select", (("expr", f"isnan(prev_selected_t)+gte(t-prev_selected_t,{spec.interval - 0.0005:.4f})"),)
        yield "settb", (("expr", "1/1000"),)
        return
    # a little earlier, so that a picture that begins with the millisecond counts as there; then the last one before each tick
    yield "settb", (("expr", f"1/{TICKS}"),)
    yield "setpts", (("expr", f"PTS-{round(take.start * TICKS) + SLACK}"),)
    if _one_key(spec, take):
        yield "trim", (("end_pts", 1),)
        return
    rate = f"1000/{round(take.interval * 1000)}" if take.interval else f"1/{ONCE}"
    yield "fps", (("fps", rate), ("start_time", 0), ("round", "up"))


def _one_key(spec: SnapshotSpec, take: Take) -> bool:
    """Whether all key frames up to the time are written, one over the other: the last one stays. Behind the file's last key frame nothing comes that would
    let a filter know that it was the last."""
    return spec.frame == "key" and take.interval == 0


def _stopped(spec: SnapshotSpec, take: Take) -> tuple[str, ...]:
    return () if _one_key(spec, take) else ("-frames:v", str(take.limit))


def _written(spec: SnapshotSpec, take: Take) -> tuple[str, ...]:
    if _one_key(spec, take):
        return ("-update", "1")
    return ("-frame_pts", "1") if take.interval is None else ("-start_number", "1")


def _timed(take: Take) -> tuple[str, ...]:
    return ("-enc_time_base:v", "1/1000") if take.interval is None else ()
