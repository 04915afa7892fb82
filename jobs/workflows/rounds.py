"""What the node's clock does for workflows: executions go on every second, paths are looked at when they are due. Each beside the clock, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog
from django.db import close_old_connections, connection

from jobs import clock
from jobs.workflows import advancing, watching

log = structlog.get_logger(__name__)
_threads: dict[str, threading.Thread] = {}


def go_on_beside() -> None:
    """Begin what is due unless it is going on already. Cheap where nothing is."""
    now = clock.now()
    if advancing.due(now):
        _beside("executions", advancing.advance_all)
    if watching.due(now):
        _beside("paths", watching.watch)


def _beside(name: str, work: Callable[[], int]) -> None:
    if (thread := _threads.get(name)) and thread.is_alive():
        return
    _threads[name] = threading.Thread(target=_do, args=(name, work), name=f"workflows: {name}", daemon=True)
    _threads[name].start()


def _do(name: str, work: Callable[[], int]) -> None:
    close_old_connections()
    try:
        work()
    except Exception:
        log.exception("workflows do not go on", what=name)
    finally:
        connection.close()
