"""Reads of workflows and executions, with a fixed number of queries however many there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Count, Max, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs.engine.errors import Refused
from jobs.workflows.models import Activity, Execution, Workflow
from jobs.workflows.states import ExecutionState
from media_assets.buckets import own_names

Row = TypeVar("Row", Workflow, Execution)
WEEK = dt.timedelta(days=7)


@dataclass(frozen=True)
class Use:
    """How a workflow is doing: executions of the last 7 days that went well, went wrong and run, and when the newest began."""

    good: int = 0
    bad: int = 0
    running: int = 0
    last: dt.datetime | None = None


def workflows(q: str = "", state: str = "") -> QuerySet[Workflow]:
    """The caller's workflows by name, narrowed to a part of the name (or the id) and a state."""
    rows = _own(Workflow.objects.select_related("pipeline", "owner").order_by("name", "id"))
    if q:
        rows = rows.filter(Q(name__icontains=q) | Q(pk=q))
    return rows.filter(state=state) if state else rows


def find(id_or_name: str) -> Workflow:
    """A workflow by its id, else by its name. Raises Refused NotFound."""
    rows = _own(Workflow.objects.select_related("pipeline", "owner"))
    found = rows.filter(pk=id_or_name).first() or rows.filter(name=id_or_name).first() if "\x00" not in id_or_name else None
    if found is None:
        raise Refused("NotFound", _("There is no such workflow."))
    return found


def uses(rows: Iterable[Workflow]) -> dict[str, Use]:
    """How each of these is doing, by id; two queries."""
    ids = [row.pk for row in rows]
    since = timezone.now() - WEEK
    good = Q(state=ExecutionState.SUCCEEDED, created_at__gte=since)
    bad = Q(state__in=(ExecutionState.COMPLETED, ExecutionState.FAILED), created_at__gte=since)
    counted = (
        Execution.objects.filter(workflow__in=ids)
        .order_by()
        .values("workflow")
        .annotate(
            good=Count("id", filter=good), bad=Count("id", filter=bad), running=Count("id", filter=Q(state=ExecutionState.RUNNING)), last=Max("created_at")
        )
    )
    found = {row["workflow"]: Use(row["good"], row["bad"], row["running"], row["last"]) for row in counted}
    return {pk: found.get(pk, Use()) for pk in ids}


def executions(
    *, workflow: str = "", states: Iterable[str] = (), q: str = "", media: str = "", since: dt.datetime | None = None, until: dt.datetime | None = None
) -> QuerySet[Execution]:
    """The caller's executions, newest first, with activities. ``workflow``: id or name; ``q``: an id, an address, or the start of a key."""
    rows = _own(Execution.objects.select_related("workflow", "pipeline", "owner").prefetch_related(_activities()).order_by("-created_at", "-id"))
    if workflow:
        rows = rows.filter(Q(workflow=workflow) | Q(workflow_name=workflow))
    if wanted := tuple(states):
        rows = rows.filter(state__in=wanted)
    if media:
        rows = rows.filter(media_id=media)
    if q.startswith("oss://"):
        bucket, _slash, key = q.removeprefix("oss://").partition("/")
        rows = rows.filter(bucket=bucket, key__startswith=key)
    elif q:
        rows = rows.filter(Q(pk=q) | Q(key__startswith=q) | Q(key__endswith=q))
    if since:
        rows = rows.filter(created_at__gte=since)
    return rows.filter(created_at__lt=until) if until else rows


def execution(execution_id: str) -> Execution:
    """One execution with its activities and their jobs. Raises Refused NotFound."""
    rows = _own(Execution.objects.select_related("workflow", "pipeline", "owner", "again_of").prefetch_related(_activities()))
    found = rows.filter(pk=execution_id).first() if "\x00" not in execution_id else None
    if found is None:
        raise Refused("NotFound", _("There is no such execution."))
    return found


def _activities() -> Prefetch[str, QuerySet[Activity], str]:
    return Prefetch("activities", Activity.objects.select_related("job").defer("job__spec", "job__probe", "job__result").order_by("index"))


def _own(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Those whose input lies in the caller's buckets; others are as if they were not there."""
    names = own_names()
    return rows if names is None else rows.filter(bucket__in=names)
