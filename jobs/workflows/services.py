"""What people and interfaces write about workflows: made, changed (a new version), switched on and off, deleted. One transaction each."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from console import audit
from console.lib.sealing import sealed_keys
from jobs import clock
from jobs.engine.errors import Problem, Refused
from jobs.models import Pipeline
from jobs.queries import find_pipeline
from jobs.workflows import admission, watching
from jobs.workflows.models import Execution, Workflow, WorkflowVersion
from jobs.workflows.states import ExecutionState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.models import User


Wanted = admission.Wanted
"""What callers say."""


def check(wanted: Wanted, workflow: Workflow | None = None) -> tuple[Problem, ...]:
    """Everything that is wrong with it, each with its place; ``workflow``: the one that is edited. Empty: it can be saved."""
    return admission.problems(_tidied(wanted), workflow)


def overlaps(bucket: str, path: str, but: str = "") -> list[Workflow]:
    """Other watching workflows that a file below this path would start too (a warning, no mistake). ``but``: id of the one that is edited."""
    own = admission.tidied_path(path)
    rows = Workflow.objects.filter(bucket=bucket, state=Workflow.State.ACTIVE, trigger=Workflow.Trigger.AUTOMATIC).exclude(pk=but).order_by("name")
    return [row for row in rows if row.path.startswith(own) or own.startswith(row.path)]


def create(
    wanted: Wanted, *, owner: User | None, actor: str, active: bool = False, source: str = Workflow.Source.API, foreign: Mapping[str, Any] | None = None
) -> Workflow:
    """A new workflow, inactive unless said. Raises Refused with every mistake and its place."""
    wanted = _checked(wanted, None)
    pipeline, steps = find_pipeline(wanted.pipeline), _steps(wanted)
    row = Workflow(source=source, foreign=dict(foreign or {}), owner=owner, **_values(wanted, pipeline, steps))
    there = watching.listing(row) if active and row.trigger == Workflow.Trigger.AUTOMATIC else ()
    with transaction.atomic():
        _save(row, force_insert=True)
        _version(row, actor)
        audit.record("workflow.created", row.pk, row.name, actor=actor, bucket=row.bucket, path=row.path)
        if active:
            _switch_on(row, there)
    return row


def replace(workflow: Workflow, wanted: Wanted, *, actor: str, foreign: Mapping[str, Any] | None = None) -> Workflow:
    """Say anew what it does: a new version, if anything but the name changed. Running executions keep theirs. Raises Refused."""
    wanted = _checked(wanted, workflow)
    pipeline, steps = find_pipeline(wanted.pipeline), _steps(wanted)
    values = _values(wanted, pipeline, steps)
    row = Workflow.objects.get(pk=workflow.pk)
    began, stood = _watched(row), _stands(row)
    for name, value in values.items():
        setattr(row, name, value)
    anew = row.is_watching and _watched(row) != began
    there = watching.listing(row) if anew else ()
    with transaction.atomic():
        before = _locked(workflow, stood)
        row.number = before.number
        changed = {name: [_told(getattr(before, name)), _told(value)] for name, value in values.items() if getattr(before, name) != value}
        if foreign is not None:
            row.foreign = dict(foreign)
        if changed.keys() - {"name"}:
            row.number += 1
        _save(row, update_fields=[*values, "foreign", "number", "updated_at"])
        if row.number != before.number:
            _version(row, actor)
        if anew:
            _switch_on(row, there)
        if changed:
            fields = ["steps"] if changed.pop("steps", None) else []
            audit.record("workflow.changed", row.pk, row.name, actor=actor, version=row.number, **changed | ({"fields": fields} if fields else {}))
    return row


def enable(workflow: Workflow, *, actor: str) -> Workflow:
    """Switch it on. What lies below its path already is not new and starts nothing. Raises Refused where the path cannot be listed."""
    row = Workflow.objects.get(pk=workflow.pk)
    if row.state == Workflow.State.ACTIVE:
        return row
    stood = _stands(row)
    there = watching.listing(row) if row.trigger == Workflow.Trigger.AUTOMATIC else ()
    with transaction.atomic():
        row = _locked(workflow, stood)
        _switch_on(row, there)
        audit.record("workflow.enabled", row.pk, row.name, actor=actor)
    return row


def disable(workflow: Workflow, *, actor: str) -> Workflow:
    """Switch it off: nothing new starts; what runs goes on."""
    with transaction.atomic():
        row = Workflow.objects.select_for_update().get(pk=workflow.pk)
        if row.state != Workflow.State.INACTIVE:
            row.state, row.scan_at, row.scan_error = Workflow.State.INACTIVE, None, ""
            row.save(update_fields=["state", "scan_at", "scan_error", "updated_at"])
            audit.record("workflow.disabled", row.pk, row.name, actor=actor)
    return row


def delete(workflow: Workflow, *, actor: str) -> None:
    """Delete it; its executions and their jobs stay. Raises Refused WrongState while an execution runs."""
    with transaction.atomic():
        row = Workflow.objects.select_for_update().get(pk=workflow.pk)
        if Execution.objects.filter(workflow=row, state=ExecutionState.RUNNING).exists():
            raise Refused("WrongState", _("An execution of this workflow is running. Cancel it, or wait until it has ended."))
        audit.record("workflow.deleted", row.pk, row.name, actor=actor)
        row.delete()


# --- details ----------------------------------------------------------------------------------------------------------
def _tidied(wanted: Wanted) -> Wanted:
    return dataclasses.replace(wanted, name=wanted.name.strip(), path=admission.tidied_path(wanted.path), file_types=admission.tidied_types(wanted.file_types))


def _checked(wanted: Wanted, workflow: Workflow | None) -> Wanted:
    wanted = _tidied(wanted)
    if found := admission.problems(wanted, workflow):
        raise Refused("InvalidParameter", problems=found)
    return wanted


def _steps(wanted: Wanted) -> list[dict[str, Any]]:
    """Steps as they are kept: content keys sealed."""
    try:
        found: list[dict[str, Any]] = sealed_keys([step.model_dump(mode="json") for step in wanted.steps])
    except ValueError:
        text = "The key was sealed by another installation: send it as 32 hexadecimal digits."
        raise Refused("InvalidParameter", problems=(Problem(("steps",), text),)) from None
    return found


def _values(wanted: Wanted, pipeline: Pipeline, steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": wanted.name,
        "trigger": wanted.trigger,
        "bucket": wanted.bucket,
        "path": wanted.path,
        "pipeline": pipeline,
        "priority": wanted.priority,
        "file_types": list(wanted.file_types),
        "notify_topic": wanted.notify_topic,
        "steps": steps,
    }


def _told(value: object) -> object:
    """A value as the audit trail keeps it."""
    return value.name if isinstance(value, Pipeline) else value


def _watched(row: Workflow) -> tuple[object, ...]:
    """What decides which objects are new: where it looks, at which, and whether."""
    return row.bucket, row.path, row.file_types, row.trigger


def _stands(row: Workflow) -> tuple[object, ...]:
    """What must not change between listing what is there and saying that it is known."""
    return row.state, *_watched(row)


def _locked(workflow: Workflow, stood: tuple[object, ...]) -> Workflow:
    """The row, locked until the transaction ends. Raises Refused WrongState where somebody else was faster."""
    row = Workflow.objects.select_for_update().filter(pk=workflow.pk).first()
    if row is None or _stands(row) != stood:
        raise Refused("WrongState", _("Somebody else has just changed this workflow: look at it, and try again."))
    return row


def _version(row: Workflow, actor: str) -> None:
    names = ("bucket", "path", "priority", "file_types", "notify_topic", "trigger", "steps")
    document = {name: getattr(row, name) for name in names} | {"pipeline": row.pipeline.name}
    WorkflowVersion.objects.create(workflow=row, number=row.number, document=document, actor=actor)


def _switch_on(row: Workflow, there: watching.Listing) -> None:
    """Active from now on; what is there is known. Inside the caller's transaction."""
    watching.know(row, there)
    row.state, row.scan_at, row.scan_error = Workflow.State.ACTIVE, clock.now(), ""
    row.save(update_fields=["state", "scan_at", "scan_error", "updated_at"])


def _save(row: Workflow, **how: Any) -> None:
    try:
        with transaction.atomic():
            row.save(**how)
    except IntegrityError:
        raise Refused("InvalidParameter", problems=(Problem(("name",), _("A workflow with this name exists.")),)) from None
