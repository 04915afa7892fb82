"""Where the pictures of a sprite lie on its sheets. Pure arithmetic."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from jobs.engine.errors import JobError

SIDE_MAX = 16_384
"""px; what JPEG decoders and browsers still open. WebP ends one pixel earlier."""
PIXELS_MAX = 134_217_728
"""Of one sheet: 16,384 × 8,192. A larger one would need more memory than the encode of a 4K video."""
CELL_MIN = 8


@dataclass(frozen=True)
class Cell:
    """Place of one picture: the sheet's number from 0, and its box in px."""

    sheet: int
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Grid:
    """Columns × rows of equal cells; ``margin`` px around all of them, ``padding`` px between two."""

    columns: int
    rows: int
    cell_width: int
    cell_height: int
    margin: int = 0
    padding: int = 0

    @property
    def width(self) -> int:
        """px of a sheet."""
        return side(self.columns, self.cell_width, self.margin, self.padding)

    @property
    def height(self) -> int:
        """px of a sheet."""
        return side(self.rows, self.cell_height, self.margin, self.padding)

    @property
    def per_sheet(self) -> int:
        """Pictures on a full sheet."""
        return self.columns * self.rows

    def sheets(self, pictures: int) -> int:
        """How many sheets so many pictures need."""
        return -(-pictures // self.per_sheet)

    def cell(self, number: int) -> Cell:
        """The place of a picture, counted from 0: rows from left to right, from top to bottom."""
        sheet, place = divmod(number, self.per_sheet)
        row, column = divmod(place, self.columns)
        x = self.margin + column * (self.cell_width + self.padding)
        return Cell(sheet, x, self.margin + row * (self.cell_height + self.padding), self.cell_width, self.cell_height)


def side(cells: int, length: int, margin: int, padding: int) -> int:
    """px of so many cells with what lies around and between them."""
    return 2 * margin + cells * length + (cells - 1) * padding


def too_wide(columns: int, cell_width: int, margin: int, padding: int, most: int = SIDE_MAX) -> str:
    """A sentence where a sheet would be wider than a picture can be, else empty."""
    width = side(columns, cell_width, margin, padding)
    if width <= most:
        return ""
    return f"A sheet would be {width:,} px wide; at most {most:,} px are possible. Choose fewer columns or smaller cells."


def too_high(cell_height: int, margin: int, most: int = SIDE_MAX) -> str:
    """A sentence where not even one row fits, else empty."""
    height = side(1, cell_height, margin, 0)
    return f"One row would be {height:,} px high; at most {most:,} px are possible." if height > most else ""


def fitted(wanted: Grid, pictures: int, most: int = SIDE_MAX) -> Grid:
    """The grid with as many of its rows as a sheet can have; what is left over goes to further sheets. Raises JobError InputTooLarge where even one row is too much."""
    refusal = too_wide(wanted.columns, wanted.cell_width, wanted.margin, wanted.padding, most) or too_high(wanted.cell_height, wanted.margin, most)
    if refusal:
        raise JobError("InputTooLarge", refusal)
    if wanted.height <= most and wanted.width * wanted.height <= PIXELS_MAX:
        return wanted
    high = min(most, PIXELS_MAX // wanted.width)
    rows = max(1, (high - 2 * wanted.margin + wanted.padding) // (wanted.cell_height + wanted.padding))
    needed = -(-pictures // wanted.columns)
    return Grid(wanted.columns, max(1, min(rows, needed)), wanted.cell_width, wanted.cell_height, wanted.margin, wanted.padding)


def background(color: str, seed: str) -> tuple[int, int, int]:
    """Red, green and blue of what lies between the cells. «random» is the same for the same ``seed``."""
    if color == "random":
        red, green, blue = hashlib.sha256(seed.encode()).digest()[:3]
        return red, green, blue
    named = {"black": "#000000", "white": "#ffffff"}.get(color, color)
    return int(named[1:3], 16), int(named[3:5], 16), int(named[5:7], 16)
