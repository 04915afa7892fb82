"""Short moving pictures of a media: animated previews and highlights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jobs.engine.errors import Refused
from media_assets.models import Media, MediaFile
from media_assets.storage import storage

if TYPE_CHECKING:
    from jobs.engine.address import Address


def record(media_id: str, address: Address, size: int, info: dict[str, Any], *, job_id: str, output_id: str) -> MediaFile | None:
    """Remember a published preview. Inside the recording transaction. None where the media was removed while the job ran."""
    if not Media.objects.filter(pk=media_id).exists():
        return None
    try:
        facts = storage(address.bucket).stat(address.key)
    except Refused:
        facts = None
    values = {"media_id": media_id, "parts": [], "size": size, "etag": facts.etag if facts else "", "info": info, "job_id": job_id, "output_id": output_id}
    row, _made = MediaFile.objects.update_or_create(bucket=address.bucket, key=address.key, role=MediaFile.Role.PREVIEW, defaults=values)
    return row


def result_of(job_id: str) -> dict[str, Any] | None:
    """What a job has recorded."""
    info = MediaFile.objects.filter(job_id=job_id, role=MediaFile.Role.PREVIEW).values_list("info", flat=True).first()
    return {"preview": info["preview"]} if info else None
