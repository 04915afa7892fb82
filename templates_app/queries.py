"""Reads of templates: one by id or name, and all that can be chosen."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from jobs.engine.errors import Refused
from templates_app.models import Template


def listed(kinds: Collection[str] = (), q: str = "") -> QuerySet[Template]:
    """Templates that are not deleted, by name, with their current version; ``kinds`` empty: of every kind; ``q``: a part of name or id."""
    rows = Template.objects.filter(deleted_at=None, current__isnull=False).select_related("current").order_by("name", "id")
    if kinds:
        rows = rows.filter(kind__in=kinds)
    if q:
        rows = rows.filter(Q(name__icontains=q) | Q(pk__icontains=q))
    return rows


def find(id_or_name: str) -> Template:
    """The template of this id, else of this name, with its current version. Raises Refused TemplateNotFound."""
    if "\x00" not in id_or_name:  # no id or name has one, and PostgreSQL would not even look
        rows = list(listed().filter(Q(pk=id_or_name) | Q(name=id_or_name)))
        if rows:
            return next((row for row in rows if row.pk == id_or_name), rows[0])
    raise Refused("TemplateNotFound", _("There is no template %(name)s.") % {"name": id_or_name[:128]})
