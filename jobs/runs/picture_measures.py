"""Measure small pictures that we took ourselves: sharpness, exposure, contrast, colours, and how they lie between their neighbours."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageFilter, ImageStat

from jobs.engine.kinds.cover import Measures

if TYPE_CHECKING:
    from pathlib import Path

LAPLACE = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)
GRID = (16, 9)
DARK, BRIGHT = 28, 235  # of 255
BIN = 12  # of brightness, for what counts as one tone


def measure(path: Path, before: Path | None = None, after: Path | None = None) -> Measures:
    """Measure one picture; ``before`` and ``after``: its neighbours, where there are some. Raises OSError for what is no picture."""
    with Image.open(path) as file:
        image = file.convert("RGB")
    grey = image.convert("L")
    histogram, pixels = grey.histogram(), grey.width * grey.height
    facts = ImageStat.Stat(grey)
    between, motion = _between(grey, before, after)
    return Measures(
        edges=ImageStat.Stat(grey.filter(LAPLACE)).var[0],
        brightness=facts.mean[0],
        contrast=facts.stddev[0],
        dark=sum(histogram[:DARK]) / pixels,
        bright=sum(histogram[BRIGHT:]) / pixels,
        flat=max(sum(histogram[low : low + BIN]) for low in range(257 - BIN)) / pixels,
        colours=_colours(image),
        between=between,
        motion=motion,
        look=tuple(value / 255 for value in image.resize(GRID, Image.Resampling.BOX).tobytes()),
    )


def _colours(image: Image.Image) -> float:
    """Colourfulness after Hasler and Süsstrunk (2003), on a small copy; its differences lose half a step, which does not matter."""
    red, green, blue = image.resize((80, 45), Image.Resampling.BOX).split()
    across = ImageStat.Stat(ImageChops.subtract(red, green, scale=2, offset=128))
    down = ImageStat.Stat(ImageChops.subtract(Image.blend(red, green, 0.5), blue, scale=2, offset=128))
    spread = math.hypot(2 * across.stddev[0], 2 * down.stddev[0])
    return spread + 0.3 * math.hypot(2 * (across.mean[0] - 128), 2 * (down.mean[0] - 128))


def _between(grey: Image.Image, before: Path | None, after: Path | None) -> tuple[float, float]:
    """How far the picture is from the mean of its neighbours, as a share of their difference (1: nothing is known), and that difference."""
    if before is None or after is None:
        return 1.0, 0.0
    with Image.open(before) as one, Image.open(after) as two:
        first, second = one.convert("L"), two.convert("L")
    motion = _distance(first, second)
    if not motion:
        return 1.0, 0.0
    return min(1.0, _distance(grey, Image.blend(first, second, 0.5)) / motion), motion


def _distance(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of brightness, 0–1."""
    return ImageStat.Stat(ImageChops.difference(one, other)).mean[0] / 255
