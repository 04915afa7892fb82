"""Transcoding templates as JSON."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import BaseModel, Field

from console.auth import needs_admin, needs_viewer, who
from console.idempotency import creating
from console.lib.http import answer, iso, known_parameters, plain_text, read
from console.lib.openapi import body, parameter
from console.models import Role
from jobs.engine.errors import Problem, Refused
from jobs.engine.template import Template as Params
from jobs.engine.types import Strict
from templates_app import queries, services
from templates_app.models import Template
from templates_app.shared import PAGED, PAGED_NAMES, one_page

router = Router(tags=["templates"])


class NewTemplate(Strict):
    """A custom template to be."""

    name: str = Field(min_length=1, max_length=128)
    description: str = Field("", max_length=255)
    kind: Literal["custom", "customized"] = Field("custom", description="customized: only admins see the parameters, and no job changes them")
    params: Params


class TemplateChange(Strict):
    """What to change; what is not said stays. ``params`` replaces all parameters and makes a new version."""

    name: str | None = Field(None, min_length=1, max_length=128)
    description: str | None = Field(None, max_length=255)
    kind: Literal["custom", "customized"] | None = None
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
    params: Params | None = Field(description="null for others than admins where the kind is customized")
    created_at: str
    updated_at: str


def template_payload(template: Template, request: HttpRequest) -> dict[str, Any]:
    """A template with its current parameters; those of a customized one only for admins."""
    current = template.current
    return {
        "id": template.id,
        "name": template.name,
        "kind": template.kind,
        "description": template.description,
        "version": current.number if current else 0,
        "preset": template.is_preset,
        "params": current.params if current and (not template.is_opaque or who(request).at_least(Role.ADMIN)) else None,
        "created_at": iso(template.created_at),
        "updated_at": iso(template.updated_at),
    }


@router.get(
    "/templates",
    auth=needs_viewer,
    openapi_extra={
        "parameters": [
            parameter("kind", "custom, customized or static; several with commas"),
            *PAGED,
        ]
    },
    url_name="template_list",
)
def template_list(request: HttpRequest) -> HttpResponse:
    """Templates by name. Role viewer."""
    known_parameters(request, "kind", *PAGED_NAMES)
    kinds = [word for word in plain_text(request, "kind").split(",") if word]
    if wrong := [word for word in kinds if word not in Template.Kind.values]:
        raise Refused("InvalidParameter", problems=(Problem(("kind",), _("There is no kind «%(kind)s».") % {"kind": wrong[0]}),))
    rows = queries.listed(kinds, plain_text(request, "q")).order_by("name", "id")
    return one_page(request, rows, lambda row: template_payload(row, request))


@creating(router, "/templates", NewTemplate, auth=needs_admin, response=TemplateAnswer)
def template_create(request: HttpRequest, wanted: NewTemplate) -> dict[str, Any]:
    """Make a custom template. Role admin."""
    return template_payload(services.create(wanted.name, _said(wanted.params), description=wanted.description, kind=wanted.kind), request)


@router.get("/templates/{id_or_name}", auth=needs_viewer, response=TemplateAnswer, url_name="template_get")
def template_get(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """One template. Role viewer."""
    return answer(template_payload(queries.find(id_or_name), request))


@router.api_operation(
    ["PUT", "PATCH"], "/templates/{id_or_name}", auth=needs_admin, response=TemplateAnswer, openapi_extra={"requestBody": body("TemplateChange")}
)
def template_change(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """Change a custom template; jobs already sent keep the version that they were sent with. PUT needs name and params. Role admin."""
    template = queries.find(id_or_name)
    if request.method == "PUT":
        whole = read(NewTemplate, request)
        changes: dict[str, Any] = {"name": whole.name, "description": whole.description, "kind": whole.kind, "params": _said(whole.params)}
    else:
        change = read(TemplateChange, request)
        changes = {name: value for name in ("name", "description", "kind") if (value := getattr(change, name)) is not None}
        if change.params is not None:
            changes["params"] = _said(change.params)
    return answer(template_payload(services.update(template, **changes), request))


@router.delete("/templates/{id_or_name}", auth=needs_admin, response={204: None})
def template_delete(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """Delete a custom template; jobs that used it keep their parameters. Role admin."""
    services.delete(queries.find(id_or_name))
    return HttpResponse(status=204)


@creating(router, "/templates/{id_or_name}/duplicate", DuplicateRequest, auth=needs_admin, response=TemplateAnswer, empty=True)
def template_duplicate(request: HttpRequest, wanted: DuplicateRequest, id_or_name: str) -> dict[str, Any]:
    """Make a custom template of any template. Role admin."""
    template = queries.find(id_or_name)
    return template_payload(services.duplicate(template, name=wanted.name or ""), request)


def _said(params: Params) -> dict[str, Any]:
    """Only what was said: defaults that change later then follow."""
    return params.model_dump(mode="json", exclude_unset=True)
