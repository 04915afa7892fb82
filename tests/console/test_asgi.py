"""The guard in front of Django: large bodies are refused before anything stores them. Tried on the bare guard, and through a real server."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from console import asgi

LIMIT, UPLOAD_LIMIT = 1000, 5000
UPLOAD = "/api/v1/buckets/input/objects/a.mp4"


# --- the guard alone ------------------------------------------------------------------------------------------------------
@dataclass
class Talk:
    """One request through the guard."""

    sent: list[dict[str, Any]] = field(default_factory=list)
    read: int = 0
    reached: bool = False

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def document(self) -> dict[str, Any]:
        return dict(json.loads(b"".join(message.get("body", b"") for message in self.sent[1:])))


def talk(
    body: list[bytes], *, path: str = "/api/v1/jobs", said: int | None = None, chunked: bool = False, may: bool = True, reads: bool = True, method: str = "POST"
) -> Talk:
    told = Talk()
    left = list(body)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        told.reached = True
        while reads:
            message = await receive()
            if not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def receive() -> dict[str, Any]:
        if not left:
            return {"type": "http.disconnect"}
        told.read += len(left[0])
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: Any) -> None:
        told.sent.append(dict(message))

    async def ask(_scope: Any) -> asgi.Refusal | None:
        return None if may else asgi.Refusal(401, "NotAuthenticated", "Sign in.")

    headers = [(b"transfer-encoding", b"chunked")] if chunked else [(b"content-length", str(sum(map(len, body)) if said is None else said).encode())]
    guard = asgi.BodyLimit(app, limit=LIMIT, upload_limit=UPLOAD_LIMIT, ask=ask)
    asyncio.run(guard({"type": "http", "path": path, "method": method, "headers": headers}, receive, send))
    return told


def test_small_bodies_pass() -> None:
    for chunked in (False, True):
        told = talk([b"x" * 400, b"y" * 600], chunked=chunked)
        assert (told.status, told.reached, told.read) == (200, True, 1000)


def test_a_length_above_the_limit_is_refused_at_once() -> None:
    told = talk([b"x" * 500] * 4)
    assert (told.status, told.reached) == (413, False)
    assert set(told.document) >= {"code", "message", "errors", "request_id"}
    assert told.document["code"] == "BodyTooLarge"


def test_bytes_above_the_limit_are_refused_whatever_was_said() -> None:
    assert talk([b"x" * 500] * 4, chunked=True).status == 413
    assert talk([b"x" * 500] * 4, said=10).status == 413


def test_uploads_have_their_own_limit_for_those_who_may() -> None:
    for chunked in (False, True):
        assert talk([b"x" * 1000] * 5, path=UPLOAD, method="PUT", chunked=chunked).status == 200
        assert talk([b"x" * 1000] * 6, path=UPLOAD, method="PUT", chunked=chunked).status == 413
        assert talk([b"x" * 1000] * 2, path=UPLOAD, method="PUT", chunked=chunked, may=False).status == 401
        assert talk([b"x" * 1000], path=UPLOAD, method="PUT", may=False).status == 200, "small ones may be refused by the view, with its reason"


def test_paths_that_only_look_like_uploads_are_not() -> None:
    for path in ("/x/api/v1/buckets/input/objects/a", "/api/v1/buckets/a/b/objects/c", "/console/media/"):
        assert talk([b"x" * 2000], path=path, method="PUT").status == 413, path


def test_other_protocols_pass() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    guard = asgi.BodyLimit(app, limit=1, upload_limit=1, ask=lambda scope: None)  # type: ignore[arg-type,return-value]
    asyncio.run(guard({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert seen == ["lifespan"]


# --- a real server --------------------------------------------------------------------------------------------------------
@dataclass
class Server:
    """uvicorn with our application, its own data folder, and one operator's token."""

    port: int
    data: Path
    token: str
    process: subprocess.Popen[bytes]

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def stored(self) -> int:
        """Bytes on disk where bodies are spooled."""
        return sum(p.stat().st_size for p in (self.data / "incoming").rglob("*") if p.is_file())

    def memory(self) -> int:
        """Most resident bytes so far."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise AssertionError


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, environment: Callable[..., dict[str, str]], free_port: Callable[[], int]) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("asgi")
    env = environment(data, REELMILL_MAX_UPLOAD_GB="1")
    root = Path(__file__).resolve().parents[2]
    prepare = (
        "import django; django.setup()\n"
        "from django.core.management import call_command; call_command('migrate', verbosity=0)\n"
        "from django.contrib.auth.models import User; from console import auth\n"
        "from media_assets.services import ensure_default_buckets; ensure_default_buckets()\n"
        "user = User.objects.create_superuser('root', password='x'); print(auth.make_token(user, 't', 'operator')[1])"
    )
    done = subprocess.run([sys.executable, "-c", prepare], env=env, cwd=root, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    port = free_port()
    argv = [sys.executable, "-m", "uvicorn", "console.asgi:application", "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    with (data / "server.log").open("wb") as log:
        process = subprocess.Popen(argv, env=env, cwd=root, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None, (data / "server.log").read_text()
                time.sleep(0.1)
        yield Server(port, data, done.stdout.strip(), process)
    finally:
        process.terminate()
        process.wait(20)
    assert "Traceback" not in (data / "server.log").read_text()


def test_200_megabytes_of_json_are_refused_and_not_kept(server: Server) -> None:
    before = server.memory()
    connection = server.connect()
    chunk = b" " * (1024 * 1024)
    connection.putrequest("POST", "/api/v1/jobs")
    connection.putheader("Authorization", f"Bearer {server.token}")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(200 * len(chunk)))
    connection.endheaders()
    most = 0
    for number in range(200):  # an ordinary client sends all of it before it reads
        connection.send(chunk)
        if number % 20 == 0:
            most = max(most, server.stored())
    response = connection.getresponse()
    document = json.loads(response.read())
    assert (response.status, document["code"]) == (413, "BodyTooLarge")
    assert document["request_id"] == response.headers["X-Request-Id"]
    assert most == 0
    assert server.memory() - before < 64 * 1024 * 1024
    connection.close()


def test_the_refusal_comes_at_once(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 10) as raw:
        raw.sendall(b"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 209715200\r\n\r\n")
        raw.settimeout(10)
        assert raw.recv(65536).startswith(b"HTTP/1.1 413 ")


def chunked(connection: http.client.HTTPConnection, method: str, path: str, megabytes: int, token: str = "") -> http.client.HTTPResponse:
    def body() -> Iterator[bytes]:
        for _ in range(megabytes):
            yield os.urandom(1024 * 1024)

    headers = {"Transfer-Encoding": "chunked"} | ({"Authorization": f"Bearer {token}"} if token else {})
    connection.request(method, path, body=body(), headers=headers, encode_chunked=True)
    return connection.getresponse()


def test_an_upload_without_a_length_arrives(server: Server) -> None:
    connection = server.connect()
    response = chunked(connection, "PUT", "/api/v1/buckets/input/objects/big%20%E6%BC%A2.bin", 40, server.token)
    assert (response.status, json.loads(response.read())["size"]) == (201, 40 * 1024 * 1024)
    assert (server.data / "buckets/input/big 漢.bin").stat().st_size == 40 * 1024 * 1024
    assert server.stored() == 0
    connection.request("GET", "/api/v1/buckets/input/objects/big%20%E6%BC%A2.bin", headers={"Authorization": f"Bearer {server.token}", "Range": "bytes=5-9"})
    part = connection.getresponse()
    assert (part.status, len(part.read())) == (206, 5)
    connection.close()


def test_an_upload_of_a_stranger_is_refused_before_it_is_stored(server: Server) -> None:
    for token in ("", "wrong"):
        connection = server.connect()
        response = chunked(connection, "PUT", "/api/v1/buckets/input/objects/stranger.bin", 8, token)
        assert (response.status, json.loads(response.read())["code"]) == (401, "NotAuthenticated")
        connection.close()
    assert server.stored() == 0
    assert not (server.data / "buckets/input/stranger.bin").exists()


def test_answers_are_sent_at_once() -> None:
    """asyncio turns Nagle's algorithm off only for sockets that name TCP; with it, an answer in two pieces waits 40 ms for the other side."""
    import socket

    from jobs.node import web

    with web.listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.proto == socket.IPPROTO_TCP


def test_pictures_for_covers_may_be_larger_than_forms_and_never_as_large_as_uploads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "PICTURE_BYTES", 3000)
    for path in ("/api/v1/media/abc/cover", "/console/media/abc/cover/upload/", "/console/templates/watermark/preview/"):
        assert talk([b"x" * 1000] * 3, path=path, method="POST").status == 200
        assert talk([b"x" * 1000] * 4, path=path, method="POST").status == 413
        assert talk([b"x" * 1000] * 3, path=path, method="POST", may=False).status == 401
    assert talk([b"x" * 1000] * 3, path="/api/v1/media/abc/cover/more", method="POST").status == 413
