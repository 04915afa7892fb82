"""Jobs as JSON: submit, look, cancel, retry, attempts, log, events. It reads, asks a service or a query, and answers; it decides nothing."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from console.auth import needs_operator, needs_viewer, who
from console.idempotency import digest_of, key_of, once
from console.lib.http import answer, known_parameters, plain_text, read, read_json, read_object, whole_number
from console.lib.logs import read_part
from console.lib.openapi import IDEMPOTENCY_KEY, body, parameter
from console.lib.paging import page
from jobs import clock, payloads, queries, secrecy, services
from jobs.engine.errors import Refused
from jobs.engine.media_info import MediaInfo
from jobs.engine.spec import InputSpec
from jobs.engine.types import Strict
from jobs.logs.kept import KeptLog
from jobs.models import Job
from jobs.waiting import unfinished

router = Router(tags=["jobs"])
LOG_BYTES = 1024 * 1024  # of a log in one answer
INFO_SECONDS = 6.0
PAGING = [
    parameter("after", "cursor: «next» of the page before"),
    parameter("before", "cursor: «previous» of a page"),
    parameter("limit", "1–100", type="integer", default=25),
]
FILTERS = [
    parameter("q", "the start of an id, or a part of file name, user data or error (searched in the newest 20,000 jobs)"),
    parameter("state", "queued, running, succeeded, failed or cancelled; several with commas"),
    parameter("kind", "transcode, mediainfo, snapshot, inspect, cover, preview, sprite, quality or analysis"),
    parameter("pipeline", "id or name"),
    parameter("template", "id or name (searched in the newest 20,000 jobs)"),
    parameter("source", "console, api, cli, sample, workflow, mps, imm, ims or oss"),
    parameter("code", "error code"),
    parameter("media", "id of a media"),
    parameter("certificate", "yes: jobs with outputs that have a Narrowband certificate"),
    parameter("from", "submitted at or after: a date, a time, or 1h, today, 24h, 7d"),
    parameter("to", "submitted before"),
    parameter("sort", "-created or created"),
]
FILTER_NAMES = [row["name"] for row in FILTERS]


class RetryRequest(Strict):
    """Which outputs to do again; nothing said: those that did not succeed."""

    outputs: tuple[str, ...] | None = Field(None, max_length=64, description="ids of outputs")


class JobChange(Strict):
    """What can be changed of a job that waits or runs."""

    priority: int = Field(ge=1, le=10, description="10 runs first")


class MediaInfoRequest(Strict):
    """The file to look into."""

    input: str | InputSpec = Field(description="oss://bucket/key, or {address}")
    pipeline: str = "default"


@router.post(
    "/jobs",
    auth=needs_operator,
    response={201: payloads.JobAnswer},
    openapi_extra={"requestBody": body("JobRequest"), "parameters": [IDEMPOTENCY_KEY]},
    url_name="job_create",
)
def job_create(request: HttpRequest) -> HttpResponse:
    """Submit a job. Role operator. With an Idempotency-Key used before, the first job comes back (200)."""
    known_parameters(request)
    data = read_json(request)
    wanted = payloads.read_job_request(data)
    began = clock.now()
    job = submit_for(request, wanted, data, idempotency_key=key_of(request), idempotency_digest=digest_of(data))
    return job_answer(request, job.id, 201 if job.created_at >= began else 200)


@router.get("/jobs", auth=needs_viewer, openapi_extra={"parameters": FILTERS + PAGING}, url_name="job_list")
def job_list(request: HttpRequest) -> HttpResponse:
    """Jobs, newest first. Role viewer."""
    known_parameters(request, "after", "before", "limit", "type", *FILTER_NAMES)
    size = whole_number(request, "limit", 25, 1, 100)
    found = page(queries.jobs(queries.JobFilter.from_query(request.GET)), plain_text(request, "after", 4096), plain_text(request, "before", 4096), size)
    return answer({"items": [payloads.job_payload(job, request) for job in found.items], "next": found.next, "previous": found.previous})


@router.get("/jobs/{job_id}", auth=needs_viewer, response=payloads.JobAnswer, url_name="job_get")
def job_get(request: HttpRequest, job_id: str) -> HttpResponse:
    """One job. Role viewer."""
    return job_answer(request, job_id)


@router.patch("/jobs/{job_id}", auth=needs_operator, response=payloads.JobAnswer, openapi_extra={"requestBody": body("JobChange")})
def job_change(request: HttpRequest, job_id: str) -> HttpResponse:
    """Change the priority of a job that has not finished. Role operator."""
    change = read(JobChange, request)
    services.set_priority(queries.job(job_id).id, change.priority, actor=who(request).name)
    return job_answer(request, job_id)


@router.post("/jobs/{job_id}/cancel", auth=needs_operator, response=payloads.JobAnswer)
def job_cancel(request: HttpRequest, job_id: str) -> HttpResponse:
    """Cancel: at once what is queued, within seconds what runs. A finished job answers 409. Role operator."""
    services.cancel(queries.job(job_id).id, actor=who(request).name)
    return job_answer(request, job_id)


@router.post("/jobs/{job_id}/outputs/{output_id}/cancel", auth=needs_operator, response=payloads.JobAnswer)
def output_cancel(request: HttpRequest, job_id: str, output_id: str) -> HttpResponse:
    """Cancel one output of a job that waits; the others go on. A job that runs or is over answers 409. Role operator."""
    services.cancel_output(queries.job(job_id).id, output_id, actor=who(request).name)
    return job_answer(request, job_id)


@router.post(
    "/jobs/{job_id}/retry",
    auth=needs_operator,
    response={201: payloads.JobAnswer},
    openapi_extra={"parameters": [IDEMPOTENCY_KEY], "requestBody": body("RetryRequest", required=False)},
)
@once
def job_retry(request: HttpRequest, job_id: str) -> HttpResponse:
    """Make a new job of a finished one, linked both ways; of the outputs named, else of those that did not succeed. Role operator."""
    wanted = read(RetryRequest, request, empty=True)
    caller = who(request)
    job = services.retry(queries.job(job_id).id, outputs=wanted.outputs, owner=caller.user, actor=caller.name, source=Job.Source.API)
    return job_answer(request, job.id, 201)


@router.get("/jobs/{job_id}/attempts", auth=needs_viewer, url_name="job_attempts")
def job_attempts(request: HttpRequest, job_id: str) -> HttpResponse:
    """Every try, with the command lines as they were run. Role viewer; where a template is customized, only admins see command lines and log."""
    job = queries.job(job_id)
    hidden = secrecy.hides(request, job)
    return answer({"items": [payloads.attempt_payload(attempt, hidden=hidden) for attempt in queries.attempts(job.id)]})


@router.get("/jobs/{job_id}/events", auth=needs_viewer, openapi_extra={"parameters": PAGING}, url_name="job_events")
def job_events(request: HttpRequest, job_id: str) -> HttpResponse:
    """The history of a job, oldest first. Role viewer."""
    size = whole_number(request, "limit", 100, 1, 100)
    found = page(queries.events(queries.job(job_id).id), plain_text(request, "after", 4096), plain_text(request, "before", 4096), size)
    return answer({"items": [payloads.event_payload(event) for event in found.items], "next": found.next, "previous": found.previous})


@router.get(
    "/jobs/{job_id}/log",
    auth=needs_viewer,
    openapi_extra={
        "parameters": [
            parameter("step", "index of the step; not said: the newest attempt's", type="integer"),
            parameter("attempt", "number of the attempt; not said: the newest", type="integer"),
            parameter("offset", "first byte wanted", type="integer", default=0),
            parameter("limit", "at most this many bytes; 1 MiB at most", type="integer", default=LOG_BYTES),
        ],
        "responses": {200: {"description": "the log as plain text", "content": {"text/plain": {"schema": {"type": "string"}}}}},
    },
    url_name="job_log",
)
def job_log(request: HttpRequest, job_id: str) -> HttpResponse:
    """The log of an attempt as text. Headers: X-Log-Size, X-Log-Next-Offset. Read on from there while the job runs. Role viewer; admin where a template is customized."""
    known_parameters(request, "step", "attempt", "offset", "limit")
    job = queries.job(job_id)
    if secrecy.hides(request, job):
        raise Refused("PermissionDenied", secrecy.why())
    attempts = queries.attempts(job.id)
    if "step" in request.GET:
        attempts = attempts.filter(step__index=whole_number(request, "step", 0, 0, 10_000))
    if "attempt" in request.GET:
        attempts = attempts.filter(number=whole_number(request, "attempt", 1, 0, 10_000))
    attempt = attempts.exclude(log_name="").order_by("-started_at", "-pk").first()
    if attempt is None and ("step" in request.GET or "attempt" in request.GET):
        raise Refused("NotFound", _("There is no such attempt, or it has no log."))
    offset = whole_number(request, "offset", 0, 0, 2**53)
    limit = whole_number(request, "limit", LOG_BYTES, 1, LOG_BYTES)
    text, size = read_part(KeptLog(attempt), offset, limit) if attempt else (b"", 0)
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response.headers["X-Log-Size"] = str(size)
    response.headers["X-Log-Next-Offset"] = str(min(offset, size) + len(text))
    return response


class MediaInfoAnswer(MediaInfo):
    """What is in a file, and ffprobe's own words."""

    raw: dict[str, Any] | None = Field(description="ffprobe's document as it is; null: too long")


