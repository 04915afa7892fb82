"""Scenes: look at every picture of a stretch, and tell where scenes change and which pictures are too dark or too bright to be shown. Pure.

One command decodes the stretch and lets filters write a line for each picture into two small text files.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.engine.argv import GLOBAL
from jobs.engine.argv import opened as opened_argv
from jobs.engine.cut import Span, opened
from jobs.engine.kinds.snapshot import video_of
from jobs.engine.plan import Command, Source

if TYPE_CHECKING:
    from jobs.engine.probe import Probe

WIDTH = 240  # px that pictures are made smaller to before anything looks at them
CUT = 10.0  # of 100: how different two neighbours are where a scene changes, as inspect jobs have it
DARK, BRIGHT = 26.0, 245.0  # mean brightness of 0–255 below and above which a picture shows nothing
BLACK, WHITE = 16.0, 235.0  # in the values of video
SLACK = 0.0005  # s: times in text files are rounded
_FRAME = re.compile(r"^frame:\d+\s+pts:\S+\s+pts_time:(-?[\d.]+)\s*\n[^\n=]+=(-?[\d.]+)", re.MULTILINE)


@dataclass(frozen=True)
class Seen:
    """What was seen from ``start`` to ``end``, s of the file. ``times``: of its pictures; ``cuts``: of the first picture of each further scene; ``bad``: numbers of
    the pictures that show nothing."""

    start: float
    end: float
    times: tuple[float, ...]
    cuts: tuple[float, ...]
    bad: frozenset[int]

    def has(self, start: float, end: float) -> bool:
        """Whether all of this was looked at."""
        return self.start - SLACK <= start and end <= self.end + SLACK

    def scene(self, time: float) -> tuple[float, float]:
        """The scene that is shown then, as far as it was looked at, s."""
        at = bisect_right(self.cuts, time + SLACK)
        return (self.cuts[at - 1] if at else self.start, self.cuts[at] if at < len(self.cuts) else self.end)

    def stretch(self, time: float, start: float, end: float) -> tuple[float, float] | None:
        """The longest stretch around this time, within these limits, in which no picture is bad, s; None where the one shown then is."""
        first, last = bisect_left(self.times, start - SLACK), bisect_left(self.times, end - SLACK)
        at = bisect_right(self.times, time + SLACK) - 1
        if not first <= at < last or at in self.bad:
            return None
        low = next((number + 1 for number in range(at, first - 1, -1) if number in self.bad), first)
        high = next((number for number in range(at, last) if number in self.bad), last)
        return self.times[low], (self.times[high] if high < last else end)


def command(probe: Probe, start: float, end: float | None, cuts: str, light: str) -> Command:
    """Look at the pictures from ``start`` to ``end`` (s of the file; None: to its end); ``cuts``, ``light``: the text files. Raises JobError NoVideoStream."""
    stream = video_of(probe)
    seconds = None if end is None else end - start
    span, early = opened(probe, Span(start, seconds, seconds))
    source = Source(format=probe.format_name, start=span.start or None, duration=span.limit)
    skipped = f"trim=start={early:.6f},setpts=PTS-{early:.6f}/TB," if early else ""
    chain = (
        f"[0:{stream.index}]{skipped}scale=w='min(iw,{WIDTH})':h=-2:flags=fast_bilinear:out_range=tv,format=yuv420p,"
        f"scdet=t={CUT:g},metadata=mode=print:key=lavfi.scd.time:file={cuts},"
        f"signalstats,metadata=mode=print:key=lavfi.signalstats.YAVG:file={light}[seen]"
    )
    argv = (*GLOBAL, *opened_argv(source, (stream.codec,), copies=False), "-filter_complex", chain, "-map", "[seen]")
    return Command(argv=(*argv, "-fps_mode", "passthrough", "-f", "null", "none"), expected_seconds=span.seconds, pixels=stream.width * stream.height)


def read(start: float, end: float | None, cuts: str, light: str) -> Seen | None:
    """What the text files tell of this stretch; None where there is no picture in it."""
    pictures = [(start + float(time), float(mean)) for time, mean in _FRAME.findall(light)]
    if not pictures:
        return None
    times = tuple(time for time, _mean in pictures)
    bad = frozenset(number for number, (_time, mean) in enumerate(pictures) if not DARK < 255 * (mean - BLACK) / (WHITE - BLACK) < BRIGHT)
    last = times[-1] + (times[-1] - times[0]) / max(1, len(times) - 1)
    changes = tuple(start + float(time) for time, _value in _FRAME.findall(cuts))
    return Seen(start, last if end is None else max(end, times[-1]), times, changes, bad)
