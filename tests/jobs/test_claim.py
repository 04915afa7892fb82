"""Claims: who gets what, in which order, and never too much. Threads here are what worker processes are in a cluster: connections of their own."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Count
from django_q.models import OrmQ

from jobs import board, doorbell, records, scheduler, services, transitions
from jobs.engine.errors import Refused
from jobs.heads import query
from jobs.models import Attempt, Job, JobEvent, Lane, Pipeline, Step
from jobs.records import Fence
from jobs.scheduler import Claimed
from jobs.states import AttemptState, JobState, StepState
from tests.jobs import rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quiet_bell() -> Iterator[None]:
    """No ring of an earlier test waits."""
    for queue in doorbell.QUEUES.values():
        doorbell.get_broker(queue).purge_queue()
    yield
    board.page().draining = 0


def take(lane: str = Lane.MAIN, *can: str) -> Claimed | None:
    return scheduler.claim(lane, "test-node/1", frozenset(can))


def done(claimed: Claimed) -> None:
    records.step_done(Fence(claimed.job_id, claimed.step_id, claimed.attempt))


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run ``work(0…count-1)`` at once, each with a connection of its own."""

    def one(index: int) -> Any:
        try:
            return work(index)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_it_takes_the_highest_priority_then_the_oldest() -> None:
    lines = [rows.pipeline("a", slots=50), rows.pipeline("b", slots=50), rows.pipeline("c", slots=50)]
    draw = random.Random(7)
    steps = [rows.waiting(draw.choice(lines), priority=draw.randint(1, 10)) for _ in range(60)]
    expected = [step.pk for step in sorted(steps, key=lambda step: (-step.priority, step.seq))]
    assert [claimed.step_id for _ in steps if (claimed := take())] == expected
    assert take() is None


def test_a_claim_writes_attempt_lease_states_and_history() -> None:
    step = rows.waiting(rows.pipeline(), outputs=2)
    before = step.job.version
    claimed = take()
    assert claimed == Claimed(step.pk, 1, step.job_id, "transcode")
    step.refresh_from_db()
    job = Job.objects.get(pk=step.job_id)
    assert (step.state, step.attempt, step.worker, step.program_running) == (StepState.RUNNING, 1, "test-node/1", False)
    assert step.lease_until is not None
    assert 10 < (step.lease_until - job.started_at).total_seconds() < 20
    assert job.state == JobState.RUNNING
    assert job.version > before
    assert set(job.outputs.values_list("state", flat=True)) == {JobState.RUNNING}
    assert Attempt.objects.get(step=step).state == AttemptState.RUNNING
    event = JobEvent.objects.get(job=job, kind="started")
    assert event.data == {"attempt": 1, "worker": "test-node/1"}


def test_slots_are_never_exceeded_and_nothing_is_claimed_twice() -> None:
    lines = {rows.pipeline("one", slots=1).pk: 1, rows.pipeline("two", slots=2).pk: 2, rows.pipeline("three", slots=3).pk: 3}
    by_id = {line.pk: line for line in Pipeline.objects.all()}
    draw = random.Random(3)
    steps = {rows.waiting(by_id[draw.choice(list(lines))], priority=draw.randint(1, 10)).pk for _ in range(90)}
    guard, held, most, seen = threading.Lock(), Counter[str](), Counter[str](), []
    pipeline_of = dict(Step.objects.values_list("id", "pipeline_id"))

    def worker(index: int) -> None:
        idle = 0
        while idle < 40:
            claimed = scheduler.claim(Lane.MAIN, f"test-node/{index}")
            if claimed is None:
                idle += 1
                time.sleep(0.005)
                continue
            idle = 0
            line = pipeline_of[claimed.step_id]
            with guard:
                seen.append(claimed.step_id)
                held[line] += 1
                most[line] = max(most[line], held[line])
            time.sleep(0.02)
            with guard:
                held[line] -= 1  # before the record: the database frees the slot after this line, never before
            done(claimed)

    in_threads(8, worker)
    assert Counter(seen) == Counter(steps)
    assert all(most[line] <= slots for line, slots in lines.items()), most
    assert max(most.values()) > 1  # there was something to exceed
    assert set(Attempt.objects.values_list("number", flat=True)) == {1}
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.SUCCEEDED}


def test_of_many_claimers_one_gets_the_only_step() -> None:
    for _ in range(5):
        step = rows.waiting(rows.pipeline(slots=50))
        won = [claimed for claimed in in_threads(8, lambda _: take()) if claimed]
        assert [claimed.step_id for claimed in won] == [step.pk]
        done(won[0])


