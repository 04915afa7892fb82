"""A form made of pydantic models: groups of values, rows of groups, groups within rows, as deep as the models go. One mechanism for all of them.

``TreeForm`` grows its fields out of the model, draws them as views, and reads them back into JSON that the engine takes: only what was said.
In a loose form (the overrides of a job) everything may be empty, which means «as the template says»; rows and groups replace the template's whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from jobs.engine.template import Template
from templates_app.fields import UNSAID, engine_value, form_field, marked, text_of
from templates_app.rows import MARKER, numbers
from templates_app.schema import Group, Leaf, Node, Rows, nodes
from templates_app.words import Shown, shown, word

if TYPE_CHECKING:
    from jobs.engine.types import Strict

SET, NOTHING = "set", "none"
UNSAY = "--unsay"  # behind the name of a field: its box «leave it out», where the template says something
# What a row or a group shows at once; the rest is behind «More».
MAIN: dict[str, tuple[str, ...]] = {
    "Rung": ("name", "video"),
    "Rung.video": ("short_side", "width", "height", "crf", "bitrate_kbps", "maxrate_kbps", "bufsize_kbit"),
    "Rung.audio": ("codec", "bitrate_kbps", "channels"),
    "AudioTrack": ("input", "stream", "select_language", "language", "title", "default", "codec", "bitrate_kbps", "remove"),
    "SubtitleFile": ("address", "charset", "language", "burn"),
    "Watermark": ("template", "image", "text", "corner", "dx", "dy", "width", "height"),
    "Watermark.text": ("content", "size", "color"),
}


# Groups whose choice is the value of one field in it: instead of «as given here» stand that field's own choices.
CHOSEN_BY = {"Video.narrowband": "method"}
BESIDE = {"slider": "console/_slider.html", "swap": "templates_app/_swap.html"}


class _Missing:
    """Nothing was said."""


MISSING = _Missing()


@dataclass
class FieldView:
    """One field on the page. ``was``: what the template says, in a loose form."""

    form: TreeForm
    path: str
    shown: Shown
    when: str = ""
    was: str = ""
    unsay: str = ""
    kind: ClassVar[str] = "field"

    @property
    def unsaid(self) -> forms.BoundField | None:
        """The box that unsays what the template says; None: there is none."""
        return self.form[self.unsay] if self.unsay else None

    @property
    def bound(self) -> forms.BoundField:
        """Django's side of it."""
        return self.form[self.path]

    @property
    def wide(self) -> bool:
        """Whether it needs a line of its own."""
        return isinstance(self.bound.field.widget, forms.Textarea | forms.RadioSelect) or "data-address" in self.bound.field.widget.attrs

    @property
    def beside(self) -> str:
        """The template of what stands beside it; empty: nothing does."""
        return BESIDE.get(self.shown.look, "")

    @property
    def pictures(self) -> str:
        """How the names of the icons of its choices begin; empty: they have none."""
        return f"{self.path.rpartition('.')[2]}-" if self.shown.look == "pictures" else ""

    @property
    def says(self) -> bool:
        """Whether it holds something, or something wrong."""
        value = self.bound.value()
        if self.unsaid is not None and self.unsaid.value():
            return True
        return bool(self.bound.errors) or (value not in (None, UNSAID, False) and str(value) != str(self.bound.field.initial or ""))


@dataclass
class GroupView:
    """Fields that belong together. ``choice``: whether there is such a group at all."""

    path: str
    shown: Shown
    when: str = ""
    choice: FieldView | None = None
    children: list[View] = field(default_factory=list)
    more: list[View] = field(default_factory=list)
    inner_when: str = ""
    kind: ClassVar[str] = "group"

    @property
    def says(self) -> bool:
        """Whether something in it does."""
        return bool(self.choice and self.choice.says) or any(view.says for view in self.children) or self.more_says

    @property
    def more_says(self) -> bool:
        """Whether something behind «More» says something, or something wrong."""
        return any(view.says for view in self.more)


@dataclass
class RowView:
    """One row: its number in names, its position for people."""

    name: str
    index: int
    number: int
    children: list[View]
    more: list[View]

    @property
    def more_says(self) -> bool:
        """Whether something behind «More» says something."""
        return any(view.says for view in self.more)


