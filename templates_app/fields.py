"""Form fields of the engine's parameters. Limits and choices come from the engine, words from ``templates_app.words``.

The name of a field is its place in the engine's template (``video.crf``, ``watermarks.0.text.content``): one name from here to URL, form, error
and column.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from console.error_texts import translated
from console.lib.problems import sentence
from jobs.engine.address import Address
from jobs.engine.template import Template
from templates_app.schema import Leaf, Node, leaves, node
from templates_app.words import Shown, shown, word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise as Text

UNSAID = ""
YES_NO = {"yes": True, "no": False}
FORMATS: dict[str, Text | str] = {
    str(value): word(Template.model_fields["container"].annotation, "format", value)  # type: ignore[arg-type]  # the model Container
    for value in node("container.format").choices  # type: ignore[union-attr]  # a choice
}
LABELS: dict[str, Text | str] = {
    **{name: shown(node(name).owner, node(name).name).label for name in leaves()},
    **{name: shown(Template, name).label for name in ("audios", "watermarks", "delogos", "ladder", "encryption")},
    **{name: shown(node(name).owner, node(name).name).label for name in ("video.crop", "video.pad", "audio.loudness", "subtitle.files", "edit.before", "edit.after", "edit.openings", "edit.tails")},
}  # fmt: skip
_TIME = re.compile(r"(?:(?:(\d{1,2}):)?(\d{1,2}):)?(\d{1,5}(?:[.,]\d{1,3})?)\Z")
_LENGTH = re.compile(r"(\d{1,5}(?:[.,]\d{1,6})?)\s*(px|%)?\Z", re.IGNORECASE)
_LIST = re.compile(r"[,;，、\s]+")
_PATTERNS = {
    "color": _("Write #RRGGBB or the name of a colour."),
    "outline_color": _("Write #RRGGBB or the name of a colour."),
    "background": _("Write #RRGGBB or the name of a colour."),
    "key": _("Write 32 hexadecimal digits."),
    "key_id": _("Write 32 hexadecimal digits."),
    "font": _("A font's name has no commas, braces or backslashes."),
    "name": _("Use a–z, 0–9 and -; at most 32 characters."),
}
# what the page offers to choose from while somebody types
_LISTS = {"template": "watermark-names", "language": "language-codes", "select_language": "language-codes"}
LANGUAGES = ("eng", "zho", "yue", "jpn", "kor", "spa", "fra", "deu", "rus", "por", "ita", "ara", "hin", "tha", "vie", "ind", "und")


class SecondsField(forms.CharField):
    """A time as hh:mm:ss.mmm or as seconds; cleaned to seconds, or None."""

    def clean(self, value: Any) -> float | None:
        """Read the time."""
        text = str(super().clean(value) or "").strip()
        if not text:
            return None
        match = _TIME.match(text)
        if not match:
            raise forms.ValidationError(_("Write hh:mm:ss.mmm or seconds."))
        hours, minutes, seconds = match.groups()
        return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds.replace(",", "."))


class LengthField(forms.CharField):
    """Pixels as a whole number («24», «24 px») or a share («12 %», «0.12»); cleaned to int, float or None."""

    def clean(self, value: Any) -> int | float | None:
        """Read the length."""
        text = str(super().clean(value) or "").strip()
        if not text:
            return None
        match = _LENGTH.match(text)
        if not match:
            raise forms.ValidationError(_("Write pixels (24) or a share (12 %)."))
        number, unit = match[1].replace(",", "."), (match[2] or "").lower()
        if unit == "%":
            return round(float(number) / 100, 8)
        if "." not in number:
            return int(number)
        if unit == "px":
            raise forms.ValidationError(_("Pixels are whole numbers."))
        return float(number)


class MixedField(forms.CharField):
    """A whole number, or one of a few words."""

    def clean(self, value: Any) -> int | str | None:
        """Read it; whether the word is known says the engine's type."""
        text = str(super().clean(value) or "").strip()
        return None if not text else int(text) if text.isdecimal() and len(text) < 6 else text


class ListField(forms.CharField):
    """Values with commas between them; cleaned to a list, empty where nothing was written."""

    def __init__(self, *, item: type, **kwargs: Any) -> None:
        self.item = item
        super().__init__(**kwargs)

    def clean(self, value: Any) -> list[Any]:
        """Read all of them."""
        words = [text for text in _LIST.split(str(super().clean(value) or "").strip()) if text]
        try:
            return [self.item(text) for text in words]
        except ValueError:
            raise forms.ValidationError(_("Write numbers with commas between them.")) from None


class AddressField(forms.CharField):
    """The address of an object."""

    def clean(self, value: Any) -> str:
        """Check its form; the text stays."""
        text = str(super().clean(value) or "").strip()
        if text:
            try:
                Address.parse(text)
            except ValueError as error:
                raise forms.ValidationError(translated(str(error))) from None
        return text


def words_of(leaf: Leaf) -> Shown:
    """Label, help and unit of a value."""
    return shown(leaf.owner, leaf.name)


def form_field(leaf: Leaf, *, loose: bool = False, bare: bool = False, was: Any = None, marks: Mapping[str, str] | None = None) -> forms.Field:
    """The form field of a value. ``loose``: everything may be empty, which means «as the template says» (``was``), or, where there
    is none (``bare``), that nothing is said; ``marks``: choice («codec=av1») or name of a field → why it cannot be done here."""
    words, marks = words_of(leaf), marks or {}
    common: dict[str, Any] = {"label": words.label, "help_text": words.help, "required": False}
    if leaf.name in marks and leaf.kind != "choice":
        common["help_text"] = f"{words.help} ({marks[leaf.name]})" if words.help else marks[leaf.name]
    if leaf.kind == "bool" and not loose and not leaf.unsaid and leaf.default is False:
        return forms.BooleanField(**common)
    if words.look == "pictures":
        common["widget"] = forms.RadioSelect
    if leaf.kind in ("bool", "choice"):
        return _choice(leaf, common, loose=loose, bare=bare, was=was, marks=marks)
    field = _written(leaf, common, words)
    if leaf.name in _LISTS:
        field.widget.attrs["list"] = _LISTS[leaf.name]
    if loose:
        field.widget.attrs["placeholder"] = text_of(leaf, was)
    elif leaf.default is not None and leaf.default != ():
        field.widget.attrs["placeholder"] = text_of(leaf, leaf.default)
    return field


