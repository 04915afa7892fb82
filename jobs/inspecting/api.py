"""Inspections, covers and previews as JSON: the same jobs as ``POST /jobs`` makes, and a short way to wait for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ninja import Router

from jobs import short_api
from jobs.engine.spec import CoverSpec, InspectSpec, PreviewSpec

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

router = Router(tags=["media"])


class InspectionRequest(InspectSpec, short_api.Awaited):
    """An inspect job; what a job request says, without its kind."""


class CoverRequest(CoverSpec, short_api.Awaited):
    """A cover job; what a job request says, without its kind."""


class VideoPreviewRequest(PreviewSpec, short_api.Awaited):
    """A preview job; what a job request says, without its kind."""


@router.post("/inspections", url_name="inspection_create", **short_api.taking(InspectionRequest))
def inspection_create(request: HttpRequest) -> HttpResponse:
    """Find scene cuts, black, frozen and silent stretches, loudness, fields and borders. Role operator."""
    return short_api.create(request, "inspect")


@router.post("/covers", url_name="cover_create", **short_api.taking(CoverRequest))
def cover_create(request: HttpRequest) -> HttpResponse:
    """Find the best picture of a video and others to choose from, with their scores. Role operator."""
    return short_api.create(request, "cover")


@router.post("/previews", url_name="preview_create", **short_api.taking(VideoPreviewRequest))
def preview_create(request: HttpRequest) -> HttpResponse:
    """Make a short moving picture of the most different shots (GIF, WebP), or a highlight (MP4). Role operator."""
    return short_api.create(request, "preview")
