"""Workflows and executions as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import BaseModel, Field

from console.auth import needs_admin, needs_operator, needs_viewer, who
from console.error_texts import translated
from console.idempotency import creating, once
from console.lib.http import answer, iso, known_parameters, plain_text, read, whole_number
from console.lib.openapi import IDEMPOTENCY_KEY, body, parameter
from console.lib.paging import page
from jobs.engine.address import Address
from jobs.engine.errors import Problem, Refused
from jobs.engine.spec import USER_DATA_BYTES
from jobs.engine.types import Strict
from jobs.queries import read_moment
from jobs.workflows import queries, runs, services
from jobs.workflows.models import Execution, Workflow
from jobs.workflows.states import ExecutionState
from jobs.workflows.tree import Steps
from media_assets import library
from media_assets.models import Media

if TYPE_CHECKING:
    import datetime as dt

    from jobs.workflows.models import Activity

router = Router(tags=["workflows"])
PAGING = [parameter("after", "cursor"), parameter("before", "cursor"), parameter("limit", "1–100", type="integer", default=25)]


class WorkflowChange(Strict):
    """A workflow as it is to be from now on."""

    name: str = Field(min_length=1, max_length=128)
    bucket: str = Field(min_length=1, max_length=63, description="bucket for inputs")
    path: str = Field("", max_length=1000, description="folder in it, with all below; empty: the whole bucket")
    pipeline: str = Field("default", min_length=1, max_length=128, description="id or name; its jobs run there")
    priority: int | None = Field(None, ge=1, le=10, description="of its jobs, 10 runs first; not said: the pipeline's")
    file_types: tuple[str, ...] = Field((), max_length=100, description="endings such as mp4; empty: video and audio")
    notify_topic: str = Field("", max_length=255, description="topic that is told when executions begin and end; empty: nobody")
    trigger: Literal["automatic", "manual"] = Field("automatic", description="automatic: every new file below the path; manual: only what is asked for")
    steps: Steps


class NewWorkflow(WorkflowChange):
    """A workflow to be."""

    active: bool = Field(False, description="switch it on at once; what lies below the path already starts nothing")


class WorkflowRun(Strict):
    """What to run a workflow on: an object or a media, one of the two."""

    input: Address | None = Field(None, description="oss://bucket/key, wherever it lies")
    media: str | None = Field(None, min_length=1, max_length=32, description="id of a media")
    test: bool = Field(False, description="try it out: also while the workflow is inactive")
    user_data: str = Field("", max_length=USER_DATA_BYTES, description="returned as it is; at most 1,024 bytes")


class ExecutionAgain(Strict):
    """How to run an execution again."""

    from_failed: bool = Field(False, description="true: only what did not succeed, as its version said; false: all of it, as the workflow is now")


class WorkflowAnswer(BaseModel):
    """A workflow and how it is doing."""

    id: str
    name: str
    state: Literal["Active", "Inactive"]
    trigger: Literal["automatic", "manual"]
    bucket: str
    path: str
    pipeline: str
    pipeline_id: str
    priority: int | None
    file_types: list[str]
    notify_topic: str
    steps: list[dict[str, Any]]
    version: int
    source: str
    owner: str | None
    overlaps: list[str] = Field(description="names of other workflows that a file below this path starts too")
    scanned_at: str | None = Field(description="when the path was last looked at")
    scan_error: str | None = Field(description="why it could not be")
    running: int
    succeeded_7d: int
    failed_7d: int
    last_run_at: str | None
    created_at: str
    updated_at: str


class ActivityAnswer(BaseModel):
    """One step of an execution."""

    name: str
    type: str
    under: str | None
    state: Literal["waiting", "running", "success", "fail", "skipped"]
    job: str | None
    code: str | None
    message: str | None
    started_at: str | None
    finished_at: str | None


class ExecutionAnswer(BaseModel):
    """One run of a workflow over one object."""

    id: str
    workflow: str = Field(description="its name then")
    workflow_id: str | None = Field(description="null: it was deleted")
    workflow_version: int
    trigger: Literal["automatic", "manual", "test"]
    state: Literal["running", "succeeded", "completed", "failed", "cancelled"] = Field(description="completed: over, and «failures» of its steps failed")
    failures: int
    cancel_requested: bool
    input: dict[str, str]
    media_id: str | None
    user_data: str
    again_of: str | None
    activities: list[ActivityAnswer]
    created_at: str
    finished_at: str | None
    links: dict[str, str]


def workflow_payload(row: Workflow, use: queries.Use, overlaps: list[str]) -> dict[str, Any]:
    """A workflow and how it is doing."""
    return {
        "id": row.pk,
        "name": row.name,
        "state": row.state,
        "trigger": row.trigger,
        "bucket": row.bucket,
        "path": row.path,
        "pipeline": row.pipeline.name,
        "pipeline_id": row.pipeline_id,
        "priority": row.priority,
        "file_types": row.file_types,
        "notify_topic": row.notify_topic,
        "steps": row.steps,
        "version": row.number,
        "source": row.source,
        "owner": row.owner.get_username() if row.owner else None,
        "overlaps": overlaps,
        "scanned_at": iso(row.scanned_at),
        "scan_error": translated(row.scan_error) if row.scan_error else None,
        "running": use.running,
        "succeeded_7d": use.good,
        "failed_7d": use.bad,
        "last_run_at": iso(use.last),
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
    }


def execution_payload(row: Execution, request: HttpRequest) -> dict[str, Any]:
    """An execution with its activities, which the caller has fetched with it."""
    return {
        "id": row.pk,
        "workflow": row.workflow_name,
        "workflow_id": row.workflow_id,
        "workflow_version": row.number,
        "trigger": row.trigger,
        "state": row.state,
        "failures": row.failures,
        "cancel_requested": row.cancel_requested,
        "input": {"address": row.address, "etag": row.etag},
        "media_id": row.media_id or None,
        "user_data": row.user_data,
        "again_of": row.again_of_id,
        "activities": [_activity(activity) for activity in row.activities.all()],
        "created_at": iso(row.created_at),
        "finished_at": iso(row.finished_at),
        "links": {"self": request.build_absolute_uri(reverse("api-v1:execution_get", args=[row.pk]))},
    }


def _activity(row: Activity) -> dict[str, Any]:
    return {
        "name": row.name,
        "type": row.type,
        "under": row.under or None,
        "state": row.state,
        "job": row.job_id,
        "code": row.code or None,
        "message": translated(row.message) if row.message else None,
        "started_at": iso(row.started_at),
        "finished_at": iso(row.finished_at),
    }


# --- workflows --------------------------------------------------------------------------------------------------------
@router.get(
    "/workflows",
    auth=needs_viewer,
    openapi_extra={"parameters": [parameter("q", "a part of the name"), parameter("state", "Active or Inactive"), *PAGING]},
    url_name="workflow_list",
)
def workflow_list(request: HttpRequest) -> HttpResponse:
    """Workflows by name. Role viewer."""
    known_parameters(request, "q", "state", "after", "before", "limit")
    (state,) = _words(request, "state", Workflow.State.values, several=False) or ("",)
    rows = queries.workflows(plain_text(request, "q"), state)
    found = page(rows, plain_text(request, "after", 4096), plain_text(request, "before", 4096), whole_number(request, "limit", 25, 1, 100))
    uses, overlaps = queries.uses(found.items), queries.overlaps(found.items)
    return answer({"items": [workflow_payload(row, uses[row.pk], overlaps[row.pk]) for row in found.items], "next": found.next, "previous": found.previous})


@creating(router, "/workflows", NewWorkflow, auth=needs_admin, response=WorkflowAnswer)
def workflow_create(request: HttpRequest, wanted: NewWorkflow) -> dict[str, Any]:
    """Make a workflow. Role admin."""
    caller = who(request)
    return _payload(services.create(_wanted(wanted), owner=caller.user, actor=caller.name, active=wanted.active))


@router.get("/workflows/{id_or_name}", auth=needs_viewer, response=WorkflowAnswer, url_name="workflow_get")
def workflow_get(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """One workflow. Role viewer."""
    known_parameters(request)
    return answer(_payload(queries.find(id_or_name)))


@router.put("/workflows/{id_or_name}", auth=needs_admin, response=WorkflowAnswer, openapi_extra={"requestBody": body("WorkflowChange")})
def workflow_replace(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """Say anew what it does: a new version. Executions that run keep theirs; it stays on or off. Role admin."""
    known_parameters(request)
    row = queries.find(id_or_name)
    return answer(_payload(services.replace(row, _wanted(read(WorkflowChange, request)), actor=who(request).name)))


@router.delete("/workflows/{id_or_name}", auth=needs_admin, response={204: None})
def workflow_delete(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """Delete a workflow none of whose executions runs; these and their jobs stay. Role admin."""
    known_parameters(request)
    services.delete(queries.find(id_or_name), actor=who(request).name)
    return HttpResponse(status=204)


@router.post("/workflows/{id_or_name}/enable", auth=needs_operator, response=WorkflowAnswer)
def workflow_enable(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """Switch it on: from now on new files start it. Role operator."""
    return answer(_payload(services.enable(queries.find(id_or_name), actor=who(request).name)))


@router.post("/workflows/{id_or_name}/disable", auth=needs_operator, response=WorkflowAnswer)
def workflow_disable(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """Switch it off: nothing new starts, what runs goes on. Role operator."""
    return answer(_payload(services.disable(queries.find(id_or_name), actor=who(request).name)))


@router.post(
    "/workflows/{id_or_name}/run",
    auth=needs_operator,
    response={201: ExecutionAnswer},
    openapi_extra={"requestBody": body("WorkflowRun"), "parameters": [IDEMPOTENCY_KEY]},
)
@once
def workflow_run(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """Run it on an object or a media, wherever it lies. Role operator."""
    row, wanted, caller = queries.find(id_or_name), read(WorkflowRun, request), who(request)
    if (wanted.input is None) == (wanted.media is None):
        raise Refused("InvalidParameter", problems=(Problem(("input",), _("Name an input or a media, one of the two.")),))
    made = runs.run(row, wanted.input or _address(wanted.media or ""), owner=caller.user, actor=caller.name, test=wanted.test, user_data=wanted.user_data)
    return answer(execution_payload(queries.execution(made.pk), request), 201)


# --- executions -------------------------------------------------------------------------------------------------------
@router.get(
    "/executions",
    auth=needs_viewer,
    openapi_extra={
        "parameters": [
            parameter("workflow", "id or name"),
            parameter("state", "running, succeeded, completed, failed or cancelled; several with commas"),
            parameter("q", "an id, the start of an address, or a part of a key (searched in the newest 20,000)"),
            parameter("media", "id of a media"),
            parameter("from", "started at or after: a date, a time, or 1h, today, 24h, 7d"),
            parameter("to", "started before"),
            *PAGING,
        ]
    },
    url_name="execution_list",
)
def execution_list(request: HttpRequest) -> HttpResponse:
    """Executions, newest first. Role viewer."""
    known_parameters(request, "workflow", "state", "q", "media", "from", "to", "after", "before", "limit")
    rows = queries.executions(
        workflow=plain_text(request, "workflow", 128),
        states=_words(request, "state", ExecutionState.values),
        q=plain_text(request, "q"),
        media=plain_text(request, "media", 32),
        since=_moment(request, "from"),
        until=_moment(request, "to"),
    )
    found = page(rows, plain_text(request, "after", 4096), plain_text(request, "before", 4096), whole_number(request, "limit", 25, 1, 100))
    return answer({"items": [execution_payload(row, request) for row in found.items], "next": found.next, "previous": found.previous})


@router.get("/executions/{execution_id}", auth=needs_viewer, response=ExecutionAnswer, url_name="execution_get")
def execution_get(request: HttpRequest, execution_id: str) -> HttpResponse:
    """One execution. Role viewer."""
    known_parameters(request)
    return answer(execution_payload(queries.execution(execution_id), request))


@router.post("/executions/{execution_id}/cancel", auth=needs_operator, response=ExecutionAnswer)
def execution_cancel(request: HttpRequest, execution_id: str) -> HttpResponse:
    """Cancel it with its jobs; what waits is skipped. One that is over answers 409. Role operator."""
    runs.cancel(queries.execution(execution_id).pk, actor=who(request).name)
    return answer(execution_payload(queries.execution(execution_id), request))


@router.post(
    "/executions/{execution_id}/again",
    auth=needs_operator,
    response={201: ExecutionAnswer},
    openapi_extra={"parameters": [IDEMPOTENCY_KEY], "requestBody": body("ExecutionAgain", required=False)},
)
@once
def execution_again(request: HttpRequest, execution_id: str) -> HttpResponse:
    """Run it again, as a new execution: all of it, or what did not succeed. Role operator."""
    old, wanted, caller = queries.execution(execution_id), read(ExecutionAgain, request, empty=True), who(request)
    made = runs.again(old.pk, from_failed=wanted.from_failed, owner=caller.user, actor=caller.name)
    return answer(execution_payload(queries.execution(made.pk), request), 201)


# --- details ----------------------------------------------------------------------------------------------------------
def _wanted(change: WorkflowChange) -> services.Wanted:
    said = {name: getattr(change, name) for name in WorkflowChange.model_fields}
    return services.Wanted(**said)


def _payload(row: Workflow) -> dict[str, Any]:
    return workflow_payload(row, queries.uses([row])[row.pk], queries.overlaps([row])[row.pk])


def _address(media_id: str) -> Address:
    media = library.own(Media.objects.filter(pk=media_id)).first()
    if media is None:
        raise Refused("NotFound", problems=(Problem(("media",), _("There is no such media.")),))
    return Address(media.bucket, media.key)


def _moment(request: HttpRequest, name: str) -> dt.datetime | None:
    text = plain_text(request, name, 64)
    try:
        return read_moment(text, end=name == "to") if text else None
    except (ValueError, OverflowError):
        raise Refused(
            "InvalidParameter", problems=(Problem((name,), _("Write a date or a time: 2026-01-31, 2026-01-31T12:00, or 1h, today, 24h, 7d.")),)
        ) from None


def _words(request: HttpRequest, name: str, allowed: list[str], *, several: bool = True) -> tuple[str, ...]:
    said = plain_text(request, name)
    found = tuple(word for word in (said.split(",") if several else [said]) if word)
    if any(word not in allowed for word in found):
        raise Refused("InvalidParameter", problems=(Problem((name,), _("Choose one of: %(values)s.") % {"values": ", ".join(allowed)}),))
    return found
