"""Pages of snapshot templates: list, form, detail, delete. They parse, ask, call a service and render."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from console.auth import admin, viewer
from console.lib.lists import listed
from console.lib.pages import render_page
from jobs.engine.errors import Refused
from templates_app.names import free_name
from templates_app.shared import saved
from templates_app.snapshots import queries, services
from templates_app.snapshots.forms import SnapshotFilterForm, SnapshotTemplateForm, initial_of
from templates_app.snapshots.models import SnapshotTemplate
from templates_app.snapshots.words import described

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def _row(snapshot_id: str) -> SnapshotTemplate:
    try:
        return queries.find(snapshot_id)
    except Refused:
        raise Http404 from None


@require_GET
@viewer
def snapshot_list(request: HttpRequest) -> HttpResponse:
    """All snapshot templates."""
    form = SnapshotFilterForm(request.GET)
    q, kind = form.wanted()
    found, context = listed(request, form, queries.listed(q, kind))
    context |= {
        "rows": [{"template": row, "words": described(row)} for row in found.items],
    }
    return render_page(request, "templates_app/snapshots/list.html", context, parts={"results": "results"})


@require_GET
@viewer
def snapshot_detail(request: HttpRequest, snapshot_id: str) -> HttpResponse:
    """One snapshot template."""
    row = _row(snapshot_id)
    context = {"template": row, "words": described(row), "raw": json.dumps(row.params, indent=2, ensure_ascii=False)}
    return render(request, "templates_app/snapshots/detail.html", context)


def _editor(request: HttpRequest, form: SnapshotTemplateForm, **context: Any) -> HttpResponse:
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "templates_app/snapshots/form.html", {"form": form, **context}, status=status)


@require_http_methods(["GET", "POST"])
@admin
def snapshot_create(request: HttpRequest) -> HttpResponse:
    """A new snapshot template; ``from`` names one to begin with."""
    initial: dict[str, Any] = {}
    original = None
    if start := request.GET.get("from", ""):
        original = _row(start)
        initial = {"name": free_name(SnapshotTemplate, original.name), **initial_of(original.kind, original.params)}
    form = SnapshotTemplateForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        name, kind = form.cleaned_data["name"], form.kind_of(form.cleaned_data["mode"])
        if saved(request, form, lambda: services.create(name, kind, form.params()), _("Snapshot template %(name)s was created.")):
            return redirect("templates:snapshot_list")
    return _editor(request, form, original=original)


@require_http_methods(["GET", "POST"])
@admin
def snapshot_edit(request: HttpRequest, snapshot_id: str) -> HttpResponse:
    """Change a snapshot template; jobs keep the values that they were accepted with."""
    row = _row(snapshot_id)
    initial = {"name": row.name, **initial_of(row.kind, row.params)}
    form = SnapshotTemplateForm(request.POST if request.method == "POST" else None, initial=initial, fixed_kind=row.kind)
    if form.is_bound and form.is_valid():
        name = form.cleaned_data["name"]
        if saved(request, form, lambda: services.update(row, name=name, params=form.params()), _("Snapshot template %(name)s was saved.")):
            return redirect("templates:snapshot_list")
    return _editor(request, form, template=row)


@require_http_methods(["GET", "POST"])
@admin
def snapshot_delete(request: HttpRequest, snapshot_id: str) -> HttpResponse:
    """Delete a snapshot template, after asking."""
    row = _row(snapshot_id)
    if request.method == "POST":
        services.delete(row)
        messages.success(request, _("Snapshot template %(name)s was deleted.") % {"name": row.name})
        return redirect("templates:snapshot_list")
    return render(request, "templates_app/snapshots/delete.html", {"template": row})
