"""The django-q2 broker of a worker group: takes no ring while its one worker is busy, so that nobody hoards rings beside an idle group.

A ring is gone as soon as it is taken, in both stores: no acknowledgement, no redelivery. A lost one is repaired by the sweep.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.db import connection
from django_q.brokers.orm import ORM
from django_q.brokers.redis_broker import Redis
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from redis import Redis as Client
from redis import RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from jobs import board
from jobs.doorbell import TASK

if TYPE_CHECKING:
    from django_q.brokers import Broker

log = structlog.get_logger(__name__)
REDIS_PATIENCE = 5  # s
SELF_MADE = {"id": "0" * 32, "name": "without-redis", "func": TASK, "args": (), "kwargs": {}, "timeout": -1, "ack_failure": True}
Ring = list[tuple[Any, Any]]


class OrmBell(ORM):  # type: ignore[misc]  # django-q2 has no types
    """Rings as rows of the database. Polls every ``Conf.POLL`` seconds; the connection stays open between polls."""

    @staticmethod
    def get_connection(list_key: str | None = None) -> Any:
        """Rows of the queue."""
        return OrmQ.objects.using(Conf.ORM)

    def dequeue(self) -> Ring | None:
        """Take the ring, or wait a little. Deleting decides who has it."""
        with connection.cursor() as cursor:  # by hand: an idle group asks 20 times per second
            cursor.execute("SELECT id, payload FROM django_q_ormq WHERE key = %s ORDER BY id LIMIT 1", [self.list_key])
            for pk, payload in cursor.fetchall():
                cursor.execute("DELETE FROM django_q_ormq WHERE id = %s", [pk])
                if cursor.rowcount:
                    return [(None, payload)]
        time.sleep(Conf.POLL)
        return None

    def queue_size(self) -> int:
        """Rings that wait."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM django_q_ormq WHERE key = %s", [self.list_key])
            return int(cursor.fetchone()[0])

    def acknowledge(self, task_id: Any) -> None:
        """Nothing is left to do."""


class RedisBell(Redis):  # type: ignore[misc]
    """Rings as a Redis list."""

    @staticmethod
    def get_connection(list_key: str | None = None) -> Any:
        """A client that does not wait for ever for a server that went away."""
        return Client.from_url(settings.REDIS_URL, socket_timeout=REDIS_PATIENCE, socket_connect_timeout=REDIS_PATIENCE, retry=Retry(NoBackoff(), 1))

    def ping(self) -> bool:
        """A group starts without Redis too."""
        try:
            return bool(super().ping())
        except RedisError:
            return False

    def dequeue(self) -> Ring | None:
        """Take the ring, or wait up to a second. While Redis does not answer, look for work once per second."""
        try:
            ring: Ring | None = super().dequeue()
        except RedisError as error:
            log.warning("Redis does not answer", error=str(error))
            time.sleep(1)
            return [(None, SignedPackage.dumps(SELF_MADE))]
        return ring

    def set_stat(self, key: str, value: str, timeout: int) -> None:
        """Statistics are in our own rows."""


Base: type[Broker] = RedisBell if settings.REDIS_URL else OrmBell


class OneInHand(Base):  # type: ignore[misc]  # the base is chosen by configuration
    """One ring in hand, none more until its work is over (cleared by ``jobs.tasks.work``; a worker that dies takes its whole group with it)."""

    def dequeue(self) -> Ring | None:
        """A ring, or None after a short wait: nothing is there, the worker is busy, or the node is stopping."""
        seat = board.seat()
        if seat.hand or board.draining():
            time.sleep(Conf.POLL)
            return None
        ring: Ring | None = super().dequeue()
        if ring:
            seat.hand = 1
        return ring

    def fail(self, task_id: Any) -> None:
        """An unreadable ring (another secret key) must not block the group."""
        board.seat().hand = 0
