"""Repair of what crashes leave, and of what only time brings. Safe to run on several nodes at once: every move is fenced by the state it starts from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.db import transaction

from jobs import clock, scheduler, transitions
from jobs.models import Job, Lane, Node, Pipeline, PipelineEvent, Step
from jobs.states import StepState

NODE_FORGOTTEN = dt.timedelta(days=1)


def sweep(now: dt.datetime | None = None) -> None:
    """One round: expired leases, waiting times that are over, pauses that are over, wishes to cancel; then ring for what can be claimed."""
    now = now or clock.now()
    take_back_expired(now)
    ready_waiting(now)
    resume_pipelines(now)
    cancel_wished()
    for lane in Lane.values:
        if scheduler.claimable(lane):
            scheduler.ring(lane)


def take_back_expired(now: dt.datetime) -> int:
    """Steps whose worker has not renewed its lease. Returns how many were taken back."""
    expired = Step.objects.filter(state=StepState.RUNNING, lease_until__lt=now).order_by("lease_until").values_list("id", "attempt")
    return sum(scheduler.lose(step_id, attempt, reason="lease expired") for step_id, attempt in list(expired))


def ready_waiting(now: dt.datetime) -> int:
    """Steps that were to wait until a time that has come. Returns how many are ready now."""
    return Step.objects.filter(state=StepState.BLOCKED, not_before__lte=now).update(state=StepState.READY, not_before=None)


def resume_pipelines(now: dt.datetime) -> None:
    """Pipelines that were paused until a time that has come."""
    for pipeline in Pipeline.objects.filter(state=Pipeline.State.PAUSED, resume_at__lte=now):
        with transaction.atomic():
            due = Pipeline.objects.filter(pk=pipeline.pk, state=Pipeline.State.PAUSED, resume_at__lte=now)
            if due.update(state=Pipeline.State.ACTIVE, pause_reason="", resume_at=None, updated_at=now):
                PipelineEvent.objects.create(pipeline=pipeline, kind="resumed", data={"due": pipeline.resume_at.isoformat() if pipeline.resume_at else ""})


def cancel_wished() -> None:
    """Jobs that are to be cancelled and have no worker that could notice it."""
    for job_id in list(Job.objects.filter(cancel_requested=True, finished_at__isnull=True).order_by().values_list("id", flat=True)):
        if not Step.objects.filter(job_id=job_id, state=StepState.RUNNING).exists():
            transitions.cancel_queued(job_id, "")


def give_back(node: str, live_workers: Callable[[], set[str]]) -> int:
    """Take back at once the steps of this node's dead groups. Returns how many.

    ``live_workers`` is asked after the steps were read: a group is on the board before it can claim, so whoever is missing then has died.
    """
    running = list(Step.objects.filter(state=StepState.RUNNING, worker__startswith=f"{node}/").order_by("id").values_list("id", "attempt", "worker"))
    if not running:
        return 0
    live = live_workers()
    return sum(scheduler.lose(step_id, attempt, reason="worker died") for step_id, attempt, worker in running if worker not in live)


def release_node(node: str, reason: str) -> int:
    """Hand back, uncounted, every step of a node none of whose groups lives: before it starts and after it has stopped. Returns how many."""
    running = Step.objects.filter(state=StepState.RUNNING, worker__startswith=f"{node}/").order_by("id").values_list("id", "attempt")
    return sum(scheduler.release(step_id, attempt, reason=reason) for step_id, attempt in list(running))


def forget_nodes(now: dt.datetime) -> None:
    """Rows of nodes that have not been seen for a day."""
    Node.objects.filter(seen_at__lt=now - NODE_FORGOTTEN).delete()
