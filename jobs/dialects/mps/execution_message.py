"""What a topic is told of executions of workflows that MPS's interface made: one message when Start is done, one when Report is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.dialects.mps import executions
from jobs.notices.messages import Message
from jobs.workflows import queries
from jobs.workflows.telling import is_beginning

if TYPE_CHECKING:
    from jobs.notices.models import Delivery


def message(delivery: Delivery) -> Message | None:
    """The activity that it is about, and the execution with all of them; here ActivityList is a plain array."""
    if delivery.execution_id is None:
        return None
    row = queries.execution(delivery.execution_id)
    items = executions.activities(row, executions.job_ids([row]))
    kind = "Start" if is_beginning(delivery) else "Report"
    about = next(item for item in items if item["Type"] == kind)
    told = executions.head(row) | {"ActivityList": [{"RunId": row.pk, **item} for item in items]}
    document = {"RunId": row.pk, "Name": about["Name"], "Type": kind, "State": about["State"], "MediaWorkflowExecution": told}
    return Message(f"Workflow{kind}", document | {name: about[name] for name in ("Code", "Message") if name in about})
