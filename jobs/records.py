"""What a worker writes about its attempt. Every write is fenced by step, attempt number and the state «running»: a zombie writes nothing.

begin → note_* … → output_done | output_failed … → step_done | step_failed | step_cancelled
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from jobs import clock, hot, scheduler, steps, transitions
from jobs.models import Attempt, Job, Output, Step
from jobs.scheduler import LOSSES_MAX
from jobs.states import AttemptState, JobState, StepState
from jobs.transitions import LIVE_STEPS, UNFINISHED

if TYPE_CHECKING:
    from jobs.engine.errors import ReelmillError

HELD = "SELECT losses FROM jobs_step WHERE id = %s AND attempt = %s AND state = 'running'"
AGAIN = frozenset({"Stalled", "OutOfMemory", "InternalError"})  # failures that may be the moment's and not the input's


class LeaseLost(Exception):
    """The step is no longer ours: stop, publish nothing, write nothing."""


@dataclass(frozen=True)
class Fence:
    """Which attempt writes."""

    job_id: str
    step_id: int
    attempt: int

    @property
    def token(self) -> str:
        """What this attempt's unrecorded objects are known by."""
        return f"{self.job_id}-{self.step_id}-{self.attempt}"

    @property
    def held(self) -> dict[str, Any]:
        """What is true of the step as long as it is this attempt's."""
        return {"id": self.step_id, "attempt": self.attempt, "state": StepState.RUNNING}

    def lock(self) -> int:
        """Lock the step's row until the transaction ends; answers its losses. Raises LeaseLost if another attempt owns it."""
        with connection.cursor() as cursor:
            cursor.execute(HELD + (" FOR NO KEY UPDATE" if connection.features.has_select_for_update else ""), [self.step_id, self.attempt])
            if (row := cursor.fetchone()) is None:
                raise LeaseLost
        return int(row[0])


def note_attempt(fence: Fence, **values: Any) -> None:
    """Set fields of the attempt's row: argv, tool_version, log_name, log_tail, exit_code, usage, phases."""
    Attempt.objects.filter(step=fence.step_id, number=fence.attempt, state=AttemptState.RUNNING).update(**values)


def note_probe(fence: Fence, probe: Mapping[str, Any], warnings: Sequence[str]) -> None:
    """Keep what is in the input."""
    with transaction.atomic():
        fence.lock()
        transitions.change(fence.job_id, probe=probe, warnings=list(warnings))


def note_plan(fence: Fence, index: int, parameters: Sequence[Mapping[str, Any]], warnings: Sequence[str]) -> None:
    """Keep an output's effective parameters with their origin."""
    Output.objects.filter(job=fence.job_id, index=index, state__in=UNFINISHED).update(parameters=list(parameters), warnings=list(warnings))


def note_step(fence: Fence, result: Mapping[str, Any]) -> None:
    """Keep what the step has found so far: whoever does it again need not find it again. Raises LeaseLost."""
    if not Step.objects.filter(**fence.held).update(result=dict(result)):
        raise LeaseLost


def note_progress(fence: Fence, *, phase: str, progress: int, speed: float | None, fps: float | None, outputs: Sequence[int], forwards: bool = False) -> None:
    """Write progress of a running job; progress never goes back within an attempt. ``forwards``: several steps may write it, so a smaller one is left out."""
    if forwards:
        progress = max(progress, Job.objects.filter(pk=fence.job_id).values_list("progress", flat=True).first() or 0)
    if transitions.change(fence.job_id, JobState.RUNNING, phase=phase, progress=progress, speed=speed, fps=fps) and outputs:
        Output.objects.filter(job=fence.job_id, index__in=outputs, state=JobState.RUNNING).update(progress=progress)


def output_shown(fence: Fence, index: int, at: dt.datetime | None) -> None:
    """An output can be seen while it is made, since ``at``; None: not (any more). Pages are told."""
    with transaction.atomic():
        fence.lock()
        if Output.objects.filter(job=fence.job_id, index=index, state__in=UNFINISHED).update(published_at=at, published_attempt=fence.attempt if at else None):
            transitions.change(fence.job_id)


def output_warned(fence: Fence, index: int, text: str) -> None:
    """Add a warning to an output that is not finished."""
    with transaction.atomic():
        fence.lock()
        for row in Output.objects.filter(job=fence.job_id, index=index, state__in=UNFINISHED):
            Output.objects.filter(pk=row.pk).update(warnings=[*row.warnings, text])


def output_done(
    fence: Fence,
    output_id: str,
    *,
    key: str,
    size: int,
    parts: Sequence[str],
    info: Mapping[str, Any] | None,
    checks: Sequence[Mapping[str, Any]],
    certificate: Mapping[str, Any] | None = None,
) -> None:
    """Record a published output. ``key``: where it is now; ``certificate``: of Narrowband. Inside the caller's transaction, with the fence locked."""
    fence.lock()
    transitions.change(fence.job_id)
    Output.objects.filter(pk=output_id).update(
        state=JobState.SUCCEEDED,
        progress=100,
        code="",
        message="",
        retryable=False,
        key=key,
        size=size,
        parts=list(parts),
        media_info=info,
        checks=list(checks),
        certificate=certificate,
        published_at=clock.now(),
        published_attempt=fence.attempt,
    )
    transitions.event(fence.job_id, "published", output=output_id, attempt=fence.attempt, size=size)


