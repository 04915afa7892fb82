"""Buckets that are local folders. A file put there by hand is an object.

A key is looked up segment by segment; a symbolic link is followed only where it stays inside the folder.
"""

from __future__ import annotations

import datetime as dt
import errno
import os
import shutil
import stat as st
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from jobs.engine.address import KEY_BYTES, key_mistake
from jobs.engine.errors import JobError, Refused
from media_assets.backstage import MB, PRIVATE, Backstage, sync_folder
from media_assets.objects import ObjectFacts

SEGMENT_BYTES = 255  # what file systems allow for one name
CHUNK = 1 << 20
GB = 1_000_000_000
NO_LINK = (errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS)
FULL = (errno.ENOSPC, errno.EDQUOT)
ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


class LocalStorage(Backstage):
    """One bucket in one folder."""

    # --- reading ------------------------------------------------------------------------------------------------------
    def stat(self, key: str) -> ObjectFacts | None:
        """Facts of an object, or None where there is none. Raises Refused InvalidAddress."""
        try:
            found = self._existing(key).stat()
        except OSError as error:
            if error.errno not in ABSENT:
                raise
            return None
        return _facts(key, found) if st.S_ISREG(found.st_mode) else None

    def open(self, key: str) -> BinaryIO:
        """The object for reading. Raises Refused ObjectNotFound, also for what is not a plain file."""
        try:
            # A pipe put there by hand would block us for ever without O_NONBLOCK.
            descriptor = os.open(self._existing(key), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno not in (*ABSENT, errno.EACCES):
                raise
            why = "may not be read" if error.errno == errno.EACCES else "is not there"
            raise Refused("ObjectNotFound", f"The object {self.name}/{key} {why}.") from None
        if not st.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise Refused("ObjectNotFound", f"The object {self.name}/{key} is not a file.")
        return os.fdopen(descriptor, "rb")

    def list(self, prefix: str = "", after: str = "", limit: int = 1000) -> Sequence[ObjectFacts]:
        """Objects in the order of their keys. Only the folders that can hold a match are read."""
        found = []
        for facts in self._walk("", prefix, after):
            found.append(facts)
            if len(found) >= limit:
                break
        return found

    def browse(self, folder: str = "") -> tuple[Sequence[str], Sequence[ObjectFacts]]:
        """Folders and objects directly in ``folder``; both sorted by name. A folder that is not there is empty."""
        if folder:
            folder = folder.rstrip("/") + "/"
            self._parent(folder + "x")  # refuses what is not a name
        folders, objects = [], []
        for name, entry in self._entries(folder):
            if entry.is_dir(follow_symlinks=False):
                folders.append(name.rstrip("/"))
            elif entry.is_file(follow_symlinks=False) and (facts := _entry_facts(folder + name, entry)):
                objects.append(facts)
        return folders, objects

    def _walk(self, folder: str, prefix: str, after: str) -> Iterator[ObjectFacts]:
        for name, entry in self._entries(folder):
            key = folder + name
            if entry.is_dir(follow_symlinks=False):  # links are not followed: they may go round in circles
                if (key.startswith(prefix) or prefix.startswith(key)) and (key > after or after.startswith(key)):
                    yield from self._walk(key, prefix, after)
            elif entry.is_file(follow_symlinks=False) and key.startswith(prefix) and key > after and (facts := _entry_facts(key, entry)):
                yield facts

    def _entries(self, folder: str) -> Sequence[tuple[str, os.DirEntry[str]]]:
        """Entries of a folder in key order: a folder's name counts with its slash, as it stands in keys."""
        try:
            with os.scandir(self.root / folder) as entries:
                named = [(entry.name + "/" if entry.is_dir(follow_symlinks=False) else entry.name, entry) for entry in entries]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted((pair for pair in named if _mistake(folder + pair[0].rstrip("/")) is None), key=lambda pair: pair[0])

    def pin(self, key: str, room: Path, name: str = "input", *, etag: str = "") -> Path:
        """Link the object into the room, or copy it where links cannot go. What arrives is checked, not what was there before."""
        target = room / name
        target.unlink(missing_ok=True)
        try:
            source = self._existing(key)
            if not source.is_file():
                raise JobError("ObjectNotFound", f"No object at {self.name}/{key}.")
            try:
                os.link(source, target)
            except OSError as error:
                if error.errno not in NO_LINK:
                    raise
                self._copy(source, target)
        except PermissionError:
            raise JobError("InputNotReadable", f"The permissions of {self.name}/{key} do not let Reelmill read it.") from None
        except OSError as error:
            if error.errno not in ABSENT:
                raise
            raise JobError("ObjectNotFound", f"No object at {self.name}/{key}.") from None
        if etag and etag != etag_of(target.stat()):
            target.unlink()
            raise JobError("InputChanged", f"{self.name}/{key} was replaced.")
        return target

    def _copy(self, source: Path, target: Path) -> None:
        """Copy with times; the source must not change meanwhile."""
        with source.open("rb") as reading, target.open("wb") as writing:
            before = os.fstat(reading.fileno())
            shutil.copyfileobj(reading, writing, CHUNK)
            writing.flush()
            after = os.fstat(reading.fileno())
        if etag_of(before) != etag_of(after):
            target.unlink()
            raise JobError("InputChanged", "The input was written to while it was fetched.")
        os.utime(target, ns=(after.st_atime_ns, after.st_mtime_ns))

    # --- writing ------------------------------------------------------------------------------------------------------
    def put(
        self,
        key: str,
        chunks: Iterable[bytes],
        *,
        overwrite: bool = True,
        alternatives: Iterable[str] = (),
        max_bytes: int | None = None,
        replaces: str = "",
    ) -> ObjectFacts:
        """Stage, sync, rename. Nothing is left of a failure, and readers see the old object until the new one is whole."""
        self.writable(key)
        limit = settings.REELMILL_MAX_UPLOAD_GB * GB if max_bytes is None else max_bytes
        try:
            with self.stage(f"put-{uuid.uuid4().hex}") as folder:
                staged = folder / "0"
                self._receive(staged, chunks, limit)
                return self.adopt(staged, key, overwrite=overwrite, alternatives=alternatives, replaces=replaces)
        except OSError as error:
            if error.errno in FULL:
                raise Refused("StorageFull") from error
            raise

    def adopt(self, staged: Path, key: str, *, overwrite: bool = True, alternatives: Iterable[str] = (), replaces: str = "") -> ObjectFacts:
        """Let a whole and synced file of this bucket's backstage appear at ``key``, or, not to overwrite, at the first free one of ``key`` and ``alternatives``.
        ``replaces``: the etag of the only object that may be overwritten.

        Raises Refused ObjectAlreadyExists, InputChanged, InvalidAddress.
        """
        if overwrite:
            with self.locked(key):
                there = self.stat(key) if replaces else None
                if replaces and (there is None or there.etag != replaces):
                    raise Refused("InputChanged", f"{self.name}/{key} was replaced.")
                sync_folder(self.place(staged, key))
            return self._placed(key)
        for wanted in (key, *alternatives):
            try:
                with self.locked(wanted):
                    sync_folder(self.place(staged, wanted, overwrite=False))
                return self._placed(wanted)
            except FileExistsError:
                continue
        raise Refused("ObjectAlreadyExists", f"There is an object at {self.name}/{key} already.")

    def _receive(self, path: Path, chunks: Iterable[bytes], limit: int) -> None:
        size, unchecked = 0, 16 * MB
        with path.open("wb") as out:
            for chunk in chunks:
                size += len(chunk)
                unchecked += len(chunk)
                if size > limit:
                    raise Refused("BodyTooLarge", f"More than {limit} bytes.")
                if unchecked > 16 * MB:
                    self.need_space(len(chunk))
                    unchecked = 0
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())

    def _placed(self, key: str) -> ObjectFacts:
        facts = self.stat(key)
        if facts is None:
            raise Refused("ObjectNotFound", f"{self.name}/{key} was removed while it was written.")
        return facts

    def delete(self, key: str) -> bool:
        """Remove an object; False where there was none. Folders stay."""
        path = self.writable(key)
        try:
            if not st.S_ISREG(path.lstat().st_mode) and not path.is_symlink():
                return False
            path.unlink()
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def place(self, staged: Path, key: str, *, overwrite: bool = True) -> Path:
        """Move a staged and synced file to its key, making folders. Returns the folder, which the caller syncs (once for many files).

        Raises FileExistsError where it must not overwrite, Refused InvalidAddress where a folder has that name.
        """
        target = self.writable(key)
        self._make_folders(target.parent)
        try:
            if overwrite:
                staged.rename(target)
            else:
                os.link(staged, target)
                staged.unlink()
        except IsADirectoryError:
            raise Refused("InvalidAddress", f"{self.name}/{key} is a folder.") from None
        return target.parent

    def _make_folders(self, folder: Path) -> None:
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for path in reversed(missing):
            try:
                path.mkdir(exist_ok=True)
            except (FileExistsError, NotADirectoryError):
                raise Refused("InvalidAddress", f"{path.name} is an object here; it cannot be a folder too.") from None
            sync_folder(path.parent)

    # --- names --------------------------------------------------------------------------------------------------------
    def writable(self, key: str) -> Path:
        """Where a key is written: its folder resolved inside the root, its last name not followed. Raises Refused."""
        return self._parent(key) / key.rpartition("/")[2]

    def _existing(self, key: str) -> Path:
        """Where a key is read: all links followed, as long as they stay inside."""
        path = self.writable(key)
        return self._inside(path) if path.is_symlink() else path

    def _parent(self, key: str) -> Path:
        if mistake := _mistake(key):
            raise Refused("InvalidAddress", mistake)
        return self._inside(self.root.joinpath(*key.split("/")[:-1]))

    def _inside(self, path: Path) -> Path:
        root = os.path.realpath(self.root)
        real = Path(os.path.realpath(path))
        if not real.is_relative_to(root) or real.relative_to(root).parts[:1] == (PRIVATE,):
            raise Refused("InvalidAddress", "The key leads out of the bucket's folder.")
        return real

    def path_hint(self, key: str) -> str:
        """The file's path, for an operator."""
        return str(self.root / key)


