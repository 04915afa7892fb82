"""Reading logs of attempts: windows of lines, searches over all of it, what was appended. Nothing is kept in memory but the answer.

Lines count from 1. ffmpeg separates its progress by carriage returns; those count as line ends too, as in the file that people download.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from console.lib.logs import Source


WINDOW = 1000
HITS = 200
LINE_MAX = 2000  # characters of one line that are shown
TAIL_BYTES = 256 * 1024
_MARK = re.compile(r"\[(panic|fatal|error|warning|info|verbose|debug|trace)\]")
_MARKS = {"panic": "E", "fatal": "E", "error": "E", "warning": "W"}
_ERROR = re.compile(r"\b(error|fatal|panic|invalid|failed|failure|cannot|could not|unable|not supported|denied)\b", re.IGNORECASE)
_WARNING = re.compile(r"\b(warn(ing)?|deprecated|discard|missing|skipp(ed|ing)|past duration)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """One line: its number, its text, and how bad it is: «E», «W» or empty."""

    number: int
    text: str
    level: str


@dataclass(frozen=True)
class Window:
    """Some lines in a row. ``total``: lines of the log; ``size``: its bytes when it was read."""

    lines: list[Line]
    total: int
    size: int

    @property
    def first(self) -> int:
        """Number of the first line here."""
        return self.lines[0].number if self.lines else 0

    @property
    def last(self) -> int:
        """Number of the last line here."""
        return self.lines[-1].number if self.lines else 0


@dataclass(frozen=True)
class Hits:
    """Answers of a search: the true number, and the first of them."""

    total: int
    lines: list[Line]


def level_of(text: str) -> str:
    """«E» for errors, «W» for warnings: by ffmpeg's own mark if the line has one, else by the words that programs use."""
    if mark := _MARK.search(text):
        return _MARKS.get(mark[1], "")
    if _ERROR.search(text):
        return "E"
    return "W" if _WARNING.search(text) else ""


def window(log: Source, *, before: int | None = None, around: int | None = None, levels: str = "", size: int = WINDOW) -> Window:
    """The last ``size`` lines; or those before a line; or those around a line. ``levels``: only lines of these («E», «EW»).

    A log that is not there yet is empty.
    """
    last = None if around is None else max(size, around + size // 2)
    kept: deque[Line] = deque(maxlen=size)
    total, bytes_read, full = 0, 0, False
    for number, text, at in _numbered(log):
        total, bytes_read = number, at
        if (before is not None and number >= before) or (last is not None and number > last):
            full = True
        if full:
            continue
        level = level_of(text)
        if not levels or (level and level in levels):
            kept.append(Line(number, text[:LINE_MAX], level))
    return Window(list(kept), total, bytes_read)


def search(log: Source, text: str) -> Hits:
    """All lines that have ``text`` in them, whatever its case."""
    wanted, total = text.lower(), 0
    found: list[Line] = []
    for number, line, _at in _numbered(log):
        if wanted in line.lower():
            total += 1
            if len(found) < HITS:
                found.append(Line(number, line[:LINE_MAX], level_of(line)))
    return Hits(total, found)


def appended(log: Source, offset: int, number: int) -> Window:
    """Whole lines that were written after ``offset`` bytes, numbered from ``number`` + 1. An unfinished last line waits for its end."""
    try:
        with log.open("rb") as file:
            file.seek(offset)
            data = file.read(TAIL_BYTES)
    except OSError:
        return Window([], number, offset)
    whole = data[: max(data.rfind(b"\n"), data.rfind(b"\r")) + 1]
    texts = _split(whole)
    lines = [Line(number + i + 1, text[:LINE_MAX], level_of(text)) for i, text in enumerate(texts)]
    return Window(lines, number + len(lines), offset + len(whole))


def around_text(log: Source, text: str, lines: int = 3) -> list[Line]:
    """The last place where ``text`` stands in the log, with so many lines on either side; empty if it is nowhere."""
    wanted = text.strip()
    if not wanted:
        return []
    before: deque[Line] = deque(maxlen=lines)
    found: list[Line] = []
    missing = 0
    for number, line, _at in _numbered(log):
        row = Line(number, line[:LINE_MAX], level_of(line))
        if wanted in line:
            found, missing = [*before, row], lines
        elif missing:
            found.append(row)
            missing -= 1
        before.append(row)
    return found


def _numbered(log: Source) -> Iterator[tuple[int, str, int]]:
    """(number, text, bytes up to and with it) of every line."""
    try:
        file = log.open("rb")
    except OSError:
        return
    with file:
        number, at = 0, 0
        for raw in _lines(file):
            number, at = number + 1, at + len(raw)
            yield number, raw.decode("utf-8", "replace").rstrip("\r\n"), at


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines with their ends; a carriage return alone is an end too."""
    for chunk in file:
        yield from chunk.splitlines(keepends=True) if b"\r" in chunk else (chunk,)


def _split(data: bytes) -> list[str]:
    return [raw.decode("utf-8", "replace") for raw in data.splitlines()]
