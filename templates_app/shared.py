"""What pages and endpoints of all kinds of templates share: lists as JSON, and saving what a form says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from django.contrib import messages

from console.lib.form_errors import add_refusal
from console.lib.http import answer, plain_text, whole_number
from console.lib.openapi import parameter
from console.lib.paging import page
from jobs.engine.errors import Refused

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest, HttpResponse

PAGED = (
    parameter("q", "a part of the name or the id"),
    parameter("after", "cursor"),
    parameter("before", "cursor"),
    parameter("limit", "1–100", type="integer", default=25),
)
"""What every list takes; the names, for those that read them."""
PAGED_NAMES = tuple(row["name"] for row in PAGED)


class Named(Protocol):
    """A template of any kind."""

    name: Any


Row = TypeVar("Row", bound=Named)
Listed = TypeVar("Listed", bound="Model")


def one_page(request: HttpRequest, rows: QuerySet[Listed], payload: Callable[[Listed], dict[str, Any]]) -> HttpResponse:
    """The page that a request asks for, as JSON."""
    found = page(rows, plain_text(request, "after", 4096), plain_text(request, "before", 4096), whole_number(request, "limit", 25, 1, 100))
    return answer({"items": [payload(row) for row in found.items], "next": found.next, "previous": found.previous})


def saved(request: HttpRequest, form: Any, save: Callable[[], Row], sentence: str) -> Row | None:
    """What ``save`` made, and a message (a ``sentence`` about «%(name)s»); None where the service refused it: the form then says why."""
    try:
        row = save()
    except Refused as error:
        add_refusal(form, error, form.field_of)
        return None
    messages.success(request, sentence % {"name": row.name})
    return row
