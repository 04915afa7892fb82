"""SnapshotConfig ⇄ our snapshot spec. Pure.

Neither Interval nor Num: one picture, and the caller waits for it. Num = 1: one picture, later. Anything else is a series; Interval 0 spreads it evenly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs.dialects.answer_template import texts
from jobs.dialects.mps.reading import bucket_of, encoded, key, said
from jobs.dialects.reading import Bad, Fields

Params = dict[str, Any]
FRAMES = {"normal": "normal", "intra": "key"}
INTERVAL_USUAL = 10.0
TIMES_MAX = 1000


@dataclass(frozen=True)
class Asked:
    """A snapshot job. ``waits``: the answer tells the result."""

    spec: Params
    waits: bool


def snapshots(config: Fields, address: str) -> Asked:
    """Read a SnapshotConfig for this input. Raises Bad."""
    times = config.values.get("TimeArray")
    moments = [
        _ms(value, config)
        for value in (config.child("TimeArray").items("TimePointList", TIMES_MAX) if isinstance(times, Mapping) else config.items("TimeArray", TIMES_MAX))
    ]
    interval, number = config.number("Interval", 0, 86_400), config.whole("Num", 1, 10_000)
    common = {
        "input": address,
        **_mode(config, moments, interval, number),
        **said(width=config.whole("Width", 8, 4096), height=config.whole("Height", 8, 4096)),
    }
    if config.child("TileOut").values or config.child("TileOutputFile").values:
        return Asked(_sprite(config, common), waits=False)
    if config.text("Format").lower() == "vtt":
        raise Bad(config.at("Format"), "WebVTT belongs to sprites: say TileOut and TileOutputFile.", kind="unsupported")
    spec: Params = {"kind": "snapshot", "output": _object(config, "OutputFile"), "frame": config.one_of("FrameType", FRAMES, "normal"), **common}
    if config.has("BlackLevel") or config.has("PixelBlackThreshold"):
        level, threshold = config.whole("BlackLevel", 30, 100), config.whole("PixelBlackThreshold", 0, 255)
        spec["skip_black"] = said(level=level, threshold=threshold)
    return Asked(spec, waits=interval is None and number is None and not moments)


def _sprite(config: Fields, common: Params) -> Params:
    """Small pictures on sheets. The pictures themselves are kept where OutputFile is said, unless IsKeepCellPic is false."""
    if common["mode"] == "single":
        common = {"mode": "series", **{name: value for name, value in common.items() if name != "mode"}} | ({"count": 1} if config.has("Num") else {})
    if common["mode"] == "times":
        raise Bad(config.at("TimeArray"), "Sprites have even times.", kind="unsupported")
    tile = config.child("TileOut")
    if (tile.whole("CellSelStep", 1, 10_000) or 1) != 1:
        raise Bad(tile.at("CellSelStep"), "Every picture goes onto the sheets.", kind="unsupported")
    spec: Params = {"kind": "sprite", "output": _object(config, "TileOutputFile"), **common}
    spec |= said(
        columns=tile.whole("Columns", 1, 10_000),
        rows=tile.whole("Lines", 1, 10_000),
        cell_width=tile.whole("CellWidth", 8, 4096),
        cell_height=tile.whole("CellHeight", 8, 4096),
        margin=tile.whole("Margin", 0, 1000),
        padding=tile.whole("Padding", 0, 1000),
        color=tile.text("Color", most=24).lower(),
    )
    if config.child("OutputFile").values:
        beside = _object(config, "OutputFile")
        if beside.endswith(".vtt"):
            spec["index"] = beside
        elif tile.flag("IsKeepCellPic", default=True):
            spec["singles"] = beside
    return spec


def _object(config: Fields, name: str) -> str:
    """The address pattern of a file. Raises Bad."""
    config.need(name)
    output = config.child(name)
    output.need("Object")
    return f"oss://{bucket_of(output)}/{key(output.text('Object'), output.at('Object'))}"


def _ms(value: Any, config: Fields) -> int:
    return Fields({"TimePointList": value}, config.at("TimeArray")).whole("TimePointList", 0, 86_399_999) or 0


def _mode(config: Fields, moments: list[int], interval: float | None, number: int | None) -> Params:
    if moments:
        return {"mode": "times", "times": [moment / 1000 for moment in sorted(set(moments))]}
    config.need("Time")
    start = (config.whole("Time", 0, 86_399_999) or 0) / 1000
    if number == 1 or (interval is None and number is None):
        return {"mode": "single", "time": start}
    if interval == 0:
        if number is None:
            raise Bad(config.at("Num"), "Pictures spread evenly need a number.", missing=True)
        return {"mode": "average", "count": number}
    return {"mode": "series", "time": start, "interval": interval or INTERVAL_USUAL, **said(count=number)}


def told(spec: Mapping[str, Any], location: str) -> dict[str, Any]:
    """The SnapshotConfig of a job, with its patterns as they were sent."""
    sprite = spec["kind"] == "sprite"
    modes = {"series": spec.get("interval"), "average": 0}
    singles = (spec.get("singles") or spec.get("index")) if sprite else spec["output"]["address"]
    found: dict[str, Any] = said(OutputFile=_file(singles, location), TileOutputFile=_file(spec["output"]["address"], location) if sprite else None)
    found |= texts(
        Time=round((spec.get("time") or 0) * 1000),
        Interval=modes.get(spec["mode"]),
        Num=spec.get("count"),
        Width=spec.get("width"),
        Height=spec.get("height"),
        FrameType=None if sprite else "intra" if spec.get("frame") == "key" else "normal",
    )
    tile = {
        "Lines": spec.get("rows"),
        "Columns": spec.get("columns"),
        "CellWidth": spec.get("cell_width"),
        "CellHeight": spec.get("cell_height"),
        "Margin": spec.get("margin"),
        "Padding": spec.get("padding"),
        "Color": spec.get("color"),
        "IsKeepCellPic": bool(spec.get("singles")),
    }
    points = [round(time * 1000) for time in spec.get("times") or ()]
    return found | said(TimeArray=said(TimePointList=points), TileOut=texts(**tile) if sprite else None)


def _file(address: str | None, location: str) -> dict[str, str]:
    """A pattern's three fields; placeholders are percent-encoded too."""
    if not address:
        return {}
    bucket, _, pattern = address.removeprefix("oss://").partition("/")
    return {"Bucket": bucket, "Location": location, "Object": encoded(pattern)}
