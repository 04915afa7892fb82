"""Publishing of finished files and sets, fenced and safe at any moment. What it announces and nobody records goes away: see :mod:`media_assets.discards`.

1. The files go to a private folder on the bucket's own file system and are synced. Nothing is visible yet.
2. Under the lock of the main key: the fence is asked; rows are written that say «these objects go away, unless recorded».
3. Parts are renamed into place, folders synced, then the main object (a playlist, or the only file): from here on readers see the new set.
4. The caller records in one transaction, which also takes those rows back.

A crash before 3 leaves nothing visible, before 4 a whole set that nobody recorded; the sweep tells these apart by the main object's etag.
"""

from __future__ import annotations

import datetime as dt
import errno
import logging
import os
import shutil
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from jobs.engine.errors import JobError, Refused
from media_assets.backstage import sync_folder
from media_assets.discards import is_unrecorded, settle, withdraw
from media_assets.drivers import storage
from media_assets.local import CHUNK, LocalStorage, etag_of
from media_assets.models import Bucket, Discard
from media_assets.publishing_s3 import publish_s3
from media_assets.s3 import S3Storage

if TYPE_CHECKING:
    from pathlib import Path

    from media_assets.objects import Staged

logger = logging.getLogger(__name__)


def publish(
    bucket: str,
    files: Sequence[Staged],
    last: Staged,
    *,
    token: str,
    overwrite: bool,
    fence: Callable[[], bool],
    record: Callable[[], None],
    shown: Collection[str] = (),
) -> None:
    """Make a set visible: ``files`` first, ``last`` (playlist or single file) last, then ``record()``. The files are moved out of the room.

    ``shown``: keys of files that :mod:`media_assets.growing` has shown under the same token, and that did not change since.
    ``token`` names output and attempt. Nothing happens if ``fence()`` is false under the lock. Raises JobError ObjectAlreadyExists where it must
    not overwrite, JobError InvalidAddress for a key that cannot be a file there; a full disk raises OSError. Must not run inside a transaction.
    """
    place = storage(bucket)
    if isinstance(place, S3Storage):
        publish_s3(place, files, last, token=token, overwrite=overwrite, fence=fence, record=record, shown=shown)
        return
    with place.stage(f"set-{token}") as folder:
        etags = [_bring(place, file.path, folder / str(number)) for number, file in enumerate((*files, last))]
        sync_folder(folder)
        with place.locked(last.key):
            if not fence():
                return
            try:
                if not overwrite and shown and is_unrecorded(place, last.key):
                    overwrite = True  # the playlist that grows is replaced in one moment
                if not overwrite:
                    _refuse_existing(place, last.key)
                _announce(place.name, [file.key for file in files], last.key, etags, token)
                reveal(place, folder, files, last, overwrite)
            except (Refused, FileExistsError) as error:
                settle(place, last.key, list(Discard.objects.filter(token=token)), timezone.now())
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
    if place.stat(key) is None:
        return
    if not is_unrecorded(place, key):
        raise FileExistsError
    place.delete(key)


def _announce(bucket: str, keys: Sequence[str], main: str, etags: Sequence[str], token: str) -> None:
    """Write down what shall go away unless it is recorded. Committed before anything is visible."""
    now = timezone.now()
    later = now + dt.timedelta(seconds=settings.REELMILL_DISCARD_GRACE_SECONDS)
    with transaction.atomic(durable=True):
        Discard.objects.filter(token=token).delete()
        Discard.objects.bulk_create(
            Discard(bucket=bucket, key=key, etag=etag, main=main, token=token, due_at=later if key == main else now)
            for key, etag in zip((*keys, main), etags, strict=True)
        )


def reveal(place: LocalStorage, folder: Path, files: Sequence[Staged], last: Staged, overwrite: bool) -> None:
    """Rename everything into place; each folder is synced before the main object can name what is in it."""
    for touched in {place.place(folder / str(number), file.key) for number, file in enumerate(files)}:
        sync_folder(touched)
    sync_folder(place.place(folder / str(len(files)), last.key, overwrite=overwrite))


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
