"""SubmitSnapshotJob and QuerySnapshotJobList. A snapshot job's Id is our job's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Q

from jobs import services
from jobs.dialects.mps import deliveries, pipelines, translate_snapshot
from jobs.dialects.mps.answer_job import location
from jobs.dialects.mps.errors import job_code
from jobs.dialects.mps.jobs import within
from jobs.dialects.mps.reading import encoded, file, ids, need, page_size, plain_id, said, wrapped
from jobs.dialects.mps.submit import spec_of, user_data
from jobs.dialects.reading import Bad, Fields
from jobs.dialects.times import utc
from jobs.models import Job
from jobs.queries import own
from jobs.states import JobState
from jobs.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet

    from jobs.dialects.call import Answer, Call

NAME = "SnapshotJob"
STATES: dict[str, str] = {
    JobState.QUEUED: "Submitted",
    JobState.RUNNING: "Snapshoting",
    JobState.SUCCEEDED: "Success",
    JobState.FAILED: "Fail",
    JobState.CANCELLED: "Fail",
}
WORDS: dict[str, tuple[str, ...]] = {
    "All": (),
    "Submitted": (JobState.QUEUED,),
    "Snapshoting": (JobState.RUNNING,),
    "Success": (JobState.SUCCEEDED,),
    "Fail": (JobState.FAILED, JobState.CANCELLED),
}


def submit(call: Call) -> Answer:
    """SubmitSnapshotJob: a single picture is there when the answer is."""
    need(call.params, "Input", "SnapshotConfig")
    fields = Fields(call.params)
    source = fields.child("Input")
    asked = translate_snapshot.snapshots(fields.child("SnapshotConfig"), str(file(source)))
    job = services.submit(
        spec=spec_of(asked.spec),
        pipeline=pipeline_of(call),
        user_data=user_data(fields),
        source=Job.Source.MPS,
        owner=call.caller.user,
        foreign=said(Location=source.text("Location", most=64), RequestId=call.request_id),
        notify_topic="" if asked.waits else None,  # who gets the result is not told of it too
        priority=10 if asked.waits else None,  # somebody waits for it
    )
    if asked.waits:
        wait_for(job)
    return {NAME: told(job)}


def query(call: Call) -> Answer:
    """QuerySnapshotJobList: by ids, or newest first a page at a time."""
    if call.params.get("SnapshotJobIds"):
        wanted = ids(call.params, "SnapshotJobIds")
        rows = _jobs().in_bulk([one for one in wanted if plain_id(one)])
        missing, messages = [one for one in wanted if one not in rows], deliveries.results(rows)
        return wrapped(NAME, [told(rows[one], messages.get(one)) for one in wanted if one in rows]) | {"NonExistSnapshotJobIds": {"String": missing}}
    states = Fields(call.params).one_of("State", WORDS, ())
    found = within(_jobs().order_by("-created_at", "-id"), call)
    if states:
        found = found.filter(state__in=states)
    if token := call.params.get("NextPageToken", ""):
        found = after(found, token)
    size = page_size(call.params)
    page = list(found[: size + 1])
    messages = deliveries.results(row.id for row in page)
    answer = wrapped(NAME, [told(row, messages.get(row.id)) for row in page[:size]]) | {"NonExistSnapshotJobIds": {"String": []}}
    return answer | ({"NextPageToken": page[size - 1].id} if len(page) > size else {})


def after(rows: QuerySet[Job], token: str) -> QuerySet[Job]:
    """The jobs older than the one that a token names. Raises Bad."""
    last = own(Job.objects.filter(pk=token)).first() if plain_id(token) else None
    if last is None:
        raise Bad("NextPageToken", "This is no token of this list.")
    return rows.filter(Q(created_at__lt=last.created_at) | Q(created_at=last.created_at, id__lt=last.id))


def pipeline_of(call: Call) -> str:
    """The pipeline named, else the default one. Raises Refusal."""
    return pipelines.of_id(call.params["PipelineId"]).id if call.params.get("PipelineId") else str(settings.REELMILL_DEFAULT_PIPELINE)


def told(job: Job, message: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A snapshot job as answers have it."""
    over = job.state in (JobState.FAILED, JobState.CANCELLED)
    result = job.result or {}
    pictures, sheets = (result.get("pictures"), result.get("sheets")) if job.state == JobState.SUCCEEDED else (None, None)
    return said(
        Id=job.id,
        State=STATES[job.state],
        Code=job_code(job.code) if over else None,
        Message=job.message if over else None,
        Count=str(result["count"]) if "count" in result else str(len(pictures)) if pictures else None,
        TileCount=str(len(sheets)) if sheets else None,
        UserData=job.user_data,
        PipelineId=job.pipeline_id,
        CreationTime=utc(job.created_at),
        MNSMessageResult=message,
        Input={"Bucket": job.input_bucket, "Location": location(job), "Object": encoded(job.input_key)},
        SnapshotConfig=translate_snapshot.told(job.spec, location(job)),
    )


def _jobs() -> QuerySet[Job]:
    return own(Job.objects.filter(kind__in=("snapshot", "sprite")).defer("probe"))
