"""How a job's end follows from its outputs and steps."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.utils import timezone

from jobs import records, scheduler, services, transitions
from jobs.engine.errors import CODES, JobError, Refused
from jobs.models import Job, JobEvent, Lane, Step
from jobs.records import Fence
from jobs.states import JobState, StepState
from tests.jobs import rows

pytestmark = pytest.mark.django_db(transaction=True)


def claimed(outputs: int) -> tuple[Fence, Job]:
    step = rows.waiting(rows.pipeline(slots=9), outputs=outputs)
    assert scheduler.claim(Lane.MAIN, "node-a/1") is not None
    return Fence(step.job_id, step.pk, 1), Job.objects.get(pk=step.job_id)


def published(fence: Fence, job: Job, *indexes: int) -> None:
    for output in job.outputs.filter(index__in=indexes):
        with transaction.atomic():
            records.output_done(fence, output.pk, key=output.key, size=1, parts=[], info=None, checks=[])


def ended(job: Job) -> Job:
    job.refresh_from_db()
    assert job.finished_at is not None
    assert JobEvent.objects.filter(job=job, kind=job.state).count() == 1
    assert not job.outputs.filter(state__in=transitions.UNFINISHED).exists()
    return job


def test_all_outputs_done_is_success() -> None:
    fence, job = claimed(2)
    published(fence, job, 0, 1)
    records.step_done(fence)
    ended(job)
    assert (job.state, job.code, job.progress, job.phase) == (JobState.SUCCEEDED, "", 100, "")


def test_a_kind_without_outputs_succeeds_with_its_step() -> None:
    fence, job = claimed(0)
    records.step_done(fence, {"answer": 42})
    ended(job)
    assert (job.state, job.result, job.progress) == (JobState.SUCCEEDED, {"answer": 42}, 100)


def test_some_outputs_failed_keeps_the_good_ones() -> None:
    fence, job = claimed(3)
    published(fence, job, 0, 2)
    records.output_failed(fence, 1, JobError("EncodeFailed", "x264 said no"))
    records.step_done(fence)
    ended(job)
    assert (job.state, job.code) == (JobState.FAILED, "SomeOutputsFailed")
    assert job.message == CODES["SomeOutputsFailed"].sentence
    assert [o.state for o in job.outputs.order_by("index")] == [JobState.SUCCEEDED, JobState.FAILED, JobState.SUCCEEDED]


def test_one_cause_is_the_jobs_cause() -> None:
    fence, job = claimed(2)
    for index in (0, 1):
        records.output_failed(fence, index, JobError("EncodeFailed", "x264 said no"))
    records.step_done(fence)
    ended(job)
    assert (job.state, job.code, job.message, job.retryable) == (JobState.FAILED, "EncodeFailed", "x264 said no", False)


def test_whether_some_failed_can_be_retried_is_what_the_outputs_say() -> None:
    for cause, retryable in (("TimedOut", True), ("EncodeFailed", False)):
        fence, job = claimed(2)
        published(fence, job, 0)
        records.output_failed(fence, 1, JobError(cause))
        records.step_done(fence)
        assert ended(job).retryable is retryable


def test_a_step_that_fails_as_a_whole_is_the_cause_of_all() -> None:
    fence, job = claimed(2)
    records.step_failed(fence, JobError("InputNotReadable"), "moov atom not found")
    ended(job)
    assert (job.state, job.code, job.log_line) == (JobState.FAILED, "InputNotReadable", "moov atom not found")
    assert set(job.outputs.values_list("code", flat=True)) == {"InputNotReadable"}
    fence, job = claimed(0)
    records.step_failed(fence, JobError("InputNotReadable"))
    assert ended(job).code == "InputNotReadable"


def test_cancelling_after_an_output_was_published_keeps_it() -> None:
    fence, job = claimed(2)
    published(fence, job, 0)
    Job.objects.filter(pk=job.pk).update(cancel_requested=True)
    records.step_cancelled(fence)
    ended(job)
    assert job.state == JobState.CANCELLED
    assert [o.state for o in job.outputs.order_by("index")] == [JobState.SUCCEEDED, JobState.CANCELLED]


def test_a_wish_that_came_too_late_does_not_spoil_a_success() -> None:
    fence, job = claimed(1)
    published(fence, job, 0)
    Job.objects.filter(pk=job.pk).update(cancel_requested=True)
    records.step_done(fence)
    assert ended(job).state == JobState.SUCCEEDED


def test_a_job_ends_only_with_its_last_step_and_only_once() -> None:
    fence, job = claimed(1)
    Step.objects.create(job=job, kind="transcode", index=1, pipeline=job.pipeline, seq=1, state=StepState.BLOCKED)
    published(fence, job, 0)
    records.step_done(fence)
    job.refresh_from_db()
    assert job.state == JobState.RUNNING
    Step.objects.filter(job=job, index=1).update(state=StepState.SUCCEEDED)
    assert transitions.settle_job(job.pk, timezone.now())
    assert not transitions.settle_job(job.pk, timezone.now())
    transitions.fail_job(job.pk, "InternalError")
    assert ended(job).state == JobState.SUCCEEDED


def test_a_queued_job_is_cancelled_at_once_and_a_running_one_is_not() -> None:
    step = rows.waiting(rows.pipeline(slots=9), outputs=1)
    assert transitions.cancel_queued(step.job_id, "bob")
    job = ended(Job.objects.get(pk=step.job_id))
    assert (job.state, job.code) == (JobState.CANCELLED, "Cancelled")
    assert JobEvent.objects.get(job=job, kind="cancelled").actor == "bob"
    assert not transitions.cancel_queued(step.job_id, "bob")
    fence, running = claimed(1)
    assert not transitions.cancel_queued(running.pk, "bob")
    assert scheduler.holds(fence.step_id, 1)


def test_every_move_makes_the_version_grow() -> None:
    fence, job = claimed(1)
    versions = [job.version]

    def note() -> None:
        job.refresh_from_db()
        versions.append(job.version)

    scheduler.release(fence.step_id, 1)
    note()
    again = scheduler.claim(Lane.MAIN, "node-a/1")
    assert again is not None
    note()
    published(Fence(job.pk, again.step_id, 2), job, 0)
    note()
    records.step_done(Fence(job.pk, again.step_id, 2))
    note()
    assert versions == sorted(set(versions))


def test_one_waiting_output_is_cancelled_alone_and_its_job_succeeds_without_it() -> None:
    step = rows.waiting(rows.pipeline(slots=9), outputs=3)
    first, *_others = step.job.outputs.order_by("index")
    services.cancel_output(step.job_id, first.pk, actor="bob")
    first.refresh_from_db()
    assert (first.state, first.code) == (JobState.CANCELLED, "Cancelled")
    assert JobEvent.objects.get(job=step.job_id, kind="output cancelled").data == {"output": first.pk}
    assert scheduler.claim(Lane.MAIN, "node-a/1") is not None
    fence, job = Fence(step.job_id, step.pk, 1), Job.objects.get(pk=step.job_id)
    assert [o.state for o in job.outputs.order_by("index")] == [JobState.CANCELLED, JobState.RUNNING, JobState.RUNNING]
    published(fence, job, 1, 2)
    records.step_done(fence)
    assert ended(job).state == JobState.SUCCEEDED
    assert [o.state for o in job.outputs.order_by("index")] == [JobState.CANCELLED, JobState.SUCCEEDED, JobState.SUCCEEDED]


def test_the_others_failures_are_still_the_jobs() -> None:
    step = rows.waiting(rows.pipeline(slots=9), outputs=2)
    services.cancel_output(step.job_id, step.job.outputs.get(index=0).pk, actor="bob")
    assert scheduler.claim(Lane.MAIN, "node-a/1") is not None
    fence, job = Fence(step.job_id, step.pk, 1), Job.objects.get(pk=step.job_id)
    records.output_failed(fence, 1, JobError("EncodeFailed", "x264 said no"))
    records.step_done(fence)
    assert (ended(job).state, job.code) == (JobState.FAILED, "EncodeFailed")


def test_with_the_last_output_the_job_is_cancelled() -> None:
    step = rows.waiting(rows.pipeline(slots=9), outputs=2)
    for output in step.job.outputs.all():
        services.cancel_output(step.job_id, output.pk, actor="bob")
    assert ended(Job.objects.get(pk=step.job_id)).state == JobState.CANCELLED
    step.refresh_from_db()
    assert step.state == StepState.CANCELLED


def test_an_output_that_runs_or_is_over_cannot_be_cancelled_alone() -> None:
    fence, job = claimed(2)
    with pytest.raises(Refused) as refused:
        services.cancel_output(job.pk, job.outputs.get(index=0).pk, actor="bob")
    assert refused.value.code == "WrongState"
    published(fence, job, 0, 1)
    records.step_done(fence)
    with pytest.raises(Refused):
        services.cancel_output(job.pk, job.outputs.get(index=0).pk, actor="bob")
    with pytest.raises(Refused) as refused:
        services.cancel_output(job.pk, "0" * 32, actor="bob")
    assert refused.value.code == "NotFound"
    assert ended(job).state == JobState.SUCCEEDED
