"""Executions go on: what has ended is written down, what follows begins. Safe to do twice, at once, and after a kill at any moment.

    note  (one transaction, under the execution's lock)   activities take the ends of their jobs; what is below a failed one is skipped; the state follows
    begin (one transaction for each step)                 the job of a step and its activity's «running» are written together, or neither is

A step whose job cannot be submitted now (a full queue, a store that does not answer) waits and is tried again for an hour.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef
from pydantic import ValidationError

from console.lib.policy import in_force
from console.lib.problems import problems_of
from jobs import clock, documents, services
from jobs.engine.address import Address
from jobs.engine.errors import CODES, Refused
from jobs.models import Job, Output
from jobs.services import Submission
from jobs.states import FINAL, JobState
from jobs.workflows import course, telling, tree
from jobs.workflows.models import Activity, Execution
from jobs.workflows.states import ActivityState, ExecutionState
from media_assets import editing
from media_assets.models import Media

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobs.engine.spec import AnySpec

log = structlog.get_logger(__name__)
AT_ONCE = 100  # executions of one round
RESTS = dt.timedelta(seconds=10)  # until a step that could not be submitted is tried again
PATIENCE = dt.timedelta(hours=1)  # after which it has failed
LOST = "The job of this step was removed."


class Taken(Exception):
    """Somebody else has begun this step, or nothing of its execution is to begin any more: rolls back."""


def due(now: dt.datetime) -> list[str]:
    """Ids of executions that have something to do: a job of theirs has ended, a publication waits for an output that is there, or their time has come."""
    running = Execution.objects.filter(state=ExecutionState.RUNNING)
    live = Activity.objects.filter(finished_at__isnull=True).order_by()  # few, and an index of their own
    ended = live.filter(state=ActivityState.RUNNING, job__state__in=sorted(FINAL))
    ready = Output.objects.filter(job__activities__execution=OuterRef("execution"), job__kind="transcode", state=JobState.SUCCEEDED)
    first = live.filter(state=ActivityState.WAITING, type="publish", step__mode="first").filter(Exists(ready))
    found = [
        *running.filter(due_at__lte=now).order_by("due_at").values_list("id", flat=True)[:AT_ONCE],
        *ended.values_list("execution_id", flat=True)[:AT_ONCE],
        *first.values_list("execution_id", flat=True)[:AT_ONCE],
    ]
    return list(dict.fromkeys(found))


def advance_all(now: dt.datetime | None = None) -> int:
    """Let every execution that has something to do go on. Returns how many there were."""
    found = due(now or clock.now())
    for execution_id in found:
        try:
            advance(execution_id)
        except Exception:  # a mistake of ours in one of them must not hold up the others
            log.exception("an execution does not go on", execution=execution_id)
            Execution.objects.filter(pk=execution_id, due_at__isnull=False).update(due_at=clock.now() + RESTS)
    return len(found)


def advance(execution_id: str) -> None:
    """Let one execution go on as far as it can."""
    with in_force():  # whoever asked was asked who he is when the execution began
        for _ in range(tree.STEPS_MAX + 1):
            failed = [_begin(activity) for activity in note(execution_id)]
            if not any(failed):
                break
        if Execution.objects.filter(pk=execution_id, state=ExecutionState.RUNNING, cancel_requested=True).exists():
            cancel_jobs(execution_id, "")


def cancel_jobs(execution_id: str, actor: str) -> None:
    """Cancel the jobs of an execution that is to be cancelled. May be done again: a kill between the wish and this leaves some."""
    rows = Activity.objects.filter(execution=execution_id, state=ActivityState.RUNNING, job__cancel_requested=False).exclude(job__state__in=sorted(FINAL))
    for job_id in list(rows.order_by("id").values_list("job_id", flat=True)):
        try:
            services.cancel(str(job_id), actor=actor)
        except Refused:
            continue  # it has ended meanwhile


def note(execution_id: str) -> Sequence[Activity]:
    """Write down what has ended and what follows from it. Answers the steps that begin now."""
    with transaction.atomic():
        execution = Execution.objects.select_for_update().get(pk=execution_id)
        if execution.is_final:
            return ()
        now = clock.now()
        rows = list(Activity.objects.filter(execution=execution).select_related("job").defer("job__spec", "job__probe", "job__result").order_by("index"))
        changed = [row for row in rows if row.state == ActivityState.RUNNING and _take_end(row, now)]
        by_name = {row.name: row for row in rows}
        found = course.follow([_part(row) for row in rows], first_output=_has_output(execution, rows), cancelled=execution.cancel_requested)
        for part in found.parts:
            row = by_name[part.name]
            if part.state != row.state:
                row.state, row.finished_at = part.state, now
                if part.state == ActivityState.SUCCESS:
                    row.started_at = now
                changed.append(row)
        for row in changed:
            row.save(update_fields=["state", "code", "message", "started_at", "finished_at"])
        if found.publish:
            _publish(execution)
        _close(execution, found, now, changed=bool(changed))
    return [by_name[name] for name in found.begin]


def _close(execution: Execution, found: course.Course, now: dt.datetime, *, changed: bool) -> None:
    """Write how the execution stands, and its end with the message about it. Inside the transaction that has locked it."""
    values: dict[str, Any] = {"failures": found.failures}
    if found.state != ExecutionState.RUNNING:
        values |= {"state": found.state, "finished_at": now, "due_at": None}
    elif not found.begin:
        values["due_at"] = None if not execution.cancel_requested else now + RESTS
    elif execution.due_at is None or execution.due_at <= now:
        values["due_at"] = now + RESTS  # looked at again, whatever becomes of what begins now
    Execution.objects.filter(pk=execution.pk).update(**values, **({"version": F("version") + 1} if changed else {}))
    if found.state != ExecutionState.RUNNING:
        telling.ended(execution)


def _part(row: Activity) -> course.Part:
    return course.Part(row.name, row.under, row.state, row.step.get("mode", "manual") if row.type == "publish" else "")


def _take_end(row: Activity, now: dt.datetime) -> bool:
    """Give an activity the end of its job. False: the job has not ended."""
    if row.job is None:
        row.state, row.code, row.message, row.finished_at = ActivityState.FAIL, "NotFound", LOST, now
        return True
    if row.job.state not in FINAL:
        return False
    row.state = ActivityState.SUCCESS if row.job.state == JobState.SUCCEEDED else ActivityState.FAIL
    row.code, row.message, row.finished_at = row.job.code, row.job.message, row.job.finished_at or now
    return True


def _has_output(execution: Execution, rows: Sequence[Activity]) -> bool:
    """Whether an output of one of its transcodes is there; asked only where somebody waits for it."""
    if not any(row.type == "publish" and row.state == ActivityState.WAITING and row.step.get("mode") == "first" for row in rows):
        return False
    return Output.objects.filter(job__activities__execution=execution, job__kind="transcode", state=JobState.SUCCEEDED).exists()


def _publish(execution: Execution) -> None:
    media = Media.objects.filter(pk=execution.media_id).exclude(state=Media.State.PUBLISHED).first()
    if media is not None:  # None: removed meanwhile, or published already
        editing.set_state(media, Media.State.PUBLISHED)


def _begin(activity: Activity) -> bool:
    """Submit the job of a step. True: it failed at the door, so there is more to note."""
    execution = Execution.objects.select_related("owner", "pipeline", "workflow").get(pk=activity.execution_id)
    try:
        spec = _spec(activity, execution)
        services.submit_all([(spec, _submission(activity, execution))], lambda jobs: _record(activity, jobs[0]))
    except Taken:
        return False
    except IntegrityError:
        if Activity.objects.filter(pk=activity.pk, state=ActivityState.WAITING).exists():
            raise
        return False  # the job's key is that of the step: another scheduler was as fast
    except Refused as error:
        return _refused(activity, execution, error)
    return False


def _spec(activity: Activity, execution: Execution) -> AnySpec:
    """What its job is asked for. Raises Refused; also where an output would lie below the workflow's own input path."""
    try:
        (step,) = tree.read([activity.step])
    except ValidationError as error:  # kept by an older version of ours, which knew other words
        raise Refused("InvalidParameter", problems=problems_of(error)) from None
    source = Address(execution.bucket, execution.key)
    asked = documents.completed(tree.document(step, source, run_id=execution.pk, media_id=execution.media_id))
    workflow = execution.workflow
    for _loc, target in tree.targets(step, source):
        if workflow is not None and tree.is_below(target, workflow.bucket, workflow.path):
            raise Refused("InvalidAddress", "The output would lie below the workflow's input path: an endless loop.")
    return tree.spec(asked)


