"""Reads of jobs: one list for people and programs, fetched without a query per row, and small look-ups.

What a million finished jobs must not do is slow the list down: every filter below is served by an index, or by a window over the newest rows.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from django.db import connection
from django.db.models import CharField, Count, Exists, F, Func, Min, Model, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from jobs import clock, hot
from jobs.engine.abilities import abilities, lacks
from jobs.engine.errors import Problem, Refused
from jobs.models import Activity, Attempt, Job, JobEvent, Lane, Node, Output, Pipeline, Step, UsedMark
from jobs.states import JobState, StepState
from media_assets.buckets import own_names
from templates_app.models import TemplateVersion

if TYPE_CHECKING:
    from django.http import QueryDict

Row = TypeVar("Row", bound=Model)
WINDOW = 20_000  # rows of a list, newest first, that are looked through where no index can answer
FEW = 5_000  # rows that are counted to tell which filter is the narrower one
SORTED = 50_000  # rows that had better not be sorted
SOME = 1_000  # rows that are looked up by their ids
NODE_ALIVE = dt.timedelta(seconds=10)
PRESETS = {"1h": dt.timedelta(hours=1), "24h": dt.timedelta(hours=24), "7d": dt.timedelta(days=7)}
SORTS = {"-created": ("-created_at", "-id"), "created": ("created_at", "id")}
SHOWN = (
    *("id", "kind", "state", "cancel_requested", "code", "warnings", "priority", "progress", "speed", "input_bucket", "input_key"),
    *("created_at", "started_at", "finished_at", "version", "pipeline__name", "pipeline__state"),
)
_ID_START = re.compile(r"[0-9a-f]{6,32}\Z")


@dataclass(frozen=True)
class JobFilter:
    """What a list of jobs is narrowed to. Empty = not narrowed. Pipelines, templates and workflows by id or name; ``from_`` and ``to`` bound the time of submission."""

    q: str = ""
    state: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    pipeline: tuple[str, ...] = ()
    template: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    media: str = ""
    workflow: tuple[str, ...] = ()
    certificate: tuple[str, ...] = ()
    from_: dt.datetime | None = None
    to: dt.datetime | None = None
    sort: str = "-created"

    @classmethod
    def from_query(cls, query: QueryDict) -> JobFilter:
        """Read a query string. Values that make no sense raise Refused, all at once, each with its parameter's name."""
        problems: list[Problem] = []

        def words(name: str, allowed: Iterable[str] | None = None) -> tuple[str, ...]:
            given = tuple(dict.fromkeys(word for text in query.getlist(name) for word in text.split(",") if word))
            for word in given:
                if "\x00" in word or not word.isprintable() or len(word) > 128:
                    problems.append(Problem((name,), _("This value has characters that cannot be used.")))
                elif allowed is not None and word not in allowed:
                    problems.append(Problem((name,), _("«%(word)s» is not one of: %(allowed)s.") % {"word": word, "allowed": ", ".join(allowed)}))
            return given

        def text(name: str) -> str:
            value = query.get(name, "").strip()
            if "\x00" in value or len(value) > 1024 or not _encodes(value):
                problems.append(Problem((name,), _("This value has characters that cannot be used.")))
                return ""
            return value

        def moment(name: str, *, end: bool = False) -> dt.datetime | None:
            value = text(name)
            try:
                return read_moment(value, end=end) if value else None
            except (ValueError, OverflowError):
                problems.append(Problem((name,), _("Write a date or a time: 2026-01-31, 2026-01-31T12:00, or 1h, today, 24h, 7d.")))
                return None

        sort = text("sort") or "-created"
        if sort not in SORTS:
            problems.append(Problem(("sort",), _("«%(word)s» is not one of: %(allowed)s.") % {"word": sort, "allowed": ", ".join(SORTS)}))
        found = cls(
            q=text("q"),
            state=words("state", JobState.values),
            kind=words("kind") or words("type"),
            pipeline=words("pipeline"),
            template=words("template"),
            source=words("source", Job.Source.values),
            code=words("code"),
            media=text("media"),
            workflow=words("workflow"),
            certificate=words("certificate", ("yes",)),
            from_=moment("from"),
            to=moment("to", end=True),
            sort=sort,
        )
        if problems:
            raise Refused("InvalidParameter", problems=tuple(problems))
        return found


