"""Resumable uploads by tus 1.0: creation, head, patch, termination, checksum, expiration. Role operator; everyone has only their own uploads.

A PATCH over ASGI is taken in by :class:`Patches` as it comes, so that a connection that breaks off loses nothing that has arrived; the view below
does the same for a body that is already here.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

import structlog
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from ninja import Router

from console.auth import needs_operator, require, who
from console.lib.http import answer, error_answer, failure, iso
from console.lib.ids import new_id
from console.lib.openapi import parameter
from console.models import Role
from jobs.engine.address import Address
from jobs.engine.errors import Problem, ReelmillError, Refused
from media_assets import resumable, upload_words
from media_assets.models import Upload
from media_assets.resumable import Receiver

if TYPE_CHECKING:
    from media_assets.uploads import IfExists

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
T = TypeVar("T")
App = Callable[[Scope, Receive, Send], Awaitable[None]]

log = structlog.get_logger(__name__)
VERSION = "1.0.0"
EXTENSIONS = "creation,termination,checksum,expiration"
OFFSET_TYPE = "application/offset+octet-stream"
BUFFER = 512 * 1024
_PATH = re.compile(r"/api/v1/uploads/([0-9a-f]{32})/?\Z")
uploads = Router(tags=["uploads"])
_HEADERS = [parameter("Tus-Resumable", "1.0.0", where="header")]


# --- views ------------------------------------------------------------------------------------------------------------
@uploads.api_operation(["OPTIONS"], "/uploads", auth=None, include_in_schema=False)
def options(request: HttpRequest) -> HttpResponse:
    """What is spoken here. Anybody may ask."""
    response = HttpResponse(status=204)
    said = {"Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Checksum-Algorithm": ",".join(resumable.DIGESTS)}
    for name, value in (said | {"Tus-Max-Size": str(settings.REELMILL_MAX_UPLOAD_GB * resumable.GB)}).items():
        response.headers[name] = value
    return _spoken(response)


@uploads.post("/uploads", auth=needs_operator, response={201: None}, url_name="uploads", openapi_extra={"parameters": [
    *_HEADERS,
    parameter("Upload-Length", "bytes", where="header", type="integer"),
    parameter("Upload-Metadata", "name BASE64, …: filename or key, bucket (default input), folder, if_exists (replace, keep_both, skip, fail), title, tags with commas between", where="header"),
]})  # fmt: skip
def create(request: HttpRequest) -> HttpResponse:
    """Begin a resumable upload (tus 1.0). ``Location`` is where its bytes go. Role operator."""
    _speak(request)
    length = _number(request, "Upload-Length")
    sent = request.headers.get("Upload-Metadata", "")
    said = upload_words.read(sent)
    upload_words.tags(said.get("tags", ""))  # refused now, not at the last byte
    folder = said.get("folder", "").strip("/")
    key = said.get("key") or said.get("filename", "")
    address = _address(said.get("bucket", "input"), f"{folder}/{key}" if folder else key)
    row = resumable.create(
        bucket=address.bucket,
        key=address.key,
        length=length,
        if_exists=cast("IfExists", said.get("if_exists", "fail")),
        user=who(request).user,
        title=said.get("title", "")[:128],
        metadata=sent,
    )
    response = HttpResponse(status=201)
    response.headers["Location"] = request.build_absolute_uri(reverse("api-v1:upload", args=[row.id]))
    return _told(response, row, resumable.arrived(row))


@uploads.api_operation(["GET", "HEAD"], "/uploads/{upload_id}", auth=needs_operator, url_name="upload")
def state(request: HttpRequest, upload_id: str) -> HttpResponse:
    """How much has arrived, in tus's headers and as JSON; address and media once it is done. Role operator."""
    row = _own(request, upload_id)
    offset = _arrived(row)
    done = row.state == Upload.State.DONE
    response = answer(
        {
            "id": row.id,
            "state": row.state,
            "offset": offset,
            "length": row.length,
            "address": f"oss://{row.bucket}/{row.key}" if done else None,
            "media": row.media_id if done else None,
            "expires_at": iso(row.expires_at),
        }
    )
    response.headers["Upload-Length"] = str(row.length)
    response.headers["Cache-Control"] = "no-store"
    if row.metadata:
        response.headers["Upload-Metadata"] = row.metadata
    return _told(response, row, offset)


