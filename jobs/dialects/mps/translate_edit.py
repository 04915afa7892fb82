"""Cutting, joining, openings, tails, subtitle files and blurred areas of an output: MPS's words → ours. Pure."""

from __future__ import annotations

from typing import Any

from jobs.dialects.mps.reading import file, located, said, seconds
from jobs.dialects.reading import Bad, Fields, from_json

Params = dict[str, Any]
PARTS_MAX = 20
CHARSETS = {"auto": "auto", "UTF-8": "utf-8", "GBK": "gbk", "BIG5": "big5"}
AREAS_MAX = 20


def edit(fields: Fields, endpoint: str = "") -> Params:
    """Clip, MergeList, MergeConfigUrl, OpeningList, TailSlateList. Raises Bad."""
    clip = fields.child("Clip")
    span = clip.child("TimeSpan")
    end = seconds(span, "End")
    found = said(
        start=seconds(span, "Seek"),
        duration=None if end else seconds(span, "Duration"),  # End makes Duration void
        end=end,
        clip_first_part=clip.flag("ConfigToClipFirstPart") or None,
    )
    merged = [_part(one, endpoint) for one in fields.children("MergeList", PARTS_MAX)]
    if fields.has("MergeConfigUrl"):
        if merged:
            raise Bad(fields.at("MergeConfigUrl"), "Give MergeList or MergeConfigUrl, not both.")
        found["after_list"] = str(located(fields.text("MergeConfigUrl"), fields.at("MergeConfigUrl"), endpoint))
    openings = [_slate(one, "OpenUrl", endpoint) | said(start=seconds(one, "Start")) for one in fields.children("OpeningList", 4)]
    tails = [_tail(one, endpoint) for one in fields.children("TailSlateList", 4)]
    return found | said(after=merged, openings=openings, tails=tails)


def _part(one: Fields, endpoint: str) -> Params:
    one.need("MergeURL")
    address = located(one.text("MergeURL"), one.at("MergeURL"), endpoint)
    return {"address": str(address)} | said(start=seconds(one, "Start"), duration=seconds(one, "Duration"))


def _slate(one: Fields, name: str, endpoint: str) -> Params:
    spelled = name if one.has(name) else name[0].lower() + name[1:]
    if not one.has(spelled):
        one.need(name)
    found: Params = {"address": str(located(one.text(spelled), one.at(spelled), endpoint))}
    return found | said(width=_side(one, "Width"), height=_side(one, "Height"))


def _side(one: Fields, name: str) -> int | str | None:
    """Px, -1 for the clip's own size, or «full»."""
    word = one.text(name).lower()
    if not word:
        return None
    if word in ("-1", "full"):
        return "own" if word == "-1" else "full"
    return one.whole(name, 1, 4096)


def _tail(one: Fields, endpoint: str) -> Params:
    return _slate(one, "TailUrl", endpoint) | said(
        start=seconds(one, "Start"),
        blend_seconds=one.number("BlendDuration", 0, 10),
        keep_audio=one.flag("IsMergeAudio", default=True),
        background=one.text("BgColor", most=24).lower(),
    )


def subtitle_file(one: Fields) -> Params:
    """An external subtitle file, which is drawn into the picture. Raises Bad."""
    one.need("Input")
    found: Params = {"address": str(file(one.child("Input"))), "burn": True}
    return found | said(charset=one.one_of("CharEnc", CHARSETS, "auto"), font=one.text("FontName", most=64))


def delogos(fields: Fields) -> list[Params]:
    """DeWatermark: at each time (ms) the areas that are blurred from then on, up to the next time. Raises Bad."""
    whole = Fields(_parsed(fields), fields.at("DeWatermark"))
    times: list[tuple[int, list[Fields]]] = []
    for name in whole.values:
        if not name.isdecimal() or len(name) > 9:
            raise Bad(whole.at(name), "The times are ms.", kind="number")
        times.append((int(name), whole.children(name, AREAS_MAX)))
    times.sort(key=lambda row: row[0])
    ends: list[int | None] = [*(start for start, _areas in times[1:]), None]
    found = []
    for (start, areas), end in zip(times, ends[: len(times)], strict=True):
        for area in areas:
            shown = said(start=start / 1000, duration=(end - start) / 1000 if end is not None else None)
            found.append(_area(area) | {name: value for name, value in shown.items() if value})
    if len(found) > AREAS_MAX:
        raise Bad(fields.at("DeWatermark"), f"At most {AREAS_MAX} areas.", kind="list")
    return found


def _parsed(fields: Fields) -> Any:
    value = fields.values.get("DeWatermark")
    return from_json(value, fields.at("DeWatermark")) if isinstance(value, str) and value else value


def _area(area: Fields) -> Params:
    """Values above 1 are px, else shares."""
    found: Params = {"method": "blur", "corner": "top_left"}
    for name, ours in (("L", "dx"), ("T", "dy"), ("W", "width"), ("H", "height")):
        area.need(name) if name in ("W", "H") else None
        number = area.number(name, 0, 8192)
        if number is None:
            continue
        if number > 1 and number != int(number):
            raise Bad(area.at(name), "Px are whole numbers.", kind="range")
        found[ours] = int(number) if number > 1 or number == 0 else float(number)
    return found
