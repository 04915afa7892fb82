"""Forms of the pages of workflows and executions, but for the editor's steps (``step_forms``). They check shapes; the rules are in services and tree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from jobs.engine.spec import USER_DATA_BYTES
from jobs.forms import WHEN
from jobs.models import Pipeline
from jobs.workflows import queries, shown
from jobs.workflows.models import Workflow
from jobs.workflows.states import ExecutionState
from media_assets.models import Bucket

if TYPE_CHECKING:
    from collections.abc import Mapping

SEARCH = {"type": "search", "data-ime": "", "autocomplete": "off"}
PLAIN = {"spellcheck": "false", "autocomplete": "off"}


def pipelines() -> list[tuple[str, str]]:
    """All pipelines to choose from."""
    rows = Pipeline.objects.order_by("name")[:500]
    return [(row.name, gettext("%(name)s (paused: will wait)") % {"name": row.name} if row.state == Pipeline.State.PAUSED else row.name) for row in rows]


class WorkflowFilterForm(forms.Form):
    """The filter bar of the workflows; every field may be empty."""

    q = forms.CharField(label=_("Search"), required=False, max_length=128, widget=forms.TextInput(attrs=SEARCH))
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All states")), *Workflow.State.choices])


class ExecutionFilterForm(forms.Form):
    """The filter bar of the executions; every field may be empty."""

    q = forms.CharField(
        label=_("Search"), required=False, max_length=1200, widget=forms.TextInput(attrs=SEARCH | {"placeholder": _("File name, address or id")})
    )
    workflow = forms.ChoiceField(label=_("Workflow"), required=False)
    state = forms.ChoiceField(label=_("Status"), required=False, choices=[("", _("All")), *ExecutionState.choices])
    when = forms.ChoiceField(label=_("Started"), required=False, choices=WHEN)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = queries.workflows().values_list("id", "name")[:500]
        self.fields["workflow"].choices = [("", _("All")), *names]  # type: ignore[attr-defined]
        self.fields["media"] = forms.CharField(label=_("Media"), required=False, max_length=32, widget=forms.HiddenInput)  # a form's «media» is something else


class WorkflowForm(forms.Form):
    """Where a workflow's files come from, and what holds for all of its jobs."""

    name = forms.CharField(label=_("Name"), max_length=128, widget=forms.TextInput(attrs=PLAIN))
    bucket = forms.ChoiceField(label=_("Input bucket"))
    path = forms.CharField(
        label=_("Path"),
        required=False,
        max_length=1023,
        strip=False,
        widget=forms.TextInput(attrs=PLAIN | {"placeholder": "talks/"}),
        help_text=_("A folder, with all that lies below it. Empty: the whole bucket."),
    )
    trigger = forms.ChoiceField(label=_("It runs"), choices=(), widget=forms.RadioSelect, initial=Workflow.Trigger.AUTOMATIC)
    file_types = forms.CharField(
        label=_("File types"),
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs=PLAIN | {"placeholder": "mp4, mov, mkv"}),
        help_text=_("Endings, with commas. Empty: all of video and sound. Files without an ending count too."),
    )
    pipeline = forms.ChoiceField(label=_("Pipeline"))
    priority = forms.IntegerField(label=_("Priority"), required=False, min_value=1, max_value=10, help_text=_("1 to 10; 10 runs first. Empty: the pipeline's."))
    notify_topic = forms.CharField(
        label=_("Notification"),
        required=False,
        max_length=255,
        widget=forms.TextInput(attrs=PLAIN | {"list": "topics"}),
        help_text=_("Topic or queue that is told when a run begins and ends. Empty: nobody is told."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        buckets = list(Bucket.objects.filter(is_input=True).order_by("name").values_list("name", flat=True))
        said = str(self["bucket"].value() or "")
        self.fields["bucket"].choices = [(one, one) for one in ([*buckets, said] if said and said not in buckets else buckets)]  # type: ignore[attr-defined]
        self.fields["pipeline"].choices = pipelines()  # type: ignore[attr-defined]
        self.fields["trigger"].choices = (  # type: ignore[attr-defined]
            (Workflow.Trigger.AUTOMATIC, _("by itself, for every new file")),
            (Workflow.Trigger.MANUAL, _("only when somebody starts it")),
        )

    def clean_file_types(self) -> tuple[str, ...]:
        """Endings without dots."""
        words = re.split(r"[\s,，、;]+", self.cleaned_data["file_types"].strip().lower())
        return tuple(dict.fromkeys(word.lstrip(".*") for word in words if word.lstrip(".*")))

    @staticmethod
    def initial_of(document: Mapping[str, Any]) -> dict[str, Any]:
        """What the form shows of a workflow's fields."""
        names = ("name", "bucket", "path", "trigger", "pipeline", "priority", "notify_topic")
        return {name: document[name] for name in names if document.get(name) not in (None, "")} | {"file_types": ", ".join(document.get("file_types") or ())}


class RunForm(forms.Form):
    """A file to run a workflow on."""

    input = forms.CharField(
        label=_("Input file"), max_length=1200, help_text=_("An address: oss://bucket/key. Browse, paste, or take a recent one."),
        widget=forms.TextInput(attrs=PLAIN | {"placeholder": "oss://input/clip.mp4"}),
    )  # fmt: skip
    user_data = forms.CharField(
        label=_("User data"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 2, "data-bytes": USER_DATA_BYTES}),
        help_text=_("Comes back with the execution and in its messages. At most 1,024 bytes."),
    )
    token = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def clean_user_data(self) -> str:
        """At most 1,024 bytes."""
        text: str = self.cleaned_data["user_data"]
        if len(text.encode()) > USER_DATA_BYTES:
            raise forms.ValidationError(gettext("%(n)s of 1,024 bytes.") % {"n": len(text.encode())})
        return text


class WorkflowChoiceForm(forms.Form):
    """A workflow for files that were chosen."""

    workflow = forms.ChoiceField(label=_("Workflow"), help_text=_("Runs once on each of them, wherever they lie."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = queries.workflows(state=Workflow.State.ACTIVE)[:500]
        self.fields["workflow"].choices = [(row.id, row.name) for row in rows]  # type: ignore[attr-defined]


class PublishForm(forms.Form):
    """When the media is published."""

    mode = forms.ChoiceField(label=_("The media is published"), choices=list(shown.PUBLISH.items()), widget=forms.RadioSelect, initial="manual")
