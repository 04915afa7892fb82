"""The pulse of one attempt: a side thread that renews the lease, learns of cancel, and writes progress at most once a beat.

The program itself must run in the worker's main thread (parent death is per thread), so everything periodic lives here.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from jobs import clock, records, scheduler
from jobs.records import Fence, LeaseLost
from jobs.states import Phase

if TYPE_CHECKING:
    from types import TracebackType

log = structlog.get_logger(__name__)
BEAT_SECONDS = 0.7  # a cancel must have ended the program within 2 s, stopping it included


class Cancelled(Exception):
    """Somebody cancelled the job."""


@dataclass(frozen=True)
class Reading:
    """The newest progress, as one value: the thread never sees half of it."""

    phase: str = Phase.FETCH
    progress: int = 0
    speed: float | None = None
    fps: float | None = None
    outputs: tuple[int, ...] = ()


class Pulse:
    """Use as a context. ``check()`` raises Cancelled or LeaseLost; ``stopping`` is what the runner polls."""

    def __init__(self, fence: Fence) -> None:
        self._fence = fence
        self._reading = Reading()
        self._written = Reading()
        self._program_running = False
        self._verdict = "ok"
        self._sure_until = time.monotonic() + settings.REELMILL_LEASE_SECONDS
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)
        self.phases: list[list[Any]] = []
        self._span = (0.0, 1.0)
        self._told = ""
        self._one_of_several = False

    def __enter__(self) -> Pulse:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end.set()
        self._thread.join()

    def span(self, start: float, share: float, phase: str = "") -> None:
        """This step is one of several: its way is ``share`` of the job's, from ``start``; the job is told ``phase`` all the time, where it is given."""
        self._span, self._told, self._one_of_several = (start, share), phase, True
        self._reading = Reading(phase or self._reading.phase, int(100 * start))

    def phase(self, name: str) -> None:
        """Enter a phase; written at once by the side thread's next beat, and kept for the timeline."""
        self.phases.append([str(name), clock.now().isoformat()])
        self._reading = Reading(self._told or name, self._reading.progress)

    def progress(self, percent: int, *, speed: float | None = None, fps: float | None = None, outputs: tuple[int, ...] = ()) -> None:
        """Set the newest progress (0–99); never goes back."""
        start, share = self._span
        self._reading = Reading(self._reading.phase, max(self._reading.progress, min(99, int(100 * start + share * percent))), speed, fps, outputs)

    def program(self, running: bool) -> None:
        """Tell the lease that a program runs now: only then does a lost worker count against the step."""
        self._program_running = running
        self._renew()
        self.check()

    @property
    def stopping(self) -> bool:
        """Whether the program must be stopped: cancelled, lost, or the lease ran out because it could not be renewed."""
        return self._verdict != "ok" or time.monotonic() > self._sure_until

    def check(self) -> None:
        """Raise if this attempt must end."""
        if self._verdict == "cancel":
            raise Cancelled
        if self.stopping:
            raise LeaseLost

    def _renew(self) -> None:
        asked = time.monotonic()
        verdict = scheduler.renew(self._fence.step_id, self._fence.attempt, program_running=self._program_running)
        if verdict != "lost":
            self._sure_until = asked + settings.REELMILL_LEASE_SECONDS
        self._verdict = verdict

    def _beat(self) -> None:
        try:
            while not self._end.wait(BEAT_SECONDS):
                try:
                    self._renew()
                    reading = self._reading
                    if reading != self._written:
                        records.note_progress(
                            self._fence,
                            phase=reading.phase,
                            progress=reading.progress,
                            speed=reading.speed,
                            fps=reading.fps,
                            outputs=reading.outputs,
                            forwards=self._one_of_several,
                        )
                        self._written = reading
                except DatabaseError:
                    # the lease is what counts: without the database it runs out by itself, and the work stops
                    log.warning("pulse could not reach the database", step=self._fence.step_id)
                    close_old_connections()  # one that the server has ended stays so: the next beat needs another
        finally:
            connection.close()
