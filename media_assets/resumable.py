"""Uploads that survive: a row says what shall come, a private file on the bucket's own file system holds what has come.

What has arrived is the size of that file and nothing else, so a crash between two writes loses nothing and invents nothing. Whoever writes holds
the file's lock. When all is there, the file is renamed to its key: the object appears whole, or not at all.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import errno
import fcntl
import hashlib
import logging
import os
from contextlib import suppress
from itertools import count, islice
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console.lib.ids import new_id
from jobs.engine.address import Address
from jobs.engine.errors import Refused
from media_assets import s3_direct, services, upload_words
from media_assets.local import FULL, NO_LINK, numbered
from media_assets.models import Bucket, MultipartPart, Upload
from media_assets.s3 import S3Storage
from media_assets.storage import storage
from media_assets.uploads import IF_EXISTS, NAMES_TRIED, IfExists

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from django.contrib.auth.models import User

    from media_assets.drivers import Place
    from media_assets.objects import ObjectFacts

logger = logging.getLogger(__name__)
KEPT = dt.timedelta(days=1)  # after the last byte
OPEN_MAX = 1000  # per person
GB = 1_000_000_000
WHOLE = ".whole"  # behind the name of a part: its second name, under which it becomes the object
SPACE_STEP = 16_000_000  # bytes between two looks at the free space
DIGESTS = ("sha1", "sha256", "md5")


def create(*, bucket: str, key: str, length: int, if_exists: IfExists, user: User, title: str = "", metadata: str = "") -> Upload:
    """Begin an upload of ``length`` bytes. Everything that can be known now is refused now.

    Raises Refused: BucketNotFound, BucketRoleMissing, InvalidAddress, InvalidParameter, ObjectAlreadyExists, BodyTooLarge, StorageFull.
    """
    if if_exists not in IF_EXISTS:
        raise Refused("InvalidParameter", _("Choose replace, keep_both, skip or fail."))
    place = storage(bucket)
    if not Bucket.objects.filter(name=bucket, is_input=True).exists():
        raise Refused("BucketRoleMissing", _("The bucket %(bucket)s is not bound as input.") % {"bucket": bucket})
    place.writable(key)
    limit = settings.REELMILL_MAX_UPLOAD_GB * GB
    if length > limit:
        raise Refused("BodyTooLarge", _("The file has more than %(limit)s bytes.") % {"limit": f"{limit:,}"})
    if Upload.objects.filter(owner=user, state=Upload.State.OPEN).count() >= OPEN_MAX:
        raise Refused("WrongState", _("You have too many unfinished uploads. Finish or remove some."))
    there = place.stat(key)
    if there is not None and if_exists == "fail":
        raise Refused("ObjectAlreadyExists", _("There is an object at %(address)s already.") % {"address": f"{bucket}/{key}"})
    row = Upload(id=new_id(), owner=user, bucket=bucket, key=key, length=length, if_exists=if_exists, title=title, metadata=metadata)
    row.expires_at = timezone.now() + KEPT
    if there is not None and if_exists == "skip":
        row.state, row.media = Upload.State.DONE, services.remember(Address(bucket, key), facts=there)
        row.save()
        return row
    try:
        place.need_space(length)
    except OSError as error:
        raise Refused("StorageFull") from error
    row.save()
    place.part(row.id).touch(mode=0o600)
    if length == 0:
        finish(row)
    return row


def arrived(row: Upload) -> int:
    """Bytes that are here for good. Raises Refused NotFound where an open upload has lost its file."""
    if row.state == Upload.State.DONE:
        return row.length
    try:
        return storage(row.bucket).part(row.id).stat().st_size
    except FileNotFoundError:
        raise Refused("NotFound", _("This upload has expired.")) from None


class Receiver:
    """Writes what comes at the end of an upload. Not for threads: one at a time holds the file's lock.

    ``checksum``: «sha1 BASE64» of what will be sent; then nothing of it stays unless it is right.
    """

    def __init__(self, row: Upload, offset: int, checksum: str = "") -> None:
        """Raises Refused: WrongState, NotFound, UploadBusy, UploadOffsetWrong, InvalidParameter."""
        if row.state == Upload.State.DONE:
            raise Refused("WrongState", _("This upload is complete."))
        self._row = row
        self._place = storage(row.bucket)
        self._wanted, self._digest = _checksum(checksum)
        try:
            self._file = os.open(self._place.part(row.id), os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        except FileNotFoundError:
            raise Refused("NotFound", _("This upload has expired.")) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise Refused("UploadBusy") from None
        self.begun = self.offset = os.fstat(self._file).st_size
        self._looked = -SPACE_STEP
        if offset != self.offset:
            os.close(self._file)
            raise Refused("UploadOffsetWrong", _("%(size)s bytes have arrived.") % {"size": self.offset})

    def write(self, data: bytes) -> None:
        """Append. Raises Refused: BodyTooLarge (more than was announced), StorageFull."""
        if self.offset + len(data) > self._row.length:
            raise Refused("BodyTooLarge", _("More is sent than was announced."))
        try:
            if self.offset - self._looked >= SPACE_STEP:
                self._place.need_space(len(data))
                self._looked = self.offset
            rest = memoryview(data)
            while rest:
                written = os.write(self._file, rest)
                self.offset += written
                rest = rest[written:]
        except OSError as error:
            if error.errno in (*FULL, errno.EFBIG):
                raise Refused("StorageFull") from error
            raise
        if self._digest is not None:
            self._digest.update(data)

    def close(self, *, whole: bool) -> int:
        """End, and make sure that it stays. ``whole``: all that the sender announced for this request has come. Returns the offset now.

        Raises Refused ChecksumMismatch.
        """
        try:
            wrong = self._digest is not None and (not whole or self._digest.digest() != self._wanted)
            if wrong:
                os.ftruncate(self._file, self.begun)
                self.offset = self.begun
            os.fsync(self._file)
        finally:
            os.close(self._file)
        Upload.objects.filter(pk=self._row.pk).update(expires_at=timezone.now() + KEPT)
        if wrong and whole:
            raise Refused("ChecksumMismatch")
        return self.offset


def receive(row: Upload, offset: int, chunks: Iterable[bytes], checksum: str = "") -> int:
    """Append all of ``chunks``; the last byte makes the object. Returns the offset now. Raises what Receiver and finish raise."""
    receiver = Receiver(row, offset, checksum)
    whole = False
    try:
        for chunk in chunks:
            receiver.write(chunk)
        whole = True
    finally:
        now = receiver.close(whole=whole)
    if now == row.length:
        finish(row)
    return now


def finish(row: Upload) -> None:
    """Let the object appear and the library know it. Safe to call again after a crash in between. Raises Refused ObjectAlreadyExists."""
    place = storage(row.bucket)
    part = place.part(row.id)
    keys = [row.key, *(numbered(row.key, number) for number in islice(count(2), NAMES_TRIED))] if row.if_exists == "keep_both" else [row.key]
    facts = _adopted(place, part, keys)
    if facts is None:
        try:
            facts = place.adopt(_second_name(part), row.key, overwrite=row.if_exists == "replace", alternatives=keys[1:])
        except Refused as error:
            facts = place.stat(row.key) if error.code == "ObjectAlreadyExists" and row.if_exists == "skip" else None
            if facts is None:
                raise
    with transaction.atomic():
        media = services.remember(Address(row.bucket, facts.key), title=row.title, tags=upload_words.tags_of(row), facts=facts)
        Upload.objects.filter(pk=row.pk).update(state=Upload.State.DONE, media=media, key=facts.key)
    row.state, row.media, row.key = Upload.State.DONE, media, facts.key
    _remove(part)
    logger.info("uploaded oss://%s/%s, %d bytes, by %s", row.bucket, row.key, row.length, row.owner.get_username())


def _second_name(part: Path) -> Path:
    """The same file once more: so the part stays until the library knows the object, and a crash in between can be told from an upload that expired."""
    whole = part.with_name(f"{part.name}{WHOLE}")
    whole.unlink(missing_ok=True)
    try:
        os.link(part, whole)
    except OSError as error:
        if error.errno not in NO_LINK:
            raise
        return part
    return whole


def _remove(part: Path) -> None:
    """The file under both of its names: as long as one is there, it takes its space."""
    part.unlink(missing_ok=True)
    part.with_name(f"{part.name}{WHOLE}").unlink(missing_ok=True)


def _adopted(place: Place, part: Path, keys: Iterable[str]) -> ObjectFacts | None:
    """The object that this part became already, before a crash."""
    if isinstance(place, S3Storage):
        return place.adopted(part, keys)
    for key in keys:
        path = place.writable(key)
        if not path.exists():
            return None
        if part.exists() and path.samefile(part):
            return place.stat(key)
    return None


def withdraw(row: Upload) -> None:
    """Forget an upload and what has arrived of it; an object that is there already stays."""
    name = row.id
    row.delete()
    with suppress(Refused, OSError):
        place = storage(row.bucket)
        _remove(place.part(name))
        if isinstance(place, S3Storage) and row.remote_id and row.state == Upload.State.OPEN:
            s3_direct.abort(place, row.key, row.remote_id)


def sweep_uploads(now: dt.datetime | None = None) -> int:
    """Forget what expired, and files that no row knows. Returns how many went."""
    now = now or timezone.now()
    gone = 0
    for row in Upload.objects.filter(expires_at__lt=now):
        withdraw(row)
        gone += 1
    for bucket in Bucket.objects.values_list("name", flat=True):
        with suppress(Refused, OSError):
            folder = storage(bucket).part("x").parent
            old = (now - KEPT).timestamp()
            for part in [part for part in folder.iterdir() if part.stat().st_mtime < old]:
                known = Upload.objects.filter(pk=part.name, state=Upload.State.OPEN).exists() or MultipartPart.objects.filter(file=part.name).exists()
                if not known:
                    part.unlink(missing_ok=True)
                    gone += 1
    return gone


def _checksum(text: str) -> tuple[bytes, hashlib._Hash | None]:
    """What «sha1 BASE64» wants, and the digest to compare with. Raises Refused."""
    if not text:
        return b"", None
    name, _sep, value = text.partition(" ")
    try:
        wanted = base64.b64decode(value, validate=True)
    except binascii.Error:
        wanted = b""
    if name not in DIGESTS or not wanted:
        raise Refused("InvalidParameter", _("A checksum is one of %(names)s, a space, and the digest in Base64.") % {"names": ", ".join(DIGESTS)})
    return wanted, hashlib.new(name, usedforsecurity=False)
