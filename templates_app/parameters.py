"""A template's parameters as a table for people: label, value with its unit, by section; and what changed between two versions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from jobs.engine.combinations import check
from jobs.engine.estimate import bytes_per_minute
from jobs.engine.hints import hints
from jobs.engine.template import Template as Params
from templates_app.fields import text_of
from templates_app.line import command_line
from templates_app.schema import Group, Leaf, Rows, node, nodes
from templates_app.summary import sentence
from templates_app.words import shown, word

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as Text

    from jobs.engine.types import Strict

SECRET = frozenset({"encryption.key"})
_NUMBER = re.compile(r"-?\d+(\.\d+)?\Z")


@dataclass(frozen=True)
class Preview:
    """What parameters would give. ``line``: about the command that would run; ``hints``: what is worth knowing, and no mistake."""

    sentence: str
    estimate: int | None
    problems: tuple[str, ...]
    line: str
    hints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """One parameter that the template says. ``name``: its place with row numbers."""

    name: str
    label: Text | str
    value: str


@dataclass(frozen=True)
class Change:
    """One parameter that two versions say differently; empty: does not say it."""

    name: str
    label: Text | str
    before: str
    after: str


def rows_of(params: Mapping[str, Any]) -> list[Row]:
    """The parameters that are said, in the engine's order."""
    return list(_rows(Params, params, "", ""))


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What differs, in the engine's order."""
    old, new = {row.name: row for row in rows_of(before)}, {row.name: row for row in rows_of(after)}
    found = []
    for name in dict.fromkeys([*old, *new]):
        was, now = old.get(name), new.get(name)
        if was is None or now is None or was.value != now.value:
            found.append(Change(name, (now or was).label, was.value if was else "", now.value if now else ""))  # type: ignore[union-attr]  # one of them is there
    return found


def _rows(model: type[Strict], given: Any, prefix: str, heading: str) -> Iterator[Row]:
    if not isinstance(given, Mapping):
        return
    for row in nodes(model):
        value, name = given.get(row.name), prefix + row.name
        if value is None:
            continue
        words = shown(row.owner, row.name)
        label = f"{heading} · {words.label}" if heading else words.label
        if isinstance(row, Rows):
            for number, item in enumerate(value):
                yield from _rows(row.model, item, f"{name}.{number}.", f"{label} {number + 1}")
        elif isinstance(row, Group) and isinstance(value, str):
            yield Row(name, label, str(word(row.owner, row.name, value)))
        elif isinstance(row, Group):
            always = not (row.unsaid or row.words)
            if not always and not value:
                yield Row(name, label, _("yes"))
            yield from _rows(row.model, value, f"{name}.", heading if always else str(label))
        elif value is not False and value != []:
            yield Row(name, label, _("set") if name in SECRET else _text(row, value, str(words.unit)))


def told(name: str, text: str) -> str:
    """A value that the engine kept as text, as people read it: «2,000 kbit/s», «H.264», «yes»."""
    if text in ("yes", "no"):
        return _("yes") if text == "yes" else _("no")
    if text == "source's own":
        return _("source's own")
    try:
        leaf = node(name)
    except KeyError:
        return text
    if not isinstance(leaf, Leaf):
        return text
    if leaf.kind == "choice":
        text = str(word(leaf.owner, leaf.name, text))
    if not _NUMBER.match(text):
        return text
    places = len(text.partition(".")[2])
    return f"{number_format(text, places, force_grouping=True)} {shown(leaf.owner, leaf.name).unit}".strip()


def _text(leaf: Leaf, value: Any, unit: str) -> str:
    if value is True:
        return _("yes")
    text = str(word(leaf.owner, leaf.name, value)) if leaf.kind == "choice" else text_of(leaf, value)
    return f"{text} {unit}".strip()


def preview_of(params: Mapping[str, Any]) -> Preview | None:
    """The summary beside the editor; None where the parameters cannot be read."""
    if not params:
        return None
    try:
        template = Params.model_validate_json(json.dumps(params))
    except ValueError:
        return None
    problems = tuple(problem.message for problem in check(template))
    if problems:
        return Preview(sentence(dict(params)), None, problems, "")
    return Preview(sentence(dict(params)), bytes_per_minute(template), (), command_line(template), hints(template))


def size_per_minute(params: Mapping[str, Any]) -> int | None:
    """Bytes that a minute of output takes, roughly; None for copies, and for parameters that the engine refuses."""
    try:
        return bytes_per_minute(Params.model_validate_json(json.dumps(params)))
    except ValueError:
        return None
