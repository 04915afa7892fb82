"""The kinds of jobs. To add one: a spec in ``spec.py``, a module here, a line in the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.engine.kinds import analysis, cover, inspect, mediainfo, preview, quality, snapshot, sprite, transcode

if TYPE_CHECKING:
    from jobs.engine.kinds.kind import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (transcode.KIND, mediainfo.KIND, snapshot.KIND, inspect.KIND, cover.KIND, preview.KIND, sprite.KIND, quality.KIND, analysis.KIND)
}
