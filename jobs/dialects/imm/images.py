"""``Targets[].Image``: pictures and animations of the source as jobs and outputs of ours. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from jobs.dialects.locations import parts_of
from jobs.dialects.shares import side_of
from jobs.dialects.uri_variables import numbered, pattern, with_extension

if TYPE_CHECKING:
    from jobs.dialects.reading import Fields
    from jobs.engine.probe import Probe

Look = Callable[[], "Probe"]
"""What is in the source; looked up only where a request needs it."""
STILLS = {"jpg": "jpg", "png": "png"}
MODES = {"inter": "inter", "key": "key", "avg": "avg"}
TILES = 10  # in a row, and rows, where nothing is said
SCALES = {name: name for name in ("stretch", "crop", "fill", "fit")}


def snapshots(wanted: Fields, source: Mapping[str, Any], tags: Mapping[str, str], look: Look) -> dict[str, Any]:
    """One of ``Snapshots`` as a job document. ``source``: address, start and duration of the source. Raises Bad."""
    wanted.need("URI")
    wanted.need("Format")
    mode = wanted.one_of("Mode", MODES, "inter")
    number, interval = wanted.whole("Number", 1, 10_000), wanted.number("Interval", 0.001, 86_400)
    start = (wanted.number("StartTime", 0, 86_399) or 0.0) + float(source.get("start") or 0.0)
    document: dict[str, Any] = {"kind": "snapshot", "input": {"address": source["address"]}}
    if mode == "avg":
        document |= {"mode": "average", "count": number or 1}
    elif mode == "key":
        document |= {"mode": "keyframes", "count": number, "interval": interval}
    elif interval is None and number != 1:
        document |= {"mode": "frames", "every": 1, "count": number}
    else:
        count = number
        if count is None and source.get("duration") and interval:
            count = max(1, int(float(source["duration"]) / interval))
        document |= {"mode": "series", "time": start, "interval": interval, "count": count}
    if start and document["mode"] != "series":
        raise wanted.bad("StartTime", "Beginning later is offered at intervals only.")
    document |= _size(wanted, look) | {"format": wanted.one_of("Format", STILLS, "jpg")}
    document["output"] = {"address": _address(wanted, tags, several=document.get("count") != 1)}
    return {name: value for name, value in document.items() if value is not None}


def sprites(wanted: Fields, source: Mapping[str, Any], tags: Mapping[str, str], look: Look) -> dict[str, Any]:
    """One of ``Sprites`` as a job document. TileWidth and TileHeight are counts of cells, as ``tw`` and ``th`` of OSS. Raises Bad."""
    wanted.need("URI")
    wanted.need("Format")
    mode = wanted.one_of("Mode", {"inter": "inter", "avg": "avg"}, "inter")
    number, interval = wanted.whole("Number", 1, 10_000), wanted.number("Interval", 0.04, 86_400)
    start = (wanted.number("StartTime", 0, 86_399) or 0.0) + float(source.get("start") or 0.0)
    document: dict[str, Any] = {"kind": "sprite", "input": {"address": source["address"]}, "format": wanted.one_of("Format", STILLS, "jpg")}
    if mode == "avg":
        wanted.need("Number")
        if start:
            raise wanted.bad("StartTime", "Beginning later is offered at intervals only.")
        document |= {"mode": "average", "count": number}
    else:
        document |= {"mode": "series", "time": start, "interval": interval, "count": number}
    for name, field, least, most in (
        ("TileWidth", "columns", 1, 10_000),
        ("TileHeight", "rows", 1, 10_000),
        ("Margin", "margin", 0, 1000),
        ("Pad", "padding", 0, 1000),
    ):
        if (value := wanted.whole(name, least, most)) is not None:
            document[field] = value
    document |= {f"cell_{side}": value for side, value in _size(wanted, look, "Scale").items() if side != "scale_type"}
    if "cell_width" in document and "cell_height" in document:
        document["scale_type"] = wanted.one_of("ScaleType", SCALES, "stretch")
    one = number is not None and number <= document.get("columns", TILES) * document.get("rows", TILES)
    document["output"] = {"address": _address(wanted, tags, several=not one).replace("{index}", "{TileCount}")}
    return {name: value for name, value in document.items() if value is not None}


def animation(wanted: Fields, tags: Mapping[str, str], look: Look) -> dict[str, Any]:
    """One of ``Animations`` as an output of the transcode: ``{"address", "overrides"}``. Raises Bad.

    A picture is taken every Interval and shown for 1/FrameRate: where the two differ, time passes faster or slower.
    """
    wanted.need("URI")
    wanted.need("Format")
    format_ = wanted.one_of("Format", {"gif": "gif", "webp": "webp"}, "gif")
    interval, shown = wanted.number("Interval", 0.001, 3600), wanted.number("FrameRate", 0, 240)
    number, start = wanted.whole("Number", 1, 100_000), wanted.number("StartTime", 0, 86_399)
    overrides: dict[str, Any] = {
        "container": {"format": format_},
        "video": _size(wanted, look),
        "audio": {"remove": True},
        "conditions": {"if_smaller": "convert"},
    }
    rate = shown or (1 / interval if interval else None)
    if rate:
        overrides["video"]["fps"] = rate
    edit: dict[str, Any] = {}
    if start:
        edit["start"] = start
    if interval and shown and abs((speed := interval * shown) - 1) > 0.001:
        if not 0.01 <= speed <= 100:
            raise wanted.bad("FrameRate", "Together with Interval it plays more than 100 times faster or slower, which is not offered here.")
        edit["speed"] = speed
    if number:
        step = interval or (1 / shown if shown else None)
        if step is None:
            raise wanted.bad("Number", "It needs Interval or FrameRate here.")
        edit["duration"] = number * step
    if edit:
        overrides["edit"] = edit
    return {"address": _address(wanted, tags, several=False), "overrides": overrides}


def _address(wanted: Fields, tags: Mapping[str, str], *, several: bool) -> str:
    try:
        bucket, key = parts_of(wanted.text("URI"))
        return pattern(bucket, numbered(key) if several else with_extension(key), tags)
    except ValueError as error:
        raise wanted.bad("URI", str(error)) from None


def _size(wanted: Fields, look: Look, prefix: str = "") -> dict[str, Any]:
    """Sides in px; decimals between 0 and 1 are shares of the source."""
    found: dict[str, Any] = {}
    for name, side in ((f"{prefix}Width", "width"), (f"{prefix}Height", "height")):
        if (value := wanted.number(name, 0, 4096)) is None:
            continue
        if 0 < value < 1:
            try:
                value = side_of(look(), side, value)
            except ValueError as error:
                raise wanted.bad(name, str(error)) from None
        elif value < 32:
            raise wanted.bad(name, "Pixels from 32 to 4096 are expected, or a share of the source between 0 and 1.")
        found[side] = round(value)
    if len(found) == 2:
        found["scale_type"] = wanted.one_of("ScaleType", SCALES, "stretch")
    return found
