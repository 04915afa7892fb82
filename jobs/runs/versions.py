"""Whether the input is still the object that the job was accepted for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.engine.errors import JobError
from media_assets.storage import storage

if TYPE_CHECKING:
    from jobs.runs.run import Run


def unchanged(run: Run) -> str:
    """The object's ETag, for jobs whose answer or settings hold for one version of it only. Raises JobError InputChanged."""
    facts = storage(run.job.input_bucket).stat(run.job.input_key)
    if facts is None or (run.job.input_etag and facts.etag != run.job.input_etag):
        raise JobError("InputChanged")
    return facts.etag