def output_failed(fence: Fence, index: int, error: ReelmillError, checks: Sequence[Mapping[str, Any]] = ()) -> None:
    """Record that one output cannot be done."""
    with transaction.atomic():
        fence.lock()
        transitions.change(fence.job_id)  # the job before its outputs: steps that run beside each other lock in the same order
        done = Output.objects.filter(job=fence.job_id, index=index, state__in=UNFINISHED).update(
            state=JobState.FAILED, code=error.code, message=error.message, retryable=error.retryable, checks=list(checks)
        )
        if done:
            transitions.event(fence.job_id, "output failed", index=index, code=error.code)


def step_done(fence: Fence, result: Mapping[str, Any] | None = None, *, kept: Mapping[str, Any] | None = None, more: steps.More | None = None) -> None:
    """The step has done what it could; the job's state follows from its outputs, and so does its own: it failed if some of them did and none succeeded.

    ``result``: the job's answer. ``kept``: the step's own, for the steps after it. ``more``: says which steps are added now; see :mod:`jobs.steps`.
    The job is over when no step of it is left.
    """
    with transaction.atomic():
        now = clock.now()
        keeping = [] if result is None else [hot.updating(Job, {"id": fence.job_id}, {"result": result})]
        if kept is not None:
            keeping.append(hot.updating(Step, {"id": fence.step_id}, {"result": dict(kept)}))
        closing = _closing(fence, now, StepState.SUCCEEDED, AttemptState.SUCCEEDED)
        closed, *_kept, locked, parts = hot.do(*closing, *keeping, *transitions.looking(fence.job_id))
        if not closed.touched:
            raise LeaseLost
        job = transitions.seen(locked, parts)
        if more is not None or not job.steps.isdisjoint(LIVE_STEPS):
            job = steps.go_on(fence.job_id, fence.step_id, job, more)
        if job.failed and job.steps.isdisjoint(LIVE_STEPS):
            good = any(state == JobState.SUCCEEDED for state, _, _ in job.outputs)
            if not good:
                hot.update(Step, {"id": fence.step_id}, {"state": StepState.FAILED})
            hot.do(_closing_attempt(fence, now, AttemptState.SUCCEEDED if good else AttemptState.FAILED, job.failed[0], ""))
        transitions.settle_seen(fence.job_id, job, now)


def step_failed(fence: Fence, error: ReelmillError, log_line: str = "") -> None:
    """The step failed as a whole, and with it the job: steps that wait are cancelled, those that run are told to stop, and the last one ends the job.

    Failures that may be the moment's are tried again, three times in all.
    """
    with transaction.atomic():
        losses = fence.lock() + 1
        if error.code in AGAIN and losses < LOSSES_MAX:
            hot.update(Step, {"id": fence.step_id}, {"losses": losses})
            later = clock.now() + dt.timedelta(seconds=5 * losses)
            scheduler.release(fence.step_id, fence.attempt, not_before=later, reason=error.code)
            return
        cause = {"code": error.code, "message": error.message, "retryable": error.retryable, "log_line": log_line}
        if not hot.update(Job, {"id": fence.job_id, "code": ""}, cause, counter="version"):
            transitions.lock_job(fence.job_id)  # another step has failed it already
        Output.objects.filter(job=fence.job_id, state__in=UNFINISHED).update(
            state=JobState.FAILED, code=error.code, message=error.message, retryable=error.retryable
        )
        now = clock.now()
        _close(fence, now, StepState.FAILED, AttemptState.FAILED, error.code, error.message)
        transitions.settle_job(fence.job_id, now)


def step_cancelled(fence: Fence, actor: str = "") -> None:
    """The job was told to stop, by somebody or by another step that has failed, and this step has stopped."""
    with transaction.atomic():
        now = clock.now()
        _close(fence, now, StepState.CANCELLED, AttemptState.CANCELLED, "Cancelled")
        transitions.lock_job(fence.job_id)
        Output.objects.filter(job=fence.job_id, state__in=UNFINISHED).update(state=JobState.CANCELLED)
        transitions.settle_job(fence.job_id, now)


def _close(fence: Fence, now: dt.datetime, step_state: str, attempt_state: str, code: str = "", message: str = "") -> None:
    """End step and attempt; this write is the fence. The job's state is the caller's next concern. Raises LeaseLost if another attempt owns the step."""
    if not hot.do(*_closing(fence, now, step_state, attempt_state, code, message))[0].touched:
        raise LeaseLost


def _closing(fence: Fence, now: dt.datetime, step_state: str, attempt_state: str, code: str = "", message: str = "") -> tuple[hot.Statement, hot.Statement]:
    """The same as statements, to go before others. The first is the fence: if it touches no row, the caller raises LeaseLost, which rolls back the rest."""
    ending = {"state": step_state, "lease_until": None, "program_running": False}
    return hot.updating(Step, fence.held, ending), _closing_attempt(fence, now, attempt_state, code, message)


def _closing_attempt(fence: Fence, now: dt.datetime, state: str, code: str, message: str) -> hot.Statement:
    attempt = {"step_id": fence.step_id, "number": fence.attempt}
    return hot.updating(Attempt, attempt, {"state": state, "finished_at": now, "code": code, "message": message})
