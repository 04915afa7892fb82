"""Jobs of several steps: what a step adds, what waits for what, and how the job ends whatever becomes of its steps."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from jobs import records, scheduler, services, sweep
from jobs.engine.errors import JobError
from jobs.models import Attempt, Job, JobEvent, Lane, Output, Pipeline, Step
from jobs.records import Fence, LeaseLost
from jobs.scheduler import Claimed
from jobs.states import AttemptState, JobState, StepState
from jobs.steps import NewStep, StepFacts
from tests.jobs import rows

pytestmark = pytest.mark.django_db(transaction=True)
PROBES = 3


def job_of_several(outputs: int = 1, **more: Any) -> Job:
    """A survey, which is ready, and a transcode that waits for it."""
    line = more.pop("line", None) or rows.pipeline(slots=9)
    step = rows.waiting(line, outputs=outputs, **more)
    Step.objects.filter(pk=step.pk).update(kind="survey")
    Step.objects.create(job=step.job, kind="transcode", index=1, pipeline=line, seq=step.seq, state=StepState.BLOCKED, priority=step.priority)
    return step.job


def taken(kind: str) -> Fence:
    found = scheduler.claim(Lane.MAIN, "node-a/1")
    assert found is not None
    assert found.kind == kind
    return fence_of(found)


def fence_of(claimed: Claimed) -> Fence:
    return Fence(claimed.job_id, claimed.step_id, claimed.attempt)


def probes(_seen: Sequence[StepFacts]) -> list[NewStep]:
    return [NewStep("probe", {"number": number}) for number in range(PROBES)]


def states(job: Job) -> list[tuple[int, str, str]]:
    return list(Step.objects.filter(job=job).order_by("index").values_list("index", "kind", "state"))


def surveyed(job: Job) -> None:
    """The survey is done and has added its probes."""
    records.step_done(taken("survey"), kept={"shots": 2}, more=probes)
    job.refresh_from_db()


def test_a_step_adds_others_before_the_one_that_waits() -> None:
    job = job_of_several()
    surveyed(job)
    assert states(job) == [
        (0, "survey", "succeeded"),
        (1, "probe", "ready"),
        (2, "probe", "ready"),
        (3, "probe", "ready"),
        (4, "transcode", "blocked"),
    ]
    first = Step.objects.get(job=job, index=0)
    second = Step.objects.get(job=job, index=2)
    assert first.result == {"shots": 2}
    assert (second.data, second.result, second.seq, second.pipeline_id, second.lane) == ({"number": 1}, None, first.seq, first.pipeline_id, first.lane)
    assert job.state == JobState.RUNNING
    assert job.result is None


def test_the_waiting_step_starts_when_all_before_it_have_succeeded() -> None:
    job = job_of_several()
    surveyed(job)
    fences = [taken("probe") for _ in range(PROBES)]
    assert scheduler.claim(Lane.MAIN, "node-a/1") is None
    for fence in fences[:-1]:
        records.step_done(fence, kept={"vmaf": 93.0})
        assert scheduler.claim(Lane.MAIN, "node-a/1") is None
    records.step_done(fences[-1], kept={"vmaf": 94.0})
    last = taken("transcode")
    output = job.outputs.get()
    records.output_done(last, output.pk, key=output.key, size=1, parts=[], info=None, checks=[])
    records.step_done(last)
    job.refresh_from_db()
    assert (job.state, job.progress) == (JobState.SUCCEEDED, 100)
    assert JobEvent.objects.filter(job=job, kind="succeeded").count() == 1


def test_who_adds_is_told_of_all_steps_and_of_its_own_result() -> None:
    job = job_of_several()
    told: list[Sequence[StepFacts]] = []

    def more(seen: Sequence[StepFacts]) -> list[NewStep]:
        told.append(seen)
        return [NewStep("probe")] if len(told) == 1 else []

    records.step_done(taken("survey"), kept={"a": 1}, more=more)
    records.step_done(taken("probe"), kept={"b": 2}, more=more)
    assert [(step.kind, step.state, step.result) for step in told[1]] == [
        ("survey", "succeeded", {"a": 1}),
        ("probe", "succeeded", {"b": 2}),
        ("transcode", "blocked", None),
    ]
    assert taken("transcode").job_id == job.pk


def test_what_cannot_be_added_is_not_half_recorded() -> None:
    job = job_of_several()
    fence = taken("survey")

    def broken(_seen: Sequence[StepFacts]) -> list[NewStep]:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        records.step_done(fence, kept={"a": 1}, more=broken)
    assert Step.objects.get(job=job, index=0).result is None
    assert states(job) == [(0, "survey", "running"), (1, "transcode", "blocked")]


def test_a_zombie_adds_nothing() -> None:
    job = job_of_several()
    fence = taken("survey")
    scheduler.lose(fence.step_id, fence.attempt, reason="worker died")
    with pytest.raises(LeaseLost):
        records.step_done(fence, kept={"a": 1}, more=probes)
    with pytest.raises(LeaseLost):
        records.note_step(fence, {"a": 1})
    assert states(job) == [(0, "survey", "ready"), (1, "transcode", "blocked")]


def test_the_sweep_does_not_wake_what_waits_for_others() -> None:
    job = job_of_several()
    sweep.sweep(timezone.now())
    assert states(job)[1] == (1, "transcode", "blocked")


def test_a_step_that_fails_fails_the_job_and_tells_the_others_to_stop() -> None:
    job = job_of_several()
    surveyed(job)
    one, other = taken("probe"), taken("probe")
    records.step_failed(one, JobError("EncodeFailed", "no"), "the line")
    job.refresh_from_db()
    assert job.state == JobState.RUNNING  # one of its steps still runs
    assert [state for _, _, state in states(job)] == ["succeeded", "failed", "running", "cancelled", "cancelled"]
    assert scheduler.claim(Lane.MAIN, "node-a/1") is None
    assert scheduler.renew(other.step_id, other.attempt, program_running=True) == "cancel"
    records.step_cancelled(other)
    job.refresh_from_db()
    assert (job.state, job.code, job.message, job.log_line) == (JobState.FAILED, "EncodeFailed", "no", "the line")
    assert [state for _, _, state in states(job)] == ["succeeded", "failed", "cancelled", "cancelled", "cancelled"]
    assert JobEvent.objects.filter(job=job, kind="failed").count() == 1
    assert job.outputs.get().code == "EncodeFailed"


ENDS: dict[str, Callable[[Fence], object]] = {
    "done": lambda fence: records.step_done(fence, kept={}, more=probes),
    "lost": lambda fence: scheduler.lose(fence.step_id, fence.attempt, reason="worker died"),
    "released": lambda fence: scheduler.release(fence.step_id, fence.attempt, not_before=timezone.now()),
    "failed": lambda fence: records.step_failed(fence, JobError("NoVideoStream")),
    "failed of the moment": lambda fence: records.step_failed(fence, JobError("Stalled")),
}


@pytest.mark.parametrize("way", ENDS)
@pytest.mark.parametrize("outputs", [0, 1])
def test_however_a_running_step_of_a_failed_job_ends_the_job_is_over_with_it(way: str, outputs: int) -> None:
    job = job_of_several(outputs)
    surveyed(job)
    one, other = taken("probe"), taken("probe")
    records.step_failed(one, JobError("EncodeFailed", "no"))
    ENDS[way](other)
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert (job.code, job.message) == ("EncodeFailed", "no")  # the first cause
    assert not Step.objects.filter(job=job, state__in=("ready", "blocked", "running")).exists()
    assert not Attempt.objects.filter(step__job=job, state=AttemptState.RUNNING).exists()
    assert not Output.objects.filter(job=job, state__in=("queued", "running")).exists()


def test_three_losses_of_one_step_fail_the_job_while_another_runs() -> None:
    job = job_of_several()
    surveyed(job)
    victim, other = taken("probe"), taken("probe")
    for _ in range(3):
        scheduler.renew(victim.step_id, victim.attempt, program_running=True)
        assert scheduler.lose(victim.step_id, victim.attempt, reason="worker died")
        if again := scheduler.claim(Lane.MAIN, "node-a/1"):
            victim = fence_of(again)
    job.refresh_from_db()
    assert job.state == JobState.RUNNING
    assert scheduler.renew(other.step_id, other.attempt, program_running=True) == "cancel"
    records.step_cancelled(other)
    job.refresh_from_db()
    assert (job.state, job.code, job.retryable) == (JobState.FAILED, "WorkerLost", True)
    assert Step.objects.get(pk=victim.step_id).state == StepState.FAILED


def test_cancel_stops_all_steps() -> None:
    job = job_of_several()
    surveyed(job)
    one, other = taken("probe"), taken("probe")
    services.cancel(job.pk, actor="bob")
    assert [state for _, _, state in states(job)] == ["succeeded", "running", "running", "cancelled", "cancelled"]
    records.step_cancelled(one)
    job.refresh_from_db()
    assert job.state == JobState.RUNNING
    records.step_done(other, kept={}, more=probes)  # it was just done: nothing follows from it any more
    job.refresh_from_db()
    assert (job.state, job.code) == (JobState.CANCELLED, "Cancelled")
    assert len(states(job)) == 5


def test_cancel_between_two_steps_is_at_once() -> None:
    job = job_of_several()
    surveyed(job)
    assert services.cancel(job.pk, actor="bob").state == JobState.CANCELLED


def test_a_lost_step_is_done_again_and_the_others_are_not() -> None:
    job = job_of_several()
    surveyed(job)
    one, other = taken("probe"), taken("probe")
    records.step_done(other, kept={"vmaf": 93.0})
    scheduler.lose(one.step_id, one.attempt, reason="worker died")
    job.refresh_from_db()
    assert job.state == JobState.QUEUED
    again, third = taken("probe"), taken("probe")
    assert (again.step_id, again.attempt) == (one.step_id, 2)
    assert (third.attempt, Step.objects.get(pk=other.step_id).attempt) == (1, 1)
    assert Step.objects.get(pk=other.step_id).result == {"vmaf": 93.0}


def test_pause_lets_running_steps_finish_and_starts_no_further_one() -> None:
    job = job_of_several()
    fence = taken("survey")
    services.pause_pipeline(job.pipeline, actor="bob")
    records.step_done(fence, kept={}, more=probes)
    job.refresh_from_db()
    assert job.state == JobState.QUEUED  # it waits like the others in this pipeline
    assert scheduler.claim(Lane.MAIN, "node-a/1") is None
    services.resume_pipeline(job.pipeline, actor="bob")
    assert taken("probe").job_id == job.pk
    job.refresh_from_db()
    assert job.state == JobState.RUNNING


def test_a_job_that_stands_between_two_steps_when_its_pipeline_is_paused_can_be_moved() -> None:
    job = job_of_several()
    surveyed(job)
    assert job.state == JobState.RUNNING
    services.pause_pipeline(job.pipeline, actor="bob")
    other = rows.pipeline("other", slots=9)
    services.move(job.pk, "other", actor="bob")
    fence = taken("probe")
    assert Step.objects.get(pk=fence.step_id).pipeline == other


def test_a_new_priority_counts_for_steps_that_are_added_later() -> None:
    job = job_of_several()
    fence = taken("survey")
    services.set_priority(job.pk, 9, actor="bob")
    records.step_done(fence, kept={}, more=probes)
    assert set(Step.objects.filter(job=job).exclude(kind="survey").values_list("priority", flat=True)) == {9}


def test_probes_take_slots() -> None:
    job = job_of_several(line=rows.pipeline(slots=2))
    surveyed(job)
    taken("probe"), taken("probe")
    assert scheduler.claim(Lane.MAIN, "node-a/1") is None
    Pipeline.objects.update(slots=3)
    assert taken("probe").job_id == job.pk


def test_what_a_step_keeps_while_it_runs_is_there_for_the_next_attempt() -> None:
    job = job_of_several()
    fence = taken("survey")
    records.note_step(fence, {"half": True})
    scheduler.lose(fence.step_id, fence.attempt, reason="worker died")
    assert Step.objects.get(job=job, index=0).result == {"half": True}


def test_two_last_steps_that_end_at_once_wake_the_waiting_one_once() -> None:
    """Each in a connection of its own; one of them must see that all are done."""
    for _ in range(10):
        job = job_of_several()
        surveyed(job)
        fences = [taken("probe") for _ in range(PROBES)]
        barrier = threading.Barrier(PROBES)
        with ThreadPoolExecutor(PROBES) as pool:
            ends = [pool.submit(end, fence, barrier) for fence in fences]
        for ended in ends:
            ended.result()
        last = taken("transcode")
        assert last.job_id == job.pk
        output = job.outputs.get()
        records.output_done(last, output.pk, key=output.key, size=1, parts=[], info=None, checks=[])
        records.step_done(last)


def end(fence: Fence, barrier: threading.Barrier) -> None:
    """Record it together with others, in a connection of its own."""
    try:
        barrier.wait(10)
        records.step_done(fence, kept={"vmaf": 93.0}, more=lambda _seen: [])
    finally:
        connection.close()


def test_the_page_counts_trial_encodes_and_names_steps(client: Any, bob: Any) -> None:
    job = job_of_several(line=rows.pipeline(slots=9))
    surveyed(job)
    records.step_done(taken("probe"), kept={})
    taken("probe")
    Job.objects.filter(pk=job.pk).update(phase="search", progress=20)
    client.force_login(bob)
    page = client.get(f"/console/jobs/{job.pk}/").content.decode()
    assert "Trial encodes, 1 of 3" in page
    times = client.get(f"/console/jobs/{job.pk}/timeline/").content.decode()
    assert "Step 2, attempt 1" in times
    assert "Trial encode ·" in times
    attempts = client.get(f"/console/jobs/{job.pk}/raw/").content.decode()
    assert "&quot;kind&quot;: &quot;probe&quot;" in attempts


def test_one_step_jobs_show_no_search(client: Any, bob: Any) -> None:
    step = rows.waiting(rows.pipeline(slots=9), outputs=1)
    taken("transcode")
    client.force_login(bob)
    page = client.get(f"/console/jobs/{step.job_id}/").content.decode()
    assert "Encode" in page
    assert "Trial encodes" not in page
