"""What a segment's own bytes tell: where its first key frame lies (MPEG-TS and fragmented MP4), and its time (fragmented MP4 with an index). Pure.

Every segment of ours begins with a key frame, so a playlist of these is a playlist of key frames, one per segment.
"""

from __future__ import annotations

from collections.abc import Iterator

PACKET = 188
_VIDEO_TYPES = frozenset({0x01, 0x02, 0x1B, 0x24})  # MPEG-1, MPEG-2, H.264, H.265


def first_key_frame(data: bytes) -> tuple[int, int] | None:
    """(offset, length) of what a player needs to show the segment's first picture: from the segment's start (tables, or the fragment's header)
    to the picture's end. ``data`` is the segment, or enough of its beginning; None where it does not begin with a key frame, or ends before that frame does.
    """
    return _ts(data) if data[:1] == b"\x47" else _mp4(data)


def segment_time(data: bytes) -> tuple[int, int, int] | None:
    """(begin, length, units per second) of a fragmented MP4 segment, from its index (sidx); None where it has none."""
    for kind, at, end in _boxes(data, 0, len(data)):
        if kind == b"sidx" and end - at >= 24:
            wide = data[at] == 1
            scale = int.from_bytes(data[at + 8 : at + 12], "big")
            begin = int.from_bytes(data[at + 12 : at + (20 if wide else 16)], "big")
            place = at + (28 if wide else 20)
            count = int.from_bytes(data[place + 2 : place + 4], "big")
            lengths = [int.from_bytes(data[place + 8 + 12 * n : place + 12 + 12 * n], "big") for n in range(count)]
            return (begin, sum(lengths), scale) if scale else None
    return None


# --- MPEG-TS ----------------------------------------------------------------------------------------------------------
def _ts(data: bytes) -> tuple[int, int] | None:
    tables: int | None = None
    video: int | None = None
    begun = False
    whole = len(data) // PACKET * PACKET
    for at in range(0, whole, PACKET):
        if data[at] != 0x47:
            return None
        starts = bool(data[at + 1] & 0x40)
        pid = (data[at + 1] & 0x1F) << 8 | data[at + 2]
        if pid == 0 and starts and tables is None:
            tables = _program_map(_payload(data, at))
        elif pid == tables and starts and video is None:
            video = _video_pid(_payload(data, at))
        elif pid == video and starts:
            if begun:
                return 0, at
            if not _random_access(data, at):
                return None
            begun = True
    return (0, whole) if begun else None


def _payload(data: bytes, at: int) -> bytes:
    """A section that begins in this packet."""
    begin = at + 4 + (1 + data[at + 4] if data[at + 3] & 0x20 else 0)
    return data[begin + 1 + data[begin] : at + PACKET]


def _program_map(section: bytes) -> int | None:
    return (section[10] & 0x1F) << 8 | section[11] if len(section) > 11 else None


def _video_pid(section: bytes) -> int | None:
    if len(section) < 12:
        return None
    end = 3 + ((section[1] & 0x0F) << 8 | section[2]) - 4
    at = 12 + ((section[10] & 0x0F) << 8 | section[11])
    while at + 5 <= min(end, len(section)):
        if section[at] in _VIDEO_TYPES:
            return (section[at + 1] & 0x1F) << 8 | section[at + 2]
        at += 5 + ((section[at + 3] & 0x0F) << 8 | section[at + 4])
    return None


def _random_access(data: bytes, at: int) -> bool:
    return bool(data[at + 3] & 0x20 and data[at + 4] and data[at + 5] & 0x40)


# --- fragmented MP4 ---------------------------------------------------------------------------------------------------
def _mp4(data: bytes) -> tuple[int, int] | None:
    """ffmpeg writes the samples of each track of a fragment together; the picture's track comes first."""
    for kind, begin, end in _boxes(data, 0, len(data)):
        if kind != b"moof":
            continue
        for part, start, stop in _boxes(data, begin, end):
            if part == b"traf" and (found := _first_sample(data, start, stop)):
                offset, size, key = found
                last = begin - 8 + offset + size
                return (0, last) if key and last <= len(data) else None
        return None
    return None


def _boxes(data: bytes, begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, start and end of the content) of the boxes in a stretch."""
    while begin + 8 <= end:
        size = int.from_bytes(data[begin : begin + 4], "big")
        if size < 8:
            return
        yield data[begin + 4 : begin + 8], begin + 8, min(begin + size, end)
        begin += size


def _first_sample(data: bytes, begin: int, end: int) -> tuple[int, int, bool] | None:
    """(offset from the moof, size, is it a sync sample) of a track's first sample."""
    size = flags = 0
    for kind, at, stop in _boxes(data, begin, end):
        said = int.from_bytes(data[at + 1 : at + 4], "big")
        if kind == b"tfhd":
            place = at + 8 + (8 if said & 1 else 0) + (4 if said & 2 else 0) + (4 if said & 8 else 0)
            if said & 0x10:
                size, place = int.from_bytes(data[place : place + 4], "big"), place + 4
            if said & 0x20:
                flags = int.from_bytes(data[place : place + 4], "big")
        elif kind == b"trun" and stop - at >= 12:
            place = at + 8
            offset = int.from_bytes(data[place : place + 4], "big") if said & 1 else 0
            place += 4 if said & 1 else 0
            first = said & 4
            if first:
                flags, place = int.from_bytes(data[place : place + 4], "big"), place + 4
            place += 4 if said & 0x100 else 0
            if said & 0x200:
                size, place = int.from_bytes(data[place : place + 4], "big"), place + 4
            if said & 0x400 and not first:
                flags = int.from_bytes(data[place : place + 4], "big")
            return offset, size, not flags & 0x10000
    return None
