"""What is in a WebP that we wrote: size, pictures, length. ffprobe cannot read animated ones. Reads chunk headers, no picture."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO

from jobs.engine.errors import JobError
from jobs.engine.probe import Probe, VideoStream

if TYPE_CHECKING:
    from pathlib import Path

CHUNKS_MAX = 1_000_000


def own_webp(path: Path) -> Probe | None:
    """A WebP as a Probe; None for other files. An animation of pictures that are all alike is one still picture, which has no length.

    Raises JobError InputNotReadable where it is cut off.
    """
    try:
        with path.open("rb") as file:
            head = file.read(12)
            if head[:4] != b"RIFF" or head[8:12] != b"WEBP":
                return None
            width, height, times = _chunks(file)
            size = path.stat().st_size
    except OSError:
        return None  # whoever opens it next has a sentence for that
    except (struct.error, IndexError):
        raise JobError("InputNotReadable", "The input cannot be read. The file ends before any content.") from None
    seconds = sum(times) / 1000 or None
    stream = VideoStream(
        index=0,
        codec="webp",
        width=width,
        height=height,
        frames=len(times),
        duration=seconds,
        fps=len(times) / seconds if seconds else None,
    )
    return Probe(format_name="webp", duration=seconds, size=size, video=(stream,))


def _chunks(file: BinaryIO) -> tuple[int, int, list[int]]:
    """Width, height, and how long each picture stands, ms."""
    width = height = 0
    times: list[int] = []
    for _ in range(CHUNKS_MAX):
        header = file.read(8)
        if len(header) < 8:
            break
        kind, length = struct.unpack("<4sI", header)
        body = file.read(min(length, 16))
        if kind == b"VP8X":
            width, height = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7))
        elif kind == b"ANMF":
            times.append(int.from_bytes(body[12:15], "little"))
        elif kind in (b"VP8 ", b"VP8L") and not times:
            times.append(0)
            if not width and kind == b"VP8L":
                (bits,) = struct.unpack_from("<I", body, 1)
                width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
            elif not width:
                width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", body, 6))
        file.seek(length + length % 2 - len(body), 1)
    return width, height, times
