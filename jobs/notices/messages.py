"""What a message says. Each product words it in its own way; this is the list of who does, and the wording of our own interface.

The builders are named by their dotted paths, because those of products stand above this module: they read foreign requests.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.module_loading import import_string

from console.lib.http import iso
from jobs.models import Job
from jobs.notices.models import NotifyTarget

if TYPE_CHECKING:
    from jobs.notices.models import Delivery

Builder = Callable[["Delivery"], "Message | None"]
BUILDERS = {
    Job.Source.MPS: "jobs.dialects.mps.message.message",
    Job.Source.IMM: "jobs.dialects.imm.message.message",
    Job.Source.OSS: "jobs.dialects.imm.message.message",  # OSS tells about its tasks as IMM does
    Job.Source.IMS: "jobs.dialects.ims.message.message",
}
NATIVE = "jobs.payloads.message"
OF_EXECUTIONS = {"mps": "jobs.dialects.mps.execution_message.message"}
"""By what the workflow was made through."""
NATIVE_OF_EXECUTIONS = "jobs.workflows.telling.message"


class Message:
    """The name of an event and the text of its body."""

    def __init__(self, event: str, document: object) -> None:
        """``document``: what becomes JSON."""
        self.event = event
        self.body = json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def message(delivery: Delivery, target: NotifyTarget) -> Message | None:
    """The message about this delivery's job or execution in the target's wording; None: there is nothing to tell (yet other parts of the same task will)."""
    if delivery.execution is not None:
        workflow = delivery.execution.workflow
        product = OF_EXECUTIONS.get(workflow.source) if workflow and target.form == NotifyTarget.Form.PRODUCT else None
        worded: Builder = import_string(product or NATIVE_OF_EXECUTIONS)
        return worded(delivery)
    if delivery.job is None:
        return Message("test", {"id": delivery.id, "type": "test", "time": iso(timezone.now()), "topic": delivery.topic})
    name = BUILDERS.get(Job.Source(delivery.job.source), NATIVE) if target.form == NotifyTarget.Form.PRODUCT else NATIVE
    builder: Builder = import_string(name)
    return builder(delivery)
