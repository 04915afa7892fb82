"""Still pictures that we made ourselves: looked at whole, and brought into AVIF. No picture from outside is ever opened here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Seen:
    """A picture as it was decoded. ``format``: Pillow's word."""

    format: str
    width: int
    height: int


def look(path: Path) -> Seen | None:
    """Decode all of it; None where that fails."""
    try:
        with Image.open(path) as image:
            image.load()
            return Seen(image.format or "", *image.size)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def to_avif(path: Path, quality: int) -> Path:
    """The same picture as AVIF, beside the PNG, which goes."""
    target = path.with_suffix(".avif")
    with Image.open(path) as image:
        image.save(target, format="AVIF", quality=quality)
    path.unlink()
    return target
