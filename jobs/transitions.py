"""The moves of jobs and outputs, each with its event and a bump of ``Job.version``. No claims, no leases: those are the scheduler's.

Every function works inside the caller's transaction, or opens its own. Order of locks, so that two of them never meet head-on in PostgreSQL:
pipeline (claims only), the worker's own running step, the job, its waiting steps, its outputs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection, transaction

from jobs import clock, hot
from jobs.engine.errors import CODES
from jobs.models import Attempt, Job, JobEvent, Output, Step
from jobs.notices import outbox
from jobs.states import FINAL, AttemptState, JobState, StepState

if TYPE_CHECKING:
    from datetime import datetime

UNFINISHED = (JobState.QUEUED, JobState.RUNNING)
WAITING_STEPS = (StepState.READY, StepState.BLOCKED)
LIVE_STEPS = (StepState.READY, StepState.BLOCKED, StepState.RUNNING)
AT_REST: dict[str, Any] = {"phase": "", "speed": None, "fps": None}  # what only a running job has
START = """
UPDATE jobs_job SET version = version + 1, state = CASE state WHEN 'queued' THEN 'running' ELSE state END,
    started_at = CASE state WHEN 'queued' THEN COALESCE(started_at, %s) ELSE started_at END
WHERE id = %s
"""
LOCK = "SELECT state, cancel_requested, code FROM jobs_job WHERE id = %s"
PARTS = """
SELECT -1 AS place, state, '' AS code, '' AS message FROM jobs_step WHERE job_id = %s
UNION ALL SELECT "index", state, code, message FROM jobs_output WHERE job_id = %s ORDER BY place
"""


class Locked(NamedTuple):
    """A locked job. ``code``: of the step that has failed it; set before it is over, as long as other steps of it still run."""

    state: str
    cancel_requested: bool
    code: str


@dataclass(frozen=True)
class Seen:
    """A locked job and what became of its parts so far."""

    state: str
    cancel_requested: bool
    steps: frozenset[str]
    outputs: tuple[tuple[str, str, str], ...]  # state, code, message, by index
    code: str = ""

    @property
    def is_stopping(self) -> bool:
        """Whether nothing more of it shall start: somebody has cancelled it, or a step of it has failed."""
        return self.cancel_requested or bool(self.code) or StepState.FAILED in self.steps

    @property
    def failed(self) -> tuple[str, ...]:
        """Codes of the outputs that failed."""
        return tuple(code for state, code, _ in self.outputs if state == JobState.FAILED)


def event(job_id: str, kind: str, actor: str = "", **data: Any) -> None:
    """Append one line to the job's history."""
    hot.do(writing_event(job_id, kind, actor, **data))


def writing_event(job_id: str, kind: str, actor: str = "", **data: Any) -> hot.Statement:
    """The same as a statement, to go with others."""
    return hot.inserting(JobEvent, job_id=job_id, kind=kind, actor=actor, data=data)


def change(job_id: str, *states: str, **values: Any) -> bool:
    """Write ``values`` to the job if it is in one of ``states`` (none given: whatever its state) and bump its version. False: it was not."""
    return hot.update(Job, {"id": job_id, **({"state": states} if states else {})}, values, counter="version") == 1


def lock_job(job_id: str) -> Locked:
    """Lock the job's row until the transaction ends. Rows that only point at it may still be written."""
    return _locked(hot.do(looking(job_id)[0])[0])


def _locked(found: hot.Outcome) -> Locked:
    if not found.rows:
        raise Job.DoesNotExist
    state, cancel_requested, code = found.rows[0]
    return Locked(state, bool(cancel_requested), code)


def look(job_id: str) -> Seen:
    """Lock the job, then read its steps and outputs, in a later statement: of two workers that record the last two steps at once, the second sees both."""
    return seen(*hot.do(*looking(job_id)))


def looking(job_id: str) -> tuple[hot.Statement, hot.Statement]:
    """The same as statements, to go behind others; their outcomes are for :func:`seen`."""
    return (LOCK + (" FOR NO KEY UPDATE" if connection.features.has_select_for_update else ""), [job_id]), (PARTS, [job_id, job_id])


