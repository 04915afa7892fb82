"""Pipelines and workers as JSON."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import AwareDatetime, BaseModel, Field

from console.auth import Caller, needs_admin, needs_operator, needs_viewer, require, who
from console.idempotency import creating
from console.lib.http import answer, iso, known_parameters, plain_text, read, whole_number
from console.lib.openapi import body, parameter
from console.lib.paging import page
from console.models import Role
from jobs import clock, queries, services
from jobs.engine.errors import Problem, Refused
from jobs.engine.types import Strict
from jobs.models import Node, Pipeline, Step
from jobs.pipelines import queries as pipeline_queries
from jobs.states import StepState

router = Router(tags=["pipelines"])
SETTINGS = ("name", "slots", "default_priority", "max_queued", "notify_topic")


class NewPipeline(Strict):
    """A pipeline to be."""

    name: str = Field(min_length=1, max_length=128)
    type: Literal["standard", "narrowband", "fast"] = Field("standard", description="cannot change later")
    slots: int = Field(2, ge=1, le=1000, description="how many of its encodes may run at once")
    default_priority: int = Field(6, ge=1, le=10)
    max_queued: int = Field(10_000, ge=1, le=1_000_000)
    notify_topic: str = Field("", max_length=255, description="topic that is told of the ends of its jobs; empty: nobody")


class PipelineChange(Strict):
    """What to change; what is not said stays."""

    state: Literal["Active", "Paused"] | None = Field(None, description="Paused: running steps finish, nothing starts")
    reason: str = Field("", max_length=200, description="of the pause")
    resume_at: AwareDatetime | None = Field(None, description="when a pause ends by itself")
    name: str | None = Field(None, min_length=1, max_length=128)
    slots: int | None = Field(None, ge=1, le=1000)
    default_priority: int | None = Field(None, ge=1, le=10)
    max_queued: int | None = Field(None, ge=1, le=1_000_000)
    notify_topic: str | None = Field(None, max_length=255, description="topic that is told of the ends of its jobs; empty: nobody")


class PipelineAnswer(BaseModel):
    """A pipeline and its load."""

    id: str
    name: str
    type: str
    state: Literal["Active", "Paused"]
    slots: int
    default_priority: int
    max_queued: int
    notify_topic: str
    is_default: bool
    pause_reason: str
    resume_at: str | None
    running: int
    queued: int
    oldest_wait_seconds: float | None
    failed_24h: int
    created_at: str
    updated_at: str


def pipeline_payload(pipeline: Pipeline, load: pipeline_queries.Load) -> dict[str, Any]:
    """A pipeline and its load."""
    wait = (clock.now() - load.oldest).total_seconds() if load.oldest else None
    return {
        "id": pipeline.id,
        "name": pipeline.name,
        "type": pipeline.type,
        "state": pipeline.state,
        "slots": pipeline.slots,
        "default_priority": pipeline.default_priority,
        "max_queued": pipeline.max_queued,
        "notify_topic": pipeline.notify_topic,
        "is_default": pipeline.name == settings.REELMILL_DEFAULT_PIPELINE,
        "pause_reason": pipeline.pause_reason,
        "resume_at": iso(pipeline.resume_at),
        "running": load.running,
        "queued": load.queued,
        "oldest_wait_seconds": wait,
        "failed_24h": load.failed_day,
        "created_at": iso(pipeline.created_at),
        "updated_at": iso(pipeline.updated_at),
    }


@router.get(
    "/pipelines",
    auth=needs_viewer,
    openapi_extra={
        "parameters": [
            parameter("state", "Active or Paused"),
            parameter("after", "cursor"),
            parameter("before", "cursor"),
            parameter("limit", "1–100", type="integer"),
        ]
    },
    url_name="pipeline_list",
)
def pipeline_list(request: HttpRequest) -> HttpResponse:
    """Pipelines by name, with their load. Role viewer."""
    known_parameters(request, "state", "after", "before", "limit")
    rows = pipeline_queries.filtered(state=plain_text(request, "state"))
    found = page(
        rows.order_by("name", "id"), plain_text(request, "after", 4096), plain_text(request, "before", 4096), whole_number(request, "limit", 100, 1, 100)
    )
    loads = pipeline_queries.loads(found.items, hourly=False)
    return answer({"items": [pipeline_payload(row, loads[row.id]) for row in found.items], "next": found.next, "previous": found.previous})


@creating(router, "/pipelines", NewPipeline, auth=needs_admin, response=PipelineAnswer)
def pipeline_create(request: HttpRequest, wanted: NewPipeline) -> dict[str, Any]:
    """Make a pipeline. Role admin."""
    return _payload(services.create_pipeline(**wanted.model_dump(), actor=who(request).name))


@router.get("/pipelines/{id_or_name}", auth=needs_viewer, response=PipelineAnswer, url_name="pipeline_get")
def pipeline_get(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """One pipeline. Role viewer."""
    return _answer(queries.find_pipeline(id_or_name))


@router.patch("/pipelines/{id_or_name}", auth=needs_operator, response=PipelineAnswer, openapi_extra={"requestBody": body("PipelineChange")})
def pipeline_change(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """Pause or resume (role operator), or change its settings (role admin). All of it or nothing."""
    pipeline = queries.find_pipeline(id_or_name)
    change = read(PipelineChange, request)
    settings_ = {name: value for name in SETTINGS if (value := getattr(change, name)) is not None}
    caller = require(request, Role.ADMIN) if settings_ else who(request)
    if change.state != "Paused" and (change.reason or change.resume_at):
        raise Refused("InvalidParameter", problems=(Problem(("state",), _("A reason or a time to resume belongs to the state «Paused».")),))
    with transaction.atomic():
        if settings_:
            pipeline = services.update_pipeline(pipeline, settings_, actor=caller.name)
        pipeline = _switch(pipeline, change, caller)
    return _answer(pipeline)


@router.delete(
    "/pipelines/{id_or_name}",
    auth=needs_admin,
    response={204: None},
    openapi_extra={"parameters": [parameter("move_to", "pipeline that takes its jobs; not said: the default one")]},
)
def pipeline_delete(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """Delete a pipeline that nothing runs in; its jobs go to another one. Role admin."""
    known_parameters(request, "move_to")
    pipeline = queries.find_pipeline(id_or_name)
    target = plain_text(request, "move_to")
    services.delete_pipeline(pipeline, actor=who(request).name, move_to=queries.find_pipeline(target) if target else None)
    return HttpResponse(status=204)


@router.get("/workers", auth=needs_viewer, tags=["workers"])
def worker_list(request: HttpRequest) -> HttpResponse:
    """Nodes, their worker groups and what these are doing. Role viewer."""
    known_parameters(request)
    now = clock.now()
    busy: dict[str, list[dict[str, Any]]] = {}
    for step in Step.objects.filter(state=StepState.RUNNING).order_by("id")[:1000]:
        node = step.worker.partition("/")[0]
        busy.setdefault(node, []).append({"worker": step.worker, "job": step.job_id, "step": step.index, "kind": step.kind, "attempt": step.attempt})
    items = [
        {
            "name": node.name,
            "alive": now - node.seen_at < queries.NODE_ALIVE,
            "draining": node.draining,
            "version": node.version,
            "groups": node.groups,
            "capabilities": node.capabilities,
            "running": busy.get(node.name, []),
            "started_at": iso(node.started_at),
            "seen_at": iso(node.seen_at),
        }
        for node in Node.objects.order_by("name")[:1000]
    ]
    return answer({"items": items, "next": None, "previous": None})


# --- details ----------------------------------------------------------------------------------------------------------
def _switch(pipeline: Pipeline, change: PipelineChange, caller: Caller) -> Pipeline:
    if change.state == "Paused":
        resume_at = change.resume_at.astimezone(dt.UTC) if change.resume_at else None
        return services.pause_pipeline(pipeline, reason=change.reason, resume_at=resume_at, actor=caller.name)
    if change.state == "Active":
        return services.resume_pipeline(pipeline, actor=caller.name)
    return pipeline


def _payload(pipeline: Pipeline) -> dict[str, Any]:
    return pipeline_payload(pipeline, pipeline_queries.loads([pipeline], hourly=False)[pipeline.id])


def _answer(pipeline: Pipeline) -> HttpResponse:
    return answer(_payload(pipeline))
