"""Real nodes for tests: start one, find its processes by what they do, kill them, and see that nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]


def until(what: Callable[[], object], seconds: float, why: str = "") -> float:
    """Wait until ``what()`` is true; answers the seconds it took, fails the test when it takes too long."""
    begin = time.monotonic()
    while not what():
        took = time.monotonic() - begin
        assert took < seconds, f"not within {seconds} s: {why or what}"
        time.sleep(0.03)
    return time.monotonic() - begin


def on_this_database(data: Path) -> dict[str, str]:
    """Environment that lets a program with that data folder work on the database (and Redis) of the running test."""
    facts = connection.settings_dict
    more = {"REELMILL_SECRET_KEY": str(settings.SECRET_KEY)} | ({"REDIS_URL": settings.REDIS_URL} if settings.REDIS_URL else {})
    if connection.vendor == "postgresql":
        where = f"{facts['USER']}:{facts['PASSWORD']}@{facts['HOST']}:{facts['PORT']}"
        return more | {"DATABASE_URL": f"postgresql://{where}/{facts['NAME']}"}
    data.mkdir(parents=True, exist_ok=True)
    link = data / "reelmill.sqlite3"
    if not link.is_symlink():
        link.symlink_to(facts["NAME"])  # SQLite keeps its side files beside the real one
    return more


@dataclass(frozen=True)
class Process:
    """A line of the process table."""

    pid: int
    parent: int
    group: int
    state: str
    name: str


def processes() -> dict[int, Process]:
    """Everything that lives (or is stopped) now, by pid."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                name, _, rest = (folder / "stat").read_text().partition("(")[2].rpartition(")")
                state, parent, group = rest.split()[:3]
                if state not in "ZX":
                    found[int(folder.name)] = Process(int(folder.name), int(parent), int(group), state, name)
    return found


def descendants(pid: int) -> list[Process]:
    """Children, grandchildren … of a process, older ones first."""
    table, found, parents = processes(), [], {pid}
    for process in sorted(table.values(), key=lambda p: p.pid):
        if process.parent in parents:
            parents.add(process.pid)
            found.append(process)
    return found


def of_folder(data: Path) -> list[Process]:
    """Processes whose environment or working directory names that data folder: also those that have lost their parents."""
    found = []
    for process in processes().values():
        with suppress(OSError):
            environ = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
            if f"REELMILL_DATA={data}".encode() in environ or str(Path(f"/proc/{process.pid}/cwd").readlink()).startswith(str(data)):
                found.append(process)
    return found


@dataclass
class Group:
    """The processes of one worker group."""

    main: int
    sentinel: int = 0
    worker: int = 0
    monitor: int = 0
    pusher: int = 0
    programs: list[int] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether all are there."""
        return bool(self.sentinel and self.worker and self.monitor and self.pusher)


class RunningNode:
    """A supervisor as a child of the test, with its output in a file."""

    def __init__(self, argv: list[str], environment: dict[str, str], data: Path) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.data = data
        self.port = 0
        self.output = data.parent / f"{data.name}.out"
        with self.output.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, *argv], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )

    @property
    def text(self) -> str:
        """All it has said."""
        return self.output.read_text()

    def wait_ready(self, seconds: float = 40) -> float:
        """Until it says so."""

        def ready() -> bool:
            assert self.process.poll() is None, self.text
            return "ready" in self.text

        return until(ready, seconds, "the node is not ready")

    def child(self, name: str) -> int:
        """Pid of the supervisor's child «beat», «web»; 0 if it is not there now."""
        return next((p.pid for p in descendants(self.process.pid) if p.parent == self.process.pid and p.name == f"reelmill {name}"), 0)

    def groups(self, lane: str = "main") -> list[Group]:
        """The worker groups of a lane."""
        family = descendants(self.process.pid)
        found = []
        for main in family:
            if main.parent == self.process.pid and main.name.startswith(f"reelmill {lane}"):
                group = Group(main.pid)
                group.sentinel = next((p.pid for p in family if p.parent == main.pid), 0)
                # django-q2's sentinel starts them in this order
                members = [p.pid for p in family if p.parent == group.sentinel] if group.sentinel else []
                group.worker, group.monitor, group.pusher = [*members, 0, 0, 0][:3]
                group.programs = [p.pid for p in family if p.parent == group.worker and p.pid] if group.worker else []
                found.append(group)
        return found

    def stop(self, number: int = signal.SIGTERM, seconds: float = 15) -> float:
        """Ask it to end; answers how long that took."""
        begin = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(seconds)
        return time.monotonic() - begin

    def destroy(self) -> None:
        """Whatever is left of it, after a failed test too."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        for process in of_folder(self.data):
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
