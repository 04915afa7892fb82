"""Claims and leases. This is the one place that enforces slots, priority, pause and capabilities.

    claim → renew … renew → (recorded by jobs.records) | release | lose

A claim gives a step to one worker under a new attempt number until the lease ends. Everything that a worker writes later is fenced by that number.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import close_old_connections, transaction
from django.db.models import Q

from jobs import board, clock, hot, transitions
from jobs.doorbell import ring, ring_on_commit
from jobs.heads import Candidate, confirm, heads, more
from jobs.models import Attempt, Job, Step
from jobs.states import AttemptState, StepState

__all__ = ["Claimed", "claim", "claimable", "holds", "lose", "release", "renew", "ring", "ring_on_commit"]
TRIES = 20
LOSSES_MAX = 3


@dataclass(frozen=True)
class Claimed:
    """A step that this worker may do, as this attempt."""

    step_id: int
    attempt: int
    job_id: str
    kind: str


def claim(lane: str, worker: str, capabilities: frozenset[str] = frozenset()) -> Claimed | None:
    """Take the runnable step of highest priority, then of the oldest job. None: nothing may start now, or this node is stopping.

    If more could be claimed by this kind of worker, the doorbell is rung for the next one.
    """
    for _ in range(TRIES):
        found = heads(lane, capabilities)
        if not found or board.draining():
            return None
        with transaction.atomic():
            step = confirm(found[0], lane, next_best=found[1] if len(found) > 1 else None)
            claimed = _take(step, worker) if step else None
            if claimed is None:
                transaction.set_rollback(True)  # what was sent along with a claim that failed
        if claimed:
            if step and more(found, step):
                ring(lane)
            return claimed
        time.sleep(0.002)  # somebody was faster, or is just changing that job: look again
    return None


def claimable(lane: str, capabilities: frozenset[str] | None = None) -> bool:
    """Whether something could be claimed now, by a worker with these capabilities (None: by anyone)."""
    return bool(heads(lane, capabilities))


def _take(step: Candidate, worker: str) -> Claimed | None:
    """Write the claim. None: the step was taken or cancelled between the look and the lock, and the caller rolls back."""
    now = clock.now()
    waiting = {"id": step.step_id, "state": StepState.READY, "attempt": step.attempt}
    attempt = step.attempt + 1
    claim = {"state": StepState.RUNNING, "attempt": attempt, "lease_until": _lease(now), "worker": worker, "program_running": False, "not_before": None}
    taken = hot.do(
        hot.updating(Step, waiting, claim),
        hot.inserting(Attempt, step_id=step.step_id, number=attempt, worker=worker),
        *transitions.starting_job(step.job_id, now),
        transitions.writing_event(step.job_id, "started", attempt=attempt, worker=worker),
    )[0]
    if not taken.touched:
        return None
    return Claimed(step.step_id, attempt, step.job_id, step.kind)


def renew(step_id: int, attempt: int, *, program_running: bool) -> str:
    """Extend the lease. «ok»; «lost»: the step is no longer this attempt's, stop and publish nothing; «cancel»: somebody wants the job to stop, or another
    step has failed it."""
    held = Step.objects.filter(pk=step_id, attempt=attempt, state=StepState.RUNNING)
    if not held.update(lease_until=_lease(clock.now()), program_running=program_running):
        return "lost"
    return "cancel" if Job.objects.filter(~Q(code="") | Q(cancel_requested=True), steps=step_id).exists() else "ok"


def holds(step_id: int, attempt: int) -> bool:
    """Whether the step is still this attempt's: the fence. An expired lease that nobody took back still holds."""
    close_old_connections()  # asked after long work: a connection that the server has ended meanwhile is noticed before it is used
    return Step.objects.filter(pk=step_id, attempt=attempt, state=StepState.RUNNING).exists()


def release(step_id: int, attempt: int, *, not_before: dt.datetime | None = None, reason: str = "") -> bool:
    """Hand a step back uncounted (stopping, full disk). With ``not_before`` it waits until then. False: it was not ours any more."""
    with transaction.atomic():
        if not _hand_back(step_id, attempt, AttemptState.RELEASED, not_before=not_before):
            return False
        step = Step.objects.only("job_id", "lane").get(pk=step_id)
        transitions.event(step.job_id, "released", attempt=attempt, reason=reason)
        transitions.requeue_job(step.job_id)
        ring_on_commit(step.lane)
    return True


def lose(step_id: int, attempt: int, *, reason: str) -> bool:
    """Take a step back from a worker that died or went silent. The loss counts only if its program ran: then the step itself may be what kills.

    The third one fails the job. False: the attempt had ended meanwhile.
    """
    with transaction.atomic():
        step = Step.objects.select_for_update(no_key=True).filter(pk=step_id, attempt=attempt, state=StepState.RUNNING).first()
        if step is None:
            return False
        losses = step.losses + step.program_running
        _hand_back(step_id, attempt, AttemptState.LOST)
        Step.objects.filter(pk=step_id).update(losses=losses)
        transitions.event(step.job_id, "lost", attempt=attempt, worker=step.worker, reason=reason, losses=losses)
        if losses >= LOSSES_MAX:
            Step.objects.filter(pk=step_id).update(state=StepState.FAILED)
            transitions.fail_job(step.job_id, "WorkerLost")
        else:
            transitions.requeue_job(step.job_id)
        ring_on_commit(step.lane)
    return True


def _hand_back(step_id: int, attempt: int, ending: str, *, not_before: dt.datetime | None = None) -> bool:
    """End the attempt and let the step wait again."""
    waits = StepState.BLOCKED if not_before else StepState.READY
    held = Step.objects.filter(pk=step_id, attempt=attempt, state=StepState.RUNNING)
    if not held.update(state=waits, not_before=not_before, lease_until=None, program_running=False):
        return False
    Attempt.objects.filter(step_id=step_id, number=attempt, state=AttemptState.RUNNING).update(state=ending, finished_at=clock.now())
    return True


def _lease(now: dt.datetime) -> dt.datetime:
    return now + dt.timedelta(seconds=settings.REELMILL_LEASE_SECONDS)
