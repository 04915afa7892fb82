"""The pages that make inspect, cover and preview jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from console.auth import operator
from console.lib.ids import new_id
from jobs.inspecting.forms import FORMS
from jobs.submitting.one_kind import submitted
from jobs.submitting.views import RECENT
from media_assets.models import Media

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_http_methods(["GET", "POST"])
@operator
def inspect_new(request: HttpRequest) -> HttpResponse:
    """Look through a file; the answer is on the job's page."""
    about = _("Finds scene cuts, black and still pictures, silence, loudness, interlacing and black borders. It takes no slot.")
    return _page(request, "inspect", _("New inspection job"), about)


@require_http_methods(["GET", "POST"])
@operator
def cover_new(request: HttpRequest) -> HttpResponse:
    """Find the best picture."""
    about = _("Looks at many pictures of a video and keeps the best ones: sharp, well exposed, colourful, no black, no credits, no fade. It takes no slot.")
    return _page(request, "cover", _("New cover job"), about)


@require_http_methods(["GET", "POST"])
@operator
def preview_new(request: HttpRequest) -> HttpResponse:
    """Make a short moving picture."""
    about = _("Makes a short animation of the most different shots, or a highlight with sound. It takes no slot.")
    return _page(request, "preview", _("New preview job"), about)


def _page(request: HttpRequest, kind: str, heading: str, purpose: str) -> HttpResponse:
    """The form, or the job that it makes."""
    if kind not in FORMS:
        raise Http404
    initial = {name: request.GET[name] for name in ("input", "pipeline") if request.GET.get(name)} | {"token": new_id()}
    form = FORMS[kind](request.POST if request.method == "POST" else None, initial=initial)
    if job := submitted(request, form):
        return redirect("jobs:job_detail", job.id)
    recent = Media.objects.order_by("-created_at", "-id")[:RECENT]
    context = {"form": form, "kind": kind, "heading": heading, "purpose": purpose, "recent": recent}
    return render(request, "jobs/analysis_new.html", context, status=422 if form.is_bound else 200)
