"""Hosts whose clocks differ, and a clock that is set while work runs: leases are judged by one time, so nobody's work is taken away."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs import clock, hot, queries, records, scheduler, services
from jobs.engine.spec import JOB_SPEC
from jobs.models import Attempt, Delivery, ForeignTask, Job, JobEvent, Lane, Node, NotifyTarget, Project, Step
from jobs.node import host
from jobs.node.beat import Beat
from jobs.notices import outbox
from jobs.notices.delivering import deliver
from jobs.records import Fence
from jobs.states import JobState, StepState
from jobs.sweep import sweep
from tests.jobs import rows

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def off(monkeypatch: pytest.MonkeyPatch) -> Any:
    """off(by): from now on this process is on a host whose clock is ahead by that."""
    right = timezone.now

    def act(by: dt.timedelta) -> None:
        monkeypatch.setattr(timezone, "now", lambda: right() + by)
        monkeypatch.setattr(clock, "_seen", None)

    return act


@pytest.mark.pg
@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_a_host_with_a_wrong_clock_takes_nothing_away_and_keeps_its_own(off: Any, by: dt.timedelta) -> None:
    line = rows.pipeline()
    mine, other = rows.waiting(line), rows.waiting(line)
    assert scheduler.claim(Lane.MAIN, "right/1") is not None
    off(by)
    assert scheduler.claim(Lane.MAIN, "wrong/1") is not None
    sweep()
    off(dt.timedelta())
    sweep()
    assert set(Step.objects.values_list("worker", "state", "attempt")) == {("right/1", StepState.RUNNING, 1), ("wrong/1", StepState.RUNNING, 1)}
    for step in (mine, other):
        step.refresh_from_db()
        assert step.lease_until is not None
        assert abs((step.lease_until - timezone.now()).total_seconds() - 15) < 5
    sweep(timezone.now() + dt.timedelta(seconds=25))  # both are lost as soon as both would be, had they died
    assert not Step.objects.filter(state=StepState.RUNNING).exists()


@pytest.mark.pg
def test_history_and_nodes_go_by_one_time(off: Any) -> None:
    """A job that one host accepts and another does has its times in their order; a node whose clock is wrong is online."""
    step = rows.waiting(rows.pipeline(), outputs=1)
    off(-HOUR)
    host.write_row({"encoders": ["libx264"]}, clock.now())
    claimed = scheduler.claim(Lane.MAIN, "wrong/1")
    assert claimed is not None
    records.output_failed(Fence(claimed.job_id, claimed.step_id, claimed.attempt), 0, services.Refused("EncodeFailed"))
    records.step_done(Fence(claimed.job_id, claimed.step_id, claimed.attempt))
    off(dt.timedelta())
    job = Job.objects.get(pk=step.job_id)
    assert job.state == JobState.FAILED
    assert job.created_at <= job.started_at <= job.finished_at
    attempt = Attempt.objects.get(step=step)
    assert job.created_at <= attempt.started_at <= attempt.finished_at
    times = list(JobEvent.objects.filter(job=job).order_by("id").values_list("at", flat=True))
    assert times == sorted(times)
    assert len(times) >= 3
    assert [node.name for node in queries.alive_nodes()] == [Node.objects.get().name]


@pytest.mark.pg
def test_the_oldest_job_is_the_one_that_came_first(off: Any, buckets: Any, presets: None) -> None:
    """Not the one whose web server's clock is behind."""
    rows.pipeline()
    (Path(buckets.input) / "clip.mp4").write_bytes(b"x")

    def submit() -> Job:
        return services.submit(spec=JOB_SPEC.validate_json(json.dumps({"kind": "mediainfo", "input": "oss://input/clip.mp4"})), source="api")

    first = submit()
    off(-HOUR)
    second = submit()
    found = [scheduler.claim(Lane.SHORT, "right/1") for _ in range(2)]
    assert [claimed.job_id for claimed in found if claimed] == [first.id, second.id]
    second.refresh_from_db()
    assert abs((second.created_at - first.created_at).total_seconds()) < 60


@pytest.mark.pg
@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_rows_have_the_databases_time_whoever_writes_them(off: Any, by: dt.timedelta) -> None:
    line = rows.pipeline()
    true = timezone.now()
    off(by)
    services.update_pipeline(line, {"slots": 5}, actor="alice")
    job = rows.waiting(line).job
    made = [row.created_at for row in (job, Project.objects.create(name="p"), NotifyTarget.objects.create(name="n"), ForeignTask.objects.create(id="t"))]
    line.refresh_from_db()
    for moment in (*made, line.updated_at, line.events.get().at):
        assert abs((moment - true).total_seconds()) < 60


