"""What people and interfaces write about workflows: made, changed (a new version), switched on and off, deleted. One transaction each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobs.workflows.models import Workflow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.models import User

    from jobs.engine.errors import Problem
    from jobs.workflows.tree import Step


@dataclass(frozen=True)
class Wanted:
    """A workflow as somebody wants it. ``path``: «talks/», «talks» (the same) or empty; ``pipeline``: id or name; ``file_types`` empty: video and audio."""

    name: str
    bucket: str
    steps: tuple[Step, ...]
    path: str = ""
    pipeline: str = "default"
    priority: int | None = None
    file_types: tuple[str, ...] = ()
    notify_topic: str = ""
    trigger: str = Workflow.Trigger.AUTOMATIC


def check(wanted: Wanted, workflow: Workflow | None = None) -> tuple[Problem, ...]:
    """Everything that is wrong with it, each with its place; ``workflow``: the one that is edited. Empty: it can be saved."""
    raise NotImplementedError


def overlaps(bucket: str, path: str, but: str = "") -> list[Workflow]:
    """Other watching workflows that a file below this path would start too (a warning, no mistake). ``but``: id of the one that is edited."""
    raise NotImplementedError


def create(
    wanted: Wanted, *, owner: User | None, actor: str, active: bool = False, source: str = Workflow.Source.API, foreign: Mapping[str, Any] | None = None
) -> Workflow:
    """A new workflow, inactive unless said. Raises Refused with every mistake and its place."""
    raise NotImplementedError


def replace(workflow: Workflow, wanted: Wanted, *, actor: str, foreign: Mapping[str, Any] | None = None) -> Workflow:
    """Say anew what it does: a new version, if anything but the name changed. Running executions keep theirs. Raises Refused."""
    raise NotImplementedError


def enable(workflow: Workflow, *, actor: str) -> Workflow:
    """Switch it on. What lies below its path already is not new and starts nothing. Raises Refused where the path cannot be listed."""
    raise NotImplementedError


def disable(workflow: Workflow, *, actor: str) -> Workflow:
    """Switch it off: nothing new starts; what runs goes on."""
    raise NotImplementedError


def delete(workflow: Workflow, *, actor: str) -> None:
    """Delete it; its executions and their jobs stay. Raises Refused WrongState while an execution runs."""
    raise NotImplementedError
