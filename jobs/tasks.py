"""What a ring starts: take claimable steps one after another until there is none. The only function that django-q2 calls."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from django.db import DatabaseError, close_old_connections, connection

from jobs import board, scheduler
from jobs.node import host as node
from jobs.worker import run_attempt

if TYPE_CHECKING:
    from jobs.scheduler import Claimed

log = structlog.get_logger(__name__)
SQLITE_PAUSE = 0.002  # s between a record and the next claim: who waits for the one write lock comes in between
PULSE = 0.5
LOOK = 1.0  # s that a connection is trusted for


def work(run: Callable[[Claimed], None] = run_attempt) -> None:
    """Claim and do, until nothing is claimable by this group. Never raises: what a step did wrong is in its rows."""
    seat = board.seat()
    _start_pulse()
    looked = time.monotonic()
    try:
        while claimed := scheduler.claim(board.lane_of(seat), board.worker_name(), node.abilities()):
            seat.claims += 1
            seat.busy = 1
            try:
                run(claimed)
            except Exception:
                log.exception("the worker broke", job=claimed.job_id, step=claimed.step_id)
                close_old_connections()
                scheduler.lose(claimed.step_id, claimed.attempt, reason="the worker broke")
            finally:
                seat.busy = 0
            if time.monotonic() - looked > LOOK:
                close_old_connections()  # one that the server has closed meanwhile is noticed before it is used
                looked = time.monotonic()
            if connection.vendor == "sqlite":
                time.sleep(SQLITE_PAUSE)
    except DatabaseError as error:
        log.warning("the database does not answer", error=str(error))  # the sweep rings again
    finally:
        seat.hand = 0


_pulsing: int = 0


def _start_pulse() -> None:
    """A thread of this process that says «I live» on the board, whatever the main thread and the database do: a stopped process falls silent."""
    global _pulsing
    if _pulsing != os.getpid():
        _pulsing = os.getpid()
        threading.Thread(target=_pulse, name="board", daemon=True).start()


def _pulse() -> None:
    seat = board.seat()
    while True:
        seat.pulse = time.monotonic()
        time.sleep(PULSE)
