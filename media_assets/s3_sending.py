"""Writing objects of S3-compatible stores: nothing is visible before ``commit``. Large ones go up in parts; every part carries its MD5."""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from jobs.engine.errors import Refused
from media_assets.s3_bucket import TOKEN
from media_assets.s3_client import Absent, Taken, talking

if TYPE_CHECKING:
    from media_assets.objects import ObjectFacts
    from media_assets.s3_bucket import S3Bucket

PART = 8 << 20  # bytes; more where an object would have too many parts
PARTS_MAX = 9000  # stores allow 10,000
AT_ONCE = 4
GB = 1_000_000_000
TYPES = {".m3u8": "application/vnd.apple.mpegurl", ".ts": "video/mp2t", ".m4s": "video/iso.segment", ".mpd": "application/dash+xml", ".vtt": "text/vtt"}
UNKNOWN = frozenset(("501", "NotImplemented"))


class Sending:
    """One object on its way. ``send_file`` or ``send``, then ``commit`` or ``abort``. ``token``: by which it will be known as ours."""

    def __init__(self, place: S3Bucket, key: str, token: str) -> None:
        self._place, self._key, self._token = place, key, token
        self._upload = ""
        self._parts: list[dict[str, Any]] = []
        self._whole = b""

    def send_file(self, path: Path) -> None:
        """Bring a file up, several parts at once."""
        size = path.stat().st_size
        if size <= PART:
            self._whole = path.read_bytes()
            return
        step = part_size(size)
        self._begin()
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        pool = ThreadPoolExecutor(AT_ONCE, "send")
        try:

            def one(number: int) -> dict[str, Any]:
                return self._part(number + 1, os.pread(descriptor, step, number * step))

            self._parts = [done.result() for done in [pool.submit(one, number) for number in range(-(-size // step))]]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
        finally:
            pool.shutdown()
            os.close(descriptor)

    def send(self, chunks: Iterable[bytes], limit: int) -> None:
        """Bring up what comes. Raises Refused BodyTooLarge above ``limit`` bytes."""
        for block in _blocks(chunks, part_size(limit), limit):
            if self._whole or self._upload:
                if not self._upload:
                    self._begin()
                    self._parts.append(self._part(1, self._whole))
                    self._whole = b""
                self._parts.append(self._part(len(self._parts) + 1, block))
            else:
                self._whole = block

    def commit(self, *, fresh: bool = False, replaces: str = "") -> ObjectFacts:
        """Make it visible. ``fresh``: only where nothing is; ``replaces``: only over the object of that etag, as far as the store knows conditions.

        Raises Taken where the condition was not met.
        """
        condition = {"IfNoneMatch": "*"} if fresh else {"IfMatch": f'"{replaces}"'} if replaces else {}
        try:
            try:
                self._commit(condition)
            except Refused as error:
                if not condition or not any(f"({name})" in error.message for name in UNKNOWN):
                    raise
                self._commit({})
        except Taken:
            if not self._is_ours():  # an answer that was lost on its way makes botocore ask again, and the second time we are there ourselves
                raise
        except Absent:
            if not self._is_ours():
                raise Taken from None  # what was to be replaced is gone, or a sweep ended the upload
        self._upload = ""
        found = self._place.stat(self._key)
        if found is None:
            raise Refused("ObjectNotFound", f"{self._place.name}/{self._key} was removed while it was written.")
        return found

    def abort(self) -> None:
        """Leave nothing behind. Never raises: what cannot be ended now is swept later."""
        if self._upload:
            with suppress(Refused, Absent, Taken), talking(self._place.name):
                self._place.client.abort_multipart_upload(**self._place.at(self._key), UploadId=self._upload)
            self._upload = ""

    def _begin(self) -> None:
        with talking(self._place.name):
            self._upload = str(self._place.client.create_multipart_upload(**self._place.at(self._key), **about(self._key, self._token))["UploadId"])

    def _part(self, number: int, data: bytes) -> dict[str, Any]:
        with talking(self._place.name):
            answer = self._place.client.upload_part(**self._place.at(self._key), UploadId=self._upload, PartNumber=number, Body=data, ContentMD5=_md5(data))
        return {"PartNumber": number, "ETag": answer["ETag"]}

    def _commit(self, condition: dict[str, str]) -> None:
        with talking(self._place.name):
            where = self._place.at(self._key)
            if self._upload:
                self._place.client.complete_multipart_upload(**where, UploadId=self._upload, MultipartUpload={"Parts": self._parts}, **condition)
            else:
                self._place.client.put_object(**where, Body=self._whole, ContentMD5=_md5(self._whole), **about(self._key, self._token), **condition)

    def _is_ours(self) -> bool:
        found = self._place.head(self._key)
        return found is not None and found[1] == self._token


def about(key: str, token: str) -> dict[str, Any]:
    """What the store is told of an object beside its bytes."""
    suffix = Path(key).suffix.lower()
    kind = TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")
    return {"ContentType": kind, "Metadata": {TOKEN: token}}


def _md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def part_size(size: int) -> int:
    """All parts but the last must be alike in some stores, so it is decided beforehand."""
    return max(PART, -(-size // PARTS_MAX))


def _blocks(chunks: Iterable[bytes], step: int, limit: int) -> Iterator[bytes]:
    """The same bytes in blocks of ``step``; the last one may be shorter."""
    block, total = bytearray(), 0
    for chunk in chunks:
        total += len(chunk)
        if total > limit:
            raise Refused("BodyTooLarge", f"More than {limit} bytes.")
        block += chunk
        while len(block) >= step:
            yield bytes(block[:step])
            del block[:step]
    if block:
        yield bytes(block)


def upload_limit(max_bytes: int | None) -> int:
    """What one object may have, bytes."""
    limit: int = settings.REELMILL_MAX_UPLOAD_GB * GB
    return limit if max_bytes is None else max_bytes
