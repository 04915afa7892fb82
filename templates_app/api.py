"""Transcoding templates as JSON."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import BaseModel, Field

from console.auth import needs_admin, needs_viewer
from console.idempotency import once
from console.lib.http import answer, iso, known_parameters, plain_text, read, whole_number
from console.lib.openapi import IDEMPOTENCY_KEY, body, parameter
from console.lib.paging import page
from jobs.engine.errors import Problem, Refused
from jobs.engine.template import Template as Params
from jobs.engine.types import Strict
from templates_app import queries, services
from templates_app.models import Template

router = Router(tags=["templates"])


class NewTemplate(Strict):
    """A custom template to be."""

    name: str = Field(min_length=1, max_length=128)
    description: str = Field("", max_length=255)
    params: Params


class TemplateChange(Strict):
    """What to change; what is not said stays. ``params`` replaces all parameters and makes a new version."""

    name: str | None = Field(None, min_length=1, max_length=128)
    description: str | None = Field(None, max_length=255)
    params: Params | None = None


class DuplicateRequest(Strict):
    """The copy's name; not said: one made from the template's."""

    name: str | None = Field(None, min_length=1, max_length=128)


class TemplateAnswer(BaseModel):
    """A template with its current parameters."""

    id: str
    name: str
    kind: str
    description: str
    version: int
    preset: bool = Field(description="ships with Reelmill and cannot be changed")
    params: Params
    created_at: str
    updated_at: str


def template_payload(template: Template) -> dict[str, Any]:
    """A template with its current parameters."""
    current = template.current
    return {
        "id": template.id,
        "name": template.name,
        "kind": template.kind,
        "description": template.description,
        "version": current.number if current else 0,
        "preset": template.is_preset,
        "params": current.params if current else None,
        "created_at": iso(template.created_at),
        "updated_at": iso(template.updated_at),
    }


@router.get(
    "/templates",
    auth=needs_viewer,
    openapi_extra={
        "parameters": [
            parameter("kind", "custom or static; several with commas"),
            parameter("q", "a part of the name or the id"),
            parameter("after", "cursor"),
            parameter("before", "cursor"),
            parameter("limit", "1–100", type="integer", default=25),
        ]
    },
    url_name="template_list",
)
def template_list(request: HttpRequest) -> HttpResponse:
    """Templates by name. Role viewer."""
    known_parameters(request, "kind", "q", "after", "before", "limit")
    kinds = [word for word in plain_text(request, "kind").split(",") if word]
    if wrong := [word for word in kinds if word not in Template.Kind.values]:
        raise Refused("InvalidParameter", problems=(Problem(("kind",), _("There is no kind «%(kind)s».") % {"kind": wrong[0]}),))
    rows = queries.listed(kinds, plain_text(request, "q")).order_by("name", "id")
    found = page(rows, plain_text(request, "after", 4096), plain_text(request, "before", 4096), whole_number(request, "limit", 25, 1, 100))
    return answer({"items": [template_payload(row) for row in found.items], "next": found.next, "previous": found.previous})


@router.post(
    "/templates", auth=needs_admin, response={201: TemplateAnswer}, openapi_extra={"parameters": [IDEMPOTENCY_KEY], "requestBody": body("NewTemplate")}
)
@once
def template_create(request: HttpRequest) -> HttpResponse:
    """Make a custom template. Role admin."""
    wanted = read(NewTemplate, request)
    return answer(template_payload(services.create(wanted.name, _said(wanted.params), description=wanted.description)), 201)


@router.get("/templates/{id_or_name}", auth=needs_viewer, response=TemplateAnswer, url_name="template_get")
def template_get(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """One template. Role viewer."""
    return answer(template_payload(queries.find(id_or_name)))


@router.api_operation(
    ["PUT", "PATCH"], "/templates/{id_or_name}", auth=needs_admin, response=TemplateAnswer, openapi_extra={"requestBody": body("TemplateChange")}
)
def template_change(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """Change a custom template; jobs already sent keep the version that they were sent with. PUT needs name and params. Role admin."""
    template = queries.find(id_or_name)
    if request.method == "PUT":
        whole = read(NewTemplate, request)
        changes: dict[str, Any] = {"name": whole.name, "description": whole.description, "params": _said(whole.params)}
    else:
        change = read(TemplateChange, request)
        changes = {name: value for name in ("name", "description") if (value := getattr(change, name)) is not None}
        if change.params is not None:
            changes["params"] = _said(change.params)
    return answer(template_payload(services.update(template, **changes)))


@router.delete("/templates/{id_or_name}", auth=needs_admin, response={204: None})
def template_delete(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """Delete a custom template; jobs that used it keep their parameters. Role admin."""
    services.delete(queries.find(id_or_name))
    return HttpResponse(status=204)


@router.post(
    "/templates/{id_or_name}/duplicate",
    auth=needs_admin,
    response={201: TemplateAnswer},
    openapi_extra={"parameters": [IDEMPOTENCY_KEY], "requestBody": body("DuplicateRequest", required=False)},
)
@once
def template_duplicate(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """Make a custom template of any template. Role admin."""
    template = queries.find(id_or_name)
    wanted = read(DuplicateRequest, request, empty=True)
    return answer(template_payload(services.duplicate(template, name=wanted.name or services.free_name(template.name))), 201)


def _said(params: Params) -> dict[str, Any]:
    """Only what was said: defaults that change later then follow."""
    return params.model_dump(mode="json", exclude_unset=True)
