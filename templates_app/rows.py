"""Rows of forms without JavaScript: a button adds, removes or moves a row, and the form comes back with everything that was typed.

A row is there because a hidden field «<place>.rows» names its number; the order of those fields is the order of the rows. Numbers stay with
their rows, so a removed one leaves a gap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.http import QueryDict

MARKER = ".rows"
MOST = 100


def numbers(data: Any, place: str) -> list[int]:
    """The numbers of the rows at a place (with the form's prefix), in order; those whose fields were sent without a marker follow."""
    marked = data.getlist(place + MARKER) if hasattr(data, "getlist") else data.get(place + MARKER, [])
    marked = marked if isinstance(marked, list | tuple) else [marked]
    start = place + "."
    seen = sorted({int(part) for name in data if name.startswith(start) and _number(part := name[len(start) :].split(".", 1)[0])})
    return list(dict.fromkeys([*(int(text) for text in marked if _number(str(text))), *seen]))[:MOST]


def _number(text: str) -> bool:
    return text.isdecimal() and len(text) < 5


def with_mode(data: QueryDict, place: str, given: bool) -> QueryDict:
    """The same, with the choice above the rows saying what holds: these rows instead of the template's, or none said. Forms of templates have none."""
    if place in data:
        data[place] = "set" if given else ""
    return data


def changed(data: QueryDict, action: str) -> QueryDict:
    """A copy of what was sent with one change: «add:watermarks», «remove:watermarks.2», «up:watermarks.2», «down:…»; others change nothing."""
    copy = data.copy()
    verb, _colon, where = action.partition(":")
    place, number = (where, -1) if verb == "add" else (where.rpartition(".")[0], int(where.rpartition(".")[2]) if _number(where.rpartition(".")[2]) else -1)
    rows = numbers(copy, place)
    if verb == "add" and place:
        rows.append(max(rows, default=-1) + 1)
    elif number not in rows:
        return copy
    elif verb == "remove":
        rows.remove(number)
        for name in [name for name in copy if name.startswith(f"{place}.{number}.")]:
            del copy[name]
    else:
        at = rows.index(number)
        to = at - 1 if verb == "up" else at + 1
        if 0 <= to < len(rows):
            rows[at], rows[to] = rows[to], rows[at]
    copy.setlist(place + MARKER, [str(row) for row in rows])
    return copy if verb not in ("add", "remove") else with_mode(copy, place, bool(rows))
