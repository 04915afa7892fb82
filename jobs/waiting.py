"""Wait for the end of a short job whose caller waits for the answer, whichever interface it came by."""

from __future__ import annotations

from time import monotonic, sleep
from typing import TYPE_CHECKING

from console.lib.http import answer, error_document
from jobs.engine.errors import Refused
from jobs.states import JobState

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from jobs.models import Job

WAIT_SECONDS = 8.0  # SDKs give up after ten
STEP = 0.03  # s between two looks


def wait_for(job: Job, seconds: float | None = None) -> bool:
    """Read the job anew until it is over; False: it goes on, somebody may ask for it later. ``seconds``: at most; None: :data:`WAIT_SECONDS`."""
    until = monotonic() + (WAIT_SECONDS if seconds is None else seconds)
    while not job.is_final and monotonic() < until:
        sleep(STEP)
        job.refresh_from_db()
    return job.is_final


def unfinished(request: HttpRequest, job: Job, seconds: float | None = None) -> HttpResponse | None:
    """Wait; None: the job has succeeded; else the answer 504 that names the job, which goes on. Raises Refused with the error of a job that failed."""
    if not wait_for(job, seconds):
        return answer(error_document(request, "NotFinishedYet") | {"job": job.id}, 504)
    if job.state != JobState.SUCCEEDED:
        raise Refused(job.code or "InternalError", job.message)
    return None