def jobs(wanted: JobFilter) -> QuerySet[Job]:
    """The jobs of a filter, newest (or oldest) first, with pipeline, owner, outputs and retries: three queries however long the page is."""
    return with_outputs(matching(wanted))


def matching(wanted: JobFilter) -> QuerySet[Job]:
    """The same jobs in the same order, bare. What has to be looked up before they can be found is looked up here, once for all questions about them."""
    start = _by_start(wanted.q)
    certified = _certified() if wanted.certificate else None
    rows = own(Job.objects.all())
    if start:
        rows = rows.filter(pk__in=start)
    if certified is not None:
        rows = rows.filter(pk__in=certified)
    rows = _equal(rows, wanted, by_id=bool(start) or isinstance(certified, set))
    if wanted.workflow:
        within = Q(execution__workflow__in=wanted.workflow) | Q(execution__workflow_name__in=wanted.workflow)
        rows = rows.filter(pk__in=Activity.objects.filter(within, job__isnull=False).order_by().values("job"))
    if wanted.to:
        rows = rows.filter(created_at__lt=wanted.to)
    searched = bool(wanted.template or (wanted.q and not start))
    oldest = _edge(rows) if searched else None
    if oldest and (wanted.from_ is None or oldest > wanted.from_):  # one bound only: of two, SQLite may begin at the earlier
        rows = rows.filter(created_at__gt=oldest)
    elif wanted.from_:
        rows = rows.filter(created_at__gte=wanted.from_)
    if wanted.template:
        rows = _made_with(rows, wanted.template)
    if wanted.q and not start:
        rows = _search(rows, wanted.q)
    return rows.order_by(*SORTS[wanted.sort])


def with_outputs(rows: QuerySet[Job]) -> QuerySet[Job]:
    """The same jobs with all that a row of a list shows, in a fixed number of queries, without the heavy columns."""
    return rows.select_related("pipeline", "owner").defer("probe", "log_line").prefetch_related(*_beside())


def with_names(rows: QuerySet[Job]) -> QuerySet[Job]:
    """The same jobs with no more than a row of the job list shows: pipeline, and the names of the templates."""
    outputs = Output.objects.order_by("index").only("job_id", "template_name")
    return rows.select_related("pipeline").only(*SHOWN).prefetch_related(Prefetch("outputs", outputs))


def numbers(kinds: Iterable[str], most: int) -> dict[str, int]:
    """How many jobs there are of each kind, and under «» of all, none counted further than ``most``. One statement: asking ten times costs more than counting."""
    names = list(kinds)
    count = "(SELECT count(*) FROM (SELECT 1 FROM jobs_job{} LIMIT %s) AS t)"
    parts = ", ".join([count.format(""), *(count.format(" WHERE kind = %s") for _name in names)])
    values = [most, *(value for name in names for value in (name, most))]
    return dict(zip(("", *names), hot.do((f"SELECT {parts}", values))[0].rows[0], strict=True))


def job(job_id: str) -> Job:
    """One job with outputs and retries. Raises Refused (NotFound)."""
    rows = own(Job.objects.select_related("pipeline", "owner").prefetch_related(*_beside()))
    found = rows.filter(pk=job_id).first() if _plain(job_id) else None
    if found is None:
        raise Refused("NotFound", _("There is no such job."))
    return found


def own(rows: QuerySet[Row], job: str = "") -> QuerySet[Row]:
    """Jobs that read and write nothing but buckets that the policy in force allows; others are as if they were not there.

    ``job``: where the rows are not jobs, the name of their field that is one.
    """
    names = own_names()
    if names is None:
        return rows
    elsewhere = Output.objects.filter(job=OuterRef(job or "pk")).exclude(bucket__in=names).order_by()
    return rows.filter(~Exists(elsewhere), **{f"{job}__input_bucket__in" if job else "input_bucket__in": names})


def attempts(job_id: str) -> QuerySet[Attempt]:
    """All attempts of a job's steps, in order."""
    return Attempt.objects.filter(step__job=job_id).select_related("step").order_by("step__index", "number")


def events(job_id: str) -> QuerySet[JobEvent]:
    """The history of a job, oldest first."""
    return JobEvent.objects.filter(job=job_id).order_by("id")


