"""The list of jobs: filters in the URL, keyset pages, live rows, saved views, and what is done to many at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from console.auth import operator, viewer
from console.context import COUNT_CAP, counted
from console.error_texts import translated
from console.lib.lists import page_size
from console.lib.pages import render_page
from console.lib.paging import Page, page
from jobs import queries
from jobs.engine.errors import Refused
from jobs.forms import KINDS, JobFilterForm, MoveForm, PriorityForm, SavedViewForm
from jobs.models import Job, SavedView
from jobs.pages import bulk, export
from jobs.pages.list_rows import chips, row_version, rows_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from django.http import HttpResponseBase

NEWS_CAP = 100
LIVE_SECONDS, CALM_SECONDS = 3, 15
PAGE = "jobs"


def _canonical(request: HttpRequest) -> str | None:
    """The same query string without its empty parameters, if it has any: addresses are canonical, so that they can be pasted."""
    query = request.GET.copy()
    for name in list(query):
        kept = [value for value in query.getlist(name) if value != ""]
        if kept:
            query.setlist(name, kept)
        else:
            del query[name]
    return query.urlencode() if len(query.urlencode()) < len(request.GET.urlencode()) else None


@require_GET
@viewer
def job_list(request: HttpRequest) -> HttpResponse:
    """All jobs, narrowed by the query."""
    if not request.htmx and (query := _canonical(request)) is not None:  # type: ignore[attr-defined]
        return redirect(f"{request.path}?{query}" if query else request.path)
    size, status, problem = page_size(request), 200, ""
    try:
        wanted = queries.JobFilter.from_query(request.GET)
        matching = queries.matching(wanted)
        found = page(queries.with_names(matching), request.GET.get("after"), request.GET.get("before"), size)
    except Refused as error:
        status, problem = 422, " ".join(translated(one.message) for one in error.problems) or translated(error.message)
        wanted = queries.JobFilter()
        matching = queries.matching(wanted).none()
        found = page(matching, size=size)
    form = JobFilterForm(request.GET)
    applied = chips(request.GET, form)
    rows = rows_of(found.items)
    total = _total(request.GET, matching, found)
    context: dict[str, Any] = {
        "form": form,
        "problem": problem,
        "page": found,
        "rows": rows,
        "size": size,
        "count": counted(total),
        "total": total,
        "chips": applied,
        "clear_url": request.path,
        "query": request.GET.urlencode(),
        "export_url": _export_url(request.GET),
        "sort": wanted.sort,
        "kinds": partial(_tabs, request.GET),  # a part of the page does without
        "views": SavedView.objects.filter(user=cast("User", request.user), page=PAGE),
        "view_form": SavedViewForm(initial={"query": request.GET.urlencode()[:1024]}),
        "every": LIVE_SECONDS if any(not row.job.is_final for row in rows) else CALM_SECONDS,
        "rows_url": _rows_url(request.GET, rows, first=not (request.GET.get("after") or request.GET.get("before"))),
        "nothing_ever": not rows and not applied and not problem and not Job.objects.exists(),
    }
    return render_page(request, "jobs/job_list.html", context, parts={"results": "results"}, status=status)


def _total(query: QueryDict, matching: QuerySet[Job], found: Page[Job]) -> int:
    """How many jobs match, counted no further than the cap; what fits on one page is counted already."""
    if not (query.get("after") or query.get("before") or found.next):
        return len(found.items)
    return matching.order_by()[: COUNT_CAP + 1].count()


def _tabs(query: QueryDict) -> list[dict[str, Any]]:
    """The kinds as tabs that keep the other filters, each with its number."""
    current = query.get("kind", "") or query.get("type", "")
    numbers = queries.numbers(KINDS, COUNT_CAP + 1)
    found = []
    for kind, label in [("", _("All")), *KINDS.items()]:
        other = query.copy()
        for name in ("kind", "type", "after", "before"):
            other.pop(name, None)
        if kind:
            other["kind"] = kind
        found.append({"label": label, "url": f"?{other.urlencode()}" if other else "?", "current": kind == current, "count": counted(numbers[kind])})
    return found


def _export_url(query: QueryDict) -> str:
    """The whole filter as a file; the format is to be appended."""
    whole = query.copy()
    for name in ("after", "before", "size", "format", "id"):
        whole.pop(name, None)
    return f"{reverse('jobs:job_export')}?{whole.urlencode()}&format=" if whole else f"{reverse('jobs:job_export')}?format="


def _rows_url(query: QueryDict, rows: list[Any], *, first: bool) -> str:
    """Where the page asks for news: changed rows, and on the first page how many jobs are newer than its first."""
    wanted = query.copy()
    for name in ("after", "before", "size"):
        wanted.pop(name, None)
    if first and wanted.get("sort", "-created") == "-created":
        wanted["since"] = rows[0].job.created_at.isoformat() if rows else "1970-01-01T00:00:00+00:00"
    return f"{reverse('jobs:job_rows')}?{wanted.urlencode()}"


@require_GET
@viewer
def job_rows(request: HttpRequest) -> HttpResponse:
    """News for a list that is on somebody's screen: rows whose version has moved, and how many new jobs match. 204 if there is nothing."""
    known = dict(pair.rpartition(".")[::2] for pair in request.GET.get("rows", "").split(",")[:100] if "." in pair)
    changed = [row for row in rows_of(queries.with_names(Job.objects.filter(pk__in=list(known)))) if row_version(row.job) != known[row.job.id]]
    news = _news(request.GET)
    if not changed and not news:
        return HttpResponse(status=204)
    return render(request, "jobs/job_list.html#news", {"rows": changed, "news": news, "news_text": counted(news, NEWS_CAP)})


