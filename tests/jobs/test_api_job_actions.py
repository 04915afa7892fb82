"""/api/v1/jobs/{id}: cancel, retry, priority, attempts, log, events; and the media info endpoint. With real work where it matters."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from jobs import workspace
from jobs.models import Attempt, Job
from jobs.states import JobState

pytestmark = [pytest.mark.usefixtures("presets", "pipeline"), pytest.mark.django_db(transaction=True)]
URL = "/api/v1/jobs"


@pytest.fixture
def clip(buckets: Any, clips: Any) -> str:
    """The address of a small input."""
    return str(buckets.put(clips.make(seconds=1), "in/clip.mp4"))


def submit(client: Client, clip: str, *names: str, **more: Any) -> dict[str, Any]:
    outputs = [{"template": "mp4-h264-360p", "address": f"oss://output/{name}"} for name in names or ("a.mp4",)]
    response = client.post(URL, json.dumps({"kind": "transcode", "input": clip, "outputs": outputs} | more), content_type="application/json")
    assert response.status_code == 201, response.content
    return dict(response.json())


def post(client: Client, url: str, body: Any = None) -> Any:
    return client.post(url, "" if body is None else json.dumps(body), content_type="application/json")


def test_a_whole_job(api_of: Any, client_of: Any, bob: User, charlie: User, clip: str, work_off: Any) -> None:
    client = api_of(bob)
    job = submit(client, clip, "a b/ü-540p.mp4")
    assert work_off() == 1
    done = client.get(f"{URL}/{job['id']}").json()
    assert (done["state"], done["progress"], done["phase"], done["error"]) == ("succeeded", 100, None, None)
    assert done["created_at"] <= done["started_at"] <= done["finished_at"]
    (output,) = done["outputs"]
    assert (output["state"], output["progress"], output["address"], output["error"]) == ("succeeded", 100, "oss://output/a b/ü-540p.mp4", None)
    assert output["media_info"]["video"][0]["codec"] == "h264"
    assert output["media_info"]["video"][0]["height"] == 180, "small sources are not scaled up"
    assert output["url"] == "http://testserver/objects/output/a%20b/%C3%BC-540p.mp4"
    fetched = api_of(charlie, "viewer").get(output["url"].removeprefix("http://testserver"))
    assert fetched.status_code == 200
    assert len(b"".join(fetched) if fetched.streaming else fetched.content) == output["size"]

    (attempt,) = client.get(f"{URL}/{job['id']}/attempts").json()["items"]
    assert (attempt["number"], attempt["step"], attempt["state"], attempt["exit_code"], attempt["error"]) == (1, 0, "succeeded", 0, None)
    assert attempt["worker"]
    assert attempt["started_at"] < attempt["finished_at"]
    assert all(isinstance(word, str) for argv in attempt["argv"] for word in argv)
    assert any("libx264" in argv for argv in attempt["argv"])
    log = client.get(f"{URL}/{job['id']}/log")
    assert log.headers["Content-Type"] == "text/plain; charset=utf-8"
    kinds = [event["kind"] for event in client.get(f"{URL}/{job['id']}/events").json()["items"]]
    assert kinds[0] == "submitted"
    assert "published" in kinds


def test_the_log_can_be_read_in_parts(api_of: Any, bob: User, clip: str, work_off: Any) -> None:
    client = api_of(bob)
    job = submit(client, clip)
    empty = client.get(f"{URL}/{job['id']}/log")
    assert (empty.status_code, empty.content, empty.headers["X-Log-Size"]) == (200, b"", "0")
    work_off()
    attempt = Attempt.objects.get(step__job=job["id"])
    attempt.log_name, _path = workspace.new_log(job["id"], 0, 1)
    attempt.save(update_fields=["log_name"])
    workspace.log_path(attempt.log_name).write_bytes("one\ntwo ✓\nthree\n".encode())
    whole = client.get(f"{URL}/{job['id']}/log")
    assert whole.content.decode() == "one\ntwo ✓\nthree\n"
    assert whole.headers["X-Log-Size"] == whole.headers["X-Log-Next-Offset"] == "18"
    part = client.get(f"{URL}/{job['id']}/log?step=0&attempt=1&offset=4&limit=3")
    assert (part.content, part.headers["X-Log-Next-Offset"]) == (b"two", "7")
    assert client.get(f"{URL}/{job['id']}/log?offset=9999").content == b""
    assert client.get(f"{URL}/{job['id']}/log?attempt=2").status_code == 404
    for query in ("offset=-1", "limit=0", "offset=x", "step=99999999", "tail=1"):
        assert client.get(f"{URL}/{job['id']}/log?{query}").status_code == 400, query


def test_cancel_a_queued_job(api_of: Any, bob: User, charlie: User, clip: str) -> None:
    client = api_of(bob)
    job = submit(client, clip)
    assert post(api_of(charlie, "viewer"), f"{URL}/{job['id']}/cancel").status_code == 403
    assert post(Client(), f"{URL}/{job['id']}/cancel").status_code == 401
    response = post(client, f"{URL}/{job['id']}/cancel")
    assert response.status_code == 200
    assert (response.json()["state"], response.json()["outputs"][0]["state"]) == ("cancelled", "cancelled")
    assert response.json()["finished_at"]
    again = post(client, f"{URL}/{job['id']}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "WrongState")


def test_cancel_one_waiting_output(api_of: Any, bob: User, charlie: User, clip: str) -> None:
    client = api_of(bob)
    job = submit(client, clip, "a.mp4", "b.mp4")
    url = f"{URL}/{job['id']}/outputs/{job['outputs'][0]['id']}/cancel"
    assert post(api_of(charlie, "viewer"), url).status_code == 403
    assert post(Client(), url).status_code == 401
    response = post(client, url)
    assert response.status_code == 200
    assert (response.json()["state"], [row["state"] for row in response.json()["outputs"]]) == ("queued", ["cancelled", "queued"])
    again = post(client, url)
    assert (again.status_code, again.json()["code"]) == (409, "WrongState")
    assert post(client, f"{URL}/{job['id']}/outputs/{'0' * 32}/cancel").status_code == 404
    last = post(client, f"{URL}/{job['id']}/outputs/{job['outputs'][1]['id']}/cancel")
    assert last.json()["state"] == "cancelled"


def test_the_others_of_a_cancelled_output_are_made(api_of: Any, bob: User, clip: str, work_off: Any, buckets: Any) -> None:
    client = api_of(bob)
    job = submit(client, clip, "a.mp4", "b.mp4")
    post(client, f"{URL}/{job['id']}/outputs/{job['outputs'][0]['id']}/cancel")
    work_off()
    done = client.get(f"{URL}/{job['id']}").json()
    assert (done["state"], [row["state"] for row in done["outputs"]]) == ("succeeded", ["cancelled", "succeeded"])
    assert sorted(path.name for path in buckets.output.glob("*.mp4")) == ["b.mp4"]


def test_retry_makes_a_new_job_linked_both_ways(api_of: Any, bob: User, charlie: User, clip: str) -> None:
    client = api_of(bob)
    job = submit(client, clip, "a.mp4", "b.mp4")
    unfinished = post(client, f"{URL}/{job['id']}/retry")
    assert (unfinished.status_code, unfinished.json()["code"]) == (409, "WrongState")
    post(client, f"{URL}/{job['id']}/cancel")
    assert post(api_of(charlie, "viewer"), f"{URL}/{job['id']}/retry").status_code == 403
    response = post(client, f"{URL}/{job['id']}/retry", {"outputs": [job["outputs"][1]["id"]]})
    assert response.status_code == 201
    new = response.json()
    assert (new["retry_of"], new["state"], [row["address"] for row in new["outputs"]]) == (job["id"], "queued", ["oss://output/b.mp4"])
    assert client.get(f"{URL}/{job['id']}").json()["retries"] == [new["id"]]
    whole = post(client, f"{URL}/{job['id']}/retry")
    assert [row["address"] for row in whole.json()["outputs"]] == ["oss://output/a.mp4", "oss://output/b.mp4"]


@pytest.mark.parametrize(
    ("body", "status"),
    [({"outputs": []}, 400), ({"outputs": ["0" * 32]}, 404), ({"outputs": "all"}, 400), ({"output": []}, 400), ({"outputs": [None]}, 400), ([], 400)],
)
def test_bad_retries_are_refused(api_of: Any, bob: User, clip: str, body: Any, status: int) -> None:
    client = api_of(bob)
    job = submit(client, clip)
    post(client, f"{URL}/{job['id']}/cancel")
    assert post(client, f"{URL}/{job['id']}/retry", body).status_code == status
    assert Job.objects.count() == 1


def test_priority(api_of: Any, bob: User, charlie: User, clip: str) -> None:
    client = api_of(bob)
    job = submit(client, clip)
    url = f"{URL}/{job['id']}"

    def change(who: Client, body: Any) -> Any:
        return who.patch(url, json.dumps(body), content_type="application/json")

    assert change(api_of(charlie, "viewer"), {"priority": 1}).status_code == 403
    assert change(client, {"priority": 10}).json()["priority"] == 10
    assert Job.objects.get(pk=job["id"]).steps.get().priority == 10
    for body in ({"priority": 0}, {"priority": 11}, {"priority": "5"}, {"priority": 5, "state": "running"}, {}):
        assert change(client, body).status_code == 400, body
    post(client, f"{url}/cancel")
    assert change(client, {"priority": 2}).status_code == 409


def test_a_failed_job_says_why(api_of: Any, bob: User, buckets: Any, work_off: Any, tmp_path: Any) -> None:
    (tmp_path / "text.mp4").write_text("this is not a film")
    client = api_of(bob)
    job = submit(client, buckets.put(tmp_path / "text.mp4"))
    work_off()
    failed = client.get(f"{URL}/{job['id']}").json()
    assert (failed["state"], failed["error"]["code"], failed["error"]["retryable"]) == ("failed", "InputNotReadable", False)
    assert failed["error"]["message"]
    assert failed["error"]["remedy"]
    assert failed["outputs"][0]["error"]["code"] == "InputNotReadable"
    assert failed["outputs"][0]["url"] is None
    found = client.get(f"{URL}?code=InputNotReadable&state=failed").json()["items"]
    assert [row["id"] for row in found] == [job["id"]]


# --- media info -----------------------------------------------------------------------------------------------------------
def _worker(stop: threading.Event, work_off: Any) -> None:
    try:
        while not stop.wait(0.05):
            work_off(lanes=("short",))
    finally:
        connection.close()


def test_media_info_waits_for_the_answer(api_of: Any, bob: User, charlie: User, clip: str, work_off: Any) -> None:
    assert post(api_of(charlie, "viewer"), "/api/v1/media-info", {"input": clip}).status_code == 403
    stop = threading.Event()
    worker = threading.Thread(target=_worker, args=(stop, work_off))
    worker.start()
    try:
        response = post(api_of(bob), "/api/v1/media-info", {"input": clip})
    finally:
        stop.set()
        worker.join()
    assert response.status_code == 200, response.content
    info = response.json()
    assert (info["video"][0]["codec"], info["video"][0]["width"], info["audio"][0]["sample_rate"]) == ("h264", 320, 44100)
    assert (info["video"][0]["frame_rate"]["kind"], info["raw"]["streams"][0]["codec_name"]) == ("constant", "h264")
    assert "/" not in info["raw"]["format"]["filename"], "no path of this machine"


def test_media_info_without_a_worker_names_the_job_that_goes_on(api_of: Any, bob: User, clip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.api.INFO_SECONDS", 0.1)
    response = post(api_of(bob), "/api/v1/media-info", {"input": clip})
    assert (response.status_code, response.json()["code"]) == (504, "NotFinishedYet")
    assert Job.objects.get(pk=response.json()["job"]).state == JobState.QUEUED


def test_media_info_of_nothing_is_refused(api_of: Any, bob: User) -> None:
    client = api_of(bob)
    for body, status, place in (
        ({}, 400, ("input",)),
        ({"input": 3}, 400, ("input",)),
        ({"input": "oss://input/none"}, 404, ("input",)),
        ({"input": "oss://input/a", "x": 1}, 400, ("x",)),
    ):
        response = post(client, "/api/v1/media-info", body)
        assert response.status_code == status, body
        assert place in {tuple(row["loc"]) for row in response.json()["errors"]}
    assert not Job.objects.exists()


def test_two_submits_with_one_key_at_the_same_time_make_one_job(api_of: Any, bob: User, clip: str) -> None:
    body = json.dumps({"kind": "mediainfo", "input": clip})
    clients = [api_of(bob) for _ in range(4)]
    start, answers = threading.Barrier(4), []

    def go(client: Client) -> None:
        try:
            start.wait()
            answers.append(client.post(URL, body, content_type="application/json", headers={"Idempotency-Key": "same"}))
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {200, 201}, [answer.content for answer in answers]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert Job.objects.count() == 1
