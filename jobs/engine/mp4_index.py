"""Which bytes of an MP4 or QuickTime file are needed to see what is in it and to take pictures at some times, told by its own tables. Pure.

The tables (moov) name place, size and time of every sample, so a picture costs its group of pictures and not the file. What is told is generous: the
beginning of every track, as far as ffprobe looks, tracks of text whole, and around each time from a key frame well before it to some seconds after it,
because decoders read ahead. Files that are told otherwise (fragments, compressed tables, several edits) are not for this.
"""

from __future__ import annotations

import struct
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

PROBED_SECONDS, PROBED_BYTES = 7.5, 6_000_000  # of every track, from its beginning: ffprobe reads 5 s or 5,000,000 bytes
BEFORE, AFTER = 2.0, 4.0  # s around a picture
AHEAD = 64  # samples behind a picture at least: each thread of a decoder holds one
SAMPLES_MAX = 4_000_000
TEXT_BYTES = 4_000_000  # of a track that is neither picture nor sound: chapters are read from all of it
GAP = 128 * 1024  # what lies between two ranges closer than this is taken too: cheaper than one more request

Range = tuple[int, int]


class NotTold(Exception):
    """The tables do not say what is needed here."""


@dataclass(frozen=True)
class Need:
    """What will be read besides what a probe reads: the video around pictures at these seconds, all of its first seconds, all of its key frames."""

    times: tuple[float, ...] = ()
    seconds: float = 0.0
    keys: bool = False


@dataclass(frozen=True)
class Track:
    """Samples in the order of decoding. ``times`` in ticks of ``scale`` per second; ``shift``: ticks of the track at the movie's time 0.

    ``lead``: by how many ticks a picture is shown later than it is decoded, at most; ``early``: by how many earlier; ``keys`` None: every sample is one;
    ``more_keys``: there are more than ``keys`` names.
    """

    handler: bytes
    scale: int
    shift: int
    late: int
    places: array[int]
    sizes: array[int]
    times: array[int]
    keys: Sequence[int] | None
    more_keys: bool
    lead: int
    early: int

    @property
    def video(self) -> bool:
        """Whether it has pictures."""
        return self.handler == b"vide"

    def beginning(self, seconds: float) -> Iterator[Range]:
        """What ffprobe may read, and all of the first seconds. Raises NotTold for text that is very long."""
        if self.handler not in (b"vide", b"soun"):
            if sum(self.sizes) > TEXT_BYTES:
                raise NotTold
            yield from self._spans(range(len(self.sizes)))
            return
        if seconds:
            yield from self._spans(range(bisect_right(self.times, int((seconds + AFTER) * self.scale) + self.shift + self.lead + self.early)))
        total = 0
        for place, size, time in zip(self.places, self.sizes, self.times, strict=True):
            if total > PROBED_BYTES or time > PROBED_SECONDS * self.scale:
                return
            total += size
            yield place, place + size

    def around(self, seconds: float) -> Iterator[Range]:
        """What a decoder reads for the picture at this time of the movie."""
        middle = int(seconds * self.scale) + self.shift
        first = max(0, bisect_right(self.times, middle - int(BEFORE * self.scale) - self.lead) - 1)
        if self.keys is not None:
            position = bisect_right(self.keys, first) - 1
            first = self.keys[position] if position >= 0 else 0
        behind = middle + self.lead + self.early
        last = max(bisect_right(self.times, behind + int(AFTER * self.scale)), bisect_right(self.times, behind) + AHEAD)
        return self._spans(range(first, min(last, len(self.sizes))))

    def key_frames(self) -> Iterator[Range]:
        """Every one of them. Raises NotTold where the tables do not name all, or all samples are key frames."""
        if self.keys is None or self.more_keys:
            raise NotTold
        return self._spans(self.keys)

    def _spans(self, numbers: Iterable[int]) -> Iterator[Range]:
        return ((self.places[number], self.places[number] + self.sizes[number]) for number in numbers)


def wanted(moov: bytes, need: Need) -> list[Range]:
    """Ranges of the samples' bytes. Raises NotTold."""
    try:
        tracks = list(_tracks(moov))
    except (struct.error, IndexError, OverflowError, ValueError):
        raise NotTold from None
    if not any(track.video for track in tracks):
        raise NotTold
    start = min(track.late / track.scale for track in tracks)
    found = [span for track in tracks for span in track.beginning(need.seconds + start if need.seconds and track.video else 0.0)]
    found += [span for track in tracks if track.video for seconds in need.times for span in track.around(seconds + start)]
    if need.keys:
        found += [span for track in tracks if track.video for span in track.key_frames()]
    return merged(found)


def merged(ranges: Sequence[Range]) -> list[Range]:
    """In order, those that touch or nearly touch as one."""
    done: list[Range] = []
    for start, end in sorted(ranges):
        if done and start <= done[-1][1] + GAP:
            done[-1] = (done[-1][0], max(done[-1][1], end))
        elif end > start:
            done.append((start, end))
    return done


# --- boxes ------------------------------------------------------------------------------------------------------------
def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of the boxes in this one."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        elif size == 0:
            size = len(data) - at
        if size < head or at + size > len(data):
            raise NotTold
        yield kind, data[at + head : at + size]
        at += size