def find_pipeline(id_or_name: str) -> Pipeline:
    """A pipeline by its id or its name. Raises Refused (PipelineNotFound)."""
    found = Pipeline.objects.filter(Q(pk=id_or_name) | Q(name=id_or_name)).order_by("pk").first() if _plain(id_or_name) else None
    if found is None:
        raise Refused("PipelineNotFound", problems=(Problem(("pipeline",), _("There is no pipeline «%(name)s».") % {"name": id_or_name[:128]}),))
    return found


def capabilities() -> frozenset[str] | None:
    """What the workers that are up can do between them, in the words of jobs.engine.abilities («libx264», «filter:ass», «program:fdkaac»).

    None: no worker is up, so nothing is known. A node of an older version tells only its encoders.
    """
    nodes = [row.capabilities for row in alive_nodes() if row.capabilities.get("encoders")]
    return frozenset().union(*(abilities(published) for published in nodes)) if nodes else None


def missing(needed: frozenset[str]) -> frozenset[str]:
    """What of this no worker that is up can do. Nothing where none is up; what a node of an older version does not tell of it is believed to have."""
    lacking = [lacks(row.capabilities, needed) for row in alive_nodes() if row.capabilities.get("encoders")]
    return frozenset.intersection(*lacking) if lacking else frozenset()


def alive_nodes(lane: str = "") -> list[Node]:
    """Nodes whose beat was seen within ten seconds; with ``lane``: those that have a worker group of it."""
    nodes = Node.objects.filter(seen_at__gte=clock.now() - NODE_ALIVE)
    return [node for node in nodes if not lane or any(group.get("lane") == lane for group in node.groups)]


def waiting_steps(lane: str = Lane.MAIN) -> QuerySet[Step]:
    """Steps that a worker could take now, pipelines that are paused left out."""
    return Step.objects.filter(state=StepState.READY, lane=lane, pipeline__state=Pipeline.State.ACTIVE)


# --- details ----------------------------------------------------------------------------------------------------------
def _beside() -> tuple[Prefetch[str, QuerySet[Output], str], Prefetch[str, QuerySet[Job], str]]:
    """What every telling of a job needs beside its own row: its outputs, and the ids of its retries."""
    outputs = Output.objects.order_by("index").select_related("template__template").defer("effective", "parameters", "template__params")
    return Prefetch("outputs", outputs), Prefetch("retries", Job.objects.only("id", "retry_of").order_by("created_at"))


class _Plain(Func):
    """A column as it is, which SQLite finds in no index."""

    template = "(%(expressions)s || '')"
    output_field = CharField()


def _equal(rows: QuerySet[Job], wanted: JobFilter, *, by_id: bool) -> QuerySet[Job]:
    """Narrowed to the values asked for. Each filter has an index in the order of time, and one of them serves: that of the fewest rows. ``by_id``: none does.

    PostgreSQL knows which. SQLite knows no numbers: to find a million transcodes' few failures it would read all transcodes. So it is told.
    """
    asked = {name: getattr(wanted, name) for name in ("state", "kind", "source", "code") if getattr(wanted, name)}
    if wanted.media:
        asked["media_id"] = (wanted.media,)
    if wanted.pipeline:
        asked["pipeline_id"] = _pipeline_ids(wanted.pipeline)
    serving = set(asked) if connection.vendor != "sqlite" else set() if by_id else _serving(asked)
    for name, values in asked.items():
        if name not in serving:
            rows = rows.alias(**{f"plain_{name}": _Plain(F(name))})
        rows = _among(rows, name if name in serving else f"plain_{name}", values)
    return rows


