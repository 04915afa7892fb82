"""The shipped presets: ``builtin/*.json``, read and nothing else.

A preset without an id gets one made from its name, the same on every installation.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "builtin"


@dataclass(frozen=True)
class Preset:
    """One shipped template."""

    id: str
    name: str
    description: str
    params: dict[str, Any]


def shipped() -> list[Preset]:
    """All of them, file by file."""
    return [_preset(item) for file in sorted(FOLDER.glob("*.json")) for item in json.loads(file.read_text(encoding="utf-8"))]


def _preset(item: dict[str, Any]) -> Preset:
    return Preset(item.get("id") or id_of(item["name"]), item["name"], item["description"], item["params"])


def id_of(name: str) -> str:
    """The id of a preset of ours: 32 hexadecimal digits out of its name."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"reelmill:preset:{name}").hex
