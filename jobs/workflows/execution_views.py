"""Pages of executions: list, one of them, cancel, run again. They parse, ask, call a service and render."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console.auth import operator, viewer
from console.lib.lists import chips, is_poll, paged, without
from console.lib.pages import render_page
from console.lib.returning import back
from jobs.engine.errors import Refused
from jobs.queries import PRESETS
from jobs.workflows import queries, runs, shown
from jobs.workflows.forms import ExecutionFilterForm
from jobs.workflows.states import ActivityState, ExecutionState
from jobs.workflows.views import refusal

if TYPE_CHECKING:
    import datetime as dt

    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from jobs.workflows.models import Execution

BULK_MAX = 200
LIVE_SECONDS, CALM_SECONDS = 5, 15


def _found(execution_id: str) -> Execution:
    try:
        return queries.execution(execution_id)
    except Refused:
        raise Http404 from None


def _wanted(form: ExecutionFilterForm) -> QuerySet[Execution]:
    said = form.cleaned_data if form.is_valid() else {}
    state = said.get("state", "")
    return queries.executions(
        workflow=said.get("workflow", ""),
        states=(state,) if state else (),
        q=said.get("q", "").strip(),
        media=said.get("media", ""),
        since=_since(said.get("when", "")),
    )


def _since(when: str) -> dt.datetime | None:
    if when == "today":
        return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return timezone.now() - PRESETS[when] if when in PRESETS else None


@require_GET
@viewer
def execution_list(request: HttpRequest) -> HttpResponse:
    """All executions, narrowed by the query; live."""
    form = ExecutionFilterForm(request.GET)
    found, size = paged(request, _wanted(form))
    rows = shown.rows_of(found.items)
    context: dict[str, Any] = {
        "form": form,
        "page": found,
        "size": size,
        "rows": rows,
        "every": LIVE_SECONDS if any(not row.execution.is_final for row in rows) else CALM_SECONDS,
        "chips": chips(request, form),
        "clear_url": without(request, list(form.fields)),
    }
    if is_poll(request):
        return render(request, "workflows/execution_list.html#table", context)
    return render_page(request, "workflows/execution_list.html", context, parts={"results": "results"})


@require_GET
@viewer
def execution_detail(request: HttpRequest, execution_id: str) -> HttpResponse:
    """One execution: its picture with states, when what ran, the jobs, the messages; live until it is over."""
    execution = _found(execution_id)
    rows = shown.parts(execution)
    context = {
        "execution": execution,
        "row": shown.rows_of([execution])[0],
        "parts": rows,
        "graph": shown.ran(execution, rows),
        "deliveries": list(execution.deliveries.order_by("-created_at")[:20]),
        "agains": list(execution.agains.order_by("created_at")[:10]),
        "can_repair": execution.is_final and any(part.activity.state in (ActivityState.FAIL, ActivityState.SKIPPED) for part in rows),
    }
    template = "workflows/execution_detail.html#live" if is_poll(request) else "workflows/execution_detail.html"
    return render(request, template, context)


@require_http_methods(["GET", "POST"])
@operator
def execution_cancel(request: HttpRequest, execution_id: str) -> HttpResponse:
    """Cancel it with its jobs, after saying what that means."""
    execution = _found(execution_id)
    target = back(request, reverse("workflows:execution_detail", args=[execution.pk]))
    if request.method == "POST":
        try:
            runs.cancel(execution.pk, actor=request.user.get_username())
        except Refused as error:
            messages.error(request, refusal(error))
        else:
            messages.success(request, _("The execution is being cancelled."))
        return redirect(target)
    states = [row.state for row in execution.activities.all()]
    numbers = {"running": states.count(ActivityState.RUNNING), "waiting": states.count(ActivityState.WAITING)}
    return render(request, "workflows/execution_cancel.html", {"execution": execution, "next": target, **numbers})


@require_POST
@operator
def execution_again(request: HttpRequest, execution_id: str) -> HttpResponse:
    """Run it again: all of it, or (``from=failed``) what did not succeed."""
    execution = _found(execution_id)
    from_failed = request.POST.get("from") == "failed"
    try:
        made = runs.again(execution.pk, from_failed=from_failed, owner=cast("User", request.user), actor=request.user.get_username())
    except Refused as error:
        messages.error(request, refusal(error))
        return redirect("workflows:execution_detail", execution.pk)
    messages.success(request, _("It runs again."))
    return redirect("workflows:execution_detail", made.pk)


@require_POST
@operator
def execution_bulk(request: HttpRequest) -> HttpResponse:
    """Cancel the chosen ones that run, or run the chosen ones that are over again."""
    action = request.POST.get("action", "")
    target = back(request, reverse("workflows:execution_list"))
    rows = queries.executions().filter(pk__in=request.POST.getlist("id")[:BULK_MAX])
    rows = rows.filter(state=ExecutionState.RUNNING) if action == "cancel" else rows.exclude(state=ExecutionState.RUNNING) if action == "again" else rows.none()
    chosen = list(rows)
    if not chosen:
        messages.error(request, _("Select at least one execution: one that runs to cancel it, one that is over to run it again."))
        return redirect(target)
    actor, done = request.user.get_username(), 0
    for one in chosen:
        try:
            if action == "cancel":
                runs.cancel(one.pk, actor=actor)
            else:
                runs.again(one.pk, owner=cast("User", request.user), actor=actor)
            done += 1
        except Refused as error:
            messages.error(request, f"{one.key.rpartition('/')[2]}: {refusal(error)}")
    if done:
        text = (
            ngettext("%(n)s execution is being cancelled.", "%(n)s executions are being cancelled.", done)
            if action == "cancel"
            else ngettext("%(n)s execution runs again.", "%(n)s executions run again.", done)
        )
        messages.success(request, text % {"n": done})
    return redirect(target)
