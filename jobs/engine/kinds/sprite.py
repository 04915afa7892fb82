"""Sprites: small pictures of a video, taken at even steps, to be laid onto sheets. Pure.

Key frames are cheap: nothing else has to be decoded. So they are taken first, and one that lies at most half a step from the wanted time stands for it, at its own time;
where there is none (``frame`` normal: everywhere) the picture shown at that time is taken, by opening the file there or by going through it, whatever is less.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.engine import snapshot_picture
from jobs.engine.argv import GLOBAL
from jobs.engine.argv import opened as opened_argv
from jobs.engine.cut import SEEK_AHEAD, SEEKS_BADLY
from jobs.engine.errors import JobError
from jobs.engine.grid import Grid
from jobs.engine.kinds import snapshot
from jobs.engine.kinds.kind import Kind
from jobs.engine.kinds.snapshot import INTERVAL_USUAL, Take, amount, video_of
from jobs.engine.plan import Command, Source
from jobs.engine.spec import SNAPSHOTS_MAX, SnapshotSpec

if TYPE_CHECKING:
    from jobs.engine.fields import Counts
    from jobs.engine.kinds.snapshot import SnapshotPlan
    from jobs.engine.probe import Probe
    from jobs.engine.spec import SpriteSpec

KIND = Kind(name="sprite", lane="short", makes_outputs=True)
INSIDE = "png"  # format of the pictures until they lie on a sheet
EARLY = 0.125  # of a step: a key frame that comes no earlier than this before the wanted time is a good one, and the next ones are not needed
FAR = 120.0  # s: with steps as long as this, opening the file at each time is cheaper than reading all of it
UNREAD = ("-fflags", "+noparse+nofillin")
OPENING = 0.5  # s: opening a file costs about as much as decoding that much of it


@dataclass(frozen=True)
class Ticks:
    """The wanted times: ``number`` of them, s; ``end``: where the last one's stretch ends, s."""

    start: float
    step: float
    number: int
    end: float
    warnings: tuple[str, ...] = ()

    def time(self, number: int) -> float:
        """s of a picture, counted from 0."""
        return round(self.start + number * self.step, 3)

    def near(self, seconds: float) -> int | None:
        """Which one a picture of this time may stand for: at most half a step away."""
        number = int((seconds - self.start) / self.step + 0.5) if seconds >= self.start else (0 if self.start - seconds <= self.step / 2 else -1)
        return number if 0 <= number < self.number else None


def ticks(spec: SpriteSpec, end: float | None) -> Ticks:
    """The times that are asked for. ``end``: of the video, s. Raises JobError TimeOutOfRange, InputNotReadable (no length)."""
    if end is None:
        raise JobError("InputNotReadable", "The input does not tell how long it is, so nothing can be spread over its length.")
    end = max(end, 0.001)
    start = spec.time or 0.0
    if start >= end:
        raise JobError("TimeOutOfRange", f"There is no picture at {start:g} s: the video is {end:.2f} s long.")
    if spec.mode == "average":
        # whole milliseconds: a rate is a fraction, and cues are written in them
        number = min(spec.count or 1, max(1, int(end * 1000)))
        return Ticks(0.0, max(0.001, int(end * 1000 / number) / 1000), number, end)
    step = spec.interval or INTERVAL_USUAL
    possible = max(1, amount(start, end, step))
    if spec.count is not None:
        short = possible < spec.count
        warnings = (f"The video ends before all pictures are taken: {possible} of {spec.count}.",) if short else ()
        number = min(possible, spec.count)
        return Ticks(start, step, number, end if number == possible else start + number * step, warnings)
    if possible > SNAPSHOTS_MAX:
        return Ticks(start, step, SNAPSHOTS_MAX, start + SNAPSHOTS_MAX * step, (f"Only the first {SNAPSHOTS_MAX:,} of {possible:,} pictures are made.",))
    return Ticks(start, step, possible, end)


PACKETS = "packets.txt"


def measuring(probe: Probe) -> Command:
    """Write a line for each packet of the picture into a file of ours. For inputs that do not say where they end; nothing is decoded."""
    stream = video_of(probe)
    source = Source(format=probe.format_name, options=("-copyts", "-start_at_zero"))
    argv = (*GLOBAL, *opened_argv(source, (stream.codec,), copies=True), "-map", f"0:{stream.index}", "-c", "copy", "-f", "framecrc", PACKETS)
    return Command(argv=argv)


def measured(lines: Iterable[str]) -> float | None:
    """Where the last picture ends, s, from what :func:`measuring` wrote: «stream, dts, pts, duration, …» after the time base."""
    tick, end = 0.0, None
    for line in lines:
        words = line.split(",") if not line.startswith("#") else line.split()
        if words[:2] == ["#tb", "0:"]:
            over, _, under = words[2].partition("/")
            tick = int(over) / int(under)
        elif not line.startswith("#") and len(words) > 3:
            last = (int(words[2]) + int(words[3])) * tick
            end = last if end is None else max(end, last)
    return end or None


# --- sizes ------------------------------------------------------------------------------------------------------------
def as_pictures(spec: SpriteSpec) -> SnapshotSpec:
    """The pictures as a snapshot job would take them: in the size of the singles if they are kept, else in that of the cells."""
    width, height = (spec.width, spec.height) if spec.singles or not _cell_said(spec) else (spec.cell_width, spec.cell_height)
    scale = spec.scale_type or ("fill" if spec.mode == "images" else None)
    return SnapshotSpec(input=spec.input, output=spec.output, mode="times", width=width, height=height, scale_type=scale)


