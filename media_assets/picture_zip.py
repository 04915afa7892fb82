"""Many pictures as one zip archive, made while it is read: nothing is kept on a disk, and only a block in memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Generator, Sequence

from jobs.engine.errors import Refused
from media_assets.storage import storage

BLOCK = 256 * 1024


class _Sink(io.RawIOBase):
    """What the archive writes into; the reader takes it away."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        block = bytes(data)  # type: ignore[call-overload]  # anything that holds bytes
        self._parts.append(block)
        return len(block)

    def take(self) -> bytes:
        """What was written since."""
        found = b"".join(self._parts)
        self._parts.clear()
        return found


class PictureZip(io.RawIOBase):
    """A zip of objects, to be read once from its beginning to its end. Pictures are stored as they are: they do not get smaller. Those that are gone are left out."""

    def __init__(self, pictures: Sequence[tuple[str, str]]) -> None:
        """``pictures``: bucket and key of each."""
        self._pictures = pictures
        self._ready = b""
        self._blocks = self._written()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes; empty at the end."""
        while size < 0 or len(self._ready) < size:
            block = next(self._blocks, None)
            if block is None:
                break
            self._ready += block
        size = len(self._ready) if size < 0 else size
        found, self._ready = self._ready[:size], self._ready[size:]
        return found

    def close(self) -> None:
        """Give back what is open."""
        self._blocks.close()
        super().close()

    def _written(self) -> Generator[bytes]:
        sink = _Sink()
        names: set[str] = set()
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
            for bucket, key in self._pictures:
                try:
                    source = storage(bucket).open(key)
                except Refused:
                    continue
                with source, archive.open(zipfile.ZipInfo(_free(key, names)), "w", force_zip64=True) as target:
                    while data := source.read(BLOCK):
                        target.write(data)
                        yield sink.take()
                yield sink.take()
        yield sink.take()


def _free(key: str, names: set[str]) -> str:
    """A name in the archive that no other picture has."""
    name = key.rpartition("/")[2]
    stem, dot, extension = name.rpartition(".")
    number = 1
    while name in names:
        number += 1
        name = f"{stem or extension}-{number}{dot}{extension if stem else ''}"
    names.add(name)
    return name
