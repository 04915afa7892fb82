"""Resumable uploads as tus 1.0 says, through the views; over real connections they are tried in tests/e2e/test_uploads.py."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import hashlib
import json
import os
import threading
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from django.utils import timezone

from media_assets import resumable, tus
from media_assets.models import Media, Upload
from media_assets.storage import storage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("buckets")]
TUS = {"Tus-Resumable": "1.0.0"}
BODY = os.urandom(300_000)


@pytest.fixture
def api(api_of: Callable[..., Client], bob: Any) -> Client:
    """An operator."""
    return api_of(bob)


def meta(**said: str) -> str:
    return ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in said.items())


def begin(api: Client, length: int = len(BODY), **said: str) -> Any:
    return api.post("/api/v1/uploads", headers=TUS | {"Upload-Length": str(length), "Upload-Metadata": meta(**({"filename": "a.bin"} | said))})


def send(api: Client, url: str, offset: int, data: bytes, **headers: str) -> Any:
    sent = TUS | {"Upload-Offset": str(offset)} | headers
    return api.patch(url, data, content_type="application/offset+octet-stream", headers=sent)


def test_a_file_comes_in_three_pieces_and_appears_when_it_is_whole(api: Client, buckets: Any) -> None:
    made = begin(api, filename="猫 clip.mp4", folder="talks", title="A cat", tags="cats， film , cats")
    assert made.status_code == 201
    assert made.headers["Upload-Offset"] == "0"
    assert "Upload-Expires" in made.headers
    url = made.headers["Location"]
    for start, end in ((0, 100_000), (100_000, 100_001), (100_001, 300_000)):
        assert api.head(url, headers=TUS).headers["Upload-Offset"] == str(start)
        assert not (buckets.input / "talks/猫 clip.mp4").exists()
        answer = send(api, url, start, BODY[start:end])
        assert (answer.status_code, answer.headers["Upload-Offset"], answer.headers["Tus-Resumable"]) == (204, str(end), "1.0.0")
    assert (buckets.input / "talks/猫 clip.mp4").read_bytes() == BODY
    told = api.get(url).json()
    assert (told["state"], told["address"], told["offset"]) == ("done", "oss://input/talks/猫 clip.mp4", 300_000)
    media = Media.objects.get(pk=told["media"])
    assert media.title == "A cat"
    assert sorted(tag.name for tag in media.tags.all()) == ["cats", "film"]
    assert api.get("/api/v1/media?tag=film").json()["items"][0]["id"] == media.id
    assert not list(storage("input").part("x").parent.iterdir())


def test_what_the_server_speaks_is_told_to_anybody(client: Client) -> None:
    answer = client.options("/api/v1/uploads")
    assert answer.status_code == 204
    assert (answer.headers["Tus-Version"], answer.headers["Tus-Extension"]) == ("1.0.0", "creation,termination,checksum,expiration")


@pytest.mark.parametrize(
    ("offset", "data", "headers", "status", "code"),
    [
        (5, b"abc", {}, 409, "UploadOffsetWrong"),
        (0, b"x" * 11, {}, 413, "BodyTooLarge"),
        (0, b"abc", {"Upload-Checksum": "sha1 " + base64.b64encode(hashlib.sha1(b"abd").digest()).decode()}, 460, "ChecksumMismatch"),  # noqa: S324
        (0, b"abc", {"Upload-Checksum": "crc7 AAAA"}, 400, "InvalidParameter"),
        (0, b"abc", {"Tus-Resumable": "0.2"}, 400, "InvalidParameter"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_of_it_stays(api: Client, offset: int, data: bytes, headers: dict[str, str], status: int, code: str) -> None:
    url = begin(api, 10).headers["Location"]
    answer = send(api, url, offset, data, **headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert api.head(url, headers=TUS).headers["Upload-Offset"] == "0"


@pytest.mark.parametrize("name", ["sha1", "sha256", "md5"])
def test_a_right_checksum_is_taken(api: Client, name: str) -> None:
    url = begin(api, 3).headers["Location"]
    digest = base64.b64encode(hashlib.new(name, b"abc").digest()).decode()
    assert send(api, url, 0, b"abc", **{"Upload-Checksum": f"{name} {digest}"}).status_code == 204


@pytest.mark.parametrize(
    ("length", "said", "status", "code"),
    [
        (10, {"folder": "../x"}, 400, "InvalidAddress"),
        (10, {"filename": "a\nb"}, 400, "InvalidAddress"),
        (10, {"bucket": "nothing"}, 404, "BucketNotFound"),
        (10**15, {}, 413, "BodyTooLarge"),
        (10, {"if_exists": "perhaps"}, 400, "InvalidParameter"),
    ],
)
def test_what_cannot_be_is_refused_before_the_first_byte(api: Client, length: int, said: dict[str, str], status: int, code: str) -> None:
    answer = begin(api, length, **said)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Upload.objects.exists()


def test_existing_objects_are_kept_replaced_or_skipped(api: Client, buckets: Any) -> None:
    there = buckets.input / "a.bin"
    there.write_bytes(b"old")
    assert begin(api, 3).json()["code"] == "ObjectAlreadyExists"
    skipped = begin(api, 3, if_exists="skip")
    assert (skipped.status_code, skipped.headers["Upload-Offset"], there.read_bytes()) == (201, "3", b"old")
    both = begin(api, 3, if_exists="keep_both").headers["Location"]
    send(api, both, 0, b"new")
    assert (there.read_bytes(), (buckets.input / "a (2).bin").read_bytes()) == (b"old", b"new")
    replaced = begin(api, 3, if_exists="replace").headers["Location"]
    send(api, replaced, 0, b"new")
    assert there.read_bytes() == b"new"


def test_only_operators_and_only_their_own(api: Client, api_of: Callable[..., Client], client_of: Callable[..., Client], alice: Any, charlie: Any) -> None:
    url = begin(api).headers["Location"]
    assert api_of(alice).head(url, headers=TUS).status_code == 404
    assert client_of(charlie).head(url, headers=TUS).status_code == 403
    assert [begin(client_of(person)).status_code for person in (charlie, None)] == [403, 401]


def test_a_withdrawn_and_an_expired_upload_leave_nothing(api: Client) -> None:
    first, second = begin(api, filename="1"), begin(api, filename="2")
    for made in (first, second):
        send(api, made.headers["Location"], 0, BODY[:1000])
    assert api.delete(first.headers["Location"], headers=TUS).status_code == 204
    assert api.head(first.headers["Location"], headers=TUS).status_code == 404
    assert resumable.sweep_uploads() == 0
    assert resumable.sweep_uploads(timezone.now() + dt.timedelta(days=2)) == 1
    assert not Upload.objects.exists()
    assert not list(storage("input").part("x").parent.iterdir())


@pytest.mark.parametrize("choice", ["keep_both", "replace", "fail"])
def test_a_crash_after_the_object_appeared_and_before_it_was_recorded_makes_no_second_one(
    api: Client, buckets: Any, monkeypatch: pytest.MonkeyPatch, choice: str
) -> None:
    url = begin(api, 3, if_exists=choice).headers["Location"]
    with monkeypatch.context() as broken:
        broken.setattr(resumable.services, "remember", lambda *_args, **_more: 1 / 0)
        assert send(api, url, 0, b"abc").status_code == 500
    assert (buckets.input / "a.bin").read_bytes() == b"abc"
    part = storage("input").part(Upload.objects.get().id)
    os.link(part, part.with_name(f"{part.name}.whole"))  # what stays of one that is killed a moment earlier, while it goes to a store
    assert api.get(url).json()["state"] == "done"
    assert [path.name for path in buckets.input.iterdir() if path.is_file()] == ["a.bin"]
    assert not list(part.parent.iterdir())


def test_two_senders_do_not_mix(api: Client) -> None:
    url = begin(api, 10).headers["Location"]
    row = Upload.objects.get()
    receiver = resumable.Receiver(row, 0)
    assert send(api, url, 0, b"abc").json()["code"] == "UploadBusy"
    receiver.write(b"12345")
    assert receiver.close(whole=False) == 5
    assert send(api, url, 5, b"67890").status_code == 204


def test_an_empty_file_is_complete_at_once(api: Client, buckets: Any) -> None:
    assert begin(api, 0).status_code == 201
    assert (buckets.input / "a.bin").read_bytes() == b""


def test_the_command_puts_files_and_folders(buckets: Any, tmp_path: Path) -> None:
    (tmp_path / "talks/deep").mkdir(parents=True)
    (tmp_path / "talks/deep/b.bin").write_bytes(b"b")
    (tmp_path / "a.bin").write_bytes(b"a")
    said = StringIO()
    call_command("upload", tmp_path / "a.bin", tmp_path / "talks", folder="in", stdout=said)
    assert [line.split()[0] for line in said.getvalue().splitlines()] == ["oss://input/in/a.bin", "oss://input/in/talks/deep/b.bin"]
    assert (buckets.input / "in/talks/deep/b.bin").read_bytes() == b"b"
    with pytest.raises(CommandError, match="1 not uploaded"):
        call_command("upload", tmp_path / "a.bin", folder="in", stdout=said, stderr=StringIO())


def test_a_patch_as_it_comes_has_a_thread_of_its_own_and_leaves_no_connection(
    api: Client, bob: Any, token_of: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two at once do not wait for each other, and what each opened is closed in the end."""
    wrappers: list[Any] = []
    real, together = tus._begin, threading.Barrier(2)

    def begin_both(request: Any, upload_id: str) -> Any:
        found = real(request, upload_id)
        wrappers.append(connections["default"])
        together.wait(timeout=20)  # breaks unless both are in here
        return found

    monkeypatch.setattr(tus, "_begin", begin_both)
    token, answers = token_of(bob), []

    async def patch(path: str) -> None:
        headers = TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream", "Authorization": f"Bearer {token}", "Host": "testserver"}
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": "PATCH", "path": path, "query_string": b"", "headers": raw, "server": ("testserver", 80), "scheme": "http"}

        async def receive() -> Any:
            return {"type": "http.request", "body": b"abc", "more_body": False}

        async def send(message: Any) -> None:
            answers.append(message.get("status"))

        await tus.Patches(None)(scope, receive, send)  # type: ignore[arg-type]  # nothing goes on to the application behind it

    async def both(paths: list[str]) -> None:
        await asyncio.gather(*(patch(path) for path in paths))

    asyncio.run(both([begin(api, 3, filename=name).headers["Location"].partition("testserver")[2] for name in ("one.bin", "two.bin")]))
    assert answers.count(204) == 2
    assert len({id(wrapper) for wrapper in wrappers}) == 2
    assert [wrapper.connection for wrapper in wrappers] == [None, None]


