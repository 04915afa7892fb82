"""The audit trail as JSON. For admins whom no policy limits: it tells of everybody's buckets."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from ninja import Router

from console import audit
from console.auth import needs_admin, who
from console.lib.http import answer, iso, known_parameters, plain_text, whole_number
from console.lib.openapi import parameter
from console.lib.paging import page
from console.lib.policy import EVERYTHING
from console.models import AuditEntry
from jobs.engine.errors import Problem, Refused

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

router = Router(tags=["audit"])
FILTERS = [
    parameter("actor", "user name"),
    parameter("action", "pipeline.paused; or pipeline: all that is done to pipelines"),
    parameter("subject", "id, or a part of the name, of what it was done to"),
    parameter("via", "console, admin, api, mps, imm, ims, oss or service"),
    parameter("from", "at or after: a date or a time (UTC where no zone is said)"),
    parameter("to", "before"),
    parameter("after", "cursor"),
    parameter("before", "cursor"),
    parameter("limit", "1–100", type="integer", default=25),
]


@router.get("/audit", auth=needs_admin, openapi_extra={"parameters": FILTERS})
def audit_list(request: HttpRequest) -> HttpResponse:
    """Who did what, newest first. Role admin."""
    known_parameters(request, *(row["name"] for row in FILTERS))
    if who(request).policy != EVERYTHING:
        raise Refused("PermissionDenied", _("A token with a policy cannot read the audit trail."))
    via = plain_text(request, "via", 16)
    if via and via not in AuditEntry.Via.values:
        raise Refused("InvalidParameter", problems=(Problem(("via",), _("Choose one of: %(values)s.") % {"values": ", ".join(AuditEntry.Via.values)}),))
    wanted = audit.AuditFilter(
        actor=plain_text(request, "actor", 150),
        action=plain_text(request, "action", 48),
        subject=plain_text(request, "subject", 255),
        via=via,
        since=_moment(request, "from"),
        until=_moment(request, "to"),
    )
    limit = whole_number(request, "limit", 25, 1, 100)
    found = page(audit.entries(wanted), plain_text(request, "after", 4096), plain_text(request, "before", 4096), limit)
    return answer({"items": [document(entry) for entry in found.items], "next": found.next, "previous": found.previous})


def document(entry: AuditEntry) -> dict[str, Any]:
    """An entry as JSON."""
    return {
        "id": entry.pk,
        "at": iso(entry.at),
        "actor": entry.actor or None,
        "via": entry.via,
        "credential": entry.credential or None,
        "address": entry.address or None,
        "request_id": entry.request_id or None,
        "action": entry.action,
        "subject": {"id": entry.subject_id, "name": entry.subject},
        "data": entry.data,
    }


def _moment(request: HttpRequest, name: str) -> dt.datetime | None:
    text = plain_text(request, name, 64)
    if not text:
        return None
    try:
        moment = parse_datetime(text if "T" in text or " " in text else f"{text}T00:00:00")
        if moment is not None:
            return moment if timezone.is_aware(moment) else moment.replace(tzinfo=dt.UTC)
    except ValueError:
        pass
    raise Refused("InvalidParameter", problems=(Problem((name,), _("Write a date or a time: 2026-01-31, 2026-01-31T12:00Z.")),))
