"""Publishing of finished files and sets, fenced and safe at any moment, and the removal of what nobody names any more.

1. The files go to a private folder on the bucket's own file system and are synced. Nothing is visible yet.
2. Under the lock of the main key: the fence is asked; rows are written that say «these objects go away, unless recorded».
3. Parts are renamed into place, folders synced, then the main object (a playlist, or the only file): from here on readers see the new set.
4. The caller records in one transaction, which also takes those rows back.

A crash before 3 leaves nothing visible, before 4 a whole set that nobody recorded; the sweep tells these apart by the main object's etag.
Only objects with the etag that was staged are ever removed: what somebody else put at the same key stays.
"""

from __future__ import annotations

import datetime as dt
import errno
import logging
import os
import shutil
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from jobs.engine.errors import JobError, Refused
from media_assets.backstage import sync_folder
from media_assets.drivers import storage
from media_assets.local import CHUNK, LocalStorage, etag_of
from media_assets.models import Bucket, Discard, MediaFile

if TYPE_CHECKING:
    from pathlib import Path

    from media_assets.objects import Staged

logger = logging.getLogger(__name__)
UNREACHABLE_WAIT = dt.timedelta(minutes=1)  # before a bucket is tried again whose folder cannot be reached
SWEEP_SETS = 200  # sets that one sweep looks at; the next sweep is seconds away


def publish(bucket: str, files: Sequence[Staged], last: Staged, *, token: str, overwrite: bool, fence: Callable[[], bool], record: Callable[[], None]) -> None:
    """Make a set visible: ``files`` first, ``last`` (playlist or single file) last, then ``record()``. The files are moved out of the room.

    ``token`` names output and attempt. Nothing happens if ``fence()`` is false under the lock. Raises JobError ObjectAlreadyExists where it must
    not overwrite, JobError InvalidAddress for a key that cannot be a file there; a full disk raises OSError. Must not run inside a transaction.
    """
    place = storage(bucket)
    with place.stage(f"set-{token}") as folder:
        etags = [_bring(place, file.path, folder / str(number)) for number, file in enumerate((*files, last))]
        sync_folder(folder)
        with place.locked(last.key):
            if not fence():
                return
            try:
                if not overwrite:
                    _refuse_existing(place, last.key)
                _announce(place.name, [file.key for file in files], last.key, etags, token)
                _reveal(place, folder, files, last, overwrite)
            except (Refused, FileExistsError) as error:
                _settle(place, last.key, list(Discard.objects.filter(token=token)), timezone.now())
                if isinstance(error, Refused):
                    raise JobError(error.code, error.message) from error
                raise JobError("ObjectAlreadyExists", f"There is an object at {place.name}/{last.key} already.") from error
            with transaction.atomic():
                record()
                withdraw(token)


def _bring(place: LocalStorage, path: Path, target: Path) -> str:
    """Move (or, from another file system, copy) a file to the stage and sync it. Returns its etag, which renaming keeps."""
    try:
        path.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        place.need_space(path.stat().st_size)
        with path.open("rb") as reading, target.open("wb") as writing:
            shutil.copyfileobj(reading, writing, CHUNK)
    with target.open("rb") as file:
        os.fsync(file.fileno())
        return etag_of(os.fstat(file.fileno()))


def _refuse_existing(place: LocalStorage, key: str) -> None:
    """Raise FileExistsError if there is an object, but for one that an earlier attempt of ours left unrecorded: that one goes."""
    facts = place.stat(key)
    if facts is None:
        return
    if not Discard.objects.filter(bucket=place.name, main=key, key=key, etag=facts.etag).exists():
        raise FileExistsError
    place.delete(key)


def _announce(bucket: str, keys: Sequence[str], main: str, etags: Sequence[str], token: str) -> None:
    """Write down what shall go away unless it is recorded. Committed before anything is visible."""
    now = timezone.now()
    later = now + dt.timedelta(seconds=settings.REELMILL_DISCARD_GRACE_SECONDS)
    with transaction.atomic(durable=True):
        withdraw(token)
        Discard.objects.bulk_create(
            Discard(bucket=bucket, key=key, etag=etag, main=main, token=token, due_at=later if key == main else now)
            for key, etag in zip((*keys, main), etags, strict=True)
        )


