"""The time by which leases, waiting and history go: one for all hosts that share a database, whatever their own clocks say.

With PostgreSQL it is the server's: asked for every few seconds, and counted on in between by a clock that nobody sets. A host whose own clock agrees with
it goes by its own. With SQLite all processes are on one host, and it is that host's.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import NamedTuple

import structlog
from django.db import connection, models
from django.utils import timezone

log = structlog.get_logger(__name__)
EVERY = 10.0  # s
SLOW = 1.0  # s that a question may take for its answer to be better than the one before
RIGHT = 0.5  # s of difference up to which a host's own clock is right: asking takes time too
NOTED = 5.0  # s of difference that an operator wants to know of


class Seen(NamedTuple):
    """The server's time, and the monotonic time of this host then."""

    time: dt.datetime
    at: float


class ChangedField(models.DateTimeField):  # type: ignore[type-arg]  # generic for the type checker only
    """The time of the row's last save."""

    def pre_save(self, model_instance: models.Model, add: bool) -> dt.datetime:
        """Whatever was set before."""
        setattr(model_instance, self.attname, moment := now())
        return moment


_seen: Seen | None = None
_told = False


def now() -> dt.datetime:
    """The present time. With PostgreSQL it may ask the server, so it raises what a statement does."""
    if connection.vendor != "postgresql":
        return timezone.now()
    global _seen
    seen, at = _seen, time.monotonic()
    if seen is None or at - seen.at > EVERY:
        asked = _ask()
        seen = _seen = asked if seen is None or time.monotonic() - at < SLOW else Seen(seen.time + dt.timedelta(seconds=at - seen.at), at)
    here, there = timezone.now(), seen.time + dt.timedelta(seconds=time.monotonic() - seen.at)
    return here if abs((here - there).total_seconds()) < RIGHT else there


def _ask() -> Seen:
    before = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        answer: dt.datetime = cursor.fetchone()[0]
    after = time.monotonic()
    _tell((timezone.now() - answer).total_seconds())
    return Seen(answer, (before + after) / 2)


def _tell(ahead: float) -> None:
    """Once per process: signatures and links go by this host's own clock, so it should be right."""
    global _told
    if abs(ahead) > NOTED and not _told:
        log.warning("the clock of this host differs from the database's", seconds_ahead=round(ahead, 1))
        _told = True
