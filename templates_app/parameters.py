"""A template's parameters as a table for people: label, value with its unit, by section."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from jobs.engine.codecs import CONTAINERS
from jobs.engine.combinations import check
from jobs.engine.estimate import bytes_per_minute
from jobs.engine.template import Template as Params
from templates_app.fields import FORMATS, SHOWN, WORDS
from templates_app.summary import sentence

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as Text


@dataclass(frozen=True)
class Preview:
    """What parameters would give."""

    sentence: str
    estimate: int | None
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One parameter that the template says."""

    name: str
    label: Text
    value: str


def rows_of(params: dict[str, Any]) -> list[Row]:
    """The parameters that are said, in the editor's order."""
    rows = []
    for shown in SHOWN:
        section, _dot, field = shown.name.partition(".")
        value = (params.get(section) or {}).get(field)
        if value is None or value is False:
            continue
        rows.append(Row(shown.name, shown.label, _text(shown.name, value, str(shown.unit))))
    return rows


def _text(name: str, value: Any, unit: str) -> str:
    if value is True:
        return _("yes")
    if isinstance(value, float):
        value = f"{value:g}"
    words = FORMATS if name == "container.format" else WORDS
    return f"{words.get(str(value), value)} {unit}".strip()


def preview_of(params: dict[str, Any]) -> Preview | None:
    """The summary beside the editor; None where the parameters cannot be read."""
    if not params:
        return None
    try:
        template = Params.model_validate_json(json.dumps(params))
    except ValueError:
        return None
    return Preview(sentence(params), bytes_per_minute(template), tuple(problem.message for problem in check(template)))


def size_per_minute(params: dict[str, Any]) -> int | None:
    """Bytes that a minute of output takes, roughly; None for copies, and for parameters that the engine refuses."""
    try:
        return bytes_per_minute(Params.model_validate_json(json.dumps(params)))
    except ValueError:
        return None


def allowed_codecs() -> dict[str, dict[str, list[str]]]:
    """Codecs by container, the usual first, for the page's script: {«mp4»: {«video»: […], «audio»: […]}, …}."""
    return {name: {"video": [*row.video, "copy"] if row.video else [], "audio": [*row.audio, "copy"] if row.audio else []} for name, row in CONTAINERS.items()}
