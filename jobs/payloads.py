"""Jobs on the wire: what a request may say, and what an answer says. Shared by the API and whatever else tells about jobs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

import pydantic_core
from django.urls import reverse
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from console.error_texts import translated
from console.lib.http import iso
from console.lib.problems import problems_of
from jobs import documents, queries, secrecy
from jobs.engine.errors import CODES, Problem, Refused
from jobs.engine.probe import Probe
from jobs.engine.spec import JOB_SPEC, AnySpec, bounded
from jobs.engine.types import Strict
from jobs.notices.messages import Message
from jobs.states import JobState

if TYPE_CHECKING:
    from django.http import HttpRequest

    from jobs.models import Attempt, Delivery, Job, JobEvent, Output

KINDS = ("transcode", "mediainfo", "snapshot", "inspect", "cover", "preview", "sprite", "quality", "analysis")


# --- in ---------------------------------------------------------------------------------------------------------------
class Envelope(Strict):
    """What surrounds a spec: where it runs, how soon, and what the sender wants back."""

    pipeline: str = Field("default", min_length=1, max_length=128, description="id or name of a pipeline")
    priority: int | None = Field(None, ge=1, le=10, description="10 runs first; not said: the pipeline's")
    user_data: str = Field("", description="returned as it is; at most 1,024 bytes")
    notify: str | None = Field(None, max_length=255, description="topic that is told of its end; not said: the pipeline's; empty: nobody")

    @field_validator("user_data")
    @classmethod
    def _short(cls, value: str) -> str:
        return bounded(value)


class JobRequest(Strict):
    """A job as somebody asks for it."""

    pipeline: str
    priority: int | None
    user_data: str
    notify: str | None
    spec: AnySpec


_ENVELOPE = TypeAdapter(Envelope)


def read_job_request(data: Any) -> JobRequest:
    """Read ``{"kind": …, "pipeline": …, "input": …, "outputs": […]}``: the envelope's keys and the spec's side by side.

    Raises Refused with every mistake of both and its place in what was sent.
    """
    if not isinstance(data, dict):
        raise Refused("InvalidParameter", "The body must be a JSON object.")
    data = documents.completed(data)
    about = {key: value for key, value in data.items() if key in Envelope.model_fields}
    spec = {key: value for key, value in data.items() if key not in Envelope.model_fields}
    problems: list[Problem] = []
    envelope = wanted = None
    try:
        envelope = _ENVELOPE.validate_json(pydantic_core.to_json(about))
    except ValidationError as error:
        problems.extend(problems_of(error))
    try:
        wanted = JOB_SPEC.validate_json(pydantic_core.to_json(spec))
    except ValidationError as error:
        problems.extend(problems_of(error, tags=KINDS))
    if envelope is None or wanted is None:
        raise Refused("InvalidParameter", problems=as_sent(problems, data))
    return JobRequest(pipeline=envelope.pipeline, priority=envelope.priority, user_data=envelope.user_data, notify=envelope.notify, spec=wanted)


def as_sent(problems: Iterable[Problem], data: Any) -> tuple[Problem, ...]:
    """Places in what was really sent: ``"input": "oss://…"`` has no key «address» inside."""
    plain = {name for name in ("input", "output") if isinstance(data, dict) and isinstance(data.get(name), str)}
    return tuple(Problem(problem.loc[:1], problem.message) if problem.loc and problem.loc[0] in plain else problem for problem in problems)


# --- out --------------------------------------------------------------------------------------------------------------
class Answer(BaseModel):
    """Base of what is answered; fields may be added later, so readers ignore those that they do not know."""

    model_config = ConfigDict(extra="ignore")


class ErrorInfo(Answer):
    """Why a job or an output failed."""

    code: str
    message: str
    remedy: str
    retryable: bool = Field(description="whether trying the same again may help")


class OutputAnswer(Answer):
    """One output of a job."""

    id: str
    index: int
    state: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    progress: int
    address: str = Field(description="oss://bucket/key")
    url: str | None = Field(description="where it can be fetched, once it is there; a playlist that grows: while it runs")
    size: int | None = Field(description="bytes, all parts together")
    media_info: Probe | None
    error: ErrorInfo | None
    template: str | None = Field(description="its name; null: the overrides are all of it")
    template_id: str | None
    template_version: int | None
    overrides: dict[str, Any]
    user_data: str
    warnings: list[str]
    checks: list[Any] = Field(description="what was verified; empty for others than admins where the template is customized, as are the overrides")
    parts: list[str] = Field(description="keys of the set's other objects")
    quality: dict[str, Any] | None = Field(
        description="{job, model, frames, every, scores: {vmaf: {mean, harmonic_mean, low5, low1, min} …}}; before it is measured job (null: not made yet) alone; "
        "null: nobody asked for it"
    )
    published_at: str | None


class JobAnswer(Answer):
    """A job."""

    id: str
    kind: str
    state: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    progress: int = Field(description="0–100")
    phase: str | None
    speed: float | None
    fps: float | None
    pipeline: str
    pipeline_id: str
    priority: int
    user_data: str
    notify: str | None = Field(description="topic that is told of its end")
    source: str
    owner: str | None
    input: dict[str, Any]
    media_id: str | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    cancel_requested: bool
    error: ErrorInfo | None
    warnings: list[str]
    result: dict[str, Any] | None = Field(
        description="of kinds that answer with data: the media info; of snapshots {count, pictures: [{time, address, url, size, width, height}]}; "
        "of sprites {count, columns, rows, cell_width, cell_height, margin, padding, sheets: [{address, url, size, width, height}], index, start, end, pictures}"
    )
    retry_of: str | None
    retries: list[str]
    outputs: list[OutputAnswer]
    links: dict[str, str]


class AttemptAnswer(Answer):
    """One try of a step by one worker."""

    number: int
    step: int
    kind: str
    state: str
    worker: str
    argv: list[list[str]]
    tool_version: str
    exit_code: int | None
    error: ErrorInfo | None
    log_tail: str
    usage: dict[str, Any]
    phases: list[Any]
    started_at: str | None
    finished_at: str | None
    hidden: str | None = Field(description="why argv and log_tail are empty for this caller; null: nothing is hidden")


def job_payload(job: Job, request: HttpRequest) -> dict[str, Any]:
    """A job with its outputs. The caller has fetched pipeline, owner and outputs with it (``jobs.queries``)."""
    running = job.state == JobState.RUNNING
    spec_input = job.spec.get("input") or {}
    api = request.build_absolute_uri(reverse("api-v1:job_get", args=[job.id]))
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "progress": job.progress,
        "phase": (job.phase or None) if running else None,
        "speed": job.speed if running else None,
        "fps": job.fps if running else None,
        "pipeline": job.pipeline.name,
        "pipeline_id": job.pipeline_id,
        "priority": job.priority,
        "user_data": job.user_data,
        "notify": job.notify_topic or None,
        "source": job.source,
        "owner": job.owner.get_username() if job.owner else None,
        "input": {"address": f"oss://{job.input_bucket}/{job.input_key}", "start": spec_input.get("start"), "duration": spec_input.get("duration")},
        "media_id": job.media_id or None,
        "created_at": iso(job.created_at),
        "started_at": iso(job.started_at),
        "finished_at": iso(job.finished_at),
        "cancel_requested": job.cancel_requested,
        "error": _error(job.code, job.message, job.retryable),
        "warnings": [translated(text) for text in job.warnings],
        "result": _result(job, request),
        "retry_of": job.retry_of_id,
        "retries": [retry.id for retry in job.retries.all()],
        "outputs": [output_payload(output, request) for output in job.outputs.all()],
        "links": {
            "self": api,
            "attempts": f"{api}/attempts",
            "events": f"{api}/events",
            "log": f"{api}/log",
            "console": request.build_absolute_uri(reverse("jobs:job_detail", args=[job.id])),
        },
    }


def _result(job: Job, request: HttpRequest) -> dict[str, Any] | None:
    """The result; objects in it with the address that they can be fetched from."""
    result: dict[str, Any] | None = job.result
    return {name: _named(value, request) for name, value in result.items()} if result and job.kind not in ("mediainfo", "inspect", "analysis") else result


def _named(value: Any, request: HttpRequest) -> Any:
    """What names an object by bucket and key names it by address and URL."""
    if isinstance(value, list):
        return [_named(one, request) for one in value]
    if not isinstance(value, dict) or not {"bucket", "key"} <= value.keys():
        return value
    url = request.build_absolute_uri(reverse("objects", args=[value["bucket"], value["key"]]))
    return {"address": f"oss://{value['bucket']}/{value['key']}", "url": url} | {name: one for name, one in value.items() if name not in ("bucket", "key")}


def output_payload(output: Output, request: HttpRequest) -> dict[str, Any]:
    """One output; ``url`` once the object is there."""
    there = output.state == JobState.SUCCEEDED or output.is_shown
    hidden = secrecy.hides_output(request, output)
    return {
        "id": output.id,
        "index": output.index,
        "state": output.state,
        "progress": output.progress,
        "address": f"oss://{output.bucket}/{output.key}",
        "url": request.build_absolute_uri(reverse("objects", args=[output.bucket, output.key])) if there else None,
        "size": output.size,
        "media_info": output.media_info,
        "error": _error(output.code, output.message, output.retryable),
        "template": output.template_name or None,
        "template_id": output.template.template_id if output.template else None,
        "template_version": output.template.number if output.template else None,
        "overrides": {} if hidden else output.overrides,
        "user_data": output.user_data,
        "warnings": [translated(text) for text in output.warnings],
        "checks": [] if hidden else output.checks,
        "parts": output.parts,
        "quality": output.quality or ({"job": output.quality_job_id} if output.quality_job_id or output.quality_due else None),
        "certificate": _certificate(output, hidden=hidden),
        "published_at": iso(output.published_at),
    }


def _certificate(output: Output, *, hidden: bool) -> dict[str, Any] | None:
    """What Narrowband found and saved; the settings that it found only for those who may see parameters."""
    found: dict[str, Any] | None = output.certificate
    return {name: value for name, value in found.items() if name not in ("crf", "zones")} if found and hidden else found


def attempt_payload(attempt: Attempt, *, hidden: bool) -> dict[str, Any]:
    """One attempt, with the command lines as they were run; ``hidden``: without them and without its log, see :mod:`jobs.secrecy`."""
    return {
        "number": attempt.number,
        "step": attempt.step.index,
        "kind": attempt.step.kind,
        "state": attempt.state,
        "worker": attempt.worker,
        "argv": [] if hidden else attempt.argv,
        "tool_version": attempt.tool_version,
        "exit_code": attempt.exit_code,
        "error": _error(attempt.code, attempt.message, retryable=attempt.code in CODES and CODES[attempt.code].retryable),
        "log_tail": "" if hidden else attempt.log_tail,
        "usage": attempt.usage,
        "phases": attempt.phases,
        "started_at": iso(attempt.started_at),
        "finished_at": iso(attempt.finished_at),
        "hidden": secrecy.why() if hidden else None,
    }


def event_payload(event: JobEvent) -> dict[str, Any]:
    """One entry of the history."""
    return {"at": iso(event.at), "kind": event.kind, "actor": event.actor or None, "data": event.data}


def _error(code: str, message: str, retryable: bool) -> dict[str, Any] | None:
    """Code, sentence, remedy and the answer to «would trying again help?»; None where nothing is wrong."""
    if not code:
        return None
    row = CODES.get(code)
    return {
        "code": code,
        "message": translated(message or (row.sentence if row else code)),
        "remedy": translated(row.remedy) if row else "",
        "retryable": retryable,
    }


def message(delivery: Delivery) -> Message:
    """What a topic is told of the end of a job, in this interface's words: enough to act on, the rest is asked of the interface."""
    job = queries.job(str(delivery.job_id))
    document = {
        "id": delivery.id,
        "type": f"job.{job.state}",
        "time": iso(job.finished_at),
        "topic": delivery.topic,
        "job": {
            "id": job.id,
            "kind": job.kind,
            "state": job.state,
            "pipeline": job.pipeline.name,
            "priority": job.priority,
            "user_data": job.user_data,
            "source": job.source,
            "input": {"address": f"oss://{job.input_bucket}/{job.input_key}"},
            "media_id": job.media_id or None,
            "created_at": iso(job.created_at),
            "started_at": iso(job.started_at),
            "finished_at": iso(job.finished_at),
            "error": _error(job.code, job.message, job.retryable),
            "result": {name: value for name, value in job.result.items() if name != "raw"} if job.result else None,
            "outputs": [_told(output) for output in job.outputs.all()],
        },
    }
    return Message(f"job.{job.state}", document)


def _told(output: Output) -> dict[str, Any]:
    return {
        "id": output.id,
        "state": output.state,
        "address": f"oss://{output.bucket}/{output.key}",
        "size": output.size,
        "user_data": output.user_data,
        "error": _error(output.code, output.message, output.retryable),
    }
