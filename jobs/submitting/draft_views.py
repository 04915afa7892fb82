"""Where draft.js keeps what a form holds, and where a person throws it away."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from console.auth import operator
from console.lib.returning import back
from jobs.submitting import drafts

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpResponseBase


@require_POST
@operator
def draft_save(request: HttpRequest, form: str) -> HttpResponse:
    """Keep the fields that were sent: 204; 413 if they are too many."""
    if form not in drafts.FORMS:
        raise Http404
    kept = drafts.save(cast("User", request.user), form, request.POST)
    return HttpResponse(status=204 if kept else 413)


@require_POST
@operator
def draft_discard(request: HttpRequest, form: str) -> HttpResponseBase:
    """Throw the draft away."""
    drafts.forget(cast("User", request.user), form)
    return redirect(back(request, reverse("jobs:job_new")))
