"""Objects over HTTP: whole or one range, with ETag, streamed with little memory under ASGI and WSGI alike.

What a browser can play is shown in place; everything else is only ever downloaded, so no object can act as a page of this site.
"""

from __future__ import annotations

import os
import re
from email.utils import formatdate
from typing import BinaryIO
from urllib.parse import quote

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import parse_http_date_safe
from django.views.decorators.http import require_safe

from console import auth
from console.lib.file_body import file_body
from console.lib.http import error_answer
from console.models import Role
from jobs.engine.errors import Refused
from media_assets import referers, s3_direct
from media_assets.local import etag_of
from media_assets.s3 import OpenObject, S3Storage
from media_assets.s3_direct import LINK_SECONDS
from media_assets.storage import storage

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
# Types that programs need to be told, and that a browser must never show: it would read them as XML, which may run scripts.
DOWNLOADS = {"mpd": "application/dash+xml"}
OTHER = "application/octet-stream"
TEXTS = frozenset(("m3u8", "mpd", "vtt"))  # that name other files
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


def object_response(request: HttpRequest, bucket: str, key: str, *, seconds: int = LINK_SECONDS) -> HttpResponseBase:
    """An object for GET and HEAD; who may have it is the caller's to decide. ``?download=1``: always as a download. ``seconds``: for which who asks may.

    206 for one range (several are answered whole, as the standard allows), 304 for what the caller has already, 412 where it wants
    another one than there is, 416 for a range behind the end.
    Raises Refused: BucketNotFound, ObjectNotFound, InvalidAddress, PermissionDenied (for pages that may not embed files of the bucket).
    """
    referers.check(request, bucket)
    place = storage(bucket)
    download = request.GET.get("download", "") not in ("", "0")
    if isinstance(place, S3Storage) and place.links and _may_go_elsewhere(request, key):
        return _to_the_store(request, place, key, download, seconds)
    file = place.open(key)
    try:
        response = _answer(request, file)
        _describe(response, key, download)
    except BaseException:
        file.close()
        raise
    if not response.streaming:
        file.close()
    return response


def _may_go_elsewhere(request: HttpRequest, key: str) -> bool:
    """Whether the answer may be the store's. Names in a playlist are meant beside it, so those are ours; scripts need the store's leave (CORS), and the
    policy of our own pages knows no other place: what these play and show comes through us."""
    mode, site = request.headers.get("Sec-Fetch-Mode", ""), request.headers.get("Sec-Fetch-Site", "")
    elsewhere = mode in ("", "navigate") or (mode == "no-cors" and site != "same-origin")
    return elsewhere and key.rpartition(".")[2].lower() not in TEXTS


def _to_the_store(request: HttpRequest, place: S3Storage, key: str, download: bool, seconds: int) -> HttpResponse:
    """307 to an address that is good for this object and a while; ranges and conditions are the store's to answer then."""
    if place.stat(key) is None:
        raise Refused("ObjectNotFound", f"The object {place.name}/{key} is not there.")
    about = HttpResponse()
    _describe(about, key, download)
    kind, shown = about.headers["Content-Type"], about.headers.get("Content-Disposition", "")
    response = HttpResponse(status=307)
    head = request.method == "HEAD"
    response.headers["Location"] = s3_direct.object_url(place, key, head=head, kind=kind, disposition=shown, seconds=min(seconds, LINK_SECONDS))
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _answer(request: HttpRequest, file: BinaryIO) -> HttpResponseBase:
    """Status, length and body. Facts are those of the open file, so that they fit the bytes even if the object is replaced now."""
    size, etag, written = _facts(file)
    tag = f'"{etag}"'
    modified = formatdate(written, usegmt=True)
    start, end = 0, size
    response: HttpResponseBase
    if status := _condition(request, tag, written):
        response = HttpResponse(status=status)
    else:
        wanted = None if request.method == "HEAD" else _range(request, size, tag, modified)
        if wanted == ():
            response = HttpResponse(status=416)
            response.headers["Content-Range"] = f"bytes */{size}"
        else:
            if wanted:
                start, end = wanted
            response = HttpResponse() if request.method == "HEAD" else StreamingHttpResponse(file_body(request, file, start, end - start))
            response.headers["Content-Length"] = str(end - start)
            if wanted:
                response.status_code = 206
                response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = tag
    response.headers["Last-Modified"] = modified
    return response


def _facts(file: BinaryIO) -> tuple[int, str, float]:
    """Size in bytes, etag and time of writing of an open object."""
    if isinstance(file, OpenObject):
        return file.facts.size, file.facts.etag, file.facts.modified.timestamp()
    found = os.fstat(file.fileno())
    return found.st_size, etag_of(found), found.st_mtime


def _condition(request: HttpRequest, tag: str, written: float) -> int:
    """412, 304, or 0 where the object is to be sent; in the order of RFC 9110, 13.2.2. Times count whole seconds; one that cannot be read asks nothing."""
    known = request.headers.get("If-Match")
    if known is not None:
        if known.strip() != "*" and tag not in [word.strip() for word in known.split(",")]:  # compares strongly
            return 412
    elif (then := parse_http_date_safe(request.headers.get("If-Unmodified-Since", ""))) is not None and int(written) > then:
        return 412
    known = request.headers.get("If-None-Match")
    if known is not None:
        return 304 if _matches(known, tag) else 0
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    return 304 if since is not None and int(written) <= since else 0


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
    response.headers["Content-Type"] = kind or DOWNLOADS.get(extension.lower(), OTHER)
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
