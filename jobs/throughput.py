"""Reads behind the charts of the overview: outcomes over time, queues and waits of pipelines, minutes made this month.

Time is always the time of submission: that is what the indexes are sorted by, so a million jobs are counted without reading one of their rows.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from dataclasses import dataclass

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, FloatField, Min, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.utils import timezone

from jobs import clock
from jobs.models import Job, Output, Pipeline
from jobs.states import JobState

OUTCOMES = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)
RANGES = {"24h": 24, "7d": 7, "30d": 30}  # how many spans: hours for the first, days for the others
CELL_CAP = 50_000  # jobs of one outcome in one span are counted no further
PIPELINES_SHOWN = 6
WAITS_LOOKED_AT = 100
MINUTES_JOBS = 2000  # the newest jobs of the month whose outputs are added up
MINUTES_KEPT = 60  # s

CELL = "SELECT count(*) FROM (SELECT 1 FROM jobs_job WHERE state = %s AND created_at >= %s AND created_at < %s LIMIT {cap}) cell"


@dataclass(frozen=True)
class Span:
    """An hour or a day, and how many of the jobs submitted in it came to which end. ``capped``: one of the numbers is larger than told."""

    start: dt.datetime
    end: dt.datetime
    numbers: dict[str, int]
    capped: bool

    @property
    def total(self) -> int:
        """All outcomes together."""
        return sum(self.numbers.values())


@dataclass(frozen=True)
class Queue:
    """One pipeline: what waits in it now, and how long jobs of the range waited. Seconds; None where no job tells."""

    pipeline: Pipeline
    queued: int
    oldest: float | None
    median: float | None
    p95: float | None


@dataclass(frozen=True)
class Minutes:
    """Minutes of media in outputs; ``more``: there are more jobs than were added up."""

    minutes: float
    more: bool
    since: dt.datetime


def spans(name: str) -> list[Span]:
    """The spans of a range, oldest first; the last one is going on. One statement of bounded index reads."""
    edges = _edges(name)
    cells = [(state, start, end) for start, end in itertools.pairwise(edges) for state in OUTCOMES]
    adapt = connection.ops.adapt_datetimefield_value
    values = [value for state, start, end in cells for value in (str(state), adapt(start), adapt(end))]
    one = CELL.format(cap=CELL_CAP + 1)
    statement = "SELECT " + ", ".join(f"({one})" for _cell in cells)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        counts = list(cursor.fetchone())
    found = []
    for index, (start, end) in enumerate(itertools.pairwise(edges)):
        mine = counts[index * len(OUTCOMES) : (index + 1) * len(OUTCOMES)]
        numbers = {str(state): min(number, CELL_CAP) for state, number in zip(OUTCOMES, mine, strict=True)}
        found.append(Span(start, end, numbers, max(mine) > CELL_CAP))
    return found


def _edges(name: str) -> list[dt.datetime]:
    """Where spans begin and end: full hours or midnights of the reader's zone."""
    number, now = RANGES[name], timezone.localtime(clock.now())
    if name == "24h":
        hour = now.replace(minute=0, second=0, microsecond=0).astimezone(dt.UTC)  # in UTC, where every hour is an hour
        return [timezone.localtime(hour + dt.timedelta(hours=i)) for i in range(1 - number, 2)]
    midnight = dt.datetime.min.time()
    return [timezone.make_aware(dt.datetime.combine(now.date() + dt.timedelta(days=i), midnight)) for i in range(1 - number, 2)]


def queues(since: dt.datetime) -> list[Queue]:
    """The pipelines in which most waits, with the waits of their newest jobs that succeeded since then."""
    now = clock.now()
    pipelines = {row.id: row for row in Pipeline.objects.order_by("name")[:500]}
    rows = Job.objects.filter(pipeline__in=list(pipelines), state=JobState.QUEUED).order_by()
    waiting = {row["pipeline"]: row for row in rows.values("pipeline").annotate(number=Count("id"), oldest=Min("created_at"))}
    shown = sorted(pipelines, key=lambda id_: -waiting[id_]["number"] if id_ in waiting else 0)[:PIPELINES_SHOWN]
    found = []
    for id_ in shown:
        waits = _waits(id_, since)
        mine = waiting.get(id_)
        oldest = (now - mine["oldest"]).total_seconds() if mine else None
        found.append(Queue(pipelines[id_], mine["number"] if mine else 0, oldest, percentile(waits, 0.5), percentile(waits, 0.95)))
    return found


def _waits(pipeline_id: str, since: dt.datetime) -> list[float]:
    """Seconds from submit to first start, of the newest jobs that succeeded; sorted."""
    rows = Job.objects.filter(pipeline=pipeline_id, state=JobState.SUCCEEDED, created_at__gte=since).order_by("-created_at", "-id")
    return sorted(max(0.0, (start - made).total_seconds()) for made, start in rows.values_list("created_at", "started_at")[:WAITS_LOOKED_AT] if start)


def percentile(values: list[float], share: float) -> float | None:
    """The smallest value that so large a share of the sorted values does not exceed (nearest rank)."""
    return values[max(0, math.ceil(share * len(values)) - 1)] if values else None


def minutes_this_month() -> Minutes:
    """Minutes of media in the outputs of jobs submitted since the first of the month. Asked at most once a minute: overviews poll."""
    since = timezone.localtime(clock.now()).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    key = f"minutes:{since.isoformat()}"
    found: Minutes | None = cache.get(key)
    if found is None:
        done = Job.objects.filter(state=JobState.SUCCEEDED, created_at__gte=since).order_by("-created_at", "-id").values_list("id", flat=True)
        ids = list(done[: MINUTES_JOBS + 1])
        outputs = Output.objects.filter(job__in=ids[:MINUTES_JOBS], state=JobState.SUCCEEDED, media_info__isnull=False)
        seconds = outputs.aggregate(total=Sum(Cast(KT("media_info__duration"), FloatField())))["total"] or 0.0
        found = Minutes(seconds / 60, len(ids) > MINUTES_JOBS, since)
        cache.set(key, found, MINUTES_KEPT)
    return found
