"""The page of one job: its tabs, its live part, and what can be done to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console.auth import operator, viewer
from console.error_texts import translated
from console.lib.returning import back
from console.views import conflict
from jobs import queries, secrecy, services
from jobs.analysing.shown import shown
from jobs.engine.errors import Refused
from jobs.forms import KINDS, PriorityForm, RetryForm
from jobs.found import find
from jobs.inspecting.chart import chart
from jobs.models import Job, Output
from jobs.notices import queries as notices
from jobs.pages import job_page
from jobs.pages.list_rows import row_version
from jobs.pages.timeline import timeline
from jobs.payloads import attempt_payload, event_payload, job_payload
from jobs.quality import chart as quality_chart
from media_assets import keys, snapshots, sprites
from media_assets.models import Media

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpResponseBase

TABS = ("outputs", "parameters", "timeline", "messages", "raw")


def frame(request: HttpRequest, job: Job, tab: str) -> dict[str, Any]:
    """What every tab of the page needs. ``secret``: why command lines and log are kept from this person; empty if they are not."""
    hidden = secrecy.hides(request, job)
    media_url = reverse("media:media_detail", args=[job.media_id]) if job.media_id else ""
    return {"job": job, "head": job_page.head(job, log=not hidden), "tab": tab, "media_url": media_url, "secret": secrecy.why() if hidden else ""}


@require_GET
@viewer
def job_detail(request: HttpRequest, job_id: str, tab: str = "outputs") -> HttpResponse:
    """One job; the tab is part of the address."""
    if tab not in TABS:
        raise Http404
    job = find(job_id)
    context = _tab(request, job, tab)
    response = render(request, f"jobs/job_{tab}.html", frame(request, job, tab) | context)
    if playing := context.get("playing"):
        keys.let_play(request, response, playing.output.id, job.media_id)
    return response


def _tab(request: HttpRequest, job: Job, tab: str) -> dict[str, Any]:
    """What only this tab needs."""
    if tab == "outputs":
        return _outputs(request, job)
    if tab == "parameters":
        outputs = list(job.outputs.all())
        if secrecy.hides(request, job) or (job.retry_of and secrecy.hides(request, job.retry_of)):
            return {"parameters": [(output, [] if secrecy.is_opaque(output) else job_page.parameters(output)) for output in outputs], "hidden": secrecy.why()}
        rows = [(output, job_page.parameters(output)) for output in outputs]
        return {"parameters": rows, "changes": job_page.changes(job), "attempts": queries.attempts(job.id)}
    if tab == "timeline":
        attempts = list(queries.attempts(job.id))
        return {"timeline": timeline(job, attempts), "attempts": attempts, "events": queries.events(job.id)[:500]}
    if tab == "messages":
        return {"deliveries": list(notices.deliveries(job=job.id)[:100])}
    return {"raw": json.dumps(_document(request, job), ensure_ascii=False, indent=2)}


def _outputs(request: HttpRequest, job: Job) -> dict[str, Any]:
    views = job_page.outputs(job, job_page.source_size(job))
    for view in views:
        if secrecy.hides_output(request, view.output):
            view.failed_checks.clear()
    wanted = request.GET.get("play", "")
    playable = [view for view in views if view.player]
    playing = next((view for view in playable if view.output.id == wanted), playable[0] if playable else None)
    thumbs = sprites.thumbnails(job.media_id, playing.duration) if playing else ""
    comparable = job.kind == "transcode" and job.is_final and any(view.compares for view in views)
    return {
        "outputs": views,
        "comparable": comparable,
        "playing": playing,
        "playing_thumbs": thumbs,
        "kind_label": KINDS.get(job.kind, job.kind),
        **_result(job),
    }


def _result(job: Job) -> dict[str, Any]:
    """The timeline of an inspection, the raw document of media info, the gallery of a snapshot or cover job, the sheets of a sprite job."""
    if job.kind == "inspect" and job.result:
        return {"chart": chart(job.result)}
    if job.kind == "analysis" and job.result:
        return {"analysis": shown(job.result), "source_address": f"oss://{job.input_bucket}/{job.input_key}"}
    if job.kind == "quality" and job.result:
        maker = Output.objects.filter(pk=job.spec.get("output") or "").values_list("job_id", flat=True).first()
        return {"quality": quality_chart.chart(job.result), "quality_columns": quality_chart.COLUMNS, "measured_job": maker}
    if job.kind == "mediainfo" and job.result and job.result.get("raw"):
        return {"raw_info": json.dumps(job.result["raw"], ensure_ascii=False, indent=2)}
    if job.kind == "sprite" and job.result and job.result.get("sheets"):
        media = Media.objects.filter(pk=job.media_id).first()
        kept = snapshots.of_result(job.result, media, job.id)
        return {"media": media, "sprites": [sprites.of_result(job.result, job.id)], "snapshots": kept}
    if job.kind not in ("snapshot", "cover") or not job.result:
        return {}
    media = Media.objects.filter(pk=job.media_id).first()
    return {"media": media, "snapshots": snapshots.of_result(job.result, media, job.id)}


def _document(request: HttpRequest, job: Job) -> dict[str, Any]:
    """All that is known, as the JSON interface tells it."""
    hidden = secrecy.hides(request, job)
    return job_payload(job, request) | {
        "spec": secrecy.spec_told(request, job),
        "probe": job.probe,
        "attempts": [attempt_payload(row, hidden=hidden) for row in queries.attempts(job.id)],
        "events": [event_payload(row) for row in queries.events(job.id)[:500]],
    }


@require_GET
@viewer
def raw_download(request: HttpRequest, job_id: str) -> HttpResponse:
    """The raw tab as a file."""
    document = json.dumps(_document(request, find(job_id)), ensure_ascii=False, indent=2)
    return HttpResponse(document, content_type="application/json", headers={"Content-Disposition": f'attachment; filename="job-{job_id[:32]}.json"'})


@require_GET
@viewer
def info_download(request: HttpRequest, job_id: str) -> HttpResponse:
    """ffprobe's own document of a media info job, as a file."""
    job = find(job_id)
    raw = (job.result or {}).get("raw") if job.kind == "mediainfo" else None
    if raw is None:
        raise Http404
    document = json.dumps(raw, ensure_ascii=False, indent=2)
    return HttpResponse(document, content_type="application/json", headers={"Content-Disposition": f'attachment; filename="ffprobe-{job_id[:32]}.json"'})


