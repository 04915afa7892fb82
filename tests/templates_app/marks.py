"""Watermarks for tests, and the pictures that they are seen in."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

LOGO = {"corner": "bottom_right", "width": 0.2, "dx": 0.05, "dy": 10}
TEXT = {"corner": "top_left", "text": {"content": "Hello", "size": 24, "color": "red"}}


def png_of(size: tuple[int, int] = (40, 20), colour: tuple[int, ...] = (220, 30, 30, 255)) -> bytes:
    """A picture of one colour."""
    data = io.BytesIO()
    Image.new("RGBA", size, colour).save(data, "PNG")
    return data.getvalue()


def pixels(data: bytes) -> np.ndarray:
    """Of an encoded picture: (height, width, 3)."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
