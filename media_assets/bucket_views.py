"""Pages of buckets: list, check, bind, change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console.auth import admin, operator, viewer
from console.lib.form_errors import add_refusal
from jobs import usage
from jobs.engine.errors import Refused
from media_assets import services
from media_assets.bucket_check import check_and_note, free_bytes, use_of
from media_assets.forms import BucketForm
from media_assets.models import Bucket
from media_assets.s3_settings import FIELDS
from media_assets.storage import folder_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

TRIALS = {"list": gettext_lazy("List"), "write": gettext_lazy("Write"), "read": gettext_lazy("Read"), "delete": gettext_lazy("Delete")}


def storage_hint(bucket: Bucket) -> str:
    """Where the objects lie, for people. Says nothing of credentials."""
    if bucket.driver == Bucket.Driver.S3:
        return f"{bucket.endpoint or 'AWS'} · {bucket.remote or bucket.name}/{bucket.prefix}"
    return str(folder_of(bucket))


def _row(bucket: Bucket) -> dict[str, Any]:
    """What the list shows of a bucket; free space is unknown where the folder cannot be reached."""
    return {
        "bucket": bucket,
        "place": storage_hint(bucket),
        "free": free_bytes(bucket),
        "use": use_of(bucket),
        "bad": [TRIALS[trial["name"]] for trial in bucket.trials if not trial["ok"]],
    }


@require_GET
@viewer
def bucket_list(request: HttpRequest) -> HttpResponse:
    """All buckets, or those of one role."""
    role = request.GET.get("role", "")
    rows = Bucket.objects.all()
    if role in ("input", "output"):
        rows = rows.filter(**{f"is_{role}": True})
    return render(request, "media_assets/bucket_list.html", {"rows": [_row(bucket) for bucket in rows], "role": role})


@require_POST
@operator
def bucket_check(request: HttpRequest, name: str) -> HttpResponse:
    """Try to list, write, read and delete, and say of each what came out."""
    bucket = get_object_or_404(Bucket, name=name)
    trials = check_and_note(bucket)
    context = {
        "bucket": bucket,
        "trials": [{"label": TRIALS[trial.name], "trial": trial} for trial in trials],
        "good": all(trial.ok for trial in trials),
    }
    return render(request, "media_assets/bucket_check.html", context)


@require_http_methods(["GET", "POST"])
@admin
def bucket_create(request: HttpRequest) -> HttpResponse:
    """Bind a bucket."""
    form = BucketForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            bucket = services.create_bucket(**form.cleaned_data)
        except Refused as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("Bucket %(name)s is bound.") % {"name": bucket.name})
            return redirect("media:bucket_list")
    return render(request, "media_assets/bucket_form.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@admin
def bucket_edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change folder and roles; the name stays, since addresses carry it."""
    bucket = get_object_or_404(Bucket, name=name)
    initial = {name: getattr(bucket, name) for name in ("folder", "is_input", "is_output", *FIELDS)}
    form = BucketForm(request.POST if request.method == "POST" else None, initial=initial, bucket=bucket)
    if form.is_bound and form.is_valid():
        try:
            services.update_bucket(bucket, **form.cleaned_data)
        except Refused as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("Bucket %(name)s was saved.") % {"name": bucket.name})
            return redirect("media:bucket_list")
    return render(request, "media_assets/bucket_form.html", {"form": form, "bucket": bucket}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@admin
def bucket_unbind(request: HttpRequest, name: str) -> HttpResponse:
    """Unbind, after telling what hangs on the bucket."""
    bucket = get_object_or_404(Bucket, name=name)
    if request.method == "POST":
        services.remove_bucket(bucket)
        messages.success(request, _("Bucket %(name)s was unbound. Its objects stay where they are.") % {"name": name})
        return redirect("media:bucket_list")
    jobs, number = usage.unfinished_of_bucket(name)
    return render(request, "media_assets/bucket_unbind.html", {"bucket": bucket, "use": use_of(bucket), "jobs": jobs, "unfinished": number})
