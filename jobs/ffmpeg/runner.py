"""Run one Command to its end, watched: progress, log, stop wish, stall, time, size, free space.

The runner knows nothing of media and adds nothing to the command, which has ``-progress pipe:1`` and ``-loglevel level+info`` in it already.
It never judges by exit status; it reports.
"""

from __future__ import annotations

import os
import shlex
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.engine.progress import Progress, ProgressReader
from jobs.ffmpeg import sandbox
from jobs.ffmpeg.limits import for_encode
from jobs.ffmpeg.lines import Lines
from jobs.ffmpeg.supervise import supervise

if TYPE_CHECKING:
    from jobs.engine.plan import Command
    from jobs.ffmpeg.tools import Tools

LOG_BYTES = 20_000_000
LIFE_SIGNS = ("frame", "out_time_us", "total_size")
LIFE_PERIOD = 1.0
SPACE_PERIOD = 0.5
SIZE_SHARE = 20
"""Looking at the sizes of many segments takes time: at most one part in this many of it."""


@dataclass(frozen=True)
class Finished:
    """How a command ended.

    exit_code: ffmpeg's status, or minus a signal's number. stopped: why *we* ended it: «stopped» (asked to), «stalled», «timeout» (wall time),
    «full» (free space; also if it failed by itself meanwhile), «size» (outputs too large), or empty. tail: the last lines of stderr. decisive_line: the one that says why it failed.
    interrupted: somebody else asked it to end (a machine that shuts down, an operator), or there was no space for a moment.
    cpu_seconds: of all threads; max_rss_bytes: largest resident size. argv_shown: program and arguments as run, without the sandbox's prefix.
    """

    exit_code: int
    tail: str
    decisive_line: str
    cpu_seconds: float
    max_rss_bytes: int
    stopped: str
    argv_shown: tuple[str, ...]
    wall_seconds: float = 0.0
    out_of_memory: bool = False
    interrupted: bool = False


def run(
    command: Command,
    *,
    tools: Tools,
    cwd: Path,
    log: Path,
    on_progress: Callable[[Progress], None],
    should_stop: Callable[[], bool],
    stall_seconds: float,
    wall_seconds: float,
    max_bytes: int | None,
    min_free_bytes: int,
) -> Finished:
    """Run ``command`` in ``cwd`` from the main thread; all of stderr goes to ``log`` (appended, at most LOG_BYTES).

    ``on_progress`` is called for every report (4 per second; throttling is the caller's), ``should_stop`` ten times per second: both must be quick.
    ``max_bytes``: of all files that appear in ``cwd``. Stopping is TERM, then KILL after a second; the child is always reaped, also when a callback raises.
    """
    limits = for_encode(pixels=command.pixels, files=command.files, wall_seconds=wall_seconds, max_bytes=max_bytes)
    watch = _Watch(cwd, should_stop, stall_seconds, wall_seconds, max_bytes, min_free_bytes)
    program = tools.path(command.program)
    report = _Report(command, on_progress, watch)
    lines = Lines()
    with _Log(log) as record:
        record.note(shlex.join(sandbox.full_argv(program, command.argv, limits)))

        def on_stderr(data: bytes) -> None:
            record.write(data)
            lines.feed(data)

        process = sandbox.start(program, command.argv, cwd=cwd, limits=limits)
        watch.pid = process.pid
        ended = supervise(process, on_stdout=report.feed, on_stderr=on_stderr, tick=watch.tick)
        lines.close()
        stopped = ended.stopped or ("size" if ended.exit_code == -signal.SIGXFSZ else "")
        because = f", ended by us: {stopped}" if stopped else ""
        if ended.exit_code and not stopped and _free_bytes(cwd) < min_free_bytes:
            stopped = "full"  # it noticed before we did
        record.note(f"exit {ended.exit_code}{because}; CPU {ended.cpu_seconds:.1f} s; at most {ended.max_rss_bytes // 1_000_000} MB resident")
    return Finished(
        exit_code=ended.exit_code,
        tail=lines.tail,
        decisive_line=_why(ended.exit_code, lines) if ended.exit_code else "",
        cpu_seconds=ended.cpu_seconds,
        max_rss_bytes=ended.max_rss_bytes,
        stopped=stopped,
        argv_shown=(program, *command.argv),
        wall_seconds=watch.elapsed,
        out_of_memory=bool(ended.exit_code) and not stopped and (lines.out_of_memory or ended.exit_code == -signal.SIGKILL),
        interrupted=bool(ended.exit_code) and not stopped and (-ended.exit_code in sandbox.ASKED or lines.interrupted or lines.no_space),
    )


