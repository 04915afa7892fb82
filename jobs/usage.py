"""Reads that tell where something is used: templates by jobs, media by jobs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.models import Job, Output
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


def unfinished_of_template(template_id: str) -> int:
    """Jobs that wait or run with this template; they keep the version that they were submitted with."""
    return Job.objects.filter(state__in=UNFINISHED, outputs__template__template=template_id).distinct().count()


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


def media_with_failures() -> QuerySet[Job]:
    """Ids of media that have a failed job, as a query to filter by."""
    return Job.objects.filter(state=JobState.FAILED).exclude(media_id="").order_by().values("media_id").distinct()  # type: ignore[return-value]
