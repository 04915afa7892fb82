"""Single objects: put, get, head, copy, delete; many deleted at once."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Iterator, Mapping
from email.utils import format_datetime
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

from console import audit
from console.lib.file_body import file_body
from console.models import Role
from jobs.dialects.call import OssCall, OssRefusal
from jobs.dialects.oss import documents, ranges
from jobs.dialects.oss.words import address_of, require
from jobs.engine.address import SCHEME, Address
from jobs.engine.errors import Refused
from media_assets import digests, object_writing
from media_assets.models import ObjectNote
from media_assets.object_reading import opened
from media_assets.object_writing import About
from media_assets.serve import DOWNLOADS, OTHER, TYPES
from media_assets.storage import storage

if TYPE_CHECKING:
    from media_assets.object_writing import Written
    from media_assets.objects import ObjectFacts

R = TypeVar("R", bound=HttpResponseBase)
CHUNK = 1 << 20
KEPT = ("content-type", "cache-control", "content-disposition", "content-encoding", "content-language", "expires")
META = "x-oss-meta-"
NEXT = "x-oss-next-append-position"
META_BYTES = 8 * 1024
DELETED_MAX = 1000
DELETE_BYTES = 2 * 1024 * 1024
TOLD = 20  # keys of a batch that the audit trail names
# What a client asks for with an object and would not get: better refused than silently left out.
UNSERVED_HEADERS = ("x-oss-callback", "x-oss-server-side-encryption", "x-oss-server-side-data-encryption", "x-oss-tagging")


# --- writing ----------------------------------------------------------------------------------------------------------
def put(call: OssCall) -> HttpResponse:
    """PutObject, or CopyObject where a source is named."""
    require(call, Role.OPERATOR)
    refuse_unserved(call)
    if "x-oss-copy-source" in call.headers:
        return copy(call)
    written = object_writing.write(
        address_of(call), chunks(call), about(call.headers), judge=digests.wanted(content_md5(call), call.length), overwrite=may_overwrite(call)
    )
    return described(HttpResponse(), written.facts, written.note)


def copy(call: OssCall) -> HttpResponse:
    """CopyObject: metadata comes along unless the client replaces it."""
    source = copy_source(call)
    file, facts = opened(source)
    with file:
        note = object_writing.note_of(source.bucket, facts)
        if ranges.status(call.headers, tag(facts, note), facts.modified, "x-oss-copy-source-"):
            raise failed_condition()
        replaced = call.headers.get("x-oss-metadata-directive", "COPY").upper() == "REPLACE"
        kept = about(call.headers) if replaced else About(note.headers, note.metadata) if note else About()
        written = object_writing.write(address_of(call), iter(lambda: file.read(CHUNK), b""), kept, overwrite=may_overwrite(call))
    response = documents.answered("CopyObjectResult", {"ETag": tag(written.facts, written.note), "LastModified": documents.moment(written.facts.modified)})
    response.headers["ETag"] = told(written)
    response.headers["x-oss-hash-crc64ecma"] = written.note.crc64
    return response


def copy_source(call: OssCall) -> Address:
    """The object of ``x-oss-copy-source``: «/bucket/key», percent-encoded. Raises OssRefusal InvalidArgument."""
    name, _sep, _version = call.headers["x-oss-copy-source"].partition("?")
    try:
        return Address.parse(f"{SCHEME}{unquote(name, errors='strict').removeprefix('/')}")
    except ValueError:
        raise OssRefusal("InvalidArgument", "The specified copy source is invalid: write /bucket/key, percent-encoded.") from None


def tags(call: OssCall) -> HttpResponse:
    """GetObjectTagging: objects have none here."""
    require(call, Role.VIEWER)
    if storage(call.bucket).stat(call.key) is None:
        raise Refused("ObjectNotFound")
    return documents.answered("Tagging", {"TagSet": {}})


def delete(call: OssCall) -> HttpResponse:
    """DeleteObject: it is well if there was none."""
    require(call, Role.ADMIN)
    address = address_of(call)
    if object_writing.delete(address):
        audit.record("object.deleted", str(address), address.key)
    return HttpResponse(status=204)


def delete_many(call: OssCall) -> HttpResponse:
    """DeleteMultipleObjects: up to 1,000 keys; what is not there counts as deleted."""
    require(call, Role.ADMIN)
    storage(call.bucket)
    root = documents.read(bounded(call, DELETE_BYTES), "Delete")
    quiet = (documents.child(root, "Quiet") or "").strip().lower() == "true"
    keys = [documents.child(one, "Key") for one in root if documents.local(one.tag) == "Object"]
    if not keys or len(keys) > DELETED_MAX or any(not key for key in keys):
        raise documents.malformed()
    encoding = call.value("encoding-type")
    gone = []
    for key in filter(None, keys):
        try:
            gone += [key] if object_writing.delete(Address.parse(f"{SCHEME}{call.bucket}/{key}")) else []
        except ValueError:
            continue  # no object can have this key
        except Refused as error:
            if error.code != "InvalidAddress":
                raise
    if gone:
        audit.record("object.deleted", f"{SCHEME}{call.bucket}/{gone[0]}", f"{call.bucket}: {len(gone)}", number=len(gone), keys=gone[:TOLD])
    if quiet:
        return HttpResponse(content_type="application/xml")
    deleted = [{"Key": documents.encoded(key or "", encoding)} for key in keys]
    return documents.answered("DeleteResult", {"EncodingType": encoding or None, "Deleted": deleted})


# --- reading ----------------------------------------------------------------------------------------------------------
def get(call: OssCall) -> HttpResponseBase:
    """GetObject, whole or one range."""
    require(call, Role.VIEWER)
    file, facts = opened(address_of(call))
    try:
        note = object_writing.note_of(call.bucket, facts)
        if status := ranges.status(call.headers, tag(facts, note), facts.modified):
            file.close()
            return unchanged(facts, note, status)
        found = ranges.wanted(call.headers.get("range", ""), facts.size)
        if found == ():
            raise OssRefusal(
                "InvalidRange", "The requested range cannot be satisfied.", 416, ActualObjectSize=str(facts.size), RangeRequested=call.headers["range"]
            )
        start, end = found or (0, facts.size)
        response = StreamingHttpResponse(file_body(call.body, file, start, end - start), status=206 if found else 200)  # type: ignore[arg-type]
    except BaseException:
        file.close()
        raise
    response.headers["Content-Length"] = str(end - start)
    if found:
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{facts.size}"
    return spoken(described(response, facts, note), call)


def head(call: OssCall) -> HttpResponse:
    """HeadObject, and GetObjectMeta, which tells less."""
    require(call, Role.VIEWER)
    address = address_of(call)
    facts = storage(address.bucket).stat(address.key)
    if facts is None:
        raise Refused("ObjectNotFound")
    note = object_writing.note_of(call.bucket, facts)
    if not call.asks("objectMeta") and (status := ranges.status(call.headers, tag(facts, note), facts.modified)):
        return unchanged(facts, note, status)
    response = described(HttpResponse(), facts, note)
    response.headers["Content-Length"] = str(facts.size)
    return response


def unchanged(facts: ObjectFacts, note: ObjectNote | None, status: int) -> HttpResponse:
    """304, or the refusal 412."""
    if status == 412:
        raise failed_condition()
    response = HttpResponse(status=304)
    response.headers["ETag"] = tag(facts, note)
    response.headers["Last-Modified"] = format_datetime(facts.modified.astimezone(dt.UTC), usegmt=True)
    return response


def failed_condition() -> OssRefusal:
    """412."""
    return OssRefusal("PreconditionFailed", "At least one of the pre-conditions you specified did not hold.", 412)


# --- heads ------------------------------------------------------------------------------------------------------------
def tag(facts: ObjectFacts, note: ObjectNote | None) -> str:
    """The ETag: MD5 in upper case where it is known, else the storage's own; in quotes."""
    return f'"{(note.digest if note else facts.etag).upper()}"'


