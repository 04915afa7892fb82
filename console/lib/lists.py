"""What every list page does with its query string: size of a page, chips of the applied filters, and whether only news are asked for."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django import forms

from console.lib.paging import Page, Row, page
from jobs.engine.errors import Refused

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

SIZES = (25, 50, 100)
CURSORS = ("after", "before")


def page_size(request: HttpRequest) -> int:
    """25, 50 or 100: what the query asks for, else what the person prefers, else 25."""
    preference = getattr(request, "preference", None)
    wanted = request.GET.get("size", "")
    size = int(wanted) if wanted.isdecimal() and len(wanted) < 4 else (preference.page_size if preference else SIZES[0])
    return size if size in SIZES else SIZES[0]


def paged(request: HttpRequest, rows: QuerySet[Row]) -> tuple[Page[Row], int]:
    """The page that the query string asks for, and its size; a cursor that cannot be read gives the first page."""
    size = page_size(request)
    try:
        return page(rows, request.GET.get("after"), request.GET.get("before"), size), size
    except Refused:
        return page(rows, size=size), size


def listed(request: HttpRequest, form: forms.Form, rows: QuerySet[Row]) -> tuple[Page[Row], dict[str, Any]]:
    """The page that the query string asks for, and what the templates of filtered lists take: the form, page and size, chips, and the address without filters."""
    found, size = paged(request, rows)
    return found, {"form": form, "page": found, "size": size, "chips": chips(request, form), "clear_url": without(request, list(form.fields))}


def is_poll(request: HttpRequest) -> bool:
    """Whether live.js asks for news of a part of the page."""
    return request.headers.get("X-Live") == "1"


def without(request: HttpRequest, names: Collection[str]) -> str:
    """This page's address with these parameters, the cursor and what is empty taken away."""
    query = request.GET.copy()
    for name in [*names, *CURSORS]:
        query.pop(name, None)
    for name in list(query):
        if not any(query.getlist(name)):
            del query[name]
    return f"?{query.urlencode()}" if query else request.path


def chips(request: HttpRequest, form: forms.Form) -> list[dict[str, str]]:
    """The applied filters, each with the address of the page without it."""
    found = []
    for name, field in form.fields.items():
        value = request.GET.get(name, "")
        if not value or name in form.errors:
            continue
        if isinstance(field.widget, forms.Select):
            words = {str(key): str(word).strip() for key, word in field.widget.choices}
            value = words.get(value, value)
        found.append({"label": str(field.label), "value": value, "url": without(request, [name])})
    return found
