"""The command palette: pages and actions by their words, jobs and media by id or name. Ranked here, a few of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _

from console.auth import at_least
from console.models import Role
from jobs.models import Job
from jobs.queries import JobFilter, jobs
from media_assets.library import MediaFilter, media

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

EACH = 5
_ID = re.compile(r"[0-9a-f]{32}\Z")


@dataclass(frozen=True)
class Found:
    """One answer. ``exact``: this can only be what was meant."""

    label: str
    kind: str
    icon: str
    url: str
    exact: bool = False


def find(text: str, user: User | AnonymousUser) -> list[Found]:
    """Answers, best first. Without a text: the pages and actions."""
    text = "".join(c for c in text if c.isprintable())
    if _ID.match(text.lower()) and Job.objects.filter(pk=text.lower()).exists():
        return [Found(text.lower(), _("Job"), "list", reverse("jobs:job_detail", args=[text.lower()]), exact=True)]
    places = [place for place in _places(user) if text.lower() in place.label.lower()]
    if not text:
        return places
    return [*places[:EACH], *_jobs(text), *_media(text)]


def _places(user: User | AnonymousUser) -> list[Found]:
    page, action = _("Page"), _("Action")
    found = [
        Found(_("Overview"), page, "home", reverse("console:overview")),
        Found(_("Jobs"), page, "list", reverse("jobs:job_list")),
        Found(_("Failed jobs"), page, "x-circle", f"{reverse('jobs:job_list')}?state=failed"),
        Found(_("Library"), page, "film", reverse("media:media_list")),
        Found(_("Transcoding templates"), page, "sliders", reverse("templates:template_list")),
        Found(_("Pipelines"), page, "pipeline", reverse("pipelines:pipeline_list")),
        Found(_("Buckets"), page, "bucket", reverse("media:bucket_list")),
        Found(_("Workers"), page, "server", reverse("console:workers")),
        Found(_("My settings"), page, "settings", reverse("console:me")),
    ]
    if at_least(user, Role.OPERATOR):
        found[:0] = [
            Found(_("New transcode job"), action, "plus", reverse("jobs:job_new")),
            Found(_("Upload"), action, "upload", reverse("media:upload")),
            Found(_("New media info job"), action, "info", reverse("jobs:mediainfo_new")),
        ]
    return found


def _jobs(text: str) -> list[Found]:
    rows = jobs(JobFilter(q=text))[:EACH]
    return [
        Found(row.input_key.rpartition("/")[2], f"{row.get_state_display()} · {row.id[:8]}", "list", reverse("jobs:job_detail", args=[row.id])) for row in rows
    ]


def _media(text: str) -> list[Found]:
    rows = media(MediaFilter(q=text, match="all"))[:EACH]
    return [Found(str(row), _("Media"), "film", reverse("media:media_detail", args=[row.id])) for row in rows]
