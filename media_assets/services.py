"""What jobs and uploads tell the library, and the buckets. What people write to it: :mod:`media_assets.editing`."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from jobs.engine.errors import Refused
from media_assets import indexing
from media_assets.buckets import create_bucket, ensure_default_buckets, remove_bucket, update_bucket
from media_assets.models import Media, MediaFile, Tag
from media_assets.storage import discard_later, storage

if TYPE_CHECKING:
    from jobs.engine.address import Address
    from media_assets.objects import ObjectFacts

__all__ = ["create_bucket", "ensure_default_buckets", "record_rendition", "remember", "remove_bucket", "set_info", "update_bucket"]

TITLE_BYTES = 128


def remember(address: Address, *, title: str = "", tags: Sequence[str] = (), facts: ObjectFacts | None = None) -> Media:
    """The media of this source, made where it is new; its title is the file's name unless given, ``tags`` are given to a new one only. Never forgets what people wrote.

    ``facts``: of the object, where the caller knows them already. A source that was replaced by another object loses its media info, which was the old one's.
    """
    known = facts or _facts(address)
    with transaction.atomic():
        media, made = Media.objects.get_or_create(bucket=address.bucket, key=address.key, defaults={"title": _cut(title or address.name, TITLE_BYTES)})
        if made and tags:
            media.tags.set([Tag.objects.get_or_create(name=word)[0] for word in tags])
        file, fresh = MediaFile.objects.get_or_create(
            bucket=address.bucket,
            key=address.key,
            role=MediaFile.Role.SOURCE,
            defaults={"media": media, "size": known.size if known else None, "etag": known.etag if known else ""},
        )
        if known and not fresh and file.etag != known.etag:
            MediaFile.objects.filter(pk=file.pk).update(size=known.size, etag=known.etag, info=None)
            media.info = None
            media.save(update_fields=["info", "updated_at"])
            made = True
        if made:
            indexing.refresh([media.pk])
    return media


def _facts(address: Address) -> ObjectFacts | None:
    try:
        return storage(address.bucket).stat(address.key)
    except Refused:
        return None  # the job says so itself, with its own code


def set_info(media: Media, info: dict[str, Any]) -> None:
    """Keep what a probe found in the source."""
    with transaction.atomic():
        media.info = info
        media.save(update_fields=["info", "updated_at"])
        indexing.refresh([media.pk])
        MediaFile.objects.filter(media=media, role=MediaFile.Role.SOURCE).update(info=info)


def record_rendition(
    media_id: str | None,
    address: Address,
    parts: Sequence[str] = (),
    size: int | None = None,
    info: dict[str, Any] | None = None,
    job_id: str = "",
    output_id: str = "",
) -> MediaFile | None:
    """A verified output is visible at this address. Inside the recording transaction.

    The parts of the set that was there before and are not of the new one go away after REELMILL_DISCARD_GRACE_SECONDS, so that players that have
    the old playlist can finish. None where the media was removed while the job ran: then nothing is recorded, and the files stay.
    """
    if media_id is None or not Media.objects.filter(pk=media_id).exists():
        return None
    facts = _facts(address)
    old = MediaFile.objects.select_for_update().filter(bucket=address.bucket, key=address.key, role=MediaFile.Role.RENDITION).first()
    leftover = sorted(set(old.parts) - set(parts)) if old else []
    values = {
        "media_id": media_id,
        "parts": list(parts),
        "size": size,
        "etag": facts.etag if facts else "",
        "info": info,
        "job_id": job_id,
        "output_id": output_id,
    }
    row, _made = MediaFile.objects.update_or_create(bucket=address.bucket, key=address.key, role=MediaFile.Role.RENDITION, defaults=values)
    if leftover:
        discard_later(address.bucket, leftover, settings.REELMILL_DISCARD_GRACE_SECONDS, f"old-{uuid.uuid4().hex}", main=address.key)
    return row


def _cut(text: str, limit: int) -> str:
    """The beginning that has at most ``limit`` bytes of UTF-8."""
    return text.encode()[:limit].decode(errors="ignore")
