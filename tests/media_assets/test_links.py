"""Signed links, referers and conditional requests: who gets a file, until when, and from which page."""

from __future__ import annotations

import time

import pytest
from django.core.signing import get_cookie_signer
from django.test import Client, override_settings
from django.urls import reverse
from django.utils.http import http_date

from jobs.engine.address import Address
from jobs.engine.errors import Refused
from media_assets import editing, links, referers, services
from media_assets.models import Bucket, Media, MediaFile

HOUR = 3600


@pytest.fixture
def film(buckets):
    (buckets.input / "one.mp4").write_bytes(b"source")
    media = services.remember(Address("input", "one.mp4"))
    for name, content in (("one.m3u8", b"#EXTM3U"), ("one-0.ts", b"zero"), ("one-1.ts", b"one"), ("other.mp4", b"other")):
        (buckets.output / name).write_bytes(content)
    services.record_rendition(media.id, Address("output", "one.m3u8"), ["one-0.ts", "one-1.ts"], 12, None, "j" * 32, "o" * 32)
    return editing.set_state(media, "published")


@pytest.fixture
def playlist(film):
    return links.file_of(Media.objects.get(pk=film.pk))


def content(response):
    """All bytes: the test client closes an answer when it was read to its end."""
    if not hasattr(response, "read_body"):
        response.read_body = b"".join(response.streaming_content) if response.streaming else response.content
    return response.read_body


class Reader(Client):
    """A stranger who reads every answer to its end."""

    def get(self, *args, **kwargs):
        response = super().get(*args, **kwargs)
        content(response)
        return response


def test_anybody_may_open_it(playlist):
    made = links.make(playlist, HOUR)
    assert abs(made.expires - time.time() - HOUR) < 5
    response = Reader().get(made.path)
    assert (response.status_code, content(response)) == (200, b"#EXTM3U")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert not response.cookies
    part = made.path.rpartition("/")[0] + "/one-1.ts"  # as a player follows the playlist
    response = Reader().get(part, headers={"range": "bytes=1-1"})
    assert (response.status_code, content(response)) == (206, b"n")
    assert Client().post(made.path).status_code == 405


def test_it_opens_nothing_else(playlist):
    made = links.make(playlist, HOUR)
    folder = made.path.rpartition("/")[0]
    token = made.path.split("/")[2]
    for path in (
        f"{folder}/other.mp4",
        f"{folder}/nothing.mp4",
        made.path.replace("/output/", "/input/"),
        reverse("link", args=[token, "input", "one.mp4"]),
        reverse("link", args=[token[:-1] + ("A" if token[-1] != "A" else "B"), "output", "one.m3u8"]),
        reverse("link", args=[token.replace("-", "-9", 1), "output", "one.m3u8"]),
        reverse("link", args=["1" + token, "output", "one.m3u8"]),
        reverse("link", args=["x", "output", "one.m3u8"]),
        reverse("link", args=[get_cookie_signer().sign("x"), "output", "one.m3u8"]),
    ):
        response = Reader().get(path)
        assert response.status_code == 403, path
        assert response.json()["code"] == "PermissionDenied"
        assert response.headers["Cache-Control"] == "no-store"
    assert Reader().get("/objects/output/one.m3u8").status_code == 401


def test_it_ends(playlist, film, monkeypatch):
    made = links.make(playlist, HOUR)
    now = time.time()
    monkeypatch.setattr(links.time, "time", lambda: now + HOUR + 2)
    assert Reader().get(made.path).status_code == 403
    monkeypatch.setattr(links.time, "time", lambda: now)
    assert Reader().get(made.path).status_code == 200
    editing.set_state(film, "unpublished")
    assert Reader().get(made.path).status_code == 403
    editing.set_state(film, "published")
    assert Reader().get(made.path).status_code == 200
    editing.remove(film, editing.Take.NOTHING)
    assert Reader().get(made.path).status_code == 403


def test_the_secret_key(playlist, settings):
    made = links.make(playlist, HOUR)
    old = settings.SECRET_KEY
    with override_settings(SECRET_KEY="another one"):
        assert Reader().get(made.path).status_code == 403
        with override_settings(SECRET_KEY_FALLBACKS=[old]):
            assert Reader().get(made.path).status_code == 200


def test_private_media_and_odd_times_get_none(playlist, film):
    for seconds in (0, 59, 90 * 86400 + 1):
        with pytest.raises(Refused):
            links.make(playlist, seconds)
    editing.set_state(film, "unpublished")
    with pytest.raises(Refused, match="private"):
        links.make(links.file_of(Media.objects.get(pk=film.pk)), HOUR)


def test_json(api_of, bob, charlie, film):
    where = f"/api/v1/media/{film.pk}/links"
    made = api_of(bob).post(where, {}, content_type="application/json")
    assert made.status_code == 201
    assert made.json()["address"] == "oss://output/one.m3u8"
    assert Reader().get(made.json()["url"]).status_code == 200
    made = api_of(bob).post(where, {"address": "oss://input/one.mp4", "expires_in_seconds": 60}, content_type="application/json").json()
    assert content(Reader().get(made["url"])) == b"source"
    for wrong in ({"expires_in_seconds": 59}, {"address": "oss://output/other.mp4"}, {"x": 1}):
        assert api_of(bob).post(where, wrong, content_type="application/json").status_code == 400
    assert api_of(bob).post("/api/v1/media/nothing/links", {}, content_type="application/json").status_code == 404
    assert api_of(charlie, role="viewer").post(where, {}, content_type="application/json").status_code == 403
    editing.set_state(film, "unpublished")
    assert api_of(bob).post(where, {}, content_type="application/json").status_code == 409


