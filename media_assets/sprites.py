"""Sheets of small pictures that sprite jobs made of a media, with the index that players read: one row for each job."""

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

SAME_LENGTH = 1.0  # s, or 2 %: a sprite belongs to the files that are as long as what it was made of


@dataclass(frozen=True)
class Sheet:
    """One sheet as pages show it. ``number`` from 1."""

    number: int
    url: str
    key: str
    size: int
    width: int
    height: int


@dataclass(frozen=True)
class Sprite:
    """What one job made. ``index_url``: empty where there is no time to tell. ``grid``: columns, rows, cell width and height, margin, padding."""

    job_id: str
    count: int
    sheets: tuple[Sheet, ...]
    index_url: str
    grid: tuple[int, ...]
    end: float | None = None


def _url(row: dict[str, Any]) -> str:
    return reverse("objects", args=[row["bucket"], row["key"]])


def of_result(result: dict[str, Any], job_id: str) -> Sprite:
    """From what the job recorded."""
    sheets = tuple(Sheet(number, _url(row), row["key"], row["size"], row["width"], row["height"]) for number, row in enumerate(result["sheets"], 1))
    grid = tuple(int(result[name]) for name in ("columns", "rows", "cell_width", "cell_height", "margin", "padding"))
    return Sprite(job_id, result["count"], sheets, _url(result["index"]) if result.get("index") else "", grid, result.get("end"))


def of_media(media: Media) -> list[Sprite]:
    """All of a media, newest first."""
    rows = MediaFile.objects.filter(media=media, role=MediaFile.Role.SPRITE).order_by("-updated_at")
    return [of_result(row.info, row.job_id) for row in rows if row.info and row.info.get("sheets")]


def thumbnails(media_id: str, seconds: float | None) -> str:
    """Where a player of a file of this media finds its index; empty where there is none. ``seconds``: how long the file is: a clip of the media has other times."""
    if not media_id:
        return ""
    for row in MediaFile.objects.filter(media=media_id, role=MediaFile.Role.SPRITE).order_by("-updated_at")[:10]:
        info = row.info or {}
        end = info.get("end")
        if info.get("index") and end is not None and (seconds is None or abs(end - seconds) <= max(SAME_LENGTH, 0.02 * end)):
            return _url(info["index"])
    return ""


def media_of(pictures: Sequence[Address]) -> Media | None:
    """The media that one of these pictures was taken of; None where none of them is known as a snapshot."""
    for bucket in {address.bucket for address in pictures}:
        keys = [address.key for address in pictures if address.bucket == bucket]
        found = MediaFile.objects.filter(bucket=bucket, key__in=keys, role=MediaFile.Role.SNAPSHOT).select_related("media").first()
        if found:
            return found.media
    return None


def record(media_id: str, address: Address, parts: Sequence[str], result: dict[str, Any], job_id: str, output_id: str) -> MediaFile | None:
    """Remember published sheets by their main object (the index, else the first sheet). Inside the recording transaction. Sheets of an earlier job with the same
    main object, and not replaced, go away later. None where the media was removed while the job ran."""
    if not Media.objects.filter(pk=media_id).exists():
        return None
    try:
        facts = storage(address.bucket).stat(address.key)
    except Refused:
        facts = None
    old = MediaFile.objects.select_for_update().filter(bucket=address.bucket, key=address.key, role=MediaFile.Role.SPRITE).first()
    leftover = sorted(set(old.parts) - set(parts)) if old else []
    values = {
        "media_id": media_id,
        "parts": list(parts),
        "size": sum(sheet["size"] for sheet in result["sheets"]) + (result["index"]["size"] if result.get("index") else 0),
        "etag": facts.etag if facts else "",
        "info": {name: value for name, value in result.items() if name != "pictures"},
        "job_id": job_id,
        "output_id": output_id,
    }
    row, _made = MediaFile.objects.update_or_create(bucket=address.bucket, key=address.key, role=MediaFile.Role.SPRITE, defaults=values)
    if leftover:
        discard_later(address.bucket, leftover, settings.REELMILL_DISCARD_GRACE_SECONDS, f"old-{uuid.uuid4().hex}", main=address.key)
    return row


def result_of(job_id: str) -> dict[str, Any] | None:
    """What a job has recorded."""
    found = MediaFile.objects.filter(job_id=job_id, role=MediaFile.Role.SPRITE).values_list("info", flat=True).first()
    return None if found is None else {**found, "pictures": _pictures(job_id)}


def _pictures(job_id: str) -> list[dict[str, Any]]:
    info = MediaFile.objects.filter(job_id=job_id, role=MediaFile.Role.SNAPSHOT).values_list("info", flat=True).first()
    return list((info or {}).get("pictures", ()))
