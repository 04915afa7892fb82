"""Watermark templates in MPS's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jobs.dialects.mps import translate_marks
from jobs.dialects.mps.errors import not_found
from jobs.dialects.mps.reading import ids, need, page, plain_id, said, wrapped
from jobs.dialects.mps.templates import STATES
from jobs.dialects.reading import Bad, Fields
from jobs.dialects.times import utc
from jobs.engine.errors import Refused
from templates_app.marks import queries, services
from templates_app.marks.models import WatermarkTemplate

if TYPE_CHECKING:
    from jobs.dialects.call import Answer, Call

NAME = "WaterMarkTemplate"


def add(call: Call) -> Answer:
    """AddWaterMarkTemplate."""
    need(call.params, "Name", "Config")
    fields = Fields(call.params)
    kind, params = translate_marks.template(fields.child("Config"))
    return {NAME: told(services.create(fields.text("Name", most=512), kind, params))}


def update(call: Call) -> Answer:
    """UpdateWaterMarkTemplate: all of it is said anew; the type stays."""
    need(call.params, "WaterMarkTemplateId", "Name", "Config")
    fields = Fields(call.params)
    row = of_id(call.params["WaterMarkTemplateId"])
    config = fields.child("Config")
    kind, params = translate_marks.template(config)
    if config.has("Type") and kind != row.kind:
        raise Bad(config.at("Type"), "The type of a watermark template stays.")
    return {NAME: told(services.update(row, name=fields.text("Name", most=512), params=params))}


def query(call: Call) -> Answer:
    """QueryWaterMarkTemplateList."""
    wanted = ids(call.params, "WaterMarkTemplateIds")
    rows = WatermarkTemplate.objects.select_related("current").in_bulk([one for one in wanted if plain_id(one)])
    missing = [one for one in wanted if one not in rows]
    return wrapped(NAME, [told(rows[one]) for one in wanted if one in rows]) | {"NonExistWids": {"String": missing}}


def search(call: Call) -> Answer:
    """SearchWaterMarkTemplate."""
    number, size = page(call.params)
    alive = Fields(call.params).one_of("State", STATES, None)
    rows = WatermarkTemplate.objects.filter(current__isnull=False).select_related("current").order_by("-created_at", "id")
    if alive is not None:
        rows = rows.filter(deleted_at__isnull=alive)
    items = [told(row) for row in rows[(number - 1) * size : number * size]]
    return wrapped(NAME, items) | {"TotalCount": rows.count(), "PageNumber": number, "PageSize": size}


def delete(call: Call) -> Answer:
    """DeleteWaterMarkTemplate."""
    need(call.params, "WaterMarkTemplateId")
    row = of_id(call.params["WaterMarkTemplateId"])
    services.delete(row)
    return {f"{NAME}Id": row.id}


def of_id(id_or_name: str) -> WatermarkTemplate:
    """A watermark template that is not deleted, by id or unique name. Raises Refusal."""
    try:
        return queries.find(id_or_name)
    except Refused:
        raise not_found(id_or_name[:128]) from None


def told(row: WatermarkTemplate) -> dict[str, Any]:
    """A watermark template as answers have it."""
    found = said(
        Id=row.id,
        Name=row.name.removesuffix(f" (deleted {row.pk})"),
        State="Deleted" if row.deleted_at else "Normal",
        CreationTime=utc(row.created_at),
    )
    return found | translate_marks.config(row.kind, row.params)
