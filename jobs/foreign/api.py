"""IMM's projects as JSON: which there are, and which buckets belong to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ninja import Router
from pydantic import Field

from console.auth import needs_operator, needs_viewer
from console.lib.http import answer, iso, known_parameters, plain_text, read, whole_number
from console.lib.openapi import body, parameter
from console.lib.paging import page
from jobs.engine.errors import Problem, Refused
from jobs.engine.types import Strict
from jobs.foreign import projects

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from jobs.foreign.models import Project

router = Router(tags=["projects"])
PAGING = [parameter("after", "cursor"), parameter("before", "cursor"), parameter("limit", "1–100", type="integer", default=25)]


class NewProject(Strict):
    """A project to be."""

    name: str = Field(min_length=1, max_length=128, description="letters, digits, - and _, beginning with a letter or _")
    description: str = Field("", max_length=projects.DESCRIPTION_CHARS)


class ProjectChange(Strict):
    """What can change of a project."""

    description: str = Field(max_length=projects.DESCRIPTION_CHARS)


class Attachment(Strict):
    """A bucket for a project."""

    description: str = Field("", max_length=projects.DESCRIPTION_CHARS)


@router.get("/projects", auth=needs_viewer, openapi_extra={"parameters": [parameter("prefix", "how the name begins"), *PAGING]})
def project_list(request: HttpRequest) -> HttpResponse:
    """Projects by name. Role viewer."""
    known_parameters(request, "prefix", "after", "before", "limit")
    rows = projects.projects(plain_text(request, "prefix", 128))
    found = page(rows, plain_text(request, "after", 4096), plain_text(request, "before", 4096), whole_number(request, "limit", 25, 1, 100))
    return answer({"items": [document(row) for row in found.items], "next": found.next, "previous": found.previous})


@router.post("/projects", auth=needs_operator, openapi_extra={"requestBody": body("NewProject")})
def project_create(request: HttpRequest) -> HttpResponse:
    """Make a project. Role operator."""
    known_parameters(request)
    wanted = read(NewProject, request)
    return answer(document(projects.create_project(wanted.name, wanted.description)), 201)


@router.get("/projects/{name}", auth=needs_viewer)
def project_get(request: HttpRequest, name: str) -> HttpResponse:
    """One project. Role viewer."""
    known_parameters(request)
    return answer(document(projects.find_project(name)))


@router.patch("/projects/{name}", auth=needs_operator, openapi_extra={"requestBody": body("ProjectChange")})
def project_change(request: HttpRequest, name: str) -> HttpResponse:
    """Describe it. Role operator."""
    known_parameters(request)
    return answer(document(projects.update_project(name, read(ProjectChange, request).description, {})))


@router.delete("/projects/{name}", auth=needs_operator, response={204: None})
def project_delete(request: HttpRequest, name: str) -> HttpResponse:
    """Delete it; its tasks stay, its buckets belong to none any more. Role operator."""
    known_parameters(request)
    projects.delete_project(name)
    return answer(None, 204)


@router.put("/projects/{name}/buckets/{bucket}", auth=needs_operator, openapi_extra={"requestBody": body("Attachment", required=False)})
def bucket_attach(request: HttpRequest, name: str, bucket: str) -> HttpResponse:
    """Attach a bucket, which belongs to one project at most. Role operator."""
    known_parameters(request)
    projects.attach(name, bucket, read(Attachment, request, empty=True).description)
    return answer(document(projects.find_project(name)))


@router.delete("/projects/{name}/buckets/{bucket}", auth=needs_operator, response={204: None})
def bucket_detach(request: HttpRequest, name: str, bucket: str) -> HttpResponse:
    """Detach a bucket. Role operator."""
    known_parameters(request)
    if projects.attachment_of(bucket).project.name != name:
        raise Refused("NotFound", problems=(Problem(("bucket",), f"The bucket {bucket} is not attached to {name}."),))
    projects.detach(bucket)
    return answer(None, 204)


def document(row: Project) -> dict[str, Any]:
    """A project as JSON, with the buckets that are the caller's."""
    buckets = [{"name": one.bucket.name, "description": one.description, "attached_at": iso(one.created_at)} for one in projects.attachments(row.name)]
    return {"name": row.name, "description": row.description, "buckets": buckets, "created_at": iso(row.created_at), "updated_at": iso(row.updated_at)}
