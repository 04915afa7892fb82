"""The input of a job: fetched into the room and probed, or only those parts of it that will be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import close_old_connections

from jobs import records
from jobs.engine.address import Address
from jobs.engine.errors import JobError
from jobs.ffmpeg import positions
from jobs.media_tools import media_tools
from jobs.runs import playlists
from jobs.states import Phase
from media_assets import services as media_services
from media_assets.models import Media
from media_assets.partial import pin_part
from media_assets.storage import storage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobs.engine.mp4_index import Need
    from jobs.engine.probe import Probe
    from jobs.runs.run import Run


def open_input(run: Run, need: Need | None = None) -> Probe:
    """Fetch and probe the input: afterwards it is in the room as «input», and the job and its media know what is in it.

    ``need``: nothing else will be read, so of a large object in a store that may do (see ``part``).
    """
    run.pulse.phase(Phase.FETCH)
    address = Address(run.job.input_bucket, run.job.input_key)
    place = storage(address.bucket)
    facts = place.stat(address.key)
    if facts is None:
        raise JobError("ObjectNotFound", f"No object at {address.bucket}/{address.key}.")
    if run.job.input_etag and facts.etag != run.job.input_etag:
        run.warnings.append("The input was replaced after the job was submitted; the new object was used.")
    run.need_space()
    run.part = pin_part(place, address.key, run.room, need) if need is not None else None
    if run.part is None:
        place.pin(address.key, run.room)
    close_old_connections()  # long work: see scheduler.holds
    run.pulse.phase(Phase.PROBE)
    try:
        probe = playlists.fetched(run, address, "input")
    except JobError as error:
        if run.part is None or error.code in records.AGAIN:
            raise
        run.fetch_rest()
        probe = playlists.fetched(run, address, "input")
    if run.part is not None and need is not None and need.times and not _all_here(run, probe, need.times):
        run.fetch_rest()
    document = probe.model_dump(mode="json")
    records.note_probe(run.fence, document, run.warnings)
    if media := Media.objects.filter(pk=run.job.media_id).first():
        media_services.set_info(media, document)
    return probe


def _all_here(run: Run, probe: Probe, times: Sequence[float]) -> bool:
    """Whether every packet is here that pictures at these seconds are decoded from: some decoders take a hole for a picture and do not complain."""
    if run.part is None or probe.picture is None:
        return True
    own = [time + (probe.start or 0.0) for time in times]
    spans = positions.positions(run.room / "input", probe.picture.index, own, tools=media_tools(), cwd=run.room)
    return spans is not None and run.part.has(spans)
