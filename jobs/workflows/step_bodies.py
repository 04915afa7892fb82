"""The forms of which the editor's steps are made: the head that every step has, the outputs of an encode, and the fields of each other kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.error_texts import translated
from jobs import placeholders
from jobs.analysing.forms import AREA, TemplateAnalysisForm
from jobs.inspecting.forms import AnalysisForm, CoverForm, InspectForm, PreviewForm
from jobs.submitting.output_forms import OutputForm
from jobs.workflows.forms import PublishForm
from templates_app.snapshots.forms import PictureForm, initial_of

if TYPE_CHECKING:
    from jobs.engine.address import Address

PATTERN = "{ObjectPrefix}{FileName}-{label}"
NAMES = ("RunId", "MediaId")
OF_STEPS = frozenset({"input", "pipeline", "token"})
"""What the forms of jobs ask and a step does not: the workflow says it, or the file."""


class StepOutputForm(OutputForm):
    """One output of a step. Its path is a pattern that every file fills; empty: :data:`PATTERN`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].help_text = gettext("A pattern, filled for every file. Empty: %(pattern)s. The extension is added.") % {"pattern": PATTERN}
        self.fields["key"].widget.attrs["placeholder"] = PATTERN

    @property
    def names(self) -> tuple[str, ...]:
        """Placeholders to offer."""
        return (*super().names, *NAMES)

    def pattern(self, source: Address) -> str:
        """The address that is kept. Raises ValueError where a placeholder does not exist."""
        key = self.cleaned_data["key"] or PATTERN
        filled = placeholders.fill(_neutral(key), self._facts(source))
        ending = self._extension()
        return (
            f"oss://{self.cleaned_data['bucket']}/{placeholders.with_extension(key, ending) if placeholders.with_extension(filled, ending) != filled else key}"
        )

    def example(self, source: Address) -> str:
        """What the pattern gives for a file; empty while it cannot be told."""
        if not self.is_valid():
            return ""
        try:
            address = self.pattern(source)
            bucket, _slash, key = address.removeprefix("oss://").partition("/")
            return f"oss://{bucket}/{placeholders.fill(_neutral(key), self._facts(source))}"
        except ValueError:
            return ""

    def asked(self, source: Address) -> dict[str, Any]:
        """This output as a step keeps it. A pattern that cannot be read becomes an error of the field."""
        try:
            address = self.pattern(source)
        except ValueError as error:
            self.add_error("key", translated(str(error)))
            address = ""
        return self.document(None) | {"address": address}


def _neutral(key: str) -> str:
    """The pattern with the names that only executions know replaced by letters."""
    for name in NAMES:
        key = key.replace(f"{{{name}}}", name.lower())
    return key


class HeadForm(forms.Form):
    """What every step has."""

    kind = forms.CharField(widget=forms.HiddenInput, max_length=16)
    name = forms.CharField(label=_("Name"), max_length=64, widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}))
    under = forms.ChoiceField(label=_("Runs"), required=False)
    rest = forms.CharField(required=False, widget=forms.HiddenInput)


class NothingForm(forms.Form):
    """A step that asks nothing."""


class _Stepped:
    """A form of a job without what the workflow says."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in OF_STEPS:
            self.fields.pop(name, None)  # type: ignore[attr-defined]


class StepAnalysisForm(_Stepped, TemplateAnalysisForm):
    """Template analysis."""


class StepInspectForm(_Stepped, InspectForm):
    """Inspection."""


class StepCoverForm(_Stepped, CoverForm):
    """Cover."""


class StepPreviewForm(_Stepped, PreviewForm):
    """Preview."""


class StepPictureForm(PictureForm):
    """Snapshots and sprites."""

    use_required_attribute = False


ANALYSES: dict[str, type[AnalysisForm]] = {"analysis": StepAnalysisForm, "inspect": StepInspectForm, "cover": StepCoverForm, "preview": StepPreviewForm}


def body_of(kind: str, job: Mapping[str, Any], mode: str) -> tuple[type[forms.Form], dict[str, Any], dict[str, Any]]:
    """The form of a kind, what it shows of a job, and what it cannot show."""
    said = {name: value for name, value in job.items() if name != "kind"}
    if kind == "publish":
        return PublishForm, {"mode": mode}, {}
    if kind == "snapshot":
        sheets = job.get("kind") == "sprite"
        known = {*PictureForm.base_fields, "singles"}
        initial = (
            initial_of("sprite" if sheets else "snapshot", said)
            if job
            else {"mode": "single", "time": "1", "output": "oss://output/{ObjectPrefix}{FileName}-{Count}.jpg"}
        )
        rest = {name: value for name, value in said.items() if name not in known or (name == "output" and isinstance(value, dict) and len(value) > 1)}
        return StepPictureForm, initial, {name: value for name, value in rest.items() if name != "output"}
    made = ANALYSES.get(kind)
    if made is None:
        return NothingForm, {}, said
    return made, _analysis_initial(said), {name: value for name, value in said.items() if name not in made.base_fields}


def _analysis_initial(said: Mapping[str, Any]) -> dict[str, Any]:
    initial = dict(said)
    output = initial.get("output")
    if isinstance(output, dict):
        initial |= {"output": output.get("address", ""), "overwrite": output.get("overwrite", True)}
    if isinstance(initial.get("crop"), dict):
        area = initial["crop"]
        initial |= {"crop": "force"} | {name: area.get(name.removeprefix("crop_")) for name in AREA}
    return initial


def form_of(made: type[Any], data: Any, prefix: str | None, initial: Mapping[str, Any], *, quiet: bool) -> Any:
    """A form of what was sent; where nothing is to be judged, one that shows it and has no mistakes."""
    if data is None:
        return made(prefix=prefix, initial=dict(initial))
    if not quiet:
        return made(data, prefix=prefix)
    form = made(prefix=prefix, initial={})
    shown_again = made(data, prefix=prefix)
    for name, field in shown_again.fields.items():
        form.initial[name] = field.widget.value_from_datadict(data, {}, shown_again.add_prefix(name))
    return made(prefix=prefix, initial=form.initial)
