"""Transcode: one input, one or many outputs. Plan and commands are the engine's main road: resolve, argv, verify."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from jobs.engine import abilities, argv, resolve
from jobs.engine.kinds.kind import Kind

if TYPE_CHECKING:
    from jobs.engine.plan import Command, Plan
    from jobs.engine.probe import Probe
    from jobs.engine.spec import TranscodeSpec
    from jobs.engine.template import Template

KIND = Kind(name="transcode", lane="main", makes_outputs=True)


def plan(spec: TranscodeSpec, templates: Sequence[Template], probe: Probe) -> Plan:
    """What each output will be; ``templates[i]`` with its overrides merged."""
    return resolve.resolve(spec, templates, probe)


def commands(plan: Plan, only: Collection[int] | None = None, alone: bool = False) -> tuple[Command, ...]:
    """The processes to run, see argv.commands."""
    return argv.commands(plan, only, alone)


def needs(templates: Sequence[Template]) -> frozenset[str]:
    """What a worker must have for all of these."""
    return frozenset().union(*(abilities.needs(t) for t in templates))
