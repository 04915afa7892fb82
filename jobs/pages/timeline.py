"""Where the time of a job went: waiting, and the phases of each attempt, as bars on one axis. Server times only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from jobs import clock
from jobs.states import AttemptState, Phase

if TYPE_CHECKING:
    from jobs.models import Attempt, Job

WIDTH = 1100  # units of the drawing; it scales with the page
ROW = 34
TOP = 8


@dataclass(frozen=True)
class Bar:
    """A span of time. ``x`` and ``width`` in units of the drawing."""

    label: str
    kind: str
    start: dt.datetime
    seconds: float
    x: float
    width: float

    @property
    def wide(self) -> bool:
        """Whether its label fits inside."""
        return self.width > 7.5 * len(self.label) + 10


@dataclass(frozen=True)
class Lane:
    """One row: waiting, or an attempt with its worker."""

    label: str
    detail: str
    y: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Timeline:
    """All rows, with the length of the axis."""

    lanes: tuple[Lane, ...]
    seconds: float
    height: int
    width: int = WIDTH

    @property
    def ticks(self) -> list[tuple[float, float]]:
        """(x, seconds) of a few round marks."""
        step = next((s for s in (0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600, 4 * 3600, 24 * 3600) if self.seconds / s <= 8), 7 * 86_400)
        return [(round(i * step / self.seconds * WIDTH, 1), i * step) for i in range(int(self.seconds / step) + 1)]


def timeline(job: Job, attempts: Iterable[Attempt]) -> Timeline:
    """The drawing's data."""
    rows = list(attempts)
    now = clock.now()
    end = max([job.finished_at or now, *(row.finished_at for row in rows if row.finished_at)])
    total = max((end - job.created_at).total_seconds(), 0.1)

    def bar(label: str, kind: str, start: dt.datetime, stop: dt.datetime) -> Bar:
        offset = max(0.0, (start - job.created_at).total_seconds())
        seconds = max(0.0, (stop - start).total_seconds())
        return Bar(label, kind, start, seconds, round(offset / total * WIDTH, 1), round(max(2.0, seconds / total * WIDTH), 1))

    kinds = {"survey": _("Survey"), "probe": _("Trial encode")}  # steps that are not the whole job
    first = min((row.started_at for row in rows), default=end)
    lanes = [Lane(_("Wait"), "", TOP, (bar(_("Wait"), "wait", job.created_at, min(first, end)),))]
    for row in rows:
        stop = row.finished_at or now
        bars = tuple(bar(*piece) for piece in _phases(row, stop)) or (bar(_("Run"), "run", row.started_at, stop),)
        label = _("Step %(step)s, attempt %(number)s") % {"step": row.step.index + 1, "number": row.number}
        kind = f"{kinds[row.step.kind]} · " if row.step.kind in kinds else ""
        lanes.append(Lane(label, f"{kind}{row.worker} · {AttemptState(row.state).label}", TOP + ROW * len(lanes), bars))
    return Timeline(tuple(lanes), total, TOP + ROW * len(lanes) + 24)


def _phases(attempt: Attempt, stop: dt.datetime) -> list[tuple[str, str, dt.datetime, dt.datetime]]:
    """(label, kind, start, stop) of each phase; what cannot be read is left out."""
    marks: list[tuple[str, dt.datetime]] = []
    for entry in attempt.phases:
        try:
            marks.append((str(entry[0]), dt.datetime.fromisoformat(entry[1])))
        except (ValueError, TypeError, IndexError):
            continue
    if not marks:
        return []  # its first command has not ended yet
    labels = dict(Phase.choices)
    ends = [start for _name, start in marks[1:]] + [stop]
    return [(str(labels.get(name, name)), name, start, max(start, after)) for (name, start), after in zip(marks, ends, strict=True)]
