"""The doorbell: a django-q2 task without arguments that says «there is work» to one idle worker group of a lane.

A ring may come twice or get lost. The claim decides, and the sweep rings again for what was not heard.
"""

from __future__ import annotations

import threading
from functools import partial

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django_q.brokers import Broker, get_broker
from django_q.tasks import async_task
from redis import RedisError

from jobs.models import Lane

log = structlog.get_logger(__name__)
QUEUES: dict[str, str] = {Lane.MAIN: str(settings.Q_CLUSTER["name"]), Lane.SHORT: "short"}
TASK = "jobs.tasks.work"
_local = threading.local()


def ring(lane: str = Lane.MAIN) -> None:
    """Ring unless a ring is waiting. Not inside a transaction: the woken worker would see nothing yet. Never raises: an unheard ring is repaired."""
    queue = QUEUES[lane]
    try:
        broker = _broker(queue)
        if broker.queue_size() == 0:
            # timeout -1: no alarm may ever interrupt a job
            async_task(TASK, q_options={"timeout": -1, "cluster": queue, "broker": broker})
    except (DatabaseError, RedisError, OSError) as error:
        if connection.in_atomic_block:
            raise  # the caller's transaction is broken; hiding it would only move the error
        log.warning("the doorbell failed", lane=str(lane), error=str(error))


def ring_on_commit(lane: str = Lane.MAIN) -> None:
    """Ring as soon as the present transaction is committed (at once if there is none)."""
    transaction.on_commit(partial(ring, str(lane)))


def _broker(queue: str) -> Broker:
    """One per thread: a Redis broker keeps its connection."""
    brokers: dict[str, Broker] = _local.__dict__.setdefault("brokers", {})
    if queue not in brokers:
        brokers[queue] = get_broker(queue)
    return brokers[queue]
