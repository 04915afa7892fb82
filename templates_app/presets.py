"""The shipped presets: ``builtin/*.json``, read and nothing else.

A preset without an id gets one made from its name, the same on every installation. One with a «twin» is that preset once more with Narrowband of the
method named; «video» holds what else differs (null: is not said).
"""

from __future__ import annotations

import functools
import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.engine.analysis.records import Limits

FOLDER = Path(__file__).parent / "builtin"


@dataclass(frozen=True)
class Preset:
    """One shipped template. ``kind``: a value of models.Template.Kind; ``twin``: name of the preset that it is the Narrowband of; empty: is none."""

    id: str
    name: str
    description: str
    params: dict[str, Any]
    kind: str = "static"
    twin: str = ""
    limits: Limits | None = None
    """Of an intelligent one: between what it adapts to an input."""


@functools.cache
def shipped() -> tuple[Preset, ...]:
    """All of them, file by file."""
    items = [item for file in sorted(FOLDER.glob("*.json")) for item in json.loads(file.read_text(encoding="utf-8"))]
    by_name = {item["name"]: item for item in items}
    return tuple(_narrowband(item, by_name[item["twin"]]) if "twin" in item else _preset(item) for item in items)


def limits_of(template_id: str) -> Limits | None:
    """Between what an intelligent preset adapts; None: it is none, or none that ships."""
    return next((preset.limits for preset in shipped() if preset.id == template_id), None)


def twin_of(template_id: str) -> str:
    """The name of the regular preset that a Narrowband preset is held against; empty: there is none."""
    return next((preset.twin for preset in shipped() if preset.id == template_id), "")


def _preset(item: dict[str, Any]) -> Preset:
    limits = Limits.model_validate(item["limits"], strict=False) if "limits" in item else None
    return Preset(item.get("id") or id_of(item["name"]), item["name"], item["description"], item["params"], item.get("kind", "static"), limits=limits)


def _narrowband(item: dict[str, Any], twin: dict[str, Any]) -> Preset:
    video = {**twin["params"]["video"], **item.get("video", {}), "narrowband": {"method": item["method"]}}
    params = {**twin["params"], "video": {name: value for name, value in video.items() if value is not None}}
    own_twin = video.get("codec") == twin["params"]["video"].get("codec")  # there are no regular presets of AV1
    told = f"Narrowband {item['method']} of {twin['name']}: as good to the eye with fewer bits, and never larger."
    if not own_twin:
        told = f"Narrowband {item['method']} in AV1, for the newest devices; otherwise as {twin['name']}."
    return Preset(item.get("id") or id_of(item["name"]), item["name"], told, params, "narrowband", twin["name"] if own_twin else "")


def id_of(name: str) -> str:
    """The id of a preset of ours: 32 hexadecimal digits out of its name."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"reelmill:preset:{name}").hex
