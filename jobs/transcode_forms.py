"""The new-job form: HTML in, a request as the JSON interface takes it out. One place for both, so «Copy as API request» is what would be sent."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.error_texts import translated
from jobs import placeholders
from jobs.defaults import default_key
from jobs.engine.address import Address
from jobs.engine.codecs import CONTAINERS
from jobs.engine.spec import OUTPUTS_MAX, USER_DATA_BYTES
from jobs.models import Pipeline
from media_assets.models import Bucket
from templates_app.fields import FORMATS, SHOWN, engine_value, form_field
from templates_app.models import Template
from templates_app.summary import sentence

if TYPE_CHECKING:
    from jobs.engine.errors import Problem, Refused

OVERRIDABLE = (
    "video.remove", "video.codec", "video.preset", "video.crf", "video.bitrate_kbps", "video.maxrate_kbps", "video.width", "video.height", "video.short_side",
    "video.scale_type", "video.fps", "video.gop", "audio.remove", "audio.codec", "audio.bitrate_kbps", "audio.sample_rate", "audio.channels", "subtitle.remove",
    "mux.segment_seconds",
)  # fmt: skip
YES_NO = {"yes": True, "no": False}
_TIME = re.compile(r"(?:(?:(\d{1,2}):)?(\d{1,2}):)?(\d{1,5}(?:[.,]\d{1,3})?)\Z")


class SecondsField(forms.CharField):
    """A time as hh:mm:ss.mmm or as seconds; cleaned to seconds, or None."""

    def clean(self, value: Any) -> float | None:
        """Read the time."""
        text = str(super().clean(value) or "").strip()
        if not text:
            return None
        match = _TIME.match(text)
        if not match:
            raise forms.ValidationError(gettext("Write hh:mm:ss.mmm or seconds."))
        hours, minutes, seconds = match.groups()
        return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds.replace(",", "."))


class TranscodeForm(forms.Form):
    """What concerns the whole job."""

    input = forms.CharField(
        label=_("Input file"), max_length=1200, strip=False, help_text=_("An address: oss://bucket/key. Browse, paste, or take a recent one.")
    )
    pipeline = forms.ChoiceField(label=_("Pipeline"))
    priority = forms.IntegerField(label=_("Priority"), required=False, min_value=1, max_value=10, help_text=_("1 to 10; 10 runs first. Empty: the pipeline's."))
    start = SecondsField(label=_("Clip from"), required=False, max_length=20, help_text=_("hh:mm:ss.mmm or seconds. Empty: from the beginning."))
    duration = SecondsField(label=_("Clip length"), required=False, max_length=20, help_text=_("Empty: to the end."))
    user_data = forms.CharField(
        label=_("User data"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 2, "data-bytes": USER_DATA_BYTES}),
        help_text=_("Comes back with the job and in its messages. At most 1,024 bytes."),
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
        for name in ("start", "duration"):
            self.fields[name].widget.attrs.update(size=14, **{"class": "is-short"}, placeholder="00:00:00.000", inputmode="decimal")


class OutputForm(forms.Form):
    """One output: template, address, and what is different for this job only."""

    template = forms.ChoiceField(label=_("Template"))
    bucket = forms.ChoiceField(label=_("Bucket"))
    key = forms.CharField(label=_("Path"), required=False, max_length=1100, strip=False)
    overwrite = forms.BooleanField(label=_("Replace an object that is there already"), required=False, initial=True)
    user_data = forms.CharField(label=_("User data of this output"), required=False, strip=False, max_length=USER_DATA_BYTES)
    rest = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, choices: TemplateChoices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choices = choices
        self.fields["template"].choices = choices.grouped  # type: ignore[attr-defined]
        self.fields["bucket"].choices = [(name, name) for name in choices.buckets]  # type: ignore[attr-defined]
        self.fields["key"].widget.attrs.update(spellcheck="false", autocomplete="off", placeholder="{ObjectPrefix}{FileName}-…")
        self.fields["key"].help_text = gettext("Empty: named after the input and the template. The extension is added.")
        params = choices.params(str(self["template"].value() or ""))
        for shown in SHOWN:
            if shown.name in OVERRIDABLE:
                self.fields[shown.name] = _override_field(shown, params)

    @property
    def overrides(self) -> list[forms.BoundField]:
        """The fields of the disclosure."""
        return [self[name] for name in OVERRIDABLE]

    @property
    def changed_overrides(self) -> int:
        """How many of them say something."""
        return sum(1 for name in OVERRIDABLE if self[name].value() not in (None, ""))

    def result(self, source: Address | None) -> str:
        """The address that the pattern gives, or empty while it cannot be told."""
        if source is None or not self.is_valid():
            return ""
        try:
            return f"oss://{self.cleaned_data['bucket']}/{self._key(source)}"
        except ValueError:
            return ""

    def document(self, source: Address | None) -> dict[str, Any]:
        """This output as the JSON interface takes it. A pattern that cannot be read becomes an error of the field."""
        cleaned = self.cleaned_data
        try:
            key = self._key(source) if source else ""
        except ValueError as error:
            self.add_error("key", translated(str(error)))
            key = ""
        found: dict[str, Any] = {"template": cleaned["template"], "address": f"oss://{cleaned['bucket']}/{key}"}
        if overrides := self._overrides(cleaned):
            found["overrides"] = overrides
        if not cleaned["overwrite"]:
            found["overwrite"] = False
        if cleaned["user_data"]:
            found["user_data"] = cleaned["user_data"]
        return found

    def _key(self, source: Address) -> str:
        name, pattern = self.cleaned_data["template"], self.cleaned_data["key"]
        extension = self._choices.extension(name)
        if not pattern:
            return default_key(source, self._choices.name(name), extension, self.cleaned_data["bucket"])
        return placeholders.expand(pattern, source, extension)

    def _overrides(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        try:
            given = json.loads(cleaned["rest"] or "{}")
        except ValueError:
            given = {}
        found: dict[str, Any] = given if isinstance(given, dict) else {}
        for name in OVERRIDABLE:
            value = cleaned.get(name)
            if value is None or value == "":
                continue
            section, _dot, field = name.partition(".")
            inner = found.setdefault(section, {})
            if isinstance(inner, dict):
                inner[field] = YES_NO[value] if value in YES_NO else engine_value(name, value)
        return found


class TemplateChoices:
    """Templates by container, and output buckets: read once for all outputs of the form."""

    def __init__(self) -> None:
        rows = list(Template.objects.filter(deleted_at=None, current__isnull=False).select_related("current").order_by("name"))
        self._by_id = {row.id: row for row in rows} | {row.name: row for row in rows}
        self.buckets = list(Bucket.objects.filter(is_output=True).order_by("name").values_list("name", flat=True))
        groups: dict[str, list[tuple[str, str]]] = {}
        own = [(row.name, f"{row.name} — {sentence(row.current.params)}") for row in rows if not row.is_preset and row.current]
        for row in rows:
            if row.is_preset and row.current:
                container = row.current.params["container"]["format"]
                groups.setdefault(str(FORMATS.get(container, container)), []).append((row.name, f"{row.name} — {sentence(row.current.params)}"))
        self.grouped = [*([(gettext("Custom"), own)] if own else []), *groups.items()]

    def find(self, id_or_name: str) -> Template | None:
        """The template of that id or name."""
        return self._by_id.get(id_or_name)

    def name(self, id_or_name: str) -> str:
        """Its name."""
        found = self.find(id_or_name)
        return found.name if found else id_or_name

    def params(self, id_or_name: str) -> dict[str, Any]:
        """Its parameters; empty for an unknown one."""
        found = self.find(id_or_name)
        return found.current.params if found and found.current else {}

    def extension(self, id_or_name: str) -> str:
        """What its outputs' names end with."""
        container = self.params(id_or_name).get("container", {}).get("format", "")
        return CONTAINERS[container].extension if container in CONTAINERS else ""


