"""Pipelines in IMS's words: Speed is our type, Priority the default of its jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from jobs import queries, services
from jobs.dialects.ims.errors import not_found
from jobs.dialects.reading import Fields
from jobs.dialects.times import utc
from jobs.engine.errors import Refused
from jobs.models import Pipeline
from jobs.pipelines import queries as pipeline_queries

if TYPE_CHECKING:
    from jobs.dialects.call import Answer, Call

SPEEDS = {"Standard": Pipeline.Type.STANDARD, "Boost": Pipeline.Type.FAST, "NarrowBandHDV2": Pipeline.Type.NARROWBAND}
STATES = {"Active": Pipeline.State.ACTIVE, "Paused": Pipeline.State.PAUSED}


def create(call: Call) -> Answer:
    """CreatePipeline."""
    fields = Fields(call.params)
    fields.need("Name")
    fields.need("Speed")
    speed = fields.one_of("Speed", SPEEDS, Pipeline.Type.STANDARD)
    row = services.create_pipeline(
        name=fields.text("Name", most=512), type=speed, default_priority=fields.whole("Priority", 1, 10) or 6, actor=call.caller.name
    )
    return {"Pipeline": told(row)}


def get(call: Call) -> Answer:
    """GetPipeline."""
    return {"Pipeline": told(_of(call))}


def update(call: Call) -> Answer:
    """UpdatePipeline: changes what is said."""
    row = _of(call)
    fields = Fields(call.params)
    state = fields.one_of("Status", STATES, None)
    changes: dict[str, Any] = {}
    if fields.has("Name"):
        changes["name"] = fields.text("Name", most=512)
    if (priority := fields.whole("Priority", 1, 10)) is not None:
        changes["default_priority"] = priority
    with transaction.atomic():
        if changes:
            row = services.update_pipeline(row, changes, actor=call.caller.name)
        if state == Pipeline.State.PAUSED and row.state != state:
            row = services.pause_pipeline(row, actor=call.caller.name)
        elif state == Pipeline.State.ACTIVE and row.state != state:
            row = services.resume_pipeline(row, actor=call.caller.name)
    return {"Success": True, "Pipeline": told(row)}


def delete(call: Call) -> Answer:
    """DeletePipeline: its queued jobs go to the default pipeline."""
    services.delete_pipeline(_of(call), actor=call.caller.name)
    return {"Success": True}


def listing(call: Call) -> Answer:
    """ListPipelines: all of them."""
    rows = pipeline_queries.filtered(state="").order_by("created_at", "id")
    if speed := Fields(call.params).one_of("Speed", SPEEDS, None):
        rows = rows.filter(type=speed)
    return {"PipelineList": [told(row) for row in rows]}


def told(row: Pipeline) -> dict[str, Any]:
    """A pipeline as answers have it."""
    speeds = {type_: speed for speed, type_ in SPEEDS.items()}
    return {
        "PipelineId": row.id,
        "Name": row.name,
        "Speed": speeds[Pipeline.Type(row.type)],
        "Status": row.state,
        "Priority": row.default_priority,
        "CreateTime": utc(row.created_at),
        "ModifiedTime": utc(row.updated_at),
    }


def _of(call: Call) -> Pipeline:
    fields = Fields(call.params)
    fields.need("PipelineId")
    try:
        return queries.find_pipeline(fields.text("PipelineId"))
    except Refused:
        raise not_found("Pipeline", fields.text("PipelineId")) from None
