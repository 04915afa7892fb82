"""Tasks of other products: several of our jobs sent and told as one. Writes through ``jobs.services``; reads with a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from jobs import queries, services
from jobs.engine.errors import Refused
from jobs.foreign.models import ForeignTask, ForeignTaskJob
from jobs.models import Job, Output
from jobs.services import Submission
from jobs.states import FINAL, JobState
from media_assets.buckets import own_names

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User

    from jobs.engine.spec import AnySpec

UNFINISHED = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True)
class Part:
    """One job to be: its spec, and what the product calls its outputs."""

    spec: AnySpec
    words: Mapping[str, Any] = field(default_factory=dict)
    pipeline: str = "default"
    priority: int | None = None


@dataclass(frozen=True)
class Told:
    """What became of a task: its jobs' states, times and the first cause together."""

    state: str
    code: str
    message: str
    progress: int
    started_at: datetime | None
    finished_at: datetime | None


def submit_task(
    task_id: str,
    parts: Sequence[Part],
    *,
    product: str,
    type: str,
    owner: User | None,
    user_data: str = "",
    token: str = "",
    topic: str | None = None,
    **more: Any,
) -> ForeignTask:
    """Accept all jobs of a task, or none. ``topic``: who is told of their ends (None: their pipelines' topics). ``more``: fields of :class:`ForeignTask`.

    With a client token that this owner used before, the task of that time comes back. Raises Refused as :func:`jobs.services.submit_all`.
    """
    if earlier := _earlier(product, type, owner, token):
        return earlier
    task = ForeignTask(id=task_id, product=product, type=type, owner=owner, user_data=user_data, token=token, **more)

    shared: dict[str, Any] = {"user_data": user_data, "source": product, "owner": owner, "notify_topic": topic}

    def record(jobs: Sequence[Job]) -> None:
        task.save(force_insert=True)
        rows = [ForeignTaskJob(task=task, job=job, index=number, words=dict(parts[number].words)) for number, job in enumerate(jobs)]
        ForeignTaskJob.objects.bulk_create(rows)

    try:
        services.submit_all([(part.spec, Submission(pipeline=part.pipeline, priority=part.priority, **shared)) for part in parts], record)
    except IntegrityError:
        if earlier := _earlier(product, type, owner, token):
            return earlier
        raise
    return task


def _earlier(product: str, type: str, owner: User | None, token: str) -> ForeignTask | None:
    return ForeignTask.objects.filter(product=product, type=type, owner=owner, token=token).first() if token else None


def find_task(task_id: str, *, states_only: bool = False, **narrowed: Any) -> ForeignTask:
    """One task with its jobs (and their outputs), or with no more than :func:`told` needs. Raises Refused NotFound."""
    fetched = with_states if states_only else with_parts
    found = None if "\x00" in task_id else next(iter(fetched(own(ForeignTask.objects.filter(pk=task_id, **narrowed)).order_by())), None)
    if found is None:
        raise Refused("NotFound", f"There is no task {task_id[:64]}.")
    return found


def own(rows: QuerySet[ForeignTask]) -> QuerySet[ForeignTask]:
    """Tasks all of whose jobs stay within buckets that the policy in force allows."""
    if own_names() is None:
        return rows
    parts = ForeignTaskJob.objects.filter(task=OuterRef("pk"))
    return rows.filter(~Exists(parts.exclude(pk__in=queries.own(ForeignTaskJob.objects.all(), "job"))))


def with_parts(rows: QuerySet[ForeignTask]) -> QuerySet[ForeignTask]:
    """The same tasks with their jobs and outputs, in three queries however many they are."""
    outputs = Prefetch("job__outputs", Output.objects.order_by("index").defer("effective", "parameters", "checks"))
    parts = (
        ForeignTaskJob.objects.select_related("job", "job__pipeline")
        .defer("job__probe", "job__log_line", "job__spec", "job__result")
        .order_by("index")
        .prefetch_related(outputs)
    )
    return rows.prefetch_related(Prefetch("parts", parts))


def with_states(rows: QuerySet[ForeignTask]) -> QuerySet[ForeignTask]:
    """The same tasks with what :func:`told` needs of their jobs and nothing else: clients ask for it again and again."""
    needed = [f"job__{name}" for name in ("state", "code", "message", "progress", "started_at", "finished_at")]
    return rows.prefetch_related(Prefetch("parts", ForeignTaskJob.objects.select_related("job").only("task_id", *needed).order_by("index")))


def in_state(rows: QuerySet[ForeignTask], *states: str) -> QuerySet[ForeignTask]:
    """Those whose merged state is one of these; queued and running are not told apart."""
    wanted = Q(pk__in=())
    jobs = ForeignTaskJob.objects.filter(task=OuterRef("pk"))
    open_, failed = Exists(jobs.filter(job__state__in=UNFINISHED)), Exists(jobs.filter(job__state=JobState.FAILED))
    cancelled = Exists(jobs.filter(job__state=JobState.CANCELLED))
    if set(states) & set(UNFINISHED):
        wanted |= Q(open_)
    if JobState.FAILED in states:
        wanted |= Q(~open_, failed)
    if JobState.CANCELLED in states:
        wanted |= Q(~open_, ~failed, cancelled)
    if JobState.SUCCEEDED in states:
        wanted |= Q(~open_, ~failed, ~cancelled)
    return rows.filter(wanted)


def told(task: ForeignTask) -> Told:
    """What became of it, out of the rows that :func:`with_parts` or :func:`with_states` fetched."""
    jobs = [part.job for part in task.parts.all()]
    state = merged(job.state for job in jobs)
    cause = next((job for job in jobs if job.state == state and job.code), None) if state in FINAL else None
    return Told(
        state=state,
        code=cause.code if cause else "",
        message=cause.message if cause else "",
        progress=sum(job.progress for job in jobs) // max(1, len(jobs)),
        started_at=min((job.started_at for job in jobs if job.started_at), default=None),
        finished_at=max((job.finished_at for job in jobs if job.finished_at), default=None) if state in FINAL else None,
    )


def merged(states: Iterable[str]) -> str:
    """The state of a task whose jobs have these states; without jobs it is over, with nothing to show."""
    found = set(states)
    if not found:
        return JobState.CANCELLED
    if found & set(UNFINISHED):
        return JobState.QUEUED if found == {JobState.QUEUED} else JobState.RUNNING
    return next(state for state in (JobState.FAILED, JobState.CANCELLED, JobState.SUCCEEDED) if state in found)
