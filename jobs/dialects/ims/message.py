"""What a callback is told of the end of a job that IMS's interface was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jobs.dialects.ims.conversions import STATES
from jobs.dialects.times import utc
from jobs.foreign import tasks as foreign_tasks
from jobs.foreign.models import ForeignTask, ForeignTaskJob
from jobs.models import Job
from jobs.notices.messages import Message
from jobs.states import FINAL, JobState

if TYPE_CHECKING:
    from jobs.notices.models import Delivery

TASKS = {"MediaConvert": "MediaConvertComplete", "Transcode": "TranscodeParentComplete"}
JOBS = {"snapshot": "SnapshotComplete", "sprite": "SnapshotComplete", "mediainfo": "MediaInfoComplete"}
ENDS = {JobState.SUCCEEDED: "Success", JobState.FAILED: "Fail", JobState.CANCELLED: "Fail"}


def message(delivery: Delivery) -> Message | None:
    """Of what consists of several jobs the last one tells; None for the others."""
    part = ForeignTaskJob.objects.filter(job_id=delivery.job_id).first()
    if part is None:
        return _of_job(Job.objects.get(pk=delivery.job_id))
    task = foreign_tasks.with_parts(ForeignTask.objects.filter(pk=part.task_id)).get()
    jobs = [one.job for one in task.parts.all()]
    if not all(job.state in FINAL for job in jobs) or max(jobs, key=lambda job: (job.finished_at, job.pk)).pk != delivery.job_id:
        return None
    seen = foreign_tasks.told(task)
    state = JobState(seen.state)
    document = _document(task.id, task.name, STATES[state] if task.type == "MediaConvert" else ENDS[state], task.user_data, utc(seen.finished_at))
    event = TASKS[task.type]
    if task.type == "Transcode":
        document = {**document, "ParentJobId": task.id}
    return Message(event, _enveloped(event, document | _cause(seen.code, seen.message)))


def _of_job(job: Job) -> Message:
    event = JOBS.get(job.kind, f"{job.kind.title()}Complete")
    document = _document(job.id, str(job.foreign.get("Name", "")), ENDS[JobState(job.state)], job.user_data, utc(job.finished_at))
    return Message(event, _enveloped(event, document | _cause(job.code, job.message)))


def _document(job_id: str, name: str, status: str, user_data: str, at: str | None) -> dict[str, Any]:
    return {"JobId": job_id, "Name": name, "Status": status, "FinishTime": at, "UserData": user_data, "TriggerSource": "API"}


def _enveloped(event: str, document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "EventType": event, "EventTime": document["FinishTime"]}


def _cause(code: str, text: str) -> dict[str, str]:
    return {"Code": code, "Message": text} if code else {}