@require_GET
@viewer
def job_live(request: HttpRequest, job_id: str) -> HttpResponse:
    """Head and outputs anew, or 204 while nothing has changed. A finished job's parts come back without their trigger: polling ends."""
    job = find(job_id)
    if request.GET.get("v") == row_version(job) and not job.is_final:
        return HttpResponse(status=204)
    context = frame(request, job, request.GET.get("tab", ""))
    if context["tab"] == "outputs":
        context |= _outputs(request, job)
    return render(request, "jobs/_job_live.html", context)


# --- what can be done -----------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@operator
def job_cancel(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """Cancel, after saying what is lost."""
    job = find(job_id)
    target = back(request, reverse("jobs:job_detail", args=[job.id]))
    if request.method == "POST":
        try:
            services.cancel(job.id, actor=request.user.get_username())
        except Refused as error:
            return conflict(request, error.message)
        messages.success(request, _("The job is being cancelled.") if job.state == "running" else _("The job was cancelled."))
        return redirect(target)
    return render(request, "jobs/job_cancel.html", {"job": job, "next": target})


@require_POST
@operator
def output_cancel(request: HttpRequest, job_id: str, output_id: str) -> HttpResponseBase:
    """Cancel one output of a job that waits; the others go on."""
    job = find(job_id)
    try:
        services.cancel_output(job.id, output_id, actor=request.user.get_username())
    except Refused as error:
        if error.code == "NotFound":
            raise Http404 from None
        return conflict(request, error.message)
    messages.success(request, _("The output was cancelled."))
    return redirect("jobs:job_tab", job.id, "outputs")


@require_http_methods(["GET", "POST"])
@operator
def job_retry(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """Do outputs again in a new job; the old one keeps its history."""
    job = find(job_id)
    rows = list(job.outputs.all())
    target = back(request, reverse("jobs:job_detail", args=[job.id]))
    form = RetryForm(request.POST if request.method == "POST" and "choose" in request.POST else None, outputs=rows)
    if request.method == "POST" and (not form.is_bound or form.is_valid()):
        try:
            user = cast("User", request.user)
            chosen = form.cleaned_data["outputs"] if form.is_bound and rows else None
            new = services.retry(job.id, outputs=chosen, owner=user, actor=user.get_username(), source=Job.Source.CONSOLE)
        except Refused as error:
            if error.code == "WrongState":
                return conflict(request, error.message)
            messages.error(request, translated(error.problems[0].message if error.problems else error.message))
            return redirect(target)
        messages.success(request, _("A new job was made."))
        return redirect("jobs:job_detail", new.id)
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "jobs/job_retry.html", {"job": job, "form": form, "next": target, "outputs": rows}, status=status)


@require_http_methods(["GET", "POST"])
@operator
def job_priority(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """Change the priority of a job that is not finished."""
    job = find(job_id)
    target = back(request, reverse("jobs:job_detail", args=[job.id]))
    form = PriorityForm(request.POST if request.method == "POST" else None, initial={"priority": job.priority})
    if form.is_bound and form.is_valid():
        try:
            services.set_priority(job.id, form.cleaned_data["priority"], actor=request.user.get_username())
        except Refused as error:
            return conflict(request, error.message)
        messages.success(request, _("Priority is now %(priority)s.") % form.cleaned_data)
        return redirect(target)
    return render(request, "jobs/job_priority.html", {"job": job, "form": form, "next": target}, status=422 if form.is_bound else 200)