def _children(data: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for kind, content in boxes(data):
        found.setdefault(kind, content)
    return found


def _tracks(moov: bytes) -> Iterator[Track]:
    top = _children(moov)
    if b"mvex" in top or b"cmov" in top or b"mvhd" not in top:
        raise NotTold
    movie_scale = _scale(top[b"mvhd"])
    for kind, content in boxes(moov):
        if kind == b"trak":
            yield _track(_children(content), movie_scale)


def _track(trak: dict[bytes, bytes], movie_scale: int) -> Track:
    media = _children(trak[b"mdia"]) if b"mdia" in trak else {}
    tables = _children(_children(media[b"minf"])[b"stbl"]) if b"minf" in media else {}
    if not {b"stsz", b"stsc", b"stts"} <= tables.keys() or not {b"mdhd", b"hdlr"} <= media.keys():
        raise NotTold
    scale = _scale(media[b"mdhd"])
    sizes = _sizes(tables[b"stsz"])
    times = _times(tables[b"stts"], len(sizes))
    late, shift = _edit(_children(trak[b"edts"]).get(b"elst", b"") if b"edts" in trak else b"", movie_scale, scale)
    keys = [number - 1 for number in _numbers(tables[b"stss"], 4, "I")] if b"stss" in tables else None
    if keys and (keys[-1] >= len(sizes) or min(keys) < 0):
        raise NotTold
    lead, early = _shown(tables.get(b"ctts"))
    more_keys = b"stps" in tables or b"sbgp" in tables
    return Track(media[b"hdlr"][8:12], scale, shift - late, late, _places(tables, sizes), sizes, times, keys, more_keys, lead, early)


def _scale(header: bytes) -> int:
    (scale,) = struct.unpack_from(">I", header, 20 if header[0] == 1 else 12)
    if not scale:
        raise NotTold
    return int(scale)


def _numbers(table: bytes, at: int, code: str) -> array[int]:
    """A count, and as many numbers."""
    (count,) = struct.unpack_from(">I", table, at)
    found = array(code)
    data = table[at + 4 : at + 4 + count * found.itemsize]
    if count > SAMPLES_MAX or len(data) != count * found.itemsize:
        raise NotTold
    found.frombytes(data)
    if sys.byteorder == "little":
        found.byteswap()
    return found


def _sizes(table: bytes) -> array[int]:
    fixed, count = struct.unpack_from(">II", table, 4)
    if count > SAMPLES_MAX:
        raise NotTold
    return array("I", [fixed]) * count if fixed else _numbers(table, 8, "I")


def _times(table: bytes, count: int) -> array[int]:
    found, now = array("q"), 0
    (rows,) = struct.unpack_from(">I", table, 4)
    for row in range(rows):
        number, step = struct.unpack_from(">II", table, 8 + 8 * row)
        if len(found) + number > count:
            raise NotTold
        found.extend(range(now, now + number * step, step) if step else [now] * number)
        now += number * step
    if len(found) != count:
        raise NotTold
    return found


def _shown(table: bytes | None) -> tuple[int, int]:
    """By how much pictures are shown later than they are decoded, and by how much earlier, at most."""
    if table is None:
        return 0, 0
    (rows,) = struct.unpack_from(">I", table, 4)
    pairs = array("i")
    pairs.frombytes(table[8 : 8 + 8 * rows])
    if sys.byteorder == "little":
        pairs.byteswap()
    return max(0, *pairs[1::2]) if len(pairs) > 1 else 0, -min(0, *pairs[1::2]) if len(pairs) > 1 else 0


def _edit(table: bytes, movie_scale: int, scale: int) -> tuple[int, int]:
    """Ticks by which the track begins late, and ticks of it that are skipped at its beginning."""
    if not table:
        return 0, 0
    (rows,) = struct.unpack_from(">I", table, 4)
    late, skipped = 0, None
    for row in range(rows):
        length, begin = struct.unpack_from(">Qq", table, 8 + 20 * row) if table[0] == 1 else struct.unpack_from(">Ii", table, 8 + 12 * row)
        if begin >= 0 and skipped is not None:
            raise NotTold
        if begin < 0:
            late += length * scale // movie_scale if skipped is None else 0
        else:
            skipped = begin
    return late, skipped or 0


def _places(tables: dict[bytes, bytes], sizes: array[int]) -> array[int]:
    chunks = _numbers(tables[b"co64"], 4, "Q") if b"co64" in tables else _numbers(tables[b"stco"], 4, "I") if b"stco" in tables else array("I")
    (rows,) = struct.unpack_from(">I", tables[b"stsc"], 4)
    runs = [struct.unpack_from(">III", tables[b"stsc"], 8 + 12 * row)[:2] for row in range(rows)]
    found = array("Q")
    number = 0
    for position, (first, per_chunk) in enumerate(runs):
        last = runs[position + 1][0] if position + 1 < len(runs) else len(chunks) + 1
        for chunk in range(first - 1, last - 1):
            at = chunks[chunk]
            for size in sizes[number : number + per_chunk]:
                found.append(at)
                at += size
            number += per_chunk
    if len(found) != len(sizes):
        raise NotTold
    return found
