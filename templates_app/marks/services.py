"""Every write to watermark templates. A change of parameters makes a new version; jobs keep the values that they were sent with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import ValidationError

from console import audit
from console.lib.problems import problems_of
from jobs.engine.errors import Problem, Refused
from jobs.engine.rules.marks import mark_problems
from jobs.engine.vocabulary.marks import Watermark
from templates_app import names
from templates_app.marks.models import WatermarkTemplate, WatermarkTemplateVersion


def create(name: str, kind: str, params: Mapping[str, Any]) -> WatermarkTemplate:
    """A new watermark template with version 1. Raises Refused with every mistake and its place: («name»,), («params», «dx») …"""
    name = name.strip()
    said = _checked(name, kind, params)
    try:
        with transaction.atomic():
            made = WatermarkTemplate.objects.create(name=name, kind=kind)
            audit.record("watermark_template.created", made.pk, name)
            return _new_version(made, said)
    except IntegrityError:
        raise names.taken(WatermarkTemplate, name) from None


def update(template: WatermarkTemplate, *, name: str | None = None, params: Mapping[str, Any] | None = None) -> WatermarkTemplate:
    """Change what is given; other parameters make a new version. The type stays. Raises Refused as :func:`create`."""
    name = template.name if name is None else name.strip()
    said = _checked(name, template.kind, template.params if params is None else params, own=template)
    try:
        with transaction.atomic():
            row = WatermarkTemplate.objects.select_for_update(of=("self",)).select_related("current").get(pk=template.pk, deleted_at=None)
            before, row.name = row.name, name
            row.save(update_fields=["name", "updated_at"])
            row = _new_version(row, said) if said != row.params else row
            audit.record("watermark_template.changed", row.pk, name, version=row.current.number if row.current else 0, **audit.was(before, name))
            return row
    except WatermarkTemplate.DoesNotExist:
        raise Refused("TemplateNotFound") from None
    except IntegrityError:
        raise names.taken(WatermarkTemplate, name) from None


def delete(template: WatermarkTemplate) -> None:
    """Nobody can choose it any more, and its name is free again. Jobs that were sent keep its values."""
    gone = f"{template.name[:60]} (deleted {template.pk})"
    with transaction.atomic():
        if WatermarkTemplate.objects.filter(pk=template.pk, deleted_at=None).update(name=gone, deleted_at=timezone.now()):
            audit.record("watermark_template.deleted", template.pk, template.name)


def _new_version(template: WatermarkTemplate, said: dict[str, Any]) -> WatermarkTemplate:
    number = template.current.number + 1 if template.current else 1
    template.current = WatermarkTemplateVersion.objects.create(template=template, number=number, params=said)
    template.save(update_fields=["current", "updated_at"])
    return template


def checked_mark(kind: str, params: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """What was said of a watermark, and every mistake in it; places begin with «params»."""
    try:
        mark = Watermark.model_validate_json(json.dumps(dict(params)))
    except ValidationError as error:
        return {}, [Problem(("params", *problem.loc), problem.message) for problem in problems_of(error)]
    problems = [Problem(("params", *p.loc), p.message) for p in mark_problems(mark)]
    if mark.template is not None:
        problems.append(Problem(("params", "template"), _("A watermark template stands for itself.")))
    if kind == WatermarkTemplate.Kind.IMAGE and mark.text is not None:
        problems.append(Problem(("params", "text"), _("This is a template for images.")))
    if kind == WatermarkTemplate.Kind.TEXT and mark.image is not None:
        problems.append(Problem(("params", "image"), _("This is a template for texts.")))
    return mark.model_dump(mode="json", exclude_unset=True, exclude_none=True), problems


def _checked(name: str, kind: str, params: Mapping[str, Any], own: WatermarkTemplate | None = None) -> dict[str, Any]:
    problems = names.mistakes(WatermarkTemplate, name, own)
    if kind not in WatermarkTemplate.Kind.values:
        problems.append(Problem(("kind",), _("Choose image or text.")))
    said, wrong = checked_mark(kind, params)
    if problems or wrong:
        raise Refused("InvalidParameter", problems=(*problems, *wrong))
    return said
