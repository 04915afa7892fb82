"""One worker group: a django-q2 cluster with one worker, in a session of its own. It ends as a whole when one of its processes dies by a signal.

first process ── sentinel ── worker (runs jobs.tasks.work), pusher (takes rings), monitor
"""

from __future__ import annotations

import os
from typing import Any

import django_q.cluster
from django.db import connection
from django_q.conf import Conf

from jobs import board, doorbell
from jobs.node.processes import kill_group


class Sentinel(django_q.cluster.Sentinel):  # type: ignore[misc]  # django-q2 has no types
    """A process that died by a signal may hold a lock of the queues between them: nothing is revived then, the group goes and the supervisor makes a new one."""

    def reincarnate(self, process: Any) -> None:
        """Replace a process that ended by itself (recycled, or the pusher after a database error)."""
        if process.exitcode is not None and process.exitcode < 0:
            kill_group(os.getpgrp())
        super().reincarnate(process)


def keep_connection() -> None:
    """Workers, pushers and the beat ask many times per second: unlike requests, they keep their connection. A server's is looked at before it is used again."""
    connection.settings_dict["CONN_MAX_AGE"] = None if connection.vendor == "sqlite" else 600


def run(index: int, lane: str) -> None:
    """Be the group of that seat until the sentinel ends. Call it in a freshly forked child that leads its own process group."""
    seat = board.sit(index, lane)
    Conf.CLUSTER_NAME = doorbell.QUEUES[lane]  # the queue's name; django-q2 would take it from the environment, but reads that only at import
    # The pusher looks 20 times per second: it need not connect every time. (The web's requests must not keep connections, see console.lib.database.)
    connection.settings_dict["CONN_MAX_AGE"] = None if connection.vendor == "sqlite" else 600
    django_q.cluster.Sentinel = Sentinel
    cluster = django_q.cluster.Cluster()
    cluster.start()
    seat.ready = 1
    cluster.sentinel.join()
