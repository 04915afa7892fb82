"""Objects over HTTP: ranges, conditions, types, names, who may have them, and little memory under a real server."""

from __future__ import annotations

import asyncio
import gc
import http.client
import resource
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import uvicorn
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connections
from django.http import HttpResponseBase
from django.test import AsyncClient, Client
from django.urls import reverse

from console.lib.file_body import CHUNK
from jobs.node import web
from media_assets.local import LocalStorage
from media_assets.serve import disposition
from media_assets.storage import storage

BODY = bytes(range(256)) * 4
Get = Callable[..., HttpResponseBase]


@pytest.fixture
def place(buckets: object) -> LocalStorage:
    """The output bucket with one clip."""
    made = storage("output")
    made.put("clip.mp4", [BODY])
    return made


@pytest.fixture
def get(place: LocalStorage, charlie: User, client_of: Callable[[User | None], Client]) -> Iterator[Get]:
    """get("clip.mp4", range="bytes=0-1") as a viewer."""
    client = client_of(charlie)
    answers: list[Any] = []

    def act(key: str = "clip.mp4", query: str = "", method: str = "get", bucket: str = "output", **headers: str) -> HttpResponseBase:
        response: HttpResponseBase = getattr(client, method)(reverse("objects", args=[bucket, key]) + query, headers=headers)
        answers.append(response)
        return response

    yield act
    for answer in answers:
        body(answer)  # the test client closes an answer when it was read to its end


def body(response: Any) -> bytes:
    """All bytes of an answer."""
    return b"".join(response.streaming_content) if response.streaming else response.content


# --- whole objects ------------------------------------------------------------------------------------------------------
def test_it_sends_a_whole_object(get: Get, place: LocalStorage) -> None:
    response = get()
    facts = place.stat("clip.mp4")
    assert facts is not None
    assert response.status_code == 200
    assert body(response) == BODY
    assert response.headers["Content-Type"] == "video/mp4"
    assert response.headers["Content-Length"] == str(len(BODY))
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["ETag"] == f'"{facts.etag}"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "private" in response.headers["Cache-Control"]
    assert "Content-Disposition" not in response.headers


def test_head_says_the_same_without_the_body(get: Get) -> None:
    whole, head = get(), get(method="head")
    assert body(head) == b""
    for name in ("Content-Length", "Content-Type", "ETag", "Last-Modified", "Accept-Ranges"):
        assert head.headers[name] == whole.headers[name]
    assert get(method="head", range="bytes=0-1").status_code == 200  # ranges are for GET


def test_an_empty_object(get: Get, place: LocalStorage) -> None:
    place.put("empty.mp4", [])
    assert body(get("empty.mp4")) == b""
    assert get("empty.mp4", range="bytes=0-").status_code == 416


def test_an_object_of_several_blocks(get: Get, place: LocalStorage) -> None:
    content = bytes(range(251)) * (CHUNK // 100)
    place.put("big.ts", [content])
    assert body(get("big.ts")) == content
    assert body(get("big.ts", range=f"bytes={CHUNK - 1}-{2 * CHUNK}")) == content[CHUNK - 1 : 2 * CHUNK + 1]


# --- ranges -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-", 0, 1023),
        ("bytes=1000-", 1000, 1023),
        ("bytes=10-19", 10, 19),
        ("bytes=1000-99999", 1000, 1023),
        ("bytes=-1", 1023, 1023),
        ("bytes=-99999", 0, 1023),
        ("bytes= 5 - 6 ", 5, 6),
    ],
)
def test_it_sends_a_range(get: Get, header: str, first: int, last: int) -> None:
    response = get(range=header)
    assert response.status_code == 206
    assert body(response) == BODY[first : last + 1]
    assert response.headers["Content-Range"] == f"bytes {first}-{last}/1024"
    assert response.headers["Content-Length"] == str(last - first + 1)


@pytest.mark.parametrize("header", ["bytes=1024-", "bytes=5000-6000", "bytes=-0", "bytes=999999999999999999-"])
def test_it_says_that_a_range_lies_behind_the_end(get: Get, header: str) -> None:
    response = get(range=header)
    assert response.status_code == 416
    assert response.headers["Content-Range"] == "bytes */1024"
    assert body(response) == b""


@pytest.mark.parametrize("header", ["bytes=5-4", "bytes=-", "bytes=", "bytes=a-b", "items=0-1", "bytes=0-1,4-5", "bytes=--1", f"bytes={'9' * 400}-", "0-1"])
def test_it_ignores_ranges_that_are_none(get: Get, header: str) -> None:
    response = get(range=header)
    assert response.status_code == 200
    assert body(response) == BODY


