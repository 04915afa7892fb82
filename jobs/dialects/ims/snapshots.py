"""Snapshot jobs. Thin: translate, call services, answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jobs import services
from jobs.dialects.documents import spec_of
from jobs.dialects.ims import callback, pictures
from jobs.dialects.ims.conversions import bounded
from jobs.dialects.ims.errors import not_found
from jobs.dialects.ims.files import source
from jobs.dialects.ims.known import media_of, url_of
from jobs.dialects.ims.listing import STATUS, jobs_listed
from jobs.dialects.reading import Fields
from jobs.dialects.times import utc
from jobs.engine.errors import Refused
from jobs.models import Job
from jobs.queries import own
from jobs.states import JobState
from templates_app.snapshots import queries

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from jobs.dialects.call import Answer, Call

KINDS = ("snapshot", "sprite")
PAGE = 20


def submit(call: Call) -> Answer:
    """SubmitSnapshotJob."""
    fields = Fields(call.params)
    for name in ("Input", "Output", "TemplateConfig"):
        fields.need(name)
    chosen = fields.child("TemplateConfig")
    given = chosen.child("OverwriteParams")
    base, further = _template(chosen) if chosen.has("TemplateId") else ({}, {})
    if not base and not given.values:
        chosen.need("TemplateId")
    config = Fields(pictures.laid_over(base, given.values), given.place)
    address = source(fields.child("Input"), call.endpoint, media_of)
    document = pictures.snapshot(config, address, fields.child("Output"), call.endpoint) | further
    job = services.submit(
        spec=spec_of(document, lambda loc: "TemplateConfig" if "output" not in loc else "Output"),
        pipeline=fields.child("ScheduleConfig").text("PipelineId", "default", most=128),
        user_data=bounded(fields),
        source=Job.Source.IMS,
        owner=call.caller.user,
        notify_topic=callback.topic(),
        foreign={
            "Name": fields.text("Name", most=128),
            "Input": dict(fields.child("Input").values),
            "Output": dict(fields.child("Output").values),
            "TemplateConfig": dict(chosen.values),
            "Config": dict(config.values),
            "Type": config.text("Type") or "Normal",
        },
    )
    return {"JobId": job.id}


def get(call: Call) -> Answer:
    """GetSnapshotJob."""
    fields = Fields(call.params)
    fields.need("JobId")
    return {"SnapshotJob": told(find(fields.text("JobId")))}


def listing(call: Call) -> Answer:
    """ListSnapshotJobs."""
    fields = Fields(call.params)
    found = jobs_listed(_jobs(), fields)
    return {"Jobs": [told(row) for row in found.items], "NextPageToken": found.next or ""}


def urls(call: Call) -> Answer:
    """GetSnapshotUrls."""
    fields = Fields(call.params)
    fields.need("JobId")
    job = find(fields.text("JobId"))
    result = job.result or {}
    addresses = [(one["bucket"], one["key"]) for one in result.get("sheets") or result.get("pictures") or ()]
    if fields.one_of("OrderBy", {"Asc": False, "Desc": True}, False):
        addresses.reverse()
    size, number = fields.whole("PageSize", 1, 100) or PAGE, fields.whole("PageNumber", 1, 10_000) or 1
    shown = addresses[(number - 1) * size : number * size]
    found: dict[str, Any] = {"SnapshotUrls": [url_of(call, bucket, key) for bucket, key in shown], "Total": len(addresses)}
    index = result.get("index")
    if isinstance(index, dict):
        found["WebVTTUrl"] = url_of(call, index["bucket"], index["key"])
    return found


def find(job_id: str) -> Job:
    """A snapshot job that came through here. Raises Refusal."""
    row = _jobs().filter(pk=job_id).first() if job_id.isalnum() else None
    if row is None:
        raise not_found("Job", job_id)
    return row


def told(job: Job) -> dict[str, Any]:
    """A job as answers have it."""
    said = job.foreign
    result = job.result or {}
    output = job.outputs.first()
    template = said.get("TemplateConfig") or {}
    return {
        "JobId": job.id,
        "Name": said.get("Name", ""),
        "Status": STATUS[JobState(job.state)],
        "Type": said.get("Type", "Normal"),
        "Count": result.get("count", 0),
        "Async": True,
        "Code": job.code,
        "Message": job.message,
        "Input": {**said.get("Input", {}), "OssFile": _file(job.input_bucket, job.input_key)},
        "Output": {**said.get("Output", {}), "OssFile": _file(output.bucket, output.key) if output else {}},
        "TemplateId": template.get("TemplateId", ""),
        "TemplateConfig": json.dumps(said.get("Config") or template.get("OverwriteParams") or {}, ensure_ascii=False, separators=(",", ":")),
        "PipelineId": job.pipeline_id,
        "UserData": job.user_data,
        "SubmitTime": utc(job.created_at),
        "CreateTime": utc(job.created_at),
        "FinishTime": utc(job.finished_at) or "",
        "ModifiedTime": utc(job.finished_at or job.started_at or job.created_at),
        "TriggerSource": "API",
    }


def _template(chosen: Fields) -> tuple[dict[str, Any], dict[str, Any]]:
    """A snapshot template in IMS's words, and what has none. Raises Refusal, Bad."""
    wanted = chosen.text("TemplateId", most=128)
    try:
        row = queries.find(wanted)
    except Refused:
        raise not_found("Template", wanted) from None
    try:
        return pictures.told(row.kind, row.params), pictures.kept(row.params)
    except ValueError as error:
        raise chosen.bad("TemplateId", str(error)) from None


def _jobs() -> QuerySet[Job]:
    return own(Job.objects.filter(source=Job.Source.IMS, kind__in=KINDS).prefetch_related("outputs"))


def _file(bucket: str, key: str) -> dict[str, str]:
    return {"Bucket": bucket, "Location": "oss", "Object": key}