@router.post("/media-info", auth=needs_operator, response=MediaInfoAnswer, openapi_extra={"requestBody": body("MediaInfoRequest")}, tags=["media"])
def media_info(request: HttpRequest) -> HttpResponse:
    """What is in a file: waits up to 6 s for the answer; 504 names the job that goes on. Role operator."""
    data = read_object(request)
    wanted = payloads.read_job_request({"kind": "mediainfo", **data})
    job = submit_for(request, wanted, data, priority=10, notify_topic="")  # somebody waits for it, and needs no message
    return unfinished(request, job, INFO_SECONDS) or answer(job.result)


# --- details ----------------------------------------------------------------------------------------------------------
def submit_for(request: HttpRequest, wanted: payloads.JobRequest, data: Any, **more: Any) -> Job:
    """Submit for the caller; places of mistakes are those of what was really sent."""
    envelope = {
        "pipeline": wanted.pipeline,
        "priority": wanted.priority,
        "user_data": wanted.user_data,
        "notify_topic": wanted.notify,
        "source": Job.Source.API,
        "owner": who(request).user,
    }
    try:
        return services.submit(spec=wanted.spec, **(envelope | more))
    except Refused as error:
        raise Refused(error.code, error.message, problems=payloads.as_sent(error.problems, data)) from error


def job_answer(request: HttpRequest, job_id: str, status: int = 200) -> HttpResponse:
    payload = payloads.job_payload(queries.job(job_id), request)
    response = answer(payload, status)
    if status == 201:
        response.headers["Location"] = payload["links"]["self"]
    return response