def _news(query: QueryDict) -> int:
    """How many jobs of this filter came after ``since``."""
    try:
        since = parse_datetime(query.get("since", "").replace(" ", "+"))
        if since is None or since.tzinfo is None:
            return 0
        wanted = queries.JobFilter.from_query(query)
    except (ValueError, Refused):
        return 0
    return queries.matching(wanted).filter(created_at__gt=since).order_by()[: NEWS_CAP + 1].count()


# --- saved views --------------------------------------------------------------------------------------------------------
@require_POST
@viewer
def view_save(request: HttpRequest) -> HttpResponse:
    """Keep the filters under a name; the same name is replaced."""
    form = SavedViewForm(request.POST)
    query = QueryDict(request.POST.get("query", "")[:1024], mutable=True)
    for name in ("after", "before"):
        query.pop(name, None)
    if form.is_valid():
        key = {"user": cast("User", request.user), "page": PAGE, "name": form.cleaned_data["name"]}
        SavedView.objects.update_or_create(**key, defaults={"query": query.urlencode()[:1024]})
        messages.success(request, _("The view «%(name)s» was saved.") % {"name": form.cleaned_data["name"]})
    else:
        messages.error(request, _("A view needs a name of at most 64 characters."))
    return redirect(f"{reverse('jobs:job_list')}?{query.urlencode()}")


@require_POST
@viewer
def view_delete(request: HttpRequest, view_id: int) -> HttpResponse:
    """Forget one of my views."""
    view = get_object_or_404(SavedView, pk=view_id, user=cast("User", request.user), page=PAGE)
    view.delete()
    messages.success(request, _("The view «%(name)s» was deleted.") % {"name": view.name})
    return redirect("jobs:job_list")


# --- many at once -------------------------------------------------------------------------------------------------------
@require_GET
@viewer
def job_export(request: HttpRequest) -> HttpResponseBase:
    """The jobs of the filter, or of the ids given, as a file: ``format=csv`` or ``jsonl``. The name says so if there are more than it holds."""
    form = request.GET.get("format", "csv")
    try:
        if form not in export.TYPES:
            raise Refused("InvalidParameter", _("A list is exported as csv or jsonl."))
        rows = export.wanted(request.GET)
    except Refused as error:
        messages.error(request, " ".join(translated(one.message) for one in error.problems) or translated(error.message))
        return redirect("jobs:job_list")
    more = rows.order_by()[: export.CAP + 1].count() > export.CAP
    name = f"jobs-{timezone.localtime():%Y%m%d-%H%M%S}{f'-first-{export.CAP}' if more else ''}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(export.body(request, rows, form), content_type=export.TYPES[form], headers=headers)


def _export_chosen(post: QueryDict, form: str) -> str:
    """Where the selection of the list is exported: its ids, or its query."""
    if post.get("all") == "1":
        return _export_url(QueryDict(post.get("query", ""))) + form
    chosen = QueryDict(mutable=True)
    chosen.setlist("id", post.getlist("id")[: export.IDS])
    return f"{reverse('jobs:job_export')}?{chosen.urlencode()}&format={form}"


@require_POST
@operator
def job_bulk(request: HttpRequest) -> HttpResponse:
    """Cancel, retry, prioritise or move many: first a page that says what would happen, then the results. Exports are sent on to their address.

    The selection is a list of ids, or the query of the list, which is resolved anew.
    """
    action = request.POST.get("action", "")
    back = f"{reverse('jobs:job_list')}?{request.POST.get('query', '')}"
    if action in export.TYPES and (request.POST.get("all") == "1" or request.POST.getlist("id")):
        return redirect(_export_chosen(request.POST, action))
    try:
        chosen = bulk.choose(request.POST)
    except Refused as error:
        messages.error(request, " ".join(translated(one.message) for one in error.problems) or translated(error.message))
        return redirect(back)
    if action not in bulk.ACTIONS or not chosen.ids:
        messages.error(request, _("Select at least one job."))
        return redirect(back)
    confirmed = "confirmed" in request.POST
    data = request.POST if confirmed else None
    form = MoveForm(data) if action == "move" else PriorityForm(data, initial={"priority": 6})
    context = {"action": action, "chosen": chosen, "form": form, "back": back, "query": request.POST.get("query", "")}
    if not confirmed:
        return render(request, "jobs/job_bulk.html", context)
    if action in ("priority", "move") and not form.is_valid():
        return render(request, "jobs/job_bulk.html", context, status=422)
    asked = form.cleaned_data if action in ("priority", "move") else {}
    context["results"] = bulk.run(action, chosen.ids, user=cast("User", request.user), **asked)
    return render(request, "jobs/job_bulk.html", context)
