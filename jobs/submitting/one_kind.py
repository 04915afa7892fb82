"""What the pages that make a job of one kind have in common: the form's request is read and submitted as the JSON interface's is."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, cast

from console.lib.form_errors import add_refusal
from jobs import services
from jobs.engine.errors import Refused
from jobs.models import Job
from jobs.payloads import read_job_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.http import HttpRequest

    from jobs.frames.snapshot_form import SnapshotForm
    from jobs.inspecting.forms import AnalysisForm
    from jobs.submitting.media_info_form import MediaInfoForm


def first_field(loc: tuple[Any, ...]) -> str:
    """The field that shows a mistake at this place."""
    return str(loc[0]) if loc else ""


def submitted(request: HttpRequest, form: AnalysisForm | SnapshotForm | MediaInfoForm, field_of: Callable[[tuple[Any, ...]], str] = first_field) -> Job | None:
    """The job that the page asks for; None where nothing was sent, or where it was refused: then the reasons stand in the form, where ``field_of`` says."""
    if not form.is_bound or not form.is_valid():
        return None
    document = form.document()
    try:
        wanted = read_job_request(document)
        return services.submit(
            spec=wanted.spec,
            pipeline=wanted.pipeline,
            source=Job.Source.CONSOLE,
            owner=cast("User", request.user),
            idempotency_key=same_page(form.cleaned_data["token"], document),
        )
    except Refused as error:
        add_refusal(form, error, field_of)
        return None


def same_page(token: str, document: dict[str, Any]) -> str:
    """The same page with the same content makes one job, however often Submit is pressed; a changed one makes another."""
    if not token:
        return ""
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    return f"console:{token}:{digest[:32]}"
