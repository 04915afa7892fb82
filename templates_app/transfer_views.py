"""Templates as JSON files: export of chosen ones, import with every mistake at once, and deleting many."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console.auth import admin, at_least, viewer
from console.error_texts import translated
from console.models import Role
from jobs import usage
from jobs.engine.errors import Refused
from templates_app import queries, services
from templates_app.forms import ImportForm
from templates_app.models import Template

if TYPE_CHECKING:
    from django.http import HttpRequest

EXPORTED = 1000


def _chosen(request: HttpRequest, ids: list[str]) -> list[Template]:
    """The templates of these ids that this person may read, by name; no ids: all custom ones."""
    kinds = [] if ids else [Template.Kind.CUSTOM]
    rows = queries.listed(kinds)
    if ids:
        rows = rows.filter(pk__in=[text[:64] for text in ids[:EXPORTED] if "\x00" not in text])
    if not at_least(request.user, Role.ADMIN):
        rows = rows.exclude(kind=Template.Kind.CUSTOMIZED)
    return list(rows[:EXPORTED])


@require_GET
@viewer
def template_export(request: HttpRequest) -> HttpResponse:
    """The chosen templates (``id``, repeatable), or all custom ones, as one document."""
    document = services.export_document(_chosen(request, request.GET.getlist("id")))
    response = HttpResponse(json.dumps(document, indent=2, ensure_ascii=False) + "\n", content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="reelmill-templates.json"'
    return response


@require_POST
@viewer
def template_bulk(request: HttpRequest) -> HttpResponse:
    """What the bar under the list does with the ticked rows: export, or ask before deleting them, or delete them."""
    ids = request.POST.getlist("id")
    if request.POST.get("action") != "delete":
        query = "&".join(f"id={row.id}" for row in _chosen(request, ids)) if ids else ""
        return redirect(f"{reverse('templates:template_export')}?{query}")
    return _delete(request, ids)


@admin
def _delete(request: HttpRequest, ids: list[str]) -> HttpResponse:
    rows = [row for row in _chosen(request, ids) if ids and not row.is_preset]
    if request.POST.get("sure") and rows:
        for row in rows:
            services.delete(row)
        messages.success(request, ngettext("%(n)s template was deleted.", "%(n)s templates were deleted.", len(rows)) % {"n": len(rows)})
        return redirect("templates:template_list")
    context = {"rows": rows, "presets": len(ids) - len(rows), "waiting": sum(usage.unfinished_of_template(row.id) for row in rows)}
    return render(request, "templates_app/template_bulk.html", context)


@require_http_methods(["GET", "POST"])
@admin
def template_import(request: HttpRequest) -> HttpResponse:
    """Make templates out of a document, all or none; every mistake is told with its place."""
    form = ImportForm(request.POST if request.method == "POST" else None, request.FILES or None)
    mistakes: list[tuple[str, str]] = []
    if form.is_bound and form.is_valid():
        document = form.cleaned_data["document"]
        try:
            made = services.import_document(document, if_exists=form.cleaned_data["if_exists"])
        except Refused as error:
            mistakes = [(_place(document, problem.loc), translated(problem.message)) for problem in error.problems] or [("", translated(error.message))]
        else:
            messages.success(request, ngettext("%(n)s template was imported.", "%(n)s templates were imported.", len(made)) % {"n": len(made)})
            return redirect("templates:template_list")
    wrong = form.is_bound
    return render(request, "templates_app/template_import.html", {"form": form, "mistakes": mistakes}, status=422 if wrong else 200)


def _place(document: Any, loc: tuple[str | int, ...]) -> str:
    """«templates[2] «Phones» · params.video.crf»."""
    if len(loc) < 2 or loc[0] != "templates" or not isinstance(loc[1], int):
        return ".".join(map(str, loc))
    item = document["templates"][loc[1]]
    name = item.get("name") if isinstance(item, dict) else None
    head = f"templates[{loc[1]}]" + (f" «{name[:60]}»" if isinstance(name, str) else "")
    return " · ".join(part for part in (head, ".".join(map(str, loc[2:]))) if part)
