"""Sweeping of stores that are reached over the network: in a thread of its own, so that one that does not answer holds up nobody."""

from __future__ import annotations

import logging
import threading
import time

from django.db import close_old_connections, connection
from django.utils import timezone

from jobs.engine.errors import Refused
from media_assets.models import Bucket, Upload
from media_assets.s3 import S3Storage
from media_assets.s3_client import Absent
from media_assets.storage import storage, sweep_discards

logger = logging.getLogger(__name__)
UPLOADS_EVERY = 3600.0  # s between two looks for multipart uploads that nobody completed

_thread: threading.Thread | None = None
_looked: dict[str, float] = {}


def sweep_remote(*, uploads_every: float = UPLOADS_EVERY) -> int:
    """Objects that are due, and multipart uploads that were given up. Returns how many went."""
    gone = sweep_discards(remote=True)
    for name in Bucket.objects.filter(driver=Bucket.Driver.S3).values_list("name", flat=True):
        if name in _looked and time.monotonic() - _looked[name] < uploads_every:
            continue
        _looked[name] = time.monotonic()
        try:
            place = storage(name)
            going_on = set(Upload.objects.filter(bucket=name, state=Upload.State.OPEN).exclude(remote_id="").values_list("remote_id", flat=True))
            gone += place.end_abandoned(timezone.now(), but=going_on) if isinstance(place, S3Storage) else 0
        except Absent:
            logger.info("the store of bucket %s does not list uploads that were given up", name)
        except (OSError, Refused) as error:
            logger.warning("uploads to bucket %s cannot be swept: %s", name, error)
    return gone


def sweep_remote_beside() -> None:
    """Begin a sweep unless one is going on, or there is no such bucket."""
    global _thread
    if (_thread and _thread.is_alive()) or not Bucket.objects.filter(driver=Bucket.Driver.S3).exists():
        return
    _thread = threading.Thread(target=_sweep, name="remote-sweep", daemon=True)
    _thread.start()


def _sweep() -> None:
    close_old_connections()
    try:
        sweep_remote()
    except Exception:
        logger.exception("stores cannot be swept")
    finally:
        connection.close()
