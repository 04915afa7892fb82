"""Reads of watermark templates: one by id or name, the list, and who uses them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from jobs.engine.errors import Refused
from templates_app.marks.models import WatermarkTemplate
from templates_app.models import Template
from templates_app.names import called, matching

if TYPE_CHECKING:
    from django.db.models import QuerySet


def listed(q: str = "", kind: str = "") -> QuerySet[WatermarkTemplate]:
    """Those that are not deleted, by name; ``q``: a part of name or id; ``kind``: image, text, or empty for both."""
    rows = WatermarkTemplate.objects.filter(deleted_at=None, current__isnull=False).select_related("current").order_by("name", "id")
    if kind:
        rows = rows.filter(kind=kind)
    return matching(rows, q)


def find(id_or_name: str) -> WatermarkTemplate:
    """The watermark template of this id, else of this name. Raises Refused TemplateNotFound."""
    if row := called(listed(), id_or_name):
        return row
    raise Refused("TemplateNotFound", _("There is no watermark template %(name)s.") % {"name": id_or_name[:128]})


def used_by(rows: Iterable[WatermarkTemplate]) -> dict[str, list[Template]]:
    """By id: the transcoding templates whose current version names each of them. One read."""
    wanted = list(rows)
    found: dict[str, list[Template]] = {row.pk: [] for row in wanted}
    names = {key: row.pk for row in wanted for key in (row.pk, row.name)}
    users = Template.objects.filter(deleted_at=None, current__params__watermarks__isnull=False).select_related("current").order_by("name")
    for template in users:
        marks = (template.current.params if template.current else {}).get("watermarks") or ()
        for pk in dict.fromkeys(names[mark["template"]] for mark in marks if isinstance(mark, dict) and mark.get("template") in names):
            found[pk].append(template)
    return found
