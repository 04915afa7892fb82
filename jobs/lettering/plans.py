"""Draws all texts of a plan, before anything runs, and looks whether its subtitles can be drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.engine.errors import JobError
from jobs.engine.plan import FailedOutput, OutputPlan, Plan
from jobs.lettering.burnt import missing
from jobs.lettering.draw import draw

if TYPE_CHECKING:
    from pathlib import Path


def drawn(plan: Plan, room: Path) -> Plan:
    """The same plan, its texts drawn into the room. What a person should know of fonts joins the outputs' warnings; without any font the output fails."""
    outputs: list[OutputPlan] = []
    failed = list(plan.failed)
    for output in plan.outputs:
        try:
            told = [warning for wanted in output.drawings for warning in draw(wanted, room)]
            told += missing(output.lettering) if output.lettering else []
        except JobError as error:
            failed.append(FailedOutput(index=output.index, code=error.code, message=error.message))
            continue
        outputs.append(output.model_copy(update={"warnings": tuple(dict.fromkeys((*output.warnings, *told)))}) if told else output)
    return plan.model_copy(update={"outputs": tuple(outputs), "failed": tuple(failed)})
