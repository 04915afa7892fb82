"""Pages that make jobs: transcode, media info, and the picker of an input. They parse, ask, call ``services.submit`` and render."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console.auth import operator
from console.error_texts import translated
from console.lib.form_errors import add_refusal
from console.lib.ids import new_id
from jobs import services
from jobs.engine.errors import Refused
from jobs.media_info_form import MediaInfoForm
from jobs.models import Job
from jobs.payloads import read_job_request
from jobs.summary import Summary, summarise
from jobs.transcode_forms import JobForms
from media_assets.models import Bucket, Media
from media_assets.storage import storage

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse

RECENT = 8
LISTED = 500
STARTER = "mp4-h264-540p"


def _prefill(request: HttpRequest) -> dict[str, Any]:
    """A request to start from: ``from_job`` (with ``retry=1`` a retry of it), or ``input``, ``template`` (repeatable) and ``pipeline``."""
    token = {"token": new_id()}
    old = Job.objects.filter(pk=request.GET.get("from_job", "")[:32], kind="transcode").select_related("pipeline").first()
    if old is not None:
        document = {**old.spec, "pipeline": old.pipeline.name, "priority": old.priority, "user_data": old.user_data, **token}
        return document | ({"retry_of": old.id} if request.GET.get("retry") else {})
    templates = [name for name in request.GET.getlist("template") if name] or [STARTER]
    document = {"outputs": [{"template": name} for name in templates[:16]], **token}
    return document | {name: request.GET[name] for name in ("input", "pipeline") if request.GET.get(name)}


@require_http_methods(["GET", "POST"])
@operator
def job_new(request: HttpRequest) -> HttpResponse:
    """A new transcode job: one page, with a summary beside it that says what would be sent."""
    if request.method == "GET":
        return _page(request, JobForms(document=_prefill(request)))
    forms = JobForms(request.POST)
    remove = request.POST.get("remove", "")
    if "add" in request.POST or remove:
        return _page(request, forms.resized(request.POST, add="add" in request.POST, remove=int(remove) if remove.isdecimal() else None))
    if "check" in request.POST:
        return _page(request, forms, summary=summarise(forms, request))
    job = _submit(request, forms)
    if job is None:
        return _page(request, forms, status=422)
    messages.success(request, _("The job was submitted."))
    return redirect("jobs:job_detail", job.id)


def _page(request: HttpRequest, forms: JobForms, *, summary: Summary | None = None, status: int = 200) -> HttpResponse:
    old_id = str(forms.main["retry_of"].value() or "")
    context = {
        "forms": forms,
        "form": forms.main,
        "outputs": forms.outputs,
        "summary": summary or summarise(forms, request, judge=bool(forms.source)),
        "recent": Media.objects.order_by("-created_at", "-id")[:RECENT],
        "retry_of": Job.objects.filter(pk=old_id).first() if old_id else None,
    }
    return render(request, "jobs/job_new.html", context, status=status)


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
            source=Job.Source.CONSOLE,
            owner=cast("User", request.user),
            retry_of=Job.objects.filter(pk=cleaned["retry_of"]).first() if cleaned["retry_of"] else None,
            idempotency_key=_key(cleaned["token"], document),
        )
    except Refused as error:
        forms.add_problems(error)
        return None


def _key(token: str, document: dict[str, Any]) -> str:
    """The same page with the same content makes one job, however often Submit is pressed; a changed one makes another."""
    if not token:
        return ""
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    return f"console:{token}:{digest[:32]}"


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
    context["back"] = reverse("jobs:mediainfo_new" if request.GET.get("for") == "mediainfo" else "jobs:job_new")
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
    if form.is_bound and form.is_valid():
        document = form.document()
        try:
            wanted = read_job_request(document)
            job = services.submit(
                spec=wanted.spec,
                pipeline=wanted.pipeline,
                source=Job.Source.CONSOLE,
                owner=cast("User", request.user),
                idempotency_key=_key(form.cleaned_data["token"], document),
            )
        except Refused as error:
            add_refusal(form, error, lambda loc: "input" if "input" in loc else str(loc[-1]) if loc else "")
        else:
            return redirect("jobs:job_detail", job.id)
    recent = Media.objects.order_by("-created_at", "-id")[:RECENT]
    return render(request, "jobs/mediainfo_new.html", {"form": form, "recent": recent}, status=422 if form.is_bound else 200)
