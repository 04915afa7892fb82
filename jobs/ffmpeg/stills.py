"""What is in the picture of a watermark. Stills and moving pictures are recognised by their own headers; WebM and MOV by ffprobe.

Why not ffprobe for all: builds without zlib do not tell the size of a PNG, and a header says enough before any decoder runs: what is too large is never
opened. Nothing else than these is a mark: vector images, playlists and scripts are refused.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO

from jobs.engine.errors import JobError
from jobs.engine.marks import MARK_PIXELS
from jobs.engine.probe import Probe, VideoStream
from jobs.ffmpeg.probe import probe

if TYPE_CHECKING:
    from pathlib import Path

    from jobs.ffmpeg.tools import Tools

CHUNKS_MAX = 4096  # of a file, before its picture
MOVING = ("mov", "matroska", "webm")
_TURNS = {3: 180, 4: 180, 5: 90, 6: 90, 7: 270, 8: 270}
"""EXIF orientations as degrees clockwise; ffmpeg also mirrors where one asks for that, which changes no size."""


def mark(path: Path, *, tools: Tools, cwd: Path) -> Probe:
    """Read the picture of a watermark. Raises JobError WatermarkNotReadable, WatermarkTooLarge, InputForbidden, InputChanged."""
    try:
        with path.open("rb") as file:
            found = _still(file)
    except FileNotFoundError:
        raise JobError("InputChanged") from None
    except (OSError, struct.error, IndexError):
        raise JobError("WatermarkNotReadable", "The watermark's picture is cut off or damaged.") from None
    if found is None:
        found = _moving(path, tools, cwd)
    stream = found.picture
    if stream is None or not stream.width or not stream.height:
        raise JobError("WatermarkNotReadable")
    if stream.width * stream.height > MARK_PIXELS:
        raise JobError(
            "WatermarkTooLarge", f"The watermark's picture has {stream.width}×{stream.height} pixels; at most {MARK_PIXELS:,} pixels in all are allowed."
        )
    return found


def image(path: Path, *, most: int, shown: str) -> Probe:
    """Read the header of a still picture: PNG, JPEG, WebP or GIF. ``most``: pixels that it may have; ``shown``: its name for people.

    Raises JobError InputNotReadable, InputForbidden (no such picture), InputTooLarge.
    """
    try:
        with path.open("rb") as file:
            found = _still(file)
    except (OSError, struct.error, IndexError, JobError):
        raise JobError("InputNotReadable", f"{shown} is cut off or damaged.") from None
    stream = found.picture if found else None
    if found is None or stream is None or not stream.width or not stream.height:
        raise JobError("InputForbidden", f"{shown} is no PNG, JPEG, WebP or GIF.")
    if stream.width * stream.height > most:
        raise JobError("InputTooLarge", f"{shown} has {stream.width:,}×{stream.height:,} pixels; at most {most:,} in all are allowed.")
    return found


def _moving(path: Path, tools: Tools, cwd: Path) -> Probe:
    """A WebM or MOV, as ffprobe reads it."""
    try:
        found = probe(path, tools=tools, cwd=cwd)
    except JobError as error:
        if error.code in ("InputForbidden", "InputTooLarge"):
            raise JobError("WatermarkNotReadable" if error.code == "InputForbidden" else "WatermarkTooLarge", error.message) from None
        raise JobError("WatermarkNotReadable") from None
    if not set(MOVING) & set(found.format_name.split(",")):
        raise JobError("WatermarkNotReadable")
    return found


def _still(file: BinaryIO) -> Probe | None:
    """A PNG, APNG, JPEG, WebP or GIF; None for anything else."""
    head = file.read(32)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(file, head)
    if head.startswith(b"\xff\xd8\xff"):
        return _jpeg(file)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _webp(file, head)
    if head[:6] in (b"GIF87a", b"GIF89a"):
        width, height = struct.unpack_from("<HH", head, 6)
        return _probe("gif", "gif", width, height)
    return None


def _probe(format_name: str, codec: str, width: int, height: int, rotation: int = 0, frames: int | None = None) -> Probe:
    """``frames``: of a moving picture that plays a few times only; ffmpeg cannot wind these back, the engine loops their pictures."""
    return Probe(format_name=format_name, video=(VideoStream(index=0, codec=codec, width=width, height=height, rotation=rotation, frames=frames),))


def _png(file: BinaryIO, head: bytes) -> Probe:
    """An animated PNG says so in a chunk «acTL» before its first picture."""
    width, height = struct.unpack_from(">II", head, 16)
    file.seek(8)
    for _ in range(CHUNKS_MAX):
        length, kind = struct.unpack(">I4s", file.read(8))
        if kind == b"acTL":
            count, plays = struct.unpack(">II", file.read(8))
            return _probe("apng", "apng", width, height, frames=count if plays else None)
        if kind in (b"IDAT", b"IEND"):
            break
        file.seek(length + 4, 1)
    return _probe("png_pipe", "png", width, height)


def _jpeg(file: BinaryIO) -> Probe:
    file.seek(2)
    rotation = 0
    for _ in range(CHUNKS_MAX):
        marker = file.read(2)
        if marker[0] != 0xFF:
            break
        if marker[1] == 0xFF:  # filling
            file.seek(-1, 1)
            continue
        (length,) = struct.unpack(">H", file.read(2))
        if 0xC0 <= marker[1] <= 0xCF and marker[1] not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">xHH", file.read(5))
            return _probe("jpeg_pipe", "mjpeg", width, height, rotation)
        body = file.read(max(0, length - 2)) if marker[1] == 0xE1 else b""
        if body.startswith(b"Exif\0\0"):
            rotation = _TURNS.get(_orientation(body[6:]), 0)
        elif not body:
            file.seek(max(0, length - 2), 1)
    raise JobError("WatermarkNotReadable", "The watermark's picture is cut off or damaged.")


def _orientation(tiff: bytes) -> int:
    """The EXIF orientation, 1 where there is none."""
    order = "<" if tiff[:2] == b"II" else ">"
    try:
        (at,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, at)
        for number in range(min(count, 512)):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, at + 2 + 12 * number)
            if tag == 0x0112 and kind == 3:
                return int(value)
    except struct.error:
        pass
    return 1


def _webp(file: BinaryIO, head: bytes) -> Probe:
    kind = head[12:16]
    if kind == b"VP8X":
        flags = head[20]
        width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
        if flags & 2:
            return _probe("webp_anim", "webp_anim", width, height, frames=_counted(file))
        return _probe("webp_pipe", "webp", width, height)
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", head, 21)
        return _probe("webp_pipe", "webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    width, height = struct.unpack_from("<HH", head, 26)
    return _probe("webp_pipe", "webp", width & 0x3FFF, height & 0x3FFF)


def _counted(file: BinaryIO) -> int | None:
    """Pictures of an animated WebP that plays a few times only; None: it loops for ever."""
    file.seek(12)
    count = 0
    while len(head := file.read(8)) == 8:
        kind, length = struct.unpack("<4sI", head)
        if kind == b"ANIM":
            if file.read(6)[4:] == b"\0\0":
                return None
            length -= 6
        count += kind == b"ANMF"
        file.seek(length + length % 2, 1)
    return max(1, count)
