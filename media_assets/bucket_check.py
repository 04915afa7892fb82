"""Try what a bucket must be able to do, one thing after the other, and say of each whether it worked and how to mend it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from console.lib.ids import new_id
from jobs.engine.errors import ReelmillError
from media_assets.storage import folder_of, storage

if TYPE_CHECKING:
    from media_assets.models import Bucket

CONTENT = b"Reelmill checks whether it can write here. This object may be deleted.\n"


@dataclass(frozen=True)
class Trial:
    """One thing that was tried: list, write, read or delete. ``message``: what went wrong; ``fix``: what a person can do."""

    name: str
    ok: bool
    message: str = ""
    fix: str = ""


def free_bytes(bucket: Bucket) -> int | None:
    """Free space for new objects; None where the bucket's folder is not there or cannot be reached."""
    try:
        return storage(bucket.name).free_bytes() if folder_of(bucket).is_dir() else None
    except (ReelmillError, OSError):
        return None


def check_bucket(bucket: Bucket) -> list[Trial]:
    """List, write a small object, read it back, delete it. What cannot be tried, because there is nothing to read, is left out."""
    key = f"reelmill-check-{new_id()}.txt"

    def read() -> None:
        with storage(bucket.name).open(key) as file:
            if file.read() != CONTENT:
                raise OSError(_("what was read is not what was written"))

    trials = [
        _try("list", lambda: storage(bucket.name).list("", "", 1), _("Check that the folder exists and may be read.")),
        written := _try("write", lambda: storage(bucket.name).put(key, [CONTENT]), _("Check that the folder may be written and that the disk has room.")),
    ]
    if written.ok:
        trials.append(_try("read", read, _("Check that new files in the folder may be read.")))
        trials.append(_try("delete", lambda: storage(bucket.name).delete(key), _("Check that files in the folder may be deleted.")))
    return trials


def _try(name: str, action: Callable[[], object], fix: str) -> Trial:
    try:
        action()
    except ReelmillError as error:
        return Trial(name, False, error.message, fix)
    except OSError as error:
        return Trial(name, False, error.strerror or str(error), fix)
    return Trial(name, True)
