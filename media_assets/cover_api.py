"""A picture of one's own as the cover of a media, as JSON: sent as it is, or named."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, cast

from ninja import Router
from pydantic import Field

from console.auth import needs_operator
from console.lib.http import answer, known_parameters, read
from jobs.engine.address import Address
from jobs.engine.types import Strict
from media_assets import covers
from media_assets.api import MediaAnswer, media_of_id, media_payload

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

router = Router(tags=["media"])


class CoverOf(Strict):
    """The object that the cover is made of."""

    address: Address = Field(description="oss://bucket/key of a JPEG, PNG or WebP")


@router.post(
    "/media/{media_id}/cover",
    auth=needs_operator,
    response=MediaAnswer,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                **{name: {"schema": {"type": "string", "format": "binary"}} for name in ("image/jpeg", "image/png", "image/webp")},
                "application/json": {"schema": CoverOf.model_json_schema()},
            },
        }
    },
)
def media_cover(request: HttpRequest, media_id: str) -> HttpResponse:
    """Make a picture of one's own the cover: the raw body, or with Content-Type application/json the object of ``address``. JPEG, PNG or WebP of at most 10 MB,
    kept as a JPEG of at most 1,920 px a side. Role operator."""
    known_parameters(request)
    media = media_of_id(media_id)
    if request.content_type == "application/json":
        covers.from_object(media, read(CoverOf, request).address)
    else:
        covers.from_file(media, cast("BinaryIO", request))
    return answer(media_payload(media_of_id(media_id), request))