def described(response: R, facts: ObjectFacts, note: ObjectNote | None) -> R:
    """All headers that tell about an object. Nothing of it can act as a page of this site, whatever type it is said to have."""
    kept: Mapping[str, str] = note.headers if note else {}
    ending = facts.key.rpartition(".")[2].lower()
    usual = TYPES.get(ending) or DOWNLOADS.get(ending, OTHER)
    response.headers["Content-Type"] = kept.get("content-type") or usual
    for name in KEPT[1:]:
        if name in kept:
            response.headers[name] = kept[name]
    response.headers["ETag"] = tag(facts, note)
    response.headers["Last-Modified"] = format_datetime(facts.modified.astimezone(dt.UTC), usegmt=True)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["x-oss-object-type"] = note.kind if note else "Normal"
    response.headers["x-oss-storage-class"] = documents.STORAGE_CLASS
    if note:
        if note.kind == ObjectNote.Kind.APPENDABLE:
            response.headers[NEXT] = str(facts.size)
        response.headers["x-oss-hash-crc64ecma"] = note.crc64
        for name, value in note.metadata.items():
            response.headers[META + name] = value.encode().decode("latin-1")
    if response.headers["Content-Type"] not in TYPES.values():
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Cache-Control", "private, no-cache")
    return response


def spoken(response: R, call: OssCall) -> R:
    """With the headers that the address itself asks for (``response-content-type`` and its like)."""
    for name in KEPT:
        value = call.value(f"response-{name}")
        if value and value.isprintable():
            response.headers[name] = value
            if name == "content-type" and value not in TYPES.values():
                response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def about(headers: Mapping[str, str]) -> About:
    """What a client wants kept with its object. Raises OssRefusal InvalidArgument for too much of it."""
    metadata = {name.removeprefix(META): value for name, value in headers.items() if name.startswith(META)}
    if sum(len(name) + len(value.encode("utf-8", "replace")) for name, value in metadata.items()) > META_BYTES:
        raise OssRefusal("InvalidArgument", "The metadata of an object has at most 8 KB.")
    kept = {name: headers[name] for name in KEPT if headers.get(name)}
    if any(not value.isprintable() for value in (*metadata.values(), *kept.values())):
        raise OssRefusal("InvalidArgument", "A header has characters that cannot be kept.")
    return About(kept, metadata)


