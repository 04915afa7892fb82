"""Reads for the template pages: the list of one tab, with its filters."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Q, QuerySet

from templates_app.fields import FORMATS
from templates_app.models import Template

# px of the width; of templates that give the short side, of a 16:9 picture with that width
DEFINITIONS = {"LD": (1, 640), "SD": (641, 853), "HD": (854, 1280), "FHD": (1281, 1920), "2K": (1921, 2560), "4K": (2561, 8192)}
TREE_MAX = 2000


@dataclass(frozen=True)
class TemplateFilter:
    """What is asked of the list. Empty values ask nothing. ``used``: «yes» or «no»."""

    q: str = ""
    container: str = ""
    codec: str = ""
    definition: str = ""
    used: str = ""


def templates(kinds: Collection[str], wanted: TemplateFilter, used_ids: Any = ()) -> QuerySet[Template]:
    """The templates of these kinds that match, by name. ``used_ids``: ids of templates that jobs have used, or a query of them."""
    rows = Template.objects.filter(kind__in=kinds, deleted_at=None, current__isnull=False).select_related("current")
    if wanted.q:
        rows = rows.filter(Q(name__icontains=wanted.q) | Q(description__icontains=wanted.q) | Q(pk__icontains=wanted.q))
    if wanted.container:
        rows = rows.filter(current__params__container__format=wanted.container)
    if wanted.codec:
        rows = rows.filter(Q(current__params__video__codec=wanted.codec) | Q(current__params__audio__codec=wanted.codec))
    if wanted.definition in DEFINITIONS:
        low, high = DEFINITIONS[wanted.definition]
        by_width = Q(current__params__video__width__gte=low, current__params__video__width__lte=high)
        by_side = Q(current__params__video__short_side__gte=low * 9 / 16, current__params__video__short_side__lte=high * 9 / 16)
        rows = rows.filter(by_width | by_side)
    if wanted.used == "yes":
        rows = rows.filter(pk__in=used_ids)
    elif wanted.used == "no":
        rows = rows.exclude(pk__in=used_ids)
    return rows.order_by("name", "id")


@dataclass(frozen=True)
class Branch:
    """One container of the tree, with its definitions: (name, how many)."""

    container: str
    name: str
    count: int
    definitions: tuple[tuple[str, int], ...]


def tree(kinds: Collection[str], wanted: TemplateFilter) -> list[Branch]:
    """Containers and definitions of the templates that match, but for these two filters."""
    rows = templates(kinds, replace(wanted, container="", definition="")).values_list("current__params", flat=True)
    found: dict[str, dict[str, int]] = {}
    for params in rows[:TREE_MAX]:
        leaves = found.setdefault(params["container"]["format"], {})
        name = definition(params)
        leaves[name] = leaves.get(name, 0) + 1
    order = [*DEFINITIONS, ""]
    return [
        Branch(
            container,
            str(FORMATS.get(container, container)),
            sum(leaves.values()),
            tuple((name, leaves[name]) for name in order if name and name in leaves),
        )
        for container, leaves in sorted(found.items(), key=lambda item: list(FORMATS).index(item[0]) if item[0] in FORMATS else 99)
    ]


def definition(params: Mapping[str, Any]) -> str:
    """LD, SD, HD … by the width, or the width that a 16:9 picture of this short side has; empty where the size is the source's, or rungs differ."""
    video = params.get("video") or {}
    width = video.get("width") or video.get("long_side") or (video.get("short_side") or 0) * 16 / 9
    return next((name for name, (low, high) in DEFINITIONS.items() if low <= width <= high), "")


def counts() -> dict[str, int]:
    """How many templates there are of each kind."""
    rows = Template.objects.filter(deleted_at=None).order_by().values("kind").annotate(number=Count("id"))
    return {row["kind"]: row["number"] for row in rows}
