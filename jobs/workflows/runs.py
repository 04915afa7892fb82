"""What people and interfaces write about executions: start one by hand, cancel it, run it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from console import audit
from console.lib.policy import require_bucket
from jobs import clock
from jobs.engine.address import Address
from jobs.engine.errors import Refused
from jobs.engine.spec import bounded
from jobs.workflows import tree
from jobs.workflows.advancing import cancel_jobs
from jobs.workflows.models import Activity, Execution, Workflow
from jobs.workflows.starting import start
from jobs.workflows.states import ActivityState
from media_assets.models import Bucket
from media_assets.storage import storage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.contrib.auth.models import User

    from media_assets.objects import ObjectFacts


def run(
    workflow: Workflow,
    address: Address,
    *,
    owner: User | None,
    actor: str,
    test: bool = False,
    user_data: str = "",
    foreign: Mapping[str, Any] | None = None,
    idempotency_key: str = "",
) -> Execution:
    """Start an execution over an object, wherever it lies. ``test``: «test with a file», also of an inactive workflow. With an idempotency key that this owner
    used before, the execution of that time comes back. Raises Refused: WrongState (inactive), ObjectNotFound, BucketNotFound, PermissionDenied."""
    if earlier := _earlier(owner, idempotency_key):
        return earlier
    if workflow.state != Workflow.State.ACTIVE and not test:
        raise Refused("WrongState", _("The workflow is inactive. Enable it, or test it with a file."))
    try:
        user_data = bounded(user_data)
    except ValueError as error:
        raise Refused("InvalidParameter", f"user_data: {error}.") from None
    facts = _facts(address)
    _require(workflow.steps, address)
    trigger = Execution.Trigger.TEST if test else Execution.Trigger.MANUAL
    try:
        with transaction.atomic():
            made = start(
                workflow, address, facts, trigger=trigger, owner=owner, user_data=user_data, foreign=dict(foreign or {}), idempotency_key=idempotency_key
            )
            audit.record("workflow.run", workflow.pk, workflow.name, actor=actor, execution=made.pk, address=str(address))
    except IntegrityError:
        if earlier := _earlier(owner, idempotency_key):
            return earlier
        raise
    return made


def cancel(execution_id: str, *, actor: str) -> Execution:
    """Cancel it with its jobs: what waits is skipped. Raises Refused NotFound, WrongState (it is over)."""
    with transaction.atomic():
        row = _locked(execution_id)
        if row.is_final:
            raise Refused("WrongState", _("The execution is over."))
        if not row.cancel_requested:
            Execution.objects.filter(pk=row.pk).update(cancel_requested=True, due_at=clock.now(), version=F("version") + 1)
            audit.record("execution.cancelled", row.pk, row.key, actor=actor, workflow=row.workflow_name)
    cancel_jobs(execution_id, actor)
    return Execution.objects.get(pk=execution_id)


def again(execution_id: str, *, from_failed: bool = False, owner: User | None, actor: str) -> Execution:
    """Run it again, as a new execution: all of it, as the workflow is now; or, ``from_failed``, what did not succeed, as its version said. Raises Refused."""
    old = Execution.objects.select_related("workflow").filter(pk=execution_id).first()
    if old is None:
        raise Refused("NotFound", _("There is no such execution."))
    if not old.is_final:
        raise Refused("WrongState", _("The execution has not ended yet."))
    if old.workflow is None:
        raise Refused("WrongState", _("The workflow was deleted."))
    address = Address(old.bucket, old.key)
    done = list(old.activities.order_by("index"))
    if from_failed and all(row.state == ActivityState.SUCCESS for row in done):
        raise Refused("WrongState", _("No step has failed: run all of it again."))
    facts = _facts(address)
    steps: Sequence[Mapping[str, Any]] = [row.step for row in done] if from_failed else old.workflow.steps
    _require(steps, address)
    with transaction.atomic():
        made = start(
            old.workflow,
            address,
            facts,
            trigger=Execution.Trigger.MANUAL,
            owner=owner,
            steps=steps,
            number=old.number if from_failed else None,
            user_data=old.user_data,
            foreign=old.foreign,
            again_of=old,
        )
        if from_failed:
            _keep(made, done)
        audit.record("execution.retried", old.pk, old.key, actor=actor, execution=made.pk)
    return made


def _keep(made: Execution, done: Sequence[Activity]) -> None:
    """What succeeded in the earlier execution counts in this one, with the job of that time."""
    for row in done:
        if row.state == ActivityState.SUCCESS:
            Activity.objects.filter(execution=made, index=row.index).update(
                state=ActivityState.SUCCESS, job=row.job_id, started_at=row.started_at, finished_at=row.finished_at
            )


def _facts(address: Address) -> ObjectFacts:
    """The object. Raises Refused where it cannot be an input."""
    bucket = Bucket.objects.filter(name=address.bucket).first()
    if bucket is not None and not bucket.is_input:
        raise Refused("BucketRoleMissing", f"The bucket {address.bucket} is not bound as input.")
    facts = storage(address.bucket).stat(address.key)
    if facts is None:
        raise Refused("ObjectNotFound", f"No object at {address.bucket}/{address.key}.")
    return facts


def _require(steps: Sequence[Mapping[str, Any]], address: Address) -> None:
    """Raises Refused PermissionDenied where the caller's policy does not allow a bucket that the steps write to: their jobs are submitted without asking again."""
    for step in tree.read(steps):
        for _loc, target in tree.targets(step, address):
            require_bucket(target.bucket)


def _earlier(owner: User | None, key: str) -> Execution | None:
    return Execution.objects.filter(owner=owner, idempotency_key=key).first() if key else None


def _locked(execution_id: str) -> Execution:
    row = Execution.objects.select_for_update().filter(pk=execution_id).first()
    if row is None:
        raise Refused("NotFound", _("There is no such execution."))
    return row