def seen(locked: hot.Outcome, found: hot.Outcome) -> Seen:
    """What :func:`looking` has found."""
    job, parts = _locked(locked), found.rows
    return Seen(
        job.state,
        job.cancel_requested,
        frozenset(row[1] for row in parts if row[0] < 0),
        tuple((row[1], row[2], row[3]) for row in parts if row[0] >= 0),
        job.code,
    )


def starting_job(job_id: str, now: datetime) -> tuple[hot.Statement, ...]:
    """A step was claimed, which has locked the job: it and its waiting outputs are running. Statements, to go with others."""
    return (
        hot.updating(Output, {"job_id": job_id, "state": JobState.QUEUED}, {"state": JobState.RUNNING}),
        (START, [connection.ops.adapt_datetimefield_value(now), job_id]),
    )


def requeue_job(job_id: str) -> None:
    """A step was handed back: if no other step of the job runs, the job and its unfinished outputs wait again, from zero. A wish to cancel is fulfilled."""
    state, wish, code = lock_job(job_id)
    if code and state not in FINAL:  # another step has failed it meanwhile
        settle_job(job_id, clock.now())
        return
    if not Step.objects.filter(job_id=job_id, state=StepState.RUNNING).exists():
        Output.objects.filter(job_id=job_id, state=JobState.RUNNING).update(state=JobState.QUEUED, progress=0)
        change(job_id, JobState.RUNNING, state=JobState.QUEUED, progress=0, **AT_REST)
    else:
        change(job_id)
    if wish:
        cancel_queued(job_id, "")


def rest_job(job_id: str) -> None:
    """The pipeline is paused between two steps of the job: it waits again, as far as it has come. The caller has locked it. Nothing happens if a step runs."""
    if Step.objects.filter(job_id=job_id, state=StepState.RUNNING).exists():
        return
    Output.objects.filter(job_id=job_id, state=JobState.RUNNING).update(state=JobState.QUEUED)
    if change(job_id, JobState.RUNNING, state=JobState.QUEUED, **AT_REST):
        Job.objects.filter(pk=job_id, progress=0).update(progress=1)  # it has come some way: it is not tried again


def drop_waiting(job_id: str, job: Seen) -> Seen:
    """Cancel the steps that wait: their job is to stop. The caller has locked and seen it; answers it as it is then."""
    if job.steps.isdisjoint(WAITING_STEPS):
        return job
    Step.objects.filter(job_id=job_id, state__in=WAITING_STEPS).update(state=StepState.CANCELLED, not_before=None)
    return replace(job, steps=job.steps.difference(WAITING_STEPS) | {StepState.CANCELLED})


def cancel_queued(job_id: str, actor: str) -> bool:
    """Cancel the job at once if no step of it runs. False: one runs (or it is over): set ``cancel_requested``, its worker will see it."""
    now = clock.now()
    with transaction.atomic(savepoint=False):
        if lock_job(job_id)[0] in FINAL:
            return False
        Step.objects.filter(job_id=job_id, state__in=WAITING_STEPS).update(state=StepState.CANCELLED, not_before=None)
        if Step.objects.filter(job_id=job_id, state=StepState.RUNNING).exists():
            return False
        return _finish(job_id, JobState.CANCELLED, "Cancelled", actor=actor, now=now)


def cancel_output(job_id: str, output_id: str, actor: str) -> bool:
    """Cancel one output that waits, and with the last one its job. The caller has locked the job. False: it runs or is over, or some step of the job runs."""
    if Step.objects.filter(job_id=job_id, state=StepState.RUNNING).exists():
        return False
    ending = {"state": JobState.CANCELLED, "code": "Cancelled", "message": "The output was cancelled."}
    if not Output.objects.filter(pk=output_id, job_id=job_id, state=JobState.QUEUED).update(**ending):
        return False
    event(job_id, "output cancelled", actor, output=output_id)
    change(job_id)
    if not Output.objects.filter(job_id=job_id).exclude(state=JobState.CANCELLED).exists():
        cancel_queued(job_id, actor)
    return True


