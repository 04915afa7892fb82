"""Media info: tell what is in a file. There is nothing to encode: the probe is the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jobs.engine.kinds.kind import Kind

if TYPE_CHECKING:
    from jobs.engine.probe import Probe

KIND = Kind(name="mediainfo", lane="short", makes_outputs=False)


def answer(probe: Probe) -> dict[str, Any]:
    """The result as JSON: the probe as it is."""
    return probe.model_dump(mode="json")
