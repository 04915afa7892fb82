"""Statements of the queue's hot path, as SQL by hand: a claim and its record are a dozen of them, and building each through Django's query
classes costs ten times what the database then needs. (On SQLite that was also ten times as long under the one write lock.)

Names and the adaptation of values come from the models, so that a row is the same whichever way it was written. Plain values only, no expressions.
"""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from django.db import connection
from django.db.models import AutoField, Field

from jobs import prepared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import Model

Statement = tuple[str, list[Any]]  # SQL and its parameters
Shape = tuple[tuple[str, int], ...]  # field names of a condition, each with the number of its alternatives (0: one value, not a tuple of them)


class Outcome(NamedTuple):
    """What a statement did: how many rows a write touched, or which rows a question found."""

    touched: int
    rows: list[tuple[Any, ...]]


def inserting(model: type[Model], **values: Any) -> Statement:
    """Adds a row; fields that are not named get their defaults. The new row's id is not told."""
    fields, statement = _insert(model)
    return statement, [_prepared(field, values[field.attname] if field.attname in values else field.get_default()) for field in fields]


def updating(model: type[Model], where: Mapping[str, Any], values: Mapping[str, Any], *, counter: str = "") -> Statement:
    """Writes ``values`` to the rows whose fields equal ``where`` (or are one of a tuple); ``counter`` names a field that grows by one."""
    shape = tuple((name, len(wanted) if isinstance(wanted, tuple) else 0) for name, wanted in where.items())
    fields, tests, statement = _update(model, tuple(values), shape, counter)
    parameters = [_prepared(field, value) for field, value in zip(fields, values.values(), strict=True)]
    for field, wanted in zip(tests, where.values(), strict=True):
        parameters += [_prepared(field, one) for one in (wanted if isinstance(wanted, tuple) else (wanted,))]
    return statement, parameters


def update(model: type[Model], where: Mapping[str, Any], values: Mapping[str, Any], *, counter: str = "") -> int:
    """Do what :func:`updating` says, now. Returns how many rows were there."""
    return do(updating(model, where, values, counter=counter))[0].touched


def do(*statements: Statement) -> list[Outcome]:
    """Execute statements in that order. PostgreSQL gets them in one message: the way to the server and back costs most there.

    Inside a transaction each of them still sees what was committed before it began, and locks are taken in their order. None may depend on what
    an earlier one answered: who finds in the outcomes that one of them should not have been done rolls the transaction back.
    """
    outcomes: list[Outcome] = []
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            for text, values in statements:
                cursor.execute(text, values)
                outcomes.append(_outcome(cursor))
            return outcomes
        if prepared.worthwhile():
            prepared.run(cursor, statements)
        else:
            cursor.execute("; ".join(text for text, _ in statements), [value for _, values in statements for value in values])
        more: bool | None = True
        while more:
            if not prepared.is_naming(cursor):
                outcomes.append(_outcome(cursor))
            more = cursor.nextset()
    return outcomes


def _outcome(cursor: Any) -> Outcome:
    """What the cursor has of the statement that it stands at."""
    return Outcome(cursor.rowcount, cursor.fetchall() if cursor.description else [])


@cache
def _insert(model: type[Model]) -> tuple[tuple[Field[Any, Any], ...], str]:
    fields = tuple(field for field in model._meta.concrete_fields if not isinstance(field, AutoField))
    columns = ", ".join(_column(field) for field in fields)
    return fields, f"INSERT INTO {_quoted(model._meta.db_table)} ({columns}) VALUES ({', '.join(['%s'] * len(fields))})"  # noqa: S608  # names from the models


@cache
def _update(model: type[Model], names: tuple[str, ...], where: Shape, counter: str) -> tuple[tuple[Field[Any, Any], ...], tuple[Field[Any, Any], ...], str]:
    fields = tuple(_field(model, name) for name in names)
    tests = tuple(_field(model, name) for name, _ in where)
    sets = [f"{_column(field)} = %s" for field in fields]
    if counter:
        sets.append(f"{_quoted(counter)} = {_quoted(counter)} + 1")
    conditions = [
        f"{_column(field)} IN ({', '.join(['%s'] * count)})" if count else f"{_column(field)} = %s" for field, (_, count) in zip(tests, where, strict=True)
    ]
    return fields, tests, f"UPDATE {_quoted(model._meta.db_table)} SET {', '.join(sets)} WHERE {' AND '.join(conditions)}"  # noqa: S608


def _field(model: type[Model], name: str) -> Field[Any, Any]:
    return cast("Field[Any, Any]", model._meta.get_field(name))


def _prepared(field: Field[Any, Any], value: Any) -> Any:
    return field.get_db_prep_save(value.value if isinstance(value, Enum) else value, connection)


def _column(field: Field[Any, Any]) -> str:
    return _quoted(str(field.column))


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
