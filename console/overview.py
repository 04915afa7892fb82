"""What the overview and the workers page show. Every number is bounded, so a million finished jobs cost no more than a thousand."""

from __future__ import annotations

import datetime as dt
import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Count, Exists, Max, OuterRef
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.context import COUNT_CAP, counted
from console.error_texts import translated
from console.lib.quantities import bytes_, duration
from jobs import clock
from jobs.certificates.reading import saved
from jobs.engine.errors import CODES, Refused
from jobs.models import Attempt, Job, Node, Pipeline
from jobs.notices import queries as notices
from jobs.queries import NODE_ALIVE, with_outputs
from jobs.states import AttemptState, JobState
from jobs.throughput import minutes_this_month
from media_assets.models import Bucket, Media
from media_assets.storage import storage

if TYPE_CHECKING:
    from django.db.models import QuerySet

DAY = dt.timedelta(hours=24)
WAITS_LOOKED_AT = 200
RECENT = 6
MISSED_FOR = dt.timedelta(days=7)  # a node that was not seen for longer is taken for retired
LITTLE_SPACE = 2_000_000_000


@dataclass(frozen=True)
class Tile:
    """One number and where it leads."""

    label: str
    icon: str
    number: str
    url: str
    tone: str = ""
    note: str = ""


@dataclass(frozen=True)
class Concern:
    """One thing that needs somebody."""

    tone: str
    icon: str
    title: str
    detail: str
    url: str
    action: str
    at: dt.datetime | None = None


@dataclass(frozen=True)
class FirstStep:
    """One line of the first-run checklist."""

    label: str
    done: bool
    url: str
    detail: str = ""


@dataclass
class NodeView:
    """One node with what its groups work on."""

    node: Node
    online: bool
    running: list[Attempt] = field(default_factory=list)

    @property
    def encoders(self) -> list[str]:
        """Names of the encoders that were proven on it."""
        return sorted(self.node.capabilities.get("encoders", ()))

    @property
    def programs(self) -> list[str]:
        """Further programs that were proven on it."""
        return sorted(self.node.capabilities.get("programs", ()))

    @property
    def filters(self) -> list[str]:
        """Names of the filters that were proven on it, of those that builds of ffmpeg may lack."""
        return sorted(self.node.capabilities.get("filters", ()))

    @property
    def free(self) -> int:
        """Groups without work."""
        return sum(1 for group in self.node.groups if not group.get("busy"))


# --- overview -----------------------------------------------------------------------------------------------------------
def tiles() -> list[Tile]:
    """Running, queued, the last day's outcomes, the median wait, what was made this month, and free space."""
    jobs, since = reverse("jobs:job_list"), clock.now() - DAY
    by_state = {state: _capped(Job.objects.filter(state=state)) for state in (JobState.RUNNING, JobState.QUEUED)}
    day = {state: _capped(Job.objects.filter(state=state, created_at__gte=since)) for state in (JobState.SUCCEEDED, JobState.FAILED)}
    found = [
        Tile(_("Running"), "loader", counted(by_state[JobState.RUNNING]), f"{jobs}?state=running"),
        Tile(_("Queued"), "clock", counted(by_state[JobState.QUEUED]), f"{jobs}?state=queued"),
        Tile(_("Succeeded in 24 h"), "check-circle", counted(day[JobState.SUCCEEDED]), f"{jobs}?state=succeeded&from=24h"),
        Tile(_("Failed in 24 h"), "x-circle", counted(day[JobState.FAILED]), f"{jobs}?state=failed&from=24h", "danger" if day[JobState.FAILED] else ""),
        Tile(_("Median wait"), "clock", duration(median_wait()) or "–", f"{jobs}?from=24h"),
        _minutes(jobs),
        _saved(jobs),
    ]
    if (free := free_space()) is not None:
        found.append(Tile(_("Free space"), "bucket", bytes_(free), reverse("media:bucket_list"), "danger" if free < LITTLE_SPACE else ""))
    return found


def _minutes(jobs: str) -> Tile:
    """Minutes of media that came out this month."""
    made = minutes_this_month()
    number = number_format(made.minutes, 1 if made.minutes < 10 else 0, force_grouping=True)
    return Tile(_("Output minutes this month"), "film", number + ("+" if made.more else ""), f"{jobs}?state=succeeded&from={made.since:%Y-%m-%d}")


def _saved(jobs: str) -> Tile:
    """What Narrowband saves, over all outputs that are kept."""
    made = saved()
    return Tile(_("Storage saved"), "scissors", bytes_(made.bytes) + ("+" if made.more else ""), f"{jobs}?certificate=yes")


def median_wait() -> float | None:
    """Seconds from submit to start, of the newest started jobs."""
    rows = Job.objects.filter(started_at__isnull=False).order_by("-created_at", "-id").values_list("created_at", "started_at")[:WAITS_LOOKED_AT]
    waits = [(started - created).total_seconds() for created, started in rows if started]
    return statistics.median(waits) if waits else None


def free_space() -> int | None:
    """Bytes free where outputs go; None if no output bucket can be asked."""
    bucket = Bucket.objects.filter(is_output=True, driver=Bucket.Driver.LOCAL).order_by("name").values_list("name", flat=True).first()
    try:
        return storage(bucket).free_bytes() if bucket else None
    except (OSError, Refused):
        return None


def recent() -> list[Job]:
    """The newest jobs."""
    return list(with_outputs(Job.objects.order_by("-created_at", "-id"))[:RECENT])


def attention() -> list[Concern]:
    """What needs somebody, the worst first. Empty is the good news."""
    now = clock.now()
    return [*_no_worker(now), *_lost_nodes(now), *_little_space(), *_failures(now), *_callbacks(), *_paused()]


