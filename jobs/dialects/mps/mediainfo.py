"""SubmitMediaInfoJob and QueryMediaInfoJobList. A media info job's JobId is our job's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jobs import services
from jobs.dialects.mps import answer_media, deliveries
from jobs.dialects.mps.answer_job import location
from jobs.dialects.mps.errors import job_code
from jobs.dialects.mps.reading import encoded, file, ids, need, plain_id, said, wrapped
from jobs.dialects.mps.snapshots import pipeline_of
from jobs.dialects.mps.submit import spec_of, user_data
from jobs.dialects.reading import Fields
from jobs.dialects.times import utc
from jobs.models import Job
from jobs.queries import own
from jobs.states import JobState
from jobs.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobs.dialects.call import Answer, Call

NAME = "MediaInfoJob"
STATES: dict[str, str] = {
    JobState.QUEUED: "Analyzing",
    JobState.RUNNING: "Analyzing",
    JobState.SUCCEEDED: "Success",
    JobState.FAILED: "Fail",
    JobState.CANCELLED: "Fail",
}


def submit(call: Call) -> Answer:
    """SubmitMediaInfoJob: the answer tells what is in the file, unless Async is true. What takes longer than 8 s goes on, and is asked for."""
    need(call.params, "Input")
    fields = Fields(call.params)
    source = fields.child("Input")
    later = fields.flag("Async")
    job = services.submit(
        spec=spec_of({"kind": "mediainfo", "input": str(file(source))}),
        pipeline=pipeline_of(call),
        user_data=user_data(fields),
        source=Job.Source.MPS,
        owner=call.caller.user,
        foreign=said(Location=source.text("Location", most=64), RequestId=call.request_id) | {"Async": later},
        notify_topic=None if later else "",  # who gets the result is not told of it too
        priority=10 if not later else None,  # somebody waits for it
    )
    if not later:
        wait_for(job)
    return {NAME: told(job)}


def query(call: Call) -> Answer:
    """QueryMediaInfoJobList."""
    wanted = ids(call.params, "MediaInfoJobIds")
    rows = own(Job.objects.filter(kind="mediainfo")).in_bulk([one for one in wanted if plain_id(one)])
    missing, messages = [one for one in wanted if one not in rows], deliveries.results(rows)
    return wrapped(NAME, [told(rows[one], messages.get(one)) for one in wanted if one in rows]) | {"NonExistMediaInfoJobIds": {"String": missing}}


def told(job: Job, message: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A media info job as answers have it."""
    over = job.state in (JobState.FAILED, JobState.CANCELLED)
    extension = job.input_key.rpartition("/")[2].rpartition(".")
    return said(
        JobId=job.id,
        State=STATES[job.state],
        Code=job_code(job.code) if over else None,
        Message=job.message if over else None,
        UserData=job.user_data,
        PipelineId=job.pipeline_id,
        CreationTime=utc(job.created_at),
        MNSMessageResult=message,
        Input={"Bucket": job.input_bucket, "Location": location(job), "Object": encoded(job.input_key)},
        Properties=answer_media.properties(job.result, extension[2] if extension[1] else "") if job.state == JobState.SUCCEEDED else None,
    ) | {"Async": bool(job.foreign.get("Async", True))}