def _submission(activity: Activity, execution: Execution) -> Submission:
    return Submission(
        pipeline=execution.pipeline_id,
        priority=execution.priority,
        user_data=execution.user_data,
        notify_topic="",  # the execution tells of itself
        source=Job.Source.WORKFLOW,
        owner=execution.owner,
        media_id=execution.media_id if Media.objects.filter(pk=execution.media_id).exists() else "",
        idempotency_key=f"workflow:{execution.pk}:{activity.index}",
    )


def _record(activity: Activity, job: Job) -> None:
    """The activity runs as this job. Inside the transaction that writes the job; raises Taken, which takes the job back."""
    execution = Execution.objects.select_for_update().get(pk=activity.execution_id)
    if execution.is_final or execution.cancel_requested:
        raise Taken
    waiting = Activity.objects.filter(pk=activity.pk, state=ActivityState.WAITING, job__isnull=True)
    if not waiting.update(state=ActivityState.RUNNING, job=job, started_at=job.created_at, code="", message=""):
        raise Taken
    Execution.objects.filter(pk=execution.pk).update(version=F("version") + 1)


def _refused(activity: Activity, execution: Execution, error: Refused) -> bool:
    """The step's job was not accepted: it waits for better times, or it has failed. True: failed."""
    now = clock.now()
    message = "; ".join(dict.fromkeys(problem.message for problem in error.problems)) or error.message
    row = Activity.objects.filter(pk=activity.pk, state=ActivityState.WAITING)
    waits_since = activity.started_at or now
    if CODES[error.code].retryable and now - waits_since < PATIENCE:
        row.update(started_at=waits_since, code=error.code, message=message)
        Execution.objects.filter(pk=execution.pk, state=ExecutionState.RUNNING).update(due_at=now + RESTS)
        return False
    return bool(row.update(state=ActivityState.FAIL, code=error.code, message=message, started_at=waits_since, finished_at=now))
