"""The private side of a local bucket: where objects wait until they are whole, locks, and free space.

<root>/…                      objects
<root>/.reelmill/stage/…      what is being written; never listed, never served
<root>/.reelmill/uploads/…    what has arrived of uploads that go on later
<root>/.reelmill/locks/…      lock files, a fixed number of them
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.conf import settings

from jobs.engine.errors import Refused

if TYPE_CHECKING:
    from pathlib import Path

PRIVATE = ".reelmill"
LOCKS = 1024  # lock files per bucket: two keys may share one and then wait for each other, but their number stays small
LOCK_WAIT = 120.0  # seconds; a holder that is stopped for longer is ended by the supervisor
MB = 1_000_000


class Backstage:
    """Stage, locks and space of one bucket's folder. A folder that an operator gave is never made here: its disk may just not be mounted."""

    def __init__(self, name: str, root: Path, *, own: bool = True) -> None:
        """``own``: the folder is one of the data folder's, and may be made."""
        self.name = name
        self.root = root
        self.own = own

    @contextmanager
    def stage(self, name: str) -> Iterator[Path]:
        """An empty private folder on the bucket's file system, gone afterwards. Its lock tells :meth:`sweep_stage` that somebody is alive in it."""
        folder = self._private("stage") / name
        descriptor = self._own(folder)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(descriptor)

    def _own(self, folder: Path) -> int:
        while True:
            shutil.rmtree(folder, ignore_errors=True)
            try:
                folder.mkdir()
                descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except (FileExistsError, FileNotFoundError):
                continue  # another one made it, or a sweep took it before it was locked
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if folder.stat().st_ino == os.fstat(descriptor).st_ino:
                    return descriptor
            except (BlockingIOError, FileNotFoundError):
                pass
            os.close(descriptor)

    def sweep_stage(self, live: Callable[[str], bool]) -> int:
        """Remove stage folders whose process is gone, unless ``live(name)``. Returns how many."""
        gone = 0
        root = self.root / PRIVATE / "stage"
        for folder in sorted(root.iterdir()) if root.is_dir() else ():
            if live(folder.name):
                continue
            try:
                descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except (FileNotFoundError, NotADirectoryError):
                continue
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
                gone += 1
            except BlockingIOError:
                pass
            finally:
                os.close(descriptor)
        return gone

    @contextmanager
    def locked(self, key: str, wait: float = LOCK_WAIT) -> Iterator[None]:
        """Hold the lock of a key against threads, processes and (on shared folders) hosts. Raises BlockingIOError after ``wait`` seconds."""
        number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) % LOCKS
        descriptor = os.open(self._private("locks") / f"{number:03x}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            until, pause = time.monotonic() + wait, 0.002
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= until:
                        raise
                    time.sleep(pause)
                    pause = min(pause * 2, 0.1)
            yield
        finally:
            os.close(descriptor)

    def _private(self, name: str) -> Path:
        if not self.own and not self.root.is_dir():
            raise Refused("BucketNotFound", f"The folder of the bucket {self.name} is not there; is its disk mounted?")
        folder = self.root / PRIVATE / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def part(self, name: str) -> Path:
        """The private file in which a long upload waits until it is whole. Nobody but the upload's own sweep removes it."""
        return self._private("uploads") / name

    def free_bytes(self) -> int:
        """Free space of the folder's file system for us (not for root), bytes."""
        folder = self.root
        while not folder.exists():
            folder = folder.parent
        found = os.statvfs(folder)
        return found.f_bavail * found.f_frsize

    def need_space(self, size: int) -> None:
        """Raise OSError (no space) unless ``size`` bytes and the operator's reserve are free."""
        if self.free_bytes() < size + settings.REELMILL_MIN_FREE_MB * MB:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.root))


def sync_folder(folder: Path) -> None:
    """Make names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
