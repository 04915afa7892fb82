"""Sprites as JSON: the same jobs as ``POST /jobs`` makes, and a short way to wait for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ninja import Router
from pydantic import Field

from console.auth import needs_operator
from console.lib.openapi import IDEMPOTENCY_KEY, body
from jobs import payloads, short_api
from jobs.engine.spec import SpriteSpec

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

router = Router(tags=["snapshots"])


class SpriteRequest(SpriteSpec, payloads.Envelope):
    """A sprite job; what a job request says, without its kind."""

    wait: bool = Field(False, description="answer when it is done, after at most 8 s")


@router.post(
    "/sprites",
    auth=needs_operator,
    response={201: payloads.JobAnswer},
    openapi_extra={"requestBody": body("SpriteRequest"), "parameters": [IDEMPOTENCY_KEY]},
    url_name="sprite_create",
)
def sprite_create(request: HttpRequest) -> HttpResponse:
    """Lay small pictures of a video, or given pictures, onto sheets, with a WebVTT index. With «wait» the answer is the finished job, or its error; 504 names the job that goes on. Role operator."""
    return short_api.create(request, "sprite")
