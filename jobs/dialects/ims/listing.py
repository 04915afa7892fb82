"""What IMS's jobs have in common: words of states; lists with pages by token, times, order."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from django.db.models import Model

from console.lib.paging import Page, page
from jobs.dialects.ims.errors import not_found
from jobs.dialects.times import read_utc
from jobs.engine.errors import Refused
from jobs.foreign import tasks as foreign_tasks
from jobs.foreign.models import ForeignTask
from jobs.states import JobState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from jobs.dialects.reading import Fields
    from jobs.models import Job

PRODUCT = "ims"
STATUS = {JobState.QUEUED: "Init", JobState.RUNNING: "Init", JobState.SUCCEEDED: "Success", JobState.FAILED: "Fail", JobState.CANCELLED: "Fail"}
"""Of all jobs but conversions, which have words of their own."""
WANTED = {"Init": (JobState.QUEUED, JobState.RUNNING), "Success": (JobState.SUCCEEDED,), "Fail": (JobState.FAILED, JobState.CANCELLED)}
Row = TypeVar("Row", bound=Model)
ORDERS = {"CreateTimeDesc": ("-created_at", "-id"), "CreateTimeAsc": ("created_at", "id")}


def listed(rows: QuerySet[Row], fields: Fields) -> Page[Row]:
    """The page that StartOfCreateTime, EndOfCreateTime, OrderBy, PageSize and NextPageToken ask for. Raises Bad, Refused."""
    for name, way in (("StartOfCreateTime", "gte"), ("EndOfCreateTime", "lte")):
        if text := fields.text(name):
            try:
                rows = rows.filter(**{f"created_at__{way}": read_utc(text)})
            except ValueError as error:
                raise fields.bad(name, str(error)) from None
    order = fields.one_of("OrderBy", ORDERS, ORDERS["CreateTimeDesc"])
    return page(rows.order_by(*order), fields.text("NextPageToken"), size=fields.whole("PageSize", 1, 100) or 20)


def jobs_listed(rows: QuerySet[Job], fields: Fields) -> Page[Job]:
    """The page of single jobs that JobId, Status and what all lists have ask for."""
    if job_id := fields.text("JobId", most=64):
        rows = rows.filter(pk=job_id)
    if states := fields.one_of("Status", WANTED, ()):
        rows = rows.filter(state__in=states)
    return listed(rows, fields)


def tasks_listed(kind: str, task_id: str, states: Sequence[str], fields: Fields) -> Page[ForeignTask]:
    """The page of conversions or transcodes (``kind``) with that id and in one of these states, where they are said."""
    rows = foreign_tasks.own(ForeignTask.objects.filter(product=PRODUCT, type=kind))
    if task_id:
        rows = rows.filter(pk=task_id)
    if states:
        rows = foreign_tasks.in_state(rows, *states)
    return listed(foreign_tasks.with_parts(rows), fields)


def find(kind: str, task_id: str) -> ForeignTask:
    """A conversion or transcode with what it consists of. Raises Refusal."""
    try:
        return foreign_tasks.find_task(task_id, product=PRODUCT, type=kind)
    except Refused:
        raise not_found("Job", task_id) from None
