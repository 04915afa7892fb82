"""What the pipeline pages show about each pipeline, in a fixed number of queries however many pipelines there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Case, Count, IntegerField, Min, Q, QuerySet, Value, When

from jobs import clock
from jobs.models import Job, Pipeline, Step
from jobs.states import JobState, StepState

HOURS = 24
WAITING_SHOWN = 50
HISTORY_SHOWN = 50


@dataclass
class Load:
    """Numbers of one pipeline now. «hourly»: jobs submitted in each of the last 24 hours, oldest first."""

    running: int = 0
    queued: int = 0
    oldest: dt.datetime | None = None
    failed_day: int = 0
    hourly: list[int] = field(default_factory=lambda: [0] * HOURS)

    @property
    def bars(self) -> list[dict[str, int]]:
        """The hourly numbers as bars in a box of 96 × 24."""
        top = max(self.hourly) or 1
        heights = [round(22 * number / top) or (1 if number else 0) for number in self.hourly]
        return [{"x": 4 * index, "y": 24 - height, "height": height} for index, height in enumerate(heights)]

    @property
    def submitted_day(self) -> int:
        """Jobs submitted in the last 24 hours."""
        return sum(self.hourly)


def filtered(q: str = "", type_: str = "", state: str = "") -> QuerySet[Pipeline]:
    """Pipelines by a part of the name (or the id), type and state, by name."""
    rows = Pipeline.objects.order_by("name")
    if q:
        rows = rows.filter(Q(name__icontains=q) | Q(id=q))
    if type_:
        rows = rows.filter(type=type_)
    if state:
        rows = rows.filter(state=state)
    return rows


def loads(pipelines: Iterable[Pipeline], *, hourly: bool = True) -> dict[str, Load]:
    """The load of each pipeline by its id: three queries, two without the hourly numbers."""
    ids = [pipeline.id for pipeline in pipelines]
    found = {id_: Load() for id_ in ids}
    unfinished = Job.objects.filter(pipeline__in=ids, state__in=(JobState.QUEUED, JobState.RUNNING)).order_by()
    for row in unfinished.values("pipeline", "state").annotate(number=Count("id"), oldest=Min("created_at")):
        load = found[row["pipeline"]]
        if row["state"] == JobState.QUEUED:
            load.queued, load.oldest = row["number"], row["oldest"]
        else:
            load.running = row["number"]
    if hourly:
        _count_hours(ids, found)
    since = clock.now() - dt.timedelta(hours=24)
    failed = Job.objects.filter(pipeline__in=ids, state=JobState.FAILED, created_at__gte=since).order_by()
    for bad in failed.values("pipeline").annotate(number=Count("id")):
        found[bad["pipeline"]].failed_day = bad["number"]
    return found


def _count_hours(ids: list[str], found: dict[str, Load]) -> None:
    """Jobs submitted in each of the last 24 hours. Hours are told apart by comparing: SQLite calls back into Python for every row of a TruncHour."""
    this_hour = clock.now().replace(minute=0, second=0, microsecond=0)
    starts = [this_hour - dt.timedelta(hours=HOURS - 1 - index) for index in range(HOURS)]
    hour = Case(*(When(created_at__gte=start, then=Value(index)) for index, start in reversed(list(enumerate(starts)))), output_field=IntegerField())
    recent = Job.objects.filter(pipeline__in=ids, created_at__gte=starts[0]).order_by()
    for row in recent.values("pipeline", hour=hour).annotate(number=Count("id")):
        found[row["pipeline"]].hourly[row["hour"]] = row["number"]


def waiting(pipeline: Pipeline) -> QuerySet[Step]:
    """Its waiting steps in the order in which workers will take them, with their jobs."""
    steps = Step.objects.filter(pipeline=pipeline, state=StepState.READY).select_related("job")
    return steps.order_by("-priority", "seq", "id")
