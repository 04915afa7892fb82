"""SubmitAnalysisJob and QueryAnalysisJobList. An analysis job's Id is our job's; its TemplateList has the intelligent presets that fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jobs import queries, services
from jobs.dialects import answer_template
from jobs.dialects.mps import deliveries
from jobs.dialects.mps.answer_job import location
from jobs.dialects.mps.errors import job_code
from jobs.dialects.mps.reading import encoded, file, ids, need, plain_id, said, wrapped
from jobs.dialects.mps.snapshots import pipeline_of
from jobs.dialects.mps.submit import spec_of, user_data
from jobs.dialects.reading import Bad, Fields
from jobs.dialects.times import utc
from jobs.engine.template import Template as Params
from jobs.engine.template import merge
from jobs.models import Job
from jobs.states import JobState
from templates_app.models import Template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobs.dialects.call import Answer, Call

NAME = "AnalysisJob"
STATES: dict[str, str] = {
    JobState.QUEUED: "Submitted",
    JobState.RUNNING: "Analyzing",
    JobState.SUCCEEDED: "Success",
    JobState.FAILED: "Fail",
    JobState.CANCELLED: "Fail",
}
WISHES = {"Auto": "auto", "Force": "force", "None": "none"}
WORDS = {meaning: word for word, meaning in WISHES.items()}
SIDES = ("Width", "Height", "Left", "Top")


def submit(call: Call) -> Answer:
    """SubmitAnalysisJob."""
    need(call.params, "Input", "PipelineId")
    fields = Fields(call.params)
    source = fields.child("Input")
    job = services.submit(
        spec=spec_of({"kind": "analysis", "input": str(file(source)), **wishes(fields.child("AnalysisConfig"))}),
        pipeline=pipeline_of(call),
        priority=fields.whole("Priority", 1, 10),
        user_data=user_data(fields),
        source=Job.Source.MPS,
        owner=call.caller.user,
        foreign=said(Location=source.text("Location", most=64), RequestId=call.request_id),
    )
    return {NAME: told(job)}


def query(call: Call) -> Answer:
    """QueryAnalysisJobList."""
    wanted = ids(call.params, "AnalysisJobIds")
    rows = queries.own(Job.objects.filter(kind="analysis")).in_bulk([one for one in wanted if plain_id(one)])
    missing, messages = [one for one in wanted if one not in rows], deliveries.results(rows)
    return wrapped(NAME, [told(rows[one], messages.get(one)) for one in wanted if one in rows]) | {"NonExistAnalysisJobIds": {"String": missing}}


def wishes(config: Fields) -> dict[str, Any]:
    """AnalysisConfig in our words; what is not said is left out. Raises Bad."""
    quality, properties = config.child("QualityControl"), config.child("PropertiesControl")
    crop = properties.child("Crop")
    found: dict[str, Any] = {}
    rate = quality.number("RateQuality", 1, 51)
    if rate is not None:
        found["quality"] = round(rate)
    if quality.has("MethodStreaming"):
        found["method"] = quality.one_of("MethodStreaming", {"network": "network", "local": "local"}, "network")
    if properties.has("Deinterlace"):
        found["deinterlace"] = properties.one_of("Deinterlace", WISHES, "auto")
    mode = crop.one_of("Mode", WISHES, "auto")
    if mode == "force":
        for name in SIDES[:2]:
            if not crop.has(name):
                raise Bad(crop.at(name), "The mode Force needs an area.", missing=True)
        found["crop"] = {name.lower(): crop.whole(name, 8 if name in SIDES[:2] else 0, 4096) or 0 for name in SIDES}
    elif crop.has("Mode"):
        found["crop"] = mode
    return found


def told(job: Job, message: Mapping[str, str] | None = None) -> dict[str, Any]:
    """An analysis job as answers have it."""
    over = job.state in (JobState.FAILED, JobState.CANCELLED)
    return said(
        Id=job.id,
        State=STATES[job.state],
        Code=job_code(job.code) if over else None,
        Message=job.message if over else None,
        Priority=str(job.priority),
        UserData=job.user_data,
        PipelineId=job.pipeline_id,
        CreationTime=utc(job.created_at),
        MNSMessageResult=message,
        InputFile={"Bucket": job.input_bucket, "Location": location(job), "Object": encoded(job.input_key)},
        AnalysisConfig=_config(job.spec),
        TemplateList={"Template": _templates(job.result)} if job.state == JobState.SUCCEEDED and job.result else None,
    ) | {"Percent": 100 if job.state == JobState.SUCCEEDED else job.progress}


def _config(spec: Mapping[str, Any]) -> dict[str, Any]:
    crop = spec.get("crop", "auto")
    area = {"Mode": WORDS[crop]} if isinstance(crop, str) else {"Mode": "Force"} | {name: str(crop[name.lower()]) for name in SIDES}
    return {
        "QualityControl": {"RateQuality": str(spec.get("quality", 25)), "MethodStreaming": spec.get("method", "network")},
        "PropertiesControl": {"Deinterlace": WORDS[spec.get("deinterlace", "auto")], "Crop": area},
    }


def _templates(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The intelligent presets that fit, with the values that they take for this input."""
    fitting = {row["id"]: row["values"] for row in result["presets"] if row["fits"] and row["kind"] == "intelligent"}
    rows = Template.objects.select_related("current").in_bulk(fitting)
    found = []
    for template_id, values in fitting.items():
        row = rows.get(template_id)
        if row is None or row.current is None:
            continue
        params = merge(Params.model_validate(row.current.params, strict=False), values).model_dump(mode="json", exclude_none=True)
        found.append({"Id": row.id, "Name": row.name, "State": "Normal", **answer_template.parts(params, removals=False)})
    return found
