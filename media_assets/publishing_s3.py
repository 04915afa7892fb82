"""Publishing to S3-compatible stores: the same promises as in :mod:`media_assets.publishing`, without renaming and without locks in the store.

1. Rows are written that say «these objects go away in a day, unless recorded». Every object carries the token of its output and attempt.
2. The parts are sent (their names are this attempt's own), and all bytes of the main object, which is not visible yet.
3. Under the key's lock on this host the fence is asked, and the main object appears, on the condition that what was there is still there.
4. The caller records, which also takes the rows back.

A day, since a store without conditions may let a stopped process's main object appear late: it must then still find its parts.
A store may forget what is said of an object beside its bytes (rclone does when it starts anew), so the objects of a set are also known by their bytes. A
single file is not: somebody may have put the same one there, and it harms nobody.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from jobs.engine.errors import JobError, Refused
from media_assets.discards import settle, withdraw
from media_assets.models import Discard
from media_assets.s3 import BYTES
from media_assets.s3_bucket import just_written
from media_assets.s3_client import Taken
from media_assets.s3_sending import Sending

if TYPE_CHECKING:
    from pathlib import Path

    from media_assets.objects import ObjectFacts, Staged
    from media_assets.s3 import S3Storage

logger = logging.getLogger(__name__)
UNRECORDED = dt.timedelta(hours=24)
PATIENCE = 120.0  # s that publishing goes on trying while the store does not answer; after that the job waits and does its work again
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
RACES = 5  # how often somebody else may write the main object between our look and our write
T = TypeVar("T")


def publish_s3(
    place: S3Storage,
    files: Sequence[Staged],
    last: Staged,
    *,
    token: str,
    overwrite: bool,
    fence: Callable[[], bool],
    record: Callable[[], None],
    shown: Collection[str] = (),
) -> None:
    """As :func:`media_assets.publishing.publish`. Raises also Refused BucketUnreachable and BucketAccessDenied."""
    if not fence():
        return
    if not overwrite and _patiently(lambda: foreign(place, last.key), fence):
        raise JobError("ObjectAlreadyExists", f"There is an object at {place.name}/{last.key} already.")
    _announce(place.name, files, last, token)
    main = Sending(place, last.key, token)
    done = False
    try:
        for file in (file for file in files if file.key not in shown):
            _patiently(lambda file=file: send(place, file, token), fence)  # type: ignore[misc]
        _patiently(lambda: main.send_file(last.path), fence, again=main.abort)
        with place.locked(last.key):
            facts = _patiently(lambda: commit(place, main, last.key, overwrite, fence), fence)
            if facts is None:
                return
            done = True
            with just_written(place.name, facts), transaction.atomic():
                record()
                withdraw(token)
    except Refused as error:
        if error.code in ("InvalidAddress", "ObjectAlreadyExists"):
            raise JobError(error.code, error.message) from error
        raise
    finally:
        main.abort()
        if not done:
            _clear(place, last.key, token)
    for file in (*files, last):
        file.path.unlink(missing_ok=True)


def foreign(place: S3Storage, key: str) -> str:
    """The etag of an object that is not an earlier attempt's unrecorded one; empty where there is none."""
    found = place.head(key)
    if found is None:
        return ""
    facts, said = found
    ours = Q(token=said) if said else Q(etag=f"{BYTES}{facts.etag}")
    return "" if Discard.objects.filter(ours, bucket=place.name, main=key, key=key).exists() else facts.etag


def bytes_of(path: Path) -> str:
    """What a row says of an object besides whose it is."""
    with path.open("rb") as file:
        return BYTES + hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _announce(bucket: str, files: Sequence[Staged], last: Staged, token: str) -> None:
    due = timezone.now() + UNRECORDED
    told = {file.key: bytes_of(file.path) for file in (*files, last)} if files else {last.key: ""}
    with transaction.atomic(durable=True):
        Discard.objects.filter(token=token).delete()
        Discard.objects.bulk_create(Discard(bucket=bucket, key=key, etag=etag, main=last.key, token=token, due_at=due) for key, etag in told.items())


def send(place: S3Storage, file: Staged, token: str) -> None:
    sending = Sending(place, file.key, token)
    try:
        sending.send_file(file.path)
        sending.commit()
    except Taken:
        raise Refused("BucketUnreachable", f"The store of bucket {place.name} does not answer (conflict).") from None
    finally:
        sending.abort()


def commit(place: S3Storage, main: Sending, key: str, overwrite: bool, fence: Callable[[], bool]) -> ObjectFacts | None:
    """Look, ask the fence, write where nothing changed since the look. None: the fence has closed."""
    for _race in range(RACES):
        if not overwrite and foreign(place, key):
            raise Refused("ObjectAlreadyExists", f"There is an object at {place.name}/{key} already.")
        there = place.head(key)
        if not fence():
            return None
        try:
            return main.commit(fresh=there is None, replaces=there[0].etag if there else "")
        except Taken:
            continue
    raise Refused("BucketUnreachable", f"The store of bucket {place.name} does not answer (conflict).")


def _patiently(action: Callable[[], T], fence: Callable[[], bool], again: Callable[[], None] | None = None) -> T:
    """Do it, and once more while the store does not answer, for :data:`PATIENCE` at most. ``again``: before each further try."""
    until, tries = time.monotonic() + PATIENCE, 0
    while True:
        try:
            return action()
        except Refused as error:
            pause = PAUSES[min(tries, len(PAUSES) - 1)]
            if error.code != "BucketUnreachable" or time.monotonic() + pause > until or not fence():
                raise
            logger.warning("%s", error.message)
            time.sleep(pause)
            tries += 1
            if again is not None:
                again()


def _clear(place: S3Storage, main: str, token: str) -> None:
    """Nothing became visible, and we know it: our parts go at once, as far as the store answers; else the sweep takes them."""
    now = timezone.now()
    Discard.objects.filter(token=token).update(due_at=now)
    with suppress(Refused, OSError), place.locked(main, 0):
        settle(place, main, list(Discard.objects.filter(token=token)), now)
