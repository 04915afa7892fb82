"""Reading objects of S3-compatible stores: by ranges, always of the one content that was there at the beginning."""

from __future__ import annotations

import errno
import io
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from django.conf import settings

from jobs.engine.errors import JobError, Refused
from media_assets.objects import ObjectFacts
from media_assets.s3_bucket import etag_of
from media_assets.s3_client import Absent, Taken, talking

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed import WriteableBuffer

    from media_assets.s3_bucket import S3Bucket

MB = 1_000_000
BEGINNING = 64 * 1024  # bytes that come with the facts
FIRST, LARGEST = 256 * 1024, 4 << 20  # bytes of a block when read in order: small at first, since many read only the beginning
PIECE = 8 << 20  # bytes of one ranged request when a whole object is fetched
AT_ONCE = 4
TRIES = 6
PAUSE = 0.25  # s, doubled each time


class RangedFile(io.RawIOBase):
    """An object as a file for reading. No connection is held between two reads, so a slow reader costs the store nothing.

    Raises JobError InputChanged when the object was replaced since it was opened.
    """

    def __init__(self, place: S3Bucket, facts: ObjectFacts, beginning: bytes = b"") -> None:
        self.facts = facts
        self._place = place
        self._at = 0
        self._block, self._block_at = beginning, 0
        self._size = FIRST

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Costs nothing; the next read asks for what it needs."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.facts.size}[whence]
        if start + offset < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        if start + offset != self._at:
            self._size = FIRST
        self._at = start + offset
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        """The next bytes, at most what is left of the block at hand."""
        view = memoryview(buffer).cast("B")
        if self._at >= self.facts.size or not len(view):
            return 0
        begin = self._at - self._block_at
        if not 0 <= begin < len(self._block):
            end = min(self._at + max(self._size, min(len(view), LARGEST)), self.facts.size)
            self._block, self._block_at, begin = piece(self._place, self.facts, self._at, end), self._at, 0
            self._size = min(self._size * 2, LARGEST)
        data = self._block[begin : begin + len(view)]
        view[: len(data)] = data
        self._at += len(data)
        return len(data)


def look(place: S3Bucket, key: str) -> tuple[ObjectFacts, bytes] | None:
    """Facts and beginning of an object, in one request: so a playlist is read of one piece, however often it is replaced. None where there is none."""
    for attempt in range(TRIES):
        try:
            return _look(place, key)
        except Refused as error:
            if error.code != "BucketUnreachable" or attempt == TRIES - 1:
                raise
            time.sleep(PAUSE * 2**attempt)
    raise AssertionError


def _look(place: S3Bucket, key: str) -> tuple[ObjectFacts, bytes] | None:
    try:
        with talking(place.name):
            answer = place.client.get_object(**place.at(key), Range=f"bytes=0-{BEGINNING - 1}")
            with answer["Body"] as body:
                size = str(answer.get("ContentRange", "")).rpartition("/")[2]
                data: bytes = body.read(BEGINNING) if size.isdecimal() else b""
    except Absent:
        return None
    except Taken:  # empty: there is no first byte
        size, data = "", b""
    if not size.isdecimal():
        found = place.head(key)
        return (found[0], b"") if found else None
    if len(data) != min(int(size), BEGINNING):
        raise Refused("BucketUnreachable", f"The store of bucket {place.name} does not answer (short).")
    return ObjectFacts(key, int(size), etag_of(answer), answer["LastModified"]), data


def piece(place: S3Bucket, facts: ObjectFacts, start: int, end: int) -> bytes:
    """The bytes from ``start`` up to ``end``. A line that breaks in the middle is tried again.

    Raises JobError InputChanged or ObjectNotFound, Refused BucketUnreachable or BucketAccessDenied.
    """
    for attempt in range(TRIES):
        try:
            return _piece(place, facts, start, end)
        except Refused as error:
            if error.code != "BucketUnreachable" or attempt == TRIES - 1:
                raise
            time.sleep(PAUSE * 2**attempt)
    raise AssertionError


def _piece(place: S3Bucket, facts: ObjectFacts, start: int, end: int) -> bytes:
    try:
        with talking(place.name):
            answer = place.client.get_object(**place.at(facts.key), Range=f"bytes={start}-{end - 1}", IfMatch=f'"{facts.etag}"')
            with answer["Body"] as body:
                if str(answer.get("ETag", "")).strip('"') != facts.etag:
                    raise Taken  # the store does not know If-Match
                data: bytes = body.read(end - start + 1)
    except Taken:
        raise JobError("InputChanged", f"{place.name}/{facts.key} was replaced.") from None
    except Absent:
        raise JobError("ObjectNotFound", f"No object at {place.name}/{facts.key}.") from None
    if len(data) != end - start:
        raise Refused("BucketUnreachable", f"The store of bucket {place.name} does not answer (short).")
    return data


def fetch(place: S3Bucket, facts: ObjectFacts, target: Path) -> None:
    """The whole object into a new file, several ranges at once. Raises what :func:`piece` raises, and OSError for a full disk."""
    free = os.statvfs(target.parent)
    if free.f_bavail * free.f_frsize < facts.size + settings.REELMILL_MIN_FREE_MB * MB:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target.parent))
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)

    def copy(start: int) -> None:
        data = memoryview(piece(place, facts, start, min(start + PIECE, facts.size)))
        while data:
            written = os.pwrite(descriptor, data, start)
            data, start = data[written:], start + written

    pool = ThreadPoolExecutor(AT_ONCE, "fetch")
    try:
        for done in [pool.submit(copy, start) for start in range(0, facts.size, PIECE)]:
            done.result()
    except BaseException:
        pool.shutdown(cancel_futures=True)
        target.unlink(missing_ok=True)
        raise
    finally:
        pool.shutdown()
        os.close(descriptor)
