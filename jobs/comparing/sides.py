"""Two outputs beside each other, or an output beside its source: figures, the course of quality of both, and the pictures worth looking at. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from console.lib.media_names import codec_name
from console.lib.quantities import bytes_ as bytes_text
from console.lib.quantities import clock
from jobs.certificates import reading as certificates
from jobs.comparing import frames as compare_frames
from jobs.comparing.course import Clip, Course, course, even, of_output, of_source
from jobs.comparing.flow import Flow, flow
from jobs.engine.errors import ReelmillError
from jobs.engine.kinds.quality import unpacked
from jobs.models import Job, Output
from jobs.states import JobState

if TYPE_CHECKING:
    from jobs.certificates.reading import Certificate

SOURCE = "source"
DIPS, APART = 6, 1.0  # pictures worth looking at, and s between two of them
FPS = 25.0  # where a file does not say
TOP, HEIGHT = 4, 150  # px of the chart


@dataclass(frozen=True)
class Side:
    """One side. ``output``: whose source it is, where ``source``; ``course``: when its pictures are shown; ``series``: VMAF of those that were looked at, each
    ``every``-th."""

    letter: str
    output: Output
    source: bool
    name: str
    video: dict[str, Any]
    size: int | None
    seconds: float | None
    bucket: str
    key: str
    course: Course
    flow: Flow | None = None
    series: tuple[float, ...] = ()
    every: int = 1

    @property
    def id(self) -> str:
        """What names it in the address of the page."""
        return SOURCE if self.source else self.output.id

    @property
    def clip(self) -> Clip:
        """What the output took of its source."""
        edit = self.output.effective.get("edit") or {}
        return Clip((self.output.job.spec["input"].get("start") or 0.0) + (edit.get("start") or 0.0), edit.get("speed") or 1.0)

    @property
    def series_times(self) -> tuple[float, ...]:
        """When the pictures of the series are shown, s from the first picture."""
        last = len(self.course) - 1
        return tuple(self.course.since(min(last, index * self.every)) for index in range(len(self.series)))

    @property
    def scores(self) -> dict[str, float]:
        """VMAF's figures."""
        found: dict[str, float] = ((self.output.quality or {}).get("scores") or {}).get("vmaf") or {}
        return {} if self.source else found

    @property
    def certificate(self) -> Certificate | None:
        """Of Narrowband."""
        return None if self.source else certificates.of(self.output)

    @property
    def seconds_spent(self) -> float | None:
        """How long its job took, s."""
        job = self.output.job
        return (job.finished_at - job.started_at).total_seconds() if job.finished_at and job.started_at and not self.source else None


def side(letter: str, output: Output, *, source: bool) -> Side:
    """One side with what is known of it."""
    job = output.job
    info = (job.probe if source else output.media_info) or {}
    video: dict[str, Any] = next((row for row in info.get("video") or [] if not row.get("attached_picture")), {})
    read = _packets(output, source=source)
    shown = course(read) or even(video.get("fps") or FPS, info.get("duration") or 0.0, _late(info, video))
    bits = flow(read)
    if source:
        return Side(letter, output, True, _("Source"), video, info.get("size"), info.get("duration"), job.input_bucket, job.input_key, shown, bits)
    measured = Job.objects.filter(pk=(output.quality or {}).get("job"), state=JobState.SUCCEEDED).only("result").first()
    result = measured.result if measured else None
    series = tuple(unpacked(result["series"]["vmaf"])) if result and "vmaf" in result["series"] else ()
    name = output.template_name or output.key.rpartition("/")[2]
    every = result["every"] if result else 1
    return Side(letter, output, False, name, video, output.size, info.get("duration"), output.bucket, output.key, shown, bits, series, every)


def _packets(output: Output, *, source: bool) -> str:
    """Its packets, line by line; nothing where they cannot be read."""
    try:
        return compare_frames.packets(output, source=source).read_text(errors="replace")
    except (ReelmillError, FileNotFoundError):
        return ""


def _late(info: dict[str, Any], video: dict[str, Any]) -> float:
    """How long after the file's beginning its picture begins, s."""
    return min(10.0, max(0.0, (video.get("start") or 0.0) - (info.get("start") or 0.0)))


def partner(one: Side, number: int, other: Side) -> int:
    """The number of the picture of ``other`` that belongs to a picture of ``one``, an output."""
    if other.source:
        return of_source(one.course, number, other.course, other.clip)
    return of_output(one.course, number, other.course)


@dataclass(frozen=True)
class Row:
    """One line of the table; ``better``: the letter of the side that is better, or empty."""

    label: str
    values: tuple[str, str]
    better: str = ""


