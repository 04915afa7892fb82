"""What cannot be combined in a snapshot job. Places are relative to the spec."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jobs.engine.errors import Problem
from jobs.engine.snapshot_picture import ENDINGS

if TYPE_CHECKING:
    from jobs.engine.spec import SnapshotSpec

# What each mode is told by. Everything else of these has no meaning in it.
FIELDS: dict[str, frozenset[str]] = {
    "single": frozenset({"time", "frame", "skip_black", "set_cover"}),
    "times": frozenset({"times", "frame"}),
    "series": frozenset({"time", "interval", "count", "frame", "skip_black"}),
    "average": frozenset({"count", "frame"}),
    "frames": frozenset({"every", "count"}),
    "keyframes": frozenset({"interval", "count"}),
}
NEEDED = {"times": "times", "average": "count", "frames": "every"}
_TELLING = frozenset().union(*FIELDS.values())
DIFFER = ("{Count}", "{SnapshotTime}", "{index}")


def several(spec: SnapshotSpec) -> bool:
    """Whether there may be more than one picture."""
    if spec.mode == "single":
        return False
    return len(set(spec.times)) > 1 if spec.mode == "times" else spec.count != 1


def check(spec: SnapshotSpec) -> Iterator[Problem]:
    """Every impossible combination."""
    needed = NEEDED.get(spec.mode)
    if needed and not getattr(spec, needed):
        yield Problem((needed,), f"The mode «{spec.mode}» needs «{needed}».")
    for name in sorted(_TELLING - FIELDS[spec.mode]):
        # what is said as it would be anyway does no harm
        if getattr(spec, name) not in (None, (), False, "normal"):
            yield Problem((name,), f"In the mode «{spec.mode}», «{name}» has no meaning.")
    if spec.scale_type and not (spec.width and spec.height):
        yield Problem(("scale_type",), "It says what width and height together mean; give both.")
    ending = ENDINGS.get(spec.output.address.key.rpartition(".")[2].lower())
    if spec.format and ending and ending != spec.format:
        yield Problem(("format",), f"The address ends with another format than {spec.format}.")
    if spec.quality and (spec.format or ending) == "png":
        yield Problem(("quality",), "PNG loses nothing, so it has no quality.")
    if several(spec) and not any(name in spec.output.address.key for name in DIFFER):
        yield Problem(("output", "address"), "Add {Count}: several images need different names.")
