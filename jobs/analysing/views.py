"""Pages of template analyses: the form, and «analyse now and continue», which leads from the job form through an analysis and back to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from console.auth import operator
from console.error_texts import translated
from console.lib.ids import new_id
from jobs.analysing.forms import TemplateAnalysisForm
from jobs.found import find
from jobs.states import JobState
from jobs.submitting.one_kind import first_field, submitted
from jobs.submitting.views import RECENT
from media_assets.models import Media

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase


@require_http_methods(["GET", "POST"])
@operator
def analysis_new(request: HttpRequest) -> HttpResponse:
    """Which presets fit a file? The answer is on the job's page."""
    initial = {name: request.GET[name] for name in ("input", "pipeline") if request.GET.get(name)} | {"token": new_id()}
    form = TemplateAnalysisForm(request.POST if request.method == "POST" else None, initial=initial)
    if job := submitted(request, form, _field_of):
        return redirect("jobs:job_detail", job.id)
    context = {
        "form": form,
        "kind": "analysis",
        "heading": _("New template analysis"),
        "purpose": _("Says which presets fit a file, which do not and why, and what intelligent ones would make of it. It takes no slot."),
        "recent": Media.objects.order_by("-created_at", "-id")[:RECENT],
    }
    return render(request, "jobs/analysis_new.html", context, status=422 if form.is_bound else 200)


def _field_of(loc: tuple[Any, ...]) -> str:
    """The field that shows a mistake at this place."""
    return f"crop_{loc[-1]}" if len(loc) > 1 and loc[0] == "crop" else first_field(loc)


@require_GET
@operator
def analysis_wait(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """Wait for an analysis that the job form began; then back to the form, which holds what it held."""
    job = find(job_id)
    if job.kind != "analysis":
        raise Http404
    if not job.is_final:
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204)
        return render(request, "jobs/analysis_wait.html", {"job": job})
    if job.state == JobState.SUCCEEDED:
        messages.success(request, _("The input has been analysed: the job can be submitted."))
    else:
        messages.error(request, _("The analysis did not succeed: %(why)s") % {"why": translated(job.message)})
    back = f"{reverse('jobs:job_new')}?draft=1"
    return HttpResponseClientRedirect(back) if request.headers.get("HX-Request") else redirect(back)
