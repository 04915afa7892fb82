"""MediaConvert jobs. Thin: translate, call services, answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from console.lib.ids import new_id
from jobs.dialects.documents import spec_of
from jobs.dialects.ims import callback
from jobs.dialects.ims.config import read_config, words_of
from jobs.dialects.ims.known import known, media_of, url_of
from jobs.dialects.ims.listing import find, tasks_listed
from jobs.dialects.ims.meta import meta
from jobs.dialects.reading import Bad, Fields
from jobs.dialects.times import utc
from jobs.foreign import tasks as foreign_tasks
from jobs.states import JobState

if TYPE_CHECKING:
    from jobs.dialects.call import Answer, Call
    from jobs.foreign.models import ForeignTask
    from jobs.models import Output

TYPE = "MediaConvert"
STATES = {
    JobState.QUEUED: "Inited",
    JobState.RUNNING: "Running",
    JobState.SUCCEEDED: "Success",
    JobState.FAILED: "Failed",
    JobState.CANCELLED: "Cancelled",
}
OUTPUT_STATES = {
    JobState.QUEUED: "Init",
    JobState.RUNNING: "Scheduled",
    JobState.SUCCEEDED: "Success",
    JobState.FAILED: "Failed",
    JobState.CANCELLED: "Skipped",
}
GROUP_STATES = {**OUTPUT_STATES, JobState.RUNNING: "Running"}
WANTED = {
    "Inited": (JobState.QUEUED,),
    "Running": (JobState.RUNNING,),
    "Success": (JobState.SUCCEEDED,),
    "Complete": (JobState.SUCCEEDED,),
    "Finished": (JobState.SUCCEEDED,),
    "Failed": (JobState.FAILED,),
    "Error": (JobState.FAILED,),
    "Cancelled": (JobState.CANCELLED,),
}
"""Words that clients may ask with: the product's own documents do not agree."""
USER_DATA_BYTES = 1024


def submit(call: Call) -> Answer:
    """SubmitMediaConvertJob."""
    fields = Fields(call.params)
    fields.need("Config")
    user_data = bounded(fields)
    wanted = read_config(call.params["Config"], known(call), media_of)
    pipeline = fields.text("PipelineId", "default", most=128)
    words = words_of(wanted.documents)
    parts = [
        foreign_tasks.Part(spec_of(document.spec, lambda loc: "Config"), words[number], pipeline, document.priority)
        for number, document in enumerate(wanted.documents)
    ]
    task = foreign_tasks.submit_task(
        new_id(),
        parts,
        product="ims",
        type=TYPE,
        owner=call.caller.user,
        user_data=user_data,
        token=fields.text("ClientToken", most=255),
        topic=callback.topic(),
        name=wanted.name,
        request=wanted.config,
    )
    return {"Job": told(call, find(TYPE, task.id))}


def get(call: Call) -> Answer:
    """GetMediaConvertJob."""
    fields = Fields(call.params)
    fields.need("JobId")
    return {"Job": told(call, find(TYPE, fields.text("JobId")))}


def listing(call: Call) -> Answer:
    """ListMediaConvertJobs: without details."""
    fields = Fields(call.params)
    found = tasks_listed(TYPE, fields.text("JobId", most=64), fields.one_of("Status", WANTED, ()), fields)
    return {"Jobs": [told(call, row, details=False) for row in found.items], "NextPageToken": found.next or ""}


