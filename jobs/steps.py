"""Jobs of several steps: which steps a job begins with, and what follows when one of them has ended.

    submit → first steps · a step is recorded → it may add further ones · all below a waiting one have succeeded → that one is ready

All of it happens in the transaction that records the step, with the job locked: after a crash either both are there, the result and what follows from it,
or neither. A job of one step comes through here only when it is submitted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django.db import transaction

from jobs import transitions
from jobs.doorbell import ring_on_commit
from jobs.models import Job, Pipeline, Step
from jobs.states import FINAL, JobState, StepState

if TYPE_CHECKING:
    from jobs.engine.spec import AnySpec
    from jobs.engine.template import Template
    from jobs.transitions import Seen


@dataclass(frozen=True)
class NewStep:
    """A step to be added. ``data``: what to do, as JSON; ``waits``: until every step of its job that stands before it has succeeded."""

    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)
    waits: bool = False


@dataclass(frozen=True)
class StepFacts:
    """A step of the job as it is now; ``result``: what it has answered, None as long as it has not."""

    index: int
    kind: str
    state: str
    data: Mapping[str, Any]
    result: Mapping[str, Any] | None


More = Callable[[Sequence[StepFacts]], Sequence[NewStep]]
"""Asked while the job is locked, with all its steps, the ended one among them: which ones to add. Pure and quick; the same steps give the same answer."""


def first(spec: AnySpec, templates: Sequence[Template]) -> tuple[NewStep, ...]:
    """What a job begins with: mostly one step of its own kind. Where an output is searched for (Narrowband 2), a survey goes before it."""
    searched = any(template.video.narrowband is not None and template.video.narrowband.method == 2 for template in templates)
    return (NewStep("survey"), NewStep(spec.kind, waits=True)) if searched else (NewStep(spec.kind),)


def facts(job_id: str) -> list[StepFacts]:
    """All steps of a job, in order."""
    rows = Step.objects.filter(job=job_id).order_by("index").values_list("index", "kind", "state", "data", "result")
    return [StepFacts(*row) for row in rows]


def written(new: Sequence[NewStep], **common: Any) -> list[Step]:
    """Rows of new steps, one after the other; ``common``: job, pipeline, lane, needs, priority, seq."""
    return [
        Step(index=index, kind=step.kind, data=dict(step.data), state=StepState.BLOCKED if step.waits else StepState.READY, **common)
        for index, step in enumerate(new)
    ]


def go_on(job_id: str, step_id: int, job: Seen, more: More | None) -> Seen:
    """A step has ended well: add what follows from it and wake what waited for it. Inside the transaction that records it, which has locked the job.

    Where the job is to stop, nothing is added and what waits is cancelled. Between two steps a job keeps its state, unless its pipeline is paused: then it
    waits like others there. Answers the job as it is then.
    """
    if job.state in FINAL:
        return job
    if job.is_stopping:
        return transitions.drop_waiting(job_id, job)
    if more is not None and (new := more(facts(job_id))):
        _add(job_id, step_id, new)
    states = _wake(job_id)
    if StepState.RUNNING not in states and StepState.READY in states and Pipeline.objects.filter(jobs=job_id, state=Pipeline.State.PAUSED).exists():
        transitions.rest_job(job_id)
    return replace(job, steps=states)


def rest(pipeline: Pipeline) -> None:
    """The pipeline was paused: those of its jobs that stand between two steps wait like its others."""
    standing = Job.objects.filter(pipeline=pipeline, state=JobState.RUNNING).exclude(steps__state=StepState.RUNNING).order_by().values_list("id", flat=True)
    for job_id in list(standing):
        with transaction.atomic():
            transitions.lock_job(job_id)
            transitions.rest_job(job_id)


def _add(job_id: str, step_id: int, new: Sequence[NewStep]) -> None:
    """Write further steps before those that wait: they move behind. None of these has been tried, so nothing knows them by their number yet."""
    own = Step.objects.only("lane", "needs", "seq").get(pk=step_id)
    job = Job.objects.only("pipeline_id", "priority").get(pk=job_id)
    rows = list(Step.objects.filter(job=job_id).order_by("-index").values_list("id", "index", "state", "not_before"))
    waiting = [(row, index) for row, index, state, not_before in rows if state == StepState.BLOCKED and not_before is None]
    place = max((index for _id, index, state, not_before in rows if not (state == StepState.BLOCKED and not_before is None)), default=-1) + 1
    for row, index in waiting:  # the last one first: numbers are unique
        Step.objects.filter(pk=row).update(index=index + len(new))
    made = written(new, job_id=job_id, pipeline_id=job.pipeline_id, lane=own.lane, needs=own.needs, priority=job.priority, seq=own.seq)
    for number, step in enumerate(made):
        step.index = place + number
    Step.objects.bulk_create(made)
    ring_on_commit(own.lane)


def _wake(job_id: str) -> frozenset[str]:
    """Steps that waited for others are ready when all before them have succeeded. Answers the states of all steps."""
    states: list[str] = []
    for row, state, not_before, lane in Step.objects.filter(job=job_id).order_by("index").values_list("id", "state", "not_before", "lane"):
        wakes = state == StepState.BLOCKED and not_before is None and all(before == StepState.SUCCEEDED for before in states)
        if wakes:
            Step.objects.filter(pk=row, state=StepState.BLOCKED).update(state=StepState.READY)
            ring_on_commit(lane)
        states.append(StepState.READY if wakes else state)
    return frozenset(states)
