"""Sheets of small pictures, put together of files that we made ourselves. No picture from outside is ever opened here."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PIL import Image

from jobs.pictures import Seen

if TYPE_CHECKING:
    from pathlib import Path

    from jobs.engine.grid import Grid

OPTIONS: dict[str, dict[str, Any]] = {"JPEG": {"subsampling": "4:2:0", "optimize": False}, "PNG": {"compress_level": 3}, "WEBP": {"method": 2}}
"""By Pillow's name of the format: what is said beside the quality."""


def save(image: Image.Image, path: Path, format_: str, quality: int) -> None:
    """Write a picture; PNG has no quality."""
    more = {} if format_ == "PNG" else {"quality": quality}
    image.save(path, format=format_, **OPTIONS[format_], **more)


def compose(
    tiles: Sequence[Path], grid: Grid, color: tuple[int, int, int], room: Path, *, format_: str, extension: str, quality: int, check: Callable[[], None]
) -> list[Path]:
    """Lay the pictures onto as many sheets as they need, «sheet1.jpg» …; what is of another size is brought to that of the cells. ``check``: called often,
    may raise."""
    made = []
    for number in range(grid.sheets(len(tiles))):
        sheet = Image.new("RGB", (grid.width, grid.height), color)
        first = number * grid.per_sheet
        for position, tile in enumerate(tiles[first : first + grid.per_sheet], first):
            check()
            cell = grid.cell(position)
            with Image.open(tile) as picture:
                picture.load()
                fits = picture.size == (cell.width, cell.height)
                sheet.paste(picture if fits else picture.resize((cell.width, cell.height), Image.Resampling.BICUBIC, reducing_gap=3.0), (cell.x, cell.y))
        path = room / f"sheet{number + 1}.{extension}"
        save(sheet, path, format_, quality)
        sheet.close()
        made.append(path)
    return made


def rewritten(path: Path, extension: str, format_: str, quality: int) -> Path:
    """The same picture in another format, beside it."""
    target = path.with_suffix(f".{extension}")
    if target != path:
        with Image.open(path) as picture:
            save(picture, target, format_, quality)
    return target


def look(path: Path) -> Seen | None:
    """Decode all of a sheet, which may be larger than pictures usually are; None where that fails."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                image.load()
                return Seen(image.format or "", *image.size)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
