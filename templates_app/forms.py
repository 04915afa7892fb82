"""Forms of the template pages: the editor's fields, made from the engine's vocabulary, and the filter bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from templates_app.catalogue import DEFINITIONS, TemplateFilter
from templates_app.fields import FORMATS, LABELS, SECTIONS, SHOWN, UNSAID, Shown, engine_value, form_field

RUNG_FIELDS = ("short_side", "width", "crf", "bitrate_kbps", "maxrate_kbps", "bufsize_kbit")
RUNGS_MAX = 12
SPARE_RUNGS = 2
# Boxes and numbers that always have a value; for other containers they say nothing.
ONLY_FOR = {"mux.faststart": ("mp4", "mov", "m4a"), "mux.gif_loop": ("gif",)}
PARTS = (
    ("video", gettext_lazy("Video"), ("video",)),
    ("audio", gettext_lazy("Audio and subtitles"), ("audio", "subtitle")),
    ("conditions", gettext_lazy("Conditions"), ("conditions",)),
    ("packaging", gettext_lazy("Packaging"), ("mux",)),
)


class TemplateFilterForm(forms.Form):
    """The filter bar of the list; every field may be empty."""

    q = forms.CharField(
        label=gettext_lazy("Search"), required=False, max_length=128, widget=forms.TextInput(attrs={"type": "search", "data-ime": "", "autocomplete": "off"})
    )
    container = forms.ChoiceField(label=gettext_lazy("Container"), required=False, choices=[("", gettext_lazy("All containers")), *FORMATS.items()])
    codec = forms.ChoiceField(
        label=gettext_lazy("Codec"),
        required=False,
        choices=[
            ("", gettext_lazy("All codecs")),
            *((name, name) for name in ("h264", "h265", "gif", "aac", "mp3", "vorbis", "flac", "copy")),
        ],
    )
    definition = forms.ChoiceField(
        label=gettext_lazy("Definition"), required=False, choices=[("", gettext_lazy("All definitions")), *((name, name) for name in DEFINITIONS)]
    )
    used = forms.ChoiceField(
        label=gettext_lazy("In use"),
        required=False,
        choices=[("", gettext_lazy("Used or not")), ("yes", gettext_lazy("Used")), ("no", gettext_lazy("Never used"))],
    )

    def wanted(self) -> TemplateFilter:
        """The filter for the query; a field that cannot be read asks nothing."""
        self.is_valid()
        return TemplateFilter(**{name: self.cleaned_data.get(name, "") for name in self.fields})


@dataclass(frozen=True)
class EditorField:
    """A field with what the page needs to draw it."""

    bound: forms.BoundField
    shown: Shown


@dataclass(frozen=True)
class Part:
    """One part of the editor: its anchor, heading and fields."""

    key: str
    label: Any
    fields: list[EditorField]


class TemplateForm(forms.Form):
    """Name, description and all parameters of a template. ``params`` after a successful validation is what the service takes."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=128, help_text=gettext_lazy("At most 128 bytes; starts with a letter or a digit."))
    description = forms.CharField(label=gettext_lazy("Description"), required=False, max_length=255, widget=forms.TextInput())

    def __init__(self, *args: Any, base: dict[str, Any] | None = None, **kwargs: Any) -> None:
        """``base``: the parameters that are edited; what the form does not show of them is kept."""
        self.base = base or {}
        self.params: dict[str, Any] = {}
        super().__init__(*args, **kwargs)
        for shown in SHOWN:
            self.fields[shown.name] = form_field(shown)
        for index in range(self._rows()):
            for name, field in _rung_fields().items():
                self.fields[f"ladder.{index}.{name}"] = field

    def _rows(self) -> int:
        """Rows of the ladder: those sent, or those there are and some to spare."""
        sent = [int(name.split(".")[1]) for name in self.data if name.startswith("ladder.") and name.split(".")[1].isdecimal()] if self.is_bound else []
        return min(RUNGS_MAX, max(len(self.base.get("ladder") or ()) + SPARE_RUNGS, *(index + 1 for index in sent), 0))

    # --- for the page ---------------------------------------------------------------------------------------------------
    def parts(self) -> list[Part]:
        """The parts of the form with their fields."""
        return [Part(key, label, [EditorField(self[shown.name], shown) for shown in SHOWN if shown.section in sections]) for key, label, sections in PARTS]

    def container(self) -> forms.BoundField:
        """The container, which decides about everything else."""
        return self["container.format"]

    def rungs(self) -> list[list[forms.BoundField]]:
        """The rows of the ladder."""
        return [[self[f"ladder.{index}.{name}"] for name in _rung_fields()] for index in range(self._rows())]

    # --- from the page --------------------------------------------------------------------------------------------------
    def clean(self) -> dict[str, Any]:
        """Put the parameters together; whether they can be combined says the service, all at once."""
        cleaned = super().clean() or self.cleaned_data
        if not any(name not in ("name", "description") for name in self.errors):
            self.params = self._params(cleaned)
        return cleaned

    @staticmethod
    def field_of(loc: tuple[int | str, ...]) -> str:
        """The field of a place that the service names: («params», «video», «crf»), («params», «ladder», 0, «audio», «bitrate_kbps») …"""
        parts = [str(part) for part in loc if part != "params"]
        if parts[:1] == ["ladder"] and len(parts) > 2:
            return ".".join([parts[0], parts[1], "audio_kbps" if "audio" in parts else parts[-1]])
        return ".".join(parts[:2])

    def _params(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        """The engine's template as JSON values; what was not said is left out."""
        params: dict[str, Any] = {section: {} for section in SECTIONS}
        for shown in SHOWN:
            value = cleaned.get(shown.name)
            if value is None or value == UNSAID or (shown.name in ONLY_FOR and cleaned["container.format"] not in ONLY_FOR[shown.name]):
                continue
            section, _dot, field = shown.name.partition(".")
            params[section][field] = engine_value(shown.name, value)
        if params["container"]["format"] == "hls" and (ladder := self._ladder(cleaned)):
            params["ladder"] = ladder
        return params

    def _ladder(self, cleaned: dict[str, Any]) -> list[dict[str, Any]]:
        """The rungs with a name; what the form does not show of a rung of that name is kept."""
        before = {rung["name"]: rung for rung in self.base.get("ladder") or ()}
        rungs = []
        for index in range(self._rows()):
            name = cleaned.get(f"ladder.{index}.name")
            if not name:
                continue
            old = before.get(name, {})
            video = {k: v for k, v in old.get("video", {}).items() if k not in RUNG_FIELDS and v is not None}
            video |= {field: value for field in RUNG_FIELDS if (value := cleaned.get(f"ladder.{index}.{field}")) is not None}
            audio = {k: v for k, v in (old.get("audio") or {}).items() if k != "bitrate_kbps" and v is not None}
            if (rate := cleaned.get(f"ladder.{index}.audio_kbps")) is not None:
                audio["bitrate_kbps"] = rate
            rungs.append({"name": name, "video": video, "audio": audio or None})
        return rungs


def _rung_fields() -> dict[str, forms.Field]:
    """The columns of a row of the ladder."""
    fields: dict[str, forms.Field] = {
        "name": forms.RegexField(
            r"^[a-z0-9][a-z0-9-]{0,31}\Z",
            label=gettext_lazy("Rung"),
            required=False,
            error_messages={"invalid": gettext_lazy("Use a–z, 0–9 and -; at most 32 characters.")},
        )
    }
    for name in RUNG_FIELDS:
        shown = next(shown for shown in SHOWN if shown.name == f"video.{name}")
        fields[name] = form_field(shown)
    fields["audio_kbps"] = form_field(next(shown for shown in SHOWN if shown.name == "audio.bitrate_kbps"))
    return fields


def initial_of(params: dict[str, Any]) -> dict[str, Any]:
    """What the editor starts with for these parameters."""
    initial: dict[str, Any] = {}
    for name in LABELS:
        section, _dot, field = name.partition(".")
        value = (params.get(section) or {}).get(field)
        if value is not None:
            initial[name] = _plain(value)
    for index, rung in enumerate(params.get("ladder") or ()):
        initial[f"ladder.{index}.name"] = rung["name"]
        for field in RUNG_FIELDS:
            initial[f"ladder.{index}.{field}"] = _plain(rung["video"].get(field))
        initial[f"ladder.{index}.audio_kbps"] = (rung.get("audio") or {}).get("bitrate_kbps")
    return initial


def _plain(value: Any) -> Any:
    """23.0 is shown as 23."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
