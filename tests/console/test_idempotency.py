"""Idempotency-Key on creates other than jobs: done once, answered twice alike, also at the same time."""

from __future__ import annotations

import datetime as dt
import json
import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from console.models import KeptAnswer
from jobs.models import Job, Pipeline
from templates_app.models import Template

PIPELINES = "/api/v1/pipelines"


def post(client: Client, url: str, body: Any, key: str = "k-1") -> Any:
    return client.post(url, json.dumps(body), content_type="application/json", headers={"Idempotency-Key": key} if key else None)


def test_the_same_request_is_done_once(api_of: Any, alice: User, presets: None) -> None:
    client = api_of(alice, "admin")
    first = post(client, PIPELINES, {"name": "night", "slots": 3})
    second = post(client, PIPELINES, {"slots": 3, "name": "night"})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.content == second.content
    assert second.headers["Idempotency-Replayed"] == "true"
    assert Pipeline.objects.filter(name="night").count() == 1
    before = Template.objects.count()
    copies = [post(client, "/api/v1/templates/hls-ladder/duplicate", {}, key="k-2").json()["id"] for _ in range(3)]
    assert len(set(copies)) == 1
    assert Template.objects.count() == before + 1


def test_without_a_key_each_is_done(api_of: Any, alice: User, presets: None) -> None:
    client = api_of(alice, "admin")
    assert len({post(client, "/api/v1/templates/hls-ladder/duplicate", {}, key="").json()["id"] for _ in range(2)}) == 2
    assert not KeptAnswer.objects.exists()


def test_another_request_with_the_key_is_a_conflict(api_of: Any, alice: User, presets: None) -> None:
    client = api_of(alice, "admin")
    post(client, PIPELINES, {"name": "night"})
    for url, body in ((PIPELINES, {"name": "day"}), ("/api/v1/templates/hls-ladder/duplicate", {"name": "night"})):
        response = post(client, url, body)
        assert (response.status_code, response.json()["code"]) == (409, "IdempotencyConflict")
    assert not Pipeline.objects.filter(name="day").exists()


def test_a_refused_request_may_be_mended_and_sent_again(api_of: Any, alice: User, bob: User) -> None:
    client = api_of(alice, "admin")
    assert post(client, PIPELINES, {"name": "night", "slots": 0}).status_code == 400
    assert post(client, PIPELINES, {"name": "night", "slots": 1}).status_code == 201
    assert post(api_of(bob), PIPELINES, {"name": "night", "slots": 1}).status_code == 403, "somebody else's key opens nothing"


def test_keys_are_kept_for_a_week(api_of: Any, alice: User) -> None:
    client = api_of(alice, "admin")
    post(client, PIPELINES, {"name": "night"})
    KeptAnswer.objects.update(created_at=timezone.now() - dt.timedelta(days=8))
    again = post(client, PIPELINES, {"name": "night"})
    assert (again.status_code, again.json()["errors"][0]["loc"]) == (400, ["name"]), "forgotten: the name is taken"


def test_a_retry_is_made_once(api_of: Any, bob: User, presets: None, pipeline: Pipeline, buckets: Any, clips: Any) -> None:
    client = api_of(bob)
    clip = buckets.put(clips.make(seconds=1))
    job = post(client, "/api/v1/jobs", {"kind": "mediainfo", "input": clip}, key="").json()["id"]
    client.post(f"/api/v1/jobs/{job}/cancel")
    made = [post(client, f"/api/v1/jobs/{job}/retry", {}, key="r").json()["id"] for _ in range(2)]
    assert len(set(made)) == 1
    assert Job.objects.count() == 2


def test_bad_keys_and_bodies(api_of: Any, alice: User) -> None:
    client = api_of(alice, "admin")
    assert post(client, PIPELINES, {"name": "x"}, key="k" * 256).json()["errors"][0]["loc"] == ["Idempotency-Key"]
    response = client.post(PIPELINES, b"{", content_type="application/json", headers={"Idempotency-Key": "k"})
    assert response.status_code == 400
    assert not KeptAnswer.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_at_the_same_time_too(api_of: Any, alice: User) -> None:
    clients = [api_of(alice, "admin") for _ in range(4)]
    start, answers = threading.Barrier(4), []

    def go(client: Client) -> None:
        try:
            start.wait()
            answers.append(post(client, PIPELINES, {"name": "night"}))
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201], [answer.content for answer in answers]
    assert len({answer.json()["id"] for answer in answers}) == 1
