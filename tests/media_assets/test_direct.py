"""Uploads straight to the store: begun, signed, completed and given up through the interface; the parts go to real servers as a browser sends them."""

from __future__ import annotations

import datetime as dt
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from media_assets import direct_uploads, remote_sweep, resumable, s3_direct
from media_assets.models import Bucket, Media, Upload
from media_assets.s3 import S3Storage
from media_assets.s3_sending import PART
from tests.media_assets.stores import SECRET, Line, times

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/uploads/direct"
BODY = os.urandom(2 * PART + 12345)
KINDS = ("moto", "rclone")


@pytest.fixture
def api(api_of: Callable[..., Client], bob: Any) -> Client:
    """An operator."""
    return api_of(bob)


def begin(api: Client, key: str = "talks/a b+%41 猫.mp4", length: int = len(BODY), **more: Any) -> Any:
    return api.post(URL, json.dumps({"bucket": "films", "key": key, "length": length} | more), content_type="application/json")


def signed(api: Client, upload: dict[str, Any], *numbers: int) -> list[dict[str, Any]]:
    answer = api.post(f"{URL}/{upload['id']}/parts", json.dumps({"numbers": list(numbers)}), content_type="application/json")
    assert answer.status_code == 200, answer.content
    return answer.json()["items"]


def send(part: dict[str, Any], body: bytes = BODY) -> None:
    data = body[part["offset"] : part["offset"] + part["size"]]
    with urllib.request.urlopen(urllib.request.Request(part["url"], data, {"Content-Type": "video/mp4"}, method="PUT"), timeout=20) as answer:
        assert answer.status == 200


def uploads_of(place: S3Storage) -> list[Any]:
    return place.client.list_multipart_uploads(Bucket=Bucket.objects.get(name=place.name).remote).get("Uploads", [])


@pytest.mark.parametrize("kind", KINDS)
def test_parts_in_any_order_after_a_break_make_the_object(api: Client, bind: Callable[..., S3Storage], kind: str) -> None:
    place = bind("films", kind, prefix="all/of it")
    made = begin(api, title="A cat", tags=["cats", "film"])
    assert made.status_code == 201, made.content
    upload = made.json()
    assert (upload["state"], upload["parts"], upload["arrived"], upload["address"]) == ("open", 3, [], None)
    items = signed(api, upload, 3, 1, 2)
    assert [(row["number"], row["offset"], row["size"]) for row in items] == [(1, 0, PART), (2, PART, PART), (3, 2 * PART, 12345)]
    assert not any(SECRET in row["url"] for row in items)
    send(items[2])
    send(items[0])
    assert place.stat(upload["key"]) is None
    assert api.get(f"{URL}/{upload['id']}").json()["arrived"] == [1, 3]  # as after a reload
    early = api.post(f"{URL}/{upload['id']}/complete")
    assert (early.status_code, early.json()["code"]) == (409, "WrongState")
    send(items[1])
    send(items[1])  # twice makes no difference
    done = api.post(f"{URL}/{upload['id']}/complete").json()
    assert (done["state"], done["address"], done["arrived"]) == ("done", f"oss://films/{upload['key']}", [1, 2, 3])
    assert api.post(f"{URL}/{upload['id']}/complete").json()["media"] == done["media"]
    with place.open(upload["key"]) as file:
        assert file.read() == BODY
    assert Media.objects.get(pk=done["media"]).title == "A cat"
    assert sorted(Media.objects.get(pk=done["media"]).tags.values_list("name", flat=True)) == ["cats", "film"]
    assert uploads_of(place) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_signed_address_is_good_for_its_part_only(api: Client, bind: Callable[..., S3Storage], kind: str) -> None:
    bind("films", kind)
    upload = begin(api).json()
    [part] = signed(api, upload, 1)
    if kind == "rclone":  # moto checks no signatures
        for old, new in (("partNumber=1", "partNumber=2"), ("a%20b", "a%20c"), ("X-Amz-Expires=3600", "X-Amz-Expires=7200")):
            assert old in part["url"]
            wrong = part | {"url": part["url"].replace(old, new)}
            with pytest.raises(urllib.error.URLError) as error:
                send(wrong)
            assert not isinstance(error.value, urllib.error.HTTPError) or error.value.code == 403  # or it hangs up before it has read all
    send(part)


def test_a_part_of_the_wrong_size_is_not_taken(api: Client, bind: Callable[..., S3Storage]) -> None:
    place = bind("films")
    upload = begin(api, length=10).json()
    [part] = signed(api, upload, 1)
    send(part | {"size": 9})
    answer = api.post(f"{URL}/{upload['id']}/complete")
    assert (answer.status_code, answer.json()["code"]) == (460, "ChecksumMismatch")
    assert place.stat(upload["key"]) is None
    send(part)
    assert api.post(f"{URL}/{upload['id']}/complete").json()["state"] == "done"


