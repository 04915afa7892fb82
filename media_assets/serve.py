"""Objects over HTTP: whole or one range, with ETag, streamed with little memory under ASGI and WSGI alike.

What a browser can play is shown in place; everything else is only ever downloaded, so no object can act as a page of this site.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator
from email.utils import formatdate
from typing import BinaryIO
from urllib.parse import quote

from django.contrib.auth.views import redirect_to_login
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_safe

from console import auth
from console.lib.http import error_answer
from console.models import Role
from jobs.engine.errors import Refused
from media_assets.local import etag_of
from media_assets.storage import storage

CHUNK = 256 * 1024
# Types that may be shown in place. Nothing that runs scripts: no HTML, no SVG, no XML.
TYPES = {
    "m3u8": "application/vnd.apple.mpegurl",
    "ts": "video/mp2t",
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "m4s": "video/iso.segment",
    "mov": "video/quicktime",
    "mkv": "video/x-matroska",
    "webm": "video/webm",
    "flv": "video/x-flv",
    "avi": "video/x-msvideo",
    "mpg": "video/mpeg",
    "mpeg": "video/mpeg",
    "3gp": "video/3gpp",
    "ogv": "video/ogg",
    "wmv": "video/x-ms-wmv",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "aac": "audio/aac",
    "ogg": "audio/ogg",
    "oga": "audio/ogg",
    "opus": "audio/ogg",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "gif": "image/gif",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "avif": "image/avif",
    "bmp": "image/bmp",
    "vtt": "text/vtt; charset=utf-8",
    "srt": "text/plain; charset=utf-8",
}
OTHER = "application/octet-stream"
_RANGE = re.compile(r"bytes=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*\Z")
_TOKEN = re.compile(r"[A-Za-z0-9!#$&+.^_`|~ -]+\Z")


@require_safe
def object_view(request: HttpRequest, bucket: str, key: str) -> HttpResponseBase:
    """``/objects/<bucket>/<key>`` for everybody who may read: by session or bearer token. A person without a session is sent to the sign-in page."""
    try:
        auth.require(request, Role.VIEWER)
        return object_response(request, bucket, key)
    except Refused as error:
        if error.code == "NotAuthenticated" and "text/html" in request.headers.get("Accept", "") and "Authorization" not in request.headers:
            return redirect_to_login(request.get_full_path())
        return error_answer(request, error)


def object_response(request: HttpRequest, bucket: str, key: str) -> HttpResponseBase:
    """An object for GET and HEAD; who may have it is the caller's to decide. ``?download=1``: always as a download.

    206 for one range (several are answered whole, as the standard allows), 304 for a known ETag, 416 for a range behind the end.
    Raises Refused: BucketNotFound, ObjectNotFound, InvalidAddress.
    """
    file = storage(bucket).open(key)
    try:
        response = _answer(request, file)
        _describe(response, key, request.GET.get("download", "") not in ("", "0"))
    except BaseException:
        file.close()
        raise
    if not response.streaming:
        file.close()
    return response


def _answer(request: HttpRequest, file: BinaryIO) -> HttpResponseBase:
    """Status, length and body. Facts are those of the open file, so that they fit the bytes even if the object is replaced now."""
    found = os.fstat(file.fileno())
    tag = f'"{etag_of(found)}"'
    modified = formatdate(found.st_mtime, usegmt=True)
    start, end = 0, found.st_size
    response: HttpResponseBase
    if _matches(request.headers.get("If-None-Match", ""), tag):
        response = HttpResponse(status=304)
    else:
        wanted = None if request.method == "HEAD" else _range(request, found.st_size, tag, modified)
        if wanted == ():
            response = HttpResponse(status=416)
            response.headers["Content-Range"] = f"bytes */{found.st_size}"
        else:
            if wanted:
                start, end = wanted
            response = HttpResponse() if request.method == "HEAD" else StreamingHttpResponse(_body(request, file, start, end - start))
            response.headers["Content-Length"] = str(end - start)
            if wanted:
                response.status_code = 206
                response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.st_size}"
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = tag
    response.headers["Last-Modified"] = modified
    return response


def _matches(header: str, tag: str) -> bool:
    """If-None-Match compares weakly."""
    return header.strip() == "*" or tag in [word.strip().removeprefix("W/") for word in header.split(",")]


def _range(request: HttpRequest, size: int, tag: str, modified: str) -> tuple[int, int] | tuple[()] | None:
    """First byte and the one after the last; () where there is no such byte; None where the whole is to be sent."""
    header = request.headers.get("Range", "")
    condition = request.headers.get("If-Range", "").strip()
    found = _RANGE.match(header)
    if not found or (condition and condition not in (tag, modified)):
        return None
    first, last = found[1], found[2]
    if not first and not last:
        return None
    if not first:
        count = min(int(last), size)
        return (size - count, size) if count else ()
    if last and int(last) < int(first):
        return None  # not a range at all
    if int(first) >= size:
        return ()
    return int(first), min(int(last) + 1, size) if last else size


def _describe(response: HttpResponseBase, key: str, download: bool) -> None:
    """Type, name, and what a browser may do with it."""
    name = key.rpartition("/")[2]
    _stem, dot, extension = name.rpartition(".")
    kind = TYPES.get(extension.lower()) if dot else None
    response.headers["Content-Type"] = kind or OTHER
    if download or kind is None:
        response.headers["Content-Disposition"] = disposition(name)
    if kind is None:
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-cache"  # kept by the browser, but asked for (304) every time: objects can be replaced and rights withdrawn


def disposition(name: str) -> str:
    """``attachment`` with the name, as RFC 6266 and RFC 5987 write names that are not plain ASCII."""
    if _TOKEN.match(name):
        return f'attachment; filename="{name}"'
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"


# --- bodies -----------------------------------------------------------------------------------------------------------------
def _body(request: HttpRequest, file: BinaryIO, start: int, count: int) -> _Blocks | _AsyncBlocks:
    """Under ASGI a synchronous iterator would be read in full before the first byte goes out, so there it is an asynchronous one."""
    return _AsyncBlocks(file, start, count) if isinstance(request, ASGIRequest) else _Blocks(file, start, count)


class _Blocks:
    """A part of a file, block by block; Django calls ``close`` when the answer is sent or given up."""

    def __init__(self, file: BinaryIO, start: int, count: int) -> None:
        self.file = file
        self.left = count
        file.seek(start)

    def block(self) -> bytes:
        """The next bytes; empty at the end, also where the file was cut short meanwhile."""
        data = self.file.read(min(CHUNK, self.left)) if self.left else b""
        self.left -= len(data)
        return data

    def __iter__(self) -> Iterator[bytes]:
        while data := self.block():
            yield data

    def close(self) -> None:
        """Give the file back."""
        self.file.close()


class _AsyncBlocks:
    """The same for ASGI: each read runs in a thread, so that a slow disk holds up nobody else."""

    def __init__(self, file: BinaryIO, start: int, count: int) -> None:
        self.blocks = _Blocks(file, start, count)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while data := await asyncio.to_thread(self.blocks.block):
            yield data

    def close(self) -> None:
        """Give the file back."""
        self.blocks.close()
