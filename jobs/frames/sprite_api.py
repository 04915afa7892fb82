"""Sprites as JSON: the same jobs as ``POST /jobs`` makes, and a short way to wait for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ninja import Router

from jobs import short_api
from jobs.engine.spec import SpriteSpec

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

router = Router(tags=["snapshots"])


class SpriteRequest(SpriteSpec, short_api.Awaited):
    """A sprite job; what a job request says, without its kind."""


@router.post("/sprites", url_name="sprite_create", **short_api.taking(SpriteRequest))
def sprite_create(request: HttpRequest) -> HttpResponse:
    """Lay small pictures of a video, or given pictures, onto sheets, with a WebVTT index. With «wait» the answer is the finished job, or its error; 504 names the job that goes on. Role operator."""
    return short_api.create(request, "sprite")
