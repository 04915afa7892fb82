"""Reads for the library: search, filters, facets, and what removing a media would take with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q, QuerySet

from media_assets.models import Category, Media, MediaFile, Tag

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

LEVELS = 3
FACET_TAGS = 30
SORTS = {"created": "created_at", "title": "title"}


@dataclass(frozen=True)
class MediaFilter:
    """What is asked of the library. Empty values ask nothing."""

    q: str = ""
    match: str = ""
    category: Category | None = None
    tag: str = ""
    state: str = ""
    shorter_than: float | None = None
    longer_than: float | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    sort: str = "-created"


def media(wanted: MediaFilter, only: Any = None) -> QuerySet[Media]:
    """The media that match. ``only``: ids (or a query of ids) to stay within; None: all."""
    rows = Media.objects.all()
    if only is not None:
        rows = rows.filter(pk__in=only)
    if words := wanted.q.split():
        found = Q()
        for word in words:
            found = found & _has(word) if wanted.match == "all" else found | _has(word)
        rows = rows.filter(found)
    if wanted.category:
        rows = rows.filter(category__in=subtree(wanted.category))
    if wanted.tag:
        rows = rows.filter(tags__name=wanted.tag)
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.longer_than is not None:
        rows = rows.filter(info__duration__gte=wanted.longer_than)
    if wanted.shorter_than is not None:
        rows = rows.filter(info__duration__lte=wanted.shorter_than)
    if wanted.since:
        rows = rows.filter(created_at__date__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(created_at__date__lte=wanted.until)
    descending = "-" if wanted.sort.startswith("-") else ""
    column = SORTS.get(wanted.sort.lstrip("-"), "created_at")
    return rows.select_related("category").prefetch_related("tags", "files").order_by(f"{descending}{column}", f"{descending}id")


def _has(word: str) -> Q:
    """The word is in title, description, file name, category or a tag, or is the id."""
    tagged = Media.objects.filter(tags__name__icontains=word).values("pk")
    texts = Q(title__icontains=word) | Q(description__icontains=word) | Q(key__icontains=word) | Q(category__name__icontains=word)
    return texts | Q(pk=word) | Q(pk__in=tagged)


def categories() -> list[tuple[Category, int, int]]:
    """The tree, flat, in reading order: (category, level from 0, media in it)."""
    rows = Category.objects.annotate(number=Count("media")).order_by("name")
    children: dict[int | None, list[Category]] = {}
    for row in rows:
        children.setdefault(row.parent_id, []).append(row)
    found: list[tuple[Category, int, int]] = []

    def walk(parent: int | None, level: int) -> None:
        for row in children.get(parent, ()):
            found.append((row, level, row.number))  # type: ignore[attr-defined]  # the annotation above
            walk(row.pk, level + 1)

    walk(None, 0)
    return found


def subtree(category: Category) -> list[int]:
    """The category and all below it."""
    ids = [category.pk]
    level = [category.pk]
    while level:
        level = list(Category.objects.filter(parent__in=level).values_list("pk", flat=True))
        ids.extend(level)
    return ids


def path(category: Category | None) -> list[Category]:
    """From the root down to the category."""
    found: list[Category] = []
    while category is not None:
        found.insert(0, category)
        category = category.parent
    return found


def tags() -> QuerySet[Tag]:
    """The tags used most, with how many media carry them (``number``)."""
    return Tag.objects.annotate(number=Count("media")).filter(number__gt=0).order_by("-number", "name")[:FACET_TAGS]


def bytes_of(files: Iterable[MediaFile], role: str) -> int:
    """Bytes of the files of one role, as far as they are known."""
    return sum(file.size or 0 for file in files if file.role == role)