def test_all_slots_are_used() -> None:
    line = rows.pipeline(slots=3)
    for _ in range(5):
        rows.waiting(line)
    assert len([claimed for _ in range(5) if (claimed := take())]) == 3


def test_a_full_pipeline_does_not_hide_another() -> None:
    full, free = rows.pipeline("full", slots=1), rows.pipeline("free", slots=1)
    urgent = [rows.waiting(full, priority=10) for _ in range(3)]
    modest = rows.waiting(free, priority=1)
    assert [claimed.step_id for _ in range(3) if (claimed := take())] == [urgent[0].pk, modest.pk]


def test_nothing_of_a_paused_pipeline_starts_in_either_lane() -> None:
    line = rows.pipeline(slots=3)
    running = rows.waiting(line)
    first = take()
    assert first is not None
    encode, light = rows.waiting(line), rows.waiting(line, lane=Lane.SHORT)
    services.pause_pipeline(line, actor="alice")
    assert (take(), take(Lane.SHORT)) == (None, None)
    done(first)  # what runs may finish
    assert Job.objects.get(pk=running.job_id).state == JobState.SUCCEEDED
    assert (take(), take(Lane.SHORT)) == (None, None)
    services.resume_pipeline(line, actor="alice")
    assert [c.step_id for lane in Lane.values if (c := take(lane))] == [encode.pk, light.pk]


@pytest.mark.pg  # SQLite has one writer at a time
def test_a_pause_that_is_being_written_wins_over_a_claim() -> None:
    line = rows.pipeline()
    rows.waiting(line)
    got: list[Claimed | None] = []
    claimer = threading.Thread(target=lambda: (got.append(take()), connection.close()))
    with transaction.atomic():
        Pipeline.objects.filter(pk=line.pk).update(state=Pipeline.State.PAUSED)
        claimer.start()
        time.sleep(0.3)
        assert got == []  # it waits for the pipeline's row
    claimer.join(30)
    assert got == [None]


def test_light_steps_take_no_slot_and_their_lane_is_their_own() -> None:
    line = rows.pipeline(slots=1)
    encodes = [rows.waiting(line) for _ in range(2)]
    light = [rows.waiting(line, lane=Lane.SHORT, priority=1) for _ in range(3)]
    assert [c.step_id for _ in range(4) if (c := take(Lane.SHORT))] == [step.pk for step in light]
    assert [c.step_id for _ in range(2) if (c := take())] == [encodes[0].pk]


def test_a_step_goes_only_to_a_worker_that_has_what_it_needs() -> None:
    line = rows.pipeline(slots=9)
    both = rows.waiting(line, needs="libsvtav1+libx265", priority=9)
    hevc = rows.waiting(line, needs="libx265", priority=8)
    plain = rows.waiting(line, priority=1)
    assert take(Lane.MAIN, "libx265").step_id == hevc.pk  # type: ignore[union-attr]
    assert take(Lane.MAIN, "libx265").step_id == plain.pk  # type: ignore[union-attr]
    assert take(Lane.MAIN, "libx265") is None
    assert scheduler.claimable(Lane.MAIN)  # by somebody
    assert not scheduler.claimable(Lane.MAIN, frozenset({"libx265"}))
    assert take(Lane.MAIN, "libx265", "libsvtav1", "aac").step_id == both.pk  # type: ignore[union-attr]


def test_a_claim_rings_for_the_next_worker_only_if_that_one_could_do_something() -> None:
    line = rows.pipeline(slots=2)
    broker = doorbell.get_broker(doorbell.QUEUES[Lane.MAIN])
    for _ in range(3):
        rows.waiting(line)
    assert take() is not None
    assert broker.queue_size() == 1
    broker.purge_queue()
    assert take() is not None
    assert broker.queue_size() == 0  # both slots are taken
    other = rows.pipeline("other")
    rows.waiting(other)
    rows.waiting(other, needs="libsvtav1")
    assert take() is not None
    assert broker.queue_size() == 0  # what is left needs somebody else


def test_a_draining_node_claims_nothing() -> None:
    rows.waiting(rows.pipeline())
    board.page().draining = 1
    assert take() is None
    board.page().draining = 0
    assert take() is not None


