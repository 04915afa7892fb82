"""Where a bucket lies in an S3-compatible store, and what is known of its objects without reading them."""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from jobs.engine.address import key_mistake
from jobs.engine.errors import Refused
from media_assets.objects import ObjectFacts
from media_assets.s3_client import Absent, Access, client, talking

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY_BYTES = 1024  # of prefix and key together, as stores allow
SURE = 30.0  # s for which a bucket that answered is taken to be there
TOKEN = "reelmill"  # noqa: S105  name of the metadata by which our own objects are known; not a secret

_sure: dict[tuple[Access, str], float] = {}
_written: ContextVar[tuple[str, ObjectFacts] | None] = ContextVar("written", default=None)


class S3Bucket:
    """One bucket, or what lies under a prefix of one. ``remote``: its name in the store."""

    def __init__(self, name: str, access: Access, *, remote: str, prefix: str) -> None:
        self.name = name
        self._access = access
        self._remote = remote
        self._prefix = prefix

    @property
    def client(self) -> Any:
        """The client of this process."""
        return client(self._access)

    def at(self, key: str) -> dict[str, str]:
        """The arguments by which the store knows an object. Raises Refused InvalidAddress."""
        self.writable(key)
        return {"Bucket": self._remote, "Key": self._prefix + key}

    def writable(self, key: str) -> None:
        """Raise Refused InvalidAddress for what cannot be a key here."""
        if mistake := key_mistake(key):
            raise Refused("InvalidAddress", mistake)
        if len((self._prefix + key).encode()) > KEY_BYTES:
            raise Refused("InvalidAddress", f"With the bucket's prefix the key has more than {KEY_BYTES} bytes.")

    def head(self, key: str) -> tuple[ObjectFacts, str] | None:
        """Facts of an object, and the token by which we know it as ours (empty: somebody else's). None where there is none."""
        where = self.at(key)
        try:
            with talking(self.name):
                found = self.client.head_object(**where)
        except Absent:
            self.sure_of_bucket()
            return None
        token = next((value for name, value in found.get("Metadata", {}).items() if name.lower() == TOKEN), "")
        return ObjectFacts(key, int(found["ContentLength"]), etag_of(found), found["LastModified"]), str(token)

    def stat(self, key: str) -> ObjectFacts | None:
        """Facts of an object, or None. Raises Refused: InvalidAddress, BucketNotFound, BucketUnreachable, BucketAccessDenied (as everything here may)."""
        written = _written.get()
        if written and written[0] == self.name and written[1].key == key:
            return written[1]
        found = self.head(key)
        return found[0] if found else None

    def sure_of_bucket(self) -> None:
        """Raise Refused BucketNotFound if the bucket itself is gone: the store answers the same to a missing object."""
        place = (self._access, self._remote)
        if time.monotonic() < _sure.get(place, 0.0):
            return
        try:
            with talking(self.name):
                self.client.head_bucket(Bucket=self._remote)
        except Absent:
            raise Refused("BucketNotFound", f"The store has no such bucket any more; it was bound as {self.name}.") from None
        except Refused as error:
            if error.code != "BucketAccessDenied":  # who may read objects need not be allowed to ask for the bucket
                raise
        _sure[place] = time.monotonic() + SURE


@contextmanager
def just_written(bucket: str, facts: ObjectFacts) -> Iterator[None]:
    """Who asks for this object inside is answered with these facts: no request goes out while a transaction is open."""
    token = _written.set((bucket, facts))
    try:
        yield
    finally:
        _written.reset(token)


def etag_of(row: Any) -> str:
    """The etag as we write it: without quotation marks."""
    return str(row.get("ETag", "")).strip('"')[:64]