def rows(a: Side, b: Side, source_size: int | None) -> list[Row]:
    """The table: what can be compared is judged by a word, not only by colour."""

    def line(label: str, value: Callable[[Side], Any], text: Callable[[Any], str], best: Callable[[Any, Any], Any] | None = None) -> Row:
        found = (value(a), value(b))
        better = ""
        if best and None not in found and found[0] != found[1]:
            better = a.letter if best(*found) == found[0] else b.letter
        return Row(label, (text(found[0]) if found[0] is not None else "–", text(found[1]) if found[1] is not None else "–"), better)

    def saved(one: Side) -> float | None:
        return 100 - 100 * one.size / source_size if one.size and source_size and not one.source else None

    def against(one: Side, other: Side) -> float | None:
        return 100 - 100 * one.size / other.size if one.size and other.size and one.size < other.size else None

    def kbps(one: Side) -> float | None:
        return one.size * 8 / one.seconds / 1000 if one.size and one.seconds else None

    def speed(one: Side) -> float | None:
        return one.seconds / one.seconds_spent if one.seconds and one.seconds_spent else None

    def score(name: str) -> Callable[[Side], float | None]:
        return lambda one: one.scores.get(name)

    def number(places: int, unit: str = "") -> Callable[[Any], str]:
        return lambda value: f"{number_format(value, places, force_grouping=True)}{' ' + unit if unit else ''}"

    found = [
        line(_("Codec"), lambda one: one.video.get("codec"), codec_name),
        line(_("Picture"), lambda one: f"{one.video['width']} × {one.video['height']}" if one.video else None, str),
        line(_("Frame rate"), lambda one: one.video.get("fps"), number(2, "fps")),
        line(_("Size"), lambda one: one.size, bytes_text, min),
        line(_("Saved against the other side"), lambda one: against(one, b if one is a else a), number(1, "%")),
        line(_("Saved against the source"), saved, number(1, "%"), max),
        line(_("Average bitrate"), kbps, number(0, "kbit/s"), min),
        line(_("Peak bitrate"), lambda one: one.flow.peak_kbps if one.flow else None, number(0, "kbit/s"), min),
        line(_("Key frames"), lambda one: one.flow.key_seconds if one.flow else None, lambda value: _("every %(n)s s") % {"n": number_format(value, 2)}),
    ]
    found += [line(label, score(name), number(2), max) for label, name in ((_("VMAF, mean"), "mean"), (_("VMAF, 1 % low"), "low1"), (_("VMAF, lowest"), "min"))]
    if any(one.certificate for one in (a, b)):
        found.append(line(_("Saved against its twin (certificate)"), lambda one: one.certificate.percent if one.certificate else None, number(1, "%")))
    found.append(line(_("Time of its job"), lambda one: one.seconds_spent, number(1, "s"), min))
    found.append(line(_("Speed"), speed, number(2, "×"), max))
    return found


@dataclass(frozen=True)
class Dip:
    """A picture worth looking at: its number on the first side, time in s, where it lies in the chart (``left`` in %, ``top`` in px), the scores."""

    number: int
    seconds: float
    left: str
    top: str
    clock: str
    scores: tuple[str, ...]


def share(seconds: float, length: float) -> str:
    """Where a time lies in the chart, as SVG takes it."""
    return f"{100 * min(1.0, seconds / length):.3f}%" if length else "0%"


def dips(sides: Sequence[Side], length: float) -> list[Dip]:
    """The lowest moments of either side, the deepest first, none within a second of another. ``sides``: the one whose pictures are numbered first."""
    measured = [one for one in sides if one.series]
    if not measured or not length:
        return []
    base = sides[0]
    lows = sorted((value, one is not base, index) for one in measured for index, value in enumerate(one.series))
    found: list[Dip] = []
    for value, elsewhere, index in lows:
        one = next(side for side in measured if (side is not base) == elsewhere)
        number = min(index * one.every, len(one.course) - 1)
        number = partner(one, number, base) if elsewhere else min(number, len(base.course) - 1)
        seconds = base.course.since(number)
        if all(abs(seconds - other.seconds) >= APART for other in found):
            told = tuple(f"{side.letter} {number_format(score_of(side, base, number), 1)}" for side in measured)
            top = TOP + (100 - max(0.0, min(100.0, value))) * HEIGHT / 100
            found.append(Dip(number, seconds, share(seconds, length), f"{top:.1f}", clock(seconds), told))
        if len(found) == DIPS:
            break
    return found


def score_of(one: Side, base: Side, number: int) -> float:
    """VMAF of a measured side at picture ``number`` of ``base``: of its own picture that belongs to it, or of the nearest that was looked at."""
    own = number if one is base else partner(base, number, one)
    return one.series[min(len(one.series) - 1, round(own / one.every))]
