"""The node's clock: the only process with timers. Sweeps, writes the node's row, gives back what dead groups held, and ends groups that are frozen."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from django.db import close_old_connections
from django.utils import timezone

from jobs import board, clock, scheduler, workspace
from jobs.logs import kept as kept_logs
from jobs.models import Lane, Step
from jobs.node import host as node
from jobs.node.group import keep_connection
from jobs.node.processes import group_lives, kill_group
from jobs.notices.delivering import deliver_beside
from jobs.quality import following as measuring
from jobs.states import StepState
from jobs.sweep import forget_nodes, give_back, sweep
from jobs.workflows.rounds import go_on_beside
from media_assets import storage
from media_assets.multipart import sweep_multipart
from media_assets.remote_sweep import sweep_remote_beside
from media_assets.resumable import sweep_uploads

if TYPE_CHECKING:
    import datetime as dt

log = structlog.get_logger(__name__)
TICK = 0.25
SILENT = 4.0  # s without a pulse after which a worker process counts as frozen
IDLE = 3.5  # s that a group may leave waiting work alone
START = 5.0  # s that a group has for starting; doubled each time it was ended for idleness without ever having worked
GAP = 3.0  # s: if this process itself was held up for longer, so were all others, and nobody is judged for as long again; the same if the clock was set


@dataclass
class _Watch:
    """What is remembered of a group between two looks."""

    pid: int = 0
    claims: int = 0
    idle_since: float = 0.0
    vain: int = 0  # how often it was ended for idleness in a row


@dataclass
class Beat:
    """The state of the clock."""

    measured: dict[str, Any]
    started_at: dt.datetime
    pids: tuple[int, ...] = ()
    last: float = 0.0
    offset: float = field(default_factory=lambda: time.time() - time.monotonic())
    lenient_until: float = 0.0
    claimable_since: dict[str, float | None] = field(default_factory=dict)
    watches: list[_Watch] = field(default_factory=lambda: [_Watch() for _ in range(board.SEATS)])
    due: dict[str, float] = field(default_factory=dict)

    def run(self) -> None:
        """For ever; the supervisor ends it."""
        keep_connection()
        while True:
            self.tick()
            time.sleep(TICK)

    def tick(self) -> None:
        """One round of whatever is due. A duty that fails is logged and tried again at its next time."""
        now = time.monotonic()
        offset = time.time() - now
        if (self.last and now - self.last > GAP) or abs(offset - self.offset) > GAP:
            self.lenient_until = now + GAP
        self.offset = offset
        board.page().beat = self.last = now
        duties: tuple[tuple[str, float, Callable[[], None]], ...] = (
            ("silent", TICK, self.end_silent),
            ("dead", TICK, self.give_back_dead),
            ("idle", 2 * TICK, self.end_idle),
            ("sweep", 1.0, self.sweep),
            ("tell", 0.5, deliver_beside),
            ("workflows", 1.0, go_on_beside),
            ("row", 2.0, self.write_row),
            ("tidy", 10.0, self.tidy),
        )
        for name, every, duty in duties:
            if now >= self.due.get(name, 0.0):
                self.due[name] = now + every - TICK / 2
                self._do(name, duty)
        close_old_connections()

    def _do(self, name: str, duty: Callable[[], None]) -> None:
        try:
            duty()
        except Exception:
            log.exception("beat failed", duty=name)

    def end_silent(self) -> None:
        """A worker process without a pulse is stopped or stuck: its group goes."""
        now = time.monotonic()
        for seat in self._seats():
            if seat.pulse and now - seat.pulse > SILENT and now > self.lenient_until:
                self._end(seat, "frozen")

    def give_back_dead(self) -> None:
        """As soon as a group has gone, its steps go to others."""
        pids = tuple(seat.pid for seat in board.page().seats)
        if pids != self.pids or self._is_due("dead steps", 1.0):
            give_back(board.node(), board.live_workers)
        if pids != self.pids:
            self.pids = pids
            self.due["sweep"] = self.due["row"] = self.due["tidy"] = 0.0

    def end_idle(self) -> None:
        """A group that leaves claimable work alone for seconds has lost its doorbell (a frozen pusher, a lost lock): it goes. It holds nothing."""
        now = time.monotonic()
        for lane in Lane.values:
            if scheduler.claimable(lane, node.abilities()):
                self.claimable_since[lane] = self.claimable_since.get(lane) or now
            else:
                self.claimable_since[lane] = None
        for watch, seat in zip(self.watches, board.page().seats, strict=True):
            if watch.pid != seat.pid:
                watch.pid, watch.claims, watch.idle_since = seat.pid, 0, now
            if seat.busy or seat.claims != watch.claims:
                watch.claims, watch.idle_since, watch.vain = seat.claims, now, 0
            since = self.claimable_since[board.lane_of(seat)]
            settled = seat.born + min(60.0, START * 2**watch.vain)
            if seat.pid and since and now - since > IDLE and now - watch.idle_since > IDLE and now > max(settled, self.lenient_until) and not board.draining():
                watch.vain += 1
                self._end(seat, "idle beside waiting work")

    def sweep(self) -> None:
        """A group whose lease ran out is no longer to be trusted; then the common sweep."""
        if time.monotonic() < self.lenient_until:
            return
        now = clock.now()  # before the first question: if the database answers late, the leases could not be renewed meanwhile either
        expired = set(Step.objects.filter(state=StepState.RUNNING, lease_until__lt=now).order_by().values_list("worker", flat=True))
        for seat in self._seats():
            if board.worker_name(seat.pid) in expired:
                self._end(seat, "lease expired")
        sweep(now)
        measuring.catch_up()

    def write_row(self) -> None:
        """Tell the others that this node lives."""
        node.write_row(self.measured, self.started_at)

    def tidy(self) -> None:
        """Rooms and logs of dead attempts, objects that nobody recorded, nodes that are gone."""
        now = timezone.now()
        workspace.sweep(group_lives)
        kept_logs.tidy()
        storage.sweep_discards(now, remote=False)
        sweep_remote_beside()
        storage.sweep_stage()
        sweep_uploads(now)
        sweep_multipart(now)
        forget_nodes(now)

    def _seats(self) -> list[board.Seat]:
        return [seat for seat in board.page().seats if seat.pid]

    def _end(self, seat: board.Seat, why: str) -> None:
        log.warning("ending a worker group", group=seat.pid, lane=board.lane_of(seat), why=why)
        kill_group(seat.pid)

    def _is_due(self, name: str, every: float) -> bool:
        now = time.monotonic()
        if now < self.due.get(name, 0.0):
            return False
        self.due[name] = now + every
        return True
