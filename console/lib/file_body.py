"""A part of an open file as the body of an answer, with little memory under ASGI and WSGI alike.

Under ASGI a synchronous iterator would be read in full before the first byte goes out (and Django warns of it), so there it is an asynchronous one.
"""

from __future__ import annotations

import asyncio
import weakref
from typing import TYPE_CHECKING, BinaryIO

from django.core.handlers.asgi import ASGIRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from django.http import HttpRequest

CHUNK = 256 * 1024


def file_body(request: HttpRequest, file: BinaryIO, start: int | None, count: int) -> Blocks | AsyncBlocks:
    """``count`` bytes from ``start`` (None: from where the file stands), for a StreamingHttpResponse. Django closes the file when the answer is sent or given up."""
    return AsyncBlocks(file, start, count) if isinstance(request, ASGIRequest) else Blocks(file, start, count)


class Blocks:
    """A part of a file, block by block; Django calls ``close`` when the answer is sent or given up."""

    def __init__(self, file: BinaryIO, start: int | None, count: int) -> None:
        self.file = file
        self.left = count
        self._end = weakref.finalize(self, file.close)  # Django drops an answer unclosed when its reader goes away while it is being made
        if start is not None:
            file.seek(start)

    def block(self) -> bytes:
        """The next bytes; empty at the end, also where the file was cut short meanwhile."""
        data = self.file.read(min(CHUNK, self.left)) if self.left else b""
        self.left -= len(data)
        return data

    def __iter__(self) -> Iterator[bytes]:
        while data := self.block():
            yield data

    def close(self) -> None:
        """Give the file back."""
        self._end()


class AsyncBlocks:
    """The same for ASGI: each read runs in a thread, so that a slow disk holds up nobody else."""

    def __init__(self, file: BinaryIO, start: int | None, count: int) -> None:
        self.blocks = Blocks(file, start, count)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while data := await asyncio.to_thread(self.blocks.block):
            yield data

    def close(self) -> None:
        """Give the file back."""
        self.blocks.close()
