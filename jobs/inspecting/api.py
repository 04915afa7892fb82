"""Inspections, covers and previews as JSON: the same jobs as ``POST /jobs`` makes, and a short way to wait for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ninja import Router
from pydantic import Field

from console.auth import needs_operator
from console.lib.openapi import IDEMPOTENCY_KEY, body
from jobs import payloads, short_api
from jobs.engine.spec import CoverSpec, InspectSpec, PreviewSpec

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

router = Router(tags=["media"])
WAIT = "answer when it is done, after at most 8 s"


class InspectionRequest(InspectSpec, payloads.Envelope):
    """An inspect job; what a job request says, without its kind."""

    wait: bool = Field(False, description=WAIT)


class CoverRequest(CoverSpec, payloads.Envelope):
    """A cover job; what a job request says, without its kind."""

    wait: bool = Field(False, description=WAIT)


class VideoPreviewRequest(PreviewSpec, payloads.Envelope):
    """A preview job; what a job request says, without its kind."""

    wait: bool = Field(False, description=WAIT)


@router.post(
    "/inspections",
    auth=needs_operator,
    response={201: payloads.JobAnswer},
    openapi_extra={"requestBody": body("InspectionRequest"), "parameters": [IDEMPOTENCY_KEY]},
    url_name="inspection_create",
)
def inspection_create(request: HttpRequest) -> HttpResponse:
    """Find scene cuts, black, frozen and silent stretches, loudness, fields and borders. Role operator."""
    return short_api.create(request, "inspect")


@router.post(
    "/covers",
    auth=needs_operator,
    response={201: payloads.JobAnswer},
    openapi_extra={"requestBody": body("CoverRequest"), "parameters": [IDEMPOTENCY_KEY]},
    url_name="cover_create",
)
def cover_create(request: HttpRequest) -> HttpResponse:
    """Find the best picture of a video and others to choose from, with their scores. Role operator."""
    return short_api.create(request, "cover")


@router.post(
    "/previews",
    auth=needs_operator,
    response={201: payloads.JobAnswer},
    openapi_extra={"requestBody": body("VideoPreviewRequest"), "parameters": [IDEMPOTENCY_KEY]},
    url_name="preview_create",
)
def preview_create(request: HttpRequest) -> HttpResponse:
    """Make a short moving picture of the most different shots (GIF, WebP), or a highlight (MP4). Role operator."""
    return short_api.create(request, "preview")
