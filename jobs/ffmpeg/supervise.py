"""Watch one child until it has ended: drain its pipes, look at the clock, stop it, reap it with its usage. One thread, no helpers."""

from __future__ import annotations

import os
import resource
import selectors
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

PERIOD = 0.1
"""Seconds between two looks at the clock (``tick``)."""
GRACE = 1.0
"""Seconds between TERM and KILL."""
DRAIN = 1.0
"""Seconds that pipes are still read after the end, should something else hold them open."""
BLOCK = 1 << 16
Reader = Callable[[bytes], None]


@dataclass(frozen=True)
class Ended:
    """How a child ended. ``exit_code``: its status, or minus the signal's number. ``stopped``: what ``tick`` answered, or empty.

    ``max_rss_bytes`` is exact for programs that were larger than we are; of smaller ones it is what was seen ten times per second, 0 if never.
    """

    exit_code: int
    stopped: str
    cpu_seconds: float
    max_rss_bytes: int


def supervise(process: subprocess.Popen[bytes], *, on_stdout: Reader | None, on_stderr: Reader | None, tick: Callable[[], str]) -> Ended:
    """Serve the child until it is gone; return how it ended.

    ``tick`` is called every :data:`PERIOD` seconds; the first text it answers stops the child: TERM, and KILL after :data:`GRACE`.
    Whatever is raised meanwhile, the child is killed and reaped before it is passed on.
    """
    child = _Child(process)
    stopped, kill_at, tick_at = "", 0.0, 0.0
    with selectors.DefaultSelector() as selector:
        try:
            for pipe, reader in ((process.stdout, on_stdout), (process.stderr, on_stderr)):
                if pipe is not None and reader is not None:
                    selector.register(pipe, selectors.EVENT_READ, reader)
            child.announce_end(selector)
            while child.running or (selector.get_map() and time.monotonic() < child.ended_at + DRAIN):
                now = time.monotonic()
                if child.running and not stopped and now >= tick_at:
                    tick_at = now + PERIOD
                    child.look_at_memory()
                    if stopped := tick():
                        process.send_signal(signal.SIGTERM)
                        kill_at = now + GRACE
                if child.running and stopped and now >= kill_at:
                    process.send_signal(signal.SIGKILL)
                    kill_at = now + GRACE
                for key, _ in selector.select(PERIOD):
                    _serve(selector, key)
                child.reap(selector)
        finally:
            child.end_now()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
    return child.ended(stopped)


def _serve(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    """Pass on what a pipe holds; forget the pipe at its end."""
    if key.data is None:
        return
    pipe: IO[bytes] = key.fileobj  # type: ignore[assignment]
    data = os.read(pipe.fileno(), BLOCK)
    if data:
        key.data(data)
    else:
        selector.unregister(pipe)


class _Child:
    """The process, and its end as ``wait4`` tells it: Popen's own wait knows no usage."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.running = True
        self.ended_at = 0.0
        self._exit_code = 0
        self._cpu = 0.0
        self._rss = 0
        self._parent_rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        self._pidfd = -1

    def announce_end(self, selector: selectors.BaseSelector) -> None:
        """Let the selector wake at the end, where the kernel can (otherwise it is seen within PERIOD)."""
        with suppress(AttributeError, OSError):
            self._pidfd = os.pidfd_open(self.process.pid)
            selector.register(self._pidfd, selectors.EVENT_READ, None)

    def look_at_memory(self) -> None:
        """Note the largest resident size so far. The kernel's own figure at the end also counts us, as we were when we forked; it is only used when it is larger than that."""
        with suppress(OSError, ValueError):
            for row in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
                if row.startswith("VmHWM:"):
                    self._rss = max(self._rss, int(row.split()[1]) * 1024)

    def reap(self, selector: selectors.BaseSelector | None = None, options: int = os.WNOHANG) -> None:
        """Take the exit status if there is one."""
        if not self.running:
            return
        try:
            pid, status, usage = os.wait4(self.process.pid, options)
        except ChildProcessError:  # somebody reaped it: its status is lost, but it is gone
            pid, status, usage = self.process.pid, 255 << 8, None
        if not pid:
            return
        self.running, self.ended_at = False, time.monotonic()
        self._exit_code = os.waitstatus_to_exitcode(status)
        self.process.returncode = self._exit_code  # so that Popen does not wait for a process that is gone
        if usage is not None:
            self._cpu = usage.ru_utime + usage.ru_stime
            if usage.ru_maxrss > self._parent_rss:
                self._rss = usage.ru_maxrss * 1024
        if self._pidfd >= 0:
            if selector is not None:
                selector.unregister(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1

    def end_now(self) -> None:
        """Kill and reap whatever still runs."""
        if self.running:
            with suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGKILL)
            self.reap(options=0)

    def ended(self, stopped: str) -> Ended:
        """The facts, once it is gone."""
        return Ended(self._exit_code, stopped, self._cpu, self._rss)
