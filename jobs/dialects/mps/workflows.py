"""Media workflows in MPS's words. The Topology is kept as it was sent, and told again until somebody changes the workflow here."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from jobs.dialects.mps import pipelines, topology
from jobs.dialects.mps.errors import not_found
from jobs.dialects.mps.reading import ids, need, page, plain_id, said, wrapped
from jobs.dialects.reading import Bad, Fields
from jobs.dialects.times import utc
from jobs.workflows import admission, queries, services, tree
from jobs.workflows.models import Workflow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jobs.dialects.call import Answer, Call
    from jobs.models import Pipeline

NAME = "MediaWorkflow"
NAME_MAX = 64
TRIGGERS = {"OssAutoTrigger": Workflow.Trigger.AUTOMATIC, "NotInAuto": Workflow.Trigger.MANUAL}
STATES = {"Inactive": Workflow.State.INACTIVE, "Active": Workflow.State.ACTIVE, "Deleted": ""}


def add(call: Call) -> Answer:
    """AddMediaWorkflow: active from the beginning."""
    need(call.params, "Name", "Topology")
    fields = Fields(call.params)
    wanted, foreign = _wanted(call, fields.text("Name", most=NAME_MAX), fields.one_of("TriggerMode", TRIGGERS, Workflow.Trigger.AUTOMATIC))
    row = services.create(wanted, owner=call.caller.user, actor=call.caller.name, active=True, source=Workflow.Source.MPS, foreign=foreign)
    return {NAME: told(row)}


def update(call: Call) -> Answer:
    """UpdateMediaWorkflow: a name or a mode that is not said stays. It need not be inactive."""
    need(call.params, "MediaWorkflowId", "Topology")
    row = of_id(call.params["MediaWorkflowId"])
    fields = Fields(call.params)
    name = fields.text("Name", most=NAME_MAX) or row.name
    wanted, foreign = _wanted(call, name, fields.one_of("TriggerMode", TRIGGERS, Workflow.Trigger(row.trigger)), row)
    return {NAME: told(services.replace(row, wanted, actor=call.caller.name, foreign=foreign))}


def update_trigger_mode(call: Call) -> Answer:
    """UpdateMediaWorkflowTriggerMode."""
    need(call.params, "MediaWorkflowId", "TriggerMode")
    row = of_id(call.params["MediaWorkflowId"])
    trigger = Fields(call.params).one_of("TriggerMode", TRIGGERS, Workflow.Trigger.AUTOMATIC)
    wanted = services.Wanted(
        name=row.name,
        bucket=row.bucket,
        path=row.path,
        pipeline=row.pipeline_id,
        priority=row.priority,
        file_types=tuple(row.file_types),
        notify_topic=row.notify_topic,
        trigger=trigger,
        steps=tree.read(row.steps),
    )
    return {NAME: told(services.replace(row, wanted, actor=call.caller.name))}


def activate(call: Call) -> Answer:
    """ActivateMediaWorkflow."""
    need(call.params, "MediaWorkflowId")
    return {NAME: told(services.enable(of_id(call.params["MediaWorkflowId"]), actor=call.caller.name))}


def deactivate(call: Call) -> Answer:
    """DeactivateMediaWorkflow."""
    need(call.params, "MediaWorkflowId")
    return {NAME: told(services.disable(of_id(call.params["MediaWorkflowId"]), actor=call.caller.name))}


def delete(call: Call) -> Answer:
    """DeleteMediaWorkflow: gone for good; its executions stay."""
    need(call.params, "MediaWorkflowId")
    row = of_id(call.params["MediaWorkflowId"])
    answer = told(row) | {"State": "Deleted"}
    services.delete(row, actor=call.caller.name)
    return {NAME: answer}


def query(call: Call) -> Answer:
    """QueryMediaWorkflowList."""
    wanted = ids(call.params, "MediaWorkflowIds")
    rows = queries.workflows().in_bulk([one for one in wanted if plain_id(one)])
    missing = [one for one in wanted if one not in rows]
    return wrapped(NAME, [told(rows[one]) for one in wanted if one in rows]) | {"NonExistMediaWorkflowIds": {"MediaWorkflowId": missing}}


def search(call: Call) -> Answer:
    """SearchMediaWorkflow: in the order of their names' making, as pages."""
    number, size = page(call.params)
    words = [word.strip() for word in Fields(call.params).text("StateList", ",".join(STATES), most=256).split(",") if word.strip()]
    if unknown := [word for word in words if word not in STATES]:
        raise Bad("StateList", f"One of {', '.join(STATES)} is expected, not {unknown[0]}.")
    rows = queries.workflows().filter(state__in=[STATES[word] for word in words]).order_by("created_at", "id")
    items = [told(row) for row in rows[(number - 1) * size : number * size]]
    return wrapped(NAME, items) | {"TotalCount": rows.count(), "PageNumber": number, "PageSize": size}


# --- details ----------------------------------------------------------------------------------------------------------
def of_id(workflow_id: str) -> Workflow:
    """A workflow. Raises Refusal."""
    row = queries.workflows().filter(pk=workflow_id).first() if plain_id(workflow_id) else None
    if row is None:
        raise not_found(workflow_id[:128])
    return row


def told(row: Workflow) -> dict[str, Any]:
    """A workflow as answers have it."""
    triggers = {trigger: word for word, trigger in TRIGGERS.items()}
    kept = row.foreign.get("Topology")
    same = kept is not None and row.foreign.get("Digest") == _digest(row.bucket, row.path, row.pipeline_id, row.notify_topic, row.steps)
    return {
        "MediaWorkflowId": row.pk,
        "Name": row.name,
        "State": row.state,
        "TriggerMode": triggers[Workflow.Trigger(row.trigger)],
        "Topology": kept if same else topology.written(row),
        "CreationTime": utc(row.created_at),
    }


def _wanted(call: Call, name: str, trigger: str, row: Workflow | None = None) -> tuple[services.Wanted, dict[str, Any]]:
    """The workflow that is asked for, and the words that are kept of it. ``row``: the one that is changed. Raises Bad, Refusal."""
    asked = topology.read(call.params["Topology"], call)
    pipeline: Pipeline = pipelines.of_id(asked.pipeline)
    path = admission.tidied_path(asked.prefix)
    wanted = services.Wanted(
        name=name,
        bucket=asked.bucket,
        path=path,
        pipeline=pipeline.id,
        priority=asked.priority,
        file_types=tuple(row.file_types) if row else (),
        notify_topic=asked.topic,
        trigger=trigger,
        steps=tuple(asked.steps),
    )
    digest = _digest(asked.bucket, path, pipeline.id, asked.topic, [step.model_dump(mode="json") for step in asked.steps])
    return wanted, said(Topology=call.params["Topology"], Digest=digest, Start=asked.start, Location=asked.location)


def _digest(bucket: str, path: str, pipeline: str, topic: str, steps: Sequence[Mapping[str, Any]]) -> str:
    """Tells whether a workflow is still what its topology said. Content keys are sealed in rows, so they do not count."""
    return hashlib.sha256(json.dumps([bucket, path, pipeline, topic, _open(list(steps))], sort_keys=True).encode()).hexdigest()


def _open(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _open(one) for name, one in value.items() if name != "key"}
    return [_open(one) for one in value] if isinstance(value, list) else value
