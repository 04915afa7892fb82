"""«Analyse now and continue»: keep what the job form holds, and begin an analysis of its input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs import services
from jobs.engine.errors import Refused
from jobs.engine.spec import AnalysisSpec, ObjectSpec
from jobs.models import Job
from jobs.submitting import drafts

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import QueryDict

    from jobs.submitting.forms import JobForms

DRAFT = "transcode"
WAITED_FOR = 10  # priority: somebody looks at a page that waits for it


def analysis_first(user: User, forms: JobForms, sent: QueryDict) -> Job | None:
    """The analysis; None where the form names no input, where the input is refused (the form's mistakes say why then), or where the form is too large to be kept."""
    source = forms.source
    if source is None:
        return None
    held = sent.copy()
    held.pop("analyse", None)
    if not drafts.save(user, DRAFT, held):
        return None
    pipeline = forms.main["pipeline"].value() or "default"
    try:
        spec = AnalysisSpec(input=ObjectSpec(address=source))
        return services.submit(spec=spec, pipeline=str(pipeline), priority=WAITED_FOR, source=Job.Source.CONSOLE, owner=user, notify_topic="")
    except Refused:
        return None
