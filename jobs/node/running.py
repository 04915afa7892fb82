"""What surrounds a supervisor's life: what is taken before it starts, and what is given back after it has ended. The only part that uses the database."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable
from contextlib import ExitStack
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import OperationalError, ProgrammingError, connections
from django.db.migrations.executor import MigrationExecutor

from jobs import board, clock
from jobs.engine.errors import ReelmillError
from jobs.models import Node
from jobs.node import host as node
from jobs.node import web
from jobs.node.supervisor import Supervisor
from jobs.sweep import release_node

if TYPE_CHECKING:
    from django.db.migrations.loader import MigrationLoader

FRESH_SECONDS = 10
NUMBER = 4  # digits that the name of a migration begins with


class CannotStart(Exception):
    """Why not, as a sentence for a person."""


def run_node(*, workers: int, host: str = "", port: int = 0, say: Callable[[str], None]) -> int:
    """Be a node until a signal ends it: with web if ``host`` is given. Returns the exit status; raises CannotStart."""
    if host and not node.take_folder("serve"):
        raise CannotStart(f"Reelmill is already running on this data folder ({settings.REELMILL_DATA}).")
    name = _name()
    board.reset(name)
    with ExitStack() as open_things:
        sock = open_things.enter_context(_listen(host, port)) if host else None
        measured = _measure() | {"place": _place()}
        _prepare(name)
        for module in ("jobs.tasks", settings.ROOT_URLCONF) if sock is not None else ("jobs.tasks",):
            import_module(module)  # before the forks: children share its memory, and a new one starts in no time
        status = Supervisor(workers=workers, sock=sock, measured=measured, say=say).run()
    given_back = _end(name)
    say("Stopped." if not given_back else f"Stopped. {given_back} unfinished step(s) will go on at the next start.")
    return status


def _name() -> str:
    try:
        return node.take_name()
    except RuntimeError as error:
        raise CannotStart(str(error)) from error


def _measure() -> dict[str, Any]:
    try:
        return node.measure()
    except ReelmillError as error:
        raise CannotStart(f"{error.message} {error.remedy}") from error


def _listen(host: str, port: int) -> socket.socket:
    try:
        return web.listen(host, port)
    except OSError as error:
        raise CannotStart(f"Cannot listen on {host} port {port}: {error.strerror}. Another program may use it; set REELMILL_PORT to another one.") from error


def _prepare(name: str) -> None:
    """Look at the database, and take back what a former life of this node was doing: that was not the steps' fault, so it does not count."""
    try:
        executor = MigrationExecutor(connections["default"])
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CannotStart("The database is not up to date. Run «manage.py migrate» first.")
        if _is_newer(executor.loader):
            raise CannotStart("The database is of a newer version of Reelmill. Update this host too.")
        row = Node.objects.filter(pk=name).first()
        if row and row.capabilities.get("place") != _place() and (clock.now() - row.seen_at).total_seconds() < FRESH_SECONDS:
            raise CannotStart(f"Another Reelmill calls itself «{name}» in this database. Set REELMILL_NODE to another name.")
        release_node(name, "the node had ended")
    except (OperationalError, ProgrammingError) as error:
        raise CannotStart(f"The database cannot be used: {error}".strip()) from error
    finally:
        connections.close_all()


def _is_newer(loader: MigrationLoader) -> bool:
    """Whether migrations were run that come after the last ones that this version knows."""
    last: dict[str, str] = {}
    for app, name in loader.disk_migrations:
        last[app] = max(last.get(app, ""), name[:NUMBER])
    return any(app in last and name[:NUMBER].isdecimal() and name[:NUMBER] > last[app] for app, name in loader.applied_migrations)


def _end(name: str) -> int:
    """Hand back what the groups held, uncounted, and take the node's row away. Returns how many steps were handed back."""
    try:
        given_back = release_node(name, "the node stopped")
        Node.objects.filter(pk=name).delete()
        return given_back
    except OperationalError:
        return 0  # without the database nothing can be said; the leases run out by themselves
    finally:
        connections.close_all()


def _place() -> str:
    """Tells two installations of one host apart, and says nothing about it."""
    return hashlib.sha256(f"{socket.gethostname()}:{settings.REELMILL_DATA}".encode()).hexdigest()[:12]
