"""Every write to templates. Parameters are checked by the engine; a change makes a new version, so jobs keep what they were sent with."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import ValidationError

from console import audit
from console.lib.problems import problems_of
from console.lib.sealing import sealed_keys
from jobs.engine.combinations import check
from jobs.engine.errors import Problem, Refused
from jobs.engine.template import Template as Params
from templates_app import names
from templates_app.models import Template, TemplateVersion
from templates_app.presets import Preset, shipped

DESCRIPTION_CHARS = 255
DOCUMENT = "reelmill-templates"
IMPORT_MAX = 1000


# --- what people do -----------------------------------------------------------------------------------------------------
def create(name: str, params: Mapping[str, Any], description: str = "", kind: str = Template.Kind.CUSTOM) -> Template:
    """A new template with version 1. Raises Refused with every mistake and its place: («name»,), («params», «video», «crf») …"""
    name, description = name.strip(), description.strip()
    said = _checked(name, description, params)
    try:
        with transaction.atomic():
            template = Template.objects.create(name=name, kind=kind, description=description)
            audit.record("template.created", template.pk, name)
            return _new_version(template, said)
    except IntegrityError:
        raise names.taken(Template, name) from None


def update(
    template: Template, *, name: str | None = None, params: Mapping[str, Any] | None = None, description: str | None = None, kind: str | None = None
) -> Template:
    """Change what is given; other parameters make a new version. Raises Refused as :func:`create`, PermissionDenied for presets."""
    _custom(template)
    name = template.name if name is None else name.strip()
    description = template.description if description is None else description.strip()
    said = _checked(name, description, params, own=template)
    try:
        with transaction.atomic():
            row = Template.objects.select_for_update().get(pk=template.pk, deleted_at=None)
            before = row.name
            row.name, row.description, row.kind = name, description, kind or row.kind
            row.save(update_fields=["name", "description", "kind", "updated_at"])
            row = _new_version(row, said) if said is not None else row
            audit.record("template.changed", row.pk, name, version=row.current.number if row.current else 0, **audit.was(before, name))
            return row
    except Template.DoesNotExist:
        raise Refused("TemplateNotFound") from None
    except IntegrityError:
        raise names.taken(Template, name) from None


def delete(template: Template) -> None:
    """Nobody can choose it any more; its versions stay for the jobs that used them, and its name is free again. Raises Refused for presets."""
    _custom(template)
    gone = f"{template.name[:80]} (deleted {template.pk})"
    with transaction.atomic():
        if Template.objects.filter(pk=template.pk, deleted_at=None).update(name=gone, deleted_at=timezone.now()):
            audit.record("template.deleted", template.pk, template.name)


def restore(template: Template, number: int) -> Template:
    """Make the parameters of an earlier version the current ones, as a new version. Raises Refused as :func:`update`, NotFound for an unknown number."""
    version = template.versions.filter(number=number).first()
    if version is None:
        raise Refused("NotFound")
    return update(template, params=version.params)


def duplicate(template: Template, name: str = "") -> Template:
    """A custom template with the same parameters. ``name`` empty: a free one made from the original's."""
    if template.current is None:
        raise Refused("TemplateNotFound")
    return create(name or names.free_name(Template, template.name), template.current.params, description=template.description)


# --- as a file ----------------------------------------------------------------------------------------------------------
def export_document(templates: Iterable[Template]) -> dict[str, Any]:
    """Templates as one JSON document that :func:`import_document` reads, here or elsewhere."""
    items = [{"name": row.name, "description": row.description, "params": row.current.params} for row in templates if row.current]
    return {"format": DOCUMENT, "version": 1, "templates": items}


def import_document(document: Any, *, if_exists: Literal["fail", "rename", "update"] = "fail") -> list[Template]:
    """Make templates out of a document, all or none. Raises Refused with every mistake and its place («templates», index, …).

    ``if_exists``: what to do where a custom template has the name; a preset's name always counts as taken, so «update» makes a copy of it.
    """
    items = document.get("templates") if isinstance(document, dict) else None
    if not isinstance(items, list) or document.get("format") != DOCUMENT or not 0 < len(items) <= IMPORT_MAX:
        raise Refused("InvalidParameter", _("This is not a document of templates."))
    made: list[Template] = []
    problems: list[Problem] = []
    with transaction.atomic():
        for index, item in enumerate(items):
            try:
                made.append(_import(item, if_exists))
            except Refused as error:
                problems += [Problem(("templates", index, *row.loc), row.message) for row in error.problems or (Problem((), error.message),)]
        if problems:
            raise Refused("InvalidParameter", problems=tuple(problems))
    return made


