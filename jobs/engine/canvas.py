"""Put the scaled picture on a larger canvas. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from jobs.engine.errors import JobError

if TYPE_CHECKING:
    from jobs.engine.plan import FilterSpec
    from jobs.engine.template import Canvas, Video

WIDE = Fraction(16, 9)


@dataclass(frozen=True)
class Placed:
    """The output's size, and where the picture lies in it."""

    width: int
    height: int
    left: int = 0
    top: int = 0
    filters: tuple[FilterSpec, ...] = ()


def place(width: int, height: int, video: Video) -> Placed:
    """Put a picture of this size where the template wants it. Raises JobError ImpossibleCombination where it does not fit."""
    if video.pad is None:
        return Placed(width, height)
    if video.pad == "auto":
        return _bordered(width, height)
    return _on(width, height, video.pad)


def _bordered(width: int, height: int) -> Placed:
    """Borders up to 16:9, or 9:16 for pictures that are higher than wide."""
    shape = WIDE if width >= height else 1 / WIDE
    if Fraction(width, height) < shape:
        return _at(width, height, max(width, _even(height * shape)), height, None, None, "black")
    return _at(width, height, width, max(height, _even(width / shape)), None, None, "black")


def _on(width: int, height: int, canvas: Canvas) -> Placed:
    if (canvas.left or 0) + width > canvas.width or (canvas.top or 0) + height > canvas.height:
        place = f"{canvas.left or 0}, {canvas.top or 0}"
        raise JobError(
            "ImpossibleCombination", f"The picture of {width}×{height} px does not fit on the canvas of {canvas.width}×{canvas.height} px at {place}."
        )
    return _at(width, height, canvas.width, canvas.height, canvas.left, canvas.top, canvas.color)


def _at(width: int, height: int, across: int, down: int, left: int | None, top: int | None, color: str) -> Placed:
    if (width, height) == (across, down):
        return Placed(width, height)
    # centred pictures begin on a whole chroma sample, as the pad filter would round them anyway
    left = (across - width) // 4 * 2 if left is None else left
    top = (down - height) // 4 * 2 if top is None else top
    fill = color if color.startswith("#") else color.lower()
    return Placed(across, down, left, top, (("pad", (("w", across), ("h", down), ("x", left), ("y", top), ("color", fill))),))


def _even(value: Fraction) -> int:
    """The nearest even number, a tie going up."""
    return 2 * int(value / 2 + Fraction(1, 2))
