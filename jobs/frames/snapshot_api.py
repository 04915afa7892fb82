"""Snapshots as JSON: the same jobs as ``POST /jobs`` makes, and a short way to wait for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ninja import Router

from jobs import short_api
from jobs.engine.spec import SnapshotSpec

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

router = Router(tags=["snapshots"])


class SnapshotRequest(SnapshotSpec, short_api.Awaited):
    """A snapshot job; what a job request says, without its kind."""


@router.post("/snapshots", url_name="snapshot_create", **short_api.taking(SnapshotRequest))
def snapshot_create(request: HttpRequest) -> HttpResponse:
    """Take pictures of a video. With «wait» the answer is the finished job, or its error; 504 names the job that goes on. Role operator."""
    return short_api.create(request, "snapshot")