class Sender:
    """A PATCH as a server gets it. ``parts``: of the body; without ``whole`` it stays open, and says so by ``waits``."""

    def __init__(self, path: str, token: str, *parts: bytes, offset: int = 0, whole: bool = True) -> None:
        headers = TUS | {
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            "Authorization": f"Bearer {token}",
            "Host": "testserver",
        }
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        self.scope = {"type": "http", "method": "PATCH", "path": path, "query_string": b"", "headers": raw, "server": ("testserver", 80), "scheme": "http"}
        self.messages = [{"type": "http.request", "body": part, "more_body": not whole or number < len(parts)} for number, part in enumerate(parts, 1)]
        self.waits = asyncio.Event()
        self.answers: list[int] = []

    async def receive(self) -> Any:
        if not self.messages:
            self.waits.set()
            await asyncio.Event().wait()
        return self.messages.pop(0)

    async def send(self, message: Any) -> None:
        if "status" in message:
            self.answers.append(message["status"])


def test_who_comes_back_goes_on_and_the_sender_before_is_told(api: Client, bob: Any, token_of: Callable[..., str]) -> None:
    """Two tabs with the same file: the later one is let in, what the earlier one has sent stays, and the earlier one gets an answer."""
    path, token = begin(api, 6).headers["Location"].partition("testserver")[2], token_of(bob)
    patches = tus.Patches(None)  # type: ignore[arg-type]  # nothing goes on to the application behind it

    async def both() -> tuple[list[int], list[int]]:
        one, two = Sender(path, token, b"abc", whole=False), Sender(path, token, b"abcdef")
        earlier = asyncio.ensure_future(patches(one.scope, one.receive, one.send))
        await asyncio.wait_for(one.waits.wait(), 20)
        await patches(two.scope, two.receive, two.send)
        await asyncio.wait_for(earlier, 20)
        return one.answers, two.answers

    assert asyncio.run(both()) == ([423], [204])


