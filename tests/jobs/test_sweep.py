"""The sweep: what dead and silent workers leave, and what only time brings. Here time is an argument."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction
from django.utils import timezone

from jobs import doorbell, records, scheduler, services
from jobs.models import Attempt, Job, JobEvent, Lane, Node, Pipeline, PipelineEvent, Step
from jobs.records import Fence
from jobs.states import AttemptState, JobState, StepState
from jobs.sweep import forget_nodes, give_back, release_node, sweep
from tests.jobs import rows

pytestmark = pytest.mark.django_db(transaction=True)
LATER = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def quiet_bell() -> None:
    """No ring of an earlier test waits."""
    for queue in doorbell.QUEUES.values():
        doorbell.get_broker(queue).purge_queue()


def waiting_rings(lane: str = Lane.MAIN) -> int:
    return int(doorbell.get_broker(doorbell.QUEUES[lane]).queue_size())


def lose_once(step: Step, *, program_running: bool) -> None:
    claimed = scheduler.claim(step.lane, "node-a/7")
    assert claimed is not None
    assert claimed.step_id == step.pk
    assert scheduler.renew(step.pk, claimed.attempt, program_running=program_running) == "ok"
    sweep(timezone.now() + LATER)


def test_a_living_lease_is_left_alone() -> None:
    step = rows.waiting(rows.pipeline())
    assert scheduler.claim(Lane.MAIN, "node-a/7") is not None
    sweep()
    step.refresh_from_db()
    assert (step.state, step.attempt) == (StepState.RUNNING, 1)


def test_an_expired_lease_gives_the_step_to_the_next_worker() -> None:
    step = rows.waiting(rows.pipeline(), outputs=2)
    lose_once(step, program_running=True)
    step.refresh_from_db()
    job = Job.objects.get(pk=step.job_id)
    assert (step.state, step.losses, job.state, job.progress) == (StepState.READY, 1, JobState.QUEUED, 0)
    assert set(job.outputs.values_list("state", flat=True)) == {JobState.QUEUED}
    assert Attempt.objects.get(step=step).state == AttemptState.LOST
    assert waiting_rings() == 1
    lost = JobEvent.objects.get(job=job, kind="lost")
    assert lost.data == {"attempt": 1, "worker": "node-a/7", "reason": "lease expired", "losses": 1}
    assert not scheduler.holds(step.pk, 1)
    assert scheduler.claim(Lane.MAIN, "node-a/8").attempt == 2  # type: ignore[union-attr]


def test_three_losses_while_the_program_ran_fail_the_job() -> None:
    step = rows.waiting(rows.pipeline(), outputs=1)
    for _ in range(3):
        lose_once(step, program_running=True)
    step.refresh_from_db()
    job = Job.objects.get(pk=step.job_id)
    assert (step.state, step.losses, job.state, job.code, job.retryable) == (StepState.FAILED, 3, JobState.FAILED, "WorkerLost", True)
    output = job.outputs.get()
    assert (output.state, output.code) == (JobState.FAILED, "WorkerLost")
    assert scheduler.claim(Lane.MAIN, "node-a/9") is None
    assert list(Attempt.objects.order_by("number").values_list("state", flat=True)) == [AttemptState.LOST] * 3


def test_losses_while_nothing_ran_do_not_count() -> None:
    step = rows.waiting(rows.pipeline())
    for _ in range(5):
        lose_once(step, program_running=False)
    step.refresh_from_db()
    assert (step.state, step.losses, step.attempt) == (StepState.READY, 0, 5)


def test_a_finished_output_stays_finished_when_the_worker_is_lost() -> None:
    step = rows.waiting(rows.pipeline(), outputs=2)
    claimed = scheduler.claim(Lane.MAIN, "node-a/7")
    assert claimed is not None
    done, _ = step.job.outputs.order_by("index")
    with transaction.atomic():
        records.output_done(Fence(step.job_id, step.pk, 1), done.pk, key=done.key, size=1, parts=[], info=None, checks=[])
    sweep(timezone.now() + LATER)
    assert [o.state for o in step.job.outputs.order_by("index")] == [JobState.SUCCEEDED, JobState.QUEUED]
    scheduler.claim(Lane.MAIN, "node-a/7")
    assert [o.state for o in step.job.outputs.order_by("index")] == [JobState.SUCCEEDED, JobState.RUNNING]


def test_a_lost_job_that_was_to_be_cancelled_is_cancelled() -> None:
    step = rows.waiting(rows.pipeline(), outputs=1)
    assert scheduler.claim(Lane.MAIN, "node-a/7") is not None
    services.cancel(step.job_id, actor="bob")
    sweep(timezone.now() + LATER)
    assert Job.objects.get(pk=step.job_id).state == JobState.CANCELLED
    assert Step.objects.get(pk=step.pk).state == StepState.CANCELLED


def test_a_wish_to_cancel_that_nobody_saw_is_fulfilled() -> None:
    step = rows.waiting(rows.pipeline())
    Job.objects.filter(pk=step.job_id).update(cancel_requested=True)
    sweep()
    assert Job.objects.get(pk=step.job_id).state == JobState.CANCELLED
    sweep()
    assert JobEvent.objects.filter(job=step.job_id, kind="cancelled").count() == 1


def test_steps_wait_until_their_time() -> None:
    step = rows.waiting(rows.pipeline())
    claimed = scheduler.claim(Lane.MAIN, "node-a/7")
    assert claimed is not None
    assert scheduler.release(step.pk, 1, not_before=timezone.now() + dt.timedelta(seconds=20), reason="StorageFull")
    sweep()
    assert scheduler.claim(Lane.MAIN, "node-a/7") is None
    sweep(timezone.now() + dt.timedelta(seconds=21))
    assert waiting_rings() == 1
    assert scheduler.claim(Lane.MAIN, "node-a/7").attempt == 2  # type: ignore[union-attr]
    assert Step.objects.get(pk=step.pk).losses == 0


def test_a_pause_with_a_time_ends_then_and_one_without_never() -> None:
    timed, open_end = rows.pipeline("timed"), rows.pipeline("open")
    step = rows.waiting(timed, lane=Lane.SHORT)
    rows.waiting(open_end, lane=Lane.SHORT)
    services.pause_pipeline(timed, actor="alice", reason="night", resume_at=timezone.now() + dt.timedelta(seconds=30))
    services.pause_pipeline(open_end, actor="alice")
    sweep()
    assert waiting_rings(Lane.SHORT) == 0
    sweep(timezone.now() + LATER)
    sweep(timezone.now() + LATER)
    timed.refresh_from_db()
    open_end.refresh_from_db()
    assert (timed.state, timed.pause_reason, timed.resume_at) == (Pipeline.State.ACTIVE, "", None)
    assert open_end.state == Pipeline.State.PAUSED
    assert PipelineEvent.objects.filter(pipeline=timed, kind="resumed").count() == 1
    assert waiting_rings(Lane.SHORT) == 1
    assert scheduler.claim(Lane.SHORT, "node-a/7").step_id == step.pk  # type: ignore[union-attr]


def test_a_dead_groups_steps_come_back_at_once_and_only_those() -> None:
    line = rows.pipeline(slots=9)
    steps = [rows.waiting(line) for _ in range(4)]
    for worker in ("node-a/10", "node-a/11", "node-b/10", "node-ab/10"):
        assert scheduler.claim(Lane.MAIN, worker) is not None
    assert give_back("node-a", lambda: {"node-a/11"}) == 1
    assert [Step.objects.get(pk=step.pk).state for step in steps] == [StepState.READY, StepState.RUNNING, StepState.RUNNING, StepState.RUNNING]


def test_the_living_are_asked_after_the_steps_were_read() -> None:
    """A group that starts and claims between the two reads must not be taken for dead."""
    step = rows.waiting(rows.pipeline())
    scheduler.claim(Lane.MAIN, "node-a/10")
    asked = []

    def living() -> set[str]:
        asked.append(1)
        late = rows.waiting(rows.pipeline())
        assert scheduler.claim(Lane.MAIN, "node-a/11") is not None
        assert late.pk != step.pk
        return {"node-a/10"}

    assert give_back("node-a", living) == 0
    assert asked
    assert Step.objects.filter(state=StepState.RUNNING).count() == 2


def test_a_node_that_stops_hands_everything_back_uncounted() -> None:
    line = rows.pipeline(slots=9)
    mine, other = rows.waiting(line), rows.waiting(line)
    for step, worker in ((mine, "node-a/10"), (other, "node-b/10")):
        claimed = scheduler.claim(Lane.MAIN, worker)
        assert claimed is not None
        scheduler.renew(step.pk, claimed.attempt, program_running=True)
    assert release_node("node-a", "the node stopped") == 1
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.state, mine.losses, other.state) == (StepState.READY, 0, StepState.RUNNING)


def test_nodes_are_forgotten_after_a_day() -> None:
    now = timezone.now()
    for name, hours in (("old", 25), ("young", 1)):
        Node.objects.create(name=name, started_at=now, seen_at=now - dt.timedelta(hours=hours))
    forget_nodes(now)
    assert [node.name for node in Node.objects.all()] == ["young"]