class JobForms:
    """The whole page: the job's form and those of its outputs, told apart by prefix «outputs-0», «outputs-1» …"""

    def __init__(self, data: Mapping[str, Any] | None = None, document: Mapping[str, Any] | None = None) -> None:
        """``data``: what was sent. ``document``: a request to start from."""
        self.choices = TemplateChoices()
        document = document or {}
        if data is not None:
            count = str(data.get("outputs-count", "1"))
            self.main = TranscodeForm(data)
            number = max(1, min(OUTPUTS_MAX, int(count))) if count.isdecimal() and len(count) < 4 else 1
            self.outputs = [OutputForm(data, prefix=f"outputs-{index}", choices=self.choices) for index in range(number)]
            return
        self.main = TranscodeForm(initial=_main_initial(document))
        wanted = document.get("outputs") or [{}]
        self.outputs = [
            OutputForm(prefix=f"outputs-{i}", choices=self.choices, initial=self._output_initial(one)) for i, one in enumerate(wanted[:OUTPUTS_MAX])
        ]

    @property
    def source(self) -> Address | None:
        """The input's address, if it is one."""
        try:
            return Address.parse(str(self.main["input"].value() or "").strip())
        except ValueError:
            return None

    @property
    def errors(self) -> list[tuple[str, str, str]]:
        """All mistakes for the summary: anchor, label, text."""
        found = []
        outputs: list[tuple[forms.Form, str]] = [(form, gettext("Output %(n)s") % {"n": i + 1}) for i, form in enumerate(self.outputs)]
        for form, prefix in [(self.main, ""), *outputs]:
            found += [("", prefix, str(text)) for text in form.non_field_errors()]
            for field in form:
                label = f"{prefix}: {field.label}" if prefix else str(field.label)
                found += [(field.auto_id, label, str(text)) for text in field.errors]
        return found

    def is_valid(self) -> bool:
        """Whether all shapes are right; looks at every form, so that all mistakes are told."""
        return all([form.is_valid() for form in (self.main, *self.outputs)])  # noqa: C419  every one is to be asked

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
        found["input"] = source if len(source) > 1 else address
        found["outputs"] = [form.document(self.source) for form in self.outputs]
        return found

    def resized(self, data: Mapping[str, Any], *, add: bool, remove: int | None) -> JobForms:
        """The same page with one output more or less; nothing is judged."""
        self.main.is_valid()
        document: dict[str, Any] = {"outputs": [self._raw(form) for form in self.outputs]}
        if remove is not None and len(self.outputs) > 1 and 0 <= remove < len(self.outputs):
            del document["outputs"][remove]
        if add and len(self.outputs) < OUTPUTS_MAX:
            document["outputs"].append({"raw": {"bucket": self.outputs[-1]["bucket"].value()}})
        fresh = JobForms(document=document)
        fresh.main = TranscodeForm(initial={name: data.get(name, "") for name in self.main.fields})
        return fresh

    def add_problems(self, error: Refused) -> None:
        """Put what was refused at the fields; what has no field goes on top."""
        if not error.problems:
            self.main.add_error(None, translated(error.message))
        for problem in error.problems:
            self._place(problem)

    def _place(self, problem: Problem) -> None:
        text, loc = translated(problem.message), problem.loc
        if len(loc) >= 2 and loc[0] == "outputs" and isinstance(loc[1], int) and loc[1] < len(self.outputs):
            form: forms.Form = self.outputs[loc[1]]
            part = str(loc[2]) if len(loc) > 2 else ""
            name = "key" if part == "address" else ".".join(str(p) for p in loc[3:5]) if part == "overrides" else part
        else:
            form, name = self.main, str(loc[-1]) if loc else ""
            name = "input" if name == "address" else name
        if name in form.fields:
            form.add_error(name, text)
        else:
            form.add_error(None, text)

    @staticmethod
    def _raw(form: OutputForm) -> dict[str, Any]:
        return {"raw": {name: form[name].value() for name in form.fields}}

    def _output_initial(self, output: Mapping[str, Any]) -> dict[str, Any]:
        """Form values of one output of a document."""
        if "raw" in output:
            return dict(output["raw"])
        initial: dict[str, Any] = {"template": self.choices.name(output.get("template", "")) or None, "overwrite": output.get("overwrite", True)}
        initial["user_data"] = output.get("user_data", "")
        if address := output.get("address"):
            parsed = Address.parse(address)
            initial |= {"bucket": parsed.bucket, "key": parsed.key}
        rest: dict[str, Any] = {}
        for section, values in (output.get("overrides") or {}).items():
            if not isinstance(values, dict):
                rest[section] = values
                continue
            for field, value in values.items():
                name = f"{section}.{field}"
                if name in OVERRIDABLE and value is not None:
                    initial[name] = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
                else:
                    rest.setdefault(section, {})[field] = value
        initial["rest"] = json.dumps(rest) if rest else ""
        return {name: value for name, value in initial.items() if value is not None}


