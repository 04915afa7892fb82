"""Uploads straight to an S3-compatible store as JSON: begin, sign parts, look, complete, give up. Role operator; everyone has only their own."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import BaseModel, Field

from console.auth import needs_operator, who
from console.idempotency import creating
from console.lib.http import answer, iso, known_parameters, read
from console.lib.openapi import body
from jobs.engine.address import Address
from jobs.engine.errors import Refused
from jobs.engine.types import Strict
from media_assets import direct_uploads, resumable
from media_assets.models import Upload
from media_assets.s3_direct import PART_SECONDS
from media_assets.uploads import IfExists

router = Router(tags=["uploads"])
SIGNED_AT_ONCE = 100


class NewDirectUpload(Strict):
    """An upload to be."""

    bucket: str = Field(description="of an S3-compatible store, bound as input")
    key: str = Field(description="where the object will appear")
    length: int = Field(ge=1, lt=2**62, description="bytes")
    if_exists: IfExists = Field("fail", description="replace, keep_both («name (2)»), skip or fail")
    title: str = Field("", max_length=128)
    tags: tuple[str, ...] = Field((), description="at most 16, of at most 32 bytes")


class PartsWanted(Strict):
    """Which parts to sign."""

    numbers: tuple[int, ...] = Field(min_length=1, max_length=SIGNED_AT_ONCE, description="from 1")


class DirectUploadAnswer(BaseModel):
    """How an upload stands."""

    id: str
    state: str = Field(description="open or done")
    bucket: str
    key: str
    length: int
    part_size: int = Field(description="bytes of every part but the last")
    parts: int
    arrived: list[int] = Field(description="numbers of the parts that are in the store")
    address: str | None
    media: str | None
    expires_at: str


class SignedPart(BaseModel):
    """Where one part goes: one PUT with just these bytes of the file."""

    number: int
    url: str
    offset: int
    size: int


class SignedParts(BaseModel):
    """Addresses of parts."""

    items: list[SignedPart]
    expires_in_seconds: int


@creating(router, "/uploads/direct", NewDirectUpload, auth=needs_operator, response=DirectUploadAnswer)
def direct_create(request: HttpRequest, wanted: NewDirectUpload) -> dict[str, Any]:
    """Begin an upload whose parts the sender puts into the store itself. Role operator."""
    known_parameters(request)
    try:
        address = Address.parse(f"oss://{wanted.bucket}/{wanted.key}")
    except ValueError as error:
        raise Refused("InvalidAddress", str(error)) from None
    row = direct_uploads.create(
        bucket=address.bucket, key=address.key, length=wanted.length, if_exists=wanted.if_exists, user=who(request).user, title=wanted.title, tags=wanted.tags
    )
    return _told(row, [])


@router.get("/uploads/direct/{upload_id}", auth=needs_operator, response=DirectUploadAnswer, url_name="direct_upload")
def state(request: HttpRequest, upload_id: str) -> HttpResponse:
    """What has arrived, by the store's own word. Role operator."""
    known_parameters(request)
    row = _own(request, upload_id)
    response = answer(_told(row, sorted(direct_uploads.arrived(row))))
    response.headers["Cache-Control"] = "no-store"
    return response


@router.post("/uploads/direct/{upload_id}/parts", auth=needs_operator, response=SignedParts, openapi_extra={"requestBody": body("PartsWanted")})
def sign(request: HttpRequest, upload_id: str) -> HttpResponse:
    """Addresses to which parts may be PUT for an hour, without any other credentials. Role operator."""
    known_parameters(request)
    row = _own(request, upload_id)
    signed = direct_uploads.sign(row, read(PartsWanted, request).numbers)
    items = []
    for number, url in signed.items():
        offset = (number - 1) * row.part_size
        items.append({"number": number, "url": url, "offset": offset, "size": min(row.part_size, row.length - offset)})
    response = answer({"items": items, "expires_in_seconds": PART_SECONDS})
    response.headers["Cache-Control"] = "no-store"
    return response


@router.post("/uploads/direct/{upload_id}/complete", auth=needs_operator, response=DirectUploadAnswer)
def complete(request: HttpRequest, upload_id: str) -> HttpResponse:
    """Put the parts together: the object appears, in the library too. May be asked again. Role operator."""
    known_parameters(request)
    row = _own(request, upload_id)
    direct_uploads.complete(row)
    return answer(_told(row, sorted(direct_uploads.arrived(row))))


@router.delete("/uploads/direct/{upload_id}", auth=needs_operator, response={204: None})
def delete(request: HttpRequest, upload_id: str) -> HttpResponse:
    """Give an upload up: the store forgets its parts; an object that is complete stays. Role operator."""
    known_parameters(request)
    resumable.withdraw(_own(request, upload_id))
    return HttpResponse(status=204)


def _own(request: HttpRequest, upload_id: str) -> Upload:
    rows = Upload.objects.select_related("owner", "media").exclude(remote_id="", state=Upload.State.OPEN)
    row = rows.filter(pk=upload_id, owner=who(request).user, part_size__gt=0).first() if upload_id.isalnum() else None
    if row is None:
        raise Refused("NotFound", _("There is no such upload, or it has expired."))
    return row


def _told(row: Upload, arrived: list[int]) -> dict[str, Any]:
    done = row.state == Upload.State.DONE
    return {
        "id": row.id,
        "state": row.state,
        "bucket": row.bucket,
        "key": row.key,
        "length": row.length,
        "part_size": row.part_size,
        "parts": direct_uploads.parts_of(row),
        "arrived": arrived,
        "address": f"oss://{row.bucket}/{row.key}" if done else None,
        "media": row.media_id if done else None,
        "expires_at": iso(row.expires_at),
    }