def _serving(asked: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Whose index is to serve; none if time's own is better: many rows for several values would have to be sorted."""
    pair = {"pipeline_id", "state"}  # these have one in common
    several = any(len(values) > 1 for values in asked.values())
    if not several and (len(asked) < 2 or set(asked) == pair):
        return set(asked)
    sizes = {name: _size(name, values) for name, values in asked.items()}
    best = min(asked, key=lambda name: sizes[name])
    if len(asked[best]) > 1 and sizes[best][0] == SORTED:
        return set()
    return pair if best in pair and pair <= set(asked) and not several else {best}


def _size(name: str, values: tuple[str, ...]) -> tuple[int, str]:
    """To compare filters by: how many rows, and where these are too many to count, since when there were so many."""
    rows = _among(Job.objects.order_by(), name, values)
    if len(values) > 1:
        return rows[:SORTED].count(), "~"  # after all times
    found = rows.order_by("-created_at").values("created_at")[:FEW].aggregate(number=Count("*"), oldest=Min("created_at"))
    return found["number"], str(found["oldest"])


def _among(rows: QuerySet[Job], name: str, values: tuple[str, ...]) -> QuerySet[Job]:
    """One value is written as «=», which an index sorted by time serves in order; several as IN."""
    if name == "code":
        rows = rows.exclude(code="")  # says to SQLite that the partial index serves
    return rows.filter(**{name: values[0]}) if len(values) == 1 else rows.filter(**{f"{name}__in": values})


def _certified() -> set[str] | QuerySet[Output, str]:
    """Ids of the jobs with a certificate: themselves where they are few, so that nobody reads the whole history for them, else as a question."""
    found = Output.objects.filter(certificate__isnull=False).order_by().values_list("job", flat=True)
    some = set(found[: SOME + 1])
    return found if len(some) > SOME else some


def _made_with(rows: QuerySet[Job], names: tuple[str, ...]) -> QuerySet[Job]:
    """Those with an output of these templates or watermarks, by id or name. What is named is looked up before, not for each row again."""
    versions = list(TemplateVersion.objects.filter(template__in=names).values_list("pk", flat=True))
    named = Q(template_name__in=names) | Q(template__in=versions)
    if UsedMark.objects.filter(mark__in=names).exists():
        named |= Q(Exists(UsedMark.objects.filter(output=OuterRef("pk"), mark__in=names)))
    return rows.filter(Exists(Output.objects.filter(named, job=OuterRef("pk")).order_by()))


def _pipeline_ids(names: tuple[str, ...]) -> tuple[str, ...]:
    """Ids of pipelines given by id or name; an unknown one matches nothing."""
    found = tuple(Pipeline.objects.filter(Q(pk__in=names) | Q(name__in=names)).values_list("pk", flat=True))
    return found or ("",)


def _edge(rows: QuerySet[Job]) -> dt.datetime | None:
    """When the newest rows begin that are looked through, so that a search that finds nothing does not read a million of them; None: all are."""
    found = rows.order_by("-created_at", "-id").values_list("created_at", flat=True)[WINDOW : WINDOW + 1]
    return next(iter(found), None)


def _by_start(text: str) -> list[str]:
    """Ids of jobs anywhere in the history that begin so; none if it is no beginning of an id."""
    start = text.lower()
    if not _ID_START.match(start):
        return []
    return list(Job.objects.filter(pk__gte=start, pk__lt=start + "g").values_list("pk", flat=True)[:100])


def _search(rows: QuerySet[Job], text: str) -> QuerySet[Job]:
    """By a part of file name, user data or error. Where few are found, rows are looked through once, and not again to be counted."""
    anywhere = Q(input_key__icontains=text) | Q(user_data__icontains=text) | Q(message__icontains=text) | Q(code__icontains=text)
    found = rows.filter(anywhere)
    some = list(found.order_by().values_list("pk", flat=True)[: SOME + 1])
    return found if len(some) > SOME else Job.objects.filter(pk__in=some)


def read_moment(value: str, *, end: bool) -> dt.datetime:
    """A preset, a date (the whole day, in the reader's zone) or a time. Raises ValueError."""
    if value in PRESETS:
        return clock.now() - PRESETS[value]
    today = timezone.localtime(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    if value == "today":
        return today
    if len(value) <= 10:
        day = parse_date(value)
        if day is None:
            raise ValueError("not a date")
        if end:
            day += dt.timedelta(days=1)
        return timezone.make_aware(dt.datetime(day.year, day.month, day.day))  # noqa: DTZ001  made aware here
    moment = parse_datetime(value)
    if moment is None:
        raise ValueError("not a time")
    moment = timezone.make_aware(moment) if moment.tzinfo is None else moment
    moment.astimezone(dt.UTC)  # OverflowError at the edges of the calendar
    return moment


def _encodes(text: str) -> bool:
    """Whether the text is valid Unicode: a lone surrogate cannot be sent to a database."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _plain(text: str) -> bool:
    """Whether a database can be asked for this text at all."""
    return "\x00" not in text and len(text) <= 1024 and _encodes(text)
