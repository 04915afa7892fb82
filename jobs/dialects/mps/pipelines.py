"""Pipelines in MPS's words. Speed is our type, QuotaAllocate the slots; NotifyConfig, Role and SpeedLevel are kept and told again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from jobs import services
from jobs.dialects.mps.errors import absent, not_found
from jobs.dialects.mps.reading import ids, need, page, plain_id, said, wrapped
from jobs.dialects.reading import Bad, Fields
from jobs.dialects.times import utc
from jobs.models import Pipeline
from jobs.pipelines import queries as pipeline_queries

if TYPE_CHECKING:
    from jobs.dialects.call import Answer, Call

SPEEDS = {"Standard": Pipeline.Type.STANDARD, "Boost": Pipeline.Type.FAST, "NarrowBandHDV2": Pipeline.Type.NARROWBAND}
STATES = {"All": "", "Active": Pipeline.State.ACTIVE, "Paused": Pipeline.State.PAUSED}
NOTIFY = ("Topic", "QueueName", "MqTopic", "MqTag")


def add(call: Call) -> Answer:
    """AddPipeline."""
    fields = Fields(call.params)
    need(call.params, "Name")
    speed = fields.one_of("Speed", SPEEDS, Pipeline.Type.STANDARD)
    level = fields.whole("SpeedLevel", 0, 3)
    notify = _notify(fields)
    made = services.create_pipeline(
        name=fields.text("Name", most=128),
        type=speed,
        actor=call.caller.name,
        notify_topic=_topic(notify),
        foreign=said(NotifyConfig=notify, Role=fields.text("Role", most=128), SpeedLevel=level),
    )
    return {"Pipeline": told(made)}


def update(call: Call) -> Answer:
    """UpdatePipeline: name and state are said every time; NotifyConfig that is not said stays."""
    fields = Fields(call.params)
    need(call.params, "PipelineId", "Name", "State")
    state = fields.one_of("State", {"Active": Pipeline.State.ACTIVE, "Paused": Pipeline.State.PAUSED}, Pipeline.State.ACTIVE)
    row = of_id(call.params["PipelineId"])
    foreign = row.foreign | said(Role=fields.text("Role", most=128))
    changes: dict[str, Any] = {"name": fields.text("Name", most=128)}
    if "NotifyConfig" in call.params:
        notify = _notify(fields)
        foreign = foreign | {"NotifyConfig": notify}
        changes["notify_topic"] = _topic(notify)
    changes["foreign"] = foreign
    with transaction.atomic():
        row = services.update_pipeline(row, changes, actor=call.caller.name)
        if state != row.state:
            row = (services.pause_pipeline if state == Pipeline.State.PAUSED else services.resume_pipeline)(row, actor=call.caller.name)
    return {"Pipeline": told(row)}


def query(call: Call) -> Answer:
    """QueryPipelineList."""
    wanted = ids(call.params, "PipelineIds")
    rows = Pipeline.objects.in_bulk([one for one in wanted if plain_id(one)])
    missing = [one for one in wanted if one not in rows]
    return wrapped("Pipeline", [told(rows[one]) for one in wanted if one in rows]) | {"NonExistPids": {"String": missing}}


def search(call: Call) -> Answer:
    """SearchPipeline."""
    number, size = page(call.params)
    rows = pipeline_queries.filtered(state=Fields(call.params).one_of("State", STATES, "")).order_by("created_at", "id")
    found = rows[(number - 1) * size : number * size]
    items = [told(row) | {"CreationTime": utc(row.created_at)} for row in found]
    return wrapped("Pipeline", items) | {"TotalCount": rows.count(), "PageNumber": number, "PageSize": size}


def delete(call: Call) -> Answer:
    """DeletePipeline: its queued jobs go to the default pipeline."""
    need(call.params, "PipelineId")
    row = of_id(call.params["PipelineId"])
    services.delete_pipeline(row, actor=call.caller.name)
    return {"PipelineId": row.id}


def of_id(id_or_name: str) -> Pipeline:
    """A pipeline by id or unique name. Raises Refusal."""
    if not id_or_name:
        raise absent("PipelineId")
    row = Pipeline.objects.filter(pk=id_or_name).first() if plain_id(id_or_name) else None
    row = row or Pipeline.objects.filter(name=id_or_name).first()
    if row is None:
        raise not_found(id_or_name[:128])
    return row


def told(row: Pipeline) -> dict[str, Any]:
    """A pipeline as answers have it."""
    speeds = {type_: speed for speed, type_ in SPEEDS.items()}
    notify = row.foreign.get("NotifyConfig") or said(Topic=row.notify_topic)
    return {
        "Id": row.id,
        "Name": row.name,
        "State": row.state,
        "Speed": speeds[Pipeline.Type(row.type)],
        "SpeedLevel": row.foreign.get("SpeedLevel", 0),
        "QuotaAllocate": row.slots,
        "Role": row.foreign.get("Role", ""),
        "NotifyConfig": notify,
    }


def _notify(fields: Fields) -> dict[str, str]:
    config = fields.child("NotifyConfig")
    found = {name: config.text(name, most=255) for name in NOTIFY if config.has(name)}
    if any(not value.isprintable() or "://" in value for value in found.values()):
        raise Bad(config.place, "Topics and queues have names, not addresses.")
    return found


def _topic(notify: dict[str, str]) -> str:
    """The name that endpoints are bound to."""
    return next((notify[name] for name in NOTIFY[:3] if notify.get(name)), "")