@pytest.mark.parametrize("kind", KINDS)
def test_existing_objects_are_kept_replaced_or_skipped(api: Client, bind: Callable[..., S3Storage], kind: str) -> None:
    place = bind("films", kind)
    place.put("a.mp4", [b"old"])
    assert begin(api, "a.mp4").json()["code"] == "ObjectAlreadyExists"
    skipped = begin(api, "a.mp4", if_exists="skip").json()
    assert (skipped["state"], skipped["address"]) == ("done", "oss://films/a.mp4")
    both = begin(api, "a.mp4", 3, if_exists="keep_both").json()
    assert both["key"] == "a (2).mp4"
    assert begin(api, "a.mp4", 3, if_exists="keep_both").json()["key"] == "a (3).mp4"  # the second name is being sent
    late = begin(api, "b.mp4", 3).json()
    send(signed(api, late, 1)[0])
    place.put("b.mp4", [b"somebody was faster"])
    answer = api.post(f"{URL}/{late['id']}/complete")
    assert (answer.status_code, answer.json()["code"]) == (409, "ObjectAlreadyExists")
    replaced = begin(api, "a.mp4", 3, if_exists="replace").json()
    send(signed(api, replaced, 1)[0])
    assert api.post(f"{URL}/{replaced['id']}/complete").json()["state"] == "done"
    with place.open("a.mp4") as file:
        assert file.read() == BODY[:3]
    with place.open("b.mp4") as file:
        assert file.read() == b"somebody was faster"


def test_what_cannot_be_is_refused(api: Client, bind: Callable[..., S3Storage], buckets: Any) -> None:
    bind("films")
    for body, status, code in (
        ({"length": 0}, 400, "InvalidParameter"),
        ({"length": 10**15}, 413, "BodyTooLarge"),
        ({"key": "../x"}, 400, "InvalidAddress"),
        ({"key": "é" * 513}, 400, "InvalidAddress"),
        ({"bucket": "input"}, 409, "WrongState"),  # a folder
        ({"bucket": "nothing"}, 404, "BucketNotFound"),
        ({"if_exists": "perhaps"}, 400, "InvalidParameter"),
    ):
        answer = begin(api, **({"key": "a.mp4", "length": 5} | body))
        assert (answer.status_code, answer.json()["code"]) == (status, code), body
    upload = begin(api).json()
    for numbers in ([0], [4], [], list(range(1, 102))):
        answer = api.post(f"{URL}/{upload['id']}/parts", json.dumps({"numbers": numbers}), content_type="application/json")
        assert answer.json()["code"] == "InvalidParameter", numbers
    Bucket.objects.filter(name="films").update(direct_uploads=False)
    assert begin(api).json()["code"] == "WrongState"
    Bucket.objects.filter(name="films").update(is_input=False)
    assert begin(api).json()["code"] == "BucketRoleMissing"
    assert Upload.objects.count() == 1


def test_everyone_has_only_their_own(api: Client, api_of: Callable[..., Client], alice: Any, charlie: Any, bind: Callable[..., S3Storage]) -> None:
    bind("films")
    upload = begin(api).json()
    for client, status in ((api_of(alice, "admin"), 404), (api_of(charlie, "viewer"), 403), (Client(), 401)):
        assert client.get(f"{URL}/{upload['id']}").status_code == status
        assert client.post(f"{URL}/{upload['id']}/complete").status_code == status
        assert client.delete(f"{URL}/{upload['id']}").status_code == status
        assert begin(client).status_code == (201 if status == 404 else status)


def test_given_up_and_expired_uploads_leave_nothing_in_the_store(api: Client, bind: Callable[..., S3Storage]) -> None:
    place = bind("films")
    first, second = begin(api, "a.mp4").json(), begin(api, "b.mp4").json()
    send(signed(api, first, 1)[0])
    assert api.delete(f"{URL}/{first['id']}").status_code == 204
    assert [row["Key"] for row in uploads_of(place)] == ["b.mp4"]
    assert api.get(f"{URL}/{first['id']}").status_code == 404
    resumable.sweep_uploads(timezone.now() + dt.timedelta(hours=25))
    assert uploads_of(place) == []
    assert api.get(f"{URL}/{second['id']}").status_code == 404


def test_the_sweep_of_abandoned_uploads_spares_those_that_go_on(api: Client, bind: Callable[..., S3Storage], monkeypatch: pytest.MonkeyPatch) -> None:
    place = bind("films")
    begin(api, "a.mp4")
    s3_direct.begin(place, "nobody.mp4", "token")
    monkeypatch.setattr(remote_sweep.timezone, "now", lambda: dt.datetime.now(dt.UTC) + dt.timedelta(days=3))
    remote_sweep.sweep_remote(uploads_every=0)
    assert [row["Key"] for row in uploads_of(place)] == ["a.mp4"]


