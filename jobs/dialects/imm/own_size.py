"""Pictures of watermarks without Width and Height are shown in their own size: it is looked up in the object's head, when the task is taken."""

from __future__ import annotations

from typing import Any

from PIL import Image, UnidentifiedImageError

from jobs.engine.address import Address
from jobs.engine.errors import ReelmillError
from media_assets.storage import storage

SIDE_MAX = 4096


def with_own_sizes(document: dict[str, Any]) -> None:
    """Say the width of each such picture in a job document. What cannot be read as a picture stays as it is: its mistake is told when the job is taken or done."""
    for output in document.get("outputs", ()):
        for mark in output["overrides"].get("watermarks", ()):
            if "image" in mark and "width" not in mark and "height" not in mark and (width := _width(mark["image"])):
                mark["width"] = width


def _width(address: str) -> int | None:
    try:
        found = Address.parse(address)
        with storage(found.bucket).open(found.key) as file, Image.open(file) as image:
            return image.width if image.width <= SIDE_MAX else None
    except (ReelmillError, ValueError, OSError, UnidentifiedImageError, Image.DecompressionBombError):
        return None
