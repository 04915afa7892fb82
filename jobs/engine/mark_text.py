"""Texts of watermarks: what is to be drawn, and where the drawing meets the picture. Pure; the worker draws (jobs/lettering), ffmpeg never sees the text.

Why not ffmpeg's drawtext: it takes one font for the whole text, and some builds lack it. A drawing of ours has a font for every character,
right-to-left lines in their order, and exact sizes; and no text, however written, becomes part of a filter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.engine.drawing import Drawing

if TYPE_CHECKING:
    from jobs.engine.vocabulary.marks import MarkText
    from jobs.engine.vocabulary.units import Corner

SIZE = 16  # px, where nothing is said
SIZE_MIN, SIZE_MAX = 4, 512


def letter_pixels(size: int | float | None, frame_height: int, scale: float) -> int:
    """px of the letters: a share is one of the output's height; pixels are scaled for the smaller rungs of a ladder."""
    pixels = size * frame_height if isinstance(size, float) else (size or SIZE) * scale
    return min(SIZE_MAX, max(SIZE_MIN, round(pixels)))


def drawing(text: MarkText, file: str, *, corner: Corner, dx: int, dy: int, frame: tuple[int, int], scale: float) -> Drawing:
    """What the worker has to draw into ``file``. ``dx``, ``dy``: px from the corner; ``frame``: width and height of the output."""
    width, height = frame
    right, bottom = corner.endswith("right"), corner.startswith("bottom")
    return Drawing(
        file=file,
        content=text.content or "",
        font=text.font,
        pixels=letter_pixels(text.size, height, scale),
        color=text.color or "white",
        opacity=text.opacity if text.opacity is not None else 1.0,
        outline=round((text.outline_width or 0) * scale),
        outline_color=text.outline_color or "black",
        right=right,
        bottom=bottom,
        edge_x=width - dx if right else dx,
        edge_y=height - dy if bottom else dy,
        max_width=width,
        max_height=height,
    )


def place(drawn: Drawing) -> tuple[str | int, str | int]:
    """x and y of the overlay. The drawing's own size is made so that both are even: overlay would round odd ones down where colour is subsampled."""
    x: str | int = f"{drawn.edge_x}-overlay_w" if drawn.right else drawn.edge_x - drawn.edge_x % 2
    y: str | int = f"{drawn.edge_y}-overlay_h" if drawn.bottom else drawn.edge_y - drawn.edge_y % 2
    return x, y
