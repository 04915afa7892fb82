"""SearchMedia, ListMedia and PlayInfo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q

from jobs.dialects.mps import answer_library
from jobs.dialects.mps.jobs import moment
from jobs.dialects.mps.library import category_of, of_id
from jobs.dialects.mps.reading import need, page, page_size, plain_id
from jobs.dialects.reading import Bad, Fields
from media_assets import library, links
from media_assets.models import Media, MediaFile

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from jobs.dialects.call import Answer, Call

SORTS = {"CreationTime:Desc": ("-created_at", "-pk"), "CreationTime:Asc": ("created_at", "pk")}
SECONDS_USUAL = 1800


def search(call: Call) -> Answer:
    """SearchMedia: every condition given must hold."""
    fields = Fields(call.params)
    number, size = page(call.params)
    order = fields.one_of("SortBy", SORTS, SORTS["CreationTime:Desc"])
    rows = _within(answer_library.rows(), call).order_by(*order)
    if word := fields.text("KeyWord", most=256):
        rows = rows.filter(pk__in=library.entries(library.MediaFilter(q=word, match="all")).values("media_id"))
    if title := fields.text("Title", most=256):
        rows = rows.filter(title__icontains=title)
    if description := fields.text("Description", most=256):
        rows = rows.filter(description__icontains=description)
    if tag := fields.text("Tag", most=256):
        rows = rows.filter(tags__name=tag)
    if category := category_of(fields, "CateId"):
        rows = rows.filter(category__in=library.subtree(category))
    items = answer_library.medias(rows[(number - 1) * size : number * size], call.endpoint)
    return {"MediaList": {"Media": items}, "TotalNum": rows.count(), "PageNumber": number, "PageSize": size}


def listed(call: Call) -> Answer:
    """ListMedia: newest first."""
    size = page_size(call.params)
    rows = _within(answer_library.rows(), call).order_by("-created_at", "-pk")
    if token := call.params.get("NextPageToken", ""):
        last = answer_library.rows().filter(pk=token).first() if plain_id(token) else None
        if last is None:
            raise Bad("NextPageToken", "This is no token of this list.")
        rows = rows.filter(Q(created_at__lt=last.created_at) | Q(created_at=last.created_at, pk__lt=last.pk))
    found = list(rows[: size + 1])
    answer: dict[str, Any] = {"MediaList": {"Media": answer_library.medias(found[:size], call.endpoint)}}
    return answer | ({"NextPageToken": found[size - 1].pk} if len(found) > size else {})


def play_info(call: Call) -> Answer:
    """PlayInfo: addresses that anybody may open for a time, of a published media's outputs."""
    need(call.params, "MediaId")
    fields = Fields(call.params)
    media = of_id(call.params["MediaId"])
    seconds = fields.whole("AuthTimeout", links.SECONDS_MIN, links.SECONDS_MAX) or SECONDS_USUAL
    formats = {word.strip().lower() for word in fields.text("Formats").split(",") if word.strip()}
    files = media.files.select_related("media").filter(role=MediaFile.Role.RENDITION).order_by("created_at", "pk")
    items = [_play(file, call, seconds) for file in files if not formats or file.key.rpartition(".")[2].lower() in formats]
    return {"PlayInfoList": {"PlayInfo": items}, "NotFoundCDNDomain": {"String": []}}


def _play(file: MediaFile, call: Call, seconds: int) -> dict[str, str]:
    told = {name[0].lower() + name[1:]: value for name, value in answer_library.facts(file).items()}
    return told | {"Url": call.endpoint + links.make(file, seconds).path, "encryption": "0"}


def _within(rows: QuerySet[Media], call: Call) -> QuerySet[Media]:
    for name, lookup in (("From", "gte"), ("To", "lt")):
        if text := call.params.get(name, ""):
            rows = rows.filter(**{f"created_at__{lookup}": moment(name, text)})
    return rows
