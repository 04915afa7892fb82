"""Workflows: what can be saved, the JSON interface, and who may."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from console.lib.policy import Policy, in_force
from jobs.engine.address import Address
from jobs.engine.errors import Refused
from jobs.models import Execution, Job
from jobs.workflows import queries, runs
from tests.jobs.workflows import LOOK, MP4, go_on, watch, workflow

pytestmark = [pytest.mark.usefixtures("presets", "pipeline"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def clip(clips: Any) -> Path:
    path: Path = clips.make(seconds=1, size="160x90")
    return path


# --- what cannot be saved -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("more", "loc", "words"),
    [
        ({"name": " "}, ("name",), "Start the name"),
        ({"name": "taken"}, ("name",), "exists"),
        ({"bucket": "nowhere"}, ("bucket",), "no bucket nowhere"),
        ({"bucket": "output"}, ("bucket",), "not bound as input"),
        ({"path": "a/../b"}, ("path",), "segment"),
        ({"pipeline": "nowhere"}, ("pipeline",), "no pipeline"),
        ({"file_types": ("mp4", "a b")}, ("file_types",), "endings"),
    ],
)
def test_what_cannot_be_saved(buckets: Any, more: dict[str, Any], loc: tuple[str, ...], words: str) -> None:
    workflow(name="taken")
    with pytest.raises(Refused) as refused:
        workflow(**more)
    assert [problem.message for problem in refused.value.problems if problem.loc == loc and words in problem.message], refused.value.problems


@pytest.mark.parametrize(
    ("output", "type_", "loc", "words"),
    [
        ({"template": "nothing", "address": "oss://output/{FileName}.mp4"}, "transcode", ("template",), "no template nothing"),
        ({"template": "mp4-h264-360p", "address": "oss://nowhere/{FileName}.mp4"}, "transcode", ("address",), "no bucket nowhere"),
        ({"template": "mp4-h264-360p", "address": "oss://input/{FileName}.mp4"}, "transcode", ("address",), "not bound as output"),
        ({"template": "hls-h264-360p", "address": "oss://output/{FileName}.mp4"}, "package", ("address",), "ends with .m3u8"),
        ({"template": "mp4-h264-360p", "address": "oss://output/{FileName}.mp4"}, "package", ("template",), "A package is a set"),
        ({"template": "mp4-h264-360p", "address": "oss://output/{FileName}.mp4", "overrides": {"vidoe": {}}}, "transcode", ("overrides", "vidoe"), "not known"),
        (
            {"overrides": {"container": {"format": "webm"}, "video": {"codec": "h264"}}, "address": "oss://output/{FileName}.webm"},
            "transcode",
            ("overrides", "video"),
            "",
        ),
    ],
)
def test_steps_that_cannot_be_done(buckets: Any, output: dict[str, Any], type_: str, loc: tuple[str, ...], words: str) -> None:
    with pytest.raises(Refused) as refused:
        workflow({"name": "a", "type": type_, "job": {"outputs": [output]}})
    place = ("steps", 0, "job", "outputs", 0, *loc)
    assert [problem for problem in refused.value.problems if problem.loc[: len(place)] == place and words in problem.message], refused.value.problems


def test_content_keys_are_sealed(buckets: Any) -> None:
    key = "00112233445566778899aabbccddeeff"
    overrides = {"encryption": {"method": "aes-128", "key": key, "key_uri": "https://keys.example.org/1"}}
    flow = workflow(
        {"name": "a", "type": "package", "job": {"outputs": [{"template": "hls-h264-360p", "address": "oss://output/{FileName}.m3u8", "overrides": overrides}]}}
    )
    flow.refresh_from_db()
    assert key not in json.dumps(flow.steps)
    assert key not in json.dumps(flow.versions.get().document)


# --- as JSON ---------------------------------------------------------------------------------------------------------------
def test_the_interface(api_of: Any, alice: User, bob: User, charlie: User, buckets: Any, clip: Path, work_off: Any) -> None:
    admin, operator, viewer = api_of(alice, "admin"), api_of(bob), api_of(charlie, "viewer")
    body = {"name": "flow", "bucket": "input", "path": "in", "steps": [LOOK, MP4], "active": True}
    assert operator.post("/api/v1/workflows", body, content_type="application/json").status_code == 403
    wrong = admin.post("/api/v1/workflows", body | {"steps": [{**LOOK, "under": "nothing"}]}, content_type="application/json")
    assert (wrong.status_code, wrong.json()["errors"][0]["loc"]) == (400, ["steps", 0, "under"])
    made = admin.post("/api/v1/workflows", body, content_type="application/json")
    assert made.status_code == 201, made.json()
    told = made.json()
    assert (told["state"], told["path"], told["version"], told["pipeline"], told["steps"][0]["name"], told["overlaps"]) == (
        "Active",
        "in/",
        1,
        "default",
        "look",
        [],
    )
    other = admin.post("/api/v1/workflows", body | {"name": "inner", "path": "in/sub"}, content_type="application/json").json()
    assert (other["overlaps"], viewer.get("/api/v1/workflows/flow").json()["overlaps"]) == (["flow"], ["inner"])
    assert admin.delete(f"/api/v1/workflows/{other['id']}").status_code == 204
    put = admin.put("/api/v1/workflows/flow", {key: value for key, value in body.items() if key != "active"} | {"priority": 9}, content_type="application/json")
    assert (put.status_code, put.json()["version"], put.json()["priority"], put.json()["state"]) == (200, 2, 9, "Active")
    assert viewer.post("/api/v1/workflows/flow/disable").status_code == 403
    assert operator.post("/api/v1/workflows/flow/disable").json()["state"] == "Inactive"
    assert operator.post("/api/v1/workflows/flow/enable").json()["state"] == "Active"
    assert [row["name"] for row in viewer.get("/api/v1/workflows?q=fl&state=Active").json()["items"]] == ["flow"]
    assert viewer.get("/api/v1/workflows?state=active").status_code == 400
    source = buckets.put(clip, "elsewhere/one.mp4")
    assert operator.post("/api/v1/workflows/flow/run", {}, content_type="application/json").status_code == 400
    again = {"headers": {"Idempotency-Key": "one"}}
    first = operator.post("/api/v1/workflows/flow/run", {"input": source, "user_data": "x"}, content_type="application/json", **again)
    second = operator.post("/api/v1/workflows/flow/run", {"input": source, "user_data": "x"}, content_type="application/json", **again)
    assert (first.status_code, second.json()["id"]) == (201, first.json()["id"])
    run = first.json()
    assert (run["state"], run["trigger"], [row["state"] for row in run["activities"]]) == ("running", "manual", ["waiting", "waiting"])
    go_on(work_off)
    run = viewer.get(f"/api/v1/executions/{run['id']}").json()
    assert (run["state"], [row["state"] for row in run["activities"]], run["failures"]) == ("succeeded", ["success", "success"], 0)
    assert {Job.objects.get(pk=row["job"]).priority for row in run["activities"]} == {9}
    by_media = operator.post("/api/v1/workflows/flow/run", {"media": run["media_id"], "test": True}, content_type="application/json").json()
    assert (by_media["trigger"], by_media["input"]["address"]) == ("test", source)
    assert operator.post(f"/api/v1/executions/{by_media['id']}/cancel").json()["cancel_requested"] is True
    go_on(work_off)
    once_more = operator.post(f"/api/v1/executions/{by_media['id']}/again", {"from_failed": True}, content_type="application/json")
    assert (once_more.status_code, once_more.json()["again_of"]) == (201, by_media["id"])
    assert operator.post(f"/api/v1/executions/{by_media['id']}/cancel").status_code == 409
    go_on(work_off)

    def ids(query: str) -> set[str]:
        answer = viewer.get(f"/api/v1/executions?{query}")
        assert answer.status_code == 200, answer.json()
        return {row["id"] for row in answer.json()["items"]}

    assert ids("workflow=flow&state=cancelled") == {by_media["id"]}
    assert len(ids(f"workflow={told['id']}&state=succeeded,cancelled&from=1h")) == 3
    assert len(ids(f"media={run['media_id']}")) == 3
    assert ids(f"q={run['id']}") == {run["id"]}
    assert len(ids(f"q={source}")) == 3
    assert ids("q=none") == set()
    assert viewer.get("/api/v1/executions?state=completed,wrong").status_code == 400
    week = viewer.get("/api/v1/workflows/flow").json()
    assert (week["succeeded_7d"], week["failed_7d"], week["running"], bool(week["last_run_at"])) == (2, 0, 0, True)
    assert operator.delete("/api/v1/workflows/flow").status_code == 403
    assert admin.delete("/api/v1/workflows/flow").status_code == 204
    assert viewer.get("/api/v1/workflows/flow").status_code == 404


def test_a_policy_holds_for_what_a_workflow_writes(buckets: Any, clip: Path, alice: User) -> None:
    flow = workflow()
    where = Address.parse(buckets.put(clip, "elsewhere/one.mp4"))
    with in_force(Policy(buckets=("input",))), pytest.raises(Refused) as refused:
        runs.run(flow, where, owner=alice, actor="alice")
    assert refused.value.code == "PermissionDenied"
    with in_force(Policy(buckets=("output",))):
        assert not queries.workflows().exists()
        assert not queries.executions().exists()
    with in_force(Policy(buckets=("input",))), pytest.raises(Refused):
        workflow(name="other")


def test_jobs_can_be_narrowed_to_workflows(api_of: Any, charlie: User, buckets: Any, clip: Path, work_off: Any) -> None:
    workflow()
    buckets.put(clip, "in/one.mp4")
    watch()
    go_on(work_off)
    assert len(api_of(charlie, "viewer").get("/api/v1/jobs?source=workflow").json()["items"]) == 2


def test_a_resumable_upload_starts_it_when_it_is_whole(api_of: Any, bob: User, buckets: Any, clip: Path) -> None:
    workflow()
    api, body, tus = api_of(bob), clip.read_bytes(), {"Tus-Resumable": "1.0.0"}
    about = ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in (("filename", "one.mp4"), ("folder", "in")))
    url = api.post("/api/v1/uploads", headers=tus | {"Upload-Length": str(len(body)), "Upload-Metadata": about}).headers["Location"]
    for start, end in ((0, 1000), (1000, len(body))):
        assert watch(2) == 0
        sent = tus | {"Upload-Offset": str(start)}
        assert api.patch(url, body[start:end], content_type="application/offset+octet-stream", headers=sent).status_code == 204
    assert watch(1) == 1, "at once"
    assert Execution.objects.get().key == "in/one.mp4"
