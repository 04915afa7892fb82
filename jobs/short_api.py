"""One kind's own endpoint: submit, and wait for the end where the caller asks for that. What ``POST /jobs`` does, in a shorter way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from console.auth import needs_operator
from console.idempotency import digest_of, key_of
from console.lib.http import read_object
from console.lib.openapi import IDEMPOTENCY_KEY, body
from jobs import clock, payloads
from jobs.api import job_answer, submit_for
from jobs.engine.errors import Problem, Refused
from jobs.waiting import unfinished

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class Awaited(payloads.Envelope):
    """An envelope whose sender may wait for the end."""

    wait: bool = Field(False, description="answer when it is done, after at most 8 s")


def taking(request_class: type[Awaited]) -> dict[str, Any]:
    """What an endpoint that makes one kind of job says of itself: who may, what it takes and what it answers."""
    return {
        "auth": needs_operator,
        "response": {201: payloads.JobAnswer},
        "openapi_extra": {"requestBody": body(request_class.__name__), "parameters": [IDEMPOTENCY_KEY]},
    }


def create(request: HttpRequest, kind: str, **more_data: object) -> HttpResponse:
    """A job of this kind, of the request's body. ``more_data``: what the endpoint adds to it. With «wait» the answer is the finished job, or its error; 504 names the job that goes on."""
    data = {**read_object(request), **more_data}
    wait = data.pop("wait", False)
    if not isinstance(wait, bool):
        raise Refused("InvalidParameter", problems=(Problem(("wait",), "Write true or false."),))
    if data.get("kind", kind) != kind:
        raise Refused("InvalidParameter", problems=(Problem(("kind",), f"Here it is always {kind}."),))
    wanted = payloads.read_job_request({**data, "kind": kind})
    more = {"priority": wanted.priority or 10, "notify_topic": ""} if wait else {}  # somebody waits for it, and needs no message
    began = clock.now()
    job = submit_for(request, wanted, data, idempotency_key=key_of(request), idempotency_digest=digest_of(data), **more)
    late = unfinished(request, job) if wait else None
    return late or job_answer(request, job.id, 201 if job.created_at >= began else 200)
