"""Buckets of S3-compatible stores. An object put there by others is an object like any.

What the store cannot hold lies in the data folder, below ``s3/<bucket>``: locks, and what has arrived of uploads that go on later.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from jobs.engine.address import key_mistake
from jobs.engine.errors import JobError, Refused
from media_assets.backstage import Backstage
from media_assets.objects import ObjectFacts
from media_assets.s3_bucket import S3Bucket, etag_of
from media_assets.s3_client import Absent, Access, Taken, job_error, talking
from media_assets.s3_reading import RangedFile, fetch, look
from media_assets.s3_sending import Sending, upload_limit

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

OURS = "reelmill"  # instead of an etag: whatever was written by Reelmill
BYTES = "md5:"  # before the MD5 of what was written, beside the token: some stores forget the token when they start anew
ABANDONED = dt.timedelta(hours=24)  # after which a multipart upload that nobody completed is ended
BROWSED = 10_000  # entries of one folder at most


class S3Storage(S3Bucket):
    """A bucket as a driver. ``yard``: the folder for what the store cannot hold;
    ``browser``: the store as browsers reach it; ``links``: whoever may have an object may be sent there."""

    def __init__(self, name: str, access: Access, *, remote: str, prefix: str, yard: Path, browser: Access | None = None, links: bool = False) -> None:
        super().__init__(name, access, remote=remote, prefix=prefix)
        self.links = links
        self.browser = browser or access
        self._yard = Backstage(name, yard)

    # --- reading ------------------------------------------------------------------------------------------------------
    def open(self, key: str) -> BinaryIO:
        """The object for reading by ranges. Raises Refused ObjectNotFound. Its ``facts`` are those of the content that will be read."""
        found = look(self, key)
        if found is None:
            self.sure_of_bucket()
            raise Refused("ObjectNotFound", f"The object {self.name}/{key} is not there.")
        return cast("BinaryIO", OpenObject(self, *found))

    def list(self, prefix: str = "", after: str = "", limit: int = 1000) -> Sequence[ObjectFacts]:
        """Objects in the order of their keys; what cannot be addressed (a folder's marker, «//») is left out."""
        pages = self._pages(prefix, after=after, count=min(limit, 1000))
        found = (facts for page in pages for facts in self._facts(page) if facts.key > after)
        return [*islice(found, limit)]

    def browse(self, folder: str = "") -> tuple[Sequence[str], Sequence[ObjectFacts]]:
        """Folders and objects directly in ``folder``; both sorted by name."""
        if folder:
            folder = folder.rstrip("/") + "/"
            self.writable(folder + "x")
        folders: list[str] = []
        objects: list[ObjectFacts] = []
        for page in self._pages(folder, delimiter="/"):
            names = [str(row["Prefix"]).removeprefix(self._prefix + folder).rstrip("/") for row in page.get("CommonPrefixes", ())]
            folders += [name for name in names if not key_mistake(folder + name)]
            objects += self._facts(page)
            if len(folders) + len(objects) >= BROWSED:
                break
        return sorted(folders), sorted(objects, key=lambda facts: facts.key)

    def _pages(self, prefix: str, *, after: str = "", delimiter: str = "", count: int = 1000) -> Iterator[Any]:
        asked: dict[str, Any] = {"Bucket": self._remote, "Prefix": self._prefix + prefix, "MaxKeys": max(count, 1)}
        if after:
            asked["StartAfter"] = self._prefix + after
        if delimiter:
            asked["Delimiter"] = delimiter
        while True:
            try:
                with talking(self.name):
                    page = self.client.list_objects_v2(**asked)
            except Absent:
                raise Refused("BucketNotFound", f"The store has no such bucket any more; it was bound as {self.name}.") from None
            yield page
            if not page.get("IsTruncated") or not page.get("NextContinuationToken"):
                return
            asked["ContinuationToken"] = page["NextContinuationToken"]

    def _facts(self, page: Any) -> Iterator[ObjectFacts]:
        for row in page.get("Contents", ()):
            key = str(row["Key"]).removeprefix(self._prefix)
            if not key_mistake(key):
                yield ObjectFacts(key, int(row["Size"]), etag_of(row), row["LastModified"])

    def pin(self, key: str, room: Path, name: str = "input", *, etag: str = "") -> Path:
        """Fetch the object into the room, several ranges at once; all are of one and the same content."""
        target = room / name
        target.unlink(missing_ok=True)
        facts = self.stat(key)
        if facts is None:
            raise JobError("ObjectNotFound", f"No object at {self.name}/{key}.")
        if etag and etag != facts.etag:
            raise JobError("InputChanged", f"{self.name}/{key} was replaced.")
        try:
            fetch(self, facts, target)
        except Refused as error:
            raise job_error(error) from None
        seconds = facts.modified.timestamp()
        os.utime(target, (seconds, seconds))
        return target

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
        """Streamed up; nothing is visible of a failure. With alternatives it waits in the data folder first, since it may have to be sent twice."""
        limit, others = upload_limit(max_bytes), iter(alternatives)
        second = next(others, None)
        token = f"put-{uuid.uuid4().hex}"
        if overwrite or second is None:
            if not overwrite and self.stat(key) is not None:
                raise Refused("ObjectAlreadyExists", f"There is an object at {self.name}/{key} already.")
            found = self._sent(key, token, lambda sending: sending.send(chunks, limit), lambda sending: self._put(sending, key, replaces, overwrite=overwrite))
            if found is None and replaces:
                raise Refused("InputChanged", f"{self.name}/{key} was replaced.")
            if found is None:
                raise Refused("ObjectAlreadyExists", f"There is an object at {self.name}/{key} already.")
            return found
        with self._yard.stage(token) as folder:
            self._receive(folder / "0", chunks, limit)
            return self.adopt(folder / "0", key, overwrite=False, alternatives=chain((second,), others), token=token)

    def adopt(self, staged: Path, key: str, *, overwrite: bool = True, alternatives: Iterable[str] = (), token: str = "") -> ObjectFacts:
        """Let a whole file appear at ``key``, or, not to overwrite, at the first free one of ``key`` and ``alternatives``; then it is gone from here."""
        token = token or f"upload-{staged.name.removesuffix('.whole')}"
        for wanted in (key,) if overwrite else chain((key,), alternatives):
            with self.locked(wanted):
                if not overwrite and self.stat(wanted) is not None:
                    continue
                found = self._sent(wanted, token, lambda sending: sending.send_file(staged), lambda sending: sending.commit(fresh=not overwrite))
            if found is not None:
                staged.unlink(missing_ok=True)
                return found
        raise Refused("ObjectAlreadyExists", f"There is an object at {self.name}/{key} already.")

    def adopted(self, part: Path, keys: Iterable[str]) -> ObjectFacts | None:
        """The object that this part became already, before a crash."""
        for key in keys:
            found = self.head(key)
            if found is None:
                return None
            if found[1] == f"upload-{part.name}":
                return found[0]
        return None

    def _put(self, sending: Sending, key: str, replaces: str, *, overwrite: bool) -> ObjectFacts | None:
        """Commit, where it matters under this host's lock and after a look at what is there: some stores know no conditions."""
        if overwrite and not replaces:
            return sending.commit()
        with self.locked(key):
            there = self.stat(key)
            return sending.commit(fresh=not overwrite, replaces=replaces) if (there.etag if there else "") == replaces else None

    def _sent(self, key: str, token: str, send: Callable[[Sending], None], commit: Callable[[Sending], ObjectFacts | None]) -> ObjectFacts | None:
        """Send and commit; None where somebody else was faster."""
        sending = Sending(self, key, token)
        try:
            send(sending)
            return commit(sending)
        except Taken:
            return None
        finally:
            sending.abort()

    def _receive(self, path: Path, chunks: Iterable[bytes], limit: int) -> None:
        size = 0
        with path.open("wb") as out:
            for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise Refused("BodyTooLarge", f"More than {limit} bytes.")
                try:
                    self.need_space(len(chunk))
                    out.write(chunk)
                except OSError as error:
                    raise Refused("StorageFull") from error

    def delete(self, key: str) -> bool:
        """Remove an object; False where there was none."""
        if self.head(key) is None:
            return False
        with talking(self.name):
            self.client.delete_object(**self.at(key))
        return True

    def holds(self, key: str, etag: str, token: str) -> bool:
        """Whether the object that was meant is still there: that of the etag, or (none, or BYTES) that of the token, or anything that Reelmill wrote (OURS)."""
        found = self.head(key)
        if found is None:
            return False
        facts, said = found
        if etag == OURS:
            return bool(said)
        if etag and not etag.startswith(BYTES):
            return facts.etag == etag
        return said == token or bool(etag and not said and facts.etag == etag.removeprefix(BYTES))

    def end_abandoned(self, now: dt.datetime, age: dt.timedelta = ABANDONED, *, but: Collection[str] = ()) -> int:
        """End multipart uploads under the prefix that began longer ago than ``age``; ``but`` those of these ids go on. Returns how many."""
        gone = 0
        with talking(self.name):
            pages = self.client.get_paginator("list_multipart_uploads").paginate(Bucket=self._remote, Prefix=self._prefix)
            old = [row for page in pages for row in page.get("Uploads", ()) if row["Initiated"] <= now - age and row["UploadId"] not in but]
        for row in old:
            try:
                with talking(self.name):
                    self.client.abort_multipart_upload(Bucket=self._remote, Key=row["Key"], UploadId=row["UploadId"])
                gone += 1
            except Absent:
                continue
        return gone

    # --- what the store cannot do -------------------------------------------------------------------------------------
    def locked(self, key: str, wait: float | None = None) -> AbstractContextManager[None]:
        """Hold the lock of a key against threads and processes of this host. Raises BlockingIOError."""
        return self._yard.locked(key) if wait is None else self._yard.locked(key, wait)

    def part(self, name: str) -> Path:
        """The file of the data folder in which a long upload waits until it is whole."""
        return self._yard.part(name)

    def need_space(self, size: int) -> None:
        """Raise OSError unless the data folder has room for an upload of that size."""
        self._yard.need_space(size)

    def sweep_stage(self, live: Callable[[str], bool]) -> int:
        """Remove what dead processes left in the data folder. Asks nothing of the store."""
        return self._yard.sweep_stage(live)

    def free_bytes(self) -> int | None:
        """Not known: a store has no such number."""
        return None

    def path_hint(self, key: str) -> str:
        """Where an operator finds the object with any S3 tool."""
        return f"s3://{self._remote}/{self._prefix}{key}"


class OpenObject(io.BufferedReader):
    """An open object and its facts."""

    def __init__(self, place: S3Storage, facts: ObjectFacts, beginning: bytes) -> None:
        super().__init__(RangedFile(place, facts, beginning), 64 * 1024)
        self.facts = facts
