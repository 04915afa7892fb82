"""Uploads that go from the sender straight to an S3-compatible store, in parts that we sign. Their rows are those of other resumable uploads.

What has arrived is what the store says, so a reload or a crash loses nothing and invents nothing. Only we complete an upload, after looking at its
parts: so the object appears whole, or not at all.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from itertools import count, islice
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console.lib.ids import new_id
from jobs.engine.address import Address
from jobs.engine.errors import Problem, Refused
from media_assets import editing, s3_direct, services, upload_words
from media_assets.drivers import storage_of
from media_assets.local import numbered
from media_assets.models import Bucket, Upload
from media_assets.resumable import GB, KEPT, OPEN_MAX
from media_assets.s3 import S3Storage
from media_assets.s3_client import Absent
from media_assets.s3_sending import part_size
from media_assets.storage import storage
from media_assets.uploads import IF_EXISTS, NAMES_TRIED, IfExists

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.contrib.auth.models import User

    from media_assets.objects import ObjectFacts

logger = logging.getLogger(__name__)


def origins() -> dict[str, str]:
    """Buckets to which uploads may go straight, with the origin that browsers talk to. Asks nothing of the stores."""
    found: dict[str, str] = {}
    for row in Bucket.objects.filter(driver=Bucket.Driver.S3, is_input=True, direct_uploads=True):
        with suppress(Refused):  # a secret that cannot be opened any more
            place = storage_of(row)
            found[row.name] = s3_direct.origin(place) if isinstance(place, S3Storage) else ""
    return found


def create(*, bucket: str, key: str, length: int, if_exists: IfExists, user: User, title: str = "", tags: Sequence[str] = ()) -> Upload:
    """Begin an upload of ``length`` bytes, at least one. Everything that can be known now is refused now.

    To keep both, the first free name is taken now; should somebody else take it meanwhile, the end of the upload is refused.
    Raises Refused: BucketNotFound, BucketRoleMissing, InvalidAddress, InvalidParameter, ObjectAlreadyExists, BodyTooLarge, WrongState.
    """
    if if_exists not in IF_EXISTS:
        raise Refused("InvalidParameter", _("Choose replace, keep_both, skip or fail."))
    place = storage(bucket)
    known = Bucket.objects.filter(name=bucket, is_input=True).first()
    if known is None:
        raise Refused("BucketRoleMissing", _("The bucket %(bucket)s is not bound as input.") % {"bucket": bucket})
    if not isinstance(place, S3Storage) or not known.direct_uploads:
        raise Refused("WrongState", _("Uploads to this bucket go through Reelmill."))
    place.writable(key)
    if length < 1:
        raise Refused("InvalidParameter", problems=(Problem(("length",), _("At least one byte.")),))
    limit = settings.REELMILL_MAX_UPLOAD_GB * GB
    if length > limit:
        raise Refused("BodyTooLarge", _("The file has more than %(limit)s bytes.") % {"limit": f"{limit:,}"})
    if Upload.objects.filter(owner=user, state=Upload.State.OPEN).count() >= OPEN_MAX:
        raise Refused("WrongState", _("You have too many unfinished uploads. Finish or remove some."))
    row = Upload(id=new_id(), owner=user, bucket=bucket, key=key, length=length, if_exists=if_exists, title=title, part_size=part_size(length))
    row.metadata = upload_words.write({"tags": ", ".join(editing.checked_tags(tags))})
    row.expires_at = timezone.now() + KEPT
    there = place.stat(key)
    if there is not None and if_exists == "fail":
        raise Refused("ObjectAlreadyExists", _("There is an object at %(address)s already.") % {"address": f"{bucket}/{key}"})
    if there is not None and if_exists == "skip":
        row.state, row.media = Upload.State.DONE, services.remember(Address(bucket, key), facts=there)
        row.save()
        return row
    if if_exists == "keep_both":
        row.key = _free_name(place, row)
    row.remote_id = s3_direct.begin(place, row.key, _token(row))
    row.save()
    return row


def arrived(row: Upload) -> dict[int, int]:
    """Parts that are in the store, with their bytes. Raises Refused NotFound where the upload has expired there."""
    if row.state == Upload.State.DONE:
        return {number: _size(row, number) for number in range(1, parts_of(row) + 1)}
    return {number: size for number, (size, _etag) in _parts(row).items()}


def sign(row: Upload, numbers: Iterable[int]) -> dict[int, str]:
    """Where those parts may be PUT. Raises Refused: WrongState, InvalidParameter."""
    if row.state == Upload.State.DONE:
        raise Refused("WrongState", _("This upload is complete."))
    wanted = sorted(set(numbers))
    if any(not 1 <= number <= parts_of(row) for number in wanted):
        raise Refused("InvalidParameter", problems=(Problem(("numbers",), _("From 1 to %(most)s.") % {"most": parts_of(row)}),))
    Upload.objects.filter(pk=row.pk).update(expires_at=timezone.now() + KEPT)
    place = _place(row)
    return {number: s3_direct.part_url(place, row.key, row.remote_id, number) for number in wanted}


def complete(row: Upload) -> None:
    """Let the object appear and the library know it. Safe to call again after a crash in between.

    Raises Refused: WrongState (parts are missing), ChecksumMismatch (a part has another size), ObjectAlreadyExists, NotFound.
    """
    if row.state == Upload.State.DONE:
        return
    place = _place(row)
    facts = s3_direct.ours(place, row.key, _token(row)) or _completed(place, row)
    with transaction.atomic():
        media = services.remember(Address(row.bucket, facts.key), title=row.title, tags=upload_words.tags_of(row), facts=facts)
        Upload.objects.filter(pk=row.pk).update(state=Upload.State.DONE, media=media)
    row.state, row.media = Upload.State.DONE, media
    logger.info("uploaded oss://%s/%s straight to the store, %d bytes, by %s", row.bucket, row.key, row.length, row.owner.get_username())


def parts_of(row: Upload) -> int:
    """How many parts the upload has."""
    return -(-row.length // row.part_size)


def _completed(place: S3Storage, row: Upload) -> ObjectFacts:
    found = _parts(row)
    missing = [number for number in range(1, parts_of(row) + 1) if number not in found]
    if missing:
        raise Refused("WrongState", _("%(number)s parts are missing, the first is number %(first)s.") % {"number": len(missing), "first": missing[0]})
    for number, (size, _etag) in found.items():
        if number > parts_of(row) or size != _size(row, number):
            raise Refused("ChecksumMismatch", _("Part %(number)s has %(size)s bytes.") % {"number": number, "size": size})
    fresh = row.if_exists != "replace"
    there = place.stat(row.key) if fresh else None  # for stores that know no conditions
    facts = None if there else _try(place, row, found, fresh=fresh)
    if facts is not None:
        return facts
    if row.if_exists == "skip" and (there := place.stat(row.key)):
        s3_direct.abort(place, row.key, row.remote_id)
        return there  # somebody else was faster
    raise Refused("ObjectAlreadyExists", _("There is an object at %(address)s already.") % {"address": f"{row.bucket}/{row.key}"})


def _try(place: S3Storage, row: Upload, found: dict[int, tuple[int, str]], *, fresh: bool) -> ObjectFacts | None:
    try:
        return s3_direct.complete(place, row.key, row.remote_id, found, _token(row), fresh=fresh)
    except Absent:
        raise Refused("NotFound", _("This upload has expired.")) from None


def _parts(row: Upload) -> dict[int, tuple[int, str]]:
    try:
        return s3_direct.parts(_place(row), row.key, row.remote_id)
    except Absent:
        if s3_direct.ours(_place(row), row.key, _token(row)):
            return {number: (_size(row, number), "") for number in range(1, parts_of(row) + 1)}  # only our own word is missing
        raise Refused("NotFound", _("This upload has expired.")) from None


def _free_name(place: S3Storage, row: Upload) -> str:
    for name in (row.key, *(numbered(row.key, number) for number in islice(count(2), NAMES_TRIED))):
        if place.stat(name) is None and not Upload.objects.filter(bucket=row.bucket, key=name, state=Upload.State.OPEN).exists():
            return name
    raise Refused("ObjectAlreadyExists", _("There is an object at %(address)s already.") % {"address": f"{row.bucket}/{row.key}"})


def _place(row: Upload) -> S3Storage:
    place = storage(row.bucket)
    if not isinstance(place, S3Storage):
        raise Refused("NotFound", _("This upload has expired."))
    return place


def _size(row: Upload, number: int) -> int:
    return min(row.part_size, row.length - (number - 1) * row.part_size)


def _token(row: Upload) -> str:
    return f"upload-{row.id}"
