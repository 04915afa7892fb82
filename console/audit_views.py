"""The page of the audit trail, and the same as a file. For admins."""

from __future__ import annotations

import csv
import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from console import audit
from console.audit_told import told
from console.auth import admin
from console.lib.http import iso
from console.lib.lists import listed
from console.lib.pages import render_page
from console.models import AuditEntry

if TYPE_CHECKING:
    from django.http import HttpRequest

PAGES = {
    "job": "jobs:job_detail",
    "pipeline": "pipelines:pipeline_detail",
    "template": "templates:template_detail",
    "media": "media:media_detail",
    "notification": "notices:target_detail",
    "access_key": "console:access_key_edit",
    "project": "projects:project_detail",
    "workflow": "workflows:workflow_detail",
    "execution": "workflows:execution_detail",
}
"""Where things that are named by their id can be looked at; what is gone answers 404 there."""
GONE = ("deleted", "removed", "unbound")
CAP = 10_000  # entries of a file
COLUMNS = ("at", "actor", "via", "credential", "address", "request_id", "action", "subject_id", "subject", "data")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a table program would compute a cell that begins so


class AuditFilterForm(forms.Form):
    """The filter bar; every field may be empty."""

    actor = forms.CharField(label=_("Who"), required=False, max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}))
    action = forms.ChoiceField(label=_("What"), required=False, choices=[("", _("Everything")), *audit.KINDS.items()])
    subject = forms.CharField(
        label=_("Name or id"), required=False, max_length=255, widget=forms.TextInput(attrs={"type": "search", "data-ime": "", "autocomplete": "off"})
    )
    via = forms.ChoiceField(label=_("By way of"), required=False, choices=[("", _("All")), *AuditEntry.Via.choices])
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}), help_text="")


@require_GET
@admin
def audit_list(request: HttpRequest) -> HttpResponse:
    """Entries, newest first."""
    form, wanted = _wanted(request)
    found, context = listed(request, form, audit.entries(wanted))
    context |= {
        "rows": [_row(entry) for entry in found.items],
    }
    return render_page(request, "console/audit.html", context, parts={"results": "results"})


@require_GET
@admin
def audit_export(request: HttpRequest) -> HttpResponse:
    """The newest entries of the same filters as CSV."""
    _form, wanted = _wanted(request)
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8", headers={"Content-Disposition": 'attachment; filename="audit.csv"'})
    lines = csv.writer(response)
    lines.writerow(COLUMNS)
    for entry in audit.entries(wanted)[:CAP].iterator(chunk_size=1000):
        cells = {name: getattr(entry, name) for name in COLUMNS} | {"at": iso(entry.at), "data": _more(entry)}
        lines.writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in map(str, cells.values())])
    return response


def _wanted(request: HttpRequest) -> tuple[AuditFilterForm, audit.AuditFilter]:
    """The filter bar, and what it asks; nothing where it makes no sense."""
    form = AuditFilterForm(request.GET)
    return form, audit.AuditFilter(**_read(form.cleaned_data)) if form.is_valid() else audit.AuditFilter()


def _read(fields: dict[str, Any]) -> dict[str, Any]:
    """Days are whole days in the reader's zone, the last one included."""
    since, until = fields.pop("since"), fields.pop("until")
    return fields | {"since": _midnight(since), "until": _midnight(until, days=1)}


def _midnight(day: dt.date | None, days: int = 0) -> dt.datetime | None:
    if day is None or not 1970 <= day.year <= 9000:
        return None
    return timezone.make_aware(dt.datetime.combine(day, dt.time())) + dt.timedelta(days=days)


def _row(entry: AuditEntry) -> dict[str, Any]:
    kind, _dot, verb = entry.action.partition(".")
    return {
        "entry": entry,
        "kind": audit.KINDS.get(kind, kind),
        "verb": audit.VERBS.get(verb, verb),
        "url": _url(kind, entry.subject_id) if verb not in GONE else "",
        "more": told(entry.action, entry.data),
    }


def _more(entry: AuditEntry) -> str:
    return json.dumps(entry.data, ensure_ascii=False, sort_keys=True) if entry.data else ""


def _url(kind: str, subject_id: str) -> str:
    try:
        return reverse(PAGES[kind], args=[subject_id]) if kind in PAGES and subject_id else ""
    except NoReverseMatch:
        return ""
