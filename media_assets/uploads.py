"""From bytes that somebody sends to an object and its media."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from itertools import count, islice
from typing import TYPE_CHECKING, Literal, get_args

from django.utils.translation import gettext as _

from jobs.engine.address import Address
from jobs.engine.errors import Refused
from media_assets import services
from media_assets.local import numbered
from media_assets.models import Bucket
from media_assets.storage import storage

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    from media_assets.models import Media

logger = logging.getLogger(__name__)
IfExists = Literal["replace", "keep_both", "skip", "fail"]
IF_EXISTS = get_args(IfExists)
NAMES_TRIED = 1000


def upload(
    bucket: str,
    key: str,
    chunks: Iterable[bytes],
    *,
    if_exists: IfExists = "fail",
    user: AbstractBaseUser | AnonymousUser | None = None,
    title: str = "",
    tags: Sequence[str] = (),
) -> Media:
    """Store an object and remember it as a media. It appears when all of it has arrived.

    ``if_exists``: replace the object; keep both («name (2).ext»); skip, which reads nothing and answers with the media that is there; or fail.
    Raises Refused: BucketNotFound, BucketRoleMissing, InvalidAddress, ObjectAlreadyExists, StorageFull, BodyTooLarge, InvalidParameter.
    """
    if if_exists not in IF_EXISTS:
        raise Refused("InvalidParameter", _("Choose replace, keep_both, skip or fail."))
    place = storage(bucket)
    if not Bucket.objects.filter(name=bucket, is_input=True).exists():
        raise Refused("BucketRoleMissing", _("The bucket %(bucket)s is not bound as input.") % {"bucket": bucket})
    there = place.stat(key)
    if there is not None and if_exists == "skip":
        return services.remember(Address(bucket, key), facts=there)
    if there is not None and if_exists == "fail":
        raise Refused("ObjectAlreadyExists", _("There is an object at %(address)s already.") % {"address": f"{bucket}/{key}"})
    others = (numbered(key, number) for number in islice(count(2), NAMES_TRIED)) if if_exists == "keep_both" else ()
    try:
        facts = place.put(key, chunks, overwrite=if_exists == "replace", alternatives=others)
    except Refused as error:
        there = place.stat(key) if error.code == "ObjectAlreadyExists" and if_exists == "skip" else None
        if there is None:
            raise
        return services.remember(Address(bucket, key), facts=there)  # somebody else was faster
    media = services.remember(Address(bucket, facts.key), title=title, tags=tags, facts=facts)
    logger.info("uploaded oss://%s/%s, %d bytes, by %s", bucket, facts.key, facts.size, user.get_username() if user is not None else "-")
    return media
