"""Pages that make jobs: transcode, media info, and the picker of an input. They parse, ask, call ``services.submit`` and render."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console.auth import operator
from console.error_texts import translated
from console.lib.ids import new_id
from jobs import services
from jobs.defaults import in_turn
from jobs.engine.address import Address
from jobs.engine.errors import Refused
from jobs.models import Draft, Job
from jobs.notices.queries import topics
from jobs.payloads import read_job_request
from jobs.submitting import drafts
from jobs.submitting.analysis_first import analysis_first
from jobs.submitting.forms import STARTER, JobForms, rearranged
from jobs.submitting.media_info_form import MediaInfoForm
from jobs.submitting.one_kind import same_page, submitted
from jobs.submitting.summary import Summary, summarise
from jobs.submitting.template_choices import TemplateChoices
from media_assets.models import Bucket, Media
from media_assets.storage import storage
from templates_app.available import lists
from templates_app.offered import offered

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse

RECENT = 8
LISTED = 500
DRAFT = "transcode"
PICKING = frozenset({"analysis", "cover", "inspect", "mediainfo", "preview", "snapshot"})
"""Kinds, beside transcode, whose pages use the picker."""


def _prefill(request: HttpRequest) -> dict[str, Any]:
    """A request to start from: ``from_job`` (with ``retry=1`` a retry of it), or ``input``, ``template`` (repeatable) and ``pipeline``."""
    token = {"token": new_id()}
    old = Job.objects.filter(pk=request.GET.get("from_job", "")[:32], kind="transcode").select_related("pipeline").first()
    if old is not None:
        document = {**old.spec, "pipeline": old.pipeline.name, "priority": old.priority, "user_data": old.user_data, "notify": old.notify_topic, **token}
        return document | ({"retry_of": old.id} if request.GET.get("retry") else {})
    templates = [name for name in request.GET.getlist("template") if name] or [TemplateChoices().default(STARTER)]
    document = {"outputs": [{"template": name} for name in templates[:16]], **token}
    return document | {name: request.GET[name] for name in ("input", "pipeline") if request.GET.get(name)}


@require_http_methods(["GET", "POST"])
@operator
def job_new(request: HttpRequest) -> HttpResponse:
    """A new transcode job: one page, with a summary beside it that says what would be sent."""
    user = cast("User", request.user)
    draft = drafts.find(user, DRAFT) if request.method == "GET" else None
    if draft and "draft" in request.GET:
        held = drafts.fields(draft)
        held["token"] = new_id()
        return _page(request, JobForms(held, quiet=True), summary=summarise(JobForms(held), request))
    if request.method == "GET":
        return _page(request, JobForms(document=_prefill(request)), draft=draft)
    again = rearranged(request.POST, len(_known(request.POST.get("input", "")).get("audio") or []))
    if again is not None:
        return _page(request, JobForms(again, quiet=True))
    forms = JobForms(request.POST)
    if "analyse" in request.POST and (first := analysis_first(user, forms, request.POST)) is not None:
        return redirect("jobs:analysis_wait", first.id)
    if "check" in request.POST:
        return _page(request, forms, summary=summarise(forms, request))
    job = _submit(request, forms)
    if job is None:
        return _page(request, forms, status=422)
    drafts.forget(user, DRAFT)
    messages.success(request, _("The job was submitted."))
    return redirect("jobs:job_detail", job.id)


def _page(request: HttpRequest, forms: JobForms, *, summary: Summary | None = None, draft: Draft | None = None, status: int = 200) -> HttpResponse:
    old_id = str(forms.main["retry_of"].value() or "")
    info = _known(str(forms.main["input"].value() or ""))
    context = {
        "forms": forms,
        "form": forms.main,
        "draft": draft,
        "outputs": forms.outputs,
        "summary": summary or (Summary() if forms.main.quiet else summarise(forms, request, judge=bool(forms.source))),
        "streams": info.get("audio") or [],
        "source_size": _size(info),
        "allowed": json.dumps(offered()),
        **lists(),
        "topics": topics(),
        "recent": Media.objects.order_by("-created_at", "-id")[:RECENT],
        "retry_of": Job.objects.filter(pk=old_id).first() if old_id else None,
    }
    return render(request, "jobs/job_new.html", context, status=status)


def _known(address: str) -> dict[str, Any]:
    """What is in the input, as far as it was looked into."""
    try:
        source = Address.parse(address.strip())
    except ValueError:
        return {}
    return Media.objects.filter(bucket=source.bucket, key=source.key).values_list("info", flat=True).first() or {}


def _size(info: dict[str, Any]) -> str:
    """The upright picture's size: «1280x720»; empty where there is none."""
    video = next((row for row in info.get("video") or [] if not row.get("attached_picture")), None)
    if video is None:
        return ""
    across, down = video.get("sar") or (1, 1)
    size = round(video["width"] * across / down) if down else video["width"], video["height"]
    width, height = size[::-1] if video.get("rotation") in (90, 270) else size
    return f"{width}x{height}"