@dataclass
class RowsView:
    """A list of rows. ``name`` is the place with the form's prefix, for the buttons and the markers."""

    form: TreeForm
    path: str
    name: str
    shown: Shown
    most: int
    when: str = ""
    mode: FieldView | None = None
    rows: list[RowView] = field(default_factory=list)
    kind: ClassVar[str] = "rows"

    @property
    def marker(self) -> str:
        """Name of the hidden field of each row."""
        return self.name + MARKER

    @property
    def one(self) -> Any:
        """What a single row is called."""
        return self.shown.one or self.shown.label

    @property
    def element(self) -> str:
        """Id of the part of the page that a button replaces."""
        return "rows-" + self.name.replace(".", "-")

    @property
    def full(self) -> bool:
        """Whether no row can be added."""
        return len(self.rows) >= self.most

    @property
    def says(self) -> bool:
        """Whether there are any."""
        return bool(self.rows) or bool(self.mode and self.mode.says)


View = FieldView | GroupView | RowsView


def _given(reason: str) -> str:
    """The choice that shows the fields of a group; ``reason``: why it cannot be done here."""
    return f"{_('As given here')} — {reason}" if reason else str(_("As given here"))


class TreeForm(forms.Form):
    """A form over ``model``. After validation ``said`` is what was said, as JSON."""

    model: ClassVar[type[Strict]] = Template
    roots: ClassVar[tuple[str, ...]] = ()
    loose: ClassVar[bool] = False

    def __init__(
        self,
        data: Any = None,
        *,
        params: Mapping[str, Any] | None = None,
        base: Mapping[str, Any] | None = None,
        marks: Mapping[str, str] | None = None,
        quiet: bool = False,
        **kwargs: Any,
    ) -> None:
        """``params``: what it starts with; ``base``: the template that overrides are laid over; ``marks``: choices that no worker can do, with the
        reason; ``quiet``: show what was sent, judge nothing."""
        super().__init__(data, **kwargs)
        self.params, self.base_params, self.marks, self.quiet = params or {}, base or {}, marks or {}, quiet
        self.said: dict[str, Any] = {}
        self.views: dict[str, View] = {}
        self._numbers: dict[str, list[int]] = {}
        chosen = [row for row in nodes(self.model) if not self.roots or row.name in self.roots]
        self._tops = tuple(chosen)
        self.top = self._grow(self._tops, "", self.params, self.base_params, loose=self.loose, inside=False)

    # --- growing --------------------------------------------------------------------------------------------------------
    def _grow(self, rows: tuple[Node, ...], prefix: str, given: Any, base: Any, *, loose: bool, inside: bool) -> list[View]:
        values = given if isinstance(given, Mapping) else {}
        bases = base if isinstance(base, Mapping) else {}
        found: list[View] = []
        for row in rows:
            path, value, was = prefix + row.name, values.get(row.name), bases.get(row.name)
            view: View
            if isinstance(row, Leaf):
                view = self._leaf(row, path, value, was, loose=loose, unsaid=row.name in values and value is None)
            elif isinstance(row, Group):
                view = self._group(row, path, value, was, loose=loose, inside=inside)
            else:
                view = self._rows(row, path, value, was, loose=loose)
            view.when = self._rule(view.shown.when, prefix, inside=inside)
            self.views[path] = view
            found.append(view)
        return found

    def _leaf(self, leaf: Leaf, path: str, value: Any, was: Any, *, loose: bool, unsaid: bool) -> FieldView:
        made = form_field(leaf, loose=loose, bare=not self.base_params, was=was, marks=self.marks)
        self.fields[path] = made
        if value is not None:
            self.initial[path] = value if isinstance(made, forms.BooleanField) else text_of(leaf, value)
        view = FieldView(self, path, shown(leaf.owner, leaf.name), was=text_of(leaf, was) if loose else "")
        if loose and leaf.unsaid and was is not None:
            view.unsay = path + UNSAY
            self.fields[view.unsay] = forms.BooleanField(label=_("Leave it out"), required=False, initial=unsaid)
        return view

    def _group(self, row: Group, path: str, value: Any, was: Any, *, loose: bool, inside: bool) -> GroupView:
        words = shown(row.owner, row.name)
        view = GroupView(path, words)
        whole, by = not (row.unsaid or row.words), _chooser(row)  # whole: a section that is always there
        if not whole:
            named = [(one, marked(row.name, one, word(row.owner, row.name, one), self.marks)) for one in row.words]
            empty = _("as template") if loose and self.base_params else _("Off") if by else _("Not said") if loose or row.words else _("None")
            shapes = [(str(one), word(by.owner, by.name, one)) for one in by.choices] if by else [(SET, _given(self.marks.get(row.name, "")))]
            choices = [(UNSAID, empty), *named, *shapes, *([(NOTHING, _("Off") if by else _("Not said"))] if loose else [])]
            self.fields[path] = forms.ChoiceField(label=words.label, help_text=words.help, choices=choices, required=False)
            if value is not None:
                self.initial[path] = value if isinstance(value, str) else str(value[by.name]) if by else SET
            view.choice = FieldView(self, path, words)
            view.inner_when = f"{self.add_prefix(path)}={','.join(name for name, _label in shapes)}"
        children = self._grow(_inner(row), f"{path}.", value, was, loose=loose and whole, inside=inside or not whole or row.owner is not self.model)
        view.children, view.more = _split(children, MAIN.get(f"{row.owner.__name__}.{row.name}"))
        return view

    def _rows(self, row: Rows, path: str, value: Any, was: Any, *, loose: bool) -> RowsView:
        words = shown(row.owner, row.name)
        view = RowsView(self, path, self.add_prefix(path), words, row.most)
        if loose:
            count = len(was or ())
            empty = _("as template: %(value)s") % {"value": count} if count else _("as template") if self.base_params else _("None")
            choices = [(UNSAID, empty), (SET, _("These instead"))]
            self.fields[path] = forms.ChoiceField(label=_("Rows"), choices=choices, required=False)
            if value is not None:
                self.initial[path] = SET
            view.mode = FieldView(self, path, words)
        given: list[Any] = list(value or ()) if not self.is_bound else []
        found = numbers(self.data, view.name) if self.is_bound else list(range(len(given)))
        self._numbers[path] = found[: row.most]
        for position, index in enumerate(self._numbers[path]):
            children = self._grow(nodes(row.model), f"{path}.{index}.", given[position] if given else None, None, loose=False, inside=True)
            shown_now, more = _split(children, MAIN.get(row.model.__name__))
            view.rows.append(RowView(f"{view.name}.{index}", index, position + 1, shown_now, more))
        return view

    def _rule(self, rule: str, prefix: str, *, inside: bool) -> str:
        """The rule with full names. Inside rows and groups only what is said of neighbours holds."""
        parts = []
        for part in rule.split(";") if rule else ():
            if part.startswith("."):
                parts.append(self.add_prefix(prefix + part[1:]))
            elif not inside:
                parts.append(self.add_prefix(part))
        return ";".join(parts)

    # --- reading --------------------------------------------------------------------------------------------------------
    def full_clean(self) -> None:
        """A quiet form judges nothing."""
        if self.quiet:
            self._errors, self.cleaned_data = forms.utils.ErrorDict(), {}
            return
        super().full_clean()

    def clean(self) -> dict[str, Any]:
        """Put together what was said; mistakes of single values go to their fields."""
        cleaned = super().clean() or self.cleaned_data
        self.said = self._section(self._tops, "", self.params, cleaned, loose=self.loose, strict=not self.loose)
        return cleaned

    def _section(self, rows: tuple[Node, ...], prefix: str, before: Any, cleaned: dict[str, Any], *, loose: bool, strict: bool) -> dict[str, Any]:
        earlier = before if isinstance(before, Mapping) else {}
        found: dict[str, Any] = {}
        for row in rows:
            path = prefix + row.name
            value: Any
            if isinstance(row, Leaf):
                value = self._said(row, path, cleaned, loose=loose, kept=row.name in earlier)
                if value is MISSING and row.required and strict and path not in self.errors:
                    self.add_error(path, _("This field is required."))
            elif isinstance(row, Group):
                value = self._said_group(row, path, earlier.get(row.name), cleaned, loose=loose)
            else:
                value = self._said_rows(row, path, cleaned)
            if value is not MISSING:
                found[row.name] = value
        return found

    def _said(self, leaf: Leaf, path: str, cleaned: dict[str, Any], *, loose: bool, kept: bool) -> Any:
        try:
            value = engine_value(leaf, cleaned.get(path))
        except ValueError as error:
            self.add_error(path, str(error))
            return MISSING
        if value is None and cleaned.get(path + UNSAY):
            return None
        if value is None or (not loose and not kept and not leaf.unsaid and not leaf.required and value == leaf.default):
            return MISSING
        return value

    def _said_group(self, row: Group, path: str, before: Any, cleaned: dict[str, Any], *, loose: bool) -> Any:
        whole = not (row.unsaid or row.words)
        mode = SET if whole else cleaned.get(path, UNSAID)
        if mode in row.words:
            return mode
        if mode == NOTHING:
            return None
        if by := _chooser(row):
            if mode == UNSAID:
                return MISSING
            return {by.name: engine_value(by, mode), **self._section(_inner(row), f"{path}.", before, cleaned, loose=False, strict=True)}
        sent = whole or mode == SET or any(name.startswith(f"{path}.") and value not in (None, UNSAID, [], False) for name, value in self._typed(path, cleaned))
        if not sent:
            return MISSING
        partial = (whole and loose) or (loose and isinstance(self.base_params.get(path), Mapping))  # laid over the template's field by field
        inner = self._section(nodes(row.model), f"{path}.", before, cleaned, loose=loose and whole, strict=not partial)
        return inner if inner or not whole else MISSING

    def _typed(self, path: str, cleaned: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """Values of a group that differ from what the page had put there."""
        for name, value in cleaned.items():
            if name.startswith(f"{path}.") and self.data.get(self.add_prefix(name)) != (self.fields[name].initial or None):
                yield name, value

    def _said_rows(self, row: Rows, path: str, cleaned: dict[str, Any]) -> Any:
        rows = [
            self._section(nodes(row.model), f"{path}.{index}.", None, cleaned, loose=False, strict=True) for index in self._numbers[path]
        ]  # a row is said by being there
        return rows if rows or cleaned.get(path) == SET else MISSING

    # --- mistakes that come from elsewhere --------------------------------------------------------------------------------
    def field_of(self, loc: tuple[int | str, ...]) -> str:
        """The field of a place that a service names, as far as there is one: («ladder», 1, «video», «crf»), («watermarks», 0)."""
        parts = [part for part in loc if part not in ("params", "overrides")]
        path, best = "", ""
        for part in parts:
            rows = self._numbers.get(path)
            name = str(rows[part]) if rows is not None and isinstance(part, int) and part < len(rows) else str(part)
            longer = f"{path}.{name}" if path else name
            if longer in self.fields or any(known.startswith(f"{longer}.") for known in self.fields):
                path = longer  # names of types that pydantic puts in between are no fields, and are passed over
                best = path if path in self.fields else best
        return best or next((name for name in self.fields if path and name.startswith(f"{path}.")), "")


def _chooser(row: Group) -> Leaf | None:
    """The field in a group that its choice stands for."""
    name = CHOSEN_BY.get(f"{row.owner.__name__}.{row.name}")
    return next((one for one in nodes(row.model) if isinstance(one, Leaf) and one.name == name), None)


def _inner(row: Group) -> tuple[Node, ...]:
    """What a group shows behind its choice."""
    return tuple(one for one in nodes(row.model) if one != _chooser(row))


def _split(views: list[View], main: tuple[str, ...] | None) -> tuple[list[View], list[View]]:
    """What is seen at once, in that order, and the rest."""
    if main is None:
        return views, []
    by_name = {view.path.rpartition(".")[2]: view for view in views}
    return [by_name[name] for name in main if name in by_name], [view for name, view in by_name.items() if name not in main]
