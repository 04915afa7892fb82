"""Inspections, covers and previews through the JSON interface."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from jobs.models import Job
from jobs.states import JobState

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("pipeline")]

BODIES: dict[str, dict[str, Any]] = {
    "inspections": {},
    "covers": {"output": "oss://output/{Count}.jpg", "candidates": 3, "keep": 2},
    "previews": {"output": "oss://output/a.gif", "seconds": 1},
}
KINDS = {"inspections": "inspect", "covers": "cover", "previews": "preview"}


@pytest.fixture
def clip(buckets: Any, clips: Any) -> str:
    return str(buckets.put(clips.make(seconds=2, size="128x72", rate=25), "clip.mp4"))


def post(client: Client, name: str, body: dict[str, Any]) -> Any:
    return client.post(f"/api/v1/{name}", json.dumps(body), content_type="application/json")


@pytest.mark.parametrize("name", BODIES)
def test_a_job_is_made_and_told(api_of: Any, bob: User, charlie: User, clip: str, name: str) -> None:
    body = {"input": clip, **BODIES[name]}
    assert post(api_of(charlie, "viewer"), name, body).status_code == 403
    response = post(api_of(bob), name, body)
    assert response.status_code == 201, response.content
    found = response.json()
    assert (found["kind"], found["state"], found["input"]["address"]) == (KINDS[name], "queued", clip)
    assert response.headers["Location"] == found["links"]["self"]
    assert Job.objects.get().owner == bob


@pytest.mark.parametrize("name", BODIES)
def test_waiting_gives_the_finished_job(api_of: Any, bob: User, clip: str, work_off: Callable[[], int], name: str) -> None:
    answers: list[Any] = []

    def ask() -> None:
        try:
            answers.append(post(client, name, {"input": clip, "wait": True, **BODIES[name]}))
        finally:
            connections.close_all()

    client = api_of(bob)
    asking = threading.Thread(target=ask)
    asking.start()
    while asking.is_alive():
        work_off()
        asking.join(0.05)
    (response,) = answers
    assert response.status_code == 201, response.content
    found = response.json()
    assert (found["state"], found["priority"]) == ("succeeded", 10)
    if name == "inspections":
        assert found["result"]["scenes"]["count"] == 1
    else:
        row = found["result"]["pictures"][0] if name == "covers" else found["result"]["preview"]
        assert row["address"].startswith("oss://output/")
        assert row["url"].endswith(row["address"].removeprefix("oss://"))


def test_waiting_without_a_worker_names_the_job_that_goes_on(api_of: Any, bob: User, clip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.waiting.WAIT_SECONDS", 0.1)
    response = post(api_of(bob), "inspections", {"input": clip, "wait": True})
    assert (response.status_code, response.json()["code"]) == (504, "NotFinishedYet")
    assert Job.objects.get(pk=response.json()["job"]).state == JobState.QUEUED


@pytest.mark.parametrize(
    ("name", "body", "place"),
    [
        ("inspections", {"measures": []}, ["measures"]),
        ("inspections", {"measures": ["smell"]}, ["measures", 0]),
        ("inspections", {"black_share": 0}, ["black_share"]),
        ("inspections", {"wait": "yes"}, ["wait"]),
        ("inspections", {"kind": "cover"}, ["kind"]),
        ("inspections", {"x": 1}, ["x"]),
        ("covers", {"output": "oss://output/{Count}.jpg", "candidates": 101}, ["candidates"]),
        ("covers", {"output": "oss://output/one.jpg"}, ["output"]),
        ("covers", {}, ["output"]),
        ("previews", {"output": "oss://output/a.gif", "seconds": 31}, ["seconds"]),
        ("previews", {"output": "oss://output/a.gif", "format": "avi"}, ["format"]),
    ],
)
def test_mistakes_are_told_with_their_place(api_of: Any, bob: User, clip: str, name: str, body: dict[str, Any], place: list[Any]) -> None:
    response = post(api_of(bob), name, {"input": clip, **body})
    assert response.status_code == 400, response.content
    assert place in [row["loc"] for row in response.json()["errors"]]
    assert not Job.objects.exists()


def test_the_document_tells_of_all_three(api_of: Any, bob: User) -> None:
    document = api_of(bob).get("/api/v1/openapi.json").json()
    for name, model in (("inspections", "InspectionRequest"), ("covers", "CoverRequest"), ("previews", "VideoPreviewRequest")):
        schema = document["paths"][f"/api/v1/{name}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert schema["$ref"].endswith(f"/{model}")
        assert "wait" in document["components"]["schemas"][model]["properties"]
    named = [row["allOf"][0]["$ref"].rpartition("/")[2] for row in document["components"]["schemas"]["JobRequest"]["oneOf"]]
    assert {"InspectSpec", "CoverSpec", "PreviewSpec"} <= set(named)