# --- conditions ---------------------------------------------------------------------------------------------------------
def test_a_known_etag_is_not_sent_again(get: Get, place: LocalStorage) -> None:
    tag = get().headers["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        response = get(**{"if-none-match": known})
        assert response.status_code == 304, known
        assert body(response) == b""
        assert response.headers["ETag"] == tag
    assert get(**{"if-none-match": '"other"'}).status_code == 200
    place.put("clip.mp4", [b"replaced"])
    assert body(get(**{"if-none-match": tag})) == b"replaced"


def test_a_range_of_a_replaced_object_is_the_whole_new_one(get: Get, place: LocalStorage) -> None:
    first = get()
    for condition in (first.headers["ETag"], first.headers["Last-Modified"]):
        assert get(range="bytes=0-1", **{"if-range": condition}).status_code == 206
    place.put("clip.mp4", [b"replaced"])
    response = get(range="bytes=0-1", **{"if-range": first.headers["ETag"]})
    assert (response.status_code, body(response)) == (200, b"replaced")


def test_an_answer_goes_on_with_the_object_that_it_began_with(get: Get, place: LocalStorage) -> None:
    response = get()
    place.put("clip.mp4", [b"replaced"])
    assert body(response) == BODY


# --- types and names ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.m3u8", "application/vnd.apple.mpegurl"),
        ("a.ts", "video/mp2t"),
        ("a.MP4", "video/mp4"),
        ("a.mkv", "video/x-matroska"),
        ("a.webm", "video/webm"),
        ("a.flv", "video/x-flv"),
        ("a.mp3", "audio/mpeg"),
        ("a.m4a", "audio/mp4"),
        ("a.ogg", "audio/ogg"),
        ("a.flac", "audio/flac"),
        ("a.gif", "image/gif"),
        ("a.jpg", "image/jpeg"),
        ("a.mov", "video/quicktime"),
    ],
)
def test_media_is_shown_in_place(get: Get, place: LocalStorage, name: str, kind: str) -> None:
    place.put(name, [b"x"])
    response = get(name)
    assert response.headers["Content-Type"] == kind
    assert "Content-Disposition" not in response.headers


@pytest.mark.parametrize("name", ["page.html", "picture.svg", "script.js", "a.xml", "noext", "mp4", "page.html.", "a.pdf", "a.xhtml", "clip.mp4 "])
def test_anything_else_can_only_be_downloaded(get: Get, place: LocalStorage, name: str) -> None:
    place.put(name, [b"<script>alert(1)</script>"])
    response = get(name)
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("clip 1.mp4", 'attachment; filename="clip 1.mp4"'),
        ("映画.mp4", "attachment; filename*=UTF-8''%E6%98%A0%E7%94%BB.mp4"),
        ('a"b.mp4', "attachment; filename*=UTF-8''a%22b.mp4"),
        ("50%.mp4", "attachment; filename*=UTF-8''50%25.mp4"),
        ("a;b\\c.mp4", "attachment; filename*=UTF-8''a%3Bb%5Cc.mp4"),
    ],
)
def test_a_download_has_its_name(get: Get, place: LocalStorage, name: str, wanted: str) -> None:
    place.put(f"dir/{name}", [b"x"])
    assert disposition(name) == wanted
    assert get(f"dir/{name}", "?download=1").headers["Content-Disposition"] == wanted
    assert "Content-Disposition" not in get(f"dir/{name}", "?download=0").headers


@pytest.mark.parametrize("key", ["a b/映画 🎬.mp4", "-rf", "%d-%2F.ts", "what?#&=;.mp4", "a+b.mp4", "back\\slash", "...", "日/本/語"])
def test_every_legal_name_has_an_address(get: Get, place: LocalStorage, key: str) -> None:
    place.put(key, [key.encode()])
    assert body(get(key)) == key.encode()


# --- what is not there, and who may not ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("bucket", "key", "status"),
    [
        ("output", "nothing.mp4", 404),
        ("nothing", "clip.mp4", 404),
        ("output", "clip.mp4/x", 404),
        ("output", ".reelmill/locks/000", 400),
        ("output", "a//b", 400),
        ("output", "x" * 300, 400),
    ],
)
def test_it_says_what_is_wrong(get: Get, bucket: str, key: str, status: int) -> None:
    assert get(key, bucket=bucket).status_code == status


def test_no_path_leads_out(place: LocalStorage, charlie: User, client_of: Callable[[User | None], Client]) -> None:
    (place.root.parent / "secret").write_text("secret")
    client = client_of(charlie)
    for path in ("../secret", "%2e%2e/secret", "a/../../secret", "..%2fsecret", "%2Fetc/passwd", "a%00b", "/etc/passwd"):
        response = client.get(f"/objects/output/{path}")
        assert response.status_code in (400, 404), path
        assert b"secret" not in body(response).replace(path.encode(), b"")


def test_only_those_who_may_read(
    place: LocalStorage, charlie: User, dana: User, client_of: Callable[[User | None], Client], api_of: Callable[..., Client]
) -> None:
    url = reverse("objects", args=["output", "clip.mp4"])
    assert body(api_of(charlie, "viewer").get(url)) == BODY
    assert client_of(None).get(url).status_code == 401
    assert client_of(dana).get(url).status_code == 403
    assert client_of(charlie).get(url, headers={"authorization": "Bearer wrong"}).status_code == 401
    page = client_of(None).get(url, headers={"accept": "text/html,*/*"})
    assert page.status_code == 302
    assert page.headers["Location"].endswith("next=" + quote(url, safe="/"))
    for method in ("post", "put", "delete", "patch"):
        assert getattr(client_of(charlie), method)(url).status_code == 405
    assert place.stat("clip.mp4") is not None


