"""Pictures that snapshot jobs took of a media: one row for each job, the first picture and its parts; and the cover chosen of them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse

from jobs.engine.errors import Refused
from media_assets.models import Media, MediaFile
from media_assets.storage import discard_later, storage

if TYPE_CHECKING:
    from jobs.engine.address import Address


@dataclass(frozen=True)
class Snapshot:
    """One picture as pages show it."""

    bucket: str
    key: str
    time: float
    width: int
    height: int
    size: int
    job_id: str
    cover: bool = False
    score: float | None = None
    """0–100, of pictures that a cover job chose."""
    scores: tuple[tuple[str, float], ...] = ()
    """The parts of the score: (sharpness, exposure, contrast or colours; 0–100)."""
    faults: tuple[str, ...] = ()
    uploaded: bool = False
    """Somebody's own picture, of no time: see :mod:`media_assets.covers`."""

    @property
    def url(self) -> str:
        """Where it can be seen."""
        return reverse("objects", args=[self.bucket, self.key])


def record(media_id: str, address: Address, parts: Sequence[str], result: dict[str, Any], *, job_id: str, output_id: str) -> MediaFile | None:
    """Remember published pictures. Inside the recording transaction. Pictures of an earlier job with the same first name, and not replaced, go away later.

    None where the media was removed while the job ran.
    """
    if not Media.objects.filter(pk=media_id).exists():
        return None
    try:
        facts = storage(address.bucket).stat(address.key)
    except Refused:
        facts = None
    old = MediaFile.objects.select_for_update().filter(bucket=address.bucket, key=address.key, role=MediaFile.Role.SNAPSHOT).first()
    named = {picture["key"] for picture in result["pictures"]}
    leftover = sorted(set(old.parts) - named) if old else []
    values = {
        "media_id": media_id,
        "parts": list(parts),
        "size": sum(picture["size"] for picture in result["pictures"]),
        "etag": facts.etag if facts else "",
        "info": result,
        "job_id": job_id,
        "output_id": output_id,
    }
    row, _made = MediaFile.objects.update_or_create(bucket=address.bucket, key=address.key, role=MediaFile.Role.SNAPSHOT, defaults=values)
    if leftover:
        discard_later(address.bucket, leftover, settings.REELMILL_DISCARD_GRACE_SECONDS, f"old-{uuid.uuid4().hex}", main=address.key)
    return row


def result_of(job_id: str) -> dict[str, Any] | None:
    """What a job has recorded."""
    return MediaFile.objects.filter(job_id=job_id, role=MediaFile.Role.SNAPSHOT).values_list("info", flat=True).first()


def of_media(media: Media) -> list[Snapshot]:
    """All pictures of a media, newest job first, each job's by time."""
    rows = MediaFile.objects.filter(media=media, role=MediaFile.Role.SNAPSHOT).order_by("-updated_at")
    return [_snapshot(picture, media, row.job_id) for row in rows for picture in (row.info or {}).get("pictures", ())]


def of_result(result: dict[str, Any], media: Media | None, job_id: str) -> list[Snapshot]:
    """The pictures of a job's result."""
    return [_snapshot(picture, media, job_id) for picture in result.get("pictures", ())]


def _snapshot(picture: dict[str, Any], media: Media | None, job_id: str) -> Snapshot:
    return Snapshot(
        **{name: picture[name] for name in ("bucket", "key", "time", "width", "height", "size")},
        job_id=job_id,
        cover=media is not None and _is_cover(media, picture),
        score=picture.get("score"),
        scores=tuple(picture.get("scores", {}).items()),
        faults=tuple(picture.get("faults", ())),
        uploaded=picture.get("uploaded", False),
    )


def _is_cover(media: Media, picture: dict[str, Any]) -> bool:
    return (media.cover_bucket, media.cover_key) == (picture["bucket"], picture["key"])


def set_cover(media_id: str, bucket: str, key: str) -> None:
    """Make a picture the cover of its media."""
    Media.objects.filter(pk=media_id).update(cover_bucket=bucket, cover_key=key)


def choose_cover(media: Media, bucket: str, key: str) -> None:
    """The same for a person's choice. Raises Refused NotFound for what is no snapshot of this media."""
    if not any((one.bucket, one.key) == (bucket, key) for one in of_media(media)):
        raise Refused("NotFound", "This is no snapshot of this media.")
    set_cover(media.id, bucket, key)
