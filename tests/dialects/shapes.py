"""Answers held against the newest SDK's models: a text where a model says text, a number where it says number, a list where it says list, and never null.

Python's models take whatever comes; those of other languages do not, and programs that count or compare would notice too.
"""

from __future__ import annotations

import functools
import importlib
import typing
from typing import Any


def check(client: object, action: str, answer: object) -> None:
    """Raises AssertionError with the places where an answer is not what the model of this client's SDK says. Keys that no model has are no mistake."""
    models = importlib.import_module(type(client).__mro__[2].__module__.rpartition(".")[0] + ".models")
    model = getattr(models, f"{action}ResponseBody", None)
    wrong = list(_object(model, answer, action)) if model else []  # the newest SDKs left out some actions
    assert not wrong, wrong


@functools.cache
def _fields(model: type) -> dict[str, Any]:
    """Names, without capitals and lines below, and their types."""
    return {name.replace("_", ""): kind for name, kind in typing.get_type_hints(model.__init__).items()}  # type: ignore[misc]


def _object(model: type, answer: object, place: str) -> typing.Iterator[str]:
    if not isinstance(answer, dict):
        yield f"{place}: {answer!r:.40} is no object"
        return
    for name, value in answer.items():
        kind = _fields(model).get(name.replace("_", "").lower())
        if kind is not None:
            yield from _value(kind, value, f"{place}.{name}")


def _value(kind: Any, value: object, place: str) -> typing.Iterator[str]:
    if typing.get_origin(kind) is list:
        if not isinstance(value, list):
            yield f"{place}: {value!r:.40} is no list"
            return
        for one in value:
            yield from _value(typing.get_args(kind)[0], one, f"{place}[]")
    elif kind in (str, bool, int):
        if type(value) is not kind:
            yield f"{place}: {value!r:.40} is no {kind.__name__}"
    elif kind is float:
        if type(value) not in (int, float):
            yield f"{place}: {value!r:.40} is no number"
    elif isinstance(kind, type) and hasattr(kind, "from_map"):
        yield from _object(kind, value, place)
