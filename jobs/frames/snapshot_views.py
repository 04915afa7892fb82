"""The page that makes snapshot and sprite jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console.auth import operator
from console.lib.ids import new_id
from jobs.engine.address import Address
from jobs.engine.errors import Refused
from jobs.engine.kinds.snapshot import end_of
from jobs.frames.snapshot_form import IMAGES, SnapshotForm
from jobs.known_media import known_probe
from jobs.submitting.one_kind import submitted
from jobs.submitting.views import RECENT
from media_assets import snapshots
from media_assets.models import Media
from templates_app.snapshots import queries as templates
from templates_app.snapshots.forms import initial_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from jobs.engine.probe import Probe

STRIP = 10  # pictures to choose a time from
TEMPLATES = 100  # offered on the page


@require_http_methods(["GET", "POST"])
@operator
def snapshot_new(request: HttpRequest) -> HttpResponse:
    """Pictures of a video, single or on sheets; they appear on the job's page. ``template`` fills in the values of a snapshot template; ``of`` the pictures that were
    taken of a media, ``job``: by this job."""
    initial = _template(request.GET.get("template", ""))
    initial |= {name: request.GET[name] for name in ("input", "pipeline", "mode") if request.GET.get(name)} | {"token": new_id()}
    if request.GET.get("of"):
        initial["images"] = _pictures_of(request.GET["of"], request.GET.get("job", ""))
    if initial.get("mode") == IMAGES:
        initial.setdefault("scale_type", "fill")
    form = SnapshotForm(request.POST if request.method == "POST" else None, initial=initial)
    if job := submitted(request, form, form.field_of):
        return redirect("jobs:job_detail", job.id)
    context = {
        "form": form,
        "recent": Media.objects.order_by("-created_at", "-id")[:RECENT],
        "templates": templates.listed()[:TEMPLATES],
        "filmstrip_url": reverse("jobs:snapshot_filmstrip"),
        "sketch": form.sketch(_probe(form)) if form.is_bound else None,
    }
    return render(request, "jobs/snapshot_new.html", context, status=422 if form.is_bound else 200)


def _template(id_or_name: str) -> dict[str, Any]:
    """What the form begins with; nothing where there is no such template."""
    if not id_or_name:
        return {}
    try:
        row = templates.find(id_or_name)
    except Refused:
        return {}
    return initial_of(row.kind, row.params)


def _pictures_of(media_id: str, job_id: str) -> str:
    """Addresses of the pictures that were taken of a media, each job's by time; nothing where there is no such media."""
    media = Media.objects.filter(pk=media_id).first()
    found = snapshots.of_media(media) if media else []
    return "\n".join(f"oss://{one.bucket}/{one.key}" for one in found if not job_id or one.job_id == job_id)


@require_POST
@operator
def snapshot_estimate(request: HttpRequest) -> HttpResponse:
    """How many pictures the form would give now, and how large its sheets would be. Writes nothing."""
    form = SnapshotForm(request.POST)
    return render(request, "jobs/snapshot_new.html#estimate", {"sketch": form.sketch(_probe(form))})


@require_GET
@operator
def snapshot_filmstrip(request: HttpRequest) -> HttpResponse:
    """Pictures of the input to choose a time from; nothing where it was never looked into."""
    address = request.GET.get("input", "").strip()
    probe = _known(address)
    end = end_of(probe) if probe and probe.picture else None
    times = [round(end * (number + 0.5) / STRIP, 3) for number in range(STRIP)] if end else []
    frames = [{"time": time, "url": f"{reverse('jobs:input_frame')}?{urlencode({'input': address, 'at': time})}"} for time in times]
    return render(request, "jobs/_filmstrip.html", {"frames": frames})


def _probe(form: SnapshotForm) -> Probe | None:
    """What is known of the form's input."""
    return _known(str(form["input"].value() or "").strip())


def _known(address: str) -> Probe | None:
    """What an earlier job found in this object."""
    try:
        source = Address.parse(address)
    except ValueError:
        return None
    probe = known_probe(source)
    return probe if probe and probe.picture else None
