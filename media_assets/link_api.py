"""Signed links, and the referers of buckets, as JSON."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from ninja import Router
from pydantic import BaseModel, Field

from console.auth import needs_admin, needs_operator
from console.lib.http import answer, iso, known_parameters, read
from console.lib.openapi import body
from jobs.engine.errors import Refused
from jobs.engine.types import Strict
from media_assets import library, links, referers
from media_assets.models import Bucket, Media

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

router = Router(tags=["media"])


class NewLink(Strict):
    """A link to be."""

    address: str = Field("", max_length=1100, description="of a file of the media; not said: its newest output, else its source")
    expires_in_seconds: int = Field(links.DEFAULT_SECONDS, ge=links.SECONDS_MIN, le=links.SECONDS_MAX, description="60 seconds to 90 days")


class LinkAnswer(BaseModel):
    """A signed link."""

    url: str
    address: str
    expires_at: str = Field(description="ISO 8601, UTC")


class Referers(Strict):
    """Which pages may embed the files of a bucket."""

    hosts: tuple[str, ...] = Field((), max_length=referers.HOSTS_MAX, description="example.org, example.org:8080 or *.example.org; none: every page")
    without_referer: bool = Field(True, description="requests without Referer may too")


@router.post(
    "/media/{media_id}/links", auth=needs_operator, response={201: LinkAnswer}, operation_id="make_link", openapi_extra={"requestBody": body("NewLink")}
)
def make_link(request: HttpRequest, media_id: str) -> HttpResponse:
    """An address that opens one file of a published media, and the parts of its set, for everybody until it expires. Role operator."""
    known_parameters(request)
    wanted = read(NewLink, request)
    media = library.own(Media.objects.filter(pk=media_id)).first() if media_id.isalnum() else None
    if media is None:
        raise Refused("NotFound", _("There is no such media."))
    file = links.file_of(media, wanted.address)
    made = links.make(file, wanted.expires_in_seconds)
    expires = dt.datetime.fromtimestamp(made.expires, dt.UTC)
    found: dict[str, Any] = {"url": request.build_absolute_uri(made.path), "address": str(file), "expires_at": iso(expires)}
    return answer(found, 201)


@router.put("/buckets/{name}/referers", auth=needs_admin, operation_id="set_referers", openapi_extra={"requestBody": body("Referers")}, tags=["buckets"])
def put_referers(request: HttpRequest, name: str) -> HttpResponse:
    """Say which pages may embed the files of a bucket. Role admin."""
    known_parameters(request)
    wanted = read(Referers, request)
    bucket = Bucket.objects.filter(name=name).first() if "\x00" not in name else None
    if bucket is None:
        raise Refused("BucketNotFound")
    referers.set_referers(bucket, wanted.hosts, without=wanted.without_referer)
    return answer({"hosts": bucket.referers.split("\n") if bucket.referers else [], "without_referer": bucket.without_referer})
