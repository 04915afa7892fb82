"""/healthz, /readyz, /metrics."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from jobs.models import Job, Node, Pipeline
from tests.jobs.rows import waiting


def node(seconds_ago: float = 0, lane: str = "main", name: str = "here") -> Node:
    now = timezone.now()
    groups = [{"lane": lane, "pgid": 7, "started_at": now.isoformat()}] if lane else []
    return Node.objects.create(name=name, groups=groups, started_at=now, seen_at=now - dt.timedelta(seconds=seconds_ago))


def test_healthz_needs_nothing(client: Client) -> None:
    response = client.get("/healthz")  # no database is allowed in this test
    assert (response.status_code, response.json()["status"]) == (200, "ok")
    assert client.head("/healthz").status_code == 200
    assert client.post("/healthz").status_code == 405


def ready(client: Client) -> tuple[int, dict[str, bool]]:
    response = client.get("/readyz")
    return response.status_code, response.json()["checks"]


def test_readyz_needs_a_worker_that_was_seen_just_now(client: Client, pipeline: Pipeline) -> None:
    everything = {"database": True, "default_pipeline": True, "worker": True}
    assert ready(client) == (503, everything | {"worker": False})
    row = node()
    assert ready(client) == (200, everything)
    Node.objects.filter(pk=row.pk).update(seen_at=timezone.now() - dt.timedelta(seconds=11))
    assert ready(client) == (503, everything | {"worker": False})


@pytest.mark.parametrize("lane", ["short", ""])
def test_a_node_without_a_main_group_is_not_enough(client: Client, pipeline: Pipeline, lane: str) -> None:
    node(lane=lane)
    assert ready(client)[0] == 503


def test_readyz_needs_the_default_pipeline(client: Client, db: None) -> None:
    node()
    assert ready(client) == (503, {"database": True, "default_pipeline": False, "worker": True})


def test_readyz_survives_a_database_that_is_away(client: Client, monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    def away(*_args: Any, **_kwargs: Any) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr("django.db.models.query.QuerySet.exists", away)
    assert ready(client) == (503, {"database": False, "default_pipeline": False, "worker": False})


def test_metrics_count_what_is_there(client: Client, pipeline: Pipeline) -> None:
    paused = Pipeline.objects.create(name='night "2"\n', slots=4, state="Paused")
    waiting(pipeline)
    waiting(pipeline, lane="short")
    waiting(pipeline, state="running", lease_until=timezone.now())
    waiting(paused)
    Job.objects.create(kind="transcode", pipeline=pipeline, spec={}, input_bucket="input", input_key="a", state="failed")
    node()
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain")
    lines = response.content.decode().splitlines()
    for line in (
        'reelmill_jobs{kind="transcode",state="queued"} 3.0',
        'reelmill_jobs{kind="mediainfo",state="queued"} 1.0',
        'reelmill_jobs_finished_24h{kind="transcode",state="failed"} 1.0',
        'reelmill_pipeline_queued_steps{pipeline="default"} 2.0',
        'reelmill_pipeline_running_steps{pipeline="default"} 1.0',
        'reelmill_pipeline_slots{pipeline="default"} 2.0',
        'reelmill_pipeline_active{pipeline="default"} 1.0',
        'reelmill_pipeline_active{pipeline="night \\"2\\"\\n"} 0.0',
        'reelmill_workers{lane="main",node="here"} 1.0',
        'reelmill_workers{lane="short",node="here"} 0.0',
    ):
        assert line in lines, line
    waits = [float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith('reelmill_pipeline_oldest_wait_seconds{pipeline="default"}')]
    assert waits
    assert waits[0] > 0


def test_metrics_are_open_on_this_host_only(api_of: Any, charlie: User, dana: User) -> None:
    assert Client(REMOTE_ADDR="127.0.0.1").get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR="::1").get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR="10.1.2.3").get("/metrics").status_code == 401
    assert Client(REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": "10.1.2.3"}).get("/metrics").status_code == 401
    stranger = Client(REMOTE_ADDR="10.1.2.3")
    stranger.force_login(dana)
    assert stranger.get("/metrics").status_code == 403
    assert api_of(charlie, "viewer").get("/metrics", REMOTE_ADDR="10.1.2.3").status_code == 200
    assert Client().post("/metrics").status_code == 405


@pytest.mark.parametrize(("path", "lines"), [("/readyz", 0), ("/api/v1/nowhere", 1)])
def test_not_being_ready_is_no_error_of_the_log(client: Client, db: None, path: str, lines: int, caplog: pytest.LogCaptureFixture) -> None:
    assert client.get(path).status_code in (503, 404)
    assert len([record for record in caplog.records if record.name == "django.request"]) == lines