@uploads.patch("/uploads/{upload_id}", auth=needs_operator, response={204: None}, openapi_extra={"parameters": [
    *_HEADERS,
    parameter("Upload-Offset", "bytes that have arrived before", where="header", type="integer"),
    parameter("Upload-Checksum", "sha1, sha256 or md5, a space, the digest of this body in Base64", where="header"),
]})  # fmt: skip
def patch(request: HttpRequest, upload_id: str) -> HttpResponse:
    """Send the next bytes (tus 1.0). What has arrived stays, also where the connection breaks off. Role operator."""
    row, offset, checksum = _patch_head(request, _own(request, upload_id))
    now = resumable.receive(row, offset, iter(lambda: request.read(BUFFER), b""), checksum)
    return _told(HttpResponse(status=204), row, now)


@uploads.delete("/uploads/{upload_id}", auth=needs_operator, response={204: None})
def delete(request: HttpRequest, upload_id: str) -> HttpResponse:
    """Give an upload up: what has arrived is removed; an object that is complete stays. Role operator."""
    resumable.withdraw(_own(request, upload_id))
    return _spoken(HttpResponse(status=204))


# --- bodies as they come ----------------------------------------------------------------------------------------------
class Patches:
    """The ASGI application in front of Django that takes in the bytes of uploads."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._running: dict[str, asyncio.Task[None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = _PATH.match(scope["path"]) if scope["type"] == "http" and scope["method"] == "PATCH" else None
        if found is None:
            await self.app(scope, receive, send)
            return
        # somebody who comes back after a break must not wait until the dead connection is noticed
        if earlier := self._running.get(found[1]):
            earlier.cancel()
            await asyncio.wait([earlier], timeout=5)
        answered = False

        async def noted(message: MutableMapping[str, Any]) -> None:
            nonlocal answered
            answered = True
            await send(message)

        task = asyncio.ensure_future(_take(scope, found[1], receive, noted))
        self._running[found[1]] = task
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.cancelled():
                task.cancel()
                raise
            if not answered:
                await _displaced(scope, send)
        finally:
            if self._running.get(found[1]) is task:
                del self._running[found[1]]


async def _displaced(scope: Scope, send: Send) -> None:
    """Tell a sender, should it still listen, that another one goes on with this upload."""
    request = ASGIRequest(dict(scope), io.BytesIO())
    request.id = new_id()  # type: ignore[attr-defined]  # as the middleware does
    with contextlib.suppress(OSError):
        await _answer(request, _spoken(error_answer(request, Refused("UploadBusy"))), send)


async def _take(scope: Scope, upload_id: str, receive: Receive, send: Send) -> None:
    """One PATCH in a thread of its own, as Django gives every request: else all uploads would wait for each other in one, whose connection stays open."""
    async with ThreadSensitiveContext():
        try:
            await _taken(scope, upload_id, receive, send)
        finally:
            await asyncio.shield(sync_to_async(connections.close_all)())


async def _taken(scope: Scope, upload_id: str, receive: Receive, send: Send) -> None:
    """One PATCH from its head to its answer."""
    request = ASGIRequest(dict(scope), io.BytesIO())
    request.id = new_id()  # type: ignore[attr-defined]  # as the middleware does
    try:
        row, receiver = await _begun(request, upload_id)
        whole = False
        try:
            whole = await _pour(receive, receiver)
        finally:
            now = await _unbroken(sync_to_async(receiver.close)(whole=whole))
        if not whole:
            return  # nobody listens any more
        if now == row.length:
            await _unbroken(sync_to_async(resumable.finish)(row))
        response = _told(HttpResponse(status=204), row, now)
    except ReelmillError as error:
        response = _spoken(error_answer(request, error))
    except Exception as error:
        log.error("request failed", path=request.path, method=request.method, exc_info=error)
        response = _spoken(failure(request, 500))
    await _answer(request, response, send)


async def _answer(request: HttpRequest, response: HttpResponse, send: Send) -> None:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.items()]
    headers += [(b"x-request-id", request.id.encode()), (b"content-length", str(len(response.content)).encode())]  # type: ignore[attr-defined]
    if response.status_code >= 400:
        headers.append((b"connection", b"close"))  # bytes may still be on their way
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})


async def _begun(request: HttpRequest, upload_id: str) -> tuple[Upload, Receiver]:
    """As :func:`_begin`. A task that is cancelled meanwhile lets go of the upload: nobody else could go on with it."""
    beginning = asyncio.ensure_future(sync_to_async(_begin)(request, upload_id))
    try:
        return await asyncio.shield(beginning)
    except asyncio.CancelledError:
        await asyncio.wait([beginning])
        if beginning.exception() is None:
            await sync_to_async(beginning.result()[1].close)(whole=False)
        raise


async def _unbroken(work: Awaitable[T]) -> T:
    """Wait to the end of what a thread does, even where the task is cancelled meanwhile: it has the upload's file in its hands."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _begin(request: HttpRequest, upload_id: str) -> tuple[Upload, Receiver]:
    """Who is it, and may he go on here? Raises Refused."""
    SessionMiddleware(lambda _request: HttpResponse()).process_request(request)
    request.user = get_user(request)
    request.auth = require(request, Role.OPERATOR)  # type: ignore[attr-defined]
    row, offset, checksum = _patch_head(request, _own(request, upload_id))
    return row, Receiver(row, offset, checksum)


