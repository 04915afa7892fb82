"""What could be claimed: order, needs, and when a claim should ring for another worker."""

from __future__ import annotations

import random

import pytest
from django.db import connection, transaction

from jobs import heads, scheduler, services
from jobs.heads import Candidate, Head
from jobs.models import Lane, Step
from tests.jobs import rows


def candidate(*, pipeline: str = "a", slots_left: bool = False, followed: bool = False) -> Candidate:
    return Candidate(1, "job", "transcode", 0, pipeline, slots_left, followed)


def head(pipeline: str, needs: str = "", step: int = 1) -> Head:
    return Head(step, pipeline, needs, 6, step)


@pytest.mark.parametrize(
    ("found", "claimed", "expected"),
    [
        ([head("a")], candidate(), False),  # nothing else was there
        ([head("a")], candidate(followed=True), False),  # something follows, but no slot is left
        ([head("a")], candidate(slots_left=True), False),  # a slot is left, but nothing follows
        ([head("a")], candidate(slots_left=True, followed=True), True),
        ([head("a"), head("a", "libx265", 2)], candidate(slots_left=True), True),  # what needs something else waits in the same pipeline
        ([head("a"), head("a", "libx265", 2)], candidate(), False),
        ([head("a"), head("b", step=2)], candidate(), True),  # another pipeline has something, whatever becomes of this one
        ([head("b", step=2), head("a")], candidate(pipeline="b"), True),
        ([], candidate(slots_left=True), False),
    ],
)
def test_whether_to_ring_for_another_worker(found: list[Head], claimed: Candidate, expected: bool) -> None:
    assert heads.more(found, claimed) is expected


@pytest.mark.django_db(transaction=True)
def test_heads_are_the_first_of_each_pipeline_lane_and_need() -> None:
    draw = random.Random(11)
    lines = [rows.pipeline(f"line {i}", slots=2) for i in range(6)]
    needs = ["", "libx265", "libsvtav1", "libsvtav1+libx265"]
    for _ in range(120):
        rows.waiting(draw.choice(lines), priority=draw.randint(1, 10), needs=draw.choice(needs), lane=draw.choice(Lane.values))
    services.pause_pipeline(lines[0], actor="alice")
    for step in Step.objects.filter(pipeline=lines[1], lane=Lane.MAIN)[:2]:
        Step.objects.filter(pk=step.pk).update(state="running", lease_until="2100-01-01T00:00:00Z")
    for lane in Lane.values:
        open_lines = [line.pk for line in lines[1 if lane == Lane.SHORT else 2 :]]
        best: dict[tuple[str, str], Step] = {}
        for step in sorted(Step.objects.filter(state="ready", lane=lane, pipeline__in=open_lines), key=lambda s: (-s.priority, s.seq)):
            best.setdefault((step.pipeline_id, step.needs), step)
        expected = sorted(best.values(), key=lambda s: (-s.priority, s.seq))
        assert [found.step_id for found in heads.heads(lane)] == [step.pk for step in expected]
        some = [found.step_id for found in heads.heads(lane, frozenset({"libx265"}))]
        assert some == [step.pk for step in expected if step.needs in ("", "libx265")]


@pytest.mark.pg
@pytest.mark.django_db(transaction=True)
def test_the_head_comes_from_the_index_on_postgresql() -> None:
    lines = [rows.pipeline(f"line {i}", slots=2) for i in range(20)]
    for number in range(400):
        rows.waiting(lines[number % 20], priority=1 + number % 10)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE jobs_step")
        cursor.execute("SET enable_seqscan = off")
        cursor.execute("EXPLAIN " + heads.query(Lane.MAIN))
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("SET enable_seqscan = on")
    assert plan.count("using step_head on jobs_step") == 2, plan


@pytest.mark.django_db(transaction=True)
def test_a_head_that_has_gone_is_confirmed_only_as_what_follows_it() -> None:
    line = rows.pipeline(slots=9)
    first, second = rows.waiting(line, priority=9), rows.waiting(line, priority=5)
    other = rows.waiting(rows.pipeline("other"), priority=7)
    seen = heads.heads(Lane.MAIN)
    assert [found.step_id for found in seen] == [first.pk, other.pk]
    Step.objects.filter(pk=first.pk).update(state="cancelled")
    with transaction.atomic():
        assert heads.confirm(seen[0], Lane.MAIN, seen[1]) is None  # the other pipeline's is better than what follows
        alone = heads.confirm(seen[0], Lane.MAIN, None)
    assert alone is not None
    assert alone.step_id == second.pk
    claimed = scheduler.claim(Lane.MAIN, "test-node/1")
    assert claimed is not None
    assert claimed.step_id == other.pk
