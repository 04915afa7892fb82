"""Executions of media workflows in MPS's words: a RunId is our execution's id. Completed says only that the flow has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q

from jobs.dialects.mps import deliveries, topology
from jobs.dialects.mps.answer_job import LOCATION
from jobs.dialects.mps.errors import job_code
from jobs.dialects.mps.reading import encoded, ids, located, page_size, plain_id, said, wrapped
from jobs.dialects.reading import Bad, Fields
from jobs.dialects.times import utc
from jobs.models import Output
from jobs.workflows import queries
from jobs.workflows.states import ActivityState, ExecutionState
from jobs.workflows.telling import BEGAN, ENDED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jobs.dialects.call import Answer, Call
    from jobs.workflows.models import Activity, Execution

NAME = "MediaWorkflowExecution"
STATES: dict[str, str] = {
    ExecutionState.RUNNING: "Running",
    ExecutionState.SUCCEEDED: "Completed",
    ExecutionState.COMPLETED: "Completed",
    ExecutionState.FAILED: "Fail",
    ExecutionState.CANCELLED: "Fail",
}
ACTIVITY_STATES: dict[str, str] = {
    ActivityState.RUNNING: "Running",
    ActivityState.SUCCESS: "Success",
    ActivityState.FAIL: "Fail",
    ActivityState.SKIPPED: "Skipped",
}
"""An activity that waits is not told yet."""


def query(call: Call) -> Answer:
    """QueryMediaWorkflowExecutionList."""
    wanted = ids(call.params, "RunIds")
    rows = queries.executions().in_bulk([one for one in wanted if plain_id(one)])
    missing = [one for one in wanted if one not in rows]
    return wrapped(NAME, told([rows[one] for one in wanted if one in rows])) | {"NonExistRunIds": {"RunId": missing}}


def listed(call: Call) -> Answer:
    """ListMediaWorkflowExecutions: newest first."""
    fields = Fields(call.params)
    size = page_size(call.params)
    rows = queries.executions()
    if workflow := fields.text("MediaWorkflowId", most=64):
        rows = rows.filter(workflow=workflow)
    if name := fields.text("MediaWorkflowName", most=128):
        rows = rows.filter(workflow_name=name)
    if fields.has("InputFileURL"):
        address = located(fields.text("InputFileURL"), "InputFileURL", call.endpoint)
        rows = rows.filter(bucket=address.bucket, key=address.key)
    if token := call.params.get("NextPageToken", ""):
        last = queries.executions().filter(pk=token).first() if plain_id(token) else None
        if last is None:
            raise Bad("NextPageToken", "This is no token of this list.")
        rows = rows.filter(Q(created_at__lt=last.created_at) | Q(created_at=last.created_at, pk__lt=last.pk))
    found = list(rows[: size + 1])
    answer = wrapped(NAME, told(found[:size]))
    return answer | ({"NextPageToken": found[size - 1].pk} if len(found) > size else {})


def told(rows: Sequence[Execution]) -> list[dict[str, Any]]:
    """Executions as answers have them; two reads more however many they are."""
    jobs = job_ids(rows)
    messages = deliveries.results(f"{row.pk}{ending}" for row in rows for ending in (BEGAN, ENDED))
    return [_told(row, jobs, messages) for row in rows]


def _told(row: Execution, jobs: Mapping[str, str], messages: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    items = activities(row, jobs)
    for item in items:
        if item["Type"] in ("Start", "Report"):
            ending = BEGAN if item["Type"] == "Start" else ENDED
            item |= said(MNSMessageResult=messages.get(f"{row.pk}{ending}"))
    return head(row) | {"ActivityList": {"Activity": items}}


def head(row: Execution) -> dict[str, Any]:
    """What answers and messages say of an execution alike, without its activities."""
    location = (row.workflow.foreign.get("Location") if row.workflow else "") or LOCATION
    return said(
        RunId=row.pk,
        Name=row.workflow_name,
        State=STATES[row.state],
        MediaId=row.media_id,
        MediaWorkflowId=row.workflow_id,
        CreationTime=utc(row.created_at),
        Input={"InputFile": {"Bucket": row.bucket, "Location": location, "Object": encoded(row.key)}} | said(UserData=row.user_data),
    )


def activities(row: Execution, jobs: Mapping[str, str]) -> list[dict[str, Any]]:
    """Start, every step that is not waiting, and Report, which a workflow of ours may not have. ``jobs``: see :func:`job_ids`."""
    begun = utc(row.created_at)
    start = str((row.workflow.foreign.get("Start") if row.workflow else "") or topology.START)
    found = [{"Name": start, "Type": "Start", "State": "Success", "StartTime": begun, "EndTime": begun}]
    rows = list(row.activities.all())
    found += [_activity(one, jobs) for one in rows if one.state != ActivityState.WAITING]
    if row.is_final and not any(one.type == "publish" for one in rows):
        ended = utc(row.finished_at) or ""
        found.append({"Name": topology.REPORT, "Type": "Report", "State": "Success", "StartTime": ended, "EndTime": ended})
    return found


def _activity(one: Activity, jobs: Mapping[str, str]) -> dict[str, Any]:
    failed = one.state == ActivityState.FAIL
    return said(
        Name=one.name,
        Type=topology.TYPES.get(one.type, "Transcode"),
        State=ACTIVITY_STATES[one.state],
        JobId=jobs.get(one.job_id, one.job_id) if one.job_id else None,
        Code=(job_code(one.code) or "InternalError") if failed else None,
        Message=one.message if failed else None,
        StartTime=utc(one.started_at),
        EndTime=utc(one.finished_at),
    )


def job_ids(rows: Iterable[Execution]) -> dict[str, str]:
    """What MPS's interface calls the jobs of these executions: of a transcode the id of its first output, which QueryJobList knows. One read."""
    wanted = [one.job_id for row in rows for one in row.activities.all() if one.job_id and one.type in ("transcode", "package")]
    return dict(Output.objects.filter(job__in=wanted, index=0).values_list("job_id", "id")) if wanted else {}