# --- servers ------------------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_under_asgi_it_streams_block_by_block(place: LocalStorage, charlie: User) -> None:
    content = bytes(range(251)) * (3 * CHUNK // 251 + 1)
    place.put("big.ts", [content])
    client = AsyncClient()
    client.force_login(charlie)

    async def fetch() -> list[bytes]:
        response = await client.get(reverse("objects", args=["output", "big.ts"]), headers={"range": "bytes=1-"})
        assert response.status_code == 206
        assert response.is_async
        blocks = [block async for block in response.streaming_content]
        await sync_to_async(connections.close_all)()  # the test client leaves the connection of asyncio's thread open
        return blocks

    blocks = asyncio.run(fetch())
    assert b"".join(blocks) == content[1:]
    assert [len(block) for block in blocks[:-1]] == [CHUNK] * (len(blocks) - 1)


@pytest.fixture
def server(transactional_db: None, free_port: Callable[[], int]) -> Iterator[int]:
    """The product's web server in a thread of this process; answers its port."""
    port = free_port()
    running = uvicorn.Server(web.config())
    sock = web.listen("127.0.0.1", port)
    thread = threading.Thread(target=running.run, args=([sock],))
    thread.start()
    while not running.started:
        assert thread.is_alive()
        threading.Event().wait(0.02)
    yield port
    running.should_exit = True
    thread.join(timeout=20)
    assert not thread.is_alive()


def test_a_real_server_sends_gigabytes_with_little_memory(server: int, place: LocalStorage, charlie: User, token_of: Callable[..., str]) -> None:
    size = 1_500_000_000
    with (place.root / "huge.mkv").open("wb") as file:
        file.truncate(size)
        file.seek(size - 3)
        file.write(b"end")
    headers = {"Authorization": f"Bearer {token_of(charlie, 'viewer')}"}
    url = "/objects/output/huge.mkv"
    link = http.client.HTTPConnection("127.0.0.1", server, timeout=60)
    link.request("GET", url, headers=headers | {"Range": "bytes=0-9"})
    link.getresponse().read()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    link.request("GET", url, headers=headers)
    answer = link.getresponse()
    assert answer.headers["Content-Length"] == str(size)
    got, tail = 0, b""
    while block := answer.read(1 << 20):
        got += len(block)
        tail = block[-3:]
    assert (got, tail) == (size, b"end")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000  # KiB; server and client together
    link.request("HEAD", url, headers=headers)
    answer = link.getresponse()
    assert (answer.status, answer.headers["Content-Length"], answer.read()) == (200, str(size), b"")
    link.request("GET", url, headers=headers | {"Range": "bytes=-3"})
    assert link.getresponse().read() == b"end"
    link.close()


def test_a_real_server_closes_the_file_when_the_reader_goes_away(server: int, place: LocalStorage, charlie: User, token_of: Callable[..., str]) -> None:
    path = place.root / "huge.mkv"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    headers = {"Authorization": f"Bearer {token_of(charlie, 'viewer')}"}

    def opened() -> int:
        return sum(link.resolve() == path for link in Path("/proc/self/fd").iterdir() if link.is_symlink())

    for _ in range(3):
        link = http.client.HTTPConnection("127.0.0.1", server, timeout=60)
        link.request("GET", "/objects/output/huge.mkv", headers=headers)
        assert len(link.getresponse().read(1000)) == 1000
        link.close()
    for _ in range(500):
        if opened() == 0:
            break
        threading.Event().wait(0.02)
    assert opened() == 0


def test_readers_who_go_away_at_any_moment_leave_nothing_open(server: int, place: LocalStorage, charlie: User, token_of: Callable[..., str]) -> None:
    place.put("clip.ts", [BODY] * 2000)
    headers = {"Authorization": f"Bearer {token_of(charlie, 'viewer')}"}
    with warnings.catch_warnings(record=True) as left:
        warnings.simplefilter("always", ResourceWarning)
        for n in range(60):
            link = http.client.HTTPConnection("127.0.0.1", server, timeout=60)
            link.request("GET", "/objects/output/clip.ts", headers=headers)
            threading.Event().wait(n / 2000)  # 0 to 30 ms: before, while and after the answer is made
            link.close()
        link = http.client.HTTPConnection("127.0.0.1", server, timeout=60)
        for _ in range(40):  # on one kept connection
            link.request("GET", "/objects/output/clip.ts", headers=headers | {"Range": "bytes=0-9"})
            assert link.getresponse().read() == BODY[:10]
        link.close()
        threading.Event().wait(1)
        gc.collect()
    assert [str(warning.message) for warning in left if "sqlite" not in str(warning.message)] == []
