"""The new-job form: HTML in, a request as the JSON interface takes it out. One place for both, so «Copy as API request» is what would be sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.error_texts import translated
from jobs.engine.address import Address
from jobs.engine.spec import OUTPUTS_MAX, USER_DATA_BYTES, TranscodeSpec
from jobs.models import Pipeline
from jobs.submitting.output_forms import OutputForm
from jobs.submitting.template_choices import TemplateChoices
from templates_app.available import impossible
from templates_app.fields import SecondsField
from templates_app.rows import MARKER, changed, numbers
from templates_app.tree import RowsView, TreeForm

if TYPE_CHECKING:
    from jobs.engine.errors import Problem, Refused
    from jobs.engine.types import Strict

COUNT = "outputs-count"
STARTER = "mp4-h264-540p"


class TranscodeForm(TreeForm):
    """What concerns the whole job."""

    model: ClassVar[type[Strict]] = TranscodeSpec
    roots: ClassVar[tuple[str, ...]] = ("input_name", "audio_selectors", "inputs")

    input = forms.CharField(
        label=_("Input file"), max_length=1200, strip=False, help_text=_("An address: oss://bucket/key. Browse, paste, or take a recent one.")
    )
    pipeline = forms.ChoiceField(label=_("Pipeline"))
    priority = forms.IntegerField(label=_("Priority"), required=False, min_value=1, max_value=10, help_text=_("1 to 10; 10 runs first. Empty: the pipeline's."))
    start = SecondsField(label=_("Clip from"), required=False, max_length=20, help_text=_("hh:mm:ss.mmm or seconds. Empty: from the beginning."))
    duration = SecondsField(label=_("Clip length"), required=False, max_length=20, help_text=_("Empty: to the end."))
    end = SecondsField(label=_("Cut off the end"), required=False, max_length=20, help_text=_("Instead of a length: how much is left out at the end."))
    user_data = forms.CharField(
        label=_("User data"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 2, "data-bytes": USER_DATA_BYTES}),
        help_text=_("Comes back with the job and in its messages. At most 1,024 bytes."),
    )
    notify = forms.CharField(
        label=_("Notification"),
        required=False,
        max_length=255,
        widget=forms.TextInput(attrs={"list": "topics", "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Topic or queue that is told when the job ends. Empty: the pipeline's, if it has one."),
    )
    retry_of = forms.CharField(required=False, max_length=32, widget=forms.HiddenInput)
    token = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Pipeline.objects.order_by("name")[:500]
        self.fields["pipeline"].choices = [  # type: ignore[attr-defined]
            (row.name, gettext("%(name)s (paused: will wait)") % {"name": row.name} if row.state == Pipeline.State.PAUSED else row.name) for row in rows
        ]
        self.fields["input"].widget.attrs.update(spellcheck="false", autocomplete="off", placeholder="oss://input/clip.mp4")
        self.fields["priority"].widget.attrs["placeholder"] = "6"
        for name in ("start", "duration", "end"):
            self.fields[name].widget.attrs.update(size=14, **{"class": "is-short"}, placeholder="00:00:00.000", inputmode="decimal")

    def clean(self) -> dict[str, Any]:
        """One way of saying where the clip ends."""
        cleaned = super().clean()
        if cleaned.get("duration") is not None and cleaned.get("end") is not None:
            self.add_error("end", gettext("Give a length, or how much is cut off the end, not both."))
        return cleaned


class JobForms:
    """The whole page: the job's form and those of its outputs, told apart by prefix «outputs-0», «outputs-1» …"""

    def __init__(self, data: Any = None, document: Mapping[str, Any] | None = None, *, quiet: bool = False) -> None:
        """``data``: what was sent; ``quiet``: it is shown again and nothing is judged. ``document``: a request to start from."""
        self.choices = TemplateChoices()
        self.data = data
        marks = impossible()
        if data is not None:
            count = str(data.get(COUNT, "1"))
            self.main = TranscodeForm(data, quiet=quiet)
            number = max(1, min(OUTPUTS_MAX, int(count))) if count.isdecimal() and len(count) < 4 else 1
            self.outputs = [OutputForm(data, prefix=f"outputs-{index}", choices=self.choices, marks=marks, quiet=quiet) for index in range(number)]
            return
        document = _lifted(document or {})
        self.main = TranscodeForm(initial=_main_initial(document), params=document)
        wanted = document.get("outputs") or [{"template": self.choices.default(STARTER)}]
        self.outputs = [OutputForm(prefix=f"outputs-{i}", choices=self.choices, output=one, marks=marks) for i, one in enumerate(wanted[:OUTPUTS_MAX])]

    @property
    def source(self) -> Address | None:
        """The input's address, if it is one."""
        try:
            return Address.parse(str(self.main["input"].value() or "").strip())
        except ValueError:
            return None

    @property
    def all(self) -> list[TreeForm]:
        """Every form of the page."""
        return [self.main, *self.outputs]

    @property
    def errors(self) -> list[tuple[str, str, str]]:
        """All mistakes for the summary: anchor, label, text."""
        found = []
        outputs: list[tuple[TreeForm, str]] = [(form, gettext("Output %(n)s") % {"n": i + 1}) for i, form in enumerate(self.outputs)]
        for form, prefix in [(self.main, ""), *outputs]:
            found += [("", prefix, str(text)) for text in form.non_field_errors()]
            for name, texts in form.errors.items():
                if name in form.fields:
                    field = form[name]
                    found += [(field.auto_id, f"{prefix}: {field.label}" if prefix else str(field.label), str(text)) for text in texts]
        return found

    def is_valid(self) -> bool:
        """Whether all shapes are right; looks at every form, so that all mistakes are told."""
        return all([form.is_valid() for form in self.all])  # noqa: C419  every one is to be asked

    def document(self) -> dict[str, Any]:
        """The request as the JSON interface takes it. Only after :meth:`is_valid`."""
        cleaned = self.main.cleaned_data
        address = cleaned["input"].strip()
        source: dict[str, Any] = {"address": address} | {name: cleaned[name] for name in ("start", "duration") if cleaned[name] is not None}
        found: dict[str, Any] = {"kind": "transcode", "pipeline": cleaned["pipeline"]}
        if cleaned["priority"] is not None:
            found["priority"] = cleaned["priority"]
        if cleaned["user_data"]:
            found["user_data"] = cleaned["user_data"]
        if cleaned["notify"]:
            found["notify"] = cleaned["notify"]
        found["input"] = source if len(source) > 1 else address
        found |= self.main.said
        found["outputs"] = [_with_end(form.document(self.source), cleaned["end"]) for form in self.outputs]
        return found

    def as_sent(self) -> QueryDict:
        """What a browser would send of the forms as they are drawn."""
        data = QueryDict(mutable=True)
        data[COUNT] = str(len(self.outputs))
        for form in self.all:
            for bound in form:
                value = bound.value()
                if value is True:
                    data[bound.html_name] = "on"
                elif value not in (None, "", False):
                    data[bound.html_name] = str(value)
                elif bound.field.required and (choices := getattr(bound.field, "choices", None)):
                    data[bound.html_name] = str(next((choice[0] for choice in choices), ""))
            for view in form.views.values():
                if isinstance(view, RowsView):
                    data.setlist(view.marker, [str(row.index) for row in view.rows])
        return data

    def add_problems(self, error: Refused) -> None:
        """Put what was refused at the fields; what has no field goes on top."""
        if not error.problems:
            self.main.add_error(None, translated(error.message))
        for problem in error.problems:
            self._place(problem)

    def _place(self, problem: Problem) -> None:
        text, loc = translated(problem.message), problem.loc
        form: TreeForm = self.main
        name = ""
        if len(loc) >= 2 and loc[0] == "outputs" and isinstance(loc[1], int) and loc[1] < len(self.outputs):
            form = self.outputs[loc[1]]
            part = str(loc[2]) if len(loc) > 2 else ""
            name = "key" if part == "address" else form.field_of(loc[3:]) if part in ("overrides", "template") and len(loc) > 3 else part
        elif loc and loc[0] in TranscodeForm.roots:
            name = form.field_of(loc)
        elif loc:
            name = "input" if loc[0] == "input" and loc[-1] in ("input", "address") else str(loc[-1])
        form.add_error(name if name in form.fields else None, text)


