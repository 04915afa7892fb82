"""Forms of the pipeline pages. They check shapes; the rules are in ``jobs.services``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from jobs import clock
from jobs.models import Pipeline

if TYPE_CHECKING:
    import datetime as dt


class PipelineFilterForm(forms.Form):
    """The filter bar of the list; every field may be empty."""

    q = forms.CharField(
        label=_("Search"), required=False, max_length=128, widget=forms.TextInput(attrs={"type": "search", "data-ime": "", "autocomplete": "off"})
    )
    type = forms.ChoiceField(label=_("Type"), required=False, choices=[("", _("All types")), *Pipeline.Type.choices])
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All states")), *Pipeline.State.choices])


class PipelineForm(forms.Form):
    """A new pipeline, or changes to one (then without the type, which cannot change)."""

    name = forms.CharField(label=_("Name"), max_length=128, help_text=_("Shown in job forms. At most 128 bytes; starts with a letter or a digit."))
    type = forms.ChoiceField(label=_("Type"), choices=Pipeline.Type.choices, initial=Pipeline.Type.STANDARD, help_text=_("Cannot change later."))
    slots = forms.IntegerField(label=_("Concurrency"), min_value=1, max_value=1000, initial=2, help_text=_("How many of its encodes may run at once."))
    default_priority = forms.IntegerField(label=_("Default priority"), min_value=1, max_value=10, initial=6, help_text=_("1 to 10; 10 runs first."))
    max_queued = forms.IntegerField(label=_("Max queued"), min_value=1, max_value=1_000_000, initial=10_000, help_text=_("Further submits are refused."))

    notify_topic = forms.CharField(
        label=_("Notification"),
        required=False,
        max_length=255,
        widget=forms.TextInput(attrs={"list": "topics", "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Topic or queue that is told when a job of it ends. Empty: nobody is told unless the request says so."),
    )

    def __init__(self, *args: Any, with_type: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not with_type:
            del self.fields["type"]


class PauseForm(forms.Form):
    """Why a pipeline pauses, and when it goes on by itself."""

    reason = forms.CharField(label=_("Reason"), required=False, max_length=200, help_text=_("Shown in the banner. At most 200 characters."))
    resume_at = forms.DateTimeField(
        label=_("Resume at"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        help_text=_("Empty: until somebody resumes it."),
    )

    def clean_resume_at(self) -> dt.datetime | None:
        """A time to come, or none."""
        value: dt.datetime | None = self.cleaned_data["resume_at"]
        if value is not None and value <= clock.now():
            raise forms.ValidationError(_("This time is in the past."))
        return value


class PipelineDeleteForm(forms.Form):
    """Delete asks for the name, and where its jobs go."""

    name = forms.CharField(
        label=_("Type the name of the pipeline"), max_length=128, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )
    move_to = forms.ModelChoiceField(label=_("Its jobs go to"), queryset=Pipeline.objects.none(), empty_label=None)

    def __init__(self, *args: Any, pipeline: Pipeline, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pipeline = pipeline
        target = self.fields["move_to"]
        assert isinstance(target, forms.ModelChoiceField)  # noqa: S101  for the type checker
        target.queryset = Pipeline.objects.exclude(pk=pipeline.pk)

    def clean_name(self) -> str:
        """The name as it is written."""
        name: str = self.cleaned_data["name"]
        if name != self.pipeline.name:
            raise forms.ValidationError(_("This is not the name of the pipeline."))
        return name
