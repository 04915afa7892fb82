"""Refusals of services, shown in forms: each problem at the field that it names, the rest on top of the form."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from console.error_texts import translated

if TYPE_CHECKING:
    from django.forms import Form

    from jobs.engine.errors import Refused

Loc = tuple[str | int, ...]


def last_name(loc: Loc) -> str:
    """The usual place: the last name of the path is the field's name."""
    return next((part for part in reversed(loc) if isinstance(part, str)), "")


def add_refusal(form: Form, error: Refused, field_of: Callable[[Loc], str] = last_name) -> None:
    """Put what a service refused into the form. ``field_of`` turns a problem's place into a field's name; unknown names go on top."""
    placed = False
    for problem in error.problems:
        name = field_of(problem.loc)
        form.add_error(name if name in form.fields else None, translated(problem.message))
        placed = True
    if not placed:
        form.add_error(None, translated(error.message))
