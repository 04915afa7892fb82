"""Mistakes that pydantic finds, in our words: the one place where its own wording is taken off, whatever interface was used."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from jobs.engine.errors import Problem

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

Loc = tuple[str | int, ...]
_UNION_TAGS = frozenset({"str", "int", "float", "bool", "none", "null", "dict", "list", "function-after", "function-before", "function-wrap"})
_MEMBER = re.compile(r"literal\[|[A-Z][A-Za-z]*\Z")
"""A member of a union within a place: «literal['auto']», or the name of one of our classes. Fields are written in small letters."""
_PREFIXES = ("Value error, ", "Assertion failed, ")  # what pydantic puts before the sentences of validators
_WORDS = {
    "extra_forbidden": gettext_noop("This key is not known here."),
    "missing": gettext_noop("This is required."),
    "greater_than": gettext_noop("Input should be greater than %(gt)s."),
    "greater_than_equal": gettext_noop("Input should be greater than or equal to %(ge)s."),
    "less_than": gettext_noop("Input should be less than %(lt)s."),
    "less_than_equal": gettext_noop("Input should be less than or equal to %(le)s."),
    "int_type": gettext_noop("Input should be a valid integer."),
    "int_parsing": gettext_noop("Input should be a valid integer."),
    "int_from_float": gettext_noop("Input should be a valid integer."),
    "float_type": gettext_noop("Input should be a valid number."),
    "float_parsing": gettext_noop("Input should be a valid number."),
    "finite_number": gettext_noop("Input should be a valid number."),
    "bool_type": gettext_noop("Input should be true or false."),
    "string_type": gettext_noop("Input should be a valid string."),
    "model_type": gettext_noop("Input should be an object."),
    "dict_type": gettext_noop("Input should be an object."),
    "tuple_type": gettext_noop("Input should be a valid array."),
    "list_type": gettext_noop("Input should be a valid array."),
    "string_too_short": gettext_noop("Its length should be at least %(min_length)s."),
    "string_too_long": gettext_noop("Its length should be at most %(max_length)s."),
    "too_short": gettext_noop("It should have %(min_length)s items or more, not %(actual_length)s."),
    "too_long": gettext_noop("It should have at most %(max_length)s items, not %(actual_length)s."),
    "string_pattern_mismatch": gettext_noop("It is not written as it should be; the pattern is: %(pattern)s"),
    "literal_error": gettext_noop("Input should be %(expected)s."),
}


def problems_of(error: ValidationError, tags: Collection[str] = ()) -> tuple[Problem, ...]:
    """Pydantic's errors as ours. ``tags``: names of a told-apart union's members, which are no places of what was sent."""
    found: dict[Loc, str] = {}
    rows = error.errors(include_url=False, include_context=True, include_input=False)
    inside = {row["loc"][:length] for row in rows for length in range(1, len(row["loc"]))}
    for row in rows:
        loc: Loc = row["loc"]
        if row["type"] == "too_short" and loc in inside:
            continue  # pydantic counts wrong items as missing ones; those are told themselves
        if _is_other_member(row, rows):
            continue
        if loc and loc[0] in tags:
            loc = loc[1:]
        last = len(loc) - 1
        loc = tuple(part for at, part in enumerate(loc) if part not in _UNION_TAGS and not (isinstance(part, str) and _MEMBER.match(part) and at < last))
        loc = loc[:-1] if loc and str(loc[-1]).startswith("literal[") else loc
        if row["type"] in ("union_tag_not_found", "union_tag_invalid"):
            context = row.get("ctx", {})
            loc = (*loc, context.get("discriminator", "kind").strip("'"))
        found.setdefault(loc, sentence(row["type"], row["msg"], row.get("ctx")))
    return tuple(Problem(loc, message) for loc, message in found.items())


def _is_other_member(row: ErrorDetails, rows: Collection[ErrorDetails]) -> bool:
    """Whether a row says only that an object is not the word that could stand in its place too; what is wrong with the object is said by others."""
    loc = row["loc"]
    return (
        bool(loc)
        and str(loc[-1]).startswith("literal[")
        and any(r is not row and len(r["loc"]) > len(loc) and r["loc"][: len(loc) - 1] == loc[:-1] for r in rows)
    )


def sentence(kind: str, message: str, context: Mapping[str, Any] | None = None) -> str:
    """One of pydantic's sentences, said the way ours are and in the reader's language; what a validator of ours says stays as it is."""
    if (words := _WORDS.get(kind)) is not None:
        try:
            return _(words) % {name: _plain(value) for name, value in (context or {}).items()}
        except KeyError:
            pass
    for prefix in _PREFIXES:
        message = message.removeprefix(prefix)
    return message if message.endswith((".", "!", "?", "»")) else message + "."


def _plain(value: Any) -> str:
    """A limit without a needless «.0», a list of words with ours between the last two."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text.replace(" or ", _(" or ")) if "'" in text or ", " in text else text
