"""Media info: tell what is in a file. A light kind; its result is data, not a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.conf import settings

from jobs.engine.media_info import raw_document
from jobs.engine.mp4_index import Need
from jobs.ffmpeg.media_info import LEAST_SECONDS, MOST_SECONDS, media_info
from jobs.media_tools import media_tools
from jobs.runs.opening import open_input

if TYPE_CHECKING:
    from jobs.runs.run import Run

RAW_CHARS = 400_000
TOO_LONG = "ffprobe's own document is too long to be kept."


def run_mediainfo(run: Run) -> dict[str, Any]:
    """The normal form, and ffprobe's own document beside it as ``raw`` (None where it is too long)."""
    open_input(run, Need(seconds=LEAST_SECONDS))
    run.pulse.check()
    most = LEAST_SECONDS if run.part is not None else MOST_SECONDS
    found = media_info(run.room / "input", tools=media_tools(), cwd=run.room, max_pixels=settings.REELMILL_MAX_PIXELS, most_seconds=most)
    raw = raw_document(found.document, run.job.input_key.rpartition("/")[2])
    kept = len(json.dumps(raw)) <= RAW_CHARS
    answer = found.info.model_dump(mode="json") | {"raw": raw if kept else None}
    return answer if kept else answer | {"warning": TOO_LONG}
