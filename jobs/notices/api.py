"""Notification targets and deliveries as JSON."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import BaseModel, Field

from console.auth import needs_admin, needs_operator, needs_viewer
from console.lib.http import answer, iso, known_parameters, plain_text, read, whole_number
from console.lib.openapi import body, parameter
from console.lib.paging import page
from jobs.engine.errors import Problem, Refused
from jobs.engine.types import Strict
from jobs.notices import queries, targets
from jobs.notices.delivering import send_now
from jobs.notices.models import Delivery, NotifyTarget

router = Router(tags=["notifications"])
PAGING = [parameter("after", "cursor"), parameter("before", "cursor"), parameter("limit", "1–100", type="integer", default=25)]


class NewNotification(Strict):
    """A target to be."""

    name: str = Field(min_length=1, max_length=255, description="the topic or queue that pipelines and requests name")
    kind: Literal["topic", "queue"] = "topic"
    url: str = Field("", max_length=2000, description="https address that gets the messages by POST; empty: they are kept until one is given")
    form: Literal["product", "native"] = Field("product", description="product: as the product that the job was sent to words it; native: always as here")
    events: tuple[str, ...] = Field((), max_length=32, description="only these, like job.failed; empty: all")
    secret: str = Field("", max_length=256, description="what messages are signed with; empty: one is made and told in the answer, once")


class NotificationChange(Strict):
    """What to change; what is not said stays."""

    name: str | None = Field(None, min_length=1, max_length=255)
    kind: Literal["topic", "queue"] | None = None
    url: str | None = Field(None, max_length=2000)
    form: Literal["product", "native"] | None = None
    events: tuple[str, ...] | None = Field(None, max_length=32)
    secret: str | None = Field(None, min_length=1, max_length=256)
    paused: Literal[False] | None = Field(None, description="false: send again to a target that rests after many failures")


class NotificationAnswer(BaseModel):
    """A target and how it is doing. ``secret`` is told only in the answer that made it."""

    id: str
    name: str
    kind: str
    url: str
    form: str
    events: list[str]
    state: Literal["unbound", "healthy", "failing", "paused"]
    failures: int
    failing_since: str | None
    pipelines: list[str]
    workflows: list[str]
    delivered_24h: int
    failed_24h: int
    created_at: str
    updated_at: str
    secret: str | None = None


class DeliveryAnswer(BaseModel):
    """One message and what became of it."""

    id: str
    topic: str
    event: str | None
    job: str | None
    execution: str | None = Field(description="of a workflow")
    output: str | None
    state: Literal["waiting", "delivered", "failed", "no_subscription", "skipped"]
    status: int | None = Field(description="HTTP status of the last try")
    milliseconds: int | None
    error: str | None
    tried: int
    tries: list[dict[str, Any]]
    body: str
    created_at: str
    due_at: str | None
    delivered_at: str | None


def target_payload(row: NotifyTarget, use: queries.Use, secret: str | None = None) -> dict[str, Any]:
    """A target and how it is doing."""
    return {
        "id": row.id,
        "name": row.name,
        "kind": row.kind,
        "url": row.url,
        "form": row.form,
        "events": row.events,
        "state": row.health,
        "failures": row.failures,
        "failing_since": iso(row.failing_since),
        "pipelines": [pipeline.name for pipeline in use.pipelines],
        "workflows": [workflow.name for workflow in use.workflows],
        "delivered_24h": use.delivered,
        "failed_24h": use.failed,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
    } | ({"secret": secret} if secret else {})


def delivery_payload(row: Delivery) -> dict[str, Any]:
    """One message and what became of it."""
    return {
        "id": row.id,
        "topic": row.topic,
        "event": row.event or None,
        "job": row.job_id,
        "execution": row.execution_id,
        "output": row.output_id or None,
        "state": row.state,
        "status": row.status,
        "milliseconds": row.milliseconds,
        "error": row.error or None,
        "tried": row.tried,
        "tries": row.tries or [],
        "body": row.body,
        "created_at": iso(row.created_at),
        "due_at": iso(row.due_at) if row.state == Delivery.State.WAITING else None,
        "delivered_at": iso(row.delivered_at),
    }


@router.get(
    "/notifications", auth=needs_viewer, openapi_extra={"parameters": [parameter("q", "a part of the name"), parameter("kind", "topic or queue"), *PAGING]}
)
def notification_list(request: HttpRequest) -> HttpResponse:
    """Targets by name. Role viewer."""
    known_parameters(request, "q", "kind", "after", "before", "limit")
    rows = queries.targets(plain_text(request, "q"), _one_of(request, "kind", NotifyTarget.Kind.values))
    found = page(rows, plain_text(request, "after", 4096), plain_text(request, "before", 4096), whole_number(request, "limit", 25, 1, 100))
    uses = queries.uses(found.items)
    return answer({"items": [target_payload(row, uses[row.name]) for row in found.items], "next": found.next, "previous": found.previous})


@router.post(
    "/notifications",
    auth=needs_admin,
    response={201: NotificationAnswer},
    openapi_extra={"requestBody": body("NewNotification")},
)
def notification_create(request: HttpRequest) -> HttpResponse:
    """Make a target; its secret is in this answer and in no other, so the answer is not kept: a name that exists is refused. Role admin."""
    wanted = read(NewNotification, request)
    row, secret = targets.create(**wanted.model_dump(mode="json"))
    return answer(target_payload(row, queries.uses([row])[row.name], secret), 201)


@router.get("/notifications/{id_or_name}", auth=needs_viewer, response=NotificationAnswer)
def notification_get(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """One target. Role viewer."""
    return _answer(targets.find(id_or_name))


@router.patch("/notifications/{id_or_name}", auth=needs_admin, response=NotificationAnswer, openapi_extra={"requestBody": body("NotificationChange")})
def notification_change(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """Change a target. Role admin."""
    row = targets.find(id_or_name)
    change = read(NotificationChange, request).model_dump(mode="json", exclude_none=True)
    resumed, secret = "paused" in change, change.pop("secret", "")
    change.pop("paused", None)
    row = targets.update(row, change, secret=secret)
    if resumed:
        targets.resume(row)
        row.refresh_from_db()
    return _answer(row)


@router.delete("/notifications/{id_or_name}", auth=needs_admin, response={204: None})
def notification_delete(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """Remove a target; jobs that name it go on. Role admin."""
    targets.delete(targets.find(id_or_name))
    return HttpResponse(status=204)


@router.post("/notifications/{id_or_name}/test", auth=needs_operator, response=DeliveryAnswer)
def notification_test(request: HttpRequest, id_or_name: str) -> HttpResponse:
    """Send a message that says nothing of a job, now, and tell what came back. Role operator."""
    target = targets.find(id_or_name)
    return answer(delivery_payload(send_now(targets.trial(target), target)))


@router.get(
    "/deliveries",
    auth=needs_viewer,
    openapi_extra={
        "parameters": [
            parameter("topic", "name of a target"),
            parameter("state", "waiting, delivered, failed, no_subscription or skipped"),
            parameter("job", "id of a job or an execution"),
            *PAGING,
        ]
    },
)
def delivery_list(request: HttpRequest) -> HttpResponse:
    """Messages, newest first. Role viewer."""
    known_parameters(request, "topic", "state", "job", "after", "before", "limit")
    rows = queries.deliveries(plain_text(request, "topic", 255), _one_of(request, "state", Delivery.State.values), plain_text(request, "job"))
    found = page(rows, plain_text(request, "after", 4096), plain_text(request, "before", 4096), whole_number(request, "limit", 25, 1, 100))
    return answer({"items": [delivery_payload(row) for row in found.items], "next": found.next, "previous": found.previous})


@router.get("/deliveries/{delivery_id}", auth=needs_viewer, response=DeliveryAnswer)
def delivery_get(request: HttpRequest, delivery_id: str) -> HttpResponse:
    """One message. Role viewer."""
    return answer(delivery_payload(queries.delivery(delivery_id)))


@router.post("/deliveries/{delivery_id}/send", auth=needs_operator, response=DeliveryAnswer)
def delivery_send(request: HttpRequest, delivery_id: str) -> HttpResponse:
    """Send a message again, from its first try; within a second it is on its way. Role operator."""
    return answer(delivery_payload(targets.send_again(queries.delivery(delivery_id))))


def _one_of(request: HttpRequest, name: str, values: list[str]) -> str:
    value = plain_text(request, name)
    if value and value not in values:
        raise Refused("InvalidParameter", problems=(Problem((name,), _("Choose one of: %(values)s.") % {"values": ", ".join(values)}),))
    return value


def _answer(row: NotifyTarget) -> HttpResponse:
    return answer(target_payload(row, queries.uses([row])[row.name]))
