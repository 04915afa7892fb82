"""What a template of any sort may be called: names are unique within their sort, and no name is another's id."""

from __future__ import annotations

import unicodedata
from typing import TypeVar

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from jobs.engine.errors import Problem, Refused

NAME_BYTES = 128
Row = TypeVar("Row", bound=Model)
_PLACE = ("name",)


def called(rows: QuerySet[Row], id_or_name: str) -> Row | None:
    """The row of this id, else of this name."""
    if "\x00" in id_or_name:  # no id or name has one, and PostgreSQL would not even look
        return None
    found = list(rows.filter(Q(pk=id_or_name) | Q(name=id_or_name)))
    return next((row for row in found if row.pk == id_or_name), found[0] if found else None)


def matching(rows: QuerySet[Row], q: str) -> QuerySet[Row]:
    """Those with ``q`` as a part of name or id; empty: all."""
    return rows.filter(Q(name__icontains=q) | Q(pk__icontains=q)) if q else rows


def mistakes(model: type[Model], name: str, own: Model | None) -> list[Problem]:
    """Everything wrong with a name without space around it. ``own``: the row that is to have it, where there is one already."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return [Problem(_PLACE, _("The name is not valid Unicode."))]
    if not name:
        return [Problem(_PLACE, _("Enter a name."))]
    problems = []
    if size > NAME_BYTES:
        problems.append(Problem(_PLACE, _("%(size)s of %(limit)s bytes.") % {"size": size, "limit": NAME_BYTES}))
    if not name[0].isalnum():
        problems.append(Problem(_PLACE, _("Start the name with a letter or a digit.")))
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in name):
        problems.append(Problem(_PLACE, _("The name has control characters.")))
    elif not problems:
        # An id works wherever a name does, so no name may be another template's id.
        others = model._default_manager.filter(Q(name=name) | Q(pk=name)).exclude(pk=own.pk if own else None)
        if other := others.first():
            problems.append(Problem(_PLACE, _used_by(other.pk)))
    return problems


def free_name(model: type[Model], name: str) -> str:
    """«name copy», «name copy 2», … : the first that nobody has."""
    number = 1
    while True:
        tail = " copy" if number == 1 else f" copy {number}"
        wanted = name.encode()[: NAME_BYTES - len(tail)].decode(errors="ignore") + tail
        if not model._default_manager.filter(name=wanted).exists():
            return wanted
        number += 1


def taken(model: type[Model], name: str) -> Refused:
    """Somebody else was faster."""
    other = model._default_manager.filter(name=name).first()
    message = _used_by(other.pk if other else "?")
    return Refused("InvalidParameter", message, problems=(Problem(_PLACE, message),))


def _used_by(pk: str) -> str:
    return _("Already used by template %(id)s.") % {"id": pk}
