"""The native JSON interface at /api/v1/: puts the routers together, answers every error in one shape, and describes itself as OpenAPI.

Who may: bearer tokens, or the console's session with its CSRF token. Viewers read; operators submit, upload, cancel, retry, pause and edit media;
admins make, change and delete the rest. Every endpoint says its role.
"""

from __future__ import annotations

from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI, Router
from ninja.errors import HttpError, ValidationError
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from console import auth
from console.access_key_api import AccessKeyChange, NewAccessKey, NewCredentials
from console.access_key_api import router as access_keys_router
from console.audit_api import router as audit_router
from console.auth import needs_admin
from console.lib.http import answer, error_answer, failure, iso, known_parameters, plain_text, read, whole_number
from console.lib.openapi import body, parameter
from console.lib.paging import page
from console.lib.policy import EVERYTHING
from console.lib.problems import sentence
from console.models import ApiToken, Role
from jobs.analysing.api import AnalysisRequest
from jobs.analysing.api import router as template_analyses_router
from jobs.api import JobChange, MediaInfoRequest, RetryRequest
from jobs.api import router as jobs_router
from jobs.engine.errors import Problem, ReelmillError, Refused
from jobs.engine.spec import AnalysisSpec, CoverSpec, InspectSpec, MediaInfoSpec, PreviewSpec, SnapshotSpec, SpriteSpec, TranscodeSpec
from jobs.engine.types import Strict
from jobs.foreign.api import Attachment, NewProject, ProjectChange
from jobs.foreign.api import router as projects_router
from jobs.frames.snapshot_api import SnapshotRequest
from jobs.frames.snapshot_api import router as snapshots_router
from jobs.frames.sprite_api import SpriteRequest
from jobs.frames.sprite_api import router as sprites_router
from jobs.inspecting.api import CoverRequest, InspectionRequest, VideoPreviewRequest
from jobs.inspecting.api import router as analyses_router
from jobs.notices.api import NewNotification, NotificationChange
from jobs.notices.api import router as notices_router
from jobs.payloads import Envelope
from jobs.pipelines.api import NewPipeline, PipelineChange
from jobs.pipelines.api import router as pipelines_router
from jobs.quality.api import QualityRequest
from jobs.quality.api import router as quality_router
from jobs.workflows.api import ExecutionAgain, NewWorkflow, WorkflowChange, WorkflowRun
from jobs.workflows.api import router as workflows_router
from media_assets.api import BucketChange, MediaChange, NewBucket
from media_assets.api import objects as objects_router
from media_assets.api import router as media_router
from media_assets.bulk_api import MediaBulk
from media_assets.bulk_api import router as bulk_router
from media_assets.cover_api import router as covers_router
from media_assets.direct_api import NewDirectUpload, PartsWanted
from media_assets.direct_api import router as direct_router
from media_assets.key_api import router as keys_router
from media_assets.link_api import NewLink, Referers
from media_assets.link_api import router as links_router
from media_assets.tus import uploads as uploads_router
from templates_app.api import DuplicateRequest, NewTemplate, TemplateChange
from templates_app.api import router as templates_router
from templates_app.marks.api import NewWatermarkTemplate, PreviewRequest, WatermarkTemplateChange
from templates_app.marks.api import router as marks_router
from templates_app.snapshots.api import NewSnapshotTemplate, SnapshotTemplateChange, SnapshotTemplateCopy
from templates_app.snapshots.api import router as snapshot_templates_router

log = structlog.get_logger(__name__)
tokens = Router(tags=["tokens"])


class ErrorPlace(BaseModel):
    """One mistake: the path of keys and indices from the root of what was sent."""

    loc: list[str | int]
    message: str


class Error(BaseModel):
    """Every answer of 400 and above."""

    code: str
    message: str
    remedy: str
    errors: list[ErrorPlace]
    request_id: str


class NewToken(Strict):
    """A token to be."""

    name: str = Field(min_length=1, max_length=128)
    role: str = Field("operator", description="viewer, operator or admin; never more than your own")
    policy: dict[str, Any] = Field(
        default_factory=dict, description='{"buckets": […], "actions": […], "read_only": true}; * stands for anything; {}: no limits'
    )


REQUESTS: tuple[type[BaseModel], ...] = (
    *(
        Envelope,
        TranscodeSpec,
        MediaInfoSpec,
        SnapshotSpec,
        SnapshotRequest,
        SpriteSpec,
        SpriteRequest,
        RetryRequest,
        JobChange,
        MediaInfoRequest,
        NewPipeline,
        PipelineChange,
    ),
    *(InspectSpec, CoverSpec, PreviewSpec, InspectionRequest, CoverRequest, VideoPreviewRequest, AnalysisSpec, AnalysisRequest),
    *(NewTemplate, TemplateChange, DuplicateRequest, MediaChange, NewBucket, BucketChange, NewToken, Error),
    *(MediaBulk, NewLink, Referers, NewDirectUpload, PartsWanted),
    *(NewNotification, NotificationChange, QualityRequest),
    *(NewAccessKey, AccessKeyChange, NewCredentials),
    *(NewProject, ProjectChange, Attachment),
    *(NewWorkflow, WorkflowChange, WorkflowRun, ExecutionAgain),
    *(NewSnapshotTemplate, SnapshotTemplateChange, SnapshotTemplateCopy),
    *(NewWatermarkTemplate, WatermarkTemplateChange, PreviewRequest),
)
SPECS = ("TranscodeSpec", "MediaInfoSpec", "SnapshotSpec", "InspectSpec", "CoverSpec", "PreviewSpec", "SpriteSpec", "AnalysisSpec")
"""What jobs may be asked for."""


