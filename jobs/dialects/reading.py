"""Reading what SDKs send: typed looks into JSON objects whose numbers and booleans may be texts. Pure.

Empty texts, empty arrays, empty objects and null count as not said: the SDKs send them for fields that nobody set. What is not looked at is ignored.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")
DEPTH = 24
_EMPTY: tuple[Any, ...] = (None, "", [], {})


class Bad(ValueError):
    """A value that cannot be used: ``place`` as the product writes it (``Targets[0].Video.CRF``), ``message`` one plain sentence, ``missing``: it is not there.

    ``kind``: what is wrong with it: value, json, object, array, list (too long), number, range.
    """

    def __init__(self, place: str, message: str, *, missing: bool = False, kind: str = "value") -> None:
        super().__init__(f"{place}: {message}")
        self.place = place
        self.message = message
        self.missing = missing
        self.kind = kind


def from_json(text: str, place: str) -> Any:
    """The value of a JSON text. Raises Bad."""
    try:
        value = json.loads(text, parse_constant=_refuse)
        _shallow(value)
    except (ValueError, RecursionError):
        raise Bad(place, "This is not valid JSON.", kind="json") from None
    return value


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _shallow(value: Any, depth: int = 0) -> None:
    if depth > DEPTH:
        raise ValueError("too deep")
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _shallow(item, depth + 1)
    if isinstance(value, str):
        value.encode()  # a lone surrogate cannot be kept


class Fields:
    """One JSON object and its place in the request."""

    def __init__(self, values: Any, place: str = "") -> None:
        if isinstance(values, str) and values:
            values = from_json(values, place)
        if values in _EMPTY:
            values = {}
        if not isinstance(values, Mapping):
            raise Bad(place, "An object is expected.", kind="object")
        self.values: Mapping[str, Any] = values
        self.place = place

    def at(self, name: str) -> str:
        """The place of a field."""
        return f"{self.place}.{name}" if self.place else name

    def has(self, name: str) -> bool:
        """Whether something is said."""
        return self.values.get(name) not in _EMPTY

    def bad(self, name: str, message: str) -> Bad:
        """The mistake, to be raised."""
        return Bad(self.at(name), message)

    def need(self, name: str) -> None:
        """Raises Bad where nothing is said."""
        if not self.has(name):
            raise Bad(self.at(name), "It is required but not provided.", missing=True)

    def text(self, name: str, default: str = "", *, most: int = 4096) -> str:
        """A text; numbers are taken as they are written."""
        value = self.values.get(name)
        if value in _EMPTY:
            return default
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.bad(name, "A text is expected.")
        value = str(value)
        if len(value) > most or "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise self.bad(name, f"A text of at most {most} characters is expected.")
        return value

    def whole(self, name: str, least: int, most: int) -> int | None:
        """A whole number within bounds; None: not said."""
        value = self.number(name, least, most)
        if value is not None and value != int(value):
            raise Bad(self.at(name), "A whole number is expected.", kind="number")
        return None if value is None else int(value)

    def number(self, name: str, least: float, most: float) -> float | None:
        """A number within bounds; None: not said."""
        value = self.values.get(name)
        if value in _EMPTY:
            return None
        try:
            found = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
        except (ValueError, OverflowError):
            found = math.nan
        if not least <= found <= most:
            raise Bad(self.at(name), f"A number from {least:g} to {most:g} is expected.", kind="number" if math.isnan(found) else "range")
        return found

    def flag(self, name: str, default: bool = False) -> bool:
        """true or false, also as a text in any case."""
        value = self.values.get(name)
        if value in _EMPTY:
            return default
        word = str(value).lower()
        if word not in ("true", "false"):
            raise self.bad(name, "true or false is expected.")
        return word == "true"

    def one_of(self, name: str, words: Mapping[str, T], default: T) -> T:
        """What a word stands for; the case of the word does not matter."""
        value = self.text(name)
        if not value:
            return default
        found = {word.lower(): meaning for word, meaning in words.items()}
        if value.lower() not in found:
            raise self.bad(name, f"One of {', '.join(words)} is expected.")
        return found[value.lower()]

    def child(self, name: str) -> Fields:
        """An object, or the JSON text of one; an empty one where nothing is said."""
        return Fields(self.values.get(name), self.at(name))

    def children(self, name: str, most: int = 100) -> list[Fields]:
        """The objects of an array."""
        return [Fields(value, f"{self.at(name)}[{number}]") for number, value in enumerate(self.items(name, most))]

    def some(self, name: str, most: int = 100) -> list[Fields]:
        """The objects of an array that must have one at least. Raises Bad."""
        found = self.children(name, most)
        if not found:
            raise Bad(self.at(name), "It is required but not provided.", missing=True)
        return found

    def items(self, name: str, most: int = 1000) -> list[Any]:
        """The values of an array, or of the JSON text of one."""
        value = self.values.get(name)
        if isinstance(value, str) and value:
            value = from_json(value, self.at(name))
        if value in _EMPTY:
            return []
        if not isinstance(value, list) or len(value) > most:
            raise Bad(self.at(name), f"An array of at most {most} values is expected.", kind="list" if isinstance(value, list) else "array")
        return value
