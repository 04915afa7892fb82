"""The few ranges of a large object in a store that are needed to probe it and to take pictures of it, as a file with holes.

The file has the object's size; what was not fetched reads as zeros, and takes no space. Who uses it must be ready to fetch the whole object after all:
a program that complains has perhaps read a hole.
"""

from __future__ import annotations

import os
import struct
from bisect import bisect_right
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.engine import mkv_index
from jobs.engine.errors import JobError, Refused
from jobs.engine.mp4_index import NotTold, merged, wanted
from media_assets.s3 import OpenObject, S3Storage
from media_assets.s3_client import job_error
from media_assets.s3_reading import AT_ONCE, PIECE, piece

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from jobs.engine.mp4_index import Need, Range
    from media_assets.drivers import Place
    from media_assets.objects import ObjectFacts

SMALL = 48 << 20  # bytes: objects up to this are fetched whole
TABLES_MAX = 96 << 20  # bytes of the boxes that are not samples
BOXES_MAX = 64
EDGE = 64 * 1024  # bytes of the beginning and the end that are taken in any case
WORTH = 0.5  # of the object, at most


@dataclass(frozen=True)
class Part:
    """What of an object is in the room: ranges of bytes, in order."""

    ranges: tuple[Range, ...]

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return sum(end - start for start, end in self.ranges)

    def has(self, spans: Iterable[Range]) -> bool:
        """Whether all of these bytes are there."""
        starts = [start for start, _end in self.ranges]
        return all(self.ranges[max(0, bisect_right(starts, start) - 1)][1] >= end and start >= starts[0] for start, end in spans)


def pin_part(place: Place, key: str, room: Path, need: Need, name: str = "input") -> Part | None:
    """Put what is needed into the room. Answers what that is, or None where the whole object has to be fetched.

    Raises JobError ObjectNotFound, InputChanged, BucketUnreachable and BucketAccessDenied.
    """
    if not isinstance(place, S3Storage):
        return None
    try:
        with place.open(key) as file:
            if not isinstance(file, OpenObject) or file.facts.size <= SMALL:
                return None
            part = Part(tuple(_ranges(file, file.facts.size, need)))
        if part.size > file.facts.size * WORTH:
            return None
        _fetch(place, file.facts, part.ranges, room / name)
    except (NotTold, struct.error):
        return None
    except Refused as error:
        raise job_error(error) from None
    return part


def _ranges(file: OpenObject, size: int, need: Need) -> list[Range]:
    """Everything that is no sample, and the samples that are needed. Raises NotTold."""
    edges = [(0, min(EDGE, size)), (max(0, size - EDGE), size)]
    matroska = file.read(4) == mkv_index.EBML.to_bytes(4, "big")
    found = _of_mkv(file, size, need) if matroska else _of_mp4(file, size, need)
    return merged([*edges, *((start, min(end, size)) for start, end in found)])


def _of_mp4(file: OpenObject, size: int, need: Need) -> list[Range]:
    found: list[Range] = []
    moov, at, tables = b"", 0, 0
    for _ in range(BOXES_MAX):
        if at + 8 > size:
            break
        file.seek(at)
        head = file.read(16)
        length, kind = struct.unpack_from(">I4s", head)
        if length == 1:
            (length,) = struct.unpack_from(">Q", head, 8)
        elif length == 0:
            length = size - at
        if length < 8 or at + length > size or (at == 0 and kind not in (b"ftyp", b"moov", b"wide", b"free", b"skip", b"mdat")) or kind in (b"moof", b"sidx"):
            raise NotTold
        if kind == b"mdat":
            found.append((at, at + 16))
        else:
            tables += length
            if tables > TABLES_MAX:
                raise NotTold
            found.append((at, at + length))
        if kind == b"moov":
            file.seek(at)
            moov = file.read(length)[8:]
        at += length
    if not moov or at < size - 8:
        raise NotTold
    return [*found, *wanted(moov, need)]


def _of_mkv(file: OpenObject, size: int, need: Need) -> list[Range]:
    found: list[Range] = []
    contents: dict[int, bytes] = {}

    def take(at: int) -> tuple[int, int]:
        """Note the element that begins here; its id, and where it ends."""
        kind, before, length = _head(file, at)
        end = at + before + length
        if end > size or sum(last - first for first, last in found) + length > TABLES_MAX:
            raise NotTold
        found.append((at, end))
        if kind in (mkv_index.SEEK_HEAD, mkv_index.INFO, mkv_index.TRACKS, mkv_index.CUES) and kind not in contents:
            file.seek(at + before)
            contents[kind] = file.read(length)
        return kind, end

    _kind, before, length = _head(file, 0)
    kind, inner, within = _head(file, before + length)
    segment = at = before + length + inner
    if kind != mkv_index.SEGMENT or segment + within > size:
        raise NotTold
    for _number in range(BOXES_MAX):
        if _head(file, at)[0] == mkv_index.CLUSTER:
            break
        at = take(at)[1]
    named = {segment + place for kind, place in mkv_index.sought(contents.get(mkv_index.SEEK_HEAD, b"")) if kind != mkv_index.CLUSTER}
    behind = sorted(place for place in named if place > at)
    for place in behind[:BOXES_MAX]:
        end = take(place)[1]
        found.append((end, end + mkv_index.HEAD_BYTES))  # who has read all clusters looks at what follows
    needed = (mkv_index.INFO, mkv_index.TRACKS, mkv_index.CUES)
    if not contents.keys() >= set(needed):
        raise NotTold
    info, tracks, cues = (contents[name] for name in needed)
    return [*found, *mkv_index.wanted(mkv_index.Parts(info, tracks, cues, segment, at, behind[0] if behind else segment + within), need)]


def _head(file: OpenObject, at: int) -> tuple[int, int, int]:
    file.seek(at)
    return mkv_index.head(file.read(mkv_index.HEAD_BYTES))


def _fetch(place: S3Storage, facts: ObjectFacts, ranges: Sequence[Range], target: Path) -> None:
    """All ranges into a new file, several at once."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)

    def copy(start: int, end: int) -> None:
        data = memoryview(piece(place, facts, start, end))
        while data:
            written = os.pwrite(descriptor, data, start)
            data, start = data[written:], start + written

    pool = ThreadPoolExecutor(AT_ONCE, "fetch")
    try:
        os.ftruncate(descriptor, facts.size)
        pieces = [(at, min(at + PIECE, end)) for start, end in ranges for at in range(start, end, PIECE)]
        for done in [pool.submit(copy, *one) for one in pieces]:
            done.result()
    except (JobError, Refused, OSError):
        pool.shutdown(cancel_futures=True)
        target.unlink(missing_ok=True)
        raise
    finally:
        pool.shutdown()
        os.close(descriptor)
