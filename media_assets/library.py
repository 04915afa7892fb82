"""Reads for the library: search, filters, facets, and what removing a media would take with it."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import BooleanField, Case, Count, F, Q, QuerySet, Value, When
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan, GreaterThanOrEqual
from django.utils import timezone

from console.lib.paging import Page
from media_assets.buckets import own_names
from media_assets.grams import fold, signature
from media_assets.indexing import NUMBERS
from media_assets.models import Category, Media, MediaEntry, MediaFile, Tag

if TYPE_CHECKING:
    from collections.abc import Iterable

LEVELS = 3
FACET_TAGS = 30
KNOWN_TAGS = 500  # offered while one types
COUNTED = 2_000  # media of one search, for its counts
WORDS = 16  # of a search; what comes after is not looked at
SORTS = {"created": "created_at", "title": "title"}
ID = re.compile(r"[0-9a-f]{8,32}")


@dataclass(frozen=True)
class MediaFilter:
    """What is asked of the library. Empty values ask nothing. ``length``: a key of indexing.LENGTHS."""

    q: str = ""
    match: str = ""
    category: Category | None = None
    tag: str = ""
    state: str = ""
    length: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    sort: str = "-created"


def own(rows: QuerySet[Media]) -> QuerySet[Media]:
    """Those in buckets that the policy in force allows."""
    names = own_names()
    return rows if names is None else rows.filter(bucket__in=names)


def entries(wanted: MediaFilter, only: Any = None, *, many: bool = False) -> QuerySet[MediaEntry]:
    """Search rows of the media that match. ``only``: ids (or a query of ids) to stay within; None: all.

    ``many``: it is known that many match. PostgreSQL takes each further condition to let next to nothing through, and then rather reads and sorts
    everything than walks the index until the page is full; behind a CASE it does not guess so.
    """
    rows = MediaEntry.objects.all()
    if (names := own_names()) is not None:
        rows = rows.filter(media__bucket__in=names)
    if words := fold(wanted.q).split()[:WORDS]:
        categories = _category_names()
        if wanted.match == "all":
            found = _has_all(words, categories)
        else:
            found = Q()
            for word in words:
                found |= _has_all([word], categories)
        rows = rows.filter(Case(When(found, then=Value(True)), default=Value(False), output_field=BooleanField()) if many else found)
    if only is not None:
        rows = rows.filter(pk__in=only)
    if wanted.category:
        rows = rows.filter(category__in=subtree(wanted.category))
    if wanted.tag:
        rows = rows.filter(media__in=Media.tags.through.objects.filter(tag__name=wanted.tag).values("media"))
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.length:
        rows = rows.filter(length=NUMBERS.get(wanted.length, -1))
    if wanted.since:
        rows = rows.filter(created_at__gte=_midnight(wanted.since))
    if wanted.until:
        rows = rows.filter(created_at__lt=_midnight(wanted.until + dt.timedelta(days=1)))
    descending = "-" if wanted.sort.startswith("-") else ""
    column = SORTS.get(wanted.sort.lstrip("-"), "created_at")
    return rows.order_by(f"{descending}{column}", f"{descending}media_id").only("created_at", "title")  # what is sorted stays small


def media_of(found: Page[MediaEntry]) -> Page[Media]:
    """The media of a page of search rows, with their category, tags and files."""
    rows = Media.objects.select_related("category").prefetch_related("tags", "files").in_bulk([entry.media_id for entry in found.items])
    return Page([rows[entry.media_id] for entry in found.items if entry.media_id in rows], found.next, found.previous)


def searched(wanted: MediaFilter, only: Any = None) -> tuple[QuerySet[MediaEntry], Facets]:
    """The rows to page through, and their counts. PostgreSQL reads all rows for either, so there what was counted is not searched once more."""
    rows = entries(wanted, only)
    counts = facets(rows)
    if connection.vendor == "postgresql":
        rows = entries(wanted, only, many=True) if counts.more else MediaEntry.objects.filter(pk__in=counts.ids).order_by(*rows.query.order_by)
    return rows, counts


@dataclass(frozen=True)
class Facets:
    """How many media there are of each kind, most first; ``more``: only the first :data:`COUNTED` were looked at. ``ids``: of the media that were counted."""

    ids: list[str]
    number: int
    more: bool
    categories: list[tuple[Category, int]]
    tags: list[tuple[Tag, int]]
    states: list[tuple[str, int]]
    lengths: list[tuple[str, int]]


def facets(rows: QuerySet[MediaEntry]) -> Facets:
    """Counts of the rows in one read, which also tells how many they are. Of very many only some are counted, so that it takes no longer.

    SQLite finds its index by the order; PostgreSQL would sort everything, and stops early without.
    """
    if connection.vendor == "postgresql":
        rows = rows.order_by()
    found = list(rows.values_list("category", "tags", "state", "length", "media")[: COUNTED + 1])
    counted = found[:COUNTED]
    by_category: Counter[int | None] = Counter(row[0] for row in counted)
    by_category.pop(None, None)
    by_tags = Counter(row[1] for row in counted if row[1])
    by_tag: Counter[int] = Counter()
    for tags, number in by_tags.items():
        for tag in tags.split(","):
            by_tag[int(tag)] += number
    top = by_tag.most_common(FACET_TAGS)
    known_tags, known_categories = Tag.objects.in_bulk([pk for pk, _number in top]), Category.objects.in_bulk(list(by_category))
    states, lengths = Counter(row[2] for row in counted), Counter(row[3] for row in counted)
    return Facets(
        [row[4] for row in counted],
        len(counted),
        len(found) > COUNTED,
        [(known_categories[pk], number) for pk, number in by_category.most_common() if pk in known_categories],
        [(known_tags[pk], number) for pk, number in top if pk in known_tags],
        [(state, states[state]) for state in Media.State.values if states[state]],
        [(name, lengths[number]) for name, number in NUMBERS.items() if lengths[number]],
    )


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


def _has_all(words: list[str], names: dict[int, str]) -> Q:
    """Each folded word is in title, description, file name or a tag, in a category's name (then all below it too), or begins the id."""
    plain, found = [], Q()
    for word in words:
        elsewhere = Q()
        if named := [pk for pk, name in names.items() if word in name]:
            elsewhere |= Q(category__in=named)
        if ID.fullmatch(word):
            elsewhere |= Q(pk__gte=word, pk__lt=word + "g")  # begins with it: the next character is a hexadecimal digit
        if elsewhere:
            found &= _in_text([word]) | elsewhere
        else:
            plain.append(word)
    return _in_text(plain) & found


