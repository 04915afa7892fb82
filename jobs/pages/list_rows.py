"""What a row of the job list shows, and the chips of its filters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _

from jobs import clock
from jobs.forms import KINDS, JobFilterForm
from jobs.models import Job, Pipeline
from jobs.states import JobState

if TYPE_CHECKING:
    import datetime as dt

    from django.http import QueryDict

CHIPS_SHOWN = 2
ANY_ID = "0" * 32  # stands in an address for the id of each row: addresses are built once for all rows
FILTERS = ("q", "state", "pipeline", "source", "workflow", "template", "code", "media", "certificate", "from", "to")


@dataclass(frozen=True)
class Row:
    """One job as the list shows it."""

    job: Job
    url: str
    new_url: str
    name: str
    look: str
    held: bool
    version: str
    wait: dt.timedelta | None
    run: dt.timedelta | None
    templates: tuple[str, ...]
    more: int

    @property
    def kind(self) -> str:
        """What kind of job it is, for people."""
        return str(KINDS.get(self.job.kind, self.job.kind))

    @property
    def can_cancel(self) -> bool:
        """Whether there is something to cancel."""
        return not self.job.is_final

    @property
    def can_retry(self) -> bool:
        """Whether it is over."""
        return self.job.is_final


def look_of(job: Job) -> str:
    """The badge: the state, or what people call it in between."""
    if job.state == JobState.RUNNING and job.cancel_requested:
        return "cancelling"
    if job.state == JobState.QUEUED and job.started_at is not None and not job.progress:  # one that stands between two steps has come some way
        return "retrying"
    return str(job.state)


def is_held(job: Job) -> bool:
    """Queued, and its pipeline is paused."""
    return job.state == JobState.QUEUED and job.pipeline.state == Pipeline.State.PAUSED


def row_version(job: Job) -> str:
    """Changes whenever the row would look different."""
    return f"{job.version}{'h' if is_held(job) else ''}"


def rows_of(jobs: Iterable[Job]) -> list[Row]:
    """The jobs as rows; pipeline and outputs were fetched with them."""
    new_url, detail_url, now = reverse("jobs:job_new"), reverse("jobs:job_detail", args=[ANY_ID]), clock.now()
    return [_row(job, new_url, detail_url.replace(ANY_ID, job.id), now) for job in jobs]


def _row(job: Job, new_url: str, url: str, now: dt.datetime) -> Row:
    names = list(dict.fromkeys(output.template_name for output in job.outputs.all() if output.template_name))
    ran = (job.finished_at or now) - job.started_at if job.started_at else None
    return Row(
        job=job,
        url=url,
        new_url=new_url,
        name=job.input_key.rpartition("/")[2],
        look=look_of(job),
        held=is_held(job),
        version=row_version(job),
        wait=(job.started_at or job.finished_at or now) - job.created_at,
        run=ran,
        templates=tuple(names[:CHIPS_SHOWN]),
        more=max(0, len(names) - CHIPS_SHOWN),
    )


def chips(query: QueryDict, form: JobFilterForm) -> list[dict[str, str]]:
    """The applied filters, each with the address of the list without it; ``form`` has their words."""
    found = []
    for name in FILTERS:
        field = form.fields["from_" if name == "from" else name]
        words = {str(key): str(word) for key, word in getattr(field, "choices", ())}
        for value in query.getlist(name):
            if value:
                found.append({"label": str(field.label), "value": words.get(value, value), "url": _without(query, name, value)})
    for kind in query.getlist("kind"):
        if kind and kind not in KINDS:
            found.append({"label": _("Type"), "value": kind, "url": _without(query, "kind", kind)})
    return found


def _without(query: QueryDict, name: str, value: str) -> str:
    other = query.copy()
    other.setlist(name, [one for one in other.getlist(name) if one != value])
    for cursor in ("after", "before"):
        other.pop(cursor, None)
    return f"?{other.urlencode()}"