def fail_job(job_id: str, code: str, message: str = "") -> None:
    """End the job and everything of it that is unfinished with this code; what succeeded stays. Nothing happens if it is over.

    Where other steps of it run, what waits is cancelled, they are told to stop, and the last of them ends the job.
    """
    now = clock.now()
    with transaction.atomic(savepoint=False):
        if lock_job(job_id).state in FINAL:
            return
        Step.objects.filter(job_id=job_id, state__in=WAITING_STEPS).update(state=StepState.CANCELLED, not_before=None)
        if not Step.objects.filter(job_id=job_id, state=StepState.RUNNING).exists():
            _finish(job_id, JobState.FAILED, code, message, now=now)
            return
        row = CODES[code]
        ending = {"code": code, "message": message or row.sentence, "retryable": row.retryable}
        Output.objects.filter(job_id=job_id, state__in=UNFINISHED).update(state=JobState.FAILED, **ending)
        change(job_id, **ending)


def settle_job(job_id: str, now: datetime) -> bool:
    """If no step of the job is left to run, give it its final state out of its outputs (without outputs: out of its steps). True: it was settled now.

    Of a job that is to stop, nothing is left to run but what runs already.
    """
    with transaction.atomic(savepoint=False):
        job = look(job_id)
        return settle_seen(job_id, drop_waiting(job_id, job) if job.is_stopping else job, now)


def settle_seen(job_id: str, job: Seen, now: datetime) -> bool:
    """The same for a job that the present transaction has locked and looked at."""
    if job.state in FINAL or not job.steps.isdisjoint(LIVE_STEPS):
        return False
    states = {state for state, _, _ in job.outputs} if job.outputs else job.steps
    if not job.cancel_requested and len(states) > 1:
        states = states - {JobState.CANCELLED}  # an output that was cancelled alone is not asked for any more
    if states <= {JobState.SUCCEEDED}:
        return _finish(job_id, JobState.SUCCEEDED, "", now=now)
    if (job.cancel_requested or StepState.CANCELLED in job.steps) and JobState.FAILED not in states:
        return _finish(job_id, JobState.CANCELLED, "Cancelled", now=now)
    causes = {code: message for state, code, message in job.outputs if state == JobState.FAILED and code}
    if not job.outputs:
        failed = Attempt.objects.filter(step__job_id=job_id, state=AttemptState.FAILED).exclude(code="")
        if job.code:
            failed = failed.filter(code=job.code)  # the first step that failed is the cause, not what became of the others
        last = failed.order_by("-id").values_list("code", "message").first()
        causes = dict([last]) if last else {job.code: ""} if job.code else {}
    if len(causes) == 1 and (JobState.SUCCEEDED not in states or not job.outputs):
        code, message = causes.popitem()
        return _finish(job_id, JobState.FAILED, code, message, now=now)
    return _finish(job_id, JobState.FAILED, "SomeOutputsFailed" if causes else "InternalError", now=now)


def _finish(job_id: str, state: str, code: str, message: str = "", *, actor: str = "", now: datetime) -> bool:
    """The one place where a job ends. The caller has locked it and seen it unfinished."""
    row = CODES[code] if code else None
    ending: dict[str, Any] = {"state": state, "code": code}
    if row:
        ending |= {"message": message or row.sentence, "retryable": row.retryable}
    if state != JobState.SUCCEEDED:
        # an output that nobody finished shares the job's end; a cause that belongs to other outputs is no cause of this one
        own = (
            ending if code != "SomeOutputsFailed" else {"state": state, "code": "InternalError", "message": CODES["InternalError"].sentence, "retryable": True}
        )
        Output.objects.filter(job_id=job_id, state__in=UNFINISHED).update(**own)
    if code == "SomeOutputsFailed":
        ending["retryable"] = Output.objects.filter(job_id=job_id, retryable=True).exclude(state=JobState.SUCCEEDED).exists()
    done = {"progress": 100} if state == JobState.SUCCEEDED else {}
    ended = hot.do(
        hot.updating(Job, {"id": job_id, "state": UNFINISHED}, {"finished_at": now, **ending, **done, **AT_REST}, counter="version"),
        writing_event(job_id, state, actor, **({"code": code} if code else {})),
        outbox.telling(job_id, now),
    )[0]
    if not ended.touched:
        raise RuntimeError(f"job {job_id} ended twice")  # rolls back: a lock that was not taken would be a mistake of ours
    return True