def test_a_lease_is_renewed_only_by_its_attempt_and_brings_the_wish_to_cancel() -> None:
    step = rows.waiting(rows.pipeline())
    claimed = take()
    assert claimed is not None
    lease = Step.objects.get(pk=step.pk).lease_until
    assert lease is not None
    time.sleep(0.01)
    assert scheduler.renew(step.pk, 1, program_running=True) == "ok"
    step.refresh_from_db()
    assert step.program_running
    assert step.lease_until is not None
    assert step.lease_until > lease
    assert scheduler.renew(step.pk, 2, program_running=True) == "lost"
    services.cancel(step.job_id, actor="bob")
    assert Job.objects.get(pk=step.job_id).state == JobState.RUNNING
    assert scheduler.renew(step.pk, 1, program_running=True) == "cancel"
    records.step_cancelled(Fence(step.job_id, step.pk, 1))
    assert scheduler.renew(step.pk, 1, program_running=False) == "lost"
    assert not scheduler.holds(step.pk, 1)
    job = Job.objects.get(pk=step.job_id)
    assert (job.state, job.code) == (JobState.CANCELLED, "Cancelled")
    assert job.finished_at is not None


def test_a_released_step_waits_again_uncounted_and_the_old_attempt_is_fenced_off() -> None:
    step = rows.waiting(rows.pipeline(), outputs=1)
    assert take() is not None
    scheduler.renew(step.pk, 1, program_running=True)
    assert scheduler.release(step.pk, 1, reason="drain")
    assert not scheduler.release(step.pk, 1, reason="drain")
    step.refresh_from_db()
    job = Job.objects.get(pk=step.job_id)
    assert (step.state, step.losses, step.lease_until, job.state) == (StepState.READY, 0, None, JobState.QUEUED)
    assert [o.state for o in job.outputs.all()] == [JobState.QUEUED]
    with pytest.raises(records.LeaseLost):
        records.step_done(Fence(job.pk, step.pk, 1))
    again = take()
    assert again is not None
    assert again.attempt == 2
    first_start = job.started_at
    job.refresh_from_db()
    assert job.started_at is not None
    assert first_start is None or job.started_at >= first_start
    assert list(Attempt.objects.order_by("number").values_list("state", flat=True)) == [AttemptState.RELEASED, AttemptState.RUNNING]


def test_a_release_of_a_job_that_is_to_be_cancelled_cancels_it() -> None:
    step = rows.waiting(rows.pipeline(), outputs=1)
    assert take() is not None
    services.cancel(step.job_id, actor="bob")
    assert scheduler.release(step.pk, 1, reason="drain")
    job = Job.objects.get(pk=step.job_id)
    assert job.state == JobState.CANCELLED
    assert [o.state for o in job.outputs.all()] == [JobState.CANCELLED]
    assert take() is None


def test_cancel_priority_and_claims_at_once_leave_every_job_in_one_piece() -> None:
    """On PostgreSQL this is where an order of locks that is not kept would deadlock."""
    line = rows.pipeline(slots=100)
    steps = [rows.waiting(line, outputs=1) for _ in range(60)]

    def act(index: int) -> None:
        draw = random.Random(index)
        for step in draw.sample(steps, len(steps)):
            if index < 4:
                if claimed := scheduler.claim(Lane.MAIN, f"test-node/{index}"):
                    scheduler.renew(claimed.step_id, claimed.attempt, program_running=True)
                    if draw.random() < 0.3:
                        scheduler.lose(claimed.step_id, claimed.attempt, reason="test")
                    else:
                        done(claimed)
                continue
            try:
                if draw.random() < 0.5:
                    services.set_priority(step.job_id, draw.randint(1, 10), actor="bob")
                else:
                    services.cancel(step.job_id, actor="bob")
            except Refused:
                pass

    in_threads(6, act)
    while claimed := take():
        done(claimed)
    assert not Step.objects.filter(state__in=(StepState.READY, StepState.RUNNING, StepState.BLOCKED)).exists()
    assert not Job.objects.filter(state__in=transitions.UNFINISHED).exists()
    assert not Job.objects.filter(finished_at=None).exists()
    ends = JobEvent.objects.filter(kind__in=("succeeded", "failed", "cancelled")).values("job").annotate(n=Count("id"))
    assert {row["n"] for row in ends} == {1}
    assert len(ends) == len(steps)


@pytest.mark.sqlite
def test_the_head_comes_from_the_index_however_long_the_backlog_is() -> None:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN QUERY PLAN " + query(Lane.MAIN))
        plan = [row[3] for row in cursor.fetchall()]
    steps = [line for line in plan if " s USING" in line]
    assert len(steps) == 5
    assert all("INDEX step_head (pipeline_id=? AND lane=?" in line for line in steps), plan
    assert not any(line.startswith("SCAN s") for line in plan)


def test_rings_wait_only_once() -> None:
    for _ in range(3):
        scheduler.ring(Lane.MAIN)
        scheduler.ring(Lane.SHORT)
    sizes = [doorbell.get_broker(queue).queue_size() for queue in doorbell.QUEUES.values()]
    assert sizes == [1, 1]
    if connection.vendor == "sqlite":
        assert OrmQ.objects.count() == 2