def test_what_goes_wrong_in_a_piece_is_told_as_everywhere(api: Client, bob: Any, token_of: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A code, and the id under which the log has more; the sender can go on later."""
    url = begin(api, 3).headers["Location"]
    path, body = url.partition("testserver")[2], b""
    sender = Sender(path, token_of(bob), b"abc")

    async def send(message: Any) -> None:
        nonlocal body
        await sender.send(message)
        body += message.get("body", b"")

    with monkeypatch.context() as broken:
        broken.setattr(resumable.services, "remember", lambda *_args, **_more: 1 / 0)
        asyncio.run(tus.Patches(None)(sender.scope, sender.receive, send))  # type: ignore[arg-type]
    assert sender.answers == [500]
    assert json.loads(body)["code"] == "InternalError"
    assert json.loads(body)["request_id"]
    assert api.get(url).json()["state"] == "done"


def test_a_sender_who_is_displaced_as_he_begins_lets_go_of_the_file(
    api: Client, bob: Any, token_of: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lock would keep everybody out until the server is started anew."""
    path, token = begin(api, 3).headers["Location"].partition("testserver")[2], token_of(bob)
    patches = tus.Patches(None)  # type: ignore[arg-type]
    real, opened, go_on = tus._begin, threading.Event(), threading.Event()

    def slowly(request: Any, upload_id: str) -> Any:
        found = real(request, upload_id)
        if not opened.is_set():
            opened.set()
            go_on.wait(20)
        return found

    monkeypatch.setattr(tus, "_begin", slowly)

    async def both() -> tuple[list[int], list[int]]:
        one, two = Sender(path, token, b"abc"), Sender(path, token, b"abc")
        earlier = asyncio.ensure_future(patches(one.scope, one.receive, one.send))
        await asyncio.to_thread(opened.wait, 20)
        later = asyncio.ensure_future(patches(two.scope, two.receive, two.send))
        await asyncio.sleep(0.2)
        go_on.set()
        await asyncio.wait_for(asyncio.gather(earlier, later), 20)
        return one.answers, two.answers

    assert asyncio.run(both()) == ([423], [204])


def test_tags_that_cannot_be_used_are_refused_before_the_first_byte_and_titles_are_cut(api: Client, buckets: Any) -> None:
    for tags in ("x" * 33, ",".join(map(str, range(17)))):
        refused = begin(api, tags=tags)
        assert (refused.status_code, refused.json()["errors"][0]["loc"]) == (400, ["tags"])
    made = begin(api, 1, title="猫" * 60)
    assert send(api, made.headers["Location"], 0, b"x").status_code == 204
    assert Media.objects.get().title == "猫" * 42
    again = begin(api, 1, title="Another", tags="new", if_exists="replace")
    assert send(api, again.headers["Location"], 0, b"y").status_code == 204
    assert Media.objects.get().title == "猫" * 42, "what people wrote stays"
    assert not Media.objects.get().tags.exists()
