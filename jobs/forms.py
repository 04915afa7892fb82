"""Forms of the job pages, but for the new-job page (``transcode_forms``). They check shapes; the rules are in services and engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from jobs.models import Job, Pipeline, Workflow
from jobs.states import JobState

if TYPE_CHECKING:
    from jobs.models import Output

WHEN = [("", _("Any time")), ("1h", _("Last hour")), ("today", _("Today")), ("24h", _("Last 24 hours")), ("7d", _("Last 7 days"))]
KINDS = {
    "transcode": _("Transcode"),
    "snapshot": _("Snapshots"),
    "sprite": _("Sprite"),
    "cover": _("Cover"),
    "preview": _("Preview"),
    "inspect": _("Inspection"),
    "quality": pgettext_lazy("kind of job", "Quality"),
    "analysis": _("Template analysis"),
    "mediainfo": _("Media info"),
}


class JobFilterForm(forms.Form):
    """The filter bar of the list. Only draws what the query says; the query itself is read by ``queries.JobFilter``."""

    q = forms.CharField(label=_("Search"), required=False, max_length=200)
    state = forms.ChoiceField(label=_("Status"), required=False, choices=[("", _("All")), *JobState.choices])
    pipeline = forms.ChoiceField(label=_("Pipeline"), required=False)
    source = forms.ChoiceField(label=_("Source"), required=False, choices=[("", _("All")), *Job.Source.choices])
    workflow = forms.ChoiceField(label=_("Workflow"), required=False)
    template = forms.CharField(label=_("Template"), required=False, max_length=128)
    code = forms.CharField(label=_("Error code"), required=False, max_length=64)
    certificate = forms.ChoiceField(label=_("Certificate"), required=False, choices=[("", _("All")), ("yes", _("Narrowband"))])
    from_ = forms.ChoiceField(label=_("Created"), required=False, choices=WHEN)
    to = forms.CharField(label=_("Created before"), required=False, max_length=32)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["q"].widget = forms.TextInput(attrs={"type": "search", "data-ime": "", "placeholder": _("File name, id, user data, error")})
        self.fields["media"] = forms.CharField(label=_("Media"), required=False, max_length=32)  # not an attribute: a form's «media» is something else
        names = list(Pipeline.objects.order_by("name").values_list("name", flat=True)[:500])
        self.fields["pipeline"].choices = [("", _("All")), *((name, name) for name in names)]  # type: ignore[attr-defined]
        flows = Workflow.objects.order_by("name").values_list("id", "name")[:500]
        self.fields["workflow"].choices = [("", _("All")), *flows]  # type: ignore[attr-defined]

    def add_prefix(self, field_name: str) -> str:
        """``from`` is a word of Python, but it is the parameter's name."""
        return super().add_prefix(field_name.rstrip("_"))


class PriorityForm(forms.Form):
    """A new priority."""

    priority = forms.IntegerField(label=_("Priority"), min_value=1, max_value=10, help_text=_("1 to 10; 10 runs first."))


class MoveForm(forms.Form):
    """Another pipeline for jobs that wait."""

    pipeline = forms.ChoiceField(label=_("Pipeline"), help_text=_("Paused pipelines keep the jobs until they are resumed."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = list(Pipeline.objects.order_by("name").values_list("name", flat=True)[:500])
        self.fields["pipeline"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]


class SavedViewForm(forms.Form):
    """A name for the filters as they are now."""

    name = forms.CharField(label=_("Name"), max_length=64)
    query = forms.CharField(required=False, max_length=1024, widget=forms.HiddenInput)


class RetryForm(forms.Form):
    """Which outputs are to be done again; those that failed are ticked."""

    outputs = forms.MultipleChoiceField(label=_("Outputs"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, outputs: list[Output], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["outputs"].choices = [(row.id, f"{row.template_name} → {row.bucket}/{row.key}") for row in outputs]  # type: ignore[attr-defined]
        self.fields["outputs"].initial = [row.id for row in outputs if row.state != JobState.SUCCEEDED] or [row.id for row in outputs]
