"""QueryJobList, ListJob, CancelJob. A Job of MPS is an output of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet

from jobs import services
from jobs.dialects.call import Answer, Call, Refusal
from jobs.dialects.mps import answer_job, deliveries, pipelines
from jobs.dialects.mps.errors import not_found
from jobs.dialects.mps.reading import ids, need, page_size, plain_id, wrapped
from jobs.dialects.mps.submit import hidden
from jobs.dialects.reading import Bad, Fields
from jobs.dialects.times import read_utc
from jobs.engine.errors import Refused
from jobs.models import Output
from jobs.queries import own
from jobs.states import JobState

if TYPE_CHECKING:
    import datetime as dt

STATES: dict[str, str] = {"All": "", **{word: state for state, word in answer_job.STATES.items()}}
DENIED = {
    JobState.RUNNING: ("PermissionDenied.JobInRunning", "is running"),
    JobState.SUCCEEDED: ("PermissionDenied.JobInComplete", "is complete"),
    JobState.FAILED: ("PermissionDenied.JobInFailure", "has failed"),
    JobState.CANCELLED: ("PermissionDenied.JobInComplete", "is cancelled"),
}


def query(call: Call) -> Answer:
    """QueryJobList."""
    wanted = ids(call.params, "JobIds")
    rows = outputs().order_by().in_bulk([one for one in wanted if plain_id(one)])
    missing = [one for one in wanted if one not in rows]
    return _told([rows[one] for one in wanted if one in rows], call) | {"NonExistJobIds": {"String": missing}}


def listed(call: Call) -> Answer:
    """ListJob: newest first; the next page begins after the Job that its token names."""
    fields = Fields(call.params)
    size = page_size(call.params)
    rows = outputs().order_by("-job__created_at", "-job_id", "index")
    if state := fields.one_of("State", STATES, ""):
        rows = rows.filter(state=state)
    rows = within(rows, call, "job__")
    if token := call.params.get("NextPageToken", ""):
        rows = _after(rows, token)
    found = list(rows[: size + 1])
    answer = _told(found[:size], call)
    return answer | ({"NextPageToken": found[size - 1].id} if len(found) > size else {})


def cancel(call: Call) -> Answer:
    """CancelJob: one output that waits. Raises Refusal for one that runs or is over."""
    need(call.params, "JobId")
    row = outputs().filter(pk=call.params["JobId"]).first() if plain_id(call.params["JobId"]) else None
    if row is None:
        raise not_found(call.params["JobId"][:128])
    try:
        services.cancel_output(row.job_id, row.id, actor=call.caller.name)
    except Refused:
        state = Output.objects.values_list("state", flat=True).get(pk=row.pk)
        code, what = DENIED.get(JobState(state), DENIED[JobState.RUNNING])
        raise Refusal(code, f'The Job operated "{row.id}" {what}, cannot cancel.', 403) from None
    return {"JobId": row.id}


def outputs() -> QuerySet[Output]:
    """All outputs of the caller that are Jobs in MPS's eyes, with what an answer tells of them."""
    return own(Output.objects.filter(job__kind="transcode").select_related("job", "template__template").defer("job__probe", "parameters"), "job")


def within(rows: QuerySet[Any], call: Call, prefix: str = "") -> QuerySet[Any]:
    """Narrowed to PipelineId and the range of creation times."""
    if call.params.get("PipelineId"):
        rows = rows.filter(**{f"{prefix}pipeline": pipelines.of_id(call.params["PipelineId"])})
    for name, lookup in (("StartOfJobCreatedTimeRange", "gte"), ("EndOfJobCreatedTimeRange", "lt")):
        if text := call.params.get(name, ""):
            rows = rows.filter(**{f"{prefix}created_at__{lookup}": moment(name, text)})
    return rows


def moment(name: str, text: str) -> dt.datetime:
    """A time of the request. Raises Bad."""
    try:
        return read_utc(text)
    except ValueError as error:
        raise Bad(name, str(error)) from None


def _after(rows: QuerySet[Output], token: str) -> QuerySet[Output]:
    last = outputs().filter(pk=token).first() if plain_id(token) else None
    if last is None:
        raise Bad("NextPageToken", "This is no token of this list.")
    older = Q(job__created_at__lt=last.job.created_at) | Q(job__created_at=last.job.created_at, job_id__lt=last.job_id)
    return rows.filter(Q(job__created_at__lte=last.job.created_at) & (older | Q(job_id=last.job_id, index__gt=last.index)))


def _told(rows: list[Output], call: Call) -> dict[str, Any]:
    messages = deliveries.results(row.id for row in rows)
    return wrapped("Job", [answer_job.job(row, secret=hidden(row, call), message=messages.get(row.id)) for row in rows])
