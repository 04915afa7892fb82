"""Media info jobs. Thin: call services, answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jobs import services
from jobs.dialects.ims import callback
from jobs.dialects.ims.conversions import bounded
from jobs.dialects.ims.errors import not_found
from jobs.dialects.ims.files import source
from jobs.dialects.ims.known import media_of, url_of
from jobs.dialects.ims.listing import STATUS, jobs_listed
from jobs.dialects.ims.meta import meta
from jobs.dialects.reading import Fields
from jobs.dialects.times import utc
from jobs.engine.errors import Refused
from jobs.engine.spec import MediaInfoSpec
from jobs.models import Job
from jobs.queries import own
from jobs.states import JobState
from jobs.waiting import wait_for

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from jobs.dialects.call import Answer, Call

AT_ONCE = 10
"""Priority of a job whose caller waits."""


def submit(call: Call) -> Answer:
    """SubmitMediaInfoJob."""
    return {"MediaInfoJob": told(call, _submitted(call, waited_for=False))}


def submit_and_wait(call: Call) -> Answer:
    """SubmitSyncMediaInfoJob."""
    job = _submitted(call, waited_for=True)
    if not wait_for(job):
        raise Refused("NotFinishedYet", f"The file takes longer to look at; ask for the job {job.id}.")
    return {"MediaInfoJob": told(call, job)}


def get(call: Call) -> Answer:
    """GetMediaInfoJob."""
    fields = Fields(call.params)
    fields.need("JobId")
    job_id = fields.text("JobId")
    row = _jobs().filter(pk=job_id).first() if job_id.isalnum() else None
    if row is None:
        raise not_found("Job", job_id)
    return {"MediaInfoJob": told(call, row)}


def listing(call: Call) -> Answer:
    """ListMediaInfoJobs."""
    fields = Fields(call.params)
    found = jobs_listed(_jobs(), fields)
    return {"Jobs": [told(call, row) for row in found.items], "NextPageToken": found.next or ""}


def told(call: Call, job: Job) -> dict[str, Any]:
    """A job as answers have it."""
    said = job.foreign
    found: dict[str, Any] = {
        "JobId": job.id,
        "Name": said.get("Name", ""),
        "RequestId": call.request_id,
        "Status": STATUS[JobState(job.state)],
        "Async": not said.get("Sync", False),
        "Input": said.get("Input", {}),
        "ScheduleConfig": {"PipelineId": job.pipeline_id, "Priority": job.priority},
        "UserData": job.user_data,
        "SubmitTime": utc(job.created_at),
        "FinishTime": utc(job.finished_at) or "",
        "TriggerSource": "API",
    }
    if job.state == JobState.SUCCEEDED:
        url = url_of(call, job.input_bucket, job.input_key)
        found["MediaInfoProperty"] = meta(job.result, bucket=job.input_bucket, key=job.input_key, url=url, media_id=job.media_id)
    if job.code:
        found["SubmitResultJson"] = {"Code": job.code, "Message": job.message}
    return found


def _submitted(call: Call, *, waited_for: bool) -> Job:
    fields = Fields(call.params)
    fields.need("Input")
    schedule = fields.child("ScheduleConfig")
    spec = MediaInfoSpec.model_validate({"input": source(fields.child("Input"), call.endpoint, media_of)})
    return services.submit(
        spec=spec,
        pipeline=schedule.text("PipelineId", "default", most=128),
        priority=AT_ONCE if waited_for else schedule.whole("Priority", 1, 10),
        user_data=bounded(fields),
        source=Job.Source.IMS,
        owner=call.caller.user,
        notify_topic="" if waited_for else callback.topic(),
        foreign={"Name": fields.text("Name", most=128), "Input": dict(fields.child("Input").values), **({"Sync": True} if waited_for else {})},
    )


def _jobs() -> QuerySet[Job]:
    return own(Job.objects.filter(source=Job.Source.IMS, kind="mediainfo"))