@in_turn()
def _submit(request: HttpRequest, forms: JobForms) -> Job | None:
    """Submit what the page says; None if it was refused, with the reasons in the forms."""
    if not forms.is_valid():
        return None
    document = forms.document()
    if not forms.is_valid():  # a pattern that could not be read
        return None
    cleaned = forms.main.cleaned_data
    try:
        wanted = read_job_request(document)
        return services.submit(
            spec=wanted.spec,
            pipeline=wanted.pipeline,
            priority=wanted.priority,
            user_data=wanted.user_data,
            notify_topic=wanted.notify,
            source=Job.Source.CONSOLE,
            owner=cast("User", request.user),
            retry_of=Job.objects.filter(pk=cleaned["retry_of"]).first() if cleaned["retry_of"] else None,
            idempotency_key=same_page(cleaned["token"], document),
        )
    except Refused as error:
        forms.add_problems(error)
        return None


@require_POST
@operator
def job_summary(request: HttpRequest) -> HttpResponse:
    """The summary for what the form holds now. Writes nothing."""
    forms = JobForms(request.POST)
    return render(request, "jobs/job_new.html#summary", {"summary": summarise(forms, request), "forms": forms})


@require_GET
@operator
def input_pick(request: HttpRequest) -> HttpResponse:
    """Browse the input buckets; a dialog over the form, or a page whose links lead back to it."""
    buckets = list(Bucket.objects.filter(is_input=True).order_by("name"))
    names = [bucket.name for bucket in buckets]
    bucket = request.GET.get("bucket", "")
    bucket = bucket if bucket in names else (names[0] if names else "")
    folder, text = request.GET.get("folder", ""), request.GET.get("q", "").strip()
    context: dict[str, Any] = {"buckets": names, "bucket": bucket, "folder": folder, "q": text, "crumbs": _crumbs(folder), "listed": LISTED}
    asking = request.GET.get("for", "")
    context["back"] = _asked_from(asking, request.GET.get("id", ""))
    try:
        if bucket and text:
            found = [row for row in storage(bucket).list(folder, limit=10_000) if text.lower() in row.key.lower()]
            context |= {"folders": [], "files": found[:LISTED]}
        elif bucket:
            folders, files = storage(bucket).browse(folder)
            context |= {"folders": folders[:LISTED], "files": files[:LISTED]}
    except Refused as error:
        context |= {"error": translated(error.message)}
    return render(request, "jobs/input_pick.html", context)


def _asked_from(asking: str, workflow_id: str) -> str:
    """The address of the page that the picker was opened from."""
    if asking == "workflow" and workflow_id.isalnum():
        return reverse("workflows:workflow_run", args=[workflow_id])
    return reverse(f"jobs:{asking}_new" if asking in PICKING else "jobs:job_new")


def _crumbs(folder: str) -> list[tuple[str, str]]:
    """(name, path) of each folder on the way."""
    parts = [part for part in folder.split("/") if part]
    return [(part, "/".join(parts[: i + 1]) + "/") for i, part in enumerate(parts)]


@require_http_methods(["GET", "POST"])
@operator
def mediainfo_new(request: HttpRequest) -> HttpResponse:
    """What is in a file? The answer is on the job's page."""
    initial = {"input": request.GET.get("input", ""), "token": new_id()}
    form = MediaInfoForm(request.POST if request.method == "POST" else None, initial=initial)
    if job := submitted(request, form, lambda loc: "input" if "input" in loc else str(loc[-1]) if loc else ""):
        return redirect("jobs:job_detail", job.id)
    recent = Media.objects.order_by("-created_at", "-id")[:RECENT]
    return render(request, "jobs/mediainfo_new.html", {"form": form, "recent": recent}, status=422 if form.is_bound else 200)