def _main_initial(document: Mapping[str, Any]) -> dict[str, Any]:
    """Form values of a document, without its outputs."""
    source = document.get("input") or ""
    given: dict[str, Any] = {"address": source} if isinstance(source, str) else dict(source)
    initial = {name: document[name] for name in ("pipeline", "priority", "user_data", "retry_of", "token") if document.get(name) not in (None, "")}
    return initial | {"input": given.get("address", ""), "start": _shown(given.get("start")), "duration": _shown(given.get("duration"))}


def _shown(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:g}"


def _override_field(shown: Any, params: Mapping[str, Any]) -> forms.Field:
    """An optional field whose emptiness means «as the template says», which it shows."""
    section, _dot, name = shown.name.partition(".")
    said = (params.get(section) or {}).get(name)
    field = form_field(shown)
    was = gettext("as template: %(value)s") % {"value": said} if said not in (None, False, "") else gettext("as template")
    if isinstance(field, forms.BooleanField):
        return forms.ChoiceField(label=shown.label, required=False, choices=[("", was), ("yes", _("Yes")), ("no", _("No"))])
    field.required, field.initial, field.help_text = False, None, ""
    if isinstance(field, forms.ChoiceField):
        known: list[Any] = list(field.choices)  # type: ignore[arg-type]  # a list of pairs, whatever else Django would take
        field.choices = [("", was), *(choice for choice in known if choice[0] != "")]
    else:
        field.widget.attrs["placeholder"] = f"{said:g}" if isinstance(said, int | float) else ""
    return field
