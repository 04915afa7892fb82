"""What a topic is told of the end of a job that MPS's interface was sent: both spellings of each key, as MPS has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.dialects.mps.errors import job_code
from jobs.models import Job, Output
from jobs.notices.messages import Message
from jobs.states import JobState

if TYPE_CHECKING:
    from jobs.notices.models import Delivery

TYPES = {"transcode": "Transcode", "snapshot": "Snapshot", "sprite": "Snapshot", "mediainfo": "MediaInfo", "analysis": "Analysis"}


def message(delivery: Delivery) -> Message:
    """Of a transcode each output is told by itself: it is a Job of MPS."""
    row = Job.objects.get(pk=delivery.job_id)
    part: Job | Output = Output.objects.get(pk=delivery.output_id) if delivery.output_id else row
    kind = TYPES.get(row.kind, row.kind.title())
    told = {
        "jobId": part.pk,
        "requestId": str(row.foreign.get("RequestId", "")),
        "type": kind,
        "state": "Success" if part.state == JobState.SUCCEEDED else "Fail",
        "userData": part.user_data,
    }
    if part.state != JobState.SUCCEEDED:
        told |= {"code": job_code(part.code) or "InternalError", "message": part.message}
    document = {**told, **{name[0].upper() + name[1:]: value for name, value in told.items()}}
    return Message(kind, document | ({"msg": part.message} if "message" in told else {}))
