"""Transcoding templates in MPS's words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from console.models import Role
from jobs.dialects import answer_template, translate_template
from jobs.dialects.call import Refusal
from jobs.dialects.mps.errors import no_template
from jobs.dialects.mps.reading import ids, need, page, plain_id, said, wrapped
from jobs.dialects.reading import Fields
from jobs.dialects.times import utc
from jobs.engine.errors import Refused
from templates_app import queries, services
from templates_app.models import Template

if TYPE_CHECKING:
    from jobs.dialects.call import Answer, Call

STATES = {"All": None, "Normal": True, "Deleted": False}
SMART = re.compile(r"S0000000[0234]-\d{6}")
SMART_WHY = "enhancement presets do not exist here, and of the others only those that are published."
OWN = (Template.Kind.CUSTOM, Template.Kind.CUSTOMIZED)


def add(call: Call) -> Answer:
    """AddTemplate. An absent Video or Audio means: no such stream."""
    need(call.params, "Name")
    fields = Fields(call.params)
    made = services.create(fields.text("Name", most=512), translate_template.template(fields))
    return {"Template": told(made, call)}


def update(call: Call) -> Answer:
    """UpdateTemplate: all of it is said anew."""
    need(call.params, "TemplateId", "Name")
    fields = Fields(call.params)
    row = of_id(call.params["TemplateId"])
    params = translate_template.template(fields) if any(fields.has(name) for name in translate_template.OBJECTS) else None
    return {"Template": told(services.update(row, name=fields.text("Name", most=512), params=params), call)}


def query(call: Call) -> Answer:
    """QueryTemplateList: custom templates, deleted ones too, and presets."""
    wanted = ids(call.params, "TemplateIds")
    rows = Template.objects.select_related("current").in_bulk([one for one in wanted if plain_id(one)])
    missing = [one for one in wanted if one not in rows]
    return wrapped("Template", [told(rows[one], call) for one in wanted if one in rows]) | {"NonExistTids": {"String": missing}}


def search(call: Call) -> Answer:
    """SearchTemplate: the custom ones, newest first."""
    number, size = page(call.params)
    fields = Fields(call.params)
    alive = fields.one_of("State", STATES, None)
    rows = Template.objects.filter(kind__in=OWN, current__isnull=False).select_related("current").order_by("-created_at", "id")
    if alive is not None:
        rows = rows.filter(deleted_at__isnull=alive)
    if prefix := fields.text("NamePrefix", most=128):
        rows = rows.filter(Q(name__startswith=prefix))
    items = [told(row, call) for row in rows[(number - 1) * size : number * size]]
    return wrapped("Template", items) | {"TotalCount": rows.count(), "PageNumber": number, "PageSize": size}


def delete(call: Call) -> Answer:
    """DeleteTemplate."""
    need(call.params, "TemplateId")
    row = of_id(call.params["TemplateId"])
    services.delete(row)
    return {"TemplateId": row.id}


def of_id(id_or_name: str) -> Template:
    """A template that is not deleted, by id or unique name. Raises Refusal."""
    try:
        return queries.find(id_or_name)
    except Refused:
        if SMART.match(id_or_name):
            raise Refusal("InvalidParameter.TemplateNotSupported", f'The Template operated "{id_or_name[:32]}" is not served: {SMART_WHY}') from None
        raise no_template(id_or_name[:128]) from None


def told(row: Template, call: Call) -> dict[str, Any]:
    """A template as answers have it; parameters of customized ones are for admins."""
    hidden = row.is_opaque and not call.caller.at_least(Role.ADMIN)
    found = said(
        Id=row.id,
        Name=row.name.removesuffix(f" (deleted {row.pk})"),
        State="Deleted" if row.deleted_at else "Normal",
        CreationTime=utc(row.created_at),
    )
    return found if hidden or row.current is None else found | answer_template.parts(row.current.params, removals=True)
