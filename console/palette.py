"""The command palette: pages and actions by their words, jobs and media by id or name. Ranked here, a few of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _

from console.auth import at_least
from console.models import Role
from jobs.forms import KINDS
from jobs.models import Job
from jobs.queries import JobFilter, jobs
from jobs.workflows.queries import executions, workflows
from media_assets.library import MediaFilter, entries

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
    return [*places[:EACH], *_workflows(text), *_jobs(text), *_media(text)]


def _places(user: User | AnonymousUser) -> list[Found]:
    page, action = _("Page"), _("Action")
    found = [
        Found(_("Overview"), page, "home", reverse("console:overview")),
        Found(_("Jobs"), page, "list", reverse("jobs:job_list")),
        Found(_("Failed jobs"), page, "x-circle", f"{reverse('jobs:job_list')}?state=failed"),
        Found(_("Library"), page, "film", reverse("media:media_list")),
        Found(_("Workflows"), page, "flow", reverse("workflows:workflow_list")),
        Found(_("Executions"), page, "steps", reverse("workflows:execution_list")),
        Found(_("Transcoding templates"), page, "sliders", reverse("templates:template_list")),
        Found(_("Watermark templates"), page, "image", reverse("templates:mark_list")),
        Found(_("Snapshot templates"), page, "grid", reverse("templates:snapshot_list")),
        Found(_("Pipelines"), page, "pipeline", reverse("pipelines:pipeline_list")),
        Found(_("Notifications"), page, "bell", reverse("notices:target_list")),
        Found(_("Buckets"), page, "bucket", reverse("media:bucket_list")),
        Found(_("AccessKeys"), page, "lock", reverse("console:access_keys")),
        Found(_("Projects"), page, "folder", reverse("projects:project_list")),
        Found(_("Use from SDKs"), page, "terminal", reverse("console:sdk")),
        Found(_("Workers"), page, "server", reverse("console:workers")),
        Found(_("My settings"), page, "settings", reverse("console:me")),
    ]
    if at_least(user, Role.ADMIN):
        found.append(Found(_("Audit trail"), page, "eye", reverse("console:audit")))
        found.insert(0, Found(_("New workflow"), action, "plus", reverse("workflows:workflow_new")))
    if at_least(user, Role.OPERATOR):
        found[:0] = [
            Found(_("New transcode job"), action, "plus", reverse("jobs:job_new")),
            Found(_("Upload"), action, "upload", reverse("media:upload")),
            Found(_("New snapshot job"), action, "image", reverse("jobs:snapshot_new")),
            Found(_("New cover job"), action, "bookmark", reverse("jobs:cover_new")),
            Found(_("New preview job"), action, "film", reverse("jobs:preview_new")),
            Found(_("New inspection job"), action, "search", reverse("jobs:inspect_new")),
            Found(_("New template analysis"), action, "sliders", reverse("jobs:analysis_new")),
            Found(_("New media info job"), action, "info", reverse("jobs:mediainfo_new")),
        ]
    return found


def _workflows(text: str) -> list[Found]:
    """Workflows by a part of their name, and the one execution of an id."""
    found = [Found(row.name, _("Workflow"), "flow", reverse("workflows:workflow_detail", args=[row.pk])) for row in workflows(text)[:EACH]]
    if _ID.match(text.lower()) and (run := executions(q=text.lower()).first()) is not None:
        found.append(Found(run.key.rpartition("/")[2], _("Execution"), "steps", reverse("workflows:execution_detail", args=[run.pk])))
    return found


def _jobs(text: str) -> list[Found]:
    rows = jobs(JobFilter(q=text))[:EACH]
    return [
        Found(
            row.input_key.rpartition("/")[2],
            f"{KINDS.get(row.kind, row.kind)} · {row.get_state_display()} · {row.id[:8]}",
            "list",
            reverse("jobs:job_detail", args=[row.id]),
        )
        for row in rows
    ]


def _media(text: str) -> list[Found]:
    rows = entries(MediaFilter(q=text, match="all"))[:EACH]
    return [Found(row.title, _("Media"), "film", reverse("media:media_detail", args=[row.media_id])) for row in rows]