async def _pour(receive: Receive, receiver: Receiver) -> bool:
    """From the connection into the file. False where the sender went away. Raises what Receiver.write raises."""
    held = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            await _unbroken(asyncio.to_thread(receiver.write, bytes(held)))
            return False
        held += message.get("body", b"")
        more = message.get("more_body", False)
        if len(held) >= BUFFER or not more:
            await _unbroken(asyncio.to_thread(receiver.write, bytes(held)))
            held.clear()
        if not more:
            return True


# --- heads ------------------------------------------------------------------------------------------------------------
def _patch_head(request: HttpRequest, row: Upload) -> tuple[Upload, int, str]:
    _speak(request)
    if request.headers.get("Content-Type", "") != OFFSET_TYPE:
        raise Refused("InvalidParameter", problems=(Problem(("Content-Type",), f"Send {OFFSET_TYPE}."),))
    return row, _number(request, "Upload-Offset"), request.headers.get("Upload-Checksum", "")


def _speak(request: HttpRequest) -> None:
    """Raise Refused unless tus 1.0 is spoken."""
    if request.headers.get("Tus-Resumable") != VERSION:
        raise Refused("InvalidParameter", problems=(Problem(("Tus-Resumable",), _("Send the header «Tus-Resumable: %(version)s».") % {"version": VERSION}),))


def _number(request: HttpRequest, name: str) -> int:
    text = request.headers.get(name, "")
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise Refused("InvalidParameter", problems=(Problem((name,), _("A whole number is missing here.")),))
    return int(text)


def _address(bucket: str, key: str) -> Address:
    try:
        return Address.parse(f"oss://{bucket}/{key}")
    except ValueError as error:
        raise Refused("InvalidAddress", str(error)) from None


def _own(request: HttpRequest, upload_id: str) -> Upload:
    """An upload of the caller's own. Raises Refused NotFound."""
    row = Upload.objects.select_related("owner").filter(pk=upload_id, owner=who(request).user).first()
    if row is None:
        raise Refused("NotFound", _("There is no such upload, or it has expired."))
    return row


def _arrived(row: Upload) -> int:
    """Bytes that are here; an upload that was cut off between its last byte and its end is ended now."""
    offset = resumable.arrived(row)
    if offset == row.length and row.state == Upload.State.OPEN:
        resumable.finish(row)
    return offset


def _told(response: HttpResponse, row: Upload, offset: int) -> HttpResponse:
    response.headers["Upload-Offset"] = str(offset)
    if row.state == Upload.State.OPEN:
        response.headers["Upload-Expires"] = format_datetime(row.expires_at, usegmt=True)
    return _spoken(response)


def _spoken(response: HttpResponse) -> HttpResponse:
    response.headers["Tus-Resumable"] = VERSION
    return response
