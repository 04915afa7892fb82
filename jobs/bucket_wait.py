"""A store that does not answer, or is full, is nobody's fault: the step goes back uncounted and is tried again later, for a set time."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.conf import settings

from jobs import clock, scheduler
from jobs.models import JobEvent

if TYPE_CHECKING:
    from jobs.engine.errors import ReelmillError
    from jobs.records import Fence

CODES = frozenset({"BucketUnreachable", "StorageFull"})
FIRST, LONGEST = 20.0, 300.0  # s between two tries; doubled from one to the other


def waits(fence: Fence, error: ReelmillError) -> bool:
    """Hand the step back if this error may pass by itself. False: it is another one, or the job has waited long enough and shall fail."""
    if error.code not in CODES:
        return False
    now = clock.now()
    before = JobEvent.objects.filter(job_id=fence.job_id, kind="released", data__reason__startswith=error.code).order_by("id")
    first = before.values_list("at", flat=True).first()
    if first and now - first > dt.timedelta(minutes=settings.REELMILL_BUCKET_WAIT_MINUTES):
        return False
    pause = min(FIRST * 2 ** min(before.count(), 10), LONGEST)
    scheduler.release(fence.step_id, fence.attempt, not_before=now + dt.timedelta(seconds=pause), reason=f"{error.code}: {error.message}")
    return True
