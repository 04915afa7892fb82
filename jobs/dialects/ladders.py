"""Several outputs of a product as one set of ours with a manifest: a rung for each. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jobs.engine.rules.packaging import is_reserved

if TYPE_CHECKING:
    from jobs.engine.template import Template

NAME_CHARS = 28  # a rung's name has at most 32, and may get a number


def ladder(templates: Sequence[Template], names: Sequence[str]) -> dict[str, Any]:
    """One template with these as its rungs; what is no rung's own is the first one's."""
    first = templates[0].model_dump(mode="json", exclude_unset=True, exclude_none=True)
    rungs = []
    for name, template in zip(names, templates, strict=True):
        rung: dict[str, Any] = {"name": name, "video": template.video.model_dump(mode="json", exclude_unset=True, exclude_none=True)}
        if template.audio != templates[0].audio:
            rung["audio"] = template.audio.model_dump(mode="json", exclude_unset=True, exclude_none=True)
        rungs.append(rung)
    common = {name: value for name, value in first.get("video", {}).items() if all(rung["video"].get(name) == value for rung in rungs)}
    return {**first, "video": common, "ladder": rungs}


def rung_names(words: Sequence[str]) -> list[str]:
    """Names of rungs, each once, out of what outputs are called."""
    names: list[str] = []
    for number, word in enumerate(words):
        name = re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-")[:NAME_CHARS].strip("-") or f"r{number}"
        name = next(one for one in (name, name.replace("-", ""), f"r{name}", f"r-{name}p") if not is_reserved(one))
        names.append(name if name not in names else f"{name}x{number}")
    return names
