"""Statements that PostgreSQL parses and plans once per connection: for the queue's few, which are asked hundreds of times, that is a third of their time.

Only for connections that are kept (worker groups, beat): a request's own one ends before it would pay. Behind a pooler that gives every transaction
another connection, names of statements are soon unknown: this process then stops naming them.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from django.db import DatabaseError, connection
from psycopg import errors

log = structlog.get_logger(__name__)
POOLED = (errors.InvalidSqlStatementName, errors.DuplicatePreparedStatement)
PREPARED = "PREPARE"  # how the server calls what it did


@dataclass
class _Names:
    """Of one connection."""

    known: dict[str, str] = field(default_factory=dict)  # text → name
    numbers: itertools.count[int] = field(default_factory=itertools.count)


_names: WeakKeyDictionary[Any, _Names] = WeakKeyDictionary()
_state = {"pooled": False}


def worthwhile() -> bool:
    """Whether the present connection is one whose statements are worth a name."""
    return connection.vendor == "postgresql" and connection.settings_dict["CONN_MAX_AGE"] != 0 and not _state["pooled"]


def run(cursor: Any, statements: Sequence[tuple[str, list[Any]]]) -> None:
    """Execute them in one message through their names, giving names to those that have none. The cursor stands at the first answer.

    Answers of giving names are among them: :func:`is_naming` tells which. Texts have ``%s`` for values and no other percent sign.
    """
    connection.ensure_connection()
    names = _names.setdefault(connection.connection, _Names())
    parts: list[str] = []
    new: dict[str, str] = {}
    for text, values in statements:
        name = names.known.get(text) or new.get(text)
        if name is None:
            name = new[text] = f"hot_{next(names.numbers)}"
            numbers = itertools.count(1)
            pieces = text.split("%s")
            parts.append(f"PREPARE {name} AS {pieces[0]}" + "".join(f"${next(numbers)}{piece}" for piece in pieces[1:]))
        parts.append(f"EXECUTE {name}({', '.join(['%s'] * len(values))})" if values else f"EXECUTE {name}")
    try:
        cursor.execute("; ".join(parts), [value for _, values in statements for value in values])
    except DatabaseError as error:
        if isinstance(error.__cause__, POOLED):
            _state["pooled"] = True
            log.warning("connections are pooled by transaction: statements are not prepared from now on")
        raise  # new names may be there or not: they are not used again
    names.known |= new


def is_naming(cursor: Any) -> bool:
    """Whether the cursor stands at the answer of giving a name."""
    return bool(cursor.statusmessage == PREPARED)
