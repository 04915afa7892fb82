"""Requests as they come in, before they are read: what may be left unsaid is filled in."""

from __future__ import annotations

from typing import Any

from templates_app.snapshots.queries import applied

TEMPLATED = ("snapshot", "sprite")


def completed(data: dict[str, Any]) -> dict[str, Any]:
    """The request with what follows from it: the values of its snapshot template; a sprite of given pictures is about the first of them. Raises Refused TemplateNotFound."""
    if data.get("kind") in TEMPLATED and isinstance(data.get("template"), str) and data["template"]:
        data = applied(data, data["kind"])
    if data.get("kind") == "sprite" and "input" not in data and isinstance(data.get("images"), list) and data["images"]:
        return {**data, "input": data["images"][0]}
    return data
