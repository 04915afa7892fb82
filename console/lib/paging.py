"""Keyset paging: a page starts after a row, not after a number of rows, so the thousandth page costs as much as the first.

A cursor is the sort values of the row it stands at, as base64 of JSON; callers treat it as opaque. A cursor that cannot be read is Refused.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldError, ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from jobs.engine.errors import Problem, Refused

Row = TypeVar("Row", bound=Model)
SIZE_MAX = 100
CURSOR_MAX = 2048  # characters; a key has at most 1,023 bytes


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows of one page, and the cursors of its neighbours (None where there is none)."""

    items: list[Row]
    next: str | None = None
    previous: str | None = None


def page(rows: QuerySet[Row], after: str | None = None, before: str | None = None, size: int = 25) -> Page[Row]:
    """The page of ``rows`` after or before a cursor, in the queryset's own order, which must end with a unique field.

    ``size``: 1 to 100, else brought into that range. Raises Refused (InvalidParameter) for a cursor that is not one of ours.
    """
    size = max(1, min(size, SIZE_MAX))
    order = _order(rows)
    if before:
        found = list(_beyond(rows, order, before, "before", reverse=True).order_by(*_reversed(order))[: size + 1])
        more, items = len(found) > size, found[:size][::-1]
        return Page(items, cursor(items[-1], order) if items else None, cursor(items[0], order) if more else None)
    wanted = _beyond(rows, order, after, "after") if after else rows
    found = list(wanted[: size + 1])
    items = found[:size]
    more = len(found) > size
    return Page(items, cursor(items[-1], order) if more else None, cursor(items[0], order) if after and items else None)


def cursor(row: Model, order: Sequence[str]) -> str:
    """The cursor that stands at ``row``."""
    values = [getattr(row, name.removeprefix("-")) for name in order]
    document = [value.isoformat() if isinstance(value, dt.datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(document, separators=(",", ":")).encode()).decode().rstrip("=")


def capped_count(rows: QuerySet[Any], cap: int = 10_000) -> tuple[int, bool]:
    """How many rows, counted no further than ``cap``, and whether there are more."""
    number = rows.order_by()[: cap + 1].count()
    return min(number, cap), number > cap


def _order(rows: QuerySet[Any]) -> tuple[str, ...]:
    """The field names the queryset is sorted by, each with its «-»."""
    order = rows.query.order_by or tuple(rows.model._meta.ordering or ())
    if not order or not all(isinstance(name, str) for name in order):
        raise ValueError("a paged queryset is sorted by plain field names")
    return tuple(str(name) for name in order)


def _reversed(order: Sequence[str]) -> list[str]:
    return [name[1:] if name.startswith("-") else f"-{name}" for name in order]


def _beyond(rows: QuerySet[Row], order: Sequence[str], text: str, place: str, *, reverse: bool = False) -> QuerySet[Row]:
    """Rows after the cursor (or before it). The first field stands alone too, so that the database can start reading its index there."""
    try:
        values = _read(rows, order, text)
        conditions = [(name.removeprefix("-"), "lt" if name.startswith("-") != reverse else "gt", value) for name, value in zip(order, values, strict=True)]
        first_name, first_way, first_value = conditions[0]
        wanted = Q()
        for index in range(len(conditions)):
            name, way, value = conditions[index]
            equal = Q(**{earlier: known for earlier, _way, known in conditions[:index]})
            wanted |= equal & Q(**{f"{name}__{way}": value})
        return rows.filter(Q(**{f"{first_name}__{first_way}e": first_value}) & wanted)
    except (ValueError, TypeError, ValidationError, FieldError, binascii.Error, RecursionError) as error:
        raise Refused("InvalidParameter", problems=(Problem((place,), _("This is not a cursor of this list.")),)) from error


def _read(rows: QuerySet[Any], order: Sequence[str], text: str) -> list[Any]:
    """The values in a cursor, as the fields' own types. Raises ValueError and its like."""
    if len(text) > CURSOR_MAX:
        raise ValueError("too long")
    document = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    if not isinstance(document, list) or len(document) != len(order):
        raise ValueError("another list's cursor")
    meta = rows.model._meta
    values = []
    for name, value in zip(order, document, strict=True):
        field = meta.pk if name.removeprefix("-") == "pk" else meta.get_field(name.removeprefix("-"))
        if not isinstance(value, str | int) or isinstance(value, bool) or "\x00" in str(value):
            raise ValueError("not a value")
        str(value).encode()  # a lone surrogate is no text
        values.append(field.to_python(value))
    if any(isinstance(value, int) and abs(value) >= 2**63 for value in values) or any(isinstance(v, dt.datetime) and v.tzinfo is None for v in values):
        raise ValueError("out of range")
    return values
