"""The ASGI application: Django behind a guard that refuses large bodies before anything stores them.

Django's own ASGI handler spools a whole request body to disk before any view runs. That is right for objects, whose senders are asked who
they are first, and wrong for everything else: 200 MB of JSON, or 100 GB from a stranger, must not reach the disk.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

from django.core.asgi import get_asgi_application

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
DRAIN_BYTES = 512 * 1024 * 1024
DRAIN_SECONDS = 20.0


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
        if UPLOADS.match(scope["path"]) and (said is None or said > limit):
            if refused := await self.ask(scope):
                await _refuse(scope, receive, send, refused)
                return
            limit = self.upload_limit
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

    request_id = new_id()
    document = {"code": why.code, "message": why.message, "errors": [], "request_id": request_id}
    body = json.dumps(document).encode()
    headers = [
        (b"content-type", b"application/json"),
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


def _application() -> App:
    django = get_asgi_application()
    from asgiref.sync import sync_to_async
    from django.conf import settings
    from django.contrib.auth import get_user
    from django.contrib.sessions.middleware import SessionMiddleware
    from django.core.handlers.asgi import ASGIRequest
    from django.db import close_old_connections
    from django.http import HttpResponse

    from console import auth
    from console.models import Role
    from jobs.engine.errors import Refused

    def ask(scope: MutableMapping[str, Any]) -> Refusal | None:
        """Whether the sender may upload at all; asked before the first byte is stored. The view asks again, with CSRF."""
        import io

        close_old_connections()
        request = ASGIRequest(dict(scope, method="GET"), io.BytesIO())
        SessionMiddleware(lambda _request: HttpResponse()).process_request(request)
        request.user = get_user(request)
        try:
            auth.require(request, Role.OPERATOR)
        except Refused as error:
            return Refusal(error.status, error.code, error.message)
        return None

    return BodyLimit(
        django,  # type: ignore[arg-type]  # asgiref's types are wider
        limit=settings.REELMILL_API_BODY_BYTES,
        upload_limit=settings.REELMILL_MAX_UPLOAD_GB * 1024**3,
        ask=sync_to_async(ask),
    )


application = _application()
