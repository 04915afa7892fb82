"""The WebVTT index of a sprite: which part of which sheet belongs to which stretch of the video. Pure."""

from __future__ import annotations

import posixpath
import string
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.engine.grid import Grid

PLAIN = frozenset((string.ascii_letters + string.digits + "-._~/").encode())
"""Bytes that stand for themselves in the path of a URL."""
LEAST = 1  # ms that a cue lasts: an empty one would be no cue


def index(times: Sequence[float], end: float, grid: Grid, sheets: Sequence[str], own: str) -> str:
    """The text of the index. ``times``: s of each picture, rising; each cue lasts until the next one, the last until ``end``. ``sheets``: keys of the sheets, ``own``:
    the index's; the sheets are named as seen from there."""
    starts = [round(time * 1000) for time in times]
    ends = [*starts[1:], round(end * 1000)]
    names = [link(sheet, own) for sheet in sheets]
    cues = []
    for number, (start, stop) in enumerate(zip(starts, ends, strict=True)):
        cell = grid.cell(number)
        box = f"{cell.x},{cell.y},{cell.width},{cell.height}"
        cues.append(f"{stamp(start)} --> {stamp(max(stop, start + LEAST))}\n{names[cell.sheet]}#xywh={box}\n")
    return "WEBVTT\n\n" + "\n".join(cues)


def link(key: str, own: str) -> str:
    """A relative URL from one object to another of the same bucket."""
    path = posixpath.relpath(key, posixpath.dirname(own) or ".")
    return "".join(chr(byte) if byte in PLAIN else f"%{byte:02X}" for byte in path.encode())


def stamp(milliseconds: int) -> str:
    """hh:mm:ss.mmm"""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"
