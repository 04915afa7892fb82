"""A look into an object while somebody waits for the answer: with limits, and few at a time. Raises ReelmillError where the object does not serve."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from jobs.engine.errors import Refused
from jobs.ffmpeg.probe import probe
from jobs.media_tools import media_tools
from media_assets.local import LocalStorage
from media_assets.storage import storage

if TYPE_CHECKING:
    from jobs.engine.address import Address
    from jobs.engine.probe import Probe

SECONDS = 8.0  # SDKs give up after ten
FETCH_BYTES = 500_000_000  # of an object that is not on this machine
_AT_ONCE = threading.BoundedSemaphore(2)  # media programs of one web process: its other answers must not wait for them


@contextmanager
def room(address: Address) -> Iterator[tuple[Path, Probe]]:
    """A private folder with the object as «input», and what is in it."""
    if not _AT_ONCE.acquire(timeout=SECONDS):
        raise Refused("NotFinishedYet", "Too many objects are looked into at the same time; try again.")
    try:
        place = storage(address.bucket)
        facts = place.stat(address.key)
        if facts is None:
            raise Refused("ObjectNotFound")
        if facts.size > FETCH_BYTES and not isinstance(place, LocalStorage):
            raise Refused("InputTooLarge", "The object is too large to be fetched while somebody waits: use the asynchronous operation.")
        parent = Path(settings.REELMILL_DATA) / "previews"
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=parent, prefix="room-") as name:
            folder = Path(name)
            place.pin(address.key, folder)
            yield folder, probe(folder / "input", tools=media_tools(), cwd=folder, max_pixels=settings.REELMILL_MAX_PIXELS)
    finally:
        _AT_ONCE.release()


def probed(address: Address) -> Probe:
    """What is in an object."""
    with room(address) as (_folder, found):
        return found
