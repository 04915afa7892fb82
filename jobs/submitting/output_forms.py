"""One output of the new-job form: template, address, and what is different for this job only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.error_texts import translated
from jobs import placeholders
from jobs.defaults import default_key
from jobs.engine.address import Address
from jobs.engine.spec import USER_DATA_BYTES
from jobs.engine.template import Template
from jobs.submitting.template_choices import extension
from templates_app.forms import kind_of
from templates_app.layout import Part, parts
from templates_app.schema import Group, Leaf, nodes
from templates_app.tree import TreeForm, View

if TYPE_CHECKING:
    from jobs.submitting.template_choices import TemplateChoices

RULES = ("container.format", "video.codec", "video.remove", "video.rate_control", "audio.codec", "audio.remove", "subtitle.remove")
NAMES = ("ObjectPrefix", "FileName", "ExtName", "label", "resolution", "DestMd5", "DestAvgBitrate")
OWN_FIELDS = ("template", "bucket", "key", "overwrite", "quality", "user_data", "rest")


class OutputForm(TreeForm):
    """One output. Everything of a template may be changed; what is empty stays as the template says."""

    loose: ClassVar[bool] = True

    template = forms.ChoiceField(label=_("Template"), required=False)
    bucket = forms.ChoiceField(label=_("Bucket"))
    key = forms.CharField(label=_("Path"), required=False, max_length=1100, strip=False)
    overwrite = forms.BooleanField(label=_("Replace existing objects"), required=False, initial=True)
    quality = forms.BooleanField(
        label=_("Measure the quality afterwards"), required=False, help_text=_("VMAF and others against the source, in a job of its own after this one.")
    )
    metrics = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    user_data = forms.CharField(
        label=_("User data of this output"),
        required=False,
        strip=False,
        widget=forms.TextInput(attrs={"data-bytes": USER_DATA_BYTES}),
        max_length=USER_DATA_BYTES,
    )
    rest = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, choices: TemplateChoices, output: Mapping[str, Any] | None = None, prefix: str, **kwargs: Any) -> None:
        """``output``: an output of a request to start from."""
        self.choices = choices
        initial, overrides = _initial(output or {}, choices)
        name = str(data.get(f"{prefix}-template", "") if data is not None else initial.get("template") or "")
        super().__init__(data, prefix=prefix, initial=initial, params=overrides, base=choices.shown_params(name), **kwargs)
        self.fields["template"].choices = [("", ""), *((one, one) for one in choices.names)]  # type: ignore[attr-defined]
        self.fields["bucket"].choices = [(one, one) for one in choices.buckets]  # type: ignore[attr-defined]
        self.fields["key"].widget.attrs.update(spellcheck="false", autocomplete="off", placeholder="{ObjectPrefix}{FileName}-{label}")
        self.fields["key"].help_text = gettext("Empty: named after the input and the template. The extension is added.")

    # --- for the page ---------------------------------------------------------------------------------------------------
    @property
    def chosen(self) -> str:
        """Name of the template; empty: none."""
        return self.choices.name(str(self["template"].value() or ""))

    @property
    def chosen_text(self) -> str:
        """What the template gives, in one line."""
        return self.choices.text(self.chosen)

    @property
    def opaque(self) -> bool:
        """Whether the template is customized: then nothing can be changed in it."""
        found = self.choices.find(self.chosen)
        return found is not None and found.is_opaque

    @property
    def names(self) -> tuple[str, ...]:
        """Placeholders to offer."""
        return NAMES

    @property
    def container_view(self) -> View:
        """The container, which stands above the parts."""
        return self.views["container.format"]

    def parts(self) -> list[Part]:
        """The fields of the disclosure."""
        return parts(self)

    @property
    def changed_overrides(self) -> int:
        """How many of them say something."""
        return sum(part.said for part in self.parts()) + int(self.views["container.format"].says)

    @property
    def is_open(self) -> bool:
        """Whether the disclosure is drawn: it was asked for, something in it is said or wrong, or without a template all is said there. A page
        of many outputs with all parameters each would take seconds."""
        return bool(self.data.get(self.add_prefix("open"))) or not self.chosen or bool(self.changed_overrides) or self.wrong

    @property
    def wrong(self) -> bool:
        """Whether one of them has a mistake."""
        return any(part.wrong for part in self.parts())

    @property
    def base_json(self) -> str:
        """What the template says of the fields that rules ask for, by full names: for editor.js."""
        found = {self.add_prefix("kind"): kind_of(self.base_params)} if self.base_params else {}
        for path in RULES:
            section, _dot, name = path.partition(".")
            value = (self.base_params.get(section) or {}).get(name)
            if value not in (None, False):
                found[self.add_prefix(path)] = "on" if value is True else str(value)
        return json.dumps(found)

    def result(self, source: Address | None) -> str:
        """The address that the pattern gives, or empty while it cannot be told."""
        if source is None or not self.is_valid():
            return ""
        try:
            return f"oss://{self.cleaned_data['bucket']}/{self._shown_key(source)}"
        except ValueError:
            return ""

    # --- from the page --------------------------------------------------------------------------------------------------
    def document(self, source: Address | None) -> dict[str, Any]:
        """This output as the JSON interface takes it. A pattern that cannot be read becomes an error of the field."""
        cleaned = self.cleaned_data
        try:
            key = self._key(source) if source else ""
        except ValueError as error:
            self.add_error("key", translated(str(error)))
            key = ""
        found: dict[str, Any] = {"template": cleaned["template"]} if cleaned["template"] else {}
        found["address"] = f"oss://{cleaned['bucket']}/{key}"
        if overrides := self.overrides():
            found["overrides"] = overrides
        if not cleaned["overwrite"]:
            found["overwrite"] = False
        if cleaned["quality"]:
            found["quality"] = cleaned["metrics"].split(",") if cleaned["metrics"] else True
        if cleaned["user_data"]:
            found["user_data"] = cleaned["user_data"]
        return found

    def overrides(self) -> dict[str, Any]:
        """What this job changes, with what the form cannot show."""
        try:
            rest = json.loads(self.cleaned_data["rest"] or "{}")
        except (ValueError, RecursionError):
            rest = {}
        found: dict[str, Any] = rest if isinstance(rest, dict) else {}
        for section, value in self.said.items():
            before = found.get(section)
            found[section] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value
        return found

    def _extension(self) -> str:
        format_ = (self.said.get("container") or {}).get("format") or (self.choices.params(self.chosen).get("container") or {}).get("format", "")
        return extension(str(format_))

    def _key(self, source: Address) -> str:
        """The pattern that is sent; raises ValueError where it cannot be filled."""
        pattern = self.cleaned_data["key"]
        if not pattern:
            return placeholders.escaped(self._default(source))
        filled = placeholders.fill(pattern, self._facts(source))
        return placeholders.with_extension(pattern, self._extension()) if placeholders.with_extension(filled, self._extension()) != filled else pattern

    def _shown_key(self, source: Address) -> str:
        pattern = self.cleaned_data["key"]
        return placeholders.with_extension(placeholders.fill(pattern, self._facts(source)), self._extension()) if pattern else self._default(source)

    def _default(self, source: Address) -> str:
        return default_key(source, self.chosen or gettext("output"), self._extension(), self.cleaned_data["bucket"])

    def _facts(self, source: Address) -> placeholders.Facts:
        video = {**(self.base_params.get("video") or {}), **(self.said.get("video") or {})}
        width, height = video.get("width"), video.get("height")
        size = f"{video['short_side']}p" if video.get("short_side") else f"{width or ''}x{height or ''}" if width or height else ""
        return placeholders.Facts(source, self._extension(), self.chosen, resolution=size)


def _initial(output: Mapping[str, Any], choices: TemplateChoices) -> tuple[dict[str, Any], dict[str, Any]]:
    """Form values of one output of a request, and its overrides that the form can show."""
    initial: dict[str, Any] = {"template": choices.name(output.get("template") or ""), "overwrite": output.get("overwrite", True)}
    initial["user_data"] = output.get("user_data", "")
    wanted = output.get("quality", False)
    initial |= {"quality": bool(wanted), "metrics": ",".join(wanted) if isinstance(wanted, list | tuple) else ""}
    if address := output.get("address"):
        parsed = Address.parse(address)
        initial |= {"bucket": parsed.bucket, "key": parsed.key}
    shown: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    sections = {row.name: row for row in nodes(Template)}
    for section, values in (output.get("overrides") or {}).items():
        row = sections.get(section)
        if row is None or values is None:
            rest[section] = values
        elif isinstance(row, Group) and isinstance(values, dict):
            known = {inner.name: isinstance(inner, Leaf) and inner.unsaid for inner in nodes(row.model)}  # whether it can be unsaid by itself
            shown[section] = {name: value for name, value in values.items() if name in known and (value is not None or known[name])}
            if others := {name: value for name, value in values.items() if name not in shown[section]}:
                rest[section] = others
        elif isinstance(values, list):
            shown[section] = values
        else:
            rest[section] = values
    initial["rest"] = json.dumps(rest) if rest else ""
    return initial, shown
