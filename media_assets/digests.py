"""Digests of bytes that pass by: MD5 and CRC-64/XZ, and what a sender said that they should be."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fastcrc import crc64

from jobs.engine.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable


class Digests:
    """Running digests. ``md5``: hexadecimal, lower case; ``crc``: a number, CRC-64/XZ; ``size`` in bytes."""

    def __init__(self) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        self.crc = 0
        self.size = 0

    def update(self, data: bytes) -> None:
        """More bytes."""
        self._md5.update(data)
        self.crc = crc64.xz(data, self.crc)
        self.size += len(data)

    @property
    def md5(self) -> str:
        """Of all bytes so far."""
        return self._md5.hexdigest()

    def passed(self, chunks: Iterable[bytes], judge: Callable[[Digests], None] = lambda _found: None) -> Iterator[bytes]:
        """The same chunks, counted. ``judge`` is asked at the end and may raise: then whoever consumes the chunks never gets to their end."""
        for chunk in chunks:
            self.update(chunk)
            yield chunk
        judge(self)


def wanted(md5: str = "", length: int | None = None) -> Callable[[Digests], None]:
    """A judge: ``md5`` (hexadecimal; empty: any) and ``length`` in bytes (None: any). It raises Refused ChecksumMismatch."""

    def judge(found: Digests) -> None:
        if length is not None and found.size != length:
            raise Refused("ChecksumMismatch", f"{found.size} of {length} bytes arrived.")
        if md5 and found.md5 != md5:
            raise Refused("ChecksumMismatch")

    return judge
