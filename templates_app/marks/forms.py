"""Forms of the watermark pages: the editor, its preview's ground and canvas, and the filter bar."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs.engine.errors import Problem, Refused
from jobs.engine.vocabulary.marks import Watermark
from jobs.lettering import fonts
from templates_app.marks import services
from templates_app.marks.models import WatermarkTemplate
from templates_app.marks.words import CORNERS

UNITS = (("px", "px"), ("%", "%"))
LENGTHS = ("width", "height", "dx", "dy")
TEXT = ("content", "font", "color", "outline_width", "outline_color")
RATIOS = (("16:9", "16:9"), ("9:16", "9:16"), ("1:1", "1:1"))
SIDES = (("360", "360p"), ("720", "720p"), ("1080", "1080p"))


class MarkFilterForm(forms.Form):
    """The filter bar of the list; every field may be empty."""

    q = forms.CharField(
        label=gettext_lazy("Search"), required=False, max_length=128, widget=forms.TextInput(attrs={"type": "search", "data-ime": "", "autocomplete": "off"})
    )
    type = forms.ChoiceField(
        label=gettext_lazy("Type"), required=False, choices=[("", gettext_lazy("All types")), ("image", gettext_lazy("Image")), ("text", gettext_lazy("Text"))]
    )

    def wanted(self) -> tuple[str, str]:
        """Search word and type; a field that cannot be read asks nothing."""
        self.is_valid()
        return self.cleaned_data.get("q", ""), self.cleaned_data.get("type", "")


def _number(label: Any, lowest: float, highest: float, step: str = "any", usual: float | None = None, **more: Any) -> forms.FloatField:
    """A number that may be empty. ``usual``: where its slider stands then."""
    attrs = {"step": step, "inputmode": "decimal"} | ({} if usual is None else {"data-usual": usual})
    return forms.FloatField(label=label, required=False, min_value=lowest, max_value=highest, widget=forms.NumberInput(attrs=attrs), **more)


def _unit(label: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=UNITS, required=False, initial="px")


class MarkForm(forms.Form):
    """Name and parameters of a watermark template. ``params`` after a validation is what the service takes."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=128, help_text=gettext_lazy("At most 128 bytes; starts with a letter or a digit."))
    kind = forms.ChoiceField(label=gettext_lazy("Type"), choices=WatermarkTemplate.Kind.choices, initial="image", widget=forms.RadioSelect)
    corner = forms.ChoiceField(label=gettext_lazy("Corner"), choices=CORNERS, initial="top_right", widget=forms.RadioSelect)
    dx = _number(gettext_lazy("Offset x"), 0, 8192)
    dx_unit = _unit(gettext_lazy("Unit of offset x"))
    dy = _number(gettext_lazy("Offset y"), 0, 8192)
    dy_unit = _unit(gettext_lazy("Unit of offset y"))
    width = _number(gettext_lazy("Width"), 0, 8192, help_text=gettext_lazy("Neither side: 12 % of the output's width. One side: the other follows the image."))
    width_unit = _unit(gettext_lazy("Unit of the width"))
    height = _number(gettext_lazy("Height"), 0, 8192)
    height_unit = _unit(gettext_lazy("Unit of the height"))
    opacity = _number(gettext_lazy("Opacity"), 0.01, 1, step="0.01", usual=1, help_text=gettext_lazy("Above 0, up to 1; empty: 1."))
    start = _number(gettext_lazy("Shown from"), 0, 86_399)
    duration = _number(gettext_lazy("Shown for"), 0.001, 86_399, help_text=gettext_lazy("Empty: to the end."))
    content = forms.CharField(
        label=gettext_lazy("Text"), required=False, max_length=1024, strip=False, widget=forms.Textarea(attrs={"rows": 2, "data-ime": ""}),
        help_text=gettext_lazy("May be left to the output."),
    )  # fmt: skip
    font = forms.ChoiceField(label=gettext_lazy("Font"), required=False)
    size = _number(gettext_lazy("Letters"), 0, 512, help_text=gettext_lazy("4 to 512 px, or % of the output's height; empty: 16 px."))
    size_unit = _unit(gettext_lazy("Unit of the letters"))
    color = forms.CharField(label=gettext_lazy("Colour"), required=False, max_length=24, help_text=gettext_lazy("#RRGGBB or a name; empty: white."))
    outline_width = _number(gettext_lazy("Outline"), 0, 64, step="1")
    outline_color = forms.CharField(label=gettext_lazy("Colour of the outline"), required=False, max_length=24, help_text=gettext_lazy("Empty: black."))
    image = forms.CharField(
        label=gettext_lazy("Image"), required=False, max_length=1100, widget=forms.TextInput(attrs={"placeholder": "oss://bucket/logo.png", "spellcheck": "false"}),
        help_text=gettext_lazy("PNG, JPEG, WebP, GIF, APNG, or WebM or MOV with alpha. Empty: each output names its own."),
    )  # fmt: skip

    def __init__(self, *args: Any, fixed_kind: str = "", **kwargs: Any) -> None:
        """``fixed_kind``: the type of a template that exists; it cannot be changed."""
        self.params: dict[str, Any] = {}
        self.fixed_kind = fixed_kind
        super().__init__(*args, **kwargs)
        named = self.initial.get("font") or (self.data.get("font") if self.is_bound else "")
        names = [font.name for font in fonts.fonts()]
        extra = [named] if named and named not in names else []
        self.fields["font"].choices = [("", _("One that has the characters")), *((name, name) for name in (*extra, *names))]  # type: ignore[attr-defined]
        if fixed_kind:
            self.fields["kind"].disabled = True
            self.initial["kind"] = fixed_kind

    def clean(self) -> dict[str, Any]:
        """Put the parameters together; what is wrong with them stands at their fields."""
        cleaned = super().clean() or self.cleaned_data
        if set(self.errors) - {"name"}:
            return cleaned
        self.params = params_of(cleaned)
        _said, wrong = services.checked_mark(cleaned["kind"], self.params)
        for problem in wrong:
            self.add_error(self.field_of(problem.loc) if self.field_of(problem.loc) in self.fields else None, problem.message)
        return cleaned

    @staticmethod
    def field_of(loc: tuple[int | str, ...]) -> str:
        """The field of a place: («params», «text», «size») …"""
        names = [str(part) for part in loc if part not in ("params", "text", "int", "float")]
        return names[-1] if names else "content"

    @property
    def mark(self) -> Watermark:
        """The watermark as it stands. Raises Refused with all mistakes."""
        self.is_valid()
        problems = tuple(Problem((name,), str(error)) for name, errors in self.errors.items() if name != "name" for error in errors)
        if problems:
            raise Refused("InvalidParameter", problems[0].message, problems=problems)
        return Watermark.model_validate(self.params, strict=False)


