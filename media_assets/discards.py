"""What goes away: objects that were announced before they were visible and never recorded, and old ones that nobody names any more.

Only objects with the etag that was written down are ever removed: what somebody else put at the same key stays.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from jobs.engine.errors import Refused
from media_assets.drivers import Place, storage
from media_assets.models import Bucket, Discard, MediaFile
from media_assets.s3 import OURS, S3Storage

if TYPE_CHECKING:
    from media_assets.local import LocalStorage

logger = logging.getLogger(__name__)
UNREACHABLE_WAIT = dt.timedelta(minutes=1)  # before a bucket is tried again whose folder cannot be reached
SWEEP_SETS = 200  # sets that one sweep looks at; the next sweep is seconds away


def is_unrecorded(place: LocalStorage, key: str) -> bool:
    """Whether the object is a main one of ours that nobody has recorded (yet)."""
    facts = place.stat(key)
    return facts is not None and Discard.objects.filter(bucket=place.name, main=key, key=key, etag=facts.etag).exists()


def withdraw(token: str) -> None:
    """Take back what was announced for a token: it is recorded now. Inside the recording transaction."""
    Discard.objects.filter(token__in=tokens(token)).delete()


def tokens(token: str) -> tuple[str, str, str]:
    """Under what rows of an output are written: its token, and two others in turns for a main object that grows (see :mod:`media_assets.growing`)."""
    return token, f"{token}-a", f"{token}-b"


def discard_later(bucket: str, keys: Iterable[str], seconds: float, token: str, *, main: str = "", etag: str = "") -> None:
    """Let objects go away after ``seconds``, if they are still the same then and nothing names them. ``main``: the set's playlist, whose lock guards them.

    Inside the transaction that stops naming them. There an S3 store is not asked: of ``main`` goes the object of ``etag``, of the others what
    Reelmill wrote.
    """
    place = storage(bucket)
    due = timezone.now() + dt.timedelta(seconds=seconds)
    rows = []
    for key in keys:
        found = _known_etag(place, key, etag if key == main else "")
        if found:
            rows.append(Discard(bucket=bucket, key=key, etag=found, main=main or key, token=token, due_at=due))
    Discard.objects.bulk_create(rows)


def _known_etag(place: Place, key: str, etag: str) -> str:
    """The etag of the object that is meant; empty where there is none."""
    if isinstance(place, S3Storage):
        return etag or OURS
    facts = place.stat(key)
    return facts.etag if facts else ""


def sweep_discards(now: dt.datetime | None = None, *, remote: bool | None = None) -> int:
    """Remove what is due. Returns how many objects went. Cheap when nothing is due; safe to run on every node at once.

    ``remote``: only (or not) in buckets whose store is asked over the network, which may take long.
    """
    now = now or timezone.now()
    gone = 0
    rows = Discard.objects.all()
    if remote is not None:
        names = Bucket.objects.filter(driver=Bucket.Driver.S3).values("name")
        rows = rows.filter(bucket__in=names) if remote else rows.exclude(bucket__in=names)
    due = rows.filter(due_at__lte=now).order_by("bucket", "main").values_list("bucket", "main").distinct()
    for bucket, main in list(due[:SWEEP_SETS]):
        try:
            place = storage(bucket)
        except Refused:
            Discard.objects.filter(bucket=bucket).delete()  # unbound: its files are not ours to touch any more
            continue
        try:
            with place.locked(main, wait=0):
                gone += settle(place, main, list(Discard.objects.filter(bucket=bucket, main=main)), now)
        except BlockingIOError:
            continue  # being published or swept just now
        except (OSError, Refused) as error:
            logger.warning("bucket %s cannot be swept: %s", bucket, error)
            Discard.objects.filter(bucket=bucket, due_at__lte=now).update(due_at=now + UNREACHABLE_WAIT)
    return gone


def settle(place: Place, main: str, rows: Sequence[Discard], now: dt.datetime) -> int:
    """Decide on the rows of one main key, whose lock is held. Returns how many objects were removed."""
    gone = 0
    for token in {row.token for row in rows}:
        gone += _settle_set(place, main, [row for row in rows if row.token == token], now)
    return gone


def _settle_set(place: Place, main: str, rows: Sequence[Discard], now: dt.datetime) -> int:
    """One publication that was never recorded, or the old parts of one that was replaced.

    If its main object is what readers see, the set stays whole: as long as the library names the key, else until the main object is due; then the
    main object goes first. Otherwise nobody can see the parts, and those that are due go.
    """
    gone = 0
    if isinstance(place, S3Storage) and any(row.due_at > now for row in rows):
        return 0  # who writes there may be on another host, whose lock is not ours
    own = next((row for row in rows if row.key == main), None)
    if own is not None:
        if _unchanged(place, own):
            wait = dt.timedelta(seconds=max(settings.REELMILL_DISCARD_GRACE_SECONDS, 1))
            if named(place.name, main):
                Discard.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=now + wait)
                return 0
            if own.due_at > now:
                Discard.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=own.due_at)
                return 0
            gone += place.delete(main)
        Discard.objects.filter(pk=own.pk).delete()
    kept = _parts(place.name, main)
    for row in rows:
        if row is own or row.due_at > now:
            continue
        if row.key not in kept and not named(place.name, row.key) and _unchanged(place, row):
            gone += place.delete(row.key)
        Discard.objects.filter(pk=row.pk).delete()
    return gone


def _unchanged(place: Place, row: Discard) -> bool:
    """Whether the object that the row means is still there."""
    if isinstance(place, S3Storage):
        return place.holds(row.key, row.etag, row.token)
    facts = place.stat(row.key)
    return facts is not None and row.etag in ("", facts.etag)


def named(bucket: str, key: str) -> bool:
    """Whether the library names this object as a file of its own."""
    return MediaFile.objects.filter(bucket=bucket, key=key).exists()


def _parts(bucket: str, main: str) -> frozenset[str]:
    """The parts that the library names for a main key."""
    return frozenset(part for parts in MediaFile.objects.filter(bucket=bucket, key=main).values_list("parts", flat=True) for part in parts)
