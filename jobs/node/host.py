"""What this host is to the others: its name, what it can do, and its row."""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import time
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from jobs import board, clock
from jobs.engine.abilities import abilities as told
from jobs.ffmpeg import capabilities, tools
from jobs.models import Node

NODES_PER_FOLDER = 16
_locks: list[int] = []  # open for the life of the process; the kernel lets go of them with it


def take_folder(name: str) -> bool:
    """Hold the lock «name» of the data folder until this process ends. False: another living process has it."""
    handle = os.open(settings.REELMILL_DATA / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return False
    _locks.append(handle)
    return True


def take_name() -> str:
    """A name for this node that no other supervisor on this data folder has: the configured one, or that with a number."""
    for number in range(1, NODES_PER_FOLDER + 1):
        name = settings.REELMILL_NODE if number == 1 else f"{settings.REELMILL_NODE}-{number}"
        if take_folder(f"node-{name}"):
            return str(name)
    raise RuntimeError(f"{NODES_PER_FOLDER} nodes already run on this data folder.")


def leave_locks() -> None:
    """In a forked child: close the parent's locks, so that they end with the parent alone."""
    while _locks:
        os.close(_locks.pop())


def measure() -> dict[str, Any]:
    """What this node's programs can do: from the data folder's file, measured anew when a program has changed. Raises JobError if there is no usable ffmpeg."""
    found = tools.find(settings.REELMILL_FFMPEG, settings.REELMILL_FFPROBE)
    programs = (found.ffmpeg, found.ffprobe, found.packager, found.fdkaac)
    facts = {program: _identity(Path(program)) for program in programs if program} | {"tried": [capabilities.TABLES]}
    known = _known()
    if known.get("programs") != facts:
        measured = capabilities.measure(found).model_dump(mode="json")
        known = {"programs": facts, "measured": measured}
        temporary = _file().with_suffix(f".{os.getpid()}.tmp")
        temporary.write_text(json.dumps(known))
        temporary.replace(_file())
    abilities.cache_clear()
    return dict(known["measured"])


@cache
def abilities() -> frozenset[str]:
    """Encoders, filters and programs that :func:`measure` has proven here; empty before it has run. Read once per process."""
    return told(_known().get("measured", {}))


def write_row(measured: dict[str, Any], started_at: dt.datetime) -> None:
    """Tell the database that this node lives, and with which groups."""
    now, here = clock.now(), time.monotonic()
    groups = [
        {
            "lane": board.lane_of(seat),
            "pgid": seat.pid,
            "started_at": (now - dt.timedelta(seconds=here - seat.born)).isoformat(timespec="seconds"),
            "busy": bool(seat.busy),
        }
        for seat in board.page().seats
        if seat.pid and seat.ready
    ]
    row = {
        "groups": groups,
        "capabilities": measured,
        "version": settings.VERSION,
        "draining": board.draining(),
        "started_at": started_at,
        "seen_at": now,
    }
    Node.objects.update_or_create(name=board.node(), defaults=row)


def _file() -> Path:
    return Path(settings.REELMILL_DATA / "capabilities.json")


def _known() -> dict[str, Any]:
    try:
        known = json.loads(_file().read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _identity(program: Path) -> list[int]:
    facts = program.stat()
    return [facts.st_size, facts.st_mtime_ns]
