"""The form of a snapshot or sprite job: input, pipeline, and the fields of its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from jobs.engine import grid as grids
from jobs.engine.errors import JobError
from jobs.engine.kinds import sprite as sprite_kind
from jobs.engine.kinds.snapshot import INTERVAL_USUAL, amount, end_of
from jobs.engine.rules.sprite import most_px
from jobs.engine.spec import JOB_SPEC, SNAPSHOTS_MAX, SpriteSpec
from jobs.models import Pipeline
from templates_app.snapshots.forms import GRID, SPRITES, PictureForm
from templates_app.snapshots.words import MODES

if TYPE_CHECKING:
    from jobs.engine.grid import Grid
    from jobs.engine.probe import Probe

IMAGES = "images"
IMAGES_MAX = 1000
WIDE = 8192
"""px; beyond this some browsers and phones refuse to draw a picture."""


@dataclass(frozen=True)
class Sketch:
    """What a form would give, for people. ``grid``: of a sheet, where its size is known."""

    text: str = ""
    warning: str = ""
    grid: Grid | None = None

    @property
    def pitch(self) -> tuple[int, int]:
        """px from one cell to the next one, across and down."""
        return (self.grid.cell_width + self.grid.padding, self.grid.cell_height + self.grid.padding) if self.grid else (1, 1)

    @property
    def inner(self) -> tuple[int, int]:
        """px of a sheet within its margins."""
        return (self.grid.width - 2 * self.grid.margin, self.grid.height - 2 * self.grid.margin) if self.grid else (1, 1)


def _amount(number: int) -> str:
    return gettext("Will give 1 image.") if number == 1 else gettext("Will give about %(n)s images.") % {"n": number}


class SnapshotForm(PictureForm):
    """Input, mode with its fields, size, format and where the pictures go. Given pictures stand in the place of an input."""

    use_required_attribute = False  # the browser would ask for fields of other modes, which cannot be seen
    images = forms.CharField(
        label=_("Pictures"), required=False, max_length=1_200_000, strip=False, widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=_("An address in each line, in the order of the cells: oss://bucket/key. PNG, JPEG, WebP or GIF; at most 1,000."),
    )  # fmt: skip
    input = forms.CharField(
        label=_("Input file"), max_length=1200, strip=False, help_text=_("An address: oss://bucket/key. Browse, paste, or take a recent one.")
    )
    pipeline = forms.ChoiceField(label=_("Pipeline"), help_text=_("Snapshots take no slot of it."))
    overwrite = forms.BooleanField(label=_("Replace existing objects"), required=False, initial=True)
    set_cover = forms.BooleanField(label=_("Set as cover of the media"), required=False)
    token = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mode"].choices = (*MODES, (IMAGES, _("Given pictures on sheets")))  # type: ignore[attr-defined]
        self.fields["input"].required = self["mode"].value() != IMAGES
        self.fields["images"].widget.attrs.update(placeholder="oss://output/clip-00001.jpg")
        self.fields["pipeline"].choices = [(name, name) for name in Pipeline.objects.order_by("name").values_list("name", flat=True)[:500]]  # type: ignore[attr-defined]
        self.fields["input"].widget.attrs.update(spellcheck="false", autocomplete="off", placeholder="oss://input/clip.mp4")

    def clean_images(self) -> list[str]:
        """Addresses, one in each line."""
        found = [line.strip() for line in self.cleaned_data["images"].splitlines() if line.strip()]
        if len(found) > IMAGES_MAX:
            raise forms.ValidationError(gettext("At most %(n)s pictures.") % {"n": IMAGES_MAX})
        return found

    def clean(self) -> dict[str, Any]:
        """Also what given pictures need."""
        said = super().clean()
        if said.get("mode") == IMAGES:
            if not said.get("images") and "images" not in self.errors:
                self.add_error("images", gettext("Name at least one picture."))
            if not (said.get("sheets") or "").strip():
                self.add_error("sheets", gettext("Say where the sheets go."))
            if said.get("format") == "avif":
                self.add_error("format", gettext("Sheets can be JPEG, PNG or WebP."))
        return said

    @property
    def is_sprite(self) -> bool:
        """Whether it asks for sheets."""
        return super().is_sprite or self._given

    @property
    def _given(self) -> bool:
        return hasattr(self, "cleaned_data") and self.cleaned_data.get("mode") == IMAGES

    def params(self) -> dict[str, Any]:
        """What a job of this mode says, without its input. Only of a form without errors."""
        if not self._given:
            return super().params()
        said = self.cleaned_data
        names = (*GRID, "format", "quality")
        scale = said["scale_type"] or "stretch"  # as the field is labelled; what is not said means something else here
        params = {"mode": IMAGES, "images": said["images"], "output": said["sheets"].strip(), "scale_type": scale}
        return params | {name: said[name] for name in names if said[name] not in (None, "")}

    def document(self) -> dict[str, Any]:
        """The request as the JSON interface takes it."""
        said = self.cleaned_data
        document = {"kind": "sprite" if self.is_sprite else "snapshot", "pipeline": said["pipeline"], **self.params()}
        if not self._given:
            document["input"] = said["input"].strip()
        document["output"] = {"address": document["output"], "overwrite": said["overwrite"]}
        if said["mode"] == "single" and said["set_cover"]:
            document["set_cover"] = True
        return document

    def sketch(self, probe: Probe | None) -> Sketch:
        """How many pictures it will give, as far as the fields and the input's media info tell it."""
        self.is_valid()
        if self.cleaned_data.get("mode") in SPRITES:
            return self._sheets(probe)
        if self._given:
            return self._of_given()
        return Sketch(self._pictures(end_of(probe) if probe and probe.picture else None))

    def _of_given(self) -> Sketch:
        """Sheets of given pictures."""
        said = self.cleaned_data
        number = len(said.get("images") or ())
        numbers = [said.get(name) for name in ("columns", "rows", "cell_width", "cell_height", "margin", "padding")]
        if not number or None in numbers:
            return Sketch(gettext("The size of the sheets follows the first picture.") if number else "")
        try:
            grid = grids.fitted(grids.Grid(*numbers), number, grids.SIDE_MAX)  # type: ignore[arg-type]
        except JobError as error:
            return Sketch(warning=error.message)
        return self._told(grid, number)

    def _pictures(self, seconds: float | None) -> str:
        said = self.cleaned_data
        mode, start = said.get("mode"), said.get("time") or 0.0
        number: int | None = None
        if mode == "single":
            number = 1
        elif mode == "times":
            number = len({time for time in said.get("times") or () if seconds is None or time < seconds}) or None
        elif mode == "average" or (mode == "series" and said.get("interval") == 0 and said.get("count")):
            number = said.get("count")
        elif mode == "series" and seconds is not None:
            number = min(amount(start, seconds, said.get("interval") or INTERVAL_USUAL), said.get("count") or SNAPSHOTS_MAX)
        elif mode in ("series", "frames", "keyframes") and said.get("count"):
            return gettext("Will give at most %(n)s images.") % {"n": said["count"]}
        if number is None:
            return ""
        return _amount(number)

    def _sheets(self, probe: Probe | None) -> Sketch:
        spec = self._spec()
        if spec is None:
            return Sketch()
        try:
            grid = sprite_kind.grid(spec, probe) if probe else _said(spec)
            if grid is None:
                return Sketch(gettext("The size of the sheets follows the video."))
            number = sprite_kind.ticks(spec, end_of(probe)).number if probe and end_of(probe) else None
            grid = grids.fitted(grid, number or grid.per_sheet, most_px(spec))
        except JobError as error:
            return Sketch(warning=error.message)
        return self._told(grid, number)

    @staticmethod
    def _told(grid: Grid, number: int | None) -> Sketch:
        """Size and number of sheets, in words."""
        size = f"{number_format(grid.width, force_grouping=True)} × {number_format(grid.height, force_grouping=True)} px"
        text = gettext("Each sheet: %(size)s.") % {"size": size}
        if number is not None:
            sheets = grid.sheets(number)
            text = _amount(number) + " " + ngettext("%(n)s sheet of %(size)s.", "%(n)s sheets of %(size)s.", sheets) % {"n": sheets, "size": size}
        large = max(grid.width, grid.height) > WIDE
        return Sketch(text, gettext("Over 8,192 px a side some browsers and phones do not show a picture.") if large else "", grid)

    def _spec(self) -> SpriteSpec | None:
        """The request as far as it stands; None while something in it cannot be."""
        if set(self.errors) - {"input", "output", "sheets", "index", "pipeline", "singles"}:
            return None
        try:
            spec = JOB_SPEC.validate_python(
                {**self._sprite_now(), "kind": "sprite", "input": "oss://input/x", "output": "oss://output/{TileCount}.jpg"}, strict=False
            )
        except ValueError:
            return None
        return spec if isinstance(spec, SpriteSpec) else None

    def _sprite_now(self) -> dict[str, Any]:
        said = {name: self.cleaned_data.get(name) for name in self.fields} | {"output": "", "sheets": "", "index": ""}
        return self._sprite(said) | ({"singles": "oss://output/{Count}.jpg"} if self._singles(said) else {})


def _said(spec: SpriteSpec) -> Grid | None:
    """The grid of cells that both sides were given of."""
    width, height = (spec.cell_width, spec.cell_height) if spec.cell_width or spec.cell_height else (spec.width, spec.height)
    return grids.Grid(spec.columns, spec.rows, width, height, spec.margin, spec.padding) if width and height else None
