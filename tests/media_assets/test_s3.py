"""S3 buckets on two real servers: objects come and go as in a folder, names are literal, what breaks is tried again, and secrets stay inside."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import logging
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jobs.engine.errors import JobError, Refused
from media_assets import remote_sweep
from media_assets.bucket_check import check_bucket
from media_assets.buckets import create_bucket
from media_assets.models import Bucket, Discard, Upload
from media_assets.objects import ObjectFacts
from media_assets.resumable import create, receive
from media_assets.s3 import OURS, S3Storage
from media_assets.s3_sending import PART, Sending
from media_assets.storage import storage, sweep_discards
from media_assets.uploads import upload
from tests.media_assets.stores import ANSWERS, KEY_ID, SECRET, Line, Server, free_port, times

KINDS = ("moto", "rclone")
NAMES = ["plain.mp4", "a b/c+d %41 100%.mp4", "映画/🎬 é.mp4", "-rf %d.ts", "a'b\"c&d=e?f#g;h.mp4", ".hidden/x~y!(z)*.bin"]
BIG = random.Random(4).randbytes(PART * 2 + 12345)


def put(place: S3Storage, key: str, data: bytes, **more: object) -> ObjectFacts:
    return place.put(key, iter([data[:1000], data[1000:]]), **more)  # type: ignore[arg-type]


# --- as in a folder -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", KINDS)
def test_objects_come_and_go(bind: Callable[..., S3Storage], kind: str, tmp_path: Path) -> None:
    place = bind("films", kind, prefix="my stuff/2026")
    for number, key in enumerate(NAMES):
        facts = put(place, key, b"%d" % number)
        assert (facts.key, facts.size) == (key, 1)
        assert place.stat(key) == facts
        with place.open(key) as file:
            assert file.read() == b"%d" % number
        assert place.pin(key, tmp_path).read_bytes() == b"%d" % number
    assert [row.key for row in place.list()] == sorted(NAMES, key=str.encode)
    assert [row.key for row in place.list("a b/")] == ["a b/c+d %41 100%.mp4"]
    after = "a b/c+d %41 100%.mp4"
    assert [row.key for row in place.list(after=after, limit=1)] == [min(key for key in NAMES if key > after)]
    folders, files = place.browse()
    assert folders == sorted([".hidden", "a b", "映画"])
    assert [row.key for row in files] == sorted(key for key in NAMES if "/" not in key)
    assert [row.key for row in place.browse("映画")[1]] == ["映画/🎬 é.mp4"]
    for key in NAMES:
        assert place.delete(key)
        assert place.stat(key) is None
        assert not place.delete(key)
    assert place.list() == []


@pytest.mark.parametrize("kind", KINDS)
def test_large_objects_go_in_parts_and_come_in_ranges(bind: Callable[..., S3Storage], kind: str, tmp_path: Path) -> None:
    place = bind("films", kind)
    facts = place.put("big.bin", (BIG[at : at + 700_000] for at in range(0, len(BIG), 700_000)))
    assert facts.size == len(BIG)
    assert place.pin("big.bin", tmp_path, etag=facts.etag).read_bytes() == BIG
    staged = tmp_path / "0"
    staged.write_bytes(BIG)
    assert place.adopt(staged, "second.bin").size == len(BIG)
    assert not staged.exists()
    with place.open("second.bin") as file:
        assert file.seek(-10, os.SEEK_END) == len(BIG) - 10
        assert file.read() == BIG[-10:]
        assert file.seek(5_000_000) == 5_000_000
        assert file.read(3_000_000) == BIG[5_000_000:8_000_000]
        assert file.read(1) == BIG[8_000_000:8_000_001]
        file.seek(0)
        assert hashlib.sha256(file.read()).digest() == hashlib.sha256(BIG).digest()
    empty = put(place, "empty", b"")
    assert (empty.size, place.pin("empty", tmp_path).read_bytes()) == (0, b"")


@pytest.mark.parametrize("key", ["a//b", "../x", "a/../b", "/x", "x/", "", "a\nb", "x" * 1024])
def test_what_is_no_name_is_refused(bind: Callable[..., S3Storage], key: str) -> None:
    place = bind("films")
    for act in (place.stat, place.open, place.delete, lambda key: place.put(key, [b""])):
        with pytest.raises(Refused) as error:
            act(key)
        assert error.value.code == "InvalidAddress"


def test_a_key_of_1023_bytes_and_what_others_put_there(bind: Callable[..., S3Storage]) -> None:
    place = bind("films")
    key = "é" * 511 + "x"
    assert put(place, key, b"1").size == 1
    for odd in ("a//b", "folder/", "../up"):
        place.client.put_object(Bucket=place._remote, Key=odd, Body=b"x")
    assert [row.key for row in place.list()] == [key]
    assert place.browse()[1][0].key == key


@pytest.mark.parametrize("kind", KINDS)
def test_it_does_not_overwrite_unless_told(bind: Callable[..., S3Storage], kind: str) -> None:
    place = bind("films", kind)
    put(place, "a.mp4", b"old")
    with pytest.raises(Refused) as error:
        put(place, "a.mp4", b"new", overwrite=False)
    assert error.value.code == "ObjectAlreadyExists"
    assert put(place, "a.mp4", b"new", overwrite=False, alternatives=["a (2).mp4", "a (3).mp4"]).key == "a (2).mp4"
    assert put(place, "a.mp4", b"new", overwrite=False, alternatives=["a (2).mp4", "a (3).mp4"]).key == "a (3).mp4"
    with place.open("a.mp4") as file:
        assert file.read() == b"old"
    with pytest.raises(Refused) as error:
        put(place, "b.mp4", b"too much", max_bytes=3)
    assert error.value.code == "BodyTooLarge"
    assert place.stat("b.mp4") is None


def test_a_broken_upload_leaves_nothing(bind: Callable[..., S3Storage]) -> None:
    place = bind("films")

    def broken() -> object:
        yield BIG
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        place.put("x", broken())  # type: ignore[arg-type]
    assert place.stat("x") is None
    assert not place.client.list_multipart_uploads(Bucket=place._remote).get("Uploads")


def test_given_up_multipart_uploads_are_swept(bind: Callable[..., S3Storage], tmp_path: Path) -> None:
    place = bind("films", prefix="mine")
    path = tmp_path / "big"
    path.write_bytes(BIG)
    Sending(place, "x", "token").send_file(path)  # and the process dies
    place.client.create_multipart_upload(Bucket=place._remote, Key="theirs/x")
    now = dt.datetime(2010, 11, 10, 20, 49, tzinfo=dt.UTC)  # moto says of all uploads that they began a minute before
    assert place.end_abandoned(now + dt.timedelta(hours=1)) == 0
    assert place.end_abandoned(now + dt.timedelta(hours=25)) == 1
    assert [row["Key"] for row in place.client.list_multipart_uploads(Bucket=place._remote)["Uploads"]] == ["theirs/x"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_reader_never_mixes_two_contents(bind: Callable[..., S3Storage], kind: str, tmp_path: Path) -> None:
    place = bind("films", kind)
    facts = put(place, "a", BIG)
    with place.open("a") as file:
        assert file.read(1000) == BIG[:1000]
        put(place, "a", BIG[::-1])
        file.seek(9_000_000)
        with pytest.raises(JobError) as error:
            file.read(1000)
        assert error.value.code == "InputChanged"
    with pytest.raises(JobError) as error:
        place.pin("a", tmp_path, etag=facts.etag)
    assert error.value.code == "InputChanged"


# --- disturbances -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("fault", ["503", "reset"])
def test_broken_answers_are_asked_for_again(bind: Callable[..., S3Storage], line: Line, fault: str, tmp_path: Path) -> None:
    place = bind("films", endpoint=line.endpoint)
    put(place, "a", BIG)
    line.fault = times(3, fault, lambda method, path: method == "GET")
    assert place.pin("a", tmp_path).read_bytes() == BIG
    line.fault = times(2, fault, lambda method, path: method == "GET")
    with place.open("a") as file:
        assert file.read() == BIG


def test_503s_and_lost_answers_while_sending(bind: Callable[..., S3Storage], line: Line, tmp_path: Path) -> None:
    place = bind("films", endpoint=line.endpoint)
    line.fault = times(2, "503", lambda method, path: "partNumber" in path)
    assert put(place, "a", BIG).size == len(BIG)
    line.fault = times(1, "lost", lambda method, path: method == "PUT")
    assert put(place, "b", b"small", overwrite=False).size == 5  # the store has it already when it is asked again: it is ours
    line.fault = times(1, "lost", lambda method, path: method == "POST" and "uploadId" in path)
    assert put(place, "c", BIG, overwrite=False).size == len(BIG)
    line.fault = lambda method, path: ""
    assert place.pin("c", tmp_path).read_bytes() == BIG


def test_a_store_that_does_not_answer(bind: Callable[..., S3Storage], bob: object, api_of: Callable[..., Client]) -> None:
    bind("films")
    Bucket.objects.filter(name="films").update(endpoint=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Refused) as error:
        storage("films").stat("a")
    assert error.value.code == "BucketUnreachable"
    answer = api_of(bob).get("/api/v1/buckets/films/objects/a")
    assert (answer.status_code, answer.json()["code"]) == (503, "BucketUnreachable")


def test_a_bucket_that_was_deleted(bind: Callable[..., S3Storage]) -> None:
    place = bind("films")
    place.client.delete_bucket(Bucket=place._remote)
    for act in (lambda: place.stat("a"), lambda: place.list(), lambda: put(place, "a", b"1")):
        with pytest.raises(Refused) as error:
            act()
        assert error.value.code == "BucketNotFound"


# --- credentials --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("change", [{"secret": "wrong"}, {"access_key_id": "nobody"}])
def test_wrong_credentials_are_told_and_nothing_leaks(
    bind: Callable[..., S3Storage],
    servers: Callable[[str], Server],
    change: dict[str, str],
    caplog: pytest.LogCaptureFixture,
    bob: object,
    api_of: Callable[..., Client],
) -> None:
    caplog.set_level(logging.DEBUG)
    place = bind("films", "rclone", prefix="y")
    put(place, "a", b"1")
    create_bucket("wrong", **{"driver": "s3", "endpoint": servers("rclone").endpoint, "remote": place._remote, "prefix": "x", "is_input": True}
                  | {"access_key_id": KEY_ID, "secret": SECRET} | change)  # fmt: skip
    wrong = storage("wrong")
    for act in (lambda: wrong.stat("a"), lambda: wrong.list(), lambda: wrong.put("a", [b"1"])):
        with pytest.raises(Refused) as error:
            act()
        assert error.value.code == "BucketAccessDenied"
        assert SECRET not in str(error.value)
    trials = check_bucket(Bucket.objects.get(name="wrong"))
    assert [(trial.name, trial.ok) for trial in trials] == [("list", False), ("write", False)]
    assert all("access key" in trial.fix for trial in trials)
    answer = api_of(bob).get("/api/v1/buckets/wrong/objects/a")
    assert (answer.status_code, answer.json()["code"]) == (502, "BucketAccessDenied")
    assert SECRET not in caplog.text
    assert SECRET not in repr(place.__dict__)


@pytest.mark.parametrize("fault", ["expired", "late"])
def test_credentials_that_have_expired(bind: Callable[..., S3Storage], line: Line, fault: str) -> None:
    place = bind("films", endpoint=line.endpoint)
    put(place, "a", b"1")
    line.fault = lambda method, path: fault
    for act in (lambda: place.stat("a"), lambda: place.list(), lambda: place.open("a"), lambda: put(place, "a", BIG)):
        with pytest.raises(Refused) as error:
            act()
        assert error.value.code == "BucketAccessDenied"
        assert KEY_ID not in error.value.message
    said = [trial.message for trial in check_bucket(Bucket.objects.get(name="films"))]
    assert all(ANSWERS[fault][1] in message for message in said)


@pytest.mark.django_db(transaction=True)
def test_the_beat_sweeps_stores_beside(bind: Callable[..., S3Storage]) -> None:
    place = bind("films")
    put(place, "a", b"1")
    Discard.objects.create(bucket="films", key="a", etag=OURS, main="a", token="t", due_at=timezone.now())
    assert sweep_discards(remote=False) == 0
    remote_sweep.sweep_remote_beside()
    assert remote_sweep._thread is not None
    remote_sweep._thread.join(20)
    assert place.stat("a") is None
    assert not Discard.objects.exists()


def test_a_secret_sealed_with_another_key(bind: Callable[..., S3Storage]) -> None:
    bind("films")
    Bucket.objects.filter(name="films").update(sealed_secret="sealed:nonsense")
    with pytest.raises(Refused) as error:
        storage("films")
    assert error.value.code == "BucketAccessDenied"


# --- pages and JSON -----------------------------------------------------------------------------------------------------
def test_bind_change_and_check_in_the_console(
    servers: Callable[[str], Server], bind: Callable[..., S3Storage], alice: object, client_of: Callable[..., Client]
) -> None:
    remote = bind("other", "rclone")._remote
    client = client_of(alice)
    sent = {"name": "store", "driver": "s3", "endpoint": servers("rclone").endpoint + "/", "remote": remote, "prefix": "/in/", "path_style": "on"}
    sent |= {"access_key_id": KEY_ID, "secret": SECRET, "is_input": "on"}
    Bucket.objects.filter(name="other").delete()
    assert client.post(reverse("media:bucket_create"), sent).status_code == 302
    row = Bucket.objects.get(name="store")
    assert (row.driver, row.prefix, row.folder, row.path_style) == ("s3", "in/", "", True)
    assert SECRET not in row.sealed_secret
    assert row.sealed_secret.startswith("sealed:")
    page = client.get(reverse("media:bucket_edit", args=["store"])).content.decode()
    assert KEY_ID in page
    assert SECRET not in page
    assert "sealed:" not in page
    sent = {
        "endpoint": servers("rclone").endpoint,
        "remote": remote,
        "prefix": "out",
        "access_key_id": KEY_ID,
        "secret": "",
        "is_output": "on",
        "path_style": "on",
    }
    assert client.post(reverse("media:bucket_edit", args=["store"]), sent).status_code == 302
    changed = Bucket.objects.get(name="store")
    assert (changed.prefix, changed.is_input, changed.sealed_secret) == ("out/", False, row.sealed_secret)
    text = client.post(reverse("media:bucket_check", args=["store"])).content.decode()
    assert "Everything works." in text
    for address in (reverse("media:bucket_list"), reverse("admin:media_assets_bucket_change", args=[row.pk]), reverse("admin:media_assets_bucket_changelist")):
        page = client.get(address).content.decode()
        assert "store" in page
        assert "sealed:" not in page
        assert SECRET not in page


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"endpoint": "ftp://x"}, "endpoint"),
        ({"endpoint": "http://user:pass@x"}, "endpoint"),
        ({"endpoint": "http://x/path"}, "endpoint"),
        ({"prefix": "a/../b"}, "prefix"),
        ({"remote": "a/b"}, "remote"),
        ({"access_key_id": ""}, "access_key_id"),
        ({"secret": ""}, "secret"),
        ({"region": "eu west"}, "region"),
        ({"prefix": "in/below", "remote": "taken"}, "prefix"),
    ],
)
def test_mistakes_are_told_with_their_field(db: None, alice: object, client_of: Callable[..., Client], change: dict[str, str], field: str) -> None:
    given = {"endpoint": "https://s3.example.org", "access_key_id": KEY_ID, "secret": SECRET}
    create_bucket("first", driver="s3", remote="taken", prefix="in", is_input=True, **given)
    sent = {"name": "store", "driver": "s3", "is_input": "on"} | given | change
    response = client_of(alice).post(reverse("media:bucket_create"), sent)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert SECRET not in response.content.decode()


def test_buckets_as_json(servers: Callable[[str], Server], bind: Callable[..., S3Storage], alice: object, api_of: Callable[..., Client]) -> None:
    remote = bind("other", "rclone")._remote
    api = api_of(alice, "admin")
    sent = {"name": "store", "driver": "s3", "endpoint": servers("rclone").endpoint, "remote": remote, "prefix": "j", "access_key_id": KEY_ID, "secret": SECRET}
    Bucket.objects.filter(name="other").delete()
    made = api.post("/api/v1/buckets", sent | {"input": True}, content_type="application/json")
    assert made.status_code == 201, made.content
    assert made.json()["has_secret"] is True
    assert "secret" not in made.json()
    checked = api.post("/api/v1/buckets/store/check").json()
    assert (checked["ok"], [trial["name"] for trial in checked["trials"]]) == (True, ["list", "write", "read", "delete"])
    changed = api.patch("/api/v1/buckets/store", {"secret": "wrong"}, content_type="application/json")
    assert changed.status_code == 200
    assert not api.post("/api/v1/buckets/store/check").json()["ok"]
    assert SECRET not in api.get("/api/v1/buckets").content.decode()
    refused = api.post("/api/v1/buckets", {"name": "folder", "endpoint": "http://x", "input": True}, content_type="application/json")
    assert refused.status_code == 400


# --- uploads and delivery -----------------------------------------------------------------------------------------------
def test_objects_are_served_by_ranges(bind: Callable[..., S3Storage], charlie: object, client_of: Callable[..., Client]) -> None:
    place = bind("films")
    facts = put(place, "a b.mp4", BIG)
    client = client_of(charlie)
    address = reverse("objects", args=["films", "a b.mp4"])
    whole = client.get(address)
    assert b"".join(whole.streaming_content) == BIG
    assert (whole["ETag"], whole["Content-Type"], whole["Content-Length"]) == (f'"{facts.etag}"', "video/mp4", str(len(BIG)))
    part = client.get(address, headers={"range": "bytes=9000000-9000009"})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, BIG[9000000:9000010])
    assert client.get(address, headers={"if-none-match": whole["ETag"]}).status_code == 304
    assert client.get(reverse("objects", args=["films", "none.mp4"])).status_code == 404


def test_uploads_arrive(bind: Callable[..., S3Storage], bob: object) -> None:
    place = bind("films")
    assert upload("films", "x.bin", [b"abc"]).key == "x.bin"
    assert upload("films", "x.bin", [b"abcd"], if_exists="keep_both").key == "x (2).bin"
    row = create(bucket="films", key="x.bin", length=len(BIG), if_exists="keep_both", user=bob)  # type: ignore[arg-type]
    receive(row, 0, [BIG[:100]])
    assert place.stat("x (3).bin") is None
    receive(row, 100, [BIG[100:]])
    found = Upload.objects.get(pk=row.pk)
    assert (found.state, found.key) == ("done", "x (3).bin")
    with place.open("x (3).bin") as file:
        assert io.BytesIO(file.read()).getvalue() == BIG
    assert not place.part(row.id).exists()
