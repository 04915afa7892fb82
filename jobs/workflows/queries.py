"""Reads of workflows and executions, with a fixed number of queries however many there are."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs.engine.errors import Refused
from jobs.queries import WINDOW
from jobs.workflows.models import Activity, Execution, Workflow
from jobs.workflows.states import ExecutionState
from media_assets.buckets import own_names

Row = TypeVar("Row", Workflow, Execution)
_ID = re.compile(r"[0-9a-f]{32}\Z")
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
    """How each of these is doing, by id; three queries, which look at the executions of a week and at those that run."""
    ids = [row.pk for row in rows]
    newest = Execution.objects.filter(workflow=OuterRef("pk")).order_by("-created_at", "-id").values("created_at")[:1]
    lasts = dict(Workflow.objects.filter(pk__in=ids).order_by().annotate(last=Subquery(newest)).values_list("pk", "last"))
    counts: dict[str, Counter[str]] = {pk: Counter() for pk in ids}
    mine = Execution.objects.filter(workflow__in=ids).order_by()
    recent = mine.filter(created_at__gte=timezone.now() - WEEK, state__in=(ExecutionState.SUCCEEDED, ExecutionState.COMPLETED, ExecutionState.FAILED))
    for counted in (recent, mine.filter(state=ExecutionState.RUNNING)):
        for row in counted.values("workflow", "state").annotate(number=Count("id")):
            counts[row["workflow"]][row["state"]] = row["number"]
    return {
        pk: Use(
            good=found[ExecutionState.SUCCEEDED],
            bad=found[ExecutionState.COMPLETED] + found[ExecutionState.FAILED],
            running=found[ExecutionState.RUNNING],
            last=lasts.get(pk),
        )
        for pk, found in counts.items()
    }


def overlaps(rows: Iterable[Workflow]) -> dict[str, list[str]]:
    """Names of the other watching workflows that a file below each one's path starts too, by id; one query."""
    wanted = list(rows)
    watching = Workflow.objects.filter(state=Workflow.State.ACTIVE, trigger=Workflow.Trigger.AUTOMATIC, bucket__in={row.bucket for row in wanted})
    others = list(watching.order_by("name").values_list("pk", "name", "bucket", "path"))
    return {
        row.pk: [
            name for pk, name, bucket, path in others if pk != row.pk and bucket == row.bucket and (path.startswith(row.path) or row.path.startswith(path))
        ]
        for row in wanted
    }


def executions(
    *, workflow: str = "", states: Iterable[str] = (), q: str = "", media: str = "", since: dt.datetime | None = None, until: dt.datetime | None = None
) -> QuerySet[Execution]:
    """The caller's executions, newest first, with activities. ``workflow``: id or name; ``q``: an id, the start of an address, or a part of a key (in the newest 20,000)."""
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
    elif _ID.match(q):
        rows = rows.filter(pk=q)
    elif q:  # no index can answer this
        rows = rows.filter(pk__in=Execution.objects.order_by("-created_at", "-id").values("pk")[:WINDOW], key__icontains=q)
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
