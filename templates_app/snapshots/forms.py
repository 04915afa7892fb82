"""Forms of snapshot parameters. Each mode has its own fields; what the other modes are told by is not sent. Used by templates and by the page of new jobs."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from jobs.engine.rules.snapshot import FIELDS
from jobs.engine.spec import SNAPSHOTS_MAX
from templates_app.fields import SecondsField
from templates_app.snapshots import services
from templates_app.snapshots.models import SnapshotTemplate
from templates_app.snapshots.words import MODES

SPRITES = ("sprite", "webvtt")
FRAMES = (("normal", _("The picture shown at that time")), ("key", _("A key frame near it (faster; it may be some seconds away)")))
FORMATS = (("", _("As the address ends, else JPEG")), ("jpg", "JPEG"), ("png", "PNG"), ("webp", "WebP"), ("avif", "AVIF"))
SCALES = (("", _("Stretch")), ("fit", _("Fit inside")), ("crop", _("Crop to fill")), ("fill", _("Fit and fill with black")))
PATTERN = "oss://output/{FileName}-{Count}.jpg"
SHEETS = "oss://output/{FileName}-{TileCount}.jpg"
SIZES = ("width", "height", "scale_type", "format", "quality")
GRID = ("columns", "rows", "cell_width", "cell_height", "margin", "padding", "color")


def _whole(label: Any, lowest: int, highest: int, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=lowest, max_value=highest, **more)


class PictureForm(forms.Form):
    """Mode with its fields, size, format and patterns of addresses. Patterns are needed unless ``patterns_needed`` is false."""

    patterns_needed = True
    mode = forms.ChoiceField(label=_("Mode"), choices=MODES, widget=forms.RadioSelect, initial="single")
    time = SecondsField(label=_("Time"), required=False, max_length=20, help_text=_("hh:mm:ss.mmm or seconds. A series begins here."))
    times = forms.CharField(label=_("Times"), required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 3}), help_text=_("One in each line."))
    interval = forms.FloatField(
        label=_("Interval"), required=False, min_value=0, max_value=86_400, help_text=_("0: as many as the number says, spread evenly.")
    )
    count = _whole(_("Number of pictures"), 1, SNAPSHOTS_MAX, help_text=_("Empty: to the end."))
    every = _whole(_("Every how many frames"), 1, 100_000)
    frame = forms.ChoiceField(label=_("Frame"), choices=FRAMES, required=False, widget=forms.RadioSelect, initial="key")
    skip_black = forms.BooleanField(label=_("Begin at the first picture that is not black"), required=False)
    level = _whole(_("Share of dark pixels"), 30, 100, initial=100, help_text=_("From this share on a picture is black."))
    threshold = _whole(_("Darkness"), 0, 255, initial=30, help_text=_("0 to 255; a pixel below it is dark."))
    width = _whole(_("Width"), 8, 4096, help_text=_("8 to 4096. Empty: as the other side says."))
    height = _whole(_("Height"), 8, 4096)
    scale_type = forms.ChoiceField(label=_("If both are given"), choices=SCALES, required=False)
    format = forms.ChoiceField(label=_("Format"), choices=FORMATS, required=False)
    quality = _whole(pgettext_lazy("of pictures", "Quality"), 1, 100, help_text=_("1 to 100. Empty: 90."))
    columns = _whole(_("Columns"), 1, 10_000, initial=10)
    rows = _whole(pgettext_lazy("of a grid", "Rows"), 1, 10_000, initial=10)
    cell_width = _whole(_("Cell width"), 8, 4096, help_text=_("Empty: as the other side says; both: the size of the pictures."))
    cell_height = _whole(_("Cell height"), 8, 4096)
    margin = _whole(_("Margin"), 0, 1000, initial=0)
    padding = _whole(_("Padding"), 0, 1000, initial=0)
    color = forms.CharField(label=_("Colour"), required=False, max_length=7, initial="black", help_text=_("black, white, random or #rrggbb."))
    keep_singles = forms.BooleanField(label=_("Keep the single pictures"), required=False, initial=True)
    sheets = forms.CharField(
        label=_("Address of the sheets"), required=False, max_length=1200, strip=False, initial=SHEETS,
        help_text=_("A pattern with {TileCount} (5 digits)."),
    )  # fmt: skip
    index = forms.CharField(
        label=_("Address of the index"), required=False, max_length=1200, strip=False, help_text=_("Ends with .vtt. Empty: beside the sheets.")
    )
    output = forms.CharField(
        label=_("Output address"), required=False, max_length=1200, strip=False, initial=PATTERN,
        help_text=_("A pattern: {ObjectPrefix}, {FileName}, {Count} (5 digits), {SnapshotTime} (milliseconds)."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, shown in (("output", PATTERN), ("sheets", SHEETS), ("time", "00:00:05.000"), ("interval", "10"), ("index", "oss://output/{FileName}.vtt")):
            self.fields[name].widget.attrs.update(spellcheck="false", autocomplete="off", placeholder=shown)

    def clean_times(self) -> list[float]:
        """A time in each line, or between semicolons."""
        field = SecondsField(required=False)
        found = [field.clean(part) for part in re.split(r"[;\n]", self.cleaned_data["times"])]
        return [time for time in found if time is not None]

    def clean(self) -> dict[str, Any]:
        """The addresses that the mode needs."""
        said = super().clean() or self.cleaned_data
        sprite = said.get("mode") in SPRITES
        if self.patterns_needed:
            if sprite and not (said.get("sheets") or "").strip():
                self.add_error("sheets", _("Say where the sheets go."))
            if not (said.get("output") or "").strip() and not (sprite and not self._singles(said)):
                self.add_error("output", _("Say where the pictures go."))
        if sprite and said.get("format") == "avif":
            self.add_error("format", _("Sheets can be JPEG, PNG or WebP."))
        return said

    @staticmethod
    def _singles(said: dict[str, Any]) -> bool:
        return said.get("mode") == "sprite" and bool(said.get("keep_singles"))

    @property
    def is_sprite(self) -> bool:
        """Whether it asks for sheets."""
        return (self.cleaned_data.get("mode") if hasattr(self, "cleaned_data") else None) in SPRITES

    def params(self) -> dict[str, Any]:
        """What a job of this mode says, without its input. Only of a form without errors."""
        said = self.cleaned_data
        return self._sprite(said) if self.is_sprite else self._snapshot(said)

    def _snapshot(self, said: dict[str, Any]) -> dict[str, Any]:
        mode = "average" if said["mode"] == "series" and said["interval"] == 0 and said["count"] else said["mode"]
        params: dict[str, Any] = {"mode": mode}
        told = FIELDS[mode]
        for name in ("time", "times", "interval", "count", "every", "frame"):
            if name in told and said[name] not in (None, "", []) and not (name == "interval" and not said[name]):
                params[name] = said[name]
        if "skip_black" in told and said["skip_black"]:
            params["skip_black"] = {name: said[name] for name in ("level", "threshold") if said[name] is not None}
        params |= {name: said[name] for name in SIZES if said[name] not in (None, "")}
        if address := said["output"].strip():
            params["output"] = address
        return params

    def _sprite(self, said: dict[str, Any]) -> dict[str, Any]:
        even = not said["interval"] and said["count"] is not None
        params: dict[str, Any] = {"mode": "average" if even else "series"}
        names = (("count",) if even else ("time", "interval", "count")) + GRID + (SIZES if said["mode"] == "sprite" else ("scale_type", "format", "quality"))
        params |= {name: said[name] for name in names if said[name] not in (None, "") and not (name == "interval" and not said[name])}
        if said["frame"] == "normal":
            params["frame"] = "normal"
        for name, field in (("output", "sheets"), ("index", "index")):
            if address := said[field].strip():
                params[name] = address
        if self._singles(said) and said["output"].strip():
            params["singles"] = said["output"].strip()
        return params

    def field_of(self, loc: tuple[Any, ...]) -> str:
        """The field that shows a mistake at this place of a job's document."""
        names = [str(part) for part in loc if part != "params"]
        if names[:1] == ["skip_black"]:
            return names[-1]
        name = names[0] if names else ""
        return {"output": "sheets", "singles": "output"}.get(name, name) if self.is_sprite else name