def params_of(cleaned: dict[str, Any]) -> dict[str, Any]:
    """The engine's watermark as JSON values; what was not said is left out, as what does not belong to the type."""
    params: dict[str, Any] = {"corner": cleaned["corner"]}
    params |= {name: cleaned[name] for name in ("start", "duration") if cleaned.get(name)}
    names = LENGTHS if cleaned["kind"] == "image" else ("dx", "dy")
    params |= {name: value for name in names if (value := _length(cleaned, name)) is not None}
    if cleaned["kind"] == "image":
        params |= {name: cleaned[name] for name in ("opacity", "image") if cleaned.get(name)}
        return params
    text = {name: cleaned[name].replace("\r\n", "\n") if isinstance(cleaned[name], str) else round(cleaned[name]) for name in TEXT if cleaned.get(name)}
    if cleaned.get("opacity"):
        text["opacity"] = cleaned["opacity"]
    if (size := _length(cleaned, "size")) is not None:
        text["size"] = size
    params["text"] = text
    return params


def _length(cleaned: dict[str, Any], name: str) -> int | float | None:
    """px as a whole number, % as a share."""
    value: float | None = cleaned.get(name)
    if value is None:
        return None
    return round(value / 100, 6) if cleaned.get(f"{name}_unit") == "%" else round(value)


def initial_of(kind: str, params: dict[str, Any]) -> dict[str, Any]:
    """What the form shows of parameters."""
    text = params.get("text") or {}
    initial: dict[str, Any] = {"kind": kind, "corner": params.get("corner", "top_right"), "image": params.get("image", "")}
    initial |= {name: params[name] for name in ("start", "duration") if name in params}
    initial["opacity"] = text.get("opacity") if kind == "text" else params.get("opacity")
    initial |= {name: text[name] for name in TEXT if name in text}
    for name in (*LENGTHS, "size"):
        value = text.get("size") if name == "size" else params.get(name)
        if value is not None:
            share = isinstance(value, float)
            initial[name], initial[f"{name}_unit"] = (round(value * 100, 4) if share else value), "%" if share else "px"
    return {name: int(value) if isinstance(value, float) and value.is_integer() else value for name, value in initial.items()}


class GroundForm(forms.Form):
    """What the preview lies over. Nothing of it is saved."""

    ground = forms.ChoiceField(label=gettext_lazy("Background"), required=False)
    at = _number(gettext_lazy("At"), 0, 86_399, help_text=gettext_lazy("Empty: a third of the way in."))
    frame = forms.FileField(label=gettext_lazy("Background of your own"), required=False, help_text=gettext_lazy("A still picture."))
    sample = forms.FileField(label=gettext_lazy("Sample image"), required=False, help_text=gettext_lazy("Only for this preview; it is not saved."))
    ratio = forms.ChoiceField(label=gettext_lazy("Canvas"), choices=RATIOS, required=False, initial="16:9")
    side = forms.ChoiceField(label=gettext_lazy("Size"), choices=SIDES, required=False, initial="360")

    def __init__(self, *args: Any, media: list[tuple[str, str]], **kwargs: Any) -> None:
        """``media``: id and name of those that are offered."""
        super().__init__(*args, **kwargs)
        charts = [("light", _("Test chart, light")), ("dark", _("Test chart, dark")), ("busy", _("Test chart, busy"))]
        self.fields["ground"].choices = [*media, *charts]  # type: ignore[attr-defined]
        self.fields["ground"].initial = media[0][0] if media else "light"
