"""Signed links over HTTP, the page that makes them, and the page of a bucket's referers."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from console.auth import admin, operator
from console.error_texts import translated
from console.lib.form_errors import add_refusal
from console.lib.http import error_answer
from jobs.engine.errors import ReelmillError, Refused
from media_assets import links, referers
from media_assets.models import Bucket, Media
from media_assets.serve import object_response
from media_assets.templatetags.media_tags import output_label

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, HttpResponseBase

HOUR, DAY = 3600, 24 * 3600
EXPIRIES = [
    (HOUR, gettext_lazy("1 hour")),
    (DAY, gettext_lazy("1 day")),
    (7 * DAY, gettext_lazy("7 days")),
    (30 * DAY, gettext_lazy("30 days")),
    (90 * DAY, gettext_lazy("90 days")),
]


@require_safe
def link_view(request: HttpRequest, token: str, bucket: str, key: str) -> HttpResponseBase:
    """``/links/<token>/<bucket>/<key>``: for whoever has the link. Scripts of other sites may read it: it carries no session."""
    response: HttpResponseBase
    try:
        response = object_response(request, bucket, key, seconds=links.check(token, bucket, key))
    except ReelmillError as error:
        response = error_answer(request, error)
        response.headers["Cache-Control"] = "no-store"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "Content-Range, Content-Length, ETag"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


class LinkForm(forms.Form):
    """Which file, and for how long."""

    address = forms.ChoiceField(label=gettext_lazy("File"))
    seconds = forms.TypedChoiceField(label=gettext_lazy("Valid for"), choices=EXPIRIES, coerce=int, initial=DAY)

    def __init__(self, *args: object, media: Media, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # as the base class takes them
        files = sorted(media.files.all(), key=lambda file: (file.role != "rendition", -file.updated_at.timestamp()))
        chosen = self.fields["address"]
        assert isinstance(chosen, forms.ChoiceField)  # noqa: S101  for the type checker
        chosen.choices = [(str(file), f"{file.get_role_display()} · {output_label(file)} · {file.key}") for file in files]


@require_http_methods(["GET", "POST"])
@operator
def media_link(request: HttpRequest, media_id: str) -> HttpResponse:
    """Make a signed link to a file of a published media."""
    media = get_object_or_404(Media.objects.prefetch_related("files"), pk=media_id)
    form = LinkForm(request.POST if request.method == "POST" else None, media=media)
    context: dict[str, object] = {"media": media, "form": form}
    if form.is_bound and form.is_valid():
        try:
            made = links.make(links.file_of(media, form.cleaned_data["address"]), form.cleaned_data["seconds"])
        except Refused as error:
            form.add_error(None, translated(error.message))
        else:
            context |= {"url": request.build_absolute_uri(made.path), "expires": dt.datetime.fromtimestamp(made.expires, dt.UTC)}
    return render(request, "media_assets/media_link.html", context, status=422 if form.is_bound and form.errors else 200)


class ReferersForm(forms.Form):
    """The hosts whose pages may embed."""

    hosts = forms.CharField(
        label=gettext_lazy("Hosts"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=gettext_lazy("One in each line: example.org, example.org:8080, or *.example.org for all below it. Empty: every page may."),
    )
    without = forms.BooleanField(
        label=gettext_lazy("Also without Referer"), required=False, help_text=gettext_lazy("Players, apps and strict browsers do not say where they come from.")
    )


@require_http_methods(["GET", "POST"])
@admin
def bucket_referers(request: HttpRequest, name: str) -> HttpResponse:
    """Which pages may embed the files of a bucket."""
    bucket = get_object_or_404(Bucket, name=name)
    form = ReferersForm(request.POST if request.method == "POST" else None, initial={"hosts": bucket.referers, "without": bucket.without_referer})
    if form.is_bound and form.is_valid():
        try:
            referers.set_referers(bucket, form.cleaned_data["hosts"].splitlines(), without=form.cleaned_data["without"])
        except Refused as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("Bucket %(name)s was saved.") % {"name": bucket.name})
            return redirect("media:bucket_list")
    return render(request, "media_assets/bucket_referers.html", {"form": form, "bucket": bucket}, status=422 if form.is_bound and form.errors else 200)
