"""/api/v1/media and /api/v1/buckets with their objects."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from media_assets import services, storage
from media_assets.models import Bucket, Media

BUCKETS = "/api/v1/buckets"
OBJECTS = "/api/v1/buckets/input/objects"
MEDIA = "/api/v1/media"


def send(client: Client, method: str, url: str, body: Any = None) -> Any:
    return getattr(client, method)(url, "" if body is None else json.dumps(body), content_type="application/json")


def put(client: Client, url: str, body: bytes) -> Any:
    return client.put(url, body, content_type="application/octet-stream")


def places(response: Any) -> set[tuple[Any, ...]]:
    assert response.status_code == 400, response.content
    return {tuple(row["loc"]) for row in response.json()["errors"]}


def content(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


# --- objects --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("key", ["a.mp4", "a b/ü 漢字 🎬/-x %d %41.mp4", "…/#1?&=+;.mov", "k" * 200 + "/" + "l" * 200])
def test_an_object_comes_back_as_it_went(api_of: Any, bob: User, charlie: User, buckets: Any, key: str) -> None:
    from urllib.parse import quote

    body = bytes(range(256)) * 5000
    url = f"{OBJECTS}/{quote(key)}"
    made = put(api_of(bob), url, body)
    assert made.status_code == 201, made.content
    facts = made.json()
    assert (facts["key"], facts["address"], facts["size"]) == (key, f"oss://input/{key}", len(body))
    assert (buckets.input / key).read_bytes() == body
    assert Media.objects.get(pk=facts["media"]).address == facts["address"]
    reader = api_of(charlie, "viewer")
    whole = reader.get(url)
    assert whole.status_code == 200
    assert content(whole) == body
    part = reader.get(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, content(part)) == (206, body[10:20])
    head = reader.head(url)
    assert (head.status_code, head.headers["Content-Length"], content(head)) == (200, str(len(body)), b"")
    by_url = reader.get(facts["url"].removeprefix("http://testserver"))
    assert content(by_url) == body


def test_what_to_do_with_an_object_that_exists(api_of: Any, bob: User, buckets: Any) -> None:
    client = api_of(bob)
    put(client, f"{OBJECTS}/a.mp4", b"one")
    assert put(client, f"{OBJECTS}/a.mp4", b"two").status_code == 201
    assert (buckets.input / "a.mp4").read_bytes() == b"two", "PUT replaces"
    refused = put(client, f"{OBJECTS}/a.mp4?if_exists=fail", b"three")
    assert (refused.status_code, refused.json()["code"]) == (409, "ObjectAlreadyExists")
    beside = put(client, f"{OBJECTS}/a.mp4?if_exists=keep_both", b"four").json()
    assert beside["key"] != "a.mp4"
    assert (buckets.input / beside["key"]).read_bytes() == b"four"
    assert put(client, f"{OBJECTS}/a.mp4?if_exists=skip", b"five").json()["size"] == 3
    assert (buckets.input / "a.mp4").read_bytes() == b"two"
    assert places(put(client, f"{OBJECTS}/a.mp4?if_exists=maybe", b"")) == {("if_exists",)}


def test_list_objects(api_of: Any, charlie: User, buckets: Any) -> None:
    for key in ("b/1", "b/2", "b/3", "a", "c"):
        (buckets.input / key).parent.mkdir(exist_ok=True)
        (buckets.input / key).write_bytes(b"x")
    client = api_of(charlie, "viewer")
    keys, after = [], ""
    for _ in range(10):
        page = client.get(OBJECTS, {"limit": "2", "after": after}).json()
        keys += [row["key"] for row in page["items"]]
        if not (after := page["next"]):
            break
    assert keys == ["a", "b/1", "b/2", "b/3", "c"]
    assert [row["key"] for row in client.get(f"{OBJECTS}?prefix=b/").json()["items"]] == ["b/1", "b/2", "b/3"]
    for query in ("limit=0", "limit=1001", "prefix=%00", "marker=a"):
        assert client.get(f"{OBJECTS}?{query}").status_code == 400


def test_delete_an_object(api_of: Any, alice: User, bob: User, buckets: Any) -> None:
    put(api_of(bob), f"{OBJECTS}/a.mp4", b"x")
    assert api_of(bob).delete(f"{OBJECTS}/a.mp4").status_code == 403
    client = api_of(alice, "admin")
    assert client.delete(f"{OBJECTS}/a.mp4").status_code == 204
    assert not (buckets.input / "a.mp4").exists()
    gone = client.delete(f"{OBJECTS}/a.mp4")
    assert (gone.status_code, gone.json()["code"]) == (404, "ObjectNotFound")


def test_names_that_are_no_names(api_of: Any, alice: User, buckets: Any) -> None:
    client = api_of(alice, "admin")
    for key in ("a/../b", "a//b", "a%0Ab", "%00", "./a", "k" * 1024, "a/%2E%2E/b"):
        for response in (put(client, f"{OBJECTS}/{key}", b"x"), client.get(f"{OBJECTS}/{key}"), client.delete(f"{OBJECTS}/{key}")):
            assert response.status_code in (400, 404), key
            assert response.json()["code"] in ("InvalidAddress", "ObjectNotFound", "NotFound"), key
    assert list(buckets.input.parent.rglob("*")) == [buckets.input, buckets.output] or not any(p.is_file() for p in buckets.input.parent.rglob("*"))
    for bucket in ("nowhere", "UPPER", "..", "%00", "a%2Fb", "é"):
        for response in (
            client.get(f"{BUCKETS}/{bucket}/objects"),
            put(client, f"{BUCKETS}/{bucket}/objects/a", b"x"),
            client.get(f"{BUCKETS}/{bucket}/objects/a"),
        ):
            assert response.status_code in (400, 404), bucket
            assert response.json()["code"] in ("BucketNotFound", "InvalidAddress", "NotFound"), bucket


# --- buckets --------------------------------------------------------------------------------------------------------------
def test_buckets(api_of: Any, alice: User, charlie: User, buckets: Any, tmp_path: Any) -> None:
    rows = api_of(charlie, "viewer").get(BUCKETS).json()["items"]
    assert [(row["name"], row["driver"]) for row in rows] == [("input", "local"), ("output", "local")]
    client = api_of(alice, "admin")
    made = send(client, "post", BUCKETS, {"name": "archive-1", "output": True, "folder": str(tmp_path / "buckets" / "archive")})
    assert made.status_code == 201, made.content
    assert (made.json()["name"], made.json()["input"], made.json()["output"]) == ("archive-1", False, True)
    assert Bucket.objects.get(name="archive-1").is_output
    assert places(send(client, "post", BUCKETS, {"name": "archive-1", "output": True})) == {("name",)}
    assert places(send(client, "post", BUCKETS, {"name": "UPPER", "output": True})) == {("name",)}
    assert places(send(client, "post", BUCKETS, {"name": 3, "output": "yes", "size": 1})) == {("name",), ("output",), ("size",)}


# --- media ----------------------------------------------------------------------------------------------------------------
@pytest.fixture
def film(buckets: Any) -> Media:
    """A media of the library."""
    from jobs.engine.address import Address

    (buckets.input / "film.mp4").write_bytes(b"x" * 10)
    return services.remember(Address("input", "film.mp4"), title="A film")


def test_list_and_get(api_of: Any, charlie: User, film: Media) -> None:
    client = api_of(charlie, "viewer")
    (row,) = client.get(MEDIA).json()["items"]
    assert (row["id"], row["title"], row["address"], row["state"], row["tags"]) == (film.id, "A film", "oss://input/film.mp4", "unpublished", [])
    assert [(file["role"], file["address"], file["size"]) for file in row["files"]] == [("source", "oss://input/film.mp4", 10)]
    assert client.get(f"{MEDIA}/{film.id}").json() == row
    assert client.get(f"{MEDIA}?q=film&state=unpublished&sort=title").json()["items"] == [row]
    assert client.get(f"{MEDIA}?q=nothing").json()["items"] == []
    assert client.get(f"{MEDIA}?tag=x").json()["items"] == []
    assert places(client.get(f"{MEDIA}?state=x&sort=y")) == {("state",), ("sort",)}
    for query in ("category=99", "category=x", "after=x", "page=1", "q=%00"):
        assert client.get(f"{MEDIA}?{query}").status_code == 400, query


def test_describe(api_of: Any, bob: User, charlie: User, film: Media) -> None:
    url = f"{MEDIA}/{film.id}"
    assert send(api_of(charlie, "viewer"), "patch", url, {"title": "x"}).status_code == 403
    client = api_of(bob)
    changed = send(client, "patch", url, {"title": "标题", "tags": ["b", "a", "a"], "state": "published"}).json()
    assert (changed["title"], changed["tags"], changed["state"], changed["description"]) == ("标题", ["a", "b"], "published", "")
    again = send(client, "patch", url, {"description": "text"}).json()
    assert (again["title"], again["tags"], again["description"]) == ("标题", ["a", "b"], "text")
    assert places(send(client, "patch", url, {"title": 1, "tags": "a", "state": "open", "views": 3})) == {("title",), ("tags",), ("state",), ("views",)}
    assert {("title",), ("tags",)} <= places(send(client, "patch", url, {"title": "é" * 65, "tags": [str(n) for n in range(17)]}))
    assert places(send(client, "patch", url, {"category": 99})) == {("category",)}


def test_remove(api_of: Any, alice: User, bob: User, buckets: Any, film: Media) -> None:
    url = f"{MEDIA}/{film.id}"
    assert api_of(bob).delete(url).status_code == 403
    client = api_of(alice, "admin")
    assert places(client.delete(f"{url}?take=some")) == {("take",)}
    assert client.delete(f"{url}?take=all").json() == {"deleted_objects": 1}
    storage.sweep_discards(timezone.now())
    assert not (buckets.input / "film.mp4").exists()
    gone = client.get(url)
    assert (gone.status_code, gone.json()["code"]) == (404, "NotFound")


def test_who_may(client_of: Any, api_of: Any, charlie: User, dana: User, film: Media) -> None:
    for url in (MEDIA, f"{MEDIA}/{film.id}", BUCKETS, OBJECTS, f"{OBJECTS}/film.mp4"):
        assert client_of(None).get(url).status_code == 401, url
        assert client_of(dana).get(url).status_code == 403, url
        allowed = client_of(charlie).get(url)
        assert allowed.status_code == 200, url
        assert content(allowed)
    viewer = api_of(charlie, "viewer")
    assert put(viewer, f"{OBJECTS}/x.mp4", b"x").status_code == 403
    assert put(client_of(None), f"{OBJECTS}/x.mp4", b"x").status_code == 401
    assert send(viewer, "post", BUCKETS, {"name": "abc"}).status_code == 403
    for method, url in (("post", MEDIA), ("put", f"{MEDIA}/{film.id}"), ("put", BUCKETS), ("post", f"{OBJECTS}/film.mp4"), ("delete", OBJECTS)):
        assert send(viewer, method, url).status_code == 405, (method, url)
