"""The fonts of this machine: their names, and which characters they have. Read from the font files themselves, so that nothing has to be installed for it."""

from __future__ import annotations

import os
import re
import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from PIL import ImageFont

FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "/System/Library/Fonts")
FIRST = ("DejaVu Sans", "Noto Sans", "Liberation Sans", "Arial", "Helvetica", "Noto Sans CJK SC", "PingFang SC", "Noto Sans SC", "WenQuanYi Zen Hei")
"""Plain families, tried first where no font is named."""
SAME = {"sourcehansans": "notosanscjksc", "sourcehanserif": "notoserifcjksc", "思源黑体": "notosanscjksc", "思源宋体": "notoserifcjksc"}
"""One design under two names: Adobe's and Google's."""
_PLAIN = frozenset({"regular", "book", "normal", "roman", ""})


@dataclass(frozen=True)
class Font:
    """One face in a file."""

    path: str
    index: int
    family: str
    style: str
    ranges: tuple[tuple[int, int], ...] = field(repr=False, compare=False)
    """Code points that it has a glyph for: (first, last), ascending."""

    @property
    def name(self) -> str:
        """«DejaVu Sans», «DejaVu Sans Bold»."""
        return self.family if self.style.lower() in _PLAIN else f"{self.family} {self.style}"

    def has(self, character: str) -> bool:
        """Whether it has a glyph for this character."""
        code = ord(character)
        at = bisect_right(self.ranges, (code, 0x7FFFFFFF)) - 1
        return at >= 0 and self.ranges[at][0] <= code <= self.ranges[at][1]


@cache
def fonts() -> tuple[Font, ...]:
    """All that can be read, best first: plain families in the order of FIRST, then by name. Read once per process, about 0.2 s for 50 faces."""
    found = {(font.family, font.style): font for folder in FOLDERS for path in _files(Path(folder)) for font in _faces(path)}
    ranks = {name: rank for rank, name in enumerate(FIRST)}
    return tuple(sorted(found.values(), key=lambda f: (ranks.get(f.name, len(ranks)), f.family, f.style.lower() not in _PLAIN, f.style)))


def find(name: str) -> Font | None:
    """The font of this name: «Family», «Family Style», or the file's name; spaces, hyphens and case do not matter."""
    wanted = _key(name)
    for other, ours in SAME.items():
        if wanted.startswith(other):
            wanted = ours + wanted.removeprefix(other)
    for font in fonts():
        names = {_key(font.name), _key(font.family + font.style), _key(Path(font.path).stem)}
        if wanted in names:
            return font
    return None


def _key(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).lower()


def _files(folder: Path) -> Iterator[Path]:
    for where, _, names in os.walk(folder):
        yield from (Path(where) / name for name in sorted(names) if name.lower().endswith((".ttf", ".otf", ".ttc", ".otc")))


def _faces(path: Path) -> Iterator[Font]:
    """The faces of a file; none if it cannot be read or has no outlines (pictures of one size, as most emoji fonts)."""
    try:
        data = path.read_bytes()
        for index, start in enumerate(_starts(data)):
            tables = _tables(data, start)
            if not {b"cmap"} <= tables.keys() or not tables.keys() & {b"glyf", b"CFF ", b"CFF2"}:
                continue
            family, style = ImageFont.truetype(str(path), 16, index=index).getname()
            if family:
                yield Font(str(path), index, family, style or "", _ranges(data, tables[b"cmap"]))
    except (OSError, struct.error, ValueError):
        return


def _starts(data: bytes) -> tuple[int, ...]:
    """Where the faces begin: one, or those of a collection."""
    if data[:4] != b"ttcf":
        return (0,)
    (count,) = struct.unpack_from(">I", data, 8)
    return struct.unpack_from(f">{min(count, 64)}I", data, 12)


def _tables(data: bytes, start: int) -> dict[bytes, int]:
    (count,) = struct.unpack_from(">H", data, start + 4)
    rows = (struct.unpack_from(">4sIII", data, start + 12 + 16 * number) for number in range(count))
    return {tag: at for tag, _, at, _ in rows}


def _ranges(data: bytes, cmap: int) -> tuple[tuple[int, int], ...]:
    """Code points of the best Unicode subtable: format 12 (all of Unicode), else 4 (its first 65,536)."""
    (count,) = struct.unpack_from(">H", data, cmap + 2)
    places: dict[int, int] = {}
    for number in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", data, cmap + 4 + 8 * number)
        if platform == 0 or (platform == 3 and encoding in (1, 10)):
            (kind,) = struct.unpack_from(">H", data, cmap + offset)
            places.setdefault(kind, cmap + offset)
    if 12 in places:
        (groups,) = struct.unpack_from(">I", data, places[12] + 12)
        rows = (struct.unpack_from(">III", data, places[12] + 16 + 12 * number) for number in range(min(groups, 200_000)))
        return _joined([(first, last) for first, last, glyph in rows if glyph or last > first])
    return _joined(_segments(data, places[4])) if 4 in places else ()


def _segments(data: bytes, at: int) -> list[tuple[int, int]]:
    """Format 4: ranges of which single characters may be missing."""
    (twice,) = struct.unpack_from(">H", data, at + 6)
    count = twice // 2
    ends = struct.unpack_from(f">{count}H", data, at + 14)
    starts = struct.unpack_from(f">{count}H", data, at + 16 + twice)
    deltas = struct.unpack_from(f">{count}H", data, at + 16 + 2 * twice)
    offsets_at = at + 16 + 3 * twice
    offsets = struct.unpack_from(f">{count}H", data, offsets_at)
    found: list[tuple[int, int]] = []
    for number, (first, last, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
        if first == 0xFFFF:
            continue
        if not offset:
            found.append((first, last))
            continue
        glyphs = struct.unpack_from(f">{last - first + 1}H", data, offsets_at + 2 * number + offset)
        found += [(first + step, first + step) for step, glyph in enumerate(glyphs) if glyph and (glyph + delta) & 0xFFFF]
    return found


def _joined(ranges: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)