# --- buttons that change the page and judge nothing --------------------------------------------------------------------------
def rearranged(data: QueryDict, streams: int = 0) -> QueryDict | None:
    """What was sent, after the button that was pressed did its work: a row or an output more or less, tracks of the input (``streams``: how many it
    has), another template. None where no such button was pressed."""
    if action := data.get("rows", ""):
        return changed(data, action)
    if "add" in data:
        return _more(data.copy())
    if (number := data.get("remove", "")).isdecimal():
        return _less(data.copy(), int(number))
    if (number := data.get("open", "")).isdecimal():
        return _with(data.copy(), f"outputs-{int(number)}-open")
    if (number := data.get("tracks", "")).isdecimal():
        return _tracks(_with(data.copy(), f"outputs-{int(number)}-open"), f"outputs-{int(number)}-audios", streams)
    return data.copy() if "refresh" in data else None


def _with(data: QueryDict, name: str) -> QueryDict:
    data[name] = "1"
    return data


def _count(data: QueryDict) -> int:
    text = data.get(COUNT, "1")
    return int(text) if text.isdecimal() and len(text) < 4 else 1


def _more(data: QueryDict) -> QueryDict:
    count = _count(data)
    if count < OUTPUTS_MAX:
        new = f"outputs-{count}-"
        data.update(
            {new + "template": TemplateChoices().default(STARTER), new + "overwrite": "on", new + "bucket": data.get(f"outputs-{count - 1}-bucket", "")}
        )
        data[COUNT] = str(count + 1)
    return data


