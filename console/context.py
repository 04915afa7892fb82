"""What every page's frame shows. Each part is read only if the template asks for it, so a fragment costs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.urls import NoReverseMatch, reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from console.auth import STRENGTH, role_of
from console.models import Role
from jobs import clock
from jobs.models import Job, Node, Pipeline
from jobs.queries import NODE_ALIVE
from jobs.states import JobState

if TYPE_CHECKING:
    import datetime as dt

    from django.http import HttpRequest

PAGE_SIZES = (25, 50, 100)
COUNT_CAP = 10_000


@dataclass(frozen=True)
class Item:
    """One entry of the navigation."""

    label: str
    icon: str
    url: str
    current: bool = False


@dataclass(frozen=True)
class Group:
    """Entries under one heading."""

    label: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Pulse:
    """Workers online and jobs waiting, for the pill in the top bar."""

    workers: int
    queued: int

    @property
    def queued_text(self) -> str:
        """Exact up to the cap."""
        return counted(self.queued)


@dataclass(frozen=True)
class PausedPipeline:
    """One line of the banner."""

    name: str
    reason: str
    resume_at: dt.datetime | None
    waiting: int
    resume_url: str


def counted(number: int, cap: int = COUNT_CAP) -> str:
    """A number with grouped digits, «10,000+» beyond the cap."""
    text = number_format(min(number, cap), 0, force_grouping=True)
    return f"{text}+" if number > cap else text


def pulse() -> Pulse:
    """Worker groups of nodes seen within seconds, and queued jobs (counted no further than the cap)."""
    nodes = Node.objects.filter(seen_at__gte=clock.now() - NODE_ALIVE)
    queued = Job.objects.filter(state=JobState.QUEUED).order_by()[: COUNT_CAP + 1].count()
    return Pulse(sum(len(node.groups) for node in nodes), queued)


class Shell:
    """The frame of one request's page."""

    version = settings.VERSION
    page_sizes = PAGE_SIZES

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def now_ms(self) -> int:
        """The server's clock, for relative times in the browser."""
        return int(clock.now().timestamp() * 1000)

    @cached_property
    def role(self) -> Role | None:
        """The strongest role of the person."""
        return role_of(getattr(self._request, "user", None))

    @property
    def role_label(self) -> str:
        """Its word."""
        return str(self.role.label) if self.role else ""

    @property
    def is_operator(self) -> bool:
        """May submit, cancel, retry, pause."""
        return self.role is not None and STRENGTH[self.role] >= STRENGTH[Role.OPERATOR]

    @property
    def is_admin(self) -> bool:
        """May change templates, buckets, pipelines, and delete."""
        return self.role == Role.ADMIN

    @property
    def shortcuts(self) -> bool:
        """Whether single keys do something."""
        preference = getattr(self._request, "preference", None)
        return bool(preference.shortcuts) if preference else True

    @property
    def keep_live(self) -> bool:
        """Whether live parts keep their pace without input: for screens on a wall."""
        preference = getattr(self._request, "preference", None)
        return bool(preference.keep_live) if preference else False

    @cached_property
    def pulse(self) -> Pulse:
        """See :func:`pulse`."""
        return pulse()

    @cached_property
    def paused(self) -> list[PausedPipeline]:
        """Pipelines that are paused while jobs wait in them, and the default one, in which the next job will. Two queries at most, none if nobody may see it."""
        if self.role is None:
            return []
        queued = Job.objects.filter(pipeline=OuterRef("pk"), state=JobState.QUEUED).order_by()  # not a join: that would read the finished ones too
        number = Subquery(queued.values("pipeline").annotate(number=Count("*")).values("number"))
        rows = Pipeline.objects.filter(Exists(queued) | Q(name=settings.REELMILL_DEFAULT_PIPELINE), state=Pipeline.State.PAUSED).annotate(waiting=number)[:3]
        return [
            PausedPipeline(row.name, row.pause_reason.rstrip("."), row.resume_at, row.waiting or 0, _url("pipelines:pipeline_resume", row.id)) for row in rows
        ]

    @cached_property
    def nav(self) -> list[Group]:
        """The navigation; the entry whose address is the longest start of this page's is the current one."""
        if self.role is None:
            return []
        plan: list[tuple[str, list[tuple[str, str, str]]]] = [
            ("", [(_("Overview"), "home", "console:overview")]),
            (_("Work"), [(_("Jobs"), "list", "jobs:job_list"), (_("Upload"), "upload", "media:upload")]),
            (_("Media"), [(_("Library"), "film", "media:media_list"), (_("Categories"), "folder", "media:category_list")]),
            (_("Automation"), [(_("Workflows"), "flow", "workflows:workflow_list"), (_("Executions"), "steps", "workflows:execution_list")]),
            (
                _("Templates"),
                [
                    (_("Transcoding"), "sliders", "templates:template_list"),
                    (_("Watermarks"), "image", "templates:mark_list"),
                    (_("Snapshots"), "grid", "templates:snapshot_list"),
                ],
            ),
            (
                _("Settings"),
                [
                    (_("Pipelines"), "pipeline", "pipelines:pipeline_list"),
                    (_("Notifications"), "bell", "notices:target_list"),
                    (_("Buckets"), "bucket", "media:bucket_list"),
                    (_("Workers"), "server", "console:workers"),
                    (_("AccessKeys"), "lock", "console:access_keys"),
                    (_("Projects"), "folder", "projects:project_list"),
                    (_("Use from SDKs"), "terminal", "console:sdk"),
                    *([(_("Audit trail"), "eye", "console:audit")] if self.is_admin else []),
                ],
            ),
        ]
        found = [(label, [(text, icon, _url(name)) for text, icon, name in items]) for label, items in plan]
        here = self._request.path
        matches = [
            url for _label, items in found for _text, _icon, url in items if url and (here == url or (here.startswith(url) and url != _url("console:overview")))
        ]
        best = max(matches, key=len, default="")
        return [Group(label, tuple(Item(text, icon, url, url == best) for text, icon, url in items if url)) for label, items in found]


def _url(name: str, *args: Any) -> str:
    """The address of a page, or nothing where the installation has none."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def shell(request: HttpRequest) -> dict[str, Any]:
    """``shell`` for the frame; ``layout``: the template that a page extends if it can also be shown as a dialog."""
    htmx = getattr(request, "htmx", None)
    in_dialog = bool(htmx) and getattr(htmx, "target", None) == "dialog-body"
    return {"shell": Shell(request), "layout": "console/_dialog.html" if in_dialog else "console/base.html"}