def _cell_said(spec: SpriteSpec) -> bool:
    return bool(spec.cell_width or spec.cell_height)


def grid(spec: SpriteSpec, probe: Probe) -> Grid:
    """The grid as it was asked for, with the size that cells really have. Raises JobError NoVideoStream, InputTooLarge."""
    stream = video_of(probe)
    sized = as_pictures(spec)
    if spec.singles and _cell_said(spec):
        sized = sized.model_copy(update={"width": spec.cell_width, "height": spec.cell_height})
    picture = snapshot_picture.plan(sized, stream, INSIDE, None)
    return Grid(spec.columns, spec.rows, picture.width, picture.height, spec.margin, spec.padding)


# --- passes -----------------------------------------------------------------------------------------------------------
def by_keys(spec: SpriteSpec, probe: Probe, wanted: Ticks, counts: Counts | None, *, holes: bool = False) -> SnapshotPlan | None:
    """Key frames, some for each step; None where that is of no use: exact ones are wanted, steps are very long, or pictures need their neighbours.

    ``holes``: what is no key frame is not there, so nothing may look into it; the tables tell all that is needed.
    """
    asking = as_pictures(spec).model_copy(update={"mode": "keyframes"})
    if spec.frame == "normal" or wanted.step >= FAR or snapshot_picture.plan(asking, video_of(probe), INSIDE, counts).before:
        return None
    takes = [Take("", 0.0, None, 2 * wanted.number + 4)]
    return snapshot.plan(asking, probe, INSIDE, counts=counts, takes=takes, prefix="k", key_options=(*(UNREAD if holes else ()), *few_keys(wanted)))


def may_use_keys(spec: SpriteSpec) -> bool:
    """Whether key frames may do, as far as the request alone tells."""
    return spec.frame != "normal" and (spec.mode == "average" or (spec.interval or INTERVAL_USUAL) < FAR)


def few_keys(wanted: Ticks) -> tuple[str, ...]:
    """Input options that let only those key frames reach the decoder that may stand for a wanted time; packets are dropped, so nothing is lost but work.

    Of each step's reach (half a step to both sides) the first key frame that is not too early is kept. One that is too early is kept only where, by the distance
    of the last two, no other would follow within reach. If that was wrong the picture is taken exactly.
    Registers: 0 the step after the last one that has its key frame; 1, 2 times of the last and of this key frame in steps; 3 the step it is in reach of;
    4 how far from it; 5 whether it is kept.
    """
    time = f"(if(eq(pts,nopts),dts,pts)*tb-{wanted.start:.4f})/{wanted.step:.4f}"
    late = f"gte(ld(4),-{EARLY})"
    keep = f"if({late},gt(ld(3)+1,ld(0)),gte(ld(4)+ld(2)-ld(1),0.5))"
    noted = f"st(1,ld(2));if(ld(5)*{late},st(0,ld(3)+1),0)"
    drop = f"if(key,st(2,{time});st(3,floor(ld(2)+0.5));st(4,ld(2)-ld(3));st(5,{keep});{noted};1-ld(5),1)"
    # not «-discard nokey»: for MP4 it shifts the times of what is left
    return ("-bsf:v", f"noise=drop='{drop}'")


def exactly(
    spec: SpriteSpec, probe: Probe, wanted: Ticks, missing: Sequence[int], known: Sequence[float], counts: Counts | None, *, through: bool = False
) -> SnapshotPlan:
    """The pictures shown at the missing times. ``known``: times of key frames; ``through``: go through the file whatever it costs."""
    first, last = missing[0], missing[-1]
    prefix = "x"
    if through or _seeking(probe, [wanted.time(number) for number in missing], known) > (last - first + 1) * wanted.step + OPENING:
        asking = as_pictures(spec).model_copy(update={"mode": "series", "interval": wanted.step})
        takes = [Take("", wanted.time(first), wanted.step, last - first + 1)]
        return snapshot.plan(asking, probe, INSIDE, counts=counts, takes=takes, whole=False, prefix="y" if through else prefix)
    takes = [Take("", wanted.time(number), 0.0, 1) for number in missing]
    return snapshot.plan(as_pictures(spec), probe, INSIDE, counts=counts, takes=takes, prefix=prefix)


def _seeking(probe: Probe, times: Sequence[float], known: Sequence[float]) -> float:
    """What opening the file at each of these times costs, in seconds of decoding."""
    badly = 0.0 if SEEKS_BADLY.isdisjoint(probe.format_name.split(",")) else SEEK_AHEAD
    usual = 5.0  # half of the longest distance that encoders usually leave between key frames
    ordered = sorted(known)
    total = 0.0
    position = 0
    for time in times:
        while position < len(ordered) and ordered[position] <= time:
            position += 1
        before = time - ordered[position - 1] if position else (time if ordered else min(time, usual))
        total += OPENING + badly + before
    return total


def matched(wanted: Ticks, keys: Sequence[float]) -> dict[int, float]:
    """By number of the wanted time: the time of the key frame that stands for it, the nearest one."""
    found: dict[int, float] = {}
    for time in keys:
        number = wanted.near(time)
        if number is not None and (number not in found or abs(time - wanted.time(number)) < abs(found[number] - wanted.time(number))):
            found[number] = time
    return found
