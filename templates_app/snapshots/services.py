"""Every write to snapshot templates. Jobs keep the values that they were accepted with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from pydantic import ValidationError

from console import audit
from jobs.engine.errors import Problem, Refused
from jobs.engine.rules import snapshot as snapshot_rules
from jobs.engine.rules import sprite as sprite_rules
from jobs.engine.spec import SnapshotSpec, SpriteSpec
from templates_app import names
from templates_app.snapshots.models import SnapshotTemplate

NOT_ITS_OWN = frozenset({"kind", "template", "input", "images"})
"""What only a job says."""
_EXAMPLE = {"snapshot": "oss://output/{Count}", "sprite": "oss://output/{TileCount}"}


def checked(kind: str, params: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """What was said, and every mistake in it; places begin with «params». ``kind``: of the template. Addresses may be left to jobs."""
    if foreign := sorted(NOT_ITS_OWN & params.keys()):
        return {}, [Problem(("params", name), _("A template does not say this; jobs do.")) for name in foreign]
    job_kind = "snapshot" if kind == SnapshotTemplate.Kind.SNAPSHOT else "sprite"
    document = {"input": "oss://input/clip.mp4", "output": _EXAMPLE[job_kind], **params}
    try:
        text = json.dumps(document, allow_nan=False)
        spec = SnapshotSpec.model_validate_json(text) if job_kind == "snapshot" else SpriteSpec.model_validate_json(text)
    except ValidationError as error:
        rows = error.errors(include_url=False, include_context=False, include_input=False)
        return {}, [Problem(("params", *row["loc"]), row["msg"].removeprefix("Value error, ")) for row in rows]
    except ValueError:
        return {}, [Problem(("params",), _("This is no number."))]
    found = snapshot_rules.check(spec) if isinstance(spec, SnapshotSpec) else sprite_rules.check(spec)
    problems = [Problem(("params", *problem.loc), problem.message) for problem in found]
    if isinstance(spec, SpriteSpec) and spec.mode == "images":
        problems = [Problem(("params", "mode"), _("Templates are for videos: choose series or average."))]
    said = spec.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    return {name: said[name] for name in params if name in said}, problems


def create(name: str, kind: str, params: Mapping[str, Any]) -> SnapshotTemplate:
    """A new snapshot template. Raises Refused with every mistake and its place: («name»,), («params», «width») …"""
    said = _checked(name.strip(), kind, params)
    try:
        with transaction.atomic():
            made = SnapshotTemplate.objects.create(name=name.strip(), kind=kind, params=said)
            audit.record("snapshot_template.created", made.pk, made.name)
            return made
    except IntegrityError:
        raise names.taken(SnapshotTemplate, name.strip()) from None


def update(template: SnapshotTemplate, *, name: str | None = None, params: Mapping[str, Any] | None = None) -> SnapshotTemplate:
    """Change what is given, and nothing else. The type stays. Raises Refused as :func:`create`."""
    wanted = template.name if name is None else name.strip()
    said = _checked(wanted, template.kind, template.params if params is None else params, own=template)
    try:
        with transaction.atomic():
            row = SnapshotTemplate.objects.select_for_update().get(pk=template.pk)
            before = row.name
            row.name = row.name if name is None else wanted
            row.params = row.params if params is None else said
            row.save(update_fields=["name", "params", "updated_at"])
            audit.record("snapshot_template.changed", row.pk, row.name, **audit.was(before, row.name))
            return row
    except SnapshotTemplate.DoesNotExist:
        raise Refused("TemplateNotFound") from None
    except IntegrityError:
        raise names.taken(SnapshotTemplate, wanted) from None


def duplicate(template: SnapshotTemplate, name: str | None = None) -> SnapshotTemplate:
    """The same under another name; not said: «name copy»."""
    return create(name if name is not None else names.free_name(SnapshotTemplate, template.name), template.kind, template.params)


def delete(template: SnapshotTemplate) -> None:
    """Nobody can choose it any more. Jobs that were sent keep its values."""
    with transaction.atomic():
        if SnapshotTemplate.objects.filter(pk=template.pk).delete()[0]:
            audit.record("snapshot_template.deleted", template.pk, template.name)


def _checked(name: str, kind: str, params: Mapping[str, Any], own: SnapshotTemplate | None = None) -> dict[str, Any]:
    problems = names.mistakes(SnapshotTemplate, name, own)
    if kind not in SnapshotTemplate.Kind.values:
        raise Refused("InvalidParameter", problems=(*problems, Problem(("kind",), _("Choose snapshot, sprite or webvtt."))))
    said, wrong = checked(kind, params)
    if problems or wrong:
        raise Refused("InvalidParameter", problems=(*problems, *wrong))
    return said