def etag_of(found: os.stat_result) -> str:
    """Time of the last write in ns and size, both in hexadecimal: changes with every write, and needs no reading."""
    return f"{found.st_mtime_ns:x}-{found.st_size:x}"


def _mistake(key: str) -> str | None:
    """Why a key cannot be a file here, or None."""
    if mistake := key_mistake(key):
        return mistake
    segments = key.split("/")
    if segments[0].casefold() == PRIVATE:
        return f"Keys below {PRIVATE}/ are kept for Reelmill."
    if any(len(segment.encode()) > SEGMENT_BYTES for segment in segments):
        return f"A part of the key between slashes has more than {SEGMENT_BYTES} bytes; a local folder cannot hold it."
    return None


def _facts(key: str, found: os.stat_result) -> ObjectFacts:
    return ObjectFacts(key, found.st_size, etag_of(found), dt.datetime.fromtimestamp(found.st_mtime, dt.UTC))


def _entry_facts(key: str, entry: os.DirEntry[str]) -> ObjectFacts | None:
    """Facts of a listed file; None if it went away meanwhile."""
    try:
        return _facts(key, entry.stat(follow_symlinks=False))
    except FileNotFoundError:
        return None


def numbered(key: str, number: int) -> str:
    """«dir/name.ext» as «dir/name (2).ext», its stem cut so that name and key stay legal."""
    folder, slash, name = key.rpartition("/")
    stem, dot, extension = name.rpartition(".")
    if not stem:
        stem, dot, extension = name, "", ""
    tail = f" ({number}){dot}{extension}"
    room = min(SEGMENT_BYTES, KEY_BYTES - len((folder + slash).encode())) - len(tail.encode())
    return folder + slash + stem.encode()[: max(room, 1)].decode(errors="ignore") + tail
