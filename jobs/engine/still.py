"""One picture of an output instead of all of it: for previews. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.engine.argv import works

if TYPE_CHECKING:
    from jobs.engine.plan import Command, Plan

FILE = "still.png"


def still(plan: Plan) -> Command:
    """The command of the plan's only output (a picture without sound), up to and with its filter graph, ending in one PNG: the very filters of a job."""
    command = works(plan)[0].commands[-1]
    at = command.argv.index("-map")
    return command.model_copy(update={"argv": (*command.argv[: at + 2], "-frames:v", "1", "-c:v", "png", "-f", "image2", "-update", "1", FILE)})
