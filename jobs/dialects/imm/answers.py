"""Our rows and probes in IMM's words. Pure but for the rows that it is given."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jobs.foreign.tasks import told
from jobs.states import JobState

if TYPE_CHECKING:
    from jobs.foreign.models import BucketAttachment, ForeignTask, Project

STATUS = {JobState.QUEUED: "Running", JobState.RUNNING: "Running", JobState.SUCCEEDED: "Succeeded", JobState.FAILED: "Failed", JobState.CANCELLED: "Failed"}
LIMITS: dict[str, int] = {
    "ProjectMaxDatasetCount": 1_000_000_000,
    "DatasetMaxBindCount": 10,
    "DatasetMaxFileCount": 100_000_000,
    "DatasetMaxEntityCount": 10_000_000_000,
    "DatasetMaxRelationCount": 100_000_000_000,
    "DatasetMaxTotalFileSize": 90_000_000_000_000_000,
}
"""What a project is told to have where nobody said anything; nothing here is counted against them."""


def moment(at: dt.datetime | None) -> str | None:
    """ISO 8601, UTC, with milliseconds."""
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def event_id(task_id: str) -> str:
    """The event of a task: its own number, without the type."""
    return task_id.partition("-")[2].replace("-", "").upper()


def task(row: ForeignTask, *, definition: bool) -> dict[str, Any]:
    """``definition``: with the request as it was sent, as JSON text."""
    seen = told(row)
    found: dict[str, Any] = {
        "TaskId": row.id,
        "TaskType": row.type,
        "Status": STATUS[JobState(seen.state)],
        "Code": seen.code,
        "Message": seen.message,
        "Progress": seen.progress,
        "StartTime": moment(row.created_at),
        "EndTime": moment(seen.finished_at),
        "UserData": row.user_data,
        "Tags": row.tags,
    }
    if definition:
        said = {name: value for name, value in row.request.items() if name != "RequestId"}
        found["TaskRequestDefinition"] = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return {name: value for name, value in found.items() if value is not None}


def project(row: Project) -> dict[str, Any]:
    """What is said of a project."""
    said: Mapping[str, Any] = row.foreign
    return {
        "ProjectName": row.name,
        "Description": row.description,
        "ServiceRole": said.get("ServiceRole", ""),
        "TemplateId": said.get("TemplateId", ""),
        "CreateTime": moment(row.created_at),
        "UpdateTime": moment(row.updated_at),
        "ProjectQueriesPerSecond": 100,
        "EngineConcurrency": 20,
        **{name: said.get(name, usual) for name, usual in LIMITS.items()},
        "DatasetCount": 0,
        "FileCount": 0,
        "TotalFileSize": 0,
        "Tags": [{"TagKey": tag.get("Key", ""), "TagValue": tag.get("Value", "")} for tag in said.get("Tag", ())],
    }


def attachment(row: BucketAttachment) -> dict[str, Any]:
    """A bucket and its project."""
    return {
        "OSSBucket": row.bucket.name,
        "ProjectName": row.project.name,
        "Description": row.description,
        "CreateTime": moment(row.created_at),
        "UpdateTime": moment(row.updated_at),
    }
