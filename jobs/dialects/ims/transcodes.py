"""Transcode jobs: parents and children. Thin: translate, call services, answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.lib.ids import new_id
from jobs.dialects.answer_template import text
from jobs.dialects.documents import spec_of
from jobs.dialects.ims import callback
from jobs.dialects.ims.conversions import bounded
from jobs.dialects.ims.known import known, media_of, url_of
from jobs.dialects.ims.listing import STATUS, WANTED, find, tasks_listed
from jobs.dialects.ims.meta import meta
from jobs.dialects.ims.transcoding import OUTPUTS_MAX, read_transcode
from jobs.dialects.reading import Fields
from jobs.dialects.times import utc
from jobs.foreign import tasks as foreign_tasks
from jobs.states import JobState

if TYPE_CHECKING:
    from jobs.dialects.call import Answer, Call
    from jobs.foreign.models import ForeignTask

TYPE = "Transcode"


def submit(call: Call) -> Answer:
    """SubmitTranscodeJob."""
    fields = Fields(call.params)
    wanted = read_transcode(call.params, known(call), media_of)
    schedule = fields.child("ScheduleConfig")
    pipeline, priority = schedule.text("PipelineId", "default", most=128), schedule.whole("Priority", 1, 10)
    parts = [
        foreign_tasks.Part(spec_of(document.spec, lambda loc: "OutputGroup"), {"children": list(document.children)}, pipeline, priority)
        for document in wanted.documents
    ]
    task = foreign_tasks.submit_task(
        new_id(),
        parts,
        product="ims",
        type=TYPE,
        owner=call.caller.user,
        user_data=bounded(fields),
        token=fields.text("ClientToken", most=255),
        topic=callback.topic(),
        name=fields.text("Name", most=128),
        request={"InputGroup": wanted.inputs, "OutputGroup": wanted.outputs, "ScheduleConfig": dict(schedule.values)},
    )
    return {"TranscodeParentJob": told(call, find(TYPE, task.id))}


def get(call: Call) -> Answer:
    """GetTranscodeJob."""
    fields = Fields(call.params)
    fields.need("ParentJobId")
    return {"TranscodeParentJob": told(call, find(TYPE, fields.text("ParentJobId")))}


def listing(call: Call) -> Answer:
    """ListTranscodeJobs."""
    fields = Fields(call.params)
    found = tasks_listed(TYPE, fields.text("ParentJobId", most=64), fields.one_of("Status", WANTED, ()), fields)
    return {"Jobs": [told(call, row) for row in found.items], "NextPageToken": found.next or ""}


def told(call: Call, task: ForeignTask) -> dict[str, Any]:
    """A parent as answers have it."""
    seen = foreign_tasks.told(task)
    children = sorted(_children(call, task), key=lambda child: child["JobIndex"])
    return {
        "ParentJobId": task.id,
        "Name": task.name,
        "RequestId": call.request_id,
        "Status": STATUS[JobState(seen.state)],
        "Percent": seen.progress,
        "JobCount": len(children),
        "InputGroup": task.request.get("InputGroup", []),
        "OutputGroup": _groups(task),
        "TranscodeJobList": children,
        "ScheduleConfig": _schedule(task),
        "UserData": task.user_data,
        "SubmitTime": utc(task.created_at),
        "CreateTime": utc(task.created_at),
        "FinishTime": utc(seen.finished_at) or "",
        "TriggerSource": "API",
    }


def _children(call: Call, task: ForeignTask) -> list[dict[str, Any]]:
    found = []
    groups = _groups(task)
    for part in task.parts.all():
        for row, number in zip(part.job.outputs.all(), part.words.get("children", ()), strict=False):
            url = url_of(call, row.bucket, row.key)
            child: dict[str, Any] = {
                "ParentJobId": task.id,
                "JobId": row.id,
                "JobIndex": number,
                "Name": task.name,
                "Status": STATUS[JobState(row.state)],
                "Percent": row.progress,
                "Code": row.code,
                "Message": row.message,
                "InputGroup": task.request.get("InputGroup", []),
                "OutputGroup": [groups[number]],
                "ProcessConfig": groups[number].get("ProcessConfig", {}),
                "ScheduleConfig": _schedule(task),
                "UserData": task.user_data,
                "SubmitTime": utc(task.created_at),
                "CreateTime": utc(task.created_at),
                "FinishTime": utc(row.published_at) or "",
            }
            if row.state == JobState.SUCCEEDED:
                child["OutFileMeta"] = meta(row.media_info, bucket=row.bucket, key=row.key, url=url, size=row.size)
            found.append(child)
    return found


def _groups(task: ForeignTask) -> list[dict[str, Any]]:
    """The outputs as they were asked for; what is laid over a transcoding template in texts, whatever it came in, for that is how answers have it."""
    found = []
    for group in Fields(task.request).children("OutputGroup", OUTPUTS_MAX):
        process = group.child("ProcessConfig")
        chosen = process.child("Transcode")
        if chosen.has("OverwriteParams"):
            over = _texts(chosen.child("OverwriteParams").values)
            found.append({**group.values, "ProcessConfig": {**process.values, "Transcode": {**chosen.values, "OverwriteParams": over}}})
        else:
            found.append(dict(group.values))
    return found


def _texts(value: Any) -> Any:
    """The same with every number and truth as a text."""
    if isinstance(value, dict):
        return {name: _texts(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return text(value) if isinstance(value, bool | int | float) else value


def _schedule(task: ForeignTask) -> dict[str, Any]:
    first = next(iter(task.parts.all()), None)
    if first is None:
        return {}
    return {"PipelineId": first.job.pipeline_id, "Priority": first.job.priority}
