"""Which bytes of a Matroska or WebM file are needed to see what is in it and to take pictures at some times, told by its own index (Cues). Pure.

The index names the cluster of (nearly) every key frame. What is told is generous: whole clusters of all tracks, from well before a picture to some seconds
behind it. Files without an index, or of a length that they do not say, are not for this; nor are single key frames, since the index has no sizes.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from jobs.engine.mp4_index import AFTER, BEFORE, PROBED_BYTES, Need, NotTold, Range

EBML, SEGMENT, CLUSTER, SEEK_HEAD, INFO, TRACKS, CUES = 0x1A45DFA3, 0x18538067, 0x1F43B675, 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1C53BB6B
_SEEK, _SEEK_ID, _SEEK_POSITION = 0x4DBB, 0x53AB, 0x53AC
_SCALE, _SCALE_USUAL = 0x2AD7B1, 1_000_000  # ns
_ENTRY, _NUMBER, _TYPE, _VIDEO = 0xAE, 0xD7, 0x83, 1
_POINT, _TIME, _PLACES, _TRACK, _PLACE = 0xBB, 0xB3, 0xB7, 0xF7, 0xF1
HEAD_BYTES = 12  # of an element at most: its id and its size
CUES_MAX = 1_000_000


@dataclass(frozen=True)
class Parts:
    """Contents of the elements that matter, and where in the file the segment's content, the first cluster and the end of the last one are."""

    info: bytes
    tracks: bytes
    cues: bytes
    segment: int
    clusters: int
    end: int


def head(data: bytes, at: int = 0) -> tuple[int, int, int]:
    """Id of the element that begins here, bytes of its head, bytes of its content. Raises NotTold, also for a size that is not said."""
    number, first = _number(data, at, keep=True)
    size, second = _number(data, at + first, keep=False)
    if first > 4 or size == (1 << 7 * second) - 1:
        raise NotTold
    return number, first + second, size


def sought(seek_head: bytes) -> list[tuple[int, int]]:
    """Id and place (in the segment's content) of the elements that it names. Raises NotTold."""
    found = []
    for kind, content in _children(seek_head):
        if kind == _SEEK:
            fields = dict(_children(content))
            if _SEEK_ID in fields and _SEEK_POSITION in fields:
                found.append((_whole(fields[_SEEK_ID]), _whole(fields[_SEEK_POSITION])))
    return found


def wanted(parts: Parts, need: Need) -> list[Range]:
    """Ranges of the clusters' bytes. Raises NotTold."""
    if need.keys:
        raise NotTold
    points = _points(parts)
    times, places = [time for time, _place in points], sorted({place for _time, place in points})

    def until(seconds: float) -> int:
        """Behind the cluster in which the first key frame at or after this time is."""
        number = bisect_left(times, seconds)
        behind = bisect_right(places, points[number][1]) if number < len(points) else len(places)
        return places[behind] if behind < len(places) else parts.end

    found = [(parts.clusters, min(parts.clusters + PROBED_BYTES, parts.end))]
    if need.seconds:
        found.append((parts.clusters, until(times[0] + need.seconds + AFTER)))
    for seconds in need.times:
        first = bisect_right(times, seconds - BEFORE) - 1  # the first picture may be later than 0
        found.append((points[first][1] if first >= 0 else parts.clusters, until(times[0] + seconds + AFTER)))
    return found


def _points(parts: Parts) -> list[tuple[float, int]]:
    """Seconds and place in the file of the clusters that hold key frames of the video, in order."""
    scale = next((_whole(content) for kind, content in _children(parts.info) if kind == _SCALE), _SCALE_USUAL) / 1e9
    entries = [dict(_children(content)) for kind, content in _children(parts.tracks) if kind == _ENTRY]
    video = {_whole(entry[_NUMBER]) for entry in entries if _NUMBER in entry and _whole(entry.get(_TYPE, b"")) == _VIDEO}
    found = []
    for kind, content in _children(parts.cues):
        if kind != _POINT:
            continue
        fields = list(_children(content))
        time = next((_whole(value) for name, value in fields if name == _TIME), None)
        for name, value in fields:
            place = dict(_children(value)) if name == _PLACES else {}
            if time is not None and _whole(place.get(_TRACK, b"")) in video and _PLACE in place:
                found.append((time * scale, parts.segment + _whole(place[_PLACE])))
        if len(found) > CUES_MAX:
            raise NotTold
    if not found or any(not parts.clusters <= place < parts.end for _time, place in found):
        raise NotTold
    return sorted(found)


# --- elements ---------------------------------------------------------------------------------------------------------
def _children(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        kind, before, size = head(data, at)
        if at + before + size > len(data):
            raise NotTold
        yield kind, data[at + before : at + before + size]
        at += before + size


def _number(data: bytes, at: int, *, keep: bool) -> tuple[int, int]:
    """A number whose first bit that is set tells its length; ``keep``: with that bit, as ids are written."""
    if at >= len(data) or not data[at]:
        raise NotTold
    length = 9 - data[at].bit_length()
    if at + length > len(data):
        raise NotTold
    number = int.from_bytes(data[at : at + length], "big")
    return (number if keep else number & ((1 << 7 * length) - 1)), length


def _whole(data: bytes) -> int:
    return int.from_bytes(data, "big")
