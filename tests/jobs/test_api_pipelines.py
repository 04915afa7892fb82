"""/api/v1/pipelines and /api/v1/workers."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from jobs.models import Node, Pipeline, PipelineEvent
from tests.jobs.rows import waiting

pytestmark = pytest.mark.usefixtures("pipeline")
URL = "/api/v1/pipelines"


def send(client: Client, method: str, url: str, body: Any = None) -> Any:
    return getattr(client, method)(url, "" if body is None else json.dumps(body), content_type="application/json")


def places(response: Any) -> set[tuple[Any, ...]]:
    assert response.status_code == 400, response.content
    return {tuple(row["loc"]) for row in response.json()["errors"]}


def test_list_and_get_by_id_and_name_with_load(api_of: Any, charlie: User, pipeline: Pipeline) -> None:
    waiting(pipeline)
    waiting(pipeline)
    client = api_of(charlie, "viewer")
    (row,) = client.get(URL).json()["items"]
    assert (row["name"], row["state"], row["slots"], row["default_priority"], row["is_default"]) == ("default", "Active", 2, 6, True)
    assert (row["queued"], row["running"], row["failed_24h"]) == (2, 0, 0)
    assert 0 <= row["oldest_wait_seconds"] < 60
    for name in (pipeline.id, "default"):
        found = client.get(f"{URL}/{name}").json()
        assert found | {"oldest_wait_seconds": 0} == row | {"oldest_wait_seconds": 0}


def test_pause_and_resume(api_of: Any, bob: User) -> None:
    client = api_of(bob)
    later = (timezone.now() + dt.timedelta(hours=1)).isoformat()
    paused = send(client, "patch", f"{URL}/default", {"state": "Paused", "reason": "new disks", "resume_at": later})
    assert paused.status_code == 200
    assert (paused.json()["state"], paused.json()["pause_reason"]) == ("Paused", "new disks")
    assert paused.json()["resume_at"].endswith("Z")
    active = send(client, "patch", f"{URL}/default", {"state": "Active"}).json()
    assert (active["state"], active["pause_reason"], active["resume_at"]) == ("Active", "", None)
    assert list(PipelineEvent.objects.order_by("id").values_list("kind", "actor")) == [("paused", "bob"), ("resumed", "bob")]


def test_settings_need_an_admin(api_of: Any, alice: User, bob: User) -> None:
    change = {"slots": 5, "default_priority": 3, "max_queued": 50}
    assert send(api_of(bob), "patch", f"{URL}/default", change).status_code == 403
    assert send(api_of(alice, "operator"), "patch", f"{URL}/default", change).status_code == 403
    done = send(api_of(alice, "admin"), "patch", f"{URL}/default", change | {"state": "Paused"}).json()
    assert {name: done[name] for name in change} == change
    assert done["state"] == "Paused"


def test_a_change_is_whole_or_nothing(api_of: Any, alice: User) -> None:
    past = (timezone.now() - dt.timedelta(hours=1)).isoformat()
    assert send(api_of(alice, "admin"), "patch", f"{URL}/default", {"slots": 7, "state": "Paused", "resume_at": past}).status_code == 400
    row = Pipeline.objects.get(name="default")
    assert (row.slots, row.state) == (2, "Active")


def test_every_mistake_of_a_change_is_told(api_of: Any, alice: User) -> None:
    client = api_of(alice, "admin")
    body = {"state": "paused", "slots": 0, "default_priority": 11, "max_queued": 10**20, "reason": "x" * 201, "colour": 1, "name": "", "resume_at": "tomorrow"}
    assert places(send(client, "patch", f"{URL}/default", {k: v for k, v in body.items() if k != "max_queued"})) == {
        (name,) for name in body if name != "max_queued"
    }
    assert places(send(client, "patch", f"{URL}/default", body)) == {("max_queued",)}, "a number beyond any column"
    assert places(send(client, "patch", f"{URL}/default", {"reason": "why"})) == {("state",)}
    assert places(send(client, "patch", f"{URL}/default", {"type": "fast"})) == {("type",)}
    assert places(send(client, "patch", f"{URL}/default", {"state": "Paused", "resume_at": "2030-01-01T00:00:00"})) == {("resume_at",)}, "a time without a zone"


def test_create_and_delete(api_of: Any, alice: User, bob: User) -> None:
    assert send(api_of(bob), "post", URL, {"name": "fast lane"}).status_code == 403
    client = api_of(alice, "admin")
    made = send(client, "post", URL, {"name": "night 夜", "type": "fast", "slots": 4})
    assert made.status_code == 201
    assert (made.json()["name"], made.json()["type"], made.json()["slots"], made.json()["queued"]) == ("night 夜", "fast", 4, 0)
    assert places(send(client, "post", URL, {"name": "night 夜"})) == {("name",)}
    assert places(send(client, "post", URL, {"name": "-x", "slots": 0})) == {("slots",)}
    assert places(send(client, "post", URL, {"name": "-x"})) == {("name",)}
    step = waiting(Pipeline.objects.get(name="night 夜"))
    assert send(api_of(bob), "delete", f"{URL}/night 夜").status_code == 403
    assert send(client, "delete", f"{URL}/night 夜?move_to=nowhere").status_code == 404
    assert send(client, "delete", f"{URL}/night 夜").status_code == 204
    step.refresh_from_db()
    assert step.pipeline.name == "default", "its jobs went to the default pipeline"
    assert client.get(f"{URL}/night 夜").status_code == 404
    refused = send(client, "delete", f"{URL}/default")
    assert (refused.status_code, refused.json()["code"]) == (409, "WrongState")


def test_strangers_and_wrong_methods(client_of: Any, api_of: Any, alice: User, charlie: User, dana: User) -> None:
    for url in (URL, f"{URL}/default", "/api/v1/workers"):
        assert client_of(None).get(url).status_code == 401
        assert client_of(dana).get(url).status_code == 403
        assert client_of(charlie).get(url).status_code == 200
    assert send(api_of(charlie, "viewer"), "patch", f"{URL}/default", {"state": "Paused"}).status_code == 403
    client = api_of(alice, "admin")
    for method, url in (("put", URL), ("post", f"{URL}/default"), ("post", "/api/v1/workers")):
        response = send(client, method, url)
        assert (response.status_code, response.json()["code"]) == (405, "MethodNotAllowed")
    for name in ("nowhere", "%00", "a" * 3000):
        response = client.get(f"{URL}/{name}")
        assert (response.status_code, response.json()["code"]) == (404, "PipelineNotFound")


def test_workers(api_of: Any, charlie: User, pipeline: Pipeline) -> None:
    now = timezone.now()
    Node.objects.create(name="here", groups=[{"lane": "main", "pgid": 7}], capabilities={"encoders": ["libx264"]}, version="1", started_at=now, seen_at=now)
    Node.objects.create(name="gone", started_at=now, seen_at=now - dt.timedelta(minutes=1))
    waiting(pipeline, state="running", worker="here/7", attempt=1, lease_until=now)
    gone, here = api_of(charlie, "viewer").get("/api/v1/workers").json()["items"]
    assert (gone["name"], gone["alive"], gone["running"]) == ("gone", False, [])
    assert (here["alive"], here["groups"], here["capabilities"]) == (True, [{"lane": "main", "pgid": 7}], {"encoders": ["libx264"]})
    assert [(row["worker"], row["kind"], row["attempt"]) for row in here["running"]] == [("here/7", "transcode", 1)]
