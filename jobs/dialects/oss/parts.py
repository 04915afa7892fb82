"""Objects in parts: begin, send parts, list, complete, abort."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse

from console.models import Role
from jobs.dialects.call import OssCall, OssRefusal
from jobs.dialects.oss import documents, objects, ranges
from jobs.dialects.oss.listing import encoding_of, max_keys
from jobs.dialects.oss.words import address_of, require
from jobs.engine.errors import Refused
from media_assets import digests, multipart, object_writing
from media_assets.models import MultipartUpload
from media_assets.object_reading import opened
from media_assets.storage import storage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from media_assets.models import MultipartPart

COMPLETE_BYTES = 2 * 1024 * 1024


def begin(call: OssCall) -> HttpResponse:
    """InitiateMultipartUpload."""
    require(call, Role.OPERATOR)
    objects.refuse_unserved(call)
    address = address_of(call)
    if not objects.may_overwrite(call) and storage(address.bucket).stat(address.key) is not None:
        raise Refused("ObjectAlreadyExists")
    upload = multipart.begin(address, objects.about(call.headers), call.caller.user)
    encoding = encoding_of(call)
    key = documents.encoded(call.key, encoding)
    return documents.answered(
        "InitiateMultipartUploadResult", {"EncodingType": encoding or None, "Bucket": call.bucket, "Key": key, "UploadId": upload.id.upper()}
    )


def _upload(call: OssCall) -> MultipartUpload:
    try:
        return multipart.find(address_of(call), call.value("uploadId").lower())
    except Refused as error:
        if error.code != "NotFound":
            raise
        raise no_such_upload(call) from None


def no_such_upload(call: OssCall) -> OssRefusal:
    """404, as the object store says it."""
    sentence = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."
    return OssRefusal("NoSuchUpload", sentence, 404, UploadId=call.value("uploadId"))


def send(call: OssCall) -> HttpResponse:
    """UploadPart, or UploadPartCopy where a source is named."""
    require(call, Role.OPERATOR)
    upload, number = _upload(call), _number(call)
    if "x-oss-copy-source" in call.headers:
        return _copied(call, upload, number)
    try:
        part = multipart.receive(upload, number, objects.chunks(call), digests.wanted(objects.content_md5(call), call.length))
    except Refused as error:
        if error.code == "NotFound":
            raise no_such_upload(call) from None
        raise
    response = HttpResponse()
    response.headers["ETag"] = f'"{part.md5.upper()}"'
    response.headers["x-oss-hash-crc64ecma"] = part.crc64
    response.headers["Content-MD5"] = base64.b64encode(bytes.fromhex(part.md5)).decode()
    return response


def _copied(call: OssCall, upload: MultipartUpload, number: int) -> HttpResponse:
    source = objects.copy_source(call)
    file, facts = opened(source)
    with file:
        note = object_writing.note_of(source.bucket, facts)
        if ranges.status(call.headers, objects.tag(facts, note), facts.modified, "x-oss-copy-source-"):
            raise objects.failed_condition()
        found = ranges.wanted(call.headers.get("x-oss-copy-source-range", ""), facts.size)
        if found == ():
            raise OssRefusal("InvalidRange", "The requested range cannot be satisfied.", 416)
        start, end = found or (0, facts.size)
        part = multipart.receive(upload, number, _slice(file, start, end))
    etag = f'"{part.md5.upper()}"'
    response = documents.answered("CopyPartResult", {"LastModified": documents.moment(part.arrived_at), "ETag": etag})
    response.headers["ETag"] = etag
    return response


def _slice(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    file.seek(start)
    while start < end and (data := file.read(min(objects.CHUNK, end - start))):
        start += len(data)
        yield data


def _number(call: OssCall) -> int:
    text = call.value("partNumber")
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= multipart.NUMBER_MAX:
        raise OssRefusal("InvalidArgument", f"The part number is a number from 1 to {multipart.NUMBER_MAX}.", ArgumentName="partNumber", ArgumentValue=text)
    return int(text)


def list_parts(call: OssCall) -> HttpResponse:
    """ListParts."""
    require(call, Role.VIEWER)
    upload, limit, encoding = _upload(call), max_keys(call, "max-parts"), encoding_of(call)
    marker = call.value("part-number-marker")
    after = int(marker[:9]) if marker.isascii() and marker.isdecimal() else 0
    rows = list(upload.parts.filter(number__gt=after).order_by("number")[: limit + 1])
    shown, more = rows[:limit], len(rows) > limit
    document: dict[str, Any] = {
        "EncodingType": encoding or None,
        "Bucket": call.bucket,
        "Key": documents.encoded(call.key, encoding),
        "UploadId": call.value("uploadId"),
        "StorageClass": documents.STORAGE_CLASS,
        "PartNumberMarker": after,
        "NextPartNumberMarker": shown[-1].number if shown else 0,
        "MaxParts": limit,
        "IsTruncated": more,
        "Part": [_told(part) for part in shown],
    }
    return documents.answered("ListPartsResult", document)


def _told(part: MultipartPart) -> dict[str, Any]:
    told = {"PartNumber": part.number, "LastModified": documents.moment(part.arrived_at), "ETag": f'"{part.md5.upper()}"', "HashCrc64ecma": part.crc64}
    return told | {"Size": part.size}


def list_uploads(call: OssCall) -> HttpResponse:
    """ListMultipartUploads, by key and upload id."""
    require(call, Role.VIEWER)
    storage(call.bucket)
    prefix, encoding, limit = call.value("prefix"), encoding_of(call), max_keys(call, "max-uploads")
    key_marker, id_marker = call.value("key-marker"), call.value("upload-id-marker").lower()
    found = MultipartUpload.objects.filter(bucket=call.bucket, key__startswith=prefix).order_by("key", "id")
    if key_marker:
        later = found.filter(key__gt=key_marker)
        found = later | found.filter(key=key_marker, id__gt=id_marker) if id_marker else later
    rows = list(found[: limit + 1])
    shown, more = rows[:limit], len(rows) > limit

    def name(text: str) -> str:
        return documents.encoded(text, encoding)

    document: dict[str, Any] = {
        "EncodingType": encoding or None,
        "Bucket": call.bucket,
        "KeyMarker": name(key_marker),
        "UploadIdMarker": call.value("upload-id-marker"),
        "NextKeyMarker": name(shown[-1].key) if more else "",
        "NextUploadIdMarker": shown[-1].id.upper() if more else "",
        "Delimiter": "",
        "Prefix": name(prefix),
        "MaxUploads": limit,
        "IsTruncated": more,
        "Upload": [{"Key": name(row.key), "UploadId": row.id.upper(), "Initiated": documents.moment(row.created_at)} for row in shown],
    }
    return documents.answered("ListMultipartUploadsResult", document)


def complete(call: OssCall) -> HttpResponse:
    """CompleteMultipartUpload: with a list of parts, or all that have arrived where ``x-oss-complete-all: yes`` says so."""
    require(call, Role.OPERATOR)
    upload = _upload(call)
    data = objects.bounded(call, COMPLETE_BYTES)
    if call.headers.get("x-oss-complete-all", "").lower() == "yes":
        wanted = [(number, "") for number in upload.parts.order_by("number").values_list("number", flat=True)]
    else:
        wanted = _wanted(data)
    try:
        written = multipart.complete(upload, wanted, overwrite=objects.may_overwrite(call))
    except Refused as error:
        match error.code:
            case "NotFound":
                raise no_such_upload(call) from None
            case "InvalidParameter":
                raise OssRefusal("InvalidPartOrder", "The list of parts was not in ascending order.") from None
            case "ObjectNotFound":
                raise OssRefusal(
                    "InvalidPart", "One or more of the specified parts could not be found or the specified entity tag might not have matched."
                ) from None
            case "ImpossibleCombination":
                raise OssRefusal("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size.") from None
            case _:
                raise
    encoding = encoding_of(call)
    host = call.endpoint.partition("://")[2]
    document = {
        "EncodingType": encoding or None,
        "Location": f"{call.endpoint.partition('://')[0]}://{call.bucket}.{host}/{documents.encoded(call.key, 'url')}",
        "Bucket": call.bucket,
        "Key": documents.encoded(call.key, encoding),
        "ETag": objects.told(written),
    }
    response = documents.answered("CompleteMultipartUploadResult", document)
    response.headers["ETag"] = objects.told(written)
    response.headers["x-oss-hash-crc64ecma"] = written.note.crc64
    return response


def _wanted(data: bytes) -> list[tuple[int, str]]:
    """Numbers and MD5s of the parts that are to be put together."""
    found = []
    for one in documents.read(data, "CompleteMultipartUpload"):
        if documents.local(one.tag) != "Part":
            continue
        number, etag = (documents.child(one, "PartNumber") or "").strip(), (documents.child(one, "ETag") or "").strip().strip('"')
        if not number.isascii() or not number.isdecimal() or not 1 <= int(number[:9]) <= multipart.NUMBER_MAX or not _is_md5(etag):
            raise documents.malformed()
        found.append((int(number), etag.lower()))
    if not found:
        raise documents.malformed()
    return found


def _is_md5(text: str) -> bool:
    try:
        return len(binascii.unhexlify(text)) == 16
    except (ValueError, binascii.Error):
        return False


def abort(call: OssCall) -> HttpResponse:
    """AbortMultipartUpload."""
    require(call, Role.OPERATOR)
    multipart.give_up(_upload(call))
    return HttpResponse(status=204)
