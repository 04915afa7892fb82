"""Snapshot templates as JSON."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import BaseModel, Field

from console.auth import needs_admin, needs_viewer
from console.idempotency import creating
from console.lib.http import answer, iso, known_parameters, plain_text, read
from console.lib.openapi import body, parameter
from jobs.engine.errors import Problem, Refused
from jobs.engine.types import Strict
from templates_app.shared import PAGED, PAGED_NAMES, one_page
from templates_app.snapshots import queries, services
from templates_app.snapshots.models import SnapshotTemplate

router = Router(tags=["snapshot templates"])


class NewSnapshotTemplate(Strict):
    """A snapshot template to be. ``params``: what a snapshot job says (of the types sprite and webvtt: a sprite job), without input; its addresses may be left to jobs."""

    name: str = Field(min_length=1, max_length=128)
    type: Literal["snapshot", "sprite", "webvtt"] = "snapshot"
    params: dict[str, Any] = Field(default_factory=dict)


class SnapshotTemplateChange(Strict):
    """What to change; what is not said stays. ``params`` replaces all parameters."""

    name: str | None = Field(None, min_length=1, max_length=128)
    params: dict[str, Any] | None = None


class SnapshotTemplateCopy(Strict):
    """A duplicate."""

    name: str | None = Field(None, min_length=1, max_length=128, description="not said: «… copy»")


class SnapshotTemplateAnswer(BaseModel):
    """A snapshot template."""

    id: str
    name: str
    type: str
    params: dict[str, Any]
    created_at: str
    updated_at: str


def payload(row: SnapshotTemplate) -> dict[str, Any]:
    """A snapshot template."""
    return {"id": row.id, "name": row.name, "type": row.kind, "params": row.params, "created_at": iso(row.created_at), "updated_at": iso(row.updated_at)}


@router.get(
    "/snapshot-templates",
    auth=needs_viewer,
    openapi_extra={
        "parameters": [
            parameter("type", "snapshot, sprite or webvtt"),
            *PAGED,
        ]
    },
)
def snapshot_template_list(request: HttpRequest) -> HttpResponse:
    """Snapshot templates by name. Role viewer."""
    known_parameters(request, "type", *PAGED_NAMES)
    kind = plain_text(request, "type")
    if kind and kind not in SnapshotTemplate.Kind.values:
        raise Refused("InvalidParameter", problems=(Problem(("type",), _("Choose snapshot, sprite or webvtt.")),))
    rows = queries.listed(plain_text(request, "q"), kind)
    return one_page(request, rows, payload)


@creating(router, "/snapshot-templates", NewSnapshotTemplate, auth=needs_admin, response=SnapshotTemplateAnswer)
def snapshot_template_create(request: HttpRequest, wanted: NewSnapshotTemplate) -> dict[str, Any]:
    """Make a snapshot template. Role admin."""
    return payload(services.create(wanted.name, wanted.type, wanted.params))


@router.get("/snapshot-templates/{id_or_name}", auth=needs_viewer, response=SnapshotTemplateAnswer)
def snapshot_template_get(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """One snapshot template. Role viewer."""
    return answer(payload(queries.find(id_or_name)))


@router.patch(
    "/snapshot-templates/{id_or_name}", auth=needs_admin, response=SnapshotTemplateAnswer, openapi_extra={"requestBody": body("SnapshotTemplateChange")}
)
def snapshot_template_change(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """Change a snapshot template; jobs already sent keep the values that they were sent with. Role admin."""
    row = queries.find(id_or_name)
    wanted = read(SnapshotTemplateChange, request)
    return answer(payload(services.update(row, name=wanted.name, params=wanted.params)))


@creating(router, "/snapshot-templates/{id_or_name}/duplicate", SnapshotTemplateCopy, auth=needs_admin, response=SnapshotTemplateAnswer)
def snapshot_template_duplicate(request: HttpRequest, wanted: SnapshotTemplateCopy, id_or_name: str) -> dict[str, Any]:
    """The same under another name. Role admin."""
    return payload(services.duplicate(queries.find(id_or_name), wanted.name))


@router.delete("/snapshot-templates/{id_or_name}", auth=needs_admin, response={204: None})
def snapshot_template_delete(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """Delete a snapshot template; jobs that used it keep its values. Role admin."""
    services.delete(queries.find(id_or_name))
    return HttpResponse(status=204)
