"""What monitors ask: is the site up, can it work, and how much is there to do.

``/healthz`` and ``/readyz`` are open to everybody and tell nothing secret. ``/metrics`` answers requests from this very host (no proxy's
forwarding header), and everybody else with a token or session of role viewer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, Min, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from console import auth
from console.lib.http import error_answer
from console.models import Role
from jobs import clock, queries
from jobs.engine.errors import Refused
from jobs.models import Job, Lane, Pipeline, Step
from jobs.states import FINAL, JobState, StepState

LOOPBACK = ("127.0.0.1", "::1")


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers. Asks nothing else: a monitor must not restart the web because the database is away."""
    return JsonResponse({"status": "ok", "version": settings.VERSION})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when a job sent now would be worked on: database, default pipeline, and a worker seen within ten seconds; else 503 saying what is missing."""
    checks = {"database": False, "default_pipeline": False, "worker": False}
    try:
        checks["default_pipeline"] = Pipeline.objects.filter(name=settings.REELMILL_DEFAULT_PIPELINE).exists()
        checks["database"] = True
        checks["worker"] = bool(queries.alive_nodes(Lane.MAIN))
    except DatabaseError:
        pass
    ready = all(checks.values())
    return JsonResponse({"status": "ready" if ready else "not ready", "checks": checks}, status=200 if ready else 503)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text, counted in the database when asked, so that one scrape of any web process tells about the whole installation."""
    if request.META.get("REMOTE_ADDR") not in LOOPBACK or "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        try:
            auth.require(request, Role.VIEWER)
        except Refused as error:
            return error_answer(request, error)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Counted())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Counted:
    """A collector for one scrape."""

    def collect(self) -> Iterator[Metric]:
        """All families."""
        yield from _jobs()
        yield from _pipelines()
        yield from _workers()

    def describe(self) -> list[Metric]:
        """Nothing beforehand: names are told by collecting."""
        return []


def _jobs() -> Iterator[Metric]:
    """Jobs by state and kind. Finished ones are counted over the last 24 hours, so that a long history costs nothing."""
    now = clock.now()
    unfinished = GaugeMetricFamily("reelmill_jobs", "Jobs that have not finished, now.", labels=("state", "kind"))
    rows = Job.objects.filter(state__in=(JobState.QUEUED, JobState.RUNNING)).order_by().values_list("state", "kind").annotate(number=Count("pk"))
    for state, kind, number in rows:
        unfinished.add_metric((state, kind), number)
    yield unfinished
    finished = GaugeMetricFamily("reelmill_jobs_finished_24h", "Jobs submitted in the last 24 hours that have finished, by outcome.", labels=("state", "kind"))
    recent = Job.objects.filter(created_at__gte=now - dt.timedelta(hours=24), state__in=sorted(FINAL))
    for state, kind, number in recent.order_by().values_list("state", "kind").annotate(number=Count("pk")):
        finished.add_metric((state, kind), number)
    yield finished


def _pipelines() -> Iterator[Metric]:
    """Per pipeline: waiting, oldest wait, running, slots, and whether it is active."""
    now = clock.now()
    waiting = GaugeMetricFamily("reelmill_pipeline_queued_steps", "Steps that wait for a worker.", labels=("pipeline",))
    oldest = GaugeMetricFamily("reelmill_pipeline_oldest_wait_seconds", "How long the oldest waiting step has waited.", labels=("pipeline",))
    running = GaugeMetricFamily("reelmill_pipeline_running_steps", "Steps that run and hold a slot.", labels=("pipeline",))
    slots = GaugeMetricFamily("reelmill_pipeline_slots", "Slots of the pipeline.", labels=("pipeline",))
    active = GaugeMetricFamily("reelmill_pipeline_active", "1: Active, 0: Paused.", labels=("pipeline",))
    counts = {
        row["pipeline"]: row
        for row in Step.objects.filter(state__in=(StepState.READY, StepState.RUNNING))
        .order_by()
        .values("pipeline")
        .annotate(
            waiting=Count("pk", filter=Q(state=StepState.READY)),
            running=Count("pk", filter=Q(state=StepState.RUNNING, lane=Lane.MAIN)),
            since=Min("seq", filter=Q(state=StepState.READY)),
        )
    }
    for pipeline in Pipeline.objects.order_by("name"):
        row = counts.get(pipeline.pk)
        waiting.add_metric((pipeline.name,), row["waiting"] if row else 0)
        oldest.add_metric((pipeline.name,), max(0.0, now.timestamp() - row["since"] / 1_000_000) if row and row["since"] else 0.0)
        running.add_metric((pipeline.name,), row["running"] if row else 0)
        slots.add_metric((pipeline.name,), pipeline.slots)
        active.add_metric((pipeline.name,), pipeline.state == Pipeline.State.ACTIVE)
    yield from (waiting, oldest, running, slots, active)


def _workers() -> Iterator[Metric]:
    """Worker groups of nodes that were seen within ten seconds."""
    groups = GaugeMetricFamily("reelmill_workers", "Worker groups that are alive.", labels=("node", "lane"))
    for node in queries.alive_nodes():
        for lane in Lane.values:
            groups.add_metric((node.name, lane), sum(1 for group in node.groups if group.get("lane") == lane))
    yield groups
