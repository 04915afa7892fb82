"""The audit trail: who did what, when and to what. Services write it with :func:`record`, in the transaction of the change; admins read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from console.lib import acting
from console.models import AuditEntry

if TYPE_CHECKING:
    import datetime as dt

    from django.db.models import QuerySet
    from django.utils.functional import Promise

TEXT = 255
# What is written down, by the part before the dot, which says what it was done to.
KINDS: Mapping[str, Promise] = {
    "session": _("Sign-in"),
    "user": _("User"),
    "access_key": _("AccessKey"),
    "api_token": _("API token"),
    "pipeline": _("Pipeline"),
    "template": _("Transcoding template"),
    "watermark_template": _("Watermark template"),
    "snapshot_template": _("Snapshot template"),
    "job": _("Job"),
    "bucket": _("Bucket"),
    "object": _("Object"),
    "media": _("Media"),
    "category": _("Category"),
    "notification": _("Notification target"),
    "project": _("Project"),
    "workflow": _("Workflow"),
    "execution": _("Execution"),
}
VERBS: Mapping[str, Promise] = {
    "signed_in": _("signed in"),
    "refused": _("refused"),
    "signed_out": _("signed out"),
    "created": _("made"),
    "changed": _("changed"),
    "renamed": _("renamed"),
    "policy_changed": _("policy changed"),
    "enabled": _("switched on"),
    "disabled": _("switched off"),
    "lent": _("lent"),
    "deleted": _("deleted"),
    "paused": _("paused"),
    "resumed": _("resumed"),
    "cancelled": _("cancelled"),
    "prioritised": _("priority changed"),
    "moved": _("moved to another pipeline"),
    "retried": _("tried again"),
    "run": _("run by hand"),
    "bound": _("bound"),
    "unbound": _("unbound"),
    "attached": _("bucket attached"),
    "detached": _("bucket detached"),
    "removed": _("removed from the library"),
    "published": _("published"),
    "unpublished": _("made private"),
    "secret_changed": _("secret changed"),
}


@dataclass(frozen=True)
class AuditFilter:
    """What the trail is narrowed to. Empty = not narrowed. ``action``: whole, or only the part before the dot."""

    actor: str = ""
    action: str = ""
    subject: str = ""
    via: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None


def record(action: str, subject_id: object = "", subject: str = "", *, actor: str | None = None, **data: Any) -> None:
    """Write an entry, inside the caller's transaction. ``actor``: where the service knows it better than the door; never secrets in ``data``."""
    who = acting.current()
    AuditEntry(
        actor=_plain(who.name if actor is None else actor)[:150],
        via=who.via,
        credential=who.credential[:128],
        address=who.address[:45],
        request_id=who.request_id[:64],
        action=action,
        subject_id=_plain(str(subject_id)),
        subject=_plain(subject),
        data=data,
    ).save()


def _plain(text: str) -> str:
    """What any database can keep of a text that a stranger may have typed."""
    return text[:TEXT].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def entries(wanted: AuditFilter) -> QuerySet[AuditEntry]:
    """The trail, newest first."""
    rows = AuditEntry.objects.order_by("-at", "-id")
    if wanted.actor:
        rows = rows.filter(actor=wanted.actor)
    if wanted.action:
        rows = rows.filter(action=wanted.action) if "." in wanted.action else rows.filter(action__startswith=f"{wanted.action}.")
    if wanted.subject:
        rows = rows.filter(Q(subject_id=wanted.subject) | Q(subject__icontains=wanted.subject))
    if wanted.via:
        rows = rows.filter(via=wanted.via)
    if wanted.since:
        rows = rows.filter(at__gte=wanted.since)
    return rows.filter(at__lt=wanted.until) if wanted.until else rows


def was(before: str, now: str) -> dict[str, Any]:
    """What to tell of a name that may have changed."""
    return {"name": [before, now]} if before != now else {}
