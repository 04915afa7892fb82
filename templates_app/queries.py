"""Reads of templates: one by id or name, and all that can be chosen."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from jobs.engine.errors import Refused
from templates_app.models import Template
from templates_app.names import called, matching

if TYPE_CHECKING:
    from django.db.models import QuerySet


def listed(kinds: Collection[str] = (), q: str = "") -> QuerySet[Template]:
    """Templates that are not deleted, by name, with their current version; ``kinds`` empty: of every kind; ``q``: a part of name or id."""
    rows = Template.objects.filter(deleted_at=None, current__isnull=False).select_related("current").order_by("name", "id")
    if kinds:
        rows = rows.filter(kind__in=kinds)
    return matching(rows, q)


def find(id_or_name: str) -> Template:
    """The template of this id, else of this name, with its current version. Raises Refused TemplateNotFound."""
    if row := called(listed(), id_or_name):
        return row
    raise Refused("TemplateNotFound", _("There is no template %(name)s.") % {"name": id_or_name[:128]})
