"""The charts of the overview as numbers for SVG: shares of the width in %, heights in px, so that text keeps its size on every screen."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from console.context import counted
from console.lib.quantities import duration
from jobs import throughput
from jobs.states import JobState

if TYPE_CHECKING:
    from jobs.throughput import Queue, Span

PLOT = 160  # px from the axis to the highest line
HEAD = 12
LABELS = {"24h": 4, "7d": 1, "30d": 5}  # every so many columns has a label
GAP = 0.18  # of a column
ROW = 44
NAME_SHOWN = 30


@dataclass(frozen=True)
class Piece:
    """One outcome in a column."""

    kind: str
    y: str
    height: str


@dataclass(frozen=True)
class Column:
    """One hour or day. ``label`` is empty where there is no room for one. ``numbers`` are those of the table."""

    x: str
    middle: str
    width: str
    label: str
    when: str
    title: str
    url: str
    pieces: tuple[Piece, ...]
    numbers: tuple[str, ...]


@dataclass(frozen=True)
class Throughput:
    """Stacked outcomes over time."""

    range: str
    columns: tuple[Column, ...]
    lines: tuple[tuple[int, str], ...]
    legend: tuple[tuple[str, str, str], ...]
    capped: bool
    empty: bool
    axis: int = HEAD + PLOT
    height: int = HEAD + PLOT + 24


@dataclass(frozen=True)
class Bar:
    """One pipeline in a chart of bars; ``tail`` is the width of the paler bar behind. ``text_y`` and ``y`` in px."""

    name: str
    value: str
    title: str
    text_y: int
    y: int
    width: str
    tail: str


@dataclass(frozen=True)
class Line:
    """One pipeline in the table."""

    name: str
    url: str
    queued: str
    oldest: str
    median: str
    p95: str


@dataclass(frozen=True)
class Queues:
    """What waits in each pipeline, and how long jobs waited."""

    depth: tuple[Bar, ...]
    waits: tuple[Bar, ...]
    table: tuple[Line, ...]
    height: int


@dataclass(frozen=True)
class Charts:
    """All that the section shows; ``ranges``: (name, label, is it this one)."""

    throughput: Throughput
    queues: Queues
    ranges: tuple[tuple[str, str, bool], ...]


def charts(wanted: str) -> Charts:
    """The charts of a range; of the last day if there is no such range."""
    name = wanted if wanted in throughput.RANGES else "24h"
    spans = throughput.spans(name)
    labels = {"24h": _("24 hours"), "7d": _("7 days"), "30d": _("30 days")}
    return Charts(_throughput(name, spans), _queues(throughput.queues(spans[0].start)), tuple((key, labels[key], key == name) for key in throughput.RANGES))


# --- throughput -----------------------------------------------------------------------------------------------------------
def _throughput(name: str, spans: list[Span]) -> Throughput:
    highest = max(span.total for span in spans)
    top = ceiling(highest)
    lines = tuple((round(HEAD + PLOT * (1 - part)), number_format(round(top * part), 0, force_grouping=True)) for part in (0.0, 0.5, 1.0))
    legend = []
    for state in throughput.OUTCOMES:
        number, more = sum(span.numbers[state] for span in spans), any(span.numbers[state] >= throughput.CELL_CAP for span in spans if span.capped)
        legend.append((str(state), str(JobState(state).label), number_format(number, 0, force_grouping=True) + ("+" if more else "")))
    columns = tuple(_column(name, index, span, len(spans), top) for index, span in enumerate(spans))
    return Throughput(name, columns, lines, tuple(legend), any(span.capped for span in spans), highest == 0)


def _column(name: str, index: int, span: Span, number: int, top: int) -> Column:
    hours = name == "24h"
    start, end = timezone.localtime(span.start), timezone.localtime(span.end)
    when = start.strftime("%Y-%m-%d %H:%M" if hours else "%Y-%m-%d")
    pieces, below = [], 0.0
    for state in throughput.OUTCOMES:
        if span.numbers[state]:
            height = max(1.5, PLOT * span.numbers[state] / top)
            below += height
            pieces.append(Piece(str(state), f"{HEAD + PLOT - below:.1f}", f"{height:.1f}"))
    words = {str(state): _count(span, state) for state in throughput.OUTCOMES}
    query = {"from": start.isoformat(timespec="seconds"), "to": end.isoformat(timespec="seconds")}
    every = LABELS[name]
    return Column(
        x=f"{100 * (index + GAP / 2) / number:.3f}%",
        middle=f"{100 * (index + 0.5) / number:.3f}%",
        width=f"{100 * (1 - GAP) / number:.3f}%",
        label=(start.strftime("%H:%M" if hours else "%m-%d") if (number - 1 - index) % every == 0 else ""),
        when=when,
        title=_("%(when)s: %(succeeded)s succeeded, %(failed)s failed, %(cancelled)s cancelled") % {"when": when, **words},
        url=f"{reverse('jobs:job_list')}?{urlencode(query)}",
        pieces=tuple(pieces),
        numbers=tuple(words.values()),
    )


def _count(span: Span, state: str) -> str:
    number = span.numbers[state]
    return counted(number + (span.capped and number >= throughput.CELL_CAP), throughput.CELL_CAP)


def ceiling(number: int) -> int:
    """The end of the axis: round, even (half of it is a whole number too), and not below the highest column."""
    step = 1
    while True:
        for base in (2, 4, 6, 8, 10):
            if base * step >= number:
                return base * step
        step *= 10


# --- pipelines --------------------------------------------------------------------------------------------------------------
def _queues(rows: list[Queue]) -> Queues:
    deepest = max((row.queued for row in rows), default=0) or 1
    longest = max((row.p95 or 0.0 for row in rows), default=0.0) or 1.0
    depth, waits, table = [], [], []
    for index, row in enumerate(rows):
        name, number = row.pipeline.name, number_format(row.queued, 0, force_grouping=True)
        depth.append(_bar(index, name, number, row.queued / deepest))
        median, p95 = _seconds(row.median), _seconds(row.p95)
        text = pgettext("wait", "%(median)s, 95 %% within %(p95)s") % {"median": median, "p95": p95} if row.p95 is not None else "–"
        waits.append(_bar(index, name, text, (row.median or 0.0) / longest, (row.p95 or 0.0) / longest))
        table.append(Line(name, reverse("pipelines:pipeline_detail", args=[row.pipeline.id]), number, _seconds(row.oldest), median, p95))
    return Queues(tuple(depth), tuple(waits), tuple(table), max(1, len(rows)) * ROW)


def _bar(index: int, name: str, value: str, share: float, tail: float = 0.0) -> Bar:
    shown = name if len(name) <= NAME_SHOWN else f"{name[: NAME_SHOWN - 1]}…"
    return Bar(shown, value, f"{name}: {value}", index * ROW + 16, index * ROW + 24, f"{100 * share:.2f}%", f"{100 * tail:.2f}%")


def _seconds(seconds: float | None) -> str:
    return "–" if seconds is None else duration(dt.timedelta(seconds=seconds))
