"""From a bucket's name to the storage that holds it."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from jobs.engine.errors import Refused
from media_assets.local import LocalStorage
from media_assets.models import Bucket


def folder_of(bucket: Bucket) -> Path:
    """The folder of a local bucket: its own, or the one of its name in the data folder."""
    return Path(bucket.folder) if bucket.folder else Path(settings.REELMILL_DATA) / "buckets" / bucket.name


def storage(bucket: str) -> LocalStorage:
    """The storage of the bucket of that name. Raises Refused BucketNotFound. One query; nothing is opened yet."""
    row = None if "\x00" in bucket else Bucket.objects.filter(name=bucket).first()  # PostgreSQL would not even look
    if row is None:
        raise Refused("BucketNotFound", f"There is no bucket {bucket}.")
    return LocalStorage(row.name, folder_of(row), own=not row.folder)
