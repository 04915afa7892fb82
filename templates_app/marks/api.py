"""Watermark templates as JSON."""

from __future__ import annotations

import json
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import BaseModel, Field

from console.auth import needs_admin, needs_operator, needs_viewer
from console.error_texts import translated
from console.idempotency import creating
from console.lib.http import answer, iso, known_parameters, plain_text, read
from console.lib.openapi import body, parameter
from jobs import usage
from jobs.engine.errors import Problem, Refused
from jobs.engine.types import Strict
from jobs.engine.vocabulary.marks import Watermark
from templates_app.marks import grounds, queries, services
from templates_app.marks.models import WatermarkTemplate
from templates_app.marks.preview import Preview, canvas, render
from templates_app.shared import PAGED, PAGED_NAMES, one_page

router = Router(tags=["watermark templates"])


class NewWatermarkTemplate(Strict):
    """A watermark template to be. ``params``: a watermark as in an output, without ``template``; its image or the text's content may be left to outputs."""

    name: str = Field(min_length=1, max_length=128)
    type: Literal["image", "text"] = "image"
    params: Watermark = Watermark()


class WatermarkTemplateChange(Strict):
    """What to change; what is not said stays. ``params`` replaces all parameters and makes a new version."""

    name: str | None = Field(None, min_length=1, max_length=128)
    params: Watermark | None = None


class PreviewRequest(Strict):
    """What to show: a watermark on a frame. ``media``: id of a media and ``at`` s; else one of our charts."""

    params: Watermark
    media: str = Field("", max_length=64)
    at: float = Field(0.0, ge=0, lt=86_400)
    chart: Literal["light", "dark", "busy"] = "light"
    ratio: Literal["16:9", "9:16", "1:1"] = "16:9"
    side: Literal[360, 720, 1080] = Field(360, description="px of the shorter side")


class WatermarkTemplateAnswer(BaseModel):
    """A watermark template with its current parameters."""

    id: str
    name: str
    type: str
    version: int
    params: Watermark
    created_at: str
    updated_at: str


def payload(row: WatermarkTemplate) -> dict[str, Any]:
    """A watermark template with its current parameters."""
    return {
        "id": row.id,
        "name": row.name,
        "type": row.kind,
        "version": row.current.number if row.current else 0,
        "params": row.params,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
    }


@router.get(
    "/watermark-templates",
    auth=needs_viewer,
    openapi_extra={
        "parameters": [
            parameter("type", "image or text"),
            *PAGED,
        ]
    },
)
def watermark_template_list(request: HttpRequest) -> HttpResponse:
    """Watermark templates by name. Role viewer."""
    known_parameters(request, "type", *PAGED_NAMES)
    kind = plain_text(request, "type")
    if kind and kind not in WatermarkTemplate.Kind.values:
        raise Refused("InvalidParameter", problems=(Problem(("type",), _("Choose image or text.")),))
    rows = queries.listed(plain_text(request, "q"), kind)
    return one_page(request, rows, payload)


@creating(router, "/watermark-templates", NewWatermarkTemplate, auth=needs_admin, response=WatermarkTemplateAnswer)
def watermark_template_create(request: HttpRequest, wanted: NewWatermarkTemplate) -> dict[str, Any]:
    """Make a watermark template. Role admin."""
    return payload(services.create(wanted.name, wanted.type, _said(wanted.params)))


@router.post("/watermark-templates/preview", auth=needs_operator, openapi_extra={"requestBody": body("PreviewRequest")})
def watermark_template_preview(request: HttpRequest) -> HttpResponse:
    """The exact picture of a watermark on a frame, as a PNG: the filters of a job. Role operator."""
    wanted = read(PreviewRequest, request)
    ground = grounds.of_media(wanted.media, wanted.at) if wanted.media else grounds.of_chart(wanted.chart)
    return png(render(wanted.params, ground, canvas(wanted.ratio, wanted.side)))


@router.get("/watermark-templates/{id_or_name}", auth=needs_viewer, response=WatermarkTemplateAnswer)
def watermark_template_get(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """One watermark template. Role viewer."""
    return answer(payload(queries.find(id_or_name)))


@router.patch(
    "/watermark-templates/{id_or_name}", auth=needs_admin, response=WatermarkTemplateAnswer, openapi_extra={"requestBody": body("WatermarkTemplateChange")}
)
def watermark_template_change(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """Change a watermark template; jobs already sent keep the values that they were sent with. Role admin."""
    row = queries.find(id_or_name)
    wanted = read(WatermarkTemplateChange, request)
    return answer(payload(services.update(row, name=wanted.name, params=None if wanted.params is None else _said(wanted.params))))


@router.delete("/watermark-templates/{id_or_name}", auth=needs_admin, response={204: None})
def watermark_template_delete(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """Delete a watermark template; jobs that used it keep its values. Role admin."""
    services.delete(queries.find(id_or_name))
    return HttpResponse(status=204)


@router.get("/watermark-templates/{id_or_name}/used-by", auth=needs_viewer)
def watermark_template_used_by(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """The transcoding templates that name it. Role viewer."""
    row = queries.find(id_or_name)
    templates = [{"id": template.id, "name": template.name} for template in queries.used_by([row])[row.pk]]
    use = usage.mark_use([row.pk])[row.pk]
    jobs = [{"id": job.id, "state": job.state, "input": f"oss://{job.input_bucket}/{job.input_key}"} for job in usage.latest_of_mark(row.pk)]
    return answer({"templates": templates, "outputs": use.outputs, "more_outputs": use.more, "jobs": jobs})


def png(found: Preview) -> HttpResponse:
    """The picture, with what else is known of it in headers (JSON, ASCII)."""
    response = HttpResponse(found.png, content_type="image/png", headers={"Cache-Control": "no-store"})
    response["X-Mark-Box"] = json.dumps(found.box)
    response["X-Mark-Warnings"] = json.dumps([str(translated(warning)) for warning in found.warnings])
    return response


def _said(params: Watermark) -> dict[str, Any]:
    """Only what was said: the usual values then follow those of the engine."""
    return params.model_dump(mode="json", exclude_unset=True, exclude_none=True)
