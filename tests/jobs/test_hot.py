"""Statements by hand: the same rows as Django's own, one answer per statement, and names that PostgreSQL knows them by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from jobs import hot, prepared
from jobs.models import Attempt, Job, JobEvent, Lane, Output, Step
from jobs.states import JobState, StepState
from tests.jobs import rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["once", "named"])
def way(request: pytest.FixtureRequest) -> Iterator[str]:
    """Both ways of asking: as a request does, and as a worker group does, which keeps its connection."""
    connection.close()
    before = connection.settings_dict["CONN_MAX_AGE"]
    connection.settings_dict["CONN_MAX_AGE"] = 0 if request.param == "once" else None
    yield request.param
    connection.settings_dict["CONN_MAX_AGE"] = before
    connection.close()


def test_an_inserted_row_is_what_django_would_have_written(way: str) -> None:
    step = rows.waiting(rows.pipeline())
    before = timezone.now()
    hot.do(hot.inserting(Attempt, step_id=step.pk, number=1, worker="n/1", argv=[["ffmpeg", "-i", "100 %s «ü»"]]))
    Attempt.objects.create(step=step, number=2, worker="n/1", argv=[["ffmpeg", "-i", "100 %s «ü»"]])
    first, second = Attempt.objects.order_by("number")
    assert before <= first.started_at <= second.started_at
    names = [field.attname for field in Attempt._meta.concrete_fields if field.name not in ("id", "number", "started_at")]
    assert [getattr(first, name) for name in names] == [getattr(second, name) for name in names]


def test_an_update_writes_what_it_says_where_it_says(way: str) -> None:
    line = rows.pipeline()
    one, two, three = (rows.waiting(line).job_id for _ in range(3))
    now = dt.datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=dt.UTC)
    assert hot.update(Job, {"id": (one, two)}, {"probe": {"a": [1, "%s"]}, "started_at": now, "speed": None, "state": JobState.RUNNING}, counter="version") == 2
    found = {job.pk: (job.state, job.probe, job.started_at, job.version) for job in Job.objects.all()}
    assert found[one] == found[two] == ("running", {"a": [1, "%s"]}, now, 1)
    assert found[three] == ("queued", None, None, 0)
    assert hot.update(Job, {"id": one, "state": JobState.QUEUED}, {"phase": "encode"}) == 0
    assert hot.update(Job, {"id": "nobody"}, {"phase": "encode"}) == 0


def test_each_statement_has_its_own_answer(way: str) -> None:
    step = rows.waiting(rows.pipeline(), outputs=2)
    answers = hot.do(
        hot.updating(Output, {"job_id": step.job_id}, {"state": JobState.RUNNING}),
        ("SELECT state, attempt FROM jobs_step WHERE id = %s", [step.pk]),
        hot.updating(Step, {"id": step.pk, "state": StepState.RUNNING}, {"attempt": 7}),
        ("SELECT id FROM jobs_step WHERE id = %s", [0]),
    )
    assert [answer.touched for answer in answers[::2]] == [2, 0]
    assert [answer.rows for answer in answers[1::2]] == [[("ready", 0)], []]


def test_the_same_shape_may_be_asked_again_with_other_values(way: str) -> None:
    line = rows.pipeline()
    jobs = [rows.waiting(line).job_id for _ in range(12)]  # PostgreSQL may choose another plan from the sixth time on
    for number, job in enumerate(jobs):
        assert hot.update(Job, {"id": job}, {"user_data": f"n{number}"}, counter="version") == 1
    assert [Job.objects.get(pk=job).user_data for job in jobs] == [f"n{number}" for number in range(12)]


def test_what_fails_leaves_nothing_behind_and_can_be_asked_again(way: str) -> None:
    step = rows.waiting(rows.pipeline())
    event = hot.inserting(JobEvent, job_id=step.job_id, kind="test")
    twice = hot.inserting(Attempt, step_id=step.pk, number=1, worker="n/1")
    with pytest.raises(DatabaseError), transaction.atomic():
        hot.do(event, twice, twice)
    assert (JobEvent.objects.count(), Attempt.objects.count()) == (0, 0)
    hot.do(event, twice)
    hot.do(event)
    assert (JobEvent.objects.count(), Attempt.objects.count()) == (2, 1)


@pytest.mark.pg
def test_names_are_given_once_per_connection_and_only_to_kept_ones(way: str) -> None:
    step = rows.waiting(rows.pipeline())
    for _ in range(3):
        hot.do(*[hot.inserting(JobEvent, job_id=step.job_id, kind="test")] * 2)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'hot_%%' AND statement LIKE %s", ['%INSERT INTO "jobs_jobevent"%'])
        assert cursor.fetchone()[0] == (1 if way == "named" else 0)
    connection.close()
    hot.do(hot.inserting(JobEvent, job_id=step.job_id, kind="test"))
    assert JobEvent.objects.count() == 7


@pytest.mark.pg
def test_behind_a_pooler_that_swaps_connections_names_are_given_up(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(prepared._state, "pooled", False)
    step = rows.waiting(rows.pipeline())
    event = hot.inserting(JobEvent, job_id=step.job_id, kind="test")
    hot.do(event)
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")  # what another transaction's connection looks like
    if way == "named":
        with pytest.raises(DatabaseError):
            hot.do(event)
        assert not prepared.worthwhile()
    hot.do(event)
    assert JobEvent.objects.count() == 2


@pytest.mark.sqlite
def test_values_are_adapted_like_djangos(way: str) -> None:
    step = rows.waiting(rows.pipeline(), lane=Lane.SHORT)
    hot.update(Step, {"id": step.pk}, {"program_running": True, "lease_until": timezone.now(), "lane": Lane.MAIN})
    step.refresh_from_db()
    assert (step.program_running, step.lane) == (True, "main")