def marked(field: str, value: str, name: Text | str, marks: Mapping[str, str]) -> Text | str:
    """The name of a choice with the reason why it cannot be done here, if there is one."""
    reason = marks.get(f"{field}={value}") or marks.get(field)
    return f"{name} — {reason}" if reason else name


def _choice(leaf: Leaf, common: dict[str, Any], *, loose: bool, bare: bool, was: Any, marks: Mapping[str, str]) -> forms.Field:
    if leaf.kind == "bool":
        choices: list[tuple[str, Any]] = [("yes", _("Yes")), ("no", _("No"))]
    else:
        named = [(str(value), word(leaf.owner, leaf.name, value)) for value in leaf.choices]
        choices = [(value, marked(leaf.name, value, name, marks)) for value, name in named]
    if loose and bare:
        return forms.ChoiceField(choices=[(UNSAID, _("Choose") if leaf.required else _("Not said")), *choices], **common)
    if loose:
        said = text_of(leaf, was)
        names = dict(choices)
        empty = _("as template: %(value)s") % {"value": names.get(said, said)} if said else _("as template")
        return forms.ChoiceField(choices=[(UNSAID, empty), *choices], **common)
    if leaf.unsaid or leaf.required:
        empty = _("Not said") if leaf.unsaid else _("Choose")
        return forms.ChoiceField(choices=[(UNSAID, empty), *choices], **common)
    return forms.ChoiceField(choices=choices, initial=text_of(leaf, leaf.default), **common)


def _written(leaf: Leaf, common: dict[str, Any], words: Shown) -> forms.Field:
    """A field that is typed into."""
    field: forms.Field
    if words.time:
        field = SecondsField(max_length=20, **common)
        field.widget.attrs.update(size=14, **{"class": "is-short"}, inputmode="decimal")
    elif leaf.kind in ("int", "float"):
        limits: dict[str, Any] = {"min_value": leaf.least, "max_value": leaf.most}
        field = forms.IntegerField(**common, **limits) if leaf.kind == "int" else forms.FloatField(**common, **limits)
        if leaf.kind == "float":
            field.widget.attrs["step"] = "any"
    elif leaf.kind == "length":
        field = LengthField(max_length=16, **common)
        field.widget.attrs.update(size=10, **{"class": "is-short"}, inputmode="decimal")
    elif leaf.kind == "mixed":
        field = MixedField(max_length=16, **common)
        field.widget.attrs.update(size=10, **{"class": "is-short"})
    elif leaf.kind == "list":
        field = ListField(item=leaf.item or str, max_length=512, **common)
    elif leaf.kind == "address":
        field = AddressField(max_length=1200, **common)
        field.widget.attrs.update(spellcheck="false", autocomplete="off", placeholder="oss://…", **{"data-address": ""})
    else:
        field = forms.CharField(max_length=leaf.longest or 1024, strip=leaf.name != "content", **common)
        if leaf.name == "content":
            field.widget = forms.Textarea(attrs={"rows": 2, "maxlength": leaf.longest})
        elif (leaf.longest or 99) <= 64 or leaf.name in _PATTERNS or leaf.name.endswith("language"):
            field.widget.attrs.update(**{"class": "is-short"}, spellcheck="false")
    return field


def text_of(leaf: Leaf, value: Any) -> str:
    """A value of the engine as it stands in the form: «23», «12 %», «yes», «1, 2»; empty for nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if leaf.kind == "length" and isinstance(value, float):
        return f"{_plain(value * 100)} %"
    if isinstance(value, list | tuple):
        return ", ".join(_plain(item) for item in value)
    return _plain(value)


def _plain(value: Any) -> str:
    """23.0 is shown as 23."""
    return f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def engine_value(leaf: Leaf, value: Any) -> Any:
    """A cleaned form value as the engine takes it, as JSON. Raises ValueError with a sentence for people; None: nothing was said."""
    if value is None or value == UNSAID or value == []:
        return None
    if leaf.kind == "bool":
        return YES_NO.get(value, value)
    if leaf.kind == "choice":
        return next((choice for choice in leaf.choices if str(choice) == value), value)
    try:
        read = leaf.read(value)
    except ValueError as error:  # pydantic's is one
        raise ValueError(_sentence(leaf, error)) from None
    return value if leaf.kind == "address" else list(read) if leaf.kind == "list" else read


def _sentence(leaf: Leaf, error: Any) -> str:
    """What pydantic says, for people."""
    row = error.errors(include_url=False, include_context=True, include_input=False)[0]
    if row["type"] == "string_pattern_mismatch" and leaf.name in _PATTERNS:
        return str(_PATTERNS[leaf.name])
    if leaf.kind == "mixed":
        return str(_("Write a whole number, or one of: %(words)s.") % {"words": ", ".join(map(str, leaf.choices))})
    return translated(sentence(row["type"], row["msg"], row.get("ctx")))


__all__ = [
    "FORMATS", "LABELS", "UNSAID", "AddressField", "Leaf", "LengthField", "ListField", "MixedField", "Node", "SecondsField", "engine_value", "form_field",
    "text_of", "words_of",
]  # fmt: skip
