"""The doorbell and what a group does with rings: one in hand, none more; nothing that a broken ring or a missing Redis could block."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django_q.brokers import get_broker
from django_q.models import OrmQ, Task
from django_q.signing import SignedPackage
from redis import RedisError

from jobs import board, doorbell, records, scheduler, services, tasks
from jobs.engine.errors import JobError
from jobs.models import Job, JobEvent, Lane, Step
from jobs.node import broker
from jobs.records import Fence
from jobs.scheduler import Claimed
from jobs.states import JobState, StepState
from tests.jobs import rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    """No rings wait and the hand is empty, before and after."""

    def reset() -> None:
        for queue in doorbell.QUEUES.values():
            get_broker(queue).purge_queue()
        board.page().draining = board.seat().hand = board.seat().busy = 0

    reset()
    yield
    reset()


def bell(lane: str = Lane.MAIN) -> broker.OneInHand:
    made = get_broker(doorbell.QUEUES[lane])
    assert isinstance(made, broker.OneInHand)
    return made


def done(claimed: Claimed) -> None:
    records.step_done(Fence(claimed.job_id, claimed.step_id, claimed.attempt))


def test_the_configured_store_is_used() -> None:
    assert isinstance(bell(), broker.RedisBell if settings.REDIS_URL else broker.OrmBell)


def test_a_ring_says_what_to_call_and_nothing_else_and_is_gone_once_taken() -> None:
    scheduler.ring(Lane.SHORT)
    assert bell().queue_size() == 0  # lanes do not hear each other
    taken = bell(Lane.SHORT).dequeue()
    assert taken is not None
    [(ack, payload)] = taken
    ring = SignedPackage.loads(payload)
    assert ack is None
    assert (ring["func"], ring["args"], ring["kwargs"], ring["timeout"]) == ("jobs.tasks.work", (), {}, -1)
    assert bell(Lane.SHORT).queue_size() == 0


def test_a_busy_hand_takes_no_second_ring() -> None:
    scheduler.ring()
    assert bell().dequeue()
    scheduler.ring()
    begin = time.monotonic()
    assert bell().dequeue() is None
    assert time.monotonic() - begin < 5  # it looks again soon
    assert bell().queue_size() == 1  # for somebody else
    tasks.work(done)  # its work is over
    assert bell().dequeue()


def test_a_node_that_stops_leaves_rings_to_others() -> None:
    scheduler.ring()
    board.page().draining = 1
    assert bell().dequeue() is None
    assert bell().queue_size() == 1


def test_an_unreadable_ring_does_not_block_the_group() -> None:
    bell().enqueue("nonsense")
    scheduler.ring()
    taken = bell().dequeue()
    assert taken is not None
    bell().fail(taken[0][0])  # what the pusher does when the signature is wrong
    scheduler.ring()
    assert bell().dequeue()


def test_a_submit_rings_after_its_commit_and_once() -> None:
    line = rows.pipeline()
    with transaction.atomic():
        rows.waiting(line)
        scheduler.ring_on_commit(Lane.MAIN)
        scheduler.ring_on_commit(Lane.MAIN)
        assert bell().queue_size() == 0
    assert bell().queue_size() == 1
    with transaction.atomic():
        scheduler.ring_on_commit(Lane.SHORT)
        transaction.set_rollback(True)
    assert bell(Lane.SHORT).queue_size() == 0


def test_work_does_all_there_is_and_nothing_of_a_paused_pipeline() -> None:
    line, paused = rows.pipeline(slots=1), rows.pipeline("paused")
    jobs = [rows.waiting(line).job_id for _ in range(5)]
    waits = rows.waiting(paused).job_id
    services.pause_pipeline(paused, actor="alice")
    tasks.work(done)
    assert set(Job.objects.filter(pk__in=jobs).values_list("state", flat=True)) == {JobState.SUCCEEDED}
    assert Job.objects.get(pk=waits).state == JobState.QUEUED
    assert Task.objects.count() == 0


def test_a_worker_that_breaks_loses_its_step_and_goes_on() -> None:
    line = rows.pipeline(slots=5)
    bad, good = rows.waiting(line, priority=9), rows.waiting(line)

    def run(claimed: Claimed) -> None:
        if claimed.step_id == bad.pk:
            scheduler.renew(claimed.step_id, claimed.attempt, program_running=True)
            raise ValueError("a mistake of ours")
        done(claimed)

    tasks.work(run)
    assert Job.objects.get(pk=bad.job_id).code == "WorkerLost"  # three times, and not for ever
    assert Step.objects.get(pk=bad.pk).attempt == 3
    assert Job.objects.get(pk=good.job_id).state == JobState.SUCCEEDED
    assert board.seat().hand == board.seat().busy == 0
    assert [e.data["losses"] for e in JobEvent.objects.filter(kind="lost")] == [1, 2, 3]


def test_a_step_that_waits_does_not_hold_up_the_next() -> None:
    line = rows.pipeline(slots=5)
    moody, next_ = rows.waiting(line, priority=9), rows.waiting(line)

    def run(claimed: Claimed) -> None:
        if claimed.step_id == moody.pk:
            records.step_failed(Fence(claimed.job_id, claimed.step_id, claimed.attempt), JobError("Stalled"))
        else:
            done(claimed)

    tasks.work(run)
    assert Step.objects.get(pk=moody.pk).state == StepState.BLOCKED
    assert Job.objects.get(pk=next_.job_id).state == JobState.SUCCEEDED


def test_a_database_that_does_not_answer_empties_the_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise DatabaseError("gone")

    scheduler.ring()
    assert bell().dequeue()
    monkeypatch.setattr(scheduler, "claim", broken)
    tasks.work(done)
    assert board.seat().hand == 0


def test_without_redis_a_submit_goes_through_and_groups_look_for_work_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real clients of a port where nobody listens."""
    with monkeypatch.context() as patch:
        patch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
        silent = broker.RedisBell("reelmill")
        patch.setattr(doorbell, "_broker", lambda queue: silent)
        with pytest.raises(RedisError):
            silent.queue_size()
        assert silent.ping() is False
        scheduler.ring()  # no error reaches whoever submits
        begin = time.monotonic()
        taken = silent.dequeue()
    assert taken is not None
    assert 0.9 < time.monotonic() - begin < 10
    assert SignedPackage.loads(taken[0][1])["func"] == "jobs.tasks.work"


@pytest.mark.sqlite
def test_of_two_groups_one_gets_the_ring() -> None:
    scheduler.ring()
    ring = OrmQ.objects.get()
    assert bell().dequeue()
    OrmQ.objects.bulk_create([ring])
    board.seat().hand = 0
    with connection.execute_wrapper(_somebody_was_faster):
        assert bell().dequeue() is None
    assert board.seat().hand == 0


def _somebody_was_faster(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
    if sql.startswith("DELETE"):
        execute(sql, params, many, context)
    return execute(sql, params, many, context)
