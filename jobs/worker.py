"""The life of one attempt of one step, on one screen.

    claim (scheduler) → room and pulse → the kind's own work → recorded as done, failed, cancelled, or handed back

What each kind does is in ``jobs.runs``: :mod:`jobs.runs.transcode`, :mod:`jobs.runs.mediainfo`, :mod:`jobs.runs.snapshot`.
"""

from __future__ import annotations

import datetime as dt
import errno
import time
from typing import TYPE_CHECKING

import structlog
from django.db import DatabaseError, close_old_connections, connection

from jobs import bucket_wait, clock, records, scheduler, workspace
from jobs.engine.errors import JobError, ReelmillError
from jobs.logs import kept as kept_logs
from jobs.models import Step
from jobs.pulse import Cancelled, Pulse
from jobs.quality import following as measuring
from jobs.records import Fence, LeaseLost
from jobs.runs import KINDS
from jobs.runs.run import NoSpace, Run

if TYPE_CHECKING:
    from jobs.scheduler import Claimed

log = structlog.get_logger(__name__)
FULL_DISK_WAIT = dt.timedelta(seconds=20)
PATIENCE = 10.0  # s that a step waits for the database to be handed back


def run_attempt(claimed: Claimed) -> None:
    """Do one claimed step. Never raises for what the job did; a lost lease ends silently, since the step is somebody else's."""
    fence = Fence(claimed.job_id, claimed.step_id, claimed.attempt)
    try:
        with workspace.room(claimed.step_id, claimed.attempt) as room, Pulse(fence) as pulse:
            step = Step.objects.select_related("job__pipeline").get(pk=claimed.step_id)
            run = Run(step.job, step, fence, room, pulse)
            try:
                result = KINDS[claimed.kind](run)
            except Cancelled:
                records.step_cancelled(fence)
            except NoSpace as full:
                _wait_for_space(fence, str(full))
            except ReelmillError as error:
                if not bucket_wait.waits(fence, error):
                    records.step_failed(fence, error, run.decisive_line)
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                _wait_for_space(fence, str(error))
            else:
                records.step_done(fence, result, kept=run.kept, more=run.more)
        if claimed.kind == "transcode":
            measuring.follow(fence.job_id)
    except LeaseLost:
        _let_go(fence, "the lease could not be renewed")
    except Exception as error:
        log.exception("attempt broke", job=claimed.job_id, step=claimed.step_id, attempt=claimed.attempt)
        if isinstance(error, DatabaseError) and _is_cut_off():
            _let_go(fence, "the database did not answer")
        else:
            _record_mistake(fence, error)
    finally:
        kept_logs.keep(fence)


def _wait_for_space(fence: Fence, why: str) -> None:
    """A full disk is nobody's fault: the step goes back uncounted and is tried again later."""
    scheduler.release(fence.step_id, fence.attempt, not_before=clock.now() + FULL_DISK_WAIT, reason=f"StorageFull: {why}")


def _let_go(fence: Fence, why: str) -> None:
    """The step is somebody else's now, or the database was away. If nobody has taken it yet, it goes back uncounted: that is not its fault."""
    until = time.monotonic() + PATIENCE
    while True:
        close_old_connections()
        try:
            ours = scheduler.release(fence.step_id, fence.attempt, reason=why)
            break
        except DatabaseError:
            if time.monotonic() > until:
                ours = False  # the sweep takes it back
                break
            time.sleep(0.5)
    log.warning("handed back" if ours else "lease lost", why=why, job=fence.job_id, step=fence.step_id, attempt=fence.attempt)


def _is_cut_off() -> bool:
    """Whether the server has ended the connection."""
    return connection.vendor == "postgresql" and (connection.connection is None or not connection.is_usable())


def _record_mistake(fence: Fence, error: Exception) -> None:
    """Record a mistake of ours as a failure of this attempt; it is tried again, since it may be the moment's."""
    try:
        records.step_failed(fence, JobError("InternalError", f"{type(error).__name__}: {error}"))
    except LeaseLost:
        log.warning("lease lost", job=fence.job_id, step=fence.step_id)
