"""Sets that are shown while they are made: a playlist that grows, replaced in one moment each time, and segments that are whole.

Nothing of it is recorded before the set is finished (:mod:`media_assets.publishing`). Until then rows say «these objects go away soon, unless somebody
says again that they are wanted»: the attempt says so every few seconds, so what a lost attempt has shown goes by itself, its playlist first. Names of
segments and rungs are the attempt's own; the playlist at the address is replaced under the key's lock, after the fence was asked: no playlist ever
names segments of two attempts. An object that was there before is never touched.

The etag of the main object changes each time. Before a new one appears a row must name it, and the row of the old one must stay until it is gone: the
two rows take turns. In an S3 store the token in the object's metadata is enough.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from jobs.engine.errors import Refused
from media_assets.backstage import sync_folder
from media_assets.discards import is_unrecorded, named, settle, tokens
from media_assets.drivers import storage
from media_assets.local import CHUNK, NO_LINK, etag_of
from media_assets.models import Discard
from media_assets.publishing import reveal
from media_assets.publishing_s3 import bytes_of, commit, foreign, send
from media_assets.s3 import S3Storage

if TYPE_CHECKING:
    from pathlib import Path

    from media_assets.drivers import Place
    from media_assets.local import LocalStorage
    from media_assets.objects import Staged

logger = logging.getLogger(__name__)
STAY = dt.timedelta(seconds=60)  # longer than a lease: who has lost it does not come back
STAY_IN_STORE = dt.timedelta(minutes=15)  # a request of a stopped process may still be under way


class Growing:
    """One set. ``main``: key of the playlist that players open; ``token``: the one that :func:`publish` will be given. Not for several threads."""

    def __init__(self, bucket: str, main: str, token: str, fence: Callable[[], bool]) -> None:
        self._place: Place = storage(bucket)
        self._main, self._token, self._fence = main, token, fence
        self._turn = 0

    def may_begin(self) -> bool:
        """Whether nothing of anybody else's is at the address, nor recorded there. Raises Refused where the bucket cannot be asked."""
        if named(self._place.name, self._main):
            return False
        if isinstance(self._place, S3Storage):
            return not foreign(self._place, self._main)
        return self._place.stat(self._main) is None or is_unrecorded(self._place, self._main)

    def show(self, files: Sequence[Staged], last: Staged) -> bool:
        """Let ``files`` appear, then ``last`` in the place of the playlist before. The files stay in the room. False: the fence has closed, or the address is taken.

        Raises Refused and OSError where the bucket does not take them; then the playlist before is still whole, and it can be tried again.
        """
        if isinstance(self._place, S3Storage):
            return self._show_in_store(self._place, files, last)
        return self._show_in_folder(self._place, files, last)

    def stay(self) -> None:
        """Say again that what was shown is wanted."""
        due = self._due()
        Discard.objects.filter(token__in=tokens(self._token), due_at__lt=due).update(due_at=due)

    def withdraw(self) -> None:
        """Remove what was shown and was not recorded since. What cannot be removed now goes by itself."""
        if not Discard.objects.filter(token__in=tokens(self._token)).exists():
            return
        Discard.objects.filter(token__in=tokens(self._token)).update(due_at=timezone.now())
        with suppress(Refused, OSError), self._place.locked(self._main):
            for token in reversed(tokens(self._token)):  # the playlist before its segments
                settle(self._place, self._main, list(Discard.objects.filter(token=token)), timezone.now())

    def _show_in_folder(self, place: LocalStorage, files: Sequence[Staged], last: Staged) -> bool:
        with place.stage(f"grow-{self._token}") as folder:
            etags = [_brought(place, file.path, folder / str(number)) for number, file in enumerate((*files, last))]
            sync_folder(folder)
            with place.locked(self._main):
                if not self._fence() or not self.may_begin():
                    return False
                self._turn = 1 - self._turn
                self._announce([(file.key, "") for file in files], tokens(self._token)[1 + self._turn], etags[-1])
                reveal(place, folder, files, last, overwrite=True)
        return True

    def _show_in_store(self, place: S3Storage, files: Sequence[Staged], last: Staged) -> bool:
        from media_assets.s3_sending import Sending

        if not self._fence() or not self.may_begin():
            return False
        self._announce([(file.key, bytes_of(file.path)) for file in files], self._token, bytes_of(last.path))
        for file in files:
            send(place, file, self._token)
        sending = Sending(place, self._main, self._token)
        sending.send_file(last.path)
        with place.locked(self._main):
            try:
                return commit(place, sending, self._main, overwrite=False, fence=self._fence) is not None
            except Refused as error:
                if error.code != "ObjectAlreadyExists":
                    raise
                return False

    def _announce(self, files: Sequence[tuple[str, str]], token: str, etag: str) -> None:
        """Write down what will have to go, and keep what was written down before. Committed before anything is visible."""
        due = self._due()
        rows = [(key, tag, self._token) for key, tag in files] + [(self._main, etag, token)]
        with transaction.atomic(durable=True):
            Discard.objects.filter(token__in=tokens(self._token)).update(due_at=due)
            Discard.objects.filter(token=token, key=self._main).delete()
            known = set(Discard.objects.filter(token=self._token).values_list("key", flat=True))
            Discard.objects.bulk_create(
                Discard(bucket=self._place.name, key=key, etag=tag, main=self._main, token=row, due_at=due) for key, tag, row in rows if key not in known
            )

    def _due(self) -> dt.datetime:
        return timezone.now() + (STAY_IN_STORE if isinstance(self._place, S3Storage) else STAY)


def _brought(place: LocalStorage, path: Path, target: Path) -> str:
    """Link (or, where links cannot go, copy) a file to the stage and sync it. Returns its etag, which renaming keeps."""
    try:
        os.link(path, target)
    except OSError as error:
        if error.errno not in NO_LINK:
            raise
        place.need_space(path.stat().st_size)
        with path.open("rb") as reading, target.open("wb") as writing:
            shutil.copyfileobj(reading, writing, CHUNK)
    with target.open("rb") as file:
        os.fsync(file.fileno())
        return etag_of(os.fstat(file.fileno()))
