"""Notes which outputs had which watermark templates laid over them: rows, so that «used by» is one bounded read however many jobs there are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from jobs.models import UsedMark
from templates_app.marks.models import WatermarkTemplate

if TYPE_CHECKING:
    from jobs.engine.template import Template
    from jobs.models import Output


def remember(outputs: Iterable[tuple[Output, Template]]) -> None:
    """Write the rows of new outputs with their effective templates. Inside the caller's transaction. What is there no more (a job done again) is left out."""
    wanted = [(output, mark.template) for output, template in outputs for mark in template.watermarks if mark.template]
    if not wanted:
        return
    there = set(WatermarkTemplate.objects.filter(pk__in={pk for _output, pk in wanted}).values_list("pk", flat=True))
    UsedMark.objects.bulk_create(UsedMark(output=output, mark_id=pk) for output, pk in dict.fromkeys(wanted) if pk in there)
