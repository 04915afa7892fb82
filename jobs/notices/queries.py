"""What the pages and endpoints about notifications show."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count, Q, QuerySet

from jobs import clock
from jobs.engine.errors import Refused
from jobs.models import Pipeline
from jobs.notices.models import Delivery, NotifyTarget
from jobs.queries import own
from jobs.workflows.models import Workflow

DAY = dt.timedelta(hours=24)


@dataclass
class Use:
    """What goes to one target: messages of the last day, and the pipelines and workflows that name it."""

    delivered: int = 0
    failed: int = 0
    pipelines: list[Pipeline] = field(default_factory=list)
    workflows: list[Workflow] = field(default_factory=list)


def targets(q: str = "", kind: str = "") -> QuerySet[NotifyTarget]:
    """Targets by a part of the name, and kind."""
    rows = NotifyTarget.objects.order_by("name", "id")
    if q:
        rows = rows.filter(Q(name__icontains=q) | Q(id=q))
    return rows.filter(kind=kind) if kind else rows


def uses(rows: Iterable[NotifyTarget]) -> dict[str, Use]:
    """By the target's name; in three queries however many there are."""
    found: dict[str, Use] = defaultdict(Use)
    names = [row.name for row in rows]
    counted = Delivery.objects.filter(topic__in=names, created_at__gte=clock.now() - DAY).order_by().values("topic", "state").annotate(number=Count("id"))
    for row in counted:
        if row["state"] == Delivery.State.DELIVERED:
            found[row["topic"]].delivered = row["number"]
        elif row["state"] == Delivery.State.FAILED:
            found[row["topic"]].failed = row["number"]
    for pipeline in Pipeline.objects.filter(notify_topic__in=names).order_by("name"):
        found[pipeline.notify_topic].pipelines.append(pipeline)
    for workflow in Workflow.objects.filter(notify_topic__in=names).order_by("name"):
        found[workflow.notify_topic].workflows.append(workflow)
    return found


def deliveries(topic: str = "", state: str = "", job: str = "", since: dt.datetime | None = None, until: dt.datetime | None = None) -> QuerySet[Delivery]:
    """Messages, newest first."""
    rows = own(Delivery.objects.select_related("job", "execution").order_by("-created_at", "-id"), "job")
    if topic:
        rows = rows.filter(topic=topic)
    if state:
        rows = rows.filter(state=state)
    if job:
        rows = rows.filter(Q(job=job) | Q(execution=job) | Q(pk=job))
    if since:
        rows = rows.filter(created_at__gte=since)
    return rows.filter(created_at__lt=until) if until else rows


def delivery(delivery_id: str) -> Delivery:
    """Raises Refused NotFound."""
    row = own(Delivery.objects.select_related("job", "execution__workflow").filter(pk=delivery_id), "job").first()
    if row is None:
        raise Refused("NotFound", "There is no such delivery.")
    return row


def unbound_topics() -> list[str]:
    """Topics that pipelines or workflows name and that nobody has made a target of."""
    known = NotifyTarget.objects.values("name")
    of_pipelines, of_workflows = (
        model.objects.exclude(notify_topic="").exclude(notify_topic__in=known).order_by().values_list("notify_topic", flat=True)
        for model in (Pipeline, Workflow)
    )
    return sorted({*of_pipelines, *of_workflows})


def topics() -> list[str]:
    """Names of targets, offered where a topic is asked for."""
    return list(NotifyTarget.objects.order_by("name").values_list("name", flat=True)[:200])


def failing() -> list[NotifyTarget]:
    """Targets that need somebody, the longest first."""
    return list(NotifyTarget.objects.filter(failing_since__isnull=False).order_by("failing_since")[:5])