def _in_text(words: list[str]) -> Q:
    """All words are in the text.

    The bits of all come first, since a text is much dearer to look at. Written so that PostgreSQL keeps this order: it takes LIKE to be cheaper than
    the bits, and puts «=» behind other conditions.
    """
    found = Q()
    for column, mask in enumerate(signature(words)):
        if mask:
            found &= Q(GreaterThanOrEqual(F(f"bits{column}").bitand(mask), mask))
    for word in words:
        found &= Q(GreaterThan(StrIndex("text", Value(word)), 0))
    return found


def _category_names() -> dict[int, str]:
    """Folded names of each category and those above it, in one."""
    rows = {pk: (parent, fold(name)) for pk, parent, name in Category.objects.values_list("pk", "parent", "name")}

    def full(pk: int | None) -> str:
        return "" if pk is None else f"{full(rows[pk][0])}\n{rows[pk][1]}"

    return {pk: full(pk) for pk in rows}


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
    return Tag.objects.annotate(number=Count("media")).filter(number__gt=0).order_by("-number", "name")[:KNOWN_TAGS]


def bytes_of(files: Iterable[MediaFile], *roles: str) -> int:
    """Bytes of the files of these roles, as far as they are known."""
    return sum(file.size or 0 for file in files if file.role in roles)
