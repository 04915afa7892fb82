"""Reads that tell where something is used: templates by jobs, media by jobs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

from jobs.models import Job, Output, UsedMark
from jobs.states import JobState

if TYPE_CHECKING:
    from django.db.models import QuerySet

UNFINISHED = (JobState.QUEUED, JobState.RUNNING)
COUNTED = 1000  # uses of one template are counted no further


@dataclass(frozen=True)
class Use:
    """How many outputs were made, or are to be made, with a template; ``more``: there are more than were counted."""

    outputs: int
    more: bool = False


def template_use(template_ids: Iterable[str]) -> dict[str, Use]:
    """How much each template is used. One bounded index read per template."""
    found = {}
    for template_id in template_ids:
        number = Output.objects.filter(template__template=template_id).order_by()[: COUNTED + 1].count()
        found[template_id] = Use(min(number, COUNTED), number > COUNTED)
    return found


def mark_use(mark_ids: Iterable[str]) -> dict[str, Use]:
    """How many outputs had each watermark template laid over them. One bounded index read per watermark template."""
    found = {}
    for mark_id in mark_ids:
        number = UsedMark.objects.filter(mark=mark_id).order_by()[: COUNTED + 1].count()
        found[mark_id] = Use(min(number, COUNTED), number > COUNTED)
    return found


def latest_of_mark(mark_id: str, *, limit: int = 10) -> list[Job]:
    """The newest jobs with this watermark template."""
    rows = Job.objects.filter(outputs__used_marks__mark=mark_id).select_related("pipeline")
    return list(rows.order_by("-created_at", "-id").distinct()[:limit])


def unfinished_of_template(template_id: str) -> int:
    """Jobs that wait or run with this template; they keep the version that they were submitted with."""
    return Job.objects.filter(state__in=UNFINISHED, outputs__template__template=template_id).distinct().count()


def latest_of_template(template_id: str, *, unfinished: bool = False, limit: int = 10) -> list[Job]:
    """The newest jobs with this template; ``unfinished``: those that wait or run."""
    rows = Job.objects.filter(outputs__template__template=template_id).select_related("pipeline")
    if unfinished:
        rows = rows.filter(state__in=UNFINISHED)
    return list(rows.order_by("-created_at", "-id").distinct()[:limit])


def used_templates() -> QuerySet[Output]:
    """Ids of all templates that were ever used, as a query to filter by."""
    return Output.objects.order_by().values("template__template").distinct()  # type: ignore[return-value]  # a query of values, to be nested


def jobs_of_media(media_id: str) -> QuerySet[Job]:
    """The jobs of one media, newest first, with what a row shows."""
    return (
        Job.objects.filter(media_id=media_id).select_related("pipeline").prefetch_related("outputs").defer("probe", "log_line").order_by("-created_at", "-id")
    )


def unfinished_of_media(media_id: str) -> int:
    """Jobs that still need the media's source."""
    return Job.objects.filter(media_id=media_id, state__in=UNFINISHED).count()


def unfinished_of_bucket(bucket: str, limit: int = 10) -> tuple[list[Job], int]:
    """Jobs that wait or run and read from the bucket or write to it: the newest few, and how many there are (counted to 1,000)."""
    rows = Job.objects.filter(Q(input_bucket=bucket) | Q(outputs__bucket=bucket), state__in=UNFINISHED).distinct()
    return list(rows.order_by("-created_at", "-id")[:limit]), rows.order_by()[:COUNTED].count()


def newest_result(media_id: str, kind: str, etag: str = "") -> Job | None:
    """The newest job of this kind that succeeded on a media; with ``etag`` only if it looked at that very object."""
    rows = Job.objects.filter(media_id=media_id, kind=kind, state=JobState.SUCCEEDED)
    if etag:
        rows = rows.filter(input_etag=etag)
    return rows.order_by("-created_at", "-id").first()


def media_with_failures() -> QuerySet[Job]:
    """Ids of media that have a failed job, as a query to filter by."""
    return Job.objects.filter(state=JobState.FAILED).exclude(media_id="").order_by().values("media_id").distinct()  # type: ignore[return-value]