def _why(exit_code: int, lines: Lines) -> str:
    """The decisive line; a signal says more than the last line before it."""
    if exit_code >= 0:
        return lines.decisive
    with suppress(ValueError):
        return f"ffmpeg was ended by {signal.Signals(-exit_code).name}"
    return f"ffmpeg was ended by signal {-exit_code}"


class _Report:
    """Cuts stdout into lines; feeds progress and the watch."""

    def __init__(self, command: Command, on_progress: Callable[[Progress], None], watch: _Watch) -> None:
        self._reader = ProgressReader(command.expected_seconds)
        self._on_progress = on_progress
        self._watch = watch
        self._part = b""

    def feed(self, data: bytes) -> None:
        rows = (self._part + data).split(b"\n")
        self._part = rows.pop()[:1000]
        for row in rows:
            line = row.decode(errors="replace")
            key, _, value = line.partition("=")
            if key in LIFE_SIGNS:
                self._watch.alive(key, value)
            progress = self._reader.feed(line)
            if progress is not None:
                self._on_progress(progress)


class _Watch:
    """Looks at everything that may end a run; :meth:`tick` answers why, or nothing."""

    def __init__(
        self, cwd: Path, should_stop: Callable[[], bool], stall_seconds: float, wall_seconds: float, max_bytes: int | None, min_free_bytes: int
    ) -> None:
        self.pid = 0
        self._cwd = cwd
        self._should_stop = should_stop
        self._stall_seconds, self._wall_seconds = stall_seconds, wall_seconds
        self._max_bytes, self._min_free_bytes = max_bytes, min_free_bytes
        self._before = frozenset(path.name for path in cwd.iterdir())
        self._started = self._alive_at = time.monotonic()
        self._signs: dict[str, str] = {}
        self._life_at = self._space_at = self._size_at = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def alive(self, sign: str, value: str) -> None:
        """Note a sign of life; only a change is one."""
        if self._signs.get(sign) != value:
            self._signs[sign] = value
            self._alive_at = time.monotonic()

    def tick(self) -> str:
        """Why the run must end now, or the empty string."""
        now = time.monotonic()
        if self._should_stop():
            return "stopped"
        if now - self._started > self._wall_seconds:
            return "timeout"
        if now >= self._life_at:
            self._life_at = now + LIFE_PERIOD
            self._look_at_reading()
        if now - self._alive_at > self._stall_seconds:
            return "stalled"
        if now >= self._space_at:
            self._space_at = now + SPACE_PERIOD
            if _free_bytes(self._cwd) < self._min_free_bytes:
                return "full"
        if self._max_bytes is not None and now >= self._size_at:
            too_large = self._written() > self._max_bytes
            self._size_at = time.monotonic() + max(SPACE_PERIOD, SIZE_SHARE * (time.monotonic() - now))
            if too_large:
                return "size"
        return ""

    def _look_at_reading(self) -> None:
        """Reading the input on is a sign of life too: a GIF palette is made from the whole input before the first frame comes out."""
        with suppress(OSError):
            for row in Path(f"/proc/{self.pid}/io").read_text().splitlines():
                if row.startswith("rchar:"):
                    self.alive("rchar", row)

    def _written(self) -> int:
        """Bytes in the files that appeared since the start."""
        total = 0
        with os.scandir(self._cwd) as entries:
            for entry in entries:
                if entry.name not in self._before:
                    with suppress(OSError):  # renamed or removed meanwhile
                        total += entry.stat(follow_symlinks=False).st_size
        return total


def _free_bytes(folder: Path) -> int:
    facts = os.statvfs(folder)
    return facts.f_bavail * facts.f_frsize


class _Log:
    """A bounded log file. Trouble with it (a full disk) must not end the run: it is then incomplete."""

    def __init__(self, path: Path) -> None:
        self._fd = -1
        self._room = 0
        with suppress(OSError):
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._room = LOG_BYTES - os.fstat(self._fd).st_size

    def __enter__(self) -> _Log:
        return self

    def __exit__(self, *error: object) -> None:
        if self._fd >= 0:
            os.close(self._fd)

    def write(self, data: bytes) -> None:
        """Add what the program wrote, as long as there is room."""
        if self._fd < 0 or self._room <= 0:
            return
        kept = data[: self._room]
        self._room -= len(data)
        self._put(kept + (b"\n-- the log ends here: it reached its limit --\n" if self._room <= 0 else b""))

    def note(self, text: str) -> None:
        """Add a line of our own, also beyond the limit."""
        self._put(f"-- {text}\n".encode(errors="replace"))

    def _put(self, data: bytes) -> None:
        with suppress(OSError):
            if self._fd >= 0:
                os.write(self._fd, data)