# --- bodies -----------------------------------------------------------------------------------------------------------
def chunks(call: OssCall) -> Iterator[bytes]:
    """The body, a megabyte at a time."""
    while chunk := call.body.read(CHUNK):
        yield chunk


def bounded(call: OssCall, limit: int) -> bytes:
    """A small body as a whole, checked against Content-MD5. Raises OssRefusal, Refused ChecksumMismatch."""
    data = call.body.read(limit + 1)
    if len(data) > limit:
        raise OssRefusal("EntityTooLarge", f"The request body has more than {limit} bytes.")
    found = digests.Digests()
    found.update(data)
    digests.wanted(content_md5(call), call.length)(found)
    return data


def content_md5(call: OssCall) -> str:
    """What Content-MD5 says, in hexadecimal digits; empty where nothing is said. Raises OssRefusal InvalidDigest."""
    header = call.headers.get("content-md5", "")
    if not header:
        return ""
    try:
        found = base64.b64decode(header, validate=True)
    except (ValueError, binascii.Error):
        found = b""
    if len(found) != 16:
        raise OssRefusal("InvalidDigest", "The Content-MD5 you specified was invalid.")
    return found.hex()


def may_overwrite(call: OssCall) -> bool:
    """Whether an object that is there may be replaced."""
    return call.headers.get("x-oss-forbid-overwrite", "false").lower() != "true"


def refuse_unserved(call: OssCall) -> None:
    """Raises OssRefusal NotImplemented for headers that ask for what is not done here."""
    for name in UNSERVED_HEADERS:
        if name in call.headers:
            raise OssRefusal("NotImplemented", f"The header {name} asks for something that is not served here.", 501)


def told(written: Written) -> str:
    """The ETag of what was just written."""
    return tag(written.facts, written.note)
