"""What the first page of a media shows besides its player: everything that jobs have found out or made, in one read each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from jobs import usage
from jobs.inspecting.chart import chart
from media_assets import snapshots
from media_assets.models import MediaFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from media_assets.models import Media

PICTURES = 8
PREVIEWS = 6
JOBS = 6


@dataclass(frozen=True)
class Preview:
    """A short moving picture as pages show it."""

    file: MediaFile
    url: str
    is_video: bool


def overview(media: Media, files: Sequence[MediaFile]) -> dict[str, Any]:
    """Media info in full, the newest inspection, previews, the newest pictures and jobs. What a job found in another object of the same name is left out."""
    source = next((file for file in files if file.role == MediaFile.Role.SOURCE), None)
    etag = source.etag if source else ""
    looked, inspected = (usage.newest_result(media.id, kind, etag) for kind in ("mediainfo", "inspect"))
    found = (looked.result if looked else None) or {}
    pictures = snapshots.of_media(media)
    made = sorted((file for file in files if file.role == MediaFile.Role.PREVIEW), key=lambda file: file.updated_at, reverse=True)
    return {
        "job": looked,  # whose raw document can be fetched
        "full_info": found,
        "raw_info": json.dumps(found["raw"], ensure_ascii=False, indent=2) if found.get("raw") else "",
        "chart": chart(inspected.result) if inspected and inspected.result else None,
        "inspected": inspected,
        "previews": [_preview(file) for file in made[:PREVIEWS]],
        "snapshots": pictures[:PICTURES],
        "more_snapshots": len(pictures) > PICTURES,
        "newest_jobs": usage.jobs_of_media(media.id)[:JOBS],
    }


def _preview(file: MediaFile) -> Preview:
    return Preview(file, reverse("objects", args=[file.bucket, file.key]), file.key.rpartition(".")[2].lower() == "mp4")
