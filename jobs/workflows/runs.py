"""What people and interfaces write about executions: start one by hand, cancel it, run it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.models import User

    from jobs.engine.address import Address
    from jobs.workflows.models import Execution, Workflow


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
    raise NotImplementedError


def cancel(execution_id: str, *, actor: str) -> Execution:
    """Cancel it with its jobs: what waits is skipped. Raises Refused NotFound, WrongState (it is over)."""
    raise NotImplementedError


def again(execution_id: str, *, from_failed: bool = False, owner: User | None, actor: str) -> Execution:
    """Run it again, as a new execution: all of it, as the workflow is now; or, ``from_failed``, what did not succeed, as its version said. Raises Refused."""
    raise NotImplementedError
