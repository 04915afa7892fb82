"""What is in an object, for a caller who waits: looked up by a media info job of a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jobs import services
from jobs.engine.errors import Refused
from jobs.engine.spec import MediaInfoSpec
from jobs.states import JobState
from jobs.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.models import User

    from jobs.engine.address import Address


def info_of(address: Address, *, source: str, owner: User) -> Mapping[str, Any]:
    """The result of the job. Raises Refused: what it failed with, NotFinishedYet where it takes too long."""
    spec = MediaInfoSpec.model_validate({"input": {"address": address}})
    job = services.submit(spec=spec, priority=10, source=source, owner=owner, notify_topic="")
    if not wait_for(job):
        raise Refused("NotFinishedYet")
    if job.state != JobState.SUCCEEDED:
        raise Refused(job.code or "InternalError", job.message)
    return job.result or {}
