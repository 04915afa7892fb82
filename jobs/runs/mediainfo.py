"""Media info: tell what is in a file. A light kind; its result is data, not a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobs.runs.run import Run


def run_mediainfo(run: Run) -> dict[str, Any]:
    """The normal form of the probe."""
    return run.open_input().model_dump(mode="json")