def told(call: Call, task: ForeignTask, *, details: bool = True) -> dict[str, Any]:
    """A job as answers have it."""
    seen = foreign_tasks.told(task)
    parts = list(task.parts.all())
    found: dict[str, Any] = {
        "JobId": task.id,
        "State": STATES[JobState(seen.state)],
        "Code": seen.code,
        "Message": seen.message,
        "Percent": seen.progress,
        "PipelineId": parts[0].job.pipeline_id if parts else "",
        "RequestId": call.request_id,
        "ClientToken": task.token,
        "UserData": task.user_data,
        "CreateTime": utc(task.created_at),
        "FinishTime": utc(seen.finished_at) or "",
        "Config": _config(task.request),
    }
    if not details:
        return found
    alone: list[dict[str, Any]] = []
    groups: dict[int, list[dict[str, Any]]] = {}
    states: dict[int, list[str]] = {}
    for part in parts:
        rows = list(part.job.outputs.all())
        for row, words in zip(rows, part.words.get("outputs", ()), strict=False):
            details_ = _details(call, task, row, words)
            if words["group"] is None:
                alone += details_
            else:
                groups.setdefault(words["group"], []).extend(details_)
                states.setdefault(words["group"], []).append(row.state)
    found["OutputDetails"] = alone
    found["OutputGroupDetails"] = [_group(task, number, groups[number], foreign_tasks.merged(states[number])) for number in sorted(groups)]
    return found


def bounded(fields: Fields) -> str:
    """UserData of at most 1,024 bytes. Raises Bad."""
    user_data = fields.text("UserData")
    if len(user_data.encode()) > USER_DATA_BYTES:
        raise Bad(fields.at("UserData"), f"At most {USER_DATA_BYTES} bytes.")
    return user_data


# --- details ----------------------------------------------------------------------------------------------------------
def _config(config: dict[str, Any]) -> dict[str, Any]:
    """As sent; parameters are texts in answers."""

    def outputs(rows: Any) -> list[Any]:
        told_ = []
        for row in rows if isinstance(rows, list) else ():
            row = dict(row) if isinstance(row, dict) else {}
            for name in ("OverrideParams", "Features"):
                if isinstance(row.get(name), dict | list):
                    row[name] = json.dumps(row[name], ensure_ascii=False, separators=(",", ":"))
            told_.append(row)
        return told_

    found = dict(config)
    if isinstance(found.get("OutputGroups"), list):
        found["OutputGroups"] = [{**group, "Outputs": outputs(group.get("Outputs"))} for group in found["OutputGroups"] if isinstance(group, dict)]
    if "Outputs" in found:
        found["Outputs"] = outputs(found["Outputs"])
    return found


def _group(task: ForeignTask, number: int, outputs: list[dict[str, Any]], state: str) -> dict[str, Any]:
    sent = (task.request.get("OutputGroups") or [{}] * (number + 1))[number]
    failed = next((output for output in outputs if output["Code"]), None)
    return {
        "Name": sent.get("Name", ""),
        "TaskId": outputs[0]["TaskId"],
        "Status": GROUP_STATES[JobState(state)],
        "Code": failed["Code"] if failed else "",
        "Message": failed["Message"] if failed else "",
        "CreateTime": utc(task.created_at),
        "FinishTime": max(output["FinishTime"] for output in outputs) if state in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED) else "",
        "Outputs": outputs,
    }


def _details(call: Call, task: ForeignTask, row: Output, words: dict[str, Any]) -> list[dict[str, Any]]:
    """One detail for each output of the request; the rungs of a set share ours."""
    sent: Any = task.request.get("Outputs") if words["group"] is None else (task.request.get("OutputGroups") or [])[words["group"]].get("Outputs")
    found = []
    for number in words["outputs"]:
        detail: dict[str, Any] = {
            "Name": (sent or [{}])[number].get("Name", ""),
            "TaskId": row.id,
            "Status": OUTPUT_STATES[JobState(row.state)],
            "Code": row.code,
            "Message": row.message,
            "CreateTime": utc(task.created_at),
            "FinishTime": utc(row.published_at) or "",
        }
        if row.state == JobState.SUCCEEDED:
            url = url_of(call, row.bucket, row.key)
            detail["Result"] = {
                "OutputFile": {"Type": "OSS", "Media": f"oss://{row.bucket}/{row.key}", "Url": url},
                "OutFileMeta": meta(row.media_info, bucket=row.bucket, key=row.key, url=url, size=row.size),
            }
        found.append(detail)
    return found
