"""When each picture of a file is shown, and which picture of another file is the same one. Pure."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

SAME = 0.005  # s: what containers round times by, and a little more
GRAIN = 0.0006  # s: moments are given in milliseconds
COUNTED = 500_000  # pictures
EARLIER = 0.002  # s: a file of twice the rate has another picture just in the middle, give or take what containers round by
TICK = 0.00002  # s: the same of times that nobody has rounded since they were compared


@dataclass(frozen=True)
class Course:
    """``times``: s from the beginning of the file, in the order of showing, at least one; ``last``: how long the last one is shown, s; ``tick``: in what the
    file counts time, s."""

    times: tuple[float, ...]
    last: float
    tick: float = 0.0

    def __len__(self) -> int:
        return len(self.times)

    def since(self, number: int) -> float:
        """From the first picture to this one, s."""
        return self.times[number] - self.times[0]

    def shown(self, seconds: float) -> int:
        """The number of the picture that is shown ``seconds`` after the file's beginning; before the first one that, after the last one that."""
        return min(len(self.times), max(1, bisect_right(self.times, seconds))) - 1

    def at(self, seconds: float) -> int:
        """The number of the picture that is shown ``seconds`` after the first one, where that is given in milliseconds."""
        return self.shown(self.times[0] + seconds + GRAIN)

    def middle(self, number: int) -> float:
        """The middle of the time that this picture is shown, s from the beginning of the file."""
        end = self.times[number + 1] if number + 1 < len(self.times) else self.times[number] + self.last
        return (self.times[number] + end) / 2

    def moment(self, number: int) -> float:
        """Where to open the file for this picture, s from its beginning: in the middle, so that nothing slips to a neighbour; the last one at its own time,
        since it may be shown more shortly than others."""
        return self.middle(number) if number + 1 < len(self.times) else self.times[number]


@dataclass(frozen=True)
class Clip:
    """What an output took of its source: from ``start`` on, s; ``speed``: how fast it plays."""

    start: float = 0.0
    speed: float = 1.0


def course(lines: str) -> Course | None:
    """Of a file's packets: a first line «start,s», then «pts,dts,bytes,flags» in the order of decoding, and the stream's time base, «1/90000». Packets that are
    not shown (flag D) are left out. None: there is none, or one without a time."""
    begin, tick, times = 0.0, 0.0, []
    for line in lines.splitlines():
        words = line.split(",")
        try:
            if words[0] == "start":
                begin = float(words[1])
            elif len(words) == 1 and "/" in line:
                tick = 1 / float(line.partition("/")[2]) * float(line.partition("/")[0])
            elif len(words) > 3 and "D" not in words[3]:
                times.append(float(words[0]) - begin)
        except (ValueError, ZeroDivisionError):
            return None
    times.sort()
    return Course(tuple(times), (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 0.0, tick) if times else None


def even(fps: float, seconds: float, begin: float = 0.0) -> Course:
    """Of a file whose packets cannot be read: pictures at one rate from ``begin`` on, as many as that makes in so many seconds."""
    count = max(1, min(COUNTED, round(seconds * fps)))
    return Course(tuple(begin + number / fps for number in range(count)), 1 / fps)


def of_output(one: Course, number: int, other: Course) -> int:
    """The picture of ``other`` that belongs to picture ``number`` of ``one``, both outputs: by number, as they are measured, where they have equally many;
    else what is shown at the same moment."""
    return number if len(one) == len(other) else other.at(one.middle(number) - one.times[0] - EARLIER)


def of_source(one: Course, number: int, source: Course, clip: Clip) -> int:
    """The picture of the source that picture ``number`` of an output was made of."""
    # a clip begins with the first picture that is not before it, in the file's own ticks: some count in whole pictures
    first = min(len(source) - 1, bisect_right(source.times, clip.start - max(GRAIN, source.tick / 2)))
    if _kept(one, source, first, clip.speed):
        return first + number
    # another rate: ffmpeg's fps filter gives each new picture the last one of those that are nearest to it, on a grid from the clip's beginning
    step = one.last or one.times[-1] or 1.0
    late = round((source.times[first] - clip.start) / clip.speed / step) * step
    found = source.shown(clip.start + clip.speed * (late + one.middle(number) - one.times[0]) - TICK)
    return max(first, found)


def _kept(one: Course, source: Course, first: int, speed: float) -> bool:
    """Whether every picture of the output is one of the source, in its own time."""
    if first + len(one) > len(source):
        return False
    begin = source.times[first]
    pairs = ((source.times[first + number] - begin) / speed - one.since(number) for number in range(len(one)))
    return all(abs(away) <= SAME for away in pairs)
