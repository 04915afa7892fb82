"""Reads of snapshot templates: one by id or name, the list, and what a request becomes with one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from jobs.engine.errors import Problem, Refused
from jobs.engine.rules import snapshot as snapshot_rules
from jobs.engine.rules import sprite as sprite_rules
from templates_app.names import called, matching
from templates_app.snapshots.models import SnapshotTemplate

if TYPE_CHECKING:
    from django.db.models import QuerySet

_FIELDS = {"snapshot": snapshot_rules.FIELDS, "sprite": sprite_rules.FIELDS}


def listed(q: str = "", kind: str = "") -> QuerySet[SnapshotTemplate]:
    """By name; ``q``: a part of name or id; ``kind``: snapshot, sprite, webvtt, or empty for all."""
    rows = SnapshotTemplate.objects.order_by("name", "id")
    if kind:
        rows = rows.filter(kind=kind)
    return matching(rows, q)


def find(id_or_name: str) -> SnapshotTemplate:
    """The snapshot template of this id, else of this name. Raises Refused TemplateNotFound."""
    if row := called(SnapshotTemplate.objects.all(), id_or_name):
        return row
    message = _("There is no snapshot template %(name)s.") % {"name": id_or_name[:128]}
    raise Refused("TemplateNotFound", message, problems=(Problem(("template",), message),))


def applied(data: dict[str, Any], kind: str) -> dict[str, Any]:
    """The request with the values of the template that it names, where it says nothing itself; ``template`` then is the id. Another mode than the template's leaves out
    what only that one is told by. Raises Refused TemplateNotFound, InvalidParameter (a template for another kind of job)."""
    row = find(data["template"])
    if row.job_kind != kind:
        message = _("The template %(name)s is for another kind of job.") % {"name": row.name}
        raise Refused("InvalidParameter", message, problems=(Problem(("template",), message),))
    params = dict(row.params)
    mode = data.get("mode")
    fields = _FIELDS[kind]
    if mode in fields and mode != params.get("mode", "single" if kind == "snapshot" else "series"):
        foreign = frozenset().union(*fields.values()) - fields[mode]
        params = {name: value for name, value in params.items() if name not in foreign}
    return {**params, **data, "template": row.pk}
