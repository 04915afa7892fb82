"""The ASGI application: Django behind a guard that refuses large bodies before anything stores them.

Django's own ASGI handler spools a whole request body to disk before any view runs. That is right for objects, whose senders are asked who
they are first, and wrong for everything else: 200 MB of JSON, or 100 GB from a stranger, must not reach the disk.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, NamedTuple

from django.core.asgi import get_asgi_application

if TYPE_CHECKING:
    from jobs.dialects.door_threads import DoorThreads

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class Refusal(NamedTuple):
    """Why a request is refused before it is read."""

    status: int
    code: str
    message: str


Ask = Callable[[MutableMapping[str, Any]], Awaitable[Refusal | None]]

# Where objects come in: raw bodies through the API, forms and parts through the console.
UPLOADS = re.compile(r"/api/v1/buckets/[^/]+/objects/|/console/media/upload/|/console/uploads/")
# Pictures that become covers, or that a watermark is tried on: larger than other forms, and never as large as an upload. Above what these may have, so that
# the page can say so.
PICTURES = re.compile(r"/api/v1/media/[^/]+/cover\Z|/console/media/[^/]+/cover/upload/\Z|/console/templates/watermark/preview/\Z")
PICTURE_BYTES = 32 * 1024 * 1024
DRAIN_BYTES = 512 * 1024 * 1024
DRAIN_SECONDS = 20.0


def carries_signature(scope: MutableMapping[str, Any]) -> bool:
    """Whether it says that it is signed for the object store; whether it is, ``ask`` finds out."""
    query = scope.get("query_string", b"")
    return dict(scope["headers"]).get(b"authorization", b"").startswith(b"OSS") or b"OSSAccessKeyId=" in query or b"x-oss-signature=" in query


class TooLarge(Exception):
    """More bytes came than the limit allows."""


class BodyLimit:
    """Answer 413 at once to a body above the limit, whether it says its length or not."""

    def __init__(self, app: App, *, limit: int, upload_limit: int, ask: Ask) -> None:
        """Limits in bytes. ``ask``: why the sender of an upload is refused (code and sentence), or None if he may."""
        self.app = app
        self.limit = limit
        self.upload_limit = upload_limit
        self.ask = ask

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        said = _said(scope)
        limit = self.limit
        upload = UPLOADS.match(scope["path"]) or carries_signature(scope)
        if (said is None or said > limit) and (upload or PICTURES.match(scope["path"])):
            if refused := await self.ask(scope):
                await _refuse(scope, receive, send, refused)
                return
            limit = self.upload_limit if upload else PICTURE_BYTES
        if said is not None and said > limit:
            await _refuse(scope, receive, send, _too_large(limit))
            return
        counted, started = 0, False

        async def counting() -> Message:
            nonlocal counted
            message = await receive()
            counted += len(message.get("body", b""))
            if counted > limit:
                raise TooLarge
            return message

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, counting, sending)
        except TooLarge:
            if not started:
                await _refuse(scope, receive, send, _too_large(limit))


def _too_large(limit: int) -> Refusal:
    return Refusal(413, "BodyTooLarge", f"The request body is larger than {limit:,} bytes.")


def _said(scope: MutableMapping[str, Any]) -> int | None:
    """The Content-Length, or None where the body comes in chunks of unknown number; 0 where there is no body."""
    chunked = False
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
        chunked = chunked or name == b"transfer-encoding"
    return None if chunked else 0


async def _refuse(scope: MutableMapping[str, Any], receive: Receive, send: Send, why: Refusal) -> None:
    """Send the whole answer, then read and forget what the client is still sending (bounded), so that it can read the answer in peace."""
    from console.lib.ids import new_id
    from console.lib.plain_refusal import written

    request_id = new_id()
    host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
    kind, body = written(scope["path"], host, code=why.code, message=why.message, request_id=request_id)
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        (b"x-request-id", request_id.encode()),
    ]
    await send({"type": "http.response.start", "status": why.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    if dict(scope["headers"]).get(b"expect", b"").lower() != b"100-continue":  # those wait for our word and send nothing
        drained, until = 0, time.monotonic() + DRAIN_SECONDS
        while drained < DRAIN_BYTES and time.monotonic() < until:
            message = await receive()
            drained += len(message.get("body", b""))
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                break
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _application() -> tuple[App, DoorThreads]:
    django = get_asgi_application()
    from asgiref.sync import ThreadSensitiveContext, sync_to_async
    from django.conf import settings
    from django.contrib.auth import get_user
    from django.contrib.sessions.middleware import SessionMiddleware
    from django.core.handlers.asgi import ASGIRequest
    from django.db import connections
    from django.http import HttpResponse

    from console import auth
    from console.models import Role
    from jobs.dialects import door_oss
    from jobs.dialects.call import OssRefusal
    from jobs.dialects.door_threads import DoorThreads
    from jobs.engine.errors import Refused
    from media_assets.tus import Patches

    def ask(scope: MutableMapping[str, Any]) -> Refusal | None:
        """Whether the sender may upload at all; asked before the first byte is stored. The view asks again, with CSRF."""
        import io

        if carries_signature(scope):
            return signed(ASGIRequest(dict(scope), io.BytesIO()))
        request = ASGIRequest(dict(scope, method="GET"), io.BytesIO())
        SessionMiddleware(lambda _request: HttpResponse()).process_request(request)
        try:
            request.user = get_user(request)
            auth.require(request, Role.OPERATOR)
        except Refused as error:
            return Refusal(error.status, error.code, error.message)
        finally:
            connections.close_all()
        return None

    def signed(request: ASGIRequest) -> Refusal | None:
        """The same for what is signed: key, time and signature, before the body."""
        try:
            if not door_oss.identified(request)[0].at_least(Role.OPERATOR):
                return Refusal(403, "AccessDenied", "This needs the role «operator».")
        except OssRefusal as error:
            return Refusal(error.status, error.code, error.message)
        finally:
            connections.close_all()
        return None

    async def asked(scope: MutableMapping[str, Any]) -> Refusal | None:
        """In a thread of its own, which ends with the question: a connection that it left open would stay as long as the process."""
        async with ThreadSensitiveContext():
            return await sync_to_async(ask)(scope)

    door = DoorThreads(django)  # type: ignore[arg-type]  # asgiref's types are wider
    limited = BodyLimit(
        door,
        limit=settings.REELMILL_API_BODY_BYTES,
        upload_limit=settings.REELMILL_MAX_UPLOAD_GB * 1024**3,
        ask=asked,
    )
    return Patches(limited), door


application, door_threads = _application()