def _no_worker(now: dt.datetime) -> list[Concern]:
    if any(node.groups for node in Node.objects.filter(seen_at__gte=now - NODE_ALIVE)):
        return []
    return [Concern("danger", "server", _("No worker is online"), _("Nothing can run. Start one with: make worker"), reverse("console:workers"), _("Workers"))]


def _lost_nodes(now: dt.datetime) -> list[Concern]:
    lost = Node.objects.filter(seen_at__lt=now - NODE_ALIVE, seen_at__gte=now - MISSED_FOR, draining=False)
    return [
        Concern(
            "warn",
            "server",
            _("Node %(name)s does not answer") % {"name": node.name},
            _("Its work goes to other workers."),
            reverse("console:workers"),
            _("Workers"),
            node.seen_at,
        )
        for node in lost[:5]
    ]


def _little_space() -> list[Concern]:
    free = free_space()
    if free is None or free >= LITTLE_SPACE:
        return []
    title = _("Only %(free)s free for outputs") % {"free": bytes_(free)}
    detail = _("Below %(limit)s work waits.") % {"limit": bytes_(settings.REELMILL_MIN_FREE_MB * 1_000_000)}
    return [Concern("danger", "bucket", title, detail, reverse("media:bucket_list"), _("Buckets"))]


def _failures(now: dt.datetime) -> list[Concern]:
    rows = Job.objects.filter(state=JobState.FAILED, created_at__gte=now - DAY).exclude(code="").order_by()
    groups = rows.values("code").annotate(number=Count("id"), newest=Max("created_at"), last=Max("id")).order_by("-number")[:8]
    found = []
    for group in groups:
        code = CODES.get(group["code"])
        title = ngettext("%(n)s job failed: %(code)s", "%(n)s jobs failed: %(code)s", group["number"]) % {"n": group["number"], "code": group["code"]}
        url = f"{reverse('jobs:job_list')}?state=failed&from=24h&code={group['code']}"
        if group["number"] == 1:  # a list of one would be a click for nothing
            url = reverse("jobs:job_detail", args=[group["last"]])
        found.append(Concern("danger", "x-circle", title, translated(code.sentence) if code else "", url, _("Show"), group["newest"]))
    return found


def _callbacks() -> list[Concern]:
    """Addresses that do not take their messages."""
    return [
        Concern(
            "danger",
            "bell",
            _("Messages to %(name)s are not taken") % {"name": target.name},
            _("It rests after many failures; its messages wait.") if target.paused_at else _("They are tried again for a day."),
            reverse("notices:target_detail", args=[target.id]),
            _("Show"),
            target.failing_since,
        )
        for target in notices.failing()
    ]


def _paused() -> list[Concern]:
    waiting = Job.objects.filter(pipeline=OuterRef("pk"), state=JobState.QUEUED)
    found = []
    for pipeline in Pipeline.objects.filter(Exists(waiting), state=Pipeline.State.PAUSED)[:5]:
        number = _capped(Job.objects.filter(pipeline=pipeline, state=JobState.QUEUED))
        detail = ngettext("%(n)s job waits in it.", "%(n)s jobs wait in it.", number) % {"n": counted(number)}
        url = reverse("pipelines:pipeline_detail", args=[pipeline.id])
        found.append(
            Concern(
                "paused",
                "pause",
                _("Pipeline %(name)s is paused") % {"name": pipeline.name},
                f"{detail} {pipeline.pause_reason}".strip(),
                url,
                _("Show"),
                pipeline.updated_at,
            )
        )
    return found


def checklist() -> list[FirstStep]:
    """From nothing to a played output, one link each."""
    bound = Bucket.objects.filter(is_input=True).exists() and Bucket.objects.filter(is_output=True).exists()
    active = Pipeline.objects.filter(state=Pipeline.State.ACTIVE).exists()
    online = any(node.groups for node in Node.objects.filter(seen_at__gte=clock.now() - NODE_ALIVE))
    ready = next((job_id for job_id, kind in _newest_good() if kind == "transcode"), "")
    own = Job.objects.exclude(source=Job.Source.SAMPLE).exists()
    return [
        FirstStep(_("Storage is bound"), bound, reverse("media:bucket_list")),
        FirstStep(_("A pipeline is active"), active, reverse("pipelines:pipeline_list")),
        FirstStep(_("A worker is online"), online, reverse("console:workers"), "" if online else _("Start one with: make worker")),
        FirstStep(_("An output is ready: watch it"), bool(ready), reverse("jobs:job_detail", args=[ready]) if ready else reverse("jobs:job_list")),
        FirstStep(_("Upload a video of yours"), own and Media.objects.exists(), reverse("media:upload")),
    ]


def _newest_good() -> QuerySet[Job, tuple[str, str]]:
    """(id, kind) of the newest jobs that succeeded, as many as one index read gives."""
    return Job.objects.filter(state=JobState.SUCCEEDED).order_by("-created_at", "-id").values_list("id", "kind")[:50]


def _capped(rows: QuerySet[Any]) -> int:
    """How many rows, counted one beyond the cap at most."""
    return rows.order_by()[: COUNT_CAP + 1].count()


# --- workers --------------------------------------------------------------------------------------------------------------
def nodes(edge: dt.datetime) -> list[NodeView]:
    """All known nodes with their running attempts; «online»: seen after ``edge``."""
    found = {node.name: NodeView(node, node.seen_at >= edge) for node in Node.objects.order_by("name")}
    running = Attempt.objects.filter(state=AttemptState.RUNNING).select_related("step__job").order_by("started_at")[:200]
    for attempt in running:
        name = attempt.worker.partition("/")[0]
        if name in found:
            found[name].running.append(attempt)
    return sorted(found.values(), key=lambda view: (not view.online, view.node.name))
