"""From a bucket's name to the storage that holds it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from django.conf import settings

from console.lib.policy import require_bucket
from console.lib.sealing import unseal
from jobs.engine.errors import Refused
from media_assets.local import LocalStorage
from media_assets.models import Bucket
from media_assets.s3 import S3Storage
from media_assets.s3_client import Access

CREDENTIALS = "bucket credentials"
Place = LocalStorage | S3Storage


def folder_of(bucket: Bucket) -> Path:
    """The folder of a local bucket: its own, or the one of its name in the data folder. Of an S3 bucket: where lies what the store cannot hold."""
    if bucket.driver == Bucket.Driver.S3:
        return Path(settings.REELMILL_DATA) / "s3" / bucket.name
    return Path(bucket.folder) if bucket.folder else Path(settings.REELMILL_DATA) / "buckets" / bucket.name


def storage(bucket: str) -> Place:
    """The storage of the bucket of that name. Raises Refused BucketNotFound, BucketAccessDenied, PermissionDenied (not allowed by the caller's policy). One query; nothing is opened yet."""
    require_bucket(bucket)
    row = None if "\x00" in bucket else Bucket.objects.filter(name=bucket).first()  # PostgreSQL would not even look
    if row is None:
        raise Refused("BucketNotFound", f"There is no bucket {bucket}.")
    return storage_of(row)


def storage_of(row: Bucket) -> Place:
    """The storage of a bucket as it stands in this row, saved or not."""
    if row.driver == Bucket.Driver.LOCAL:
        return LocalStorage(row.name, folder_of(row), own=not row.folder)
    try:
        secret = unseal(row.sealed_secret, CREDENTIALS).decode()
    except ValueError:
        raise Refused("BucketAccessDenied", f"The secret of bucket {row.name} cannot be opened; give it again.") from None
    access = Access(row.endpoint, row.region, row.access_key_id, secret, row.path_style)
    browser = replace(access, endpoint=row.public_endpoint or row.endpoint)
    return S3Storage(row.name, access, remote=row.remote or row.name, prefix=row.prefix, yard=folder_of(row), browser=browser, links=row.direct_links)
