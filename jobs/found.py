"""The job that a page is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404

from jobs import queries
from jobs.engine.errors import Refused

if TYPE_CHECKING:
    from jobs.models import Job


def find(job_id: str) -> Job:
    """The job with its outputs, or the 404 page."""
    try:
        return queries.job(job_id)
    except Refused as error:
        raise Http404(error.message) from error
