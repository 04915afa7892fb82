"""What a worker does for each kind of job: the engine says what should be, storage and processes do it, records keep it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from jobs.runs.mediainfo import run_mediainfo
from jobs.runs.transcode import run_transcode

if TYPE_CHECKING:
    from jobs.runs.run import Run

KINDS: Mapping[str, Callable[[Run], dict[str, Any] | None]] = {
    "transcode": run_transcode,
    "mediainfo": run_mediainfo,
}
