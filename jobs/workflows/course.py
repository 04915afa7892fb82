"""What follows from what has ended: which steps begin, which are skipped, when is published, and how the execution stands. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from jobs.workflows.states import ActivityState, ExecutionState

OVER = frozenset({ActivityState.SUCCESS, ActivityState.FAIL, ActivityState.SKIPPED})
LIVE = frozenset({ActivityState.WAITING, ActivityState.RUNNING})


@dataclass(frozen=True)
class Part:
    """One step of an execution as it stands. ``mode``: of one that publishes, else empty. A step stands behind the one it is under."""

    name: str
    under: str
    state: str
    mode: str = ""


@dataclass(frozen=True)
class Course:
    """How an execution goes on. ``begin``: names of steps whose jobs are to be submitted now; ``publish``: whether the media is to be published now."""

    parts: tuple[Part, ...]
    begin: tuple[str, ...]
    publish: bool
    state: str
    failures: int


def follow(parts: Sequence[Part], *, first_output: bool = False, cancelled: bool = False) -> Course:
    """What follows now. ``first_output``: an output of one of its transcodes is there; ``cancelled``: nothing more of it is to begin."""
    found: dict[str, Part] = {}
    for part in parts:
        found[part.name] = _skipped(part, found, cancelled) if part.state == ActivityState.WAITING and not part.mode else part
    publish = False
    for part in [part for part in found.values() if part.mode and part.state == ActivityState.WAITING]:
        others = [other.state for other in found.values() if not other.mode]
        state = _published(part, others, found, first_output=first_output, cancelled=cancelled)
        publish = publish or (state == ActivityState.SUCCESS and part.mode != "manual")
        found[part.name] = replace(part, state=state)
    after = tuple(found.values())
    begin = tuple(part.name for part in after if part.state == ActivityState.WAITING and not part.mode and _above(part, found) == ActivityState.SUCCESS)
    state, failures = state_of([part.state for part in after], did=[part.state for part in after if not part.mode], cancelled=cancelled)
    return Course(after, begin, publish, state, failures)


def state_of(states: Collection[str], *, did: Collection[str] | None = None, cancelled: bool = False) -> tuple[str, int]:
    """The state of an execution whose activities have these states, and how many of them failed. ``did``: those that have jobs, where others publish only.

    Some failed and some did not: completed. None succeeded: failed. All succeeded, though somebody wished to cancel it: succeeded.
    """
    failures = sum(state == ActivityState.FAIL for state in states)
    if any(state in LIVE for state in states):
        return ExecutionState.RUNNING, failures
    if cancelled and any(state != ActivityState.SUCCESS for state in states):
        return ExecutionState.CANCELLED, failures
    if not failures:
        return ExecutionState.SUCCEEDED, 0
    good = any(state == ActivityState.SUCCESS for state in (states if did is None else did))
    return (ExecutionState.COMPLETED if good else ExecutionState.FAILED), failures


def _above(part: Part, found: dict[str, Part]) -> str:
    return found[part.under].state if part.under in found else ActivityState.SUCCESS


def _skipped(part: Part, found: dict[str, Part], cancelled: bool) -> Part:
    above = _above(part, found)
    return replace(part, state=ActivityState.SKIPPED) if cancelled or above in (ActivityState.FAIL, ActivityState.SKIPPED) else part


def _published(part: Part, others: Sequence[str], found: dict[str, Part], *, first_output: bool, cancelled: bool) -> str:
    """What becomes of a step that publishes and has not done it yet."""
    if cancelled:
        return ActivityState.SKIPPED
    if part.mode == "first" and first_output:
        return ActivityState.SUCCESS
    if part.mode == "manual":
        above = _above(part, found)
        return ActivityState.SUCCESS if above == ActivityState.SUCCESS else ActivityState.SKIPPED if above in OVER else ActivityState.WAITING
    if any(state in LIVE for state in others):
        return ActivityState.WAITING
    return ActivityState.SUCCESS if part.mode == "all" and all(state == ActivityState.SUCCESS for state in others) else ActivityState.SKIPPED
