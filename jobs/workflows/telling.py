"""Messages about executions: written into the outbox with the beginning and the end themselves, worded when they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.lib.http import iso
from jobs import clock
from jobs.notices.messages import Message
from jobs.notices.models import Delivery

if TYPE_CHECKING:
    from jobs.workflows.models import Execution

BEGAN, ENDED = "-start", "-end"
"""How the ids of the two messages of an execution end."""


def began(execution: Execution) -> None:
    """Put the message about its beginning into the outbox. Inside the transaction that begins it."""
    _write(execution, BEGAN)


def ended(execution: Execution) -> None:
    """The same about its end."""
    _write(execution, ENDED)


def _write(execution: Execution, which: str) -> None:
    if execution.notify_topic:
        now = clock.now()
        Delivery.objects.create(id=execution.pk + which, topic=execution.notify_topic, execution=execution, created_at=now, due_at=now)


def is_beginning(delivery: Delivery) -> bool:
    """Whether this message is about the beginning of its execution."""
    return delivery.id.endswith(BEGAN)


def message(delivery: Delivery) -> Message:
    """Our own wording: execution.started, or how it ended: execution.succeeded, execution.completed, execution.failed, execution.cancelled."""
    execution = delivery.execution
    if execution is None:
        raise TypeError(delivery.id)
    begins = is_beginning(delivery)
    document: dict[str, Any] = {
        "id": delivery.id,
        "type": f"execution.{'started' if begins else execution.state}",
        "time": iso(execution.created_at if begins else execution.finished_at),
        "topic": delivery.topic,
        "execution": {
            "id": execution.pk,
            "workflow": execution.workflow_name,
            "workflow_id": execution.workflow_id,
            "workflow_version": execution.number,
            "trigger": execution.trigger,
            "state": "running" if begins else execution.state,
            "input": {"address": execution.address},
            "media_id": execution.media_id or None,
            "user_data": execution.user_data,
            "created_at": iso(execution.created_at),
            "finished_at": None if begins else iso(execution.finished_at),
        },
    }
    if not begins:
        rows = execution.activities.order_by("index")
        document["execution"]["failures"] = execution.failures
        document["execution"]["activities"] = [
            {"name": row.name, "type": row.type, "state": row.state, "job": row.job_id, "code": row.code or None, "message": row.message or None}
            for row in rows
        ]
    return Message(document["type"], document)
