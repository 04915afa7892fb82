"""ffprobe's own document inside the result of a media info job, for products that tell more than our normal form has. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def raw_streams(result: Mapping[str, Any]) -> dict[int, Mapping[str, Any]]:
    """ffprobe's streams by index; empty where the document is not there."""
    streams = (result.get("raw") or {}).get("streams") or ()
    return {stream["index"]: stream for stream in streams if isinstance(stream, dict) and isinstance(stream.get("index"), int)}


def raw_format(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """ffprobe's format; empty where the document is not there."""
    about = (result.get("raw") or {}).get("format")
    return about if isinstance(about, dict) else {}


def tag(row: Mapping[str, Any], name: str) -> str | None:
    """A tag of a stream or of the format, whatever case its name is written in."""
    tags = row.get("tags")
    if not isinstance(tags, dict):
        return None
    return next((str(value) for key, value in tags.items() if str(key).lower() == name), None)
