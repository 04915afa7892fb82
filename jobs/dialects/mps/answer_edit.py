"""Cuts, joins, marks and subtitle files of an output as MPS tells them. Pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from jobs.dialects.answer_template import text, texts
from jobs.dialects.mps.reading import encoded, said
from jobs.dialects.mps.translate_edit import CHARSETS
from jobs.dialects.mps.translate_marks import CORNERS
from jobs.engine.address import Address

Params = Mapping[str, Any]
HOST = "aliyuncs.com"


def url(address: str, location: str) -> str:
    """An object as MPS writes it in URLs. It is a name: nothing is ever fetched from there."""
    found = Address.parse(address)
    return f"http://{found.bucket}.{location}.{HOST}/{encoded(found.key)}"


def file(address: str, location: str) -> dict[str, str]:
    """The same as an object with three fields."""
    found = Address.parse(address)
    return {"Bucket": found.bucket, "Location": location, "Object": encoded(found.key)}


def edit(params: Params, location: str) -> dict[str, Any]:
    """Clip, MergeList, MergeConfigUrl, OpeningList, TailSlateList."""
    row = params.get("edit") or {}
    span = texts(Seek=row.get("start") or None, Duration=row.get("duration") or None, End=row.get("end") or None)
    after, openings, tails = row.get("after") or (), row.get("openings") or (), row.get("tails") or ()
    return said(
        Clip=said(TimeSpan=span),
        MergeList=said(Merge=[{"MergeURL": url(one["address"], location)} | _span(one) for one in after]),
        MergeConfigUrl=url(row["after_list"], location) if row.get("after_list") else None,
        OpeningList=said(Opening=[{"openUrl": url(one["address"], location), "Start": text(one.get("start") or 0)} | _sides(one) for one in openings]),
        TailSlateList=said(TailSlate=[_tail(one, location) for one in tails]),
    )


def _span(one: Params) -> dict[str, str]:
    return texts(Start=one.get("start"), Duration=one.get("duration"))


def _sides(one: Params) -> dict[str, str]:
    words = {"own": "-1", "full": "full"}
    return {name.title(): words.get(value, str(value)) for name in ("width", "height") if (value := one.get(name) or "own")}


def _tail(one: Params, location: str) -> dict[str, Any]:
    found: dict[str, Any] = {"TailUrl": url(one["address"], location)}
    found |= texts(Start=one.get("start") or 0, BlendDuration=one.get("blend_seconds") or 0, BgColor=str(one.get("background") or "white").title())
    return found | _sides(one) | {"IsMergeAudio": bool(one.get("keep_audio", True))}


def marks(params: Params, location: str) -> dict[str, Any]:
    """The watermarks as they are laid."""
    return said(WaterMark=[_mark(one, location) for one in params.get("watermarks") or ()])


def _mark(one: Params, location: str) -> dict[str, Any]:
    words = {ours: word for word, ours in CORNERS.items()}
    return said(
        InputFile=file(one["image"], location) if one.get("image") else None,
        WaterMarkTemplateId=one.get("template"),
        Type="Text" if one.get("text") else "Image",
        ReferPos=words[one.get("corner") or "top_right"],
        TextWaterMark=said(Content=base64.b64encode(one["text"]["content"].encode()).decode()) if (one.get("text") or {}).get("content") else None,
    ) | texts(**{name: one.get(name.lower()) for name in ("Width", "Height", "Dx", "Dy")})


def subtitles(params: Params, location: str) -> dict[str, Any]:
    """Files drawn into the picture, and streams that are kept."""
    row = params.get("subtitle") or {}
    words = {ours: word for word, ours in CHARSETS.items()}
    files = [
        {"Input": file(one["address"], location)} | said(CharEnc=words.get(one.get("charset") or ""), FontName=one.get("font"))
        for one in row.get("files") or ()
    ]
    return said(
        ExtSubtitleList=said(ExtSubtitle=files),
        SubtitleList=said(Subtitle=[{"Map": f"0:s:{number}"} for number in row.get("streams") or ()]),
    )


def delogos(params: Params) -> str | None:
    """Blurred areas by the time at which they begin, ms; an empty list where they end."""
    areas = params.get("delogos") or ()
    if not areas:
        return None
    found: dict[int, list[dict[str, Any]]] = {}
    for one in areas:
        start = round((one.get("start") or 0) * 1000)
        found.setdefault(start, []).append({"L": one.get("dx", 0), "T": one.get("dy", 0), "W": one.get("width"), "H": one.get("height")})
        if one.get("duration"):
            found.setdefault(start + round(one["duration"] * 1000), [])
    return json.dumps({str(time): found[time] for time in sorted(found)}, separators=(",", ":"))
