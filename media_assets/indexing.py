"""The search row of every media: what the library searches, filters, counts and sorts by, in a narrow table of its own.

It is written in the transaction that changes the media: whoever changes what a media is found by calls :func:`refresh`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import transaction

from media_assets.grams import COLUMNS, fold, signature
from media_assets.models import Media, MediaEntry

if TYPE_CHECKING:
    from media_assets.models import Tag

BATCH = 500
LENGTHS = {"1m": 60, "10m": 600, "1h": 3600, "long": float("inf")}  # class: up to so many seconds
NUMBERS = {name: number for number, name in enumerate(LENGTHS, 1)}
COPIED = ("created_at", "title", "category_id", "state", "length", "tags", "text", *(f"bits{i}" for i in range(COLUMNS)))


def length_class(info: dict[str, Any] | None) -> int:
    """Number of the duration class; 0 where the duration is not known."""
    seconds = (info or {}).get("duration")
    if not isinstance(seconds, int | float):
        return 0
    return next(number for name, number in NUMBERS.items() if seconds <= LENGTHS[name])


def entry_of(media: Media, tags: Iterable[Tag]) -> MediaEntry:
    """The search row as it should be."""
    tags = list(tags)
    texts = [fold(text) for text in (media.title, media.description, media.key, *(tag.name for tag in tags))]
    bits = {f"bits{i}": number for i, number in enumerate(signature(texts))}
    return MediaEntry(
        media_id=media.pk,
        created_at=media.created_at,
        title=(media.title or media.key)[:128],
        category_id=media.category_id,
        state=media.state,
        length=length_class(media.info),
        tags=",".join(str(tag.pk) for tag in tags),
        text="\n".join(texts),
        **bits,
    )


def refresh(media_ids: Iterable[str]) -> None:
    """Write the search rows of these media anew."""
    ids = list(media_ids)
    for start in range(0, len(ids), BATCH):
        with transaction.atomic():
            rows = Media.objects.filter(pk__in=ids[start : start + BATCH]).prefetch_related("tags").order_by()
            entries = [entry_of(media, media.tags.all()) for media in rows]
            MediaEntry.objects.bulk_create(entries, update_conflicts=True, unique_fields=["media"], update_fields=[n.removesuffix("_id") for n in COPIED])
