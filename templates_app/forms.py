"""Forms of the template pages: the editor, the filter bar, and the import."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from jobs.engine.codecs import CONTAINERS
from templates_app.catalogue import DEFINITIONS, TemplateFilter
from templates_app.fields import FORMATS, UNSAID
from templates_app.layout import Part, parts
from templates_app.schema import node
from templates_app.tree import TreeForm, View
from templates_app.words import WORDS

IMPORT_BYTES = 4_000_000
OWN_FIELDS = ("name", "description", "kind", "opaque")
KINDS = (("video", _("Video")), ("audio", _("Audio only")), ("remux", _("Remux")), ("image", _("Image")))
IMAGES = ("gif", "webp")


class TemplateFilterForm(forms.Form):
    """The filter bar of the list; every field may be empty."""

    q = forms.CharField(
        label=_("Search"), required=False, max_length=128, widget=forms.TextInput(attrs={"type": "search", "data-ime": "", "autocomplete": "off"})
    )
    container = forms.ChoiceField(label=_("Container"), required=False, choices=[("", _("All containers")), *FORMATS.items()])
    codec = forms.ChoiceField(label=_("Codec"), required=False)
    definition = forms.ChoiceField(label=_("Definition"), required=False, choices=[("", _("All definitions")), *((name, name) for name in DEFINITIONS)])
    used = forms.ChoiceField(label=_("In use"), required=False, choices=[("", _("Used or not")), ("yes", _("Used")), ("no", _("Never used"))])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = dict.fromkeys([*node("video.codec").choices, *node("audio.codec").choices])  # type: ignore[union-attr]  # both are choices
        self.fields["codec"].choices = [("", _("All codecs")), *((name, WORDS.get(name, name)) for name in names)]  # type: ignore[attr-defined]

    def wanted(self) -> TemplateFilter:
        """The filter for the query; a field that cannot be read asks nothing."""
        self.is_valid()
        return TemplateFilter(**{name: self.cleaned_data.get(name, "") for name in self.fields})


class TemplateForm(TreeForm):
    """Name, description and all parameters of a template. ``said`` after a successful validation is what the service takes."""

    name = forms.CharField(label=_("Name"), max_length=128, help_text=_("At most 128 bytes; starts with a letter or a digit."))
    description = forms.CharField(label=_("Description"), required=False, max_length=255, widget=forms.TextInput())
    kind = forms.ChoiceField(label=_("Kind"), choices=KINDS, required=False, widget=forms.RadioSelect, help_text=_("Decides what else can be said."))
    opaque = forms.BooleanField(
        label=_("Customized: only admins see its parameters"), required=False, help_text=_("Changes that a job asks for are then ignored, with a warning.")
    )

    def __init__(self, data: Any = None, *, initial: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(data, initial=dict(initial or {}), **kwargs)
        self.fields["name"].widget.attrs["data-bytes"] = 128
        self.initial.setdefault("kind", kind_of(self.params))

    # --- for the page ---------------------------------------------------------------------------------------------------
    def parts(self) -> list[Part]:
        """The parts of the form with their fields."""
        return parts(self)

    def container(self) -> View:
        """The container, which decides about everything else."""
        return self.views["container.format"]

    # --- from the page --------------------------------------------------------------------------------------------------
    def clean(self) -> dict[str, Any]:
        """Put the parameters together; whether they can be combined says the service, all at once."""
        cleaned = super().clean()
        self._as_kind(cleaned.get("kind") or "")
        return cleaned

    def _as_kind(self, kind: str) -> None:
        """What the kind says without a field of its own: sound only drops the picture, a remux copies."""
        container = CONTAINERS.get(str((self.said.get("container") or {}).get("format")))
        if container is None:
            return
        if kind == "audio" and container.video:
            self.said.setdefault("video", {})["remove"] = True
        for name, codecs in (("video", container.video), ("audio", container.audio)) if kind == "remux" else ():
            section = self.said.get(name, {})
            if codecs and not section.get("remove") and "codec" not in section:
                self.said[name] = {**section, "codec": "copy"}

    def field_of(self, loc: tuple[int | str, ...]) -> str:
        """As everywhere; but the box that drops the picture is hidden where the kind ticks it, and what is wrong with it stands at the container."""
        path = super().field_of(loc)
        return "container.format" if path == "video.remove" and self.data.get(self.add_prefix("kind")) == "audio" else path

    @property
    def params_said(self) -> dict[str, Any]:
        """The parameters, or nothing while a field cannot be read."""
        return self.said if self.is_bound and not any(name not in OWN_FIELDS for name in self.errors) else {}


def kind_of(params: Mapping[str, Any]) -> str:
    """Which kind of template these parameters make."""
    video, audio = params.get("video") or {}, params.get("audio") or {}
    format_ = (params.get("container") or {}).get("format", "")
    container = CONTAINERS.get(format_)
    if format_ in IMAGES:
        return "image"
    if video.get("remove") or (container is not None and not container.video):
        return "audio"
    return "remux" if video.get("codec") == "copy" and (audio.get("codec") == "copy" or audio.get("remove")) else "video"


class ImportForm(forms.Form):
    """A document of templates: a file, or its text."""

    file = forms.FileField(label=_("File"), required=False, help_text=_("A JSON file that an export made."))
    text = forms.CharField(label=_("Or its text"), required=False, widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}), max_length=IMPORT_BYTES)
    if_exists = forms.ChoiceField(
        label=_("If a name is taken"),
        initial="fail",
        choices=[("fail", _("Refuse")), ("rename", _("Import under a free name")), ("update", _("Make a new version of that template"))],
        widget=forms.RadioSelect,
    )

    def clean(self) -> dict[str, Any]:
        """Read the document; ``document`` is what was read."""
        cleaned = super().clean() or self.cleaned_data
        file = cleaned.get("file")
        if file is not None and file.size > IMPORT_BYTES:
            self.add_error("file", _("The file is larger than 4 MB."))
            return cleaned
        raw = file.read() if file is not None else (cleaned.get("text") or UNSAID).encode()
        if not raw.strip():
            self.add_error("file", _("Choose a file, or paste its text."))
            return cleaned
        try:
            cleaned["document"] = json.loads(raw)
        except (ValueError, RecursionError):
            self.add_error("file" if file is not None else "text", _("This is not JSON."))
        return cleaned