@pytest.mark.pg
@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_lists_and_answers_go_by_the_time_of_the_rows(off: Any, by: dt.timedelta, api_of: Any, bob: User, buckets: Any, presets: None) -> None:
    """A new job is new, and is found among the newest."""
    rows.pipeline()
    (Path(buckets.input) / "clip.mp4").write_bytes(b"x")
    old = rows.waiting(rows.pipeline()).job
    Job.objects.filter(pk=old.pk).update(created_at=timezone.now() - dt.timedelta(minutes=90))
    off(by)
    client, body = api_of(bob), json.dumps({"kind": "mediainfo", "input": "oss://input/clip.mp4"})
    answers = [client.post("/api/v1/jobs", body, content_type="application/json", headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].status_code == 201
    assert answers[1].json()["id"] == answers[0].json()["id"]
    assert [row["id"] for row in client.get("/api/v1/jobs?from=1h").json()["items"]] == [answers[0].json()["id"]]


@pytest.mark.pg
def test_messages_leave_when_they_are_due_though_the_senders_clock_is_behind(off: Any) -> None:
    NotifyTarget.objects.create(name="ends")
    job = rows.waiting(rows.pipeline()).job
    hot.do(outbox.telling(job.pk, clock.now()))
    assert not Delivery.objects.exists(), "no topic is named"
    Job.objects.filter(pk=job.pk).update(notify_topic="ends")
    hot.do(outbox.telling(job.pk, clock.now()))
    off(-HOUR)
    assert deliver() == 1
    assert Delivery.objects.get().state == Delivery.State.NO_SUBSCRIPTION


@pytest.mark.django_db(transaction=True)
def test_a_job_is_written_at_once_with_its_time(off: Any, buckets: Any, presets: None) -> None:
    """Not set right by a second statement."""
    rows.pipeline()
    (Path(buckets.input) / "clip.mp4").write_bytes(b"x")
    off(HOUR)
    with CaptureQueriesContext(connection) as said:
        services.submit(spec=JOB_SPEC.validate_json(json.dumps({"kind": "mediainfo", "input": "oss://input/clip.mp4"})), source="api")
    assert sum(one["sql"].startswith('INSERT INTO "jobs_job" ') for one in said) == 1
    assert not [one["sql"] for one in said if one["sql"].startswith('UPDATE "jobs_job"')]


def test_a_clock_that_is_set_costs_nobody_the_lease() -> None:
    """All leases look expired for a moment. Who lives renews within it; who does not is taken back after it."""
    step = rows.waiting(rows.pipeline())
    assert scheduler.claim(Lane.MAIN, "elsewhere/1") is not None
    beat = Beat({}, timezone.now())
    beat.tick()
    Step.objects.update(lease_until=clock.now() - HOUR)
    beat.offset -= 3600
    beat.due["sweep"] = 0.0
    beat.tick()
    step.refresh_from_db()
    assert step.state == StepState.RUNNING
    beat.lenient_until = beat.due["sweep"] = 0.0
    beat.tick()
    step.refresh_from_db()
    assert (step.state, step.losses) == (StepState.READY, 0)


@pytest.mark.pg
def test_the_server_is_asked_seldom(django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_seen", None)
    with django_assert_num_queries(1):
        first = [clock.now() for _ in range(100)]
    assert first == sorted(first)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        told = cursor.fetchone()[0]
    assert abs((told - first[-1]).total_seconds()) < 1


@pytest.mark.pg  # with SQLite who reads does not wait for who writes
def test_a_database_that_answers_late_has_the_sweep_take_nothing_back(settings: Any) -> None:
    """While it did not answer nobody could renew: the sweep judges by the time before."""
    settings.REELMILL_LEASE_SECONDS = 2
    step = rows.waiting(rows.pipeline())
    assert scheduler.claim(Lane.MAIN, "elsewhere/1") is not None
    held, beat = threading.Event(), Beat({}, timezone.now())

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE jobs_step IN ACCESS EXCLUSIVE MODE")
            held.set()
            time.sleep(4)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    beat.sweep()
    thread.join()
    step.refresh_from_db()
    assert (step.state, step.attempt, step.losses) == (StepState.RUNNING, 1, 0)
