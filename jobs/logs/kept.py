"""Whole logs of attempts, where every host can read them: rows of compressed parts. While a program runs, its log is a file of the node that runs it.

    file under logs/ (written by the runner) → keep(), when the attempt is over → LogPart rows, and the file goes

What a crash left behind, the beat keeps a little later (:func:`tidy`). A log goes when its attempt goes. Nothing of it is served but through pages.
"""

from __future__ import annotations

import re
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import structlog
from django.db import DatabaseError, transaction
from django.db.models import Max, Sum

from jobs import workspace
from jobs.models import Attempt, LogPart
from jobs.states import AttemptState

if TYPE_CHECKING:
    from jobs.records import Fence

log = structlog.get_logger(__name__)
PART = 1024 * 1024  # bytes of a log in one row, before compression
IN_MEMORY = 4 * PART  # a larger log is read through a temporary file
CLAIMED = ".keeping"  # ending of a file that somebody is just moving into rows
LEFT_ALONE = 30  # s after which a file that nobody has kept is taken for one that a crash left behind
AT_ONCE = 50
_NAME = re.compile(r"(?P<step>\d{1,5})-(?P<number>\d{1,9})\.log\Z")


class KeptLog:
    """The log of one attempt, wherever it is now. It is opened like a path."""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt
        self.path = workspace.log_path(attempt.log_name)

    def open(self, mode: str = "rb") -> BinaryIO:
        """The file of a running program, else the rows, else the tail that another host's program has left so far. Raises FileNotFoundError."""
        for path in (self.path, Path(f"{self.path}{CLAIMED}")):
            with suppress(OSError):
                return path.open("rb")
            if path == self.path and (rows := self._rows()):
                return rows
        if not self.attempt.log_tail:
            raise FileNotFoundError(self.attempt.log_name)
        return _spooled([self.attempt.log_tail.encode()])

    @property
    def is_tail(self) -> bool:
        """Whether only the end can be read here: another host's program is still writing it."""
        files = self.path.exists() or Path(f"{self.path}{CLAIMED}").exists()
        return bool(self.attempt.log_tail) and not files and not LogPart.objects.filter(attempt=self.attempt).exists()

    def _rows(self) -> BinaryIO | None:
        parts = list(LogPart.objects.filter(attempt=self.attempt).order_by("number").values_list("pk", flat=True))
        return _spooled(zlib.decompress(LogPart.objects.values_list("data", flat=True).get(pk=pk)) for pk in parts) if parts else None


def _spooled(pieces: Iterator[bytes] | list[bytes]) -> BinaryIO:
    """The pieces as one file, which is on disk only if it is large."""
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  whoever opened the log closes it
    for piece in pieces:
        file.write(piece)
    file.seek(0)
    return cast("BinaryIO", file)


def keep(fence: Fence) -> None:
    """Move the log of an attempt that is over into rows. Never raises: what cannot be moved now is a file until :func:`tidy` comes."""
    if not workspace.log_path(fence.job_id).is_dir():
        return  # no program ran
    try:
        attempt = Attempt.objects.filter(step=fence.step_id, number=fence.attempt).exclude(state=AttemptState.RUNNING).exclude(log_name="").first()
        if attempt is not None:
            _keep(attempt, workspace.log_path(attempt.log_name))
    except (DatabaseError, OSError) as error:
        log.warning("a log was not kept", job=fence.job_id, error=str(error))


def tidy(at_most: int = AT_ONCE) -> int:
    """Keep the logs of this node's attempts that ended without anybody to keep them. Returns how many files went. Only for the data folder of this host."""
    gone = 0
    for path in _left(time.time() - LEFT_ALONE):
        name = _NAME.match(path.name.removesuffix(CLAIMED))
        rows = Attempt.objects.filter(step__job=path.parent.name, step__index=int(name["step"]), number=int(name["number"])) if name else Attempt.objects.none()
        attempt = rows.first()
        if attempt is None:
            path.unlink(missing_ok=True)  # of a job that was deleted
        elif attempt.state == AttemptState.RUNNING:
            continue
        else:
            _keep(attempt, path)
        with suppress(OSError):
            path.parent.rmdir()
        gone += 1
        if gone >= at_most:
            break
    return gone


def _left(before: float) -> Iterator[Path]:
    """Log files that nobody has written to since."""
    root = workspace.log_path("")
    for folder in root.iterdir() if root.is_dir() else ():
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            with suppress(OSError):
                if path.stat().st_mtime < before:
                    yield path


def _keep(attempt: Attempt, path: Path) -> None:
    """Whoever renames the file moves it; a claimed file that was moved already (a crash came before it could go) only goes."""
    claimed = path if path.name.endswith(CLAIMED) else path.with_name(path.name + CLAIMED)
    try:
        if claimed != path:
            path.rename(claimed)
        size = claimed.stat().st_size
        with claimed.open("rb") as file:
            parts = [(len(piece), zlib.compress(piece)) for piece in iter(lambda: file.read(PART), b"")]
    except FileNotFoundError:
        return  # somebody else was faster
    with transaction.atomic():
        there = LogPart.objects.filter(attempt=attempt).aggregate(last=Max("number"), size=Sum("size"))
        if there["size"] != size:
            first = 0 if there["last"] is None else there["last"] + 1
            LogPart.objects.bulk_create(LogPart(attempt=attempt, number=first + i, size=length, data=data) for i, (length, data) in enumerate(parts))
    claimed.unlink(missing_ok=True)
    with suppress(OSError):
        claimed.parent.rmdir()