def _less(data: QueryDict, number: int) -> QueryDict:
    count = _count(data)
    if count < 2 or number >= count:
        return data
    for index in range(number, count):
        for name in [name for name in data if name.startswith(f"outputs-{index}-")]:
            values = data.getlist(name)
            del data[name]
            if index > number:
                data.setlist(f"outputs-{index - 1}-" + name.partition("-")[2].partition("-")[2], values)
    data[COUNT] = str(count - 1)
    return data


def _tracks(data: QueryDict, place: str, streams: int) -> QueryDict:
    """A row for each audio stream that has none yet."""
    rows = numbers(data, place)
    there = {data.get(f"{place}.{row}.stream", "") for row in rows}
    for stream in range(streams):
        if str(stream) not in there:
            rows.append(max(rows, default=-1) + 1)
            data[f"{place}.{rows[-1]}.stream"] = str(stream)
            data[f"{place}.{rows[-1]}.language_control"] = "InputFirst"
    data.setlist(place + MARKER, [str(row) for row in rows])
    data[place] = "set" if rows else ""  # the choice above the rows
    return data


# --- the end of the clip, which every output says for itself ----------------------------------------------------------------
def _with_end(output: dict[str, Any], end: float | None) -> dict[str, Any]:
    """The output with the job's «cut off the end», unless it says where its clip ends."""
    if end is None:
        return output
    overrides = dict(output.get("overrides") or {})
    edit = dict(overrides.get("edit") or {})
    if edit.get("end") is None and edit.get("duration") is None:
        output = {**output, "overrides": {**overrides, "edit": {**edit, "end": end}}}
    return output


def _lifted(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with an end that all outputs share taken out of them."""
    found = dict(document)
    outputs = [dict(row) for row in found.get("outputs") or ()]
    ends = {((row.get("overrides") or {}).get("edit") or {}).get("end") for row in outputs}
    if len(ends) != 1 or None in ends:
        return found
    for row in outputs:
        edit = {name: value for name, value in row["overrides"]["edit"].items() if name != "end"}
        others = {name: value for name, value in row["overrides"].items() if name != "edit"}
        row["overrides"] = others | ({"edit": edit} if edit else {})
    return found | {"outputs": outputs, "end": ends.pop()}


def _main_initial(document: Mapping[str, Any]) -> dict[str, Any]:
    """Form values of a document, without its outputs."""
    source = document.get("input") or ""
    given: dict[str, Any] = {"address": source} if isinstance(source, str) else dict(source)
    initial = {name: document[name] for name in ("pipeline", "priority", "user_data", "notify", "retry_of", "token") if document.get(name) not in (None, "")}
    times = {"start": _shown(given.get("start")), "duration": _shown(given.get("duration")), "end": _shown(document.get("end"))}
    return initial | {"input": given.get("address", "")} | times


def _shown(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.3f}".rstrip("0").rstrip(".")