def _reveal(place: LocalStorage, folder: Path, files: Sequence[Staged], last: Staged, overwrite: bool) -> None:
    """Rename everything into place; each folder is synced before the main object can name what is in it."""
    for touched in {place.place(folder / str(number), file.key) for number, file in enumerate(files)}:
        sync_folder(touched)
    sync_folder(place.place(folder / str(len(files)), last.key, overwrite=overwrite))


def withdraw(token: str) -> None:
    """Take back what was announced for a token: it is recorded now. Inside the recording transaction."""
    Discard.objects.filter(token=token).delete()


def discard_later(bucket: str, keys: Iterable[str], seconds: float, token: str, *, main: str = "") -> None:
    """Let objects go away after ``seconds``, if they are still the same then and nothing names them. ``main``: the set's playlist, whose lock guards them.

    Inside the transaction that stops naming them.
    """
    place = storage(bucket)
    due = timezone.now() + dt.timedelta(seconds=seconds)
    rows = []
    for key in keys:
        if facts := place.stat(key):
            rows.append(Discard(bucket=bucket, key=key, etag=facts.etag, main=main or key, token=token, due_at=due))
    Discard.objects.bulk_create(rows)


def sweep_discards(now: dt.datetime | None = None) -> int:
    """Remove what is due. Returns how many objects went. Cheap when nothing is due; safe to run on every node at once."""
    now = now or timezone.now()
    gone = 0
    due = Discard.objects.filter(due_at__lte=now).order_by("bucket", "main").values_list("bucket", "main").distinct()
    for bucket, main in list(due[:SWEEP_SETS]):
        try:
            place = storage(bucket)
        except Refused:
            Discard.objects.filter(bucket=bucket).delete()  # unbound: its files are not ours to touch any more
            continue
        try:
            with place.locked(main, wait=0):
                gone += _settle(place, main, list(Discard.objects.filter(bucket=bucket, main=main)), now)
        except BlockingIOError:
            continue  # being published or swept just now
        except (OSError, Refused) as error:
            logger.warning("bucket %s cannot be swept: %s", bucket, error)
            Discard.objects.filter(bucket=bucket, due_at__lte=now).update(due_at=now + UNREACHABLE_WAIT)
    return gone


def _settle(place: LocalStorage, main: str, rows: Sequence[Discard], now: dt.datetime) -> int:
    """Decide on the rows of one main key, whose lock is held. Returns how many objects were removed."""
    gone = 0
    for token in {row.token for row in rows}:
        gone += _settle_set(place, main, [row for row in rows if row.token == token], now)
    return gone


def _settle_set(place: LocalStorage, main: str, rows: Sequence[Discard], now: dt.datetime) -> int:
    """One publication that was never recorded, or the old parts of one that was replaced.

    If its main object is what readers see, the set stays whole: as long as the library names the key, else until the main object is due; then the
    main object goes first. Otherwise nobody can see the parts, and those that are due go.
    """
    gone = 0
    own = next((row for row in rows if row.key == main), None)
    if own is not None:
        if _unchanged(place, own):
            wait = dt.timedelta(seconds=max(settings.REELMILL_DISCARD_GRACE_SECONDS, 1))
            if _named(place.name, main):
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
        if row.key not in kept and not _named(place.name, row.key) and _unchanged(place, row):
            gone += place.delete(row.key)
        Discard.objects.filter(pk=row.pk).delete()
    return gone


def _unchanged(place: LocalStorage, row: Discard) -> bool:
    """Whether the object that the row means is still there."""
    facts = place.stat(row.key)
    return facts is not None and row.etag in ("", facts.etag)


def _named(bucket: str, key: str) -> bool:
    """Whether the library names this object as a file of its own."""
    return MediaFile.objects.filter(bucket=bucket, key=key).exists()


def _parts(bucket: str, main: str) -> frozenset[str]:
    """The parts that the library names for a main key."""
    return frozenset(part for parts in MediaFile.objects.filter(bucket=bucket, key=main).values_list("parts", flat=True) for part in parts)


def sweep_stage(live_tokens: Collection[str] = ()) -> int:
    """Remove what dead processes left on the stages of all buckets. Returns how many folders. Who still works is known by a lock, or is in ``live_tokens``."""
    live = {f"set-{token}" for token in live_tokens}
    gone = 0
    for name in Bucket.objects.values_list("name", flat=True):
        try:
            gone += storage(name).sweep_stage(live.__contains__)
        except (OSError, Refused) as error:
            logger.warning("the stage of bucket %s cannot be swept: %s", name, error)
    return gone