class Api(NinjaAPI):
    """Ninja's API, whose document also tells the shapes that our endpoints read and answer by themselves."""

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        document = super().get_openapi_schema(**kwargs)
        _refs, schemas = models_json_schema([(model, "validation") for model in REQUESTS], ref_template="#/components/schemas/{model}")
        known = document["components"].setdefault("schemas", {})
        for name, schema in schemas["$defs"].items():
            known.setdefault(name, schema)
        known["JobRequest"] = {
            "description": "What to do, and around it where and how soon.",
            "oneOf": [{"allOf": [{"$ref": f"#/components/schemas/{spec}"}, {"$ref": "#/components/schemas/Envelope"}]} for spec in SPECS],
        }
        for part in (*SPECS, "Envelope"):  # side by side in one object: closed together, not each for itself
            known[part] = {key: value for key, value in known[part].items() if key != "additionalProperties"}
        problem = {"description": "Something was wrong.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
        for methods in document["paths"].values():
            for operation in methods.values():
                operation["responses"].setdefault("default", problem)
        return document


api = Api(
    title="Reelmill",
    version=settings.VERSION,
    description=__doc__ or "",
    urls_namespace="api-v1",
    auth=auth.needs_viewer,  # where an endpoint forgot to say
    docs_url="/docs",
)


# --- tokens -----------------------------------------------------------------------------------------------------------
@tokens.get("/tokens", auth=needs_admin, openapi_extra={"parameters": [parameter("after", "cursor"), parameter("limit", "1–100", type="integer")]})
def token_list(request: HttpRequest) -> HttpResponse:
    """Tokens of everybody, newest first, without their text. Role admin."""
    known_parameters(request, "after", "before", "limit")
    rows = ApiToken.objects.select_related("user").order_by("-created_at", "-id")
    found = page(rows, plain_text(request, "after", 4096), plain_text(request, "before", 4096), whole_number(request, "limit", 25, 1, 100))
    return answer({"items": [_token(token) for token in found.items], "next": found.next, "previous": found.previous})


@tokens.post("/tokens", auth=needs_admin, openapi_extra={"requestBody": body("NewToken")})
def token_create(request: HttpRequest) -> HttpResponse:
    """Make a token of your own; ``token`` is its text, which is not kept and never told again. Role admin."""
    wanted = read(NewToken, request)
    if wanted.role not in Role.values:
        raise Refused("InvalidParameter", problems=(Problem(("role",), "Choose viewer, operator or admin."),))
    if auth.who(request).policy != EVERYTHING:
        raise Refused("PermissionDenied", gettext("A token with a policy cannot make tokens."))
    token, text = auth.make_token(auth.who(request).user, wanted.name, wanted.role, policy=wanted.policy)
    return answer(_token(token) | {"token": text}, 201)


@tokens.delete("/tokens/{token_id}", auth=needs_admin, response={204: None})
def token_delete(request: HttpRequest, token_id: int) -> HttpResponse:
    """Withdraw a token: it is refused from now on. Role admin."""
    found = ApiToken.objects.select_related("user").filter(pk=token_id).first() if 0 < token_id < 2**63 else None
    if found is None:
        raise Refused("NotFound")
    auth.withdraw_token(found)
    return HttpResponse(status=204)


@tokens.get("/me", auth=auth.needs_viewer)
def me(request: HttpRequest) -> HttpResponse:
    """Who you are here, and your role. Role viewer."""
    caller = auth.who(request)
    return answer({"user": caller.name, "role": caller.role, "token": caller.token.name if caller.token else None})


def _token(token: ApiToken) -> dict[str, Any]:
    return {
        "id": token.pk,
        "name": token.name,
        "user": token.user.get_username(),
        "role": token.role,
        "policy": token.policy,
        "hint": token.hint,
        "enabled": token.enabled,
        "created_at": iso(token.created_at),
        "last_used_at": iso(token.last_used_at),
    }


for _router in (
    jobs_router,
    snapshots_router,
    analyses_router,
    template_analyses_router,
    sprites_router,
    pipelines_router,
    templates_router,
    marks_router,
    snapshot_templates_router,
    notices_router,
    projects_router,
    workflows_router,
    quality_router,
    media_router,
    bulk_router,
    covers_router,
    links_router,
    objects_router,
    direct_router,  # before the uploads through us, whose ids would take the word «direct» for one of them
    uploads_router,
    keys_router,
    access_keys_router,
    tokens,
    audit_router,
):
    api.add_router("", _router)


# --- errors -----------------------------------------------------------------------------------------------------------
@api.exception_handler(ReelmillError)
def _ours(request: HttpRequest, error: ReelmillError) -> HttpResponse:
    return error_answer(request, error)


@api.exception_handler(ValidationError)
def _parameters(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Path parameters of the wrong type."""
    problems = tuple(Problem(tuple(row["loc"][1:]), sentence(row["type"], row["msg"], row.get("ctx"))) for row in error.errors)
    return error_answer(request, Refused("InvalidParameter", problems=problems))


@api.exception_handler(Exception)
def _others(request: HttpRequest, error: Exception) -> HttpResponse:
    """What Django raises, by its status; anything else is a bug of ours: told to the log in full, to the caller as a code and an id."""
    statuses: dict[type[Exception], int] = {Http404: 404, PermissionDenied: 403, RequestDataTooBig: 413, SuspiciousOperation: 400}
    for kind, status in statuses.items():
        if isinstance(error, kind):
            return failure(request, status)
    if isinstance(error, HttpError):
        return failure(request, error.status_code)
    log.error("request failed", path=request.path, method=request.method, exc_info=error)
    return failure(request, 500)


@csrf_exempt
def unknown_path(request: HttpRequest) -> HttpResponse:
    """Every address under /api/ that nobody knows."""
    return failure(request, 404)
