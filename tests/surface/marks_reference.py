"""What marks should look like, made with Pillow and NumPy: pictures to compare with, and how near is near enough."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

Picture = np.ndarray


def logo(path: Path, size: tuple[int, int] = (40, 20), colour: tuple[int, int, int, int] = (220, 30, 30, 255)) -> Path:
    """A plain rectangle."""
    Image.new("RGBA", size, colour).save(path)
    return path


def ring(path: Path, side: int = 48) -> Path:
    """A white disc on nothing; below the transparent pixels lies black, which must never be seen."""
    y, x = np.mgrid[:side, :side]
    inside = (x - side / 2 + 0.5) ** 2 + (y - side / 2 + 0.5) ** 2 < (side / 2 - 2) ** 2
    pixels = np.zeros((side, side, 4), np.uint8)
    pixels[inside] = 255
    Image.fromarray(pixels, "RGBA").save(path)
    return path


def laid(ground: Picture, mark: Path, box: tuple[int, int, int, int], opacity: float = 1.0) -> Picture:
    """The mark, scaled to (x, y, width, height), over one picture."""
    x, y, width, height = box
    image = Image.open(mark).convert("RGBA").resize((width, height), Image.Resampling.BICUBIC)
    image.putalpha(image.getchannel("A").point(lambda value: round(value * opacity)))
    whole = Image.fromarray(ground).convert("RGBA")
    layer = Image.new("RGBA", whole.size)
    layer.paste(image, (x, y))
    return np.asarray(Image.alpha_composite(whole, layer).convert("RGB"))


def far(one: Picture, other: Picture) -> float:
    """Mean absolute difference of two pictures or areas, 0–255."""
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def psnr(one: Picture, other: Picture) -> float:
    """dB; 99 where they are equal."""
    error = float(((one.astype(float) - other.astype(float)) ** 2).mean())
    return 99.0 if error == 0 else float(10 * np.log10(255**2 / error))


def box_of(picture: Picture, ground: Picture, threshold: int = 14) -> tuple[int, int, int, int] | None:
    """x, y, width, height of what differs from the ground in brightness (colour is subsampled, and so are its borders); None: nothing."""
    weights = np.array([0.299, 0.587, 0.114])
    mask = np.abs((picture.astype(float) - ground.astype(float)) @ weights) > threshold
    if not mask.any():
        return None
    rows, columns = np.where(mask.any(axis=1))[0], np.where(mask.any(axis=0))[0]
    return int(columns[0]), int(rows[0]), int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1)


def shown(frames: Picture, grounds: Picture, box: tuple[int, int, int, int]) -> list[int]:
    """Numbers of the frames in which an area differs from the ground."""
    x, y, width, height = box
    return [n for n in range(len(frames)) if far(frames[n, y : y + height, x : x + width], grounds[n, y : y + height, x : x + width]) > 20]
