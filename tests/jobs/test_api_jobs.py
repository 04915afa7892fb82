"""/api/v1/jobs: submit, look, list. The contract that integrators rely on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from jobs.models import Job
from templates_app.models import Template

pytestmark = pytest.mark.usefixtures("presets", "pipeline")
URL = "/api/v1/jobs"


@pytest.fixture
def clip(buckets: Any, clips: Any) -> str:
    """The address of a small input."""
    return str(buckets.put(clips.make(seconds=1), "in/clip.mp4"))


def wanted(clip: Any, **more: Any) -> dict[str, Any]:
    body = {"kind": "transcode", "input": clip, "outputs": [{"template": "mp4-h264-360p", "address": "oss://output/clip-360p.mp4"}]}
    return body | more


def send(client: Client, body: Any, url: str = URL, **headers: str) -> Any:
    return client.post(url, body if isinstance(body, bytes | str) else json.dumps(body), content_type="application/json", headers=headers or None)


def problems(response: Any) -> dict[tuple[Any, ...], str]:
    document = response.json()
    assert set(document) == {"code", "message", "remedy", "errors", "request_id"}
    assert document["message"]
    assert document["request_id"] == response.headers["X-Request-Id"]
    return {tuple(row["loc"]): row["message"] for row in document["errors"]}


# --- create -----------------------------------------------------------------------------------------------------------
def test_create_answers_the_contract(api_of: Any, bob: User, clip: str) -> None:
    response = send(api_of(bob), wanted(clip, pipeline="default", priority=7, user_data="order 7 ✓"))
    assert response.status_code == 201
    job = response.json()
    assert response.headers["Location"] == job["links"]["self"] == f"http://testserver/api/v1/jobs/{job['id']}"
    assert len(job["id"]) == 32
    assert int(job["id"], 16) >= 0
    expected = {
        "kind": "transcode",
        "state": "queued",
        "progress": 0,
        "phase": None,
        "pipeline": "default",
        "priority": 7,
        "user_data": "order 7 ✓",
        "error": None,
    }
    assert {name: job[name] for name in expected} == expected
    assert job["created_at"].endswith("Z")
    assert job["created_at"][10] == "T"
    assert job["started_at"] is None
    assert job["finished_at"] is None
    assert job["source"] == "api"
    assert job["owner"] == "bob"
    assert job["input"] == {"address": clip, "start": None, "duration": None}
    (output,) = job["outputs"]
    expected = {
        "state": "queued",
        "address": "oss://output/clip-360p.mp4",
        "url": None,
        "size": None,
        "media_info": None,
        "error": None,
        "template": "mp4-h264-360p",
    }
    assert {name: output[name] for name in expected} == expected
    assert len(output["id"]) == 32
    again = api_of(bob).get(f"{URL}/{job['id']}")
    assert again.status_code == 200
    assert again.json() == job


def test_a_template_may_be_named_by_its_id_and_the_input_be_a_clip(api_of: Any, bob: User, clip: str) -> None:
    template = Template.objects.get(name="mp4-h264-360p")
    body = wanted(
        {"address": clip, "start": 0.25, "duration": 0.5},
        outputs=[{"template": template.id, "address": "oss://output/é ü/-%d 漢字.mp4", "overrides": {"video": {"crf": 30}}}],
    )
    job = send(api_of(bob), body).json()
    assert job["input"] == {"address": clip, "start": 0.25, "duration": 0.5}
    assert job["outputs"][0]["overrides"] == {"video": {"crf": 30}}
    assert job["outputs"][0]["address"] == "oss://output/é ü/-%d 漢字.mp4"


def test_every_mistake_is_told_at_once_with_its_place(api_of: Any, bob: User, clip: str) -> None:
    body = {
        "kind": "transcode",
        "colour": "red",
        "priority": 11,
        "user_data": "€" * 400,
        "input": {"address": "http://example.org/a.mp4", "start": -1, "end": 4},
        "outputs": [{"template": 7, "address": "oss://output/../etc/passwd", "overwrite": "yes"}, {"template": "x", "addres": "oss://output/a.mp4"}],
    }
    response = send(api_of(bob), body)
    assert response.status_code == 400
    assert response.json()["code"] == "InvalidParameter"
    found = problems(response)
    assert set(found) == {
        ("colour",),
        ("priority",),
        ("user_data",),
        ("input", "address"),
        ("input", "start"),
        ("input", "end"),
        ("outputs", 0, "template"),
        ("outputs", 0, "address"),
        ("outputs", 0, "overwrite"),
        ("outputs", 1, "address"),
        ("outputs", 1, "addres"),
    }
    assert found["user_data",] == "1200 of 1024 bytes."
    assert found["input", "address"].startswith("An address starts with oss://")
    assert not Job.objects.exists()


def test_mistakes_of_admission_have_places_too(api_of: Any, bob: User, clip: str) -> None:
    outputs = [
        {"template": "no such", "address": "oss://output/a.mp4"},
        {"template": "mp4-h264-360p", "address": "oss://nowhere/a.mp4"},
        {"template": "mp4-h264-360p", "address": "oss://output/b.mp4", "overrides": {"video": {"crf": 99, "colour": "red"}}},
        {"template": "mp4-h264-360p", "address": "oss://output/b.flv", "overrides": {"container": {"format": "flv"}, "video": {"codec": "h265"}}},
    ]
    response = send(api_of(bob), wanted("oss://input/missing.mp4", outputs=outputs))
    assert response.status_code == 400
    places = set(problems(response))
    assert {
        ("input",),
        ("outputs", 0, "template"),
        ("outputs", 1, "address"),
        ("outputs", 2, "overrides", "video", "crf"),
        ("outputs", 2, "overrides", "video", "colour"),
    } <= places
    assert any(place[:3] == ("outputs", 3, "overrides") for place in places), "FLV with H.265 is impossible"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"input": "oss://input/a.mp4", "outputs": []}, ("kind",)),
        ({"kind": "magic"}, ("kind",)),
        ({"kind": 3}, ("kind",)),
        ({"kind": "transcode", "input": "oss://input/a.mp4", "outputs": []}, ("outputs",)),
        ({"kind": "transcode", "input": "oss://input/a.mp4", "outputs": "all"}, ("outputs",)),
        ({"kind": "transcode", "input": 5, "outputs": []}, ("input",)),
        ({"kind": "transcode", "input": "nonsense", "outputs": []}, ("input",)),
        ({"kind": "mediainfo", "input": "oss://input/a.mp4", "outputs": []}, ("outputs",)),
        ({"kind": "mediainfo", "input": "oss://input/" + "k" * 1024}, ("input",)),
        ({"kind": "mediainfo", "input": "oss://input/a\nb"}, ("input",)),
        ({"kind": "mediainfo", "input": "oss://input/a", "priority": "6"}, ("priority",)),
        ({"kind": "mediainfo", "input": "oss://input/a", "priority": True}, ("priority",)),
        ({"kind": "mediainfo", "input": "oss://input/a", "priority": 10**30}, ("priority",)),
        ({"kind": "mediainfo", "input": "oss://input/a", "user_data": "a\u0000b"}, ("user_data",)),
        ({"kind": "mediainfo", "input": {"address": "oss://input/a", "start": 1e400}}, None),
    ],
)
def test_bad_values_are_refused_at_their_place(api_of: Any, bob: User, body: Any, place: tuple[str, ...] | None) -> None:
    response = send(api_of(bob), body)
    assert response.status_code == 400
    assert place is None or place in problems(response)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe\x00",
        b'{"kind": "transcode",}',
        b'{"kind": NaN}',
        b'{"kind": "mediainfo", "input": "oss://input/\\ud800"}',
        b'{"user_data": ' + b"1" * 5000 + b"}",
        b'{"a": ' * 3000 + b"1" + b"}" * 3000,
        b"[" * 100_000,
        b'{"kind": "mediainfo", "input": {"address": "oss://input/a", "x": ' + b"[" * 90 + b"]" * 90 + b"}}",
    ],
)
def test_what_is_not_usable_json_is_refused_with_a_sentence(api_of: Any, bob: User, body: bytes) -> None:
    response = send(api_of(bob), body)
    assert response.status_code == 400, response.content[:300]
    problems(response)
    assert response.json()["code"] == "InvalidParameter"


def test_a_body_beyond_the_limit_is_413(api_of: Any, bob: User) -> None:
    response = send(api_of(bob), b'{"user_data": "' + b"x" * (2 * 1024 * 1024) + b'"}')
    assert response.status_code == 413
    assert response.json()["code"] == "BodyTooLarge"


def test_unknown_pipeline_and_missing_object(api_of: Any, bob: User, clip: str) -> None:
    response = send(api_of(bob), wanted(clip, pipeline="nowhere"))
    assert (response.status_code, response.json()["code"]) == (404, "PipelineNotFound")
    assert ("pipeline",) in problems(response)
    response = send(api_of(bob), wanted("oss://input/missing.mp4"))
    assert (response.status_code, response.json()["code"]) == (404, "ObjectNotFound")
    assert ("input",) in problems(response)


# --- idempotency --------------------------------------------------------------------------------------------------------
def test_the_same_key_and_body_is_the_same_job(api_of: Any, bob: User, clip: str) -> None:
    client = api_of(bob)
    first = send(client, wanted(clip), **{"Idempotency-Key": "order-1"})
    reordered = json.dumps(dict(reversed(wanted(clip).items())), indent=3)
    second = send(client, reordered, **{"Idempotency-Key": "order-1"})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert Job.objects.count() == 1


def test_the_same_key_for_another_body_is_a_conflict(api_of: Any, bob: User, clip: str) -> None:
    client = api_of(bob)
    send(client, wanted(clip), **{"Idempotency-Key": "order-1"})
    response = send(client, wanted(clip, priority=1), **{"Idempotency-Key": "order-1"})
    assert (response.status_code, response.json()["code"]) == (409, "IdempotencyConflict")
    assert Job.objects.count() == 1


def test_keys_of_different_people_do_not_meet(api_of: Any, bob: User, alice: User, clip: str) -> None:
    one = send(api_of(bob), wanted(clip), **{"Idempotency-Key": "k"}).json()["id"]
    two = send(api_of(alice, "admin"), wanted(clip), **{"Idempotency-Key": "k"}).json()["id"]
    assert one != two


def test_a_key_that_cannot_be_kept_is_refused(api_of: Any, bob: User, clip: str) -> None:
    for key in ("k" * 256, "kéy"):
        response = send(api_of(bob), wanted(clip), **{"Idempotency-Key": key})
        assert response.status_code == 400
        assert ("Idempotency-Key",) in problems(response)


# --- who may ------------------------------------------------------------------------------------------------------------
def test_who_may_submit(api_of: Any, client_of: Any, alice: User, bob: User, charlie: User, dana: User, clip: str) -> None:
    body = wanted(clip)
    assert send(client_of(None), body).status_code == 401
    assert send(Client(headers={"authorization": "Bearer nonsense"}), body).status_code == 401
    assert send(Client(headers={"authorization": "Basic Ym9iOnBhc3N3b3Jk"}), body).status_code == 401
    refusal = send(api_of(charlie, "viewer"), body)
    assert (refusal.status_code, refusal.json()["code"]) == (403, "PermissionDenied")
    assert send(api_of(bob, "viewer"), body).status_code == 403, "a token does less than its user"
    assert send(client_of(dana), body).status_code == 403
    assert not Job.objects.exists()
    assert send(api_of(bob), body).status_code == 201
    assert send(api_of(alice), wanted(clip, outputs=[{"template": "mp4-h264-360p", "address": "oss://output/2.mp4"}])).status_code == 201


def test_reading_needs_a_viewer(api_of: Any, client_of: Any, bob: User, charlie: User, dana: User, clip: str) -> None:
    job = send(api_of(bob), wanted(clip)).json()["id"]
    for url in (URL, f"{URL}/{job}", f"{URL}/{job}/attempts", f"{URL}/{job}/events", f"{URL}/{job}/log"):
        assert client_of(None).get(url).status_code == 401, url
        assert client_of(dana).get(url).status_code == 403, url
        assert client_of(charlie).get(url).status_code == 200, url
        assert api_of(charlie, "viewer").get(url).status_code == 200, url


def test_a_session_needs_its_csrf_token(bob: User, clip: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(bob)
    response = send(client, wanted(clip))
    assert (response.status_code, response.json()["code"]) == (403, "PermissionDenied")
    assert "CSRF" in response.json()["message"]
    client.cookies["csrftoken"] = "a" * 32
    assert send(client, wanted(clip), **{"X-CSRFToken": "a" * 32}).status_code == 201


# --- list ---------------------------------------------------------------------------------------------------------------
@pytest.fixture
def many(api_of: Any, bob: User, clip: str) -> list[str]:
    """Five jobs, oldest first."""
    client = api_of(bob)
    return [
        send(client, wanted(clip, priority=n + 1, user_data=f"batch {n}", outputs=[{"template": "mp4-h264-360p", "address": f"oss://output/{n}.mp4"}])).json()[
            "id"
        ]
        for n in range(5)
    ]


def walk(client: Client, url: str) -> list[str]:
    found: list[str] = []
    after = ""
    for _ in range(20):
        document = client.get(f"{url}&after={after}" if after else url).json()
        found += [row["id"] for row in document["items"]]
        after = document["next"]
        if not after:
            return found
    raise AssertionError("the list does not end")


def test_the_list_pages_by_cursor_and_misses_nothing(api_of: Any, bob: User, many: list[str]) -> None:
    client = api_of(bob)
    assert walk(client, f"{URL}?limit=2") == many[::-1]
    assert walk(client, f"{URL}?limit=2&sort=created") == many
    first = client.get(f"{URL}?limit=2").json()
    second = client.get(f"{URL}?limit=2&after={first['next']}").json()
    back = client.get(f"{URL}?limit=2&before={second['previous']}").json()
    assert back["items"] == first["items"]
    assert set(first["items"][0]) == set(client.get(f"{URL}/{many[-1]}").json())


@pytest.mark.parametrize(
    ("query", "picked"),
    [
        ("state=queued", [4, 3, 2, 1, 0]),
        ("state=running,failed", []),
        ("state=queued&state=failed", [4, 3, 2, 1, 0]),
        ("kind=transcode", [4, 3, 2, 1, 0]),
        ("kind=mediainfo", []),
        ("pipeline=default", [4, 3, 2, 1, 0]),
        ("pipeline=other", []),
        ("source=api", [4, 3, 2, 1, 0]),
        ("q=BATCH 3", [3]),
        ("q=clip.mp4", [4, 3, 2, 1, 0]),
        ("q=no such text", []),
        ("q=%25", []),
        ("template=mp4-h264-360p", [4, 3, 2, 1, 0]),
        ("template=hls-ladder", []),
        ("code=WorkerLost", []),
        ("from=1h", [4, 3, 2, 1, 0]),
        ("from=today&to=2000-01-01", []),
        ("to=2000-01-01", []),
    ],
)
def test_filters(api_of: Any, bob: User, many: list[str], query: str, picked: list[int]) -> None:
    assert walk(api_of(bob), f"{URL}?{query}") == [many[n] for n in picked]


def test_search_by_the_start_of_an_id(api_of: Any, bob: User, many: list[str]) -> None:
    assert walk(api_of(bob), f"{URL}?q={many[2][:12].upper()}") == [many[2]]


def test_bad_filters_are_refused_together(api_of: Any, bob: User) -> None:
    response = api_of(bob).get(f"{URL}?state=done&source=fax&from=yesterday&sort=name")
    assert response.status_code == 400
    assert set(problems(response)) == {("state",), ("source",), ("from",), ("sort",)}
    for query in (
        "after=nonsense",
        "after=W10",
        "before=%00",
        "limit=0",
        "limit=101",
        "limit=x",
        "stat=queued",
        "q=%00",
        "q=%ED%A0%80",
        "pipeline=%00",
        "from=9999-99-99",
        "after=" + "e" * 5000,
    ):
        response = api_of(bob).get(f"{URL}?{query}")
        assert response.status_code in (400, 200), query
        if query != "q=%ED%A0%80":  # bytes that are not UTF-8 reach us as replacement characters
            assert response.status_code == 400, query
            assert problems(response)


def test_the_list_asks_the_database_a_fixed_number_of_times(api_of: Any, bob: User, many: list[str], django_assert_max_num_queries: Any) -> None:
    client = api_of(bob)
    client.get(URL)  # «last used» of the token is written now
    with django_assert_max_num_queries(6):
        assert len(client.get(URL).json()["items"]) == 5


# --- wrong addresses and methods ----------------------------------------------------------------------------------------
def test_unknown_jobs_are_404(api_of: Any, bob: User) -> None:
    client = api_of(bob)
    for job in ("0" * 32, "x", "%00", "a" * 2000):
        for url in (f"{URL}/{job}", f"{URL}/{job}/attempts", f"{URL}/{job}/log", f"{URL}/{job}/events"):
            response = client.get(url)
            assert (response.status_code, response.json()["code"]) == (404, "NotFound"), url
        for action in ("cancel", "retry"):
            assert send(client, {}, f"{URL}/{job}/{action}").status_code == 404


def test_wrong_methods_are_405_as_json(api_of: Any, bob: User) -> None:
    client = api_of(bob)
    for method, url in (("put", URL), ("delete", URL), ("delete", f"{URL}/{'0' * 32}"), ("get", f"{URL}/{'0' * 32}/cancel"), ("post", f"{URL}/{'0' * 32}/log")):
        response = getattr(client, method)(url)
        assert response.status_code == 405, (method, url)
        assert response.json()["code"] == "MethodNotAllowed"
        assert response.headers["Allow"]
        problems(response)


def test_unknown_addresses_under_api_are_json_404(client_of: Callable[..., Client]) -> None:
    for url in ("/api", "/api/", "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v2/jobs", "/api/v1/jobs/"):
        for response in (client_of(None).get(url), client_of(None).post(url)):
            assert response.status_code == 404, url
            assert response.json()["code"] == "NotFound"
            problems(response)
