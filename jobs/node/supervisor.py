"""The supervisor of a node: one thread, no database connection while it runs. Forks web, beat and worker groups, and forks anew whatever ends.

start  locks · address · what ffmpeg can do · hand back what a former life left · fork
run    wait for children; who ends takes its whole process group with it and is replaced
stop   drain · grace · kill the groups · hand their steps back uncounted
"""

from __future__ import annotations

import gc
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from django.utils import timezone

from jobs import board
from jobs.models import Lane
from jobs.node import group, processes, web
from jobs.node.beat import Beat

if TYPE_CHECKING:
    import socket

SHORT_LIFE = 5.0
WEB_GRACE = 3.0
BEAT_SILENT = 60.0
START_TRIES = 3
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Child:
    """One process to keep alive."""

    name: str
    body: Callable[[], None]
    seat: board.Seat | None = None
    pid: int = 0
    born: float = 0.0
    failures: int = 0  # short lives in a row
    due: float = 0.0


class Supervisor:
    """Owns the processes of this node. Every path, port and name has been taken before; see ``jobs.node.host`` and the commands."""

    def __init__(self, *, workers: int, sock: socket.socket | None, measured: dict[str, Any], say: Callable[[str], None]) -> None:
        self.sock = sock
        self.say = say
        self.signals = 0
        self.ready = False
        self.page = board.page()
        lanes = [Lane.MAIN] * workers + [Lane.SHORT]
        self.children = [Child("beat", Beat(measured, timezone.now()).run)]
        self.children += [Child(f"{lane} {i}", partial(group.run, i, str(lane)), self.page.seats[i]) for i, lane in enumerate(lanes)]
        if sock is not None:
            self.children.append(Child("web", partial(web.run, sock)))

    def run(self) -> int:
        """Keep everything alive until a signal asks to stop; returns the exit status."""
        processes.die_with_parent()
        processes.adopt_orphans()
        self._wake, write = os.pipe()
        for end in (self._wake, write):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in SIGNALS:
            signal.signal(number, self._on_signal)
        gc.collect()
        gc.freeze()  # what is here now is shared with all children; the collector must not write into it
        status = 0
        while not self.signals:
            self._reap()
            for child in self.children:
                if not child.pid and time.monotonic() >= child.due:
                    self._fork(child)
            self._announce()
            self._watch_beat()
            if self._hopeless():
                self.say("The web process does not start; its messages are above.")
                status = 1
                break
            self._sleep(1.0 if self.ready and self._whole() else 0.1)
        self._stop()
        return status

    # --- children ---------------------------------------------------------------------------------------------------
    def _fork(self, child: Child) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        child.born = time.monotonic()
        pid = os.fork()
        if pid == 0:
            self._be(child)
        child.pid = pid

    def _be(self, child: Child) -> NoReturn:
        """Life of a child, from the fork to its end."""
        status = 1
        try:
            os.setsid()
            processes.call_myself(f"reelmill {child.name}")
            signal.set_wakeup_fd(-1)
            for number in (*SIGNALS, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            if self.sock is not None and child.name != "web":
                self.sock.close()
            child.body()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except BaseException:  # noqa: BLE001  whatever it was, the copy of the supervisor's stack below must not run
            traceback.print_exc()
        finally:
            with suppress(OSError, ValueError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)

    def _reap(self) -> None:
        """Bury who has ended. A child's process group goes with it; orphans of groups are only buried."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            child = next((child for child in self.children if child.pid == pid), None)
            if child is None:
                continue
            processes.kill_group(pid)
            child.pid = 0
            if child.seat is not None:
                child.seat.ready = child.seat.busy = 0
                child.seat.pid = 0  # from here on its steps are nobody's
            if child.name == "web":
                self.page.web_ready = 0
            child.failures = child.failures + 1 if time.monotonic() - child.born < SHORT_LIFE else 0
            child.due = time.monotonic() + pause(child.failures, killed=os.WIFSIGNALED(status))

    def _watch_beat(self) -> None:
        """Everything else is watched by the beat; the beat itself only here. It may wait for a locked database, but not for ever."""
        beat = self.children[0]
        if beat.pid and time.monotonic() - max(beat.born, self.page.beat) > BEAT_SILENT:
            processes.kill_group(beat.pid)

    def _hopeless(self) -> bool:
        """The web process ended again and again without ever having served."""
        return not self.ready and any(child.name == "web" and child.failures >= START_TRIES for child in self.children)

    def _announce(self) -> None:
        """Say once that everything runs."""
        groups = [child for child in self.children if child.seat is not None]
        if self.ready or not all(child.seat.ready for child in groups if child.seat) or (self.sock is not None and not self.page.web_ready):
            return
        self.ready = True
        if self.sock is not None:
            self.say(f"Reelmill is ready: {address(self.sock)}")
        else:
            self.say(f"Reelmill's workers are ready: node {board.node()}, {len(groups) - 1} for encodes, 1 for light work.")

    # --- the end ----------------------------------------------------------------------------------------------------
    def _stop(self) -> None:
        """Claims refuse; what is nearly done may end; then everything is killed. A second signal skips the waiting."""
        asked = self.signals
        self.page.draining = 1
        for child in self.children:
            if child.name == "web" and child.pid:
                processes.kill_group(child.pid, signal.SIGTERM)
        busy = self._busy()
        if busy:
            self.say(f"Stopping: waiting up to {settings.REELMILL_GRACE_SECONDS} s for {busy} running step(s). Press Ctrl-C again to stop at once.")
        self._wait(settings.REELMILL_GRACE_SECONDS, lambda: self.signals > asked or not self._busy())
        for child in self.children:
            if child.name != "web" and child.pid:
                processes.kill_group(child.pid)
        self._wait(WEB_GRACE, lambda: self.signals > asked or not self._alive())
        for child in self.children:
            if child.pid:
                processes.kill_group(child.pid)
        self._wait(WEB_GRACE, lambda: not self._alive())

    def _wait(self, seconds: float, over: Callable[[], bool]) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._reap()
            if over():
                return
            self._sleep(0.05)

    def _busy(self) -> int:
        return sum(1 for child in self.children if child.seat is not None and child.seat.pid and child.seat.busy)

    def _whole(self) -> bool:
        return all(child.pid for child in self.children)

    def _alive(self) -> bool:
        return any(child.pid for child in self.children)

    def _on_signal(self, *_: object) -> None:
        self.signals += 1

    def _sleep(self, seconds: float) -> None:
        """Until a signal (a child's end is one) or the time."""
        if select.select([self._wake], [], [], seconds)[0]:
            with suppress(BlockingIOError):
                os.read(self._wake, 4096)


def pause(failures: int, *, killed: bool) -> float:
    """Seconds until a child is forked again, after so many short lives in a row. Whoever was killed comes back at once; whoever ends by itself soon
    after its start will do so again, and waits ever longer."""
    if killed:
        return 0.0 if failures < 4 else min(1.0, 0.1 * failures)
    return min(10.0, 0.25 * 2.0**failures) if failures else 0.0


def address(sock: socket.socket) -> str:
    """Where a browser on this host finds the server."""
    host, port = sock.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104  compared, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