def _import(item: Any, if_exists: str) -> Template:
    if (
        not isinstance(item, dict)
        or not isinstance(item.get("name"), str)
        or not isinstance(item.get("description", ""), str)
        or not isinstance(item.get("params"), dict)
    ):
        raise Refused("InvalidParameter", _("A template has a name, a description and params."))
    if unknown := sorted(set(item) - {"name", "description", "params"}):
        raise Refused("InvalidParameter", problems=tuple(Problem((key,), _("This key is not known.")) for key in unknown))
    name, params, description = item["name"].strip(), item["params"], item.get("description", "")
    there = Template.objects.filter(name=name).first()
    if there is not None and if_exists == "update" and not there.is_preset:
        return update(there, params=params, description=description)
    if there is not None and if_exists != "fail":
        name = names.free_name(Template, name)
    return create(name, params, description=description)


# --- presets ------------------------------------------------------------------------------------------------------------
def load_presets() -> int:
    """Bring the shipped presets into the database. Returns how many changed; doing it again changes nothing.

    A preset that ships with other parameters gets a new version. A custom template in the way of a preset's name is renamed.
    """
    with transaction.atomic():
        return sum(_load(preset) for preset in shipped())


def _load(preset: Preset) -> bool:
    for other in Template.objects.filter(name=preset.name).exclude(pk=preset.id):
        Template.objects.filter(pk=other.pk).update(name=names.free_name(Template, other.name))
    template, changed = Template.objects.get_or_create(pk=preset.id, defaults={"name": preset.name, "kind": preset.kind, "description": preset.description})
    if (template.name, template.description, template.kind) != (preset.name, preset.description, preset.kind) or template.deleted_at:
        template.name, template.description, template.kind, template.deleted_at = preset.name, preset.description, preset.kind, None
        template.save(update_fields=["name", "description", "kind", "deleted_at", "updated_at"])
        changed = True
    number = template.current.number if template.current else 0
    after = _new_version(template, said_of(preset.params))
    return changed or (after.current is not None and after.current.number != number)


# --- checks -------------------------------------------------------------------------------------------------------------
def said_of(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as they are kept: only what was said, in the engine's own form. Raises pydantic.ValidationError."""
    said: dict[str, Any] = sealed_keys(Params.model_validate_json(json.dumps(dict(params))).model_dump(mode="json", exclude_unset=True, exclude_none=True))
    return said


def _new_version(template: Template, said: dict[str, Any] | None) -> Template:
    """Append a version unless the newest one says the same. Inside the caller's transaction."""
    if said is None or (template.current is not None and template.current.params == said):
        return template
    number = (template.versions.order_by("-number").values_list("number", flat=True).first() or 0) + 1
    template.current = TemplateVersion.objects.create(template=template, number=number, params=said)
    template.save(update_fields=["current", "updated_at"])
    return template


def _checked(name: str, description: str, params: Mapping[str, Any] | None, own: Template | None = None) -> dict[str, Any] | None:
    """Every mistake at once. Returns the parameters as they are kept."""
    said: dict[str, Any] | None = None
    problems = [*names.mistakes(Template, name, own), *_description_mistakes(description)]
    impossible: list[Problem] = []
    if params is not None:
        try:
            said = said_of(params)
        except (TypeError, ValueError) as error:  # pydantic's error is a ValueError
            problems += _places(error)
        else:
            template = Params.model_validate_json(json.dumps(said))
            impossible = [Problem(("params", *row.loc), row.message) for row in check(template)]
    if problems or impossible:
        code = "ImpossibleCombination" if impossible and not problems else "InvalidParameter"
        raise Refused(code, problems=(*problems, *impossible))
    return said


def _places(error: TypeError | ValueError) -> list[Problem]:
    if not isinstance(error, ValidationError):
        return [Problem(("params",), _("The parameters are not JSON."))]
    return [Problem(("params", *problem.loc), problem.message) for problem in problems_of(error)]


def _description_mistakes(description: str) -> list[Problem]:
    problems = []
    if len(description) > DESCRIPTION_CHARS:
        problems.append(Problem(("description",), _("At most %(limit)s characters.") % {"limit": DESCRIPTION_CHARS}))
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\r\n\t" for c in description):
        problems.append(Problem(("description",), _("The description has control characters.")))
    return problems


def _custom(template: Template) -> None:
    if template.is_preset:
        raise Refused("PermissionDenied", _("Presets cannot be changed; duplicate it as a custom template."))
