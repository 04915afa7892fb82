"""Try what a bucket must be able to do, one thing after the other, and say of each whether it worked and how to mend it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from django.db.models import Count, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from console.lib.ids import new_id
from jobs.engine.errors import ReelmillError
from media_assets.models import Bucket, Media, MediaFile, Upload
from media_assets.storage import folder_of, storage

CONTENT = b"Reelmill checks whether it can write here. This object may be deleted.\n"


@dataclass(frozen=True)
class Trial:
    """One thing that was tried: list, write, read or delete. ``message``: what went wrong; ``fix``: what a person can do."""

    name: str
    ok: bool
    message: str = ""
    fix: str = ""


def free_bytes(bucket: Bucket) -> int | None:
    """Free space for new objects; None where the bucket's folder is not there or cannot be reached, and for a store, which has no such number."""
    if bucket.driver != bucket.Driver.LOCAL:
        return None
    try:
        return storage(bucket.name).free_bytes() if folder_of(bucket).is_dir() else None
    except (ReelmillError, OSError):
        return None


@dataclass(frozen=True)
class BucketUse:
    """What hangs on a bucket: media by their source, other files, uploads that have not ended; ``size``: bytes of all files as far as they are known."""

    media: int
    files: int
    uploads: int
    size: int


def use_of(bucket: Bucket) -> BucketUse:
    """What hangs on the bucket."""
    files = MediaFile.objects.filter(bucket=bucket.name)
    known = files.aggregate(others=Count("pk", filter=~Q(role=MediaFile.Role.SOURCE)), size=Sum("size"))
    uploads = Upload.objects.filter(bucket=bucket.name, state=Upload.State.OPEN).count()
    return BucketUse(Media.objects.filter(bucket=bucket.name).count(), known["others"], uploads, known["size"] or 0)


def check_and_note(bucket: Bucket) -> list[Trial]:
    """The same, and the row keeps when it was and what came out."""
    trials = check_bucket(bucket)
    Bucket.objects.filter(pk=bucket.pk).update(checked_at=timezone.now(), trials=[asdict(trial) for trial in trials])
    return trials


def check_bucket(bucket: Bucket) -> list[Trial]:
    """List, write a small object, read it back, delete it. Where nothing can be written, reading is tried with what is there; what cannot be tried is left out."""
    key = f"reelmill-check-{new_id()}.txt"

    def read() -> None:
        with storage(bucket.name).open(key) as file:
            if file.read() != CONTENT:
                raise OSError(_("what was read is not what was written"))

    fixes = _fixes_of_a_store() if bucket.driver == bucket.Driver.S3 else _fixes_of_a_folder()
    trials = [
        _try("list", lambda: storage(bucket.name).list("", "", 1), fixes["list"]),
        written := _try("write", lambda: storage(bucket.name).put(key, [CONTENT]), fixes["write"]),
    ]
    if written.ok:
        trials.append(_try("read", read, fixes["read"]))
        trials.append(_try("delete", lambda: storage(bucket.name).delete(key), fixes["delete"]))
    elif trials[0].ok and (there := storage(bucket.name).list("", "", 1)):
        trials.append(_try("read", lambda: _first_byte(bucket, there[0].key), fixes["read"]))
    return trials


def _first_byte(bucket: Bucket, key: str) -> None:
    with storage(bucket.name).open(key) as file:
        file.read(1)


def _fixes_of_a_folder() -> dict[str, str]:
    return {
        "list": _("Check that the folder exists and may be read."),
        "write": _("Check that the folder may be written and that the disk has room."),
        "read": _("Check that new files in the folder may be read."),
        "delete": _("Check that files in the folder may be deleted."),
    }


def _fixes_of_a_store() -> dict[str, str]:
    return {
        "list": _("Check endpoint, region, the bucket's name in the store and the access key; the key must be allowed to list (s3:ListBucket)."),
        "write": _("The access key must be allowed to write (s3:PutObject, s3:AbortMultipartUpload), and the store must have room."),
        "read": _("The access key must be allowed to read (s3:GetObject)."),
        "delete": _("The access key must be allowed to delete (s3:DeleteObject)."),
    }


def _try(name: str, action: Callable[[], object], fix: str) -> Trial:
    try:
        action()
    except ReelmillError as error:
        return Trial(name, False, error.message, fix)
    except OSError as error:
        return Trial(name, False, error.strerror or str(error), fix)
    return Trial(name, True)
