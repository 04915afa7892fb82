"""What a worker does for each kind of job: the engine says what should be, storage and processes do it, records keep it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from jobs.runs.analysis import run_analysis
from jobs.runs.cover import run_cover
from jobs.runs.inspect import run_inspect
from jobs.runs.mediainfo import run_mediainfo
from jobs.runs.preview import run_preview
from jobs.runs.quality import run_quality
from jobs.runs.snapshot import run_snapshot
from jobs.runs.sprite import run_sprite
from jobs.runs.survey import run_probe, run_survey
from jobs.runs.transcode import run_transcode

if TYPE_CHECKING:
    from jobs.runs.run import Run

KINDS: Mapping[str, Callable[[Run], dict[str, Any] | None]] = {
    "transcode": run_transcode,
    "survey": run_survey,
    "probe": run_probe,
    "mediainfo": run_mediainfo,
    "snapshot": run_snapshot,
    "sprite": run_sprite,
    "inspect": run_inspect,
    "cover": run_cover,
    "preview": run_preview,
    "quality": run_quality,
    "analysis": run_analysis,
}