def test_a_crash_between_the_object_and_its_row_loses_nothing(api: Client, bind: Callable[..., S3Storage], monkeypatch: pytest.MonkeyPatch) -> None:
    bind("films")
    upload = begin(api, length=3).json()
    send(signed(api, upload, 1)[0])
    with monkeypatch.context() as patched:
        patched.setattr(direct_uploads.services, "remember", lambda *_, **__: 1 / 0)
        assert api.post(f"{URL}/{upload['id']}/complete").status_code == 500
    assert api.get(f"{URL}/{upload['id']}").json()["arrived"] == [1]
    assert api.post(f"{URL}/{upload['id']}/complete").json()["state"] == "done"


def test_lost_answers_and_a_store_out_of_breath(api: Client, bind: Callable[..., S3Storage], line: Line) -> None:
    place = bind("films", endpoint=line.endpoint)
    upload = begin(api, length=3).json()
    send(signed(api, upload, 1)[0])
    faults = [times(1, "lost", lambda method, path: method == "POST"), times(2, "503", lambda method, path: True)]
    line.fault = lambda method, path: next((fault for fault in (decide(method, path) for decide in faults) if fault), "")
    done = api.post(f"{URL}/{upload['id']}/complete").json()
    assert done["state"] == "done", done
    with place.open(upload["key"]) as file:
        assert file.read() == BODY[:3]


def test_addresses_for_browsers_name_the_store_as_browsers_reach_it(api: Client, bind: Callable[..., S3Storage]) -> None:
    bind("films", public_endpoint="https://media.example.org:9443/")
    [part] = signed(api, begin(api).json(), 1)
    assert part["url"].startswith("https://media.example.org:9443/films-")


# --- delivery -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_downloads_come_from_the_store_where_the_bucket_is_set_so(
    client_of: Callable[..., Client], charlie: Any, bind: Callable[..., S3Storage], kind: str
) -> None:
    place = bind("films", kind, direct_links=True)
    key = "talks/a b+%41 猫.mp4"
    place.put(key, [b"0123456789"])
    client = client_of(charlie)
    url = f"/objects/films/{urllib.parse.quote(key)}"
    answer = client.get(url, {"download": "1"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (307, "private, no-store")
    assert SECRET not in answer.headers["Location"]
    asked = urllib.request.Request(answer.headers["Location"], headers={"Range": "bytes=2-4"})
    with urllib.request.urlopen(asked, timeout=20) as got:
        assert got.read() == b"234"
        if kind == "moto":  # rclone does not know response-content-type
            assert got.headers["Content-Type"] == "video/mp4"
            assert "attachment" in got.headers["Content-Disposition"]
    head = client.head(url)
    assert head.status_code == 307
    with urllib.request.urlopen(urllib.request.Request(head.headers["Location"], method="HEAD"), timeout=20) as got:
        assert got.headers["Content-Length"] == "10"
    missing = client.get("/objects/films/none.mp4")
    assert (missing.status_code, missing.json()["code"]) == (404, "ObjectNotFound")
    assert Client().get(url).status_code == 401


@pytest.mark.parametrize(
    ("headers", "key", "status"),
    [
        ({}, "a.mp4", 307),
        ({"sec-fetch-mode": "navigate", "sec-fetch-site": "same-origin"}, "a.mp4", 307),
        ({"sec-fetch-mode": "no-cors", "sec-fetch-site": "cross-site"}, "a.mp4", 307),
        ({"sec-fetch-mode": "no-cors", "sec-fetch-site": "same-origin"}, "a.mp4", 200),  # the player of our own pages
        ({"sec-fetch-mode": "cors", "sec-fetch-site": "cross-site"}, "a.mp4", 200),
        ({}, "a.m3u8", 200),
        ({}, "a.VTT", 200),
    ],
)
def test_what_must_come_through_us_does(
    client_of: Callable[..., Client], charlie: Any, bind: Callable[..., S3Storage], headers: dict[str, str], key: str, status: int
) -> None:
    place = bind("films", direct_links=True)
    place.put(key, [b"0123456789"])
    answer = client_of(charlie).get(f"/objects/films/{key}", headers=headers)
    assert answer.status_code == status
    if status == 200:
        assert answer.getvalue() == b"0123456789"


def test_a_signed_link_hands_out_no_longer_than_it_lasts(api: Client, bind: Callable[..., S3Storage], client: Client) -> None:
    place = bind("films", direct_links=True)
    upload = begin(api, length=3).json()
    send(signed(api, upload, 1)[0])
    media = api.post(f"{URL}/{upload['id']}/complete").json()["media"]
    Media.objects.filter(pk=media).update(state=Media.State.PUBLISHED)
    link = api.post(f"/api/v1/media/{media}/links", json.dumps({"expires_in_seconds": 90}), content_type="application/json").json()
    answer = client.get(link["url"])
    assert answer.status_code == 307
    [seconds] = urllib.parse.parse_qs(urllib.parse.urlsplit(answer.headers["Location"]).query)["X-Amz-Expires"]
    assert 80 <= int(seconds) <= 90
    assert place.links