def initial_of(kind: str, params: dict[str, Any]) -> dict[str, Any]:
    """What the form shows of a template's parameters."""
    initial: dict[str, Any] = {name: value for name, value in params.items() if name in (*GRID, *SIZES, "time", "interval", "count", "every", "frame")}
    address = params.get("output")
    place = address.get("address") if isinstance(address, dict) else address
    if kind == SnapshotTemplate.Kind.SNAPSHOT:
        initial |= {
            "mode": params.get("mode", "single"),
            "times": "\n".join(f"{time:g}" for time in params.get("times", ())),
            "frame": params.get("frame", "normal"),
        }
        if black := params.get("skip_black"):
            initial |= {"skip_black": True, **black}
        return initial | ({"output": place} if place else {})
    initial |= {"mode": kind, "keep_singles": "singles" in params, "frame": "normal" if params.get("frame") == "normal" else "key"}
    if params.get("mode") == "average":
        initial["interval"] = 0
    return initial | {field: value for field, value in (("sheets", place), ("index", params.get("index")), ("output", params.get("singles"))) if value}


class SnapshotTemplateForm(PictureForm):
    """Name and parameters of a snapshot template; addresses may be left to jobs."""

    patterns_needed = False
    name = forms.CharField(label=_("Name"), max_length=128, help_text=_("At most 128 bytes; starts with a letter or a digit."))

    def __init__(self, *args: Any, fixed_kind: str = "", **kwargs: Any) -> None:
        """``fixed_kind``: the type of a template that exists; only modes of it can be chosen."""
        super().__init__(*args, **kwargs)
        self.fields["output"].initial = self.fields["sheets"].initial = ""
        if fixed_kind:
            allowed = [(name, label) for name, label in MODES if self.kind_of(name) == fixed_kind]
            self.fields["mode"].choices = allowed  # type: ignore[attr-defined]

    @staticmethod
    def kind_of(mode: str) -> str:
        """The type of template of a mode."""
        return mode if mode in SPRITES else "snapshot"

    def clean(self) -> dict[str, Any]:
        """What is wrong with the parameters stands at their fields."""
        said = super().clean()
        if not set(self.errors) - {"name"}:
            _params, wrong = services.checked(self.kind_of(said["mode"]), self.params())
            for problem in wrong:
                name = self.field_of(problem.loc)
                self.add_error(name if name in self.fields else None, problem.message)
        return said


class SnapshotFilterForm(forms.Form):
    """The filter bar of the list; every field may be empty."""

    q = forms.CharField(
        label=_("Search"), required=False, max_length=128, widget=forms.TextInput(attrs={"type": "search", "data-ime": "", "autocomplete": "off"})
    )
    type = forms.ChoiceField(label=_("Type"), required=False, choices=[("", _("All types")), *SnapshotTemplate.Kind.choices])

    def wanted(self) -> tuple[str, str]:
        """Search word and type; a field that cannot be read asks nothing."""
        self.is_valid()
        return self.cleaned_data.get("q", ""), self.cleaned_data.get("type", "")
