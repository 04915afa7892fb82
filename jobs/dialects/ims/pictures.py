"""Snapshot templates and SubmitSnapshotJob as snapshot and sprite jobs of ours. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs.dialects.ims.files import target
from jobs.dialects.reading import Fields
from jobs.dialects.uri_variables import numbered

Params = dict[str, Any]
KINDS = {"Normal": "snapshot", "Sprite": "sprite", "WebVtt": "webvtt"}
GRID = {
    "Lines": "rows",
    "Columns": "columns",
    "CellWidth": "cell_width",
    "CellHeight": "cell_height",
    "Margin": "margin",
    "Padding": "padding",
    "Color": "color",
}
FRAMES = {"normal": "normal", "intra": "key"}
COLOURS = {"black": "black", "white": "white", "random": "random"}
INTERVAL_USUAL = 10.0


def snapshot(config: Fields, address: str, output: Fields, endpoint: str) -> Params:
    """The job document for a template's configuration with what a job lays over it. Raises Bad."""
    kind = config.one_of("Type", KINDS, "snapshot")
    document: Params = {"input": {"address": address}, "format": "jpg"}
    start, interval, count = config.whole("Time", 0, 86_399_999), config.number("Interval", 0, 86_400), config.whole("Count", 1, 10_000)
    if config.has("BlackLevel") or config.has("PixelBlackThreshold"):
        if kind != "snapshot":
            raise config.bad("BlackLevel", "Sprites do not skip black pictures here.")
        level, threshold = config.whole("BlackLevel", 30, 100), config.whole("PixelBlackThreshold", 0, 255)
        document["skip_black"] = {name: value for name, value in (("level", level), ("threshold", threshold)) if value is not None}
    if count == 1 or (interval is None and count is None and kind == "snapshot"):
        document |= {"mode": "single", "time": (start or 0) / 1000}
    elif interval == 0:
        if count is None:
            config.need("Count")
        document |= {"mode": "average", "count": count}
    else:
        document |= {"mode": "series", "time": (start or 0) / 1000, "interval": interval or INTERVAL_USUAL, "count": count}
    pattern = target(output, endpoint)
    if kind == "snapshot":
        document |= {"kind": "snapshot", "frame": config.one_of("FrameType", FRAMES, "normal"), **_size(config, "Width", "Height", "width", "height")}
        document["output"] = {"address": numbered(pattern).replace("{autoext}", "jpg") if document["mode"] != "single" else _named(pattern)}
        return _known(document)
    if document["mode"] == "single":
        document |= {"mode": "series", "interval": interval or INTERVAL_USUAL, "count": 1}
    document |= {"kind": "sprite", **_grid(config)}
    document["output"] = {"address": _sheets(pattern)}
    return _known(document)


def template(config: Fields, kind: str) -> Params:
    """A template's parameters in our words. ``kind``: snapshot, sprite or webvtt. Raises Bad."""
    words = {ours: word for word, ours in KINDS.items()}
    merged = Fields({**config.values, "Type": words[kind]}, config.place)
    found = snapshot(merged, "oss://bucket/key", Fields({"Media": "oss://bucket/{TileCount}-{Count}.jpg"}), "")
    return {name: value for name, value in found.items() if name not in ("kind", "input", "output", "format")}


def told(kind: str, params: Mapping[str, Any]) -> Params:
    """A template in IMS's words. Raises ValueError for one that is told by what IMS has no word for."""
    mode = params.get("mode", "single" if kind == "snapshot" else "series")
    if mode not in ("single", "series", "average"):
        raise ValueError(f"The template takes pictures by «{mode}», for which IMS has no word.")
    black = params.get("skip_black") or {}
    frames = {ours: word for word, ours in FRAMES.items()}
    found: Params = {
        "Type": {ours: word for word, ours in KINDS.items()}[kind],
        "FrameType": frames.get(params.get("frame", "normal"), "normal") if kind == "snapshot" else None,
        "Time": round(params["time"] * 1000) if params.get("time") is not None else None,
        "Interval": 0 if mode == "average" else params.get("interval"),
        "Count": 1 if mode == "single" else params.get("count"),
        "Width": params.get("width"),
        "Height": params.get("height"),
        "BlackLevel": black.get("level"),
        "PixelBlackThreshold": black.get("threshold"),
    }
    grid = {word: params.get(ours) for word, ours in GRID.items()}
    return _known(found | ({"SpriteSnapshotConfig": _known(grid)} if _known(grid) else {}))


def kept(params: Mapping[str, Any]) -> Params:
    """What a template says that IMS has no word for, and jobs keep."""
    return {name: params[name] for name in ("quality", "scale_type", "format") if params.get(name) is not None}


def laid_over(config: Mapping[str, Any], given: Mapping[str, Any]) -> Params:
    """What a job says, over what its template says; the grid of a sprite field by field."""
    grid = "SpriteSnapshotConfig"
    merged = {**config, **{name: value for name, value in given.items() if value not in (None, "", {}, [])}}
    if isinstance(config.get(grid), Mapping) and isinstance(given.get(grid), Mapping):
        merged[grid] = {**config[grid], **given[grid]}
    return merged


def _grid(config: Fields) -> Params:
    sprite = config.child("SpriteSnapshotConfig")
    found: Params = {
        "rows": sprite.whole("Lines", 1, 10_000),
        "columns": sprite.whole("Columns", 1, 10_000),
        "margin": sprite.whole("Margin", 0, 1000),
        "padding": sprite.whole("Padding", 0, 1000),
    }
    if colour := sprite.text("Color", most=24).lower():
        found["color"] = COLOURS.get(colour, colour)
    found |= _size(sprite, "CellWidth", "CellHeight", "cell_width", "cell_height")
    if "cell_width" not in found and "cell_height" not in found:
        found |= _size(config, "Width", "Height", "cell_width", "cell_height")
    return found


def _size(fields: Fields, width: str, height: str, ours_width: str, ours_height: str) -> Params:
    return _known({ours_width: fields.whole(width, 8, 4096), ours_height: fields.whole(height, 8, 4096)})


def _named(pattern: str) -> str:
    """One picture has no number of its own, but a pattern may ask for it."""
    return pattern if "." in pattern.rpartition("/")[2].replace("{tags.", "") else f"{pattern}.jpg"


def _sheets(pattern: str) -> str:
    if "{TileCount}" in pattern:
        return pattern
    return numbered(pattern).replace("{autoext}", "jpg").replace("{index}", "{TileCount}").replace("{Count}", "{TileCount}")


def _known(found: Params) -> Params:
    return {name: value for name, value in found.items() if value is not None}
