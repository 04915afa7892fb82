"""The private folder of one attempt: made empty, always removed, swept when its worker died."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings


def root() -> Path:
    """The folder that holds all rooms of this node, on the data folder's file system."""
    folder = settings.REELMILL_DATA / "work"
    folder.mkdir(exist_ok=True)
    return Path(folder)


def room_name(step_id: int, attempt: int) -> str:
    """«step-attempt-process group»: names are unique on this node, and tell the sweep whose room it is."""
    return f"{step_id}-{attempt}-{os.getpgrp()}"


@contextmanager
def room(step_id: int, attempt: int) -> Iterator[Path]:
    """An empty folder for one attempt; gone afterwards, whatever happened."""
    folder = root() / room_name(step_id, attempt)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(lives: Callable[[int], bool]) -> int:
    """Remove rooms whose process group does not live any more. Returns how many went. Only for the data folder of this host."""
    gone = 0
    for folder in root().iterdir():
        group = folder.name.rpartition("-")[2]
        if group.isdigit() and not lives(int(group)):
            shutil.rmtree(folder, ignore_errors=True)
            gone += 1
    return gone


def log_path(name: str) -> Path:
    """Where the log of that name (``Attempt.log_name``) is kept."""
    return Path(settings.REELMILL_DATA / "logs" / name)


def new_log(job_id: str, step_index: int, attempt: int) -> tuple[str, Path]:
    """Name and path of an attempt's log; the folder exists afterwards."""
    name = f"{job_id}/{step_index}-{attempt}.log"
    path = log_path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    return name, path
