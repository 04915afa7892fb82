"""Objects that come as numbered parts, in any order and at once: begin, receive, list, put together, give up.

A part is a file backstage on the bucket's own file system (of an S3 bucket: in the data folder of this host) and a row, written after it; only rows count.
A part that is sent again replaces the earlier one. Putting together writes a new object as any upload does: it appears whole, or not at all.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs.engine.address import Address
from jobs.engine.errors import Refused
from media_assets import object_writing
from media_assets.digests import Digests
from media_assets.local import FULL
from media_assets.models import MultipartPart, MultipartUpload, ObjectNote
from media_assets.object_writing import About, Written
from media_assets.storage import storage

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User

KEPT = dt.timedelta(days=7)  # after the last part
NUMBER_MAX = 10_000
LEAST = 100 * 1024  # bytes of every part but the last
OPEN_MAX = 1000  # per person
CHUNK = 1 << 20
SPACE_STEP = 16_000_000  # bytes between two looks at the free space
GB = 1_000_000_000


def begin(address: Address, about: About, user: User) -> MultipartUpload:
    """A new upload. Raises Refused: BucketNotFound, BucketRoleMissing, InvalidAddress, WrongState (too many are open)."""
    object_writing.writable_bucket(address.bucket)
    storage(address.bucket).writable(address.key)
    if MultipartUpload.objects.filter(owner=user).count() >= OPEN_MAX:
        raise Refused("WrongState", _("You have too many unfinished uploads. Finish or remove some."))
    return MultipartUpload.objects.create(
        owner=user,
        bucket=address.bucket,
        key=address.key,
        headers=dict(about.headers),
        metadata=dict(about.metadata),
        expires_at=timezone.now() + KEPT,
    )


def find(address: Address, upload_id: str) -> MultipartUpload:
    """The open upload of this id for this object. Raises Refused NotFound."""
    found = MultipartUpload.objects.filter(pk=upload_id, bucket=address.bucket, key=address.key).first() if upload_id.isalnum() else None
    if found is None:
        raise Refused("NotFound", _("There is no such upload, or it has expired."))
    return found


def receive(upload: MultipartUpload, number: int, chunks: Iterable[bytes], judge: Callable[[Digests], None] = lambda _found: None) -> MultipartPart:
    """Take a part in. Raises Refused: StorageFull, BodyTooLarge, NotFound (given up meanwhile), and what ``judge`` raises; then nothing of it stays."""
    place, found = storage(upload.bucket), Digests()
    name = f"{upload.id}.{number:05d}.{uuid.uuid4().hex[:12]}"
    path, looked, whole = place.part(name), -SPACE_STEP, False
    try:
        with path.open("xb") as file:
            for chunk in found.passed(chunks, judge):
                if found.size > settings.REELMILL_MAX_UPLOAD_GB * GB:
                    raise Refused("BodyTooLarge")
                if found.size - looked >= SPACE_STEP:
                    place.need_space(len(chunk))
                    looked = found.size
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        part = _record(upload, number, name, found)
        whole = True
    except OSError as error:
        if error.errno in FULL:
            raise Refused("StorageFull") from error
        raise
    finally:
        if not whole:
            path.unlink(missing_ok=True)
    return part


def _record(upload: MultipartUpload, number: int, name: str, found: Digests) -> MultipartPart:
    earlier = MultipartPart.objects.filter(upload=upload, number=number).values_list("file", flat=True).first()
    if not MultipartUpload.objects.filter(pk=upload.pk).update(expires_at=timezone.now() + KEPT):
        raise Refused("NotFound", _("There is no such upload, or it has expired."))
    values = {"file": name, "size": found.size, "md5": found.md5, "crc64": str(found.crc)}
    part, _made = MultipartPart.objects.update_or_create(upload=upload, number=number, defaults=values)
    if earlier:
        storage(upload.bucket).part(earlier).unlink(missing_ok=True)
    return part


def complete(upload: MultipartUpload, wanted: Sequence[tuple[int, str]], *, overwrite: bool = True) -> Written:
    """Put these parts together, given by number and MD5 (empty: any), in ascending order.

    Raises Refused: InvalidParameter (not in order), NotFound (no such part), TooSmall as ImpossibleCombination, and what writing an object raises.
    """
    numbers = [number for number, _md5 in wanted]
    if not numbers or any(later <= number for number, later in pairwise(numbers)):
        raise Refused("InvalidParameter", _("The parts are not in ascending order."))
    there = {part.number: part for part in upload.parts.all()}
    parts = []
    for number, md5 in wanted:
        part = there.get(number)
        if part is None or (md5 and part.md5 != md5):
            raise Refused("ObjectNotFound", _("Part %(number)s has not arrived, or is another one.") % {"number": number})
        parts.append(part)
    if any(part.size < LEAST for part in parts[:-1]):
        raise Refused("ImpossibleCombination", _("Every part but the last has at least %(least)s bytes.") % {"least": LEAST})
    digest = hashlib.md5(b"".join(bytes.fromhex(part.md5) for part in parts), usedforsecurity=False).hexdigest()
    written = object_writing.write(
        Address(upload.bucket, upload.key),
        _bytes(upload, parts),
        About(upload.headers, upload.metadata),
        overwrite=overwrite,
        kind=ObjectNote.Kind.MULTIPART,
        digest=f"{digest}-{len(parts)}",
    )
    give_up(upload)
    return written


def _bytes(upload: MultipartUpload, parts: Iterable[MultipartPart]) -> Iterator[bytes]:
    """The bytes of the parts, one after the other. Raises Refused NotFound where the upload was given up meanwhile."""
    place = storage(upload.bucket)
    for part in parts:
        try:
            with place.part(part.file).open("rb") as file:
                while chunk := file.read(CHUNK):
                    yield chunk
        except FileNotFoundError:
            raise Refused("NotFound", _("There is no such upload, or it has expired.")) from None


def give_up(upload: MultipartUpload) -> None:
    """Forget an upload and what has arrived of it."""
    files = list(upload.parts.values_list("file", flat=True))
    bucket = upload.bucket
    MultipartUpload.objects.filter(pk=upload.pk).delete()
    with suppress(Refused, OSError):
        place = storage(bucket)
        for name in files:
            place.part(name).unlink(missing_ok=True)


def sweep_multipart(now: dt.datetime | None = None) -> int:
    """Forget what expired. Files without a row are swept with those of other uploads. Returns how many uploads went."""
    gone = 0
    for upload in MultipartUpload.objects.filter(expires_at__lt=now or timezone.now()):
        give_up(upload)
        gone += 1
    return gone
