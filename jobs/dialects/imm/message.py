"""What a topic is told of the end of a task: IMM's envelope with its content as JSON text. Tasks of the object store are told in the same way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jobs.dialects.imm.answers import STATUS, event_id, moment
from jobs.foreign import tasks as foreign_tasks
from jobs.foreign.models import ForeignTask, ForeignTaskJob
from jobs.notices.messages import Message
from jobs.states import FINAL, JobState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobs.notices.models import Delivery

IMAGES = ("Snapshots", "Sprites", "Animations")


def message(delivery: Delivery) -> Message | None:
    """Of a task of several jobs the last one tells; None for the others."""
    part = ForeignTaskJob.objects.filter(job_id=delivery.job_id).first()
    if part is None:
        return None  # a job without a task: somebody waited for its answer
    task = foreign_tasks.with_parts(ForeignTask.objects.filter(pk=part.task_id)).get()
    if not is_last(task, str(delivery.job_id)):
        return None
    seen = foreign_tasks.told(task)
    kind = f"imm:Task:{task.type}"
    content = {
        "ProjectName": task.project,
        "DatasetName": "",
        "RequestId": str(task.request.get("RequestId", "")),
        "StartTime": moment(task.created_at),
        "EndTime": moment(seen.finished_at),
        "UserData": task.user_data,
        "TaskType": task.type,
        "TaskId": task.id,
        "Status": STATUS[JobState(seen.state)],
        "Code": seen.code,
        "Message": seen.message,
        "EventSourceId": "",
        "Sources": [{"URI": source, "SubtitleSources": None} for source in _sources(task)],
        "Targets": _targets(task),
    }
    return Message(
        kind,
        {
            "id": event_id(task.id),
            "source": "acs.imm",
            "type": kind,
            "subject": f"acs:imm:local:{task.owner_id or 0}:{task.project}/{kind}",
            "time": str(round((seen.finished_at or task.created_at).timestamp() * 1000)),
            "content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
        },
    )


def is_last(task: ForeignTask, job_id: str) -> bool:
    """Whether all jobs are over, and this one ended last."""
    jobs = [part.job for part in task.parts.all()]
    return all(job.state in FINAL for job in jobs) and max(jobs, key=lambda job: (job.finished_at, job.pk)).pk == job_id


def _sources(task: ForeignTask) -> list[str]:
    said = [source.get("URI", "") for source in task.request.get("Sources") or () if isinstance(source, dict)]
    first = next(iter(task.parts.all()), None)
    return said or ([f"oss://{first.job.input_bucket}/{first.job.input_key}"] if first else [])


def _targets(task: ForeignTask) -> list[dict[str, Any]]:
    """Each target of the request with what was made of it; without places (of the object store) each output is one."""
    made: dict[str, dict[str, Any]] = {}
    for part in task.parts.all():
        for row, place in zip(part.job.outputs.all(), _places(part), strict=False):
            target, _, image = place.partition(".Image.")
            target, _, text = target.partition(".Subtitle.")
            found = made.setdefault(target, {"URI": "", "Subtitle": {"Extract": {"URI": ""}}, "Image": dict.fromkeys(IMAGES)})
            address = f"oss://{row.bucket}/{row.key}"
            name = image.partition("[")[0]
            if name in IMAGES:
                found["Image"][name] = [*(found["Image"][name] or ()), {"URI": address}]
            elif text:
                found["Subtitle"]["Extract"]["URI"] = address
            else:
                found["URI"] = address
    return list(made.values())


def _places(part: ForeignTaskJob) -> Sequence[str]:
    places = part.words.get("places")
    return places if isinstance(places, list) else [f"Targets[{number}]" for number in range(len(part.job.outputs.all()))]
