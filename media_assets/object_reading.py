"""Open objects together with the facts of just those bytes that will be read."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING, BinaryIO

from media_assets.local import etag_of
from media_assets.objects import ObjectFacts
from media_assets.s3 import OpenObject
from media_assets.storage import storage

if TYPE_CHECKING:
    from jobs.engine.address import Address


def opened(address: Address) -> tuple[BinaryIO, ObjectFacts]:
    """The object for reading, seekable; the caller closes it. Raises Refused: BucketNotFound, ObjectNotFound, InvalidAddress, PermissionDenied."""
    file = storage(address.bucket).open(address.key)
    if isinstance(file, OpenObject):
        return file, file.facts
    found = os.fstat(file.fileno())
    return file, ObjectFacts(address.key, found.st_size, etag_of(found), dt.datetime.fromtimestamp(found.st_mtime, dt.UTC))