def test_the_page(client_of, bob, charlie, film):
    where = reverse("media:media_link", args=[film.pk])
    client = client_of(bob)
    assert where in client.get(reverse("media:media_detail", args=[film.pk])).content.decode()
    assert client_of(charlie).get(where).status_code == 403
    assert client.get(where).status_code == 200
    made = client.post(where, {"address": "oss://input/one.mp4", "seconds": str(7 * 86400)})
    assert made.status_code == 200
    assert f'data-copy="{made.context["url"]}"' in made.content.decode()
    assert content(Reader().get(made.context["url"])) == b"source"
    assert client.post(where, {"address": "oss://input/two.mp4", "seconds": "5"}).status_code == 422
    editing.set_state(film, "unpublished")
    assert "Publish it first" in client.get(where).content.decode()
    assert client.post(where, {"address": "oss://input/one.mp4", "seconds": "3600"}).status_code == 422


# --- referers -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def guarded(playlist):
    referers.set_referers(Bucket.objects.get(name="output"), ["Example.org", "*.example.net", "cdn.example.com:8080", ""], without=True)
    return links.make(playlist, HOUR).path


@pytest.mark.parametrize(
    ("referer", "status"),
    [
        ("", 200),
        ("https://example.org/page?x=1", 200),
        ("https://EXAMPLE.org", 200),
        ("http://example.org:81/", 200),
        ("https://a.example.org/", 403),
        ("https://a.b.example.net/", 200),
        ("https://example.net/", 403),
        ("https://notexample.net/", 403),
        ("https://example.org.evil.test/", 403),
        ("https://evil.test/?example.org", 403),
        ("https://example.org@evil.test/", 403),
        ("https://cdn.example.com:8080/", 200),
        ("https://cdn.example.com/", 403),
        ("ftp://example.org/", 403),
        ("https://[::1", 403),
        ("https://example.org:99999/", 403),
        ("example.org", 403),
        ("http://testserver/console/media/", 200),
    ],
)
def test_who_may_embed(guarded, referer, status):
    headers = {"referer": referer} if referer else {}
    assert Reader().get(guarded, headers=headers).status_code == status


def test_not_without_referer(guarded, client_of, api_of, charlie):
    bucket = Bucket.objects.get(name="output")
    referers.set_referers(bucket, ["example.org"], without=False)
    assert Reader().get(guarded).status_code == 403
    for client, headers, status in (
        (client_of(charlie), {}, 403),
        (client_of(charlie), {"referer": "http://testserver/"}, 200),
        (api_of(charlie, role="viewer"), {}, 200),
    ):
        response = client.get("/objects/output/one.m3u8", headers=headers)
        content(response)
        assert response.status_code == status
    referers.set_referers(bucket, [], without=False)
    assert Reader().get(guarded, headers={"referer": "https://evil.test/"}).status_code == 200


def test_the_bucket_says_so(client_of, api_of, alice, bob, buckets):
    where = reverse("media:bucket_referers", args=["output"])
    assert client_of(bob).get(where).status_code == 403
    client = client_of(alice)
    assert where in client.get(reverse("media:bucket_list")).content.decode()
    assert client.get(where).status_code == 200
    wrong = client.post(where, {"hosts": "https://example.org\na b\n*.x.y"})
    assert wrong.status_code == 422
    assert wrong.context["form"]["hosts"].errors
    assert client.post(where, {"hosts": "example.org\r\n*.example.net\r\n"}).status_code == 302
    bucket = Bucket.objects.get(name="output")
    assert (bucket.referers, bucket.without_referer) == ("example.org\n*.example.net", False)
    put = api_of(alice, role="admin").put("/api/v1/buckets/output/referers", {"hosts": ["a.test"]}, content_type="application/json")
    assert put.json() == {"hosts": ["a.test"], "without_referer": True}
    assert api_of(alice, role="admin").put("/api/v1/buckets/output/referers", {"hosts": ["/"]}, content_type="application/json").status_code == 400
    assert api_of(alice, role="admin").put("/api/v1/buckets/nothing/referers", {}, content_type="application/json").status_code == 404
    assert api_of(bob).put("/api/v1/buckets/output/referers", {}, content_type="application/json").status_code == 403


# --- conditions ---------------------------------------------------------------------------------------------------------
def test_conditions(client_of, charlie, film, buckets):
    client = client_of(charlie)
    where = "/objects/output/other.mp4"

    def status(**headers):
        response = client.get(where, headers={name.replace("_", "-"): value for name, value in headers.items()})
        content(response)
        return response.status_code

    first = client.get(where)
    content(first)
    tag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    earlier = http_date((buckets.output / "other.mp4").stat().st_mtime - 10)
    assert status(if_none_match=tag) == status(if_none_match=f'"x", W/{tag}') == status(if_none_match="*") == 304
    assert status(if_modified_since=modified) == 304
    assert status(if_modified_since=earlier) == status(if_modified_since="nonsense") == 200
    assert status(if_none_match='"x"', if_modified_since=modified) == 200
    assert status(if_match=tag) == status(if_match="*") == status(if_unmodified_since=modified) == 200
    assert status(if_match='"x"') == status(if_match=f"W/{tag}") == status(if_unmodified_since=earlier) == 412
    assert status(if_match=tag, if_unmodified_since=earlier) == 200
    assert status(range="bytes=0-1", if_range=tag) == status(range="bytes=0-1", if_range=modified) == 206
    assert status(range="bytes=0-1", if_range='"x"') == status(range="bytes=0-1", if_range=f"W/{tag}") == status(range="bytes=0-1", if_range=earlier) == 200
    assert status(range="bytes=0-1", if_none_match=tag) == 304
    assert status(range="bytes=99-", if_match='"x"') == 412
    assert not client.get(where, headers={"if-none-match": tag}).content
    assert MediaFile.objects.filter(role="source").exists()
