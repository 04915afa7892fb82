"""The forms of jobs that look at a video: inspect, cover, preview. Each makes the request that the JSON interface takes."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from jobs.engine.spec import MEASURES
from jobs.inspecting.words import MEASURE_NAMES
from jobs.models import Pipeline

COVER_PATTERN = "oss://output/{ObjectPrefix}{FileName}-cover-{Count}.jpg"
PREVIEW_PATTERN = "oss://output/{ObjectPrefix}{FileName}-preview.webp"
PREVIEW_FORMATS = (("", _("As the address ends, else MP4")), ("gif", "GIF"), ("webp", "WebP"), ("mp4", "MP4"))


class AnalysisForm(forms.Form):
    """What all of them ask: the input and the pipeline. ``sections``: (heading, [(field, unit)]) in the order of the page."""

    kind: ClassVar[str]
    sections: ClassVar[tuple[tuple[Any, tuple[tuple[str, str], ...]], ...]] = ()

    input = forms.CharField(
        label=_("Input file"), max_length=1200, strip=False, help_text=_("An address: oss://bucket/key. Browse, paste, or take a recent one.")
    )
    pipeline = forms.ChoiceField(label=_("Pipeline"), help_text=_("This job takes no slot of it."))
    token = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pipeline"].choices = [(name, name) for name in Pipeline.objects.order_by("name").values_list("name", flat=True)[:500]]  # type: ignore[attr-defined]
        self.fields["input"].widget.attrs.update(spellcheck="false", autocomplete="off", placeholder="oss://input/clip.mp4")
        if "output" in self.fields:
            self.fields["output"].widget.attrs.update(spellcheck="false", autocomplete="off")

    def shown_sections(self) -> list[tuple[Any, list[tuple[forms.BoundField, str]]]]:
        """The sections with their fields."""
        return [(heading, [(self[name], unit) for name, unit in fields]) for heading, fields in self.sections]

    def document(self) -> dict[str, Any]:
        """The request as the JSON interface takes it; what is empty is not said."""
        said = self.cleaned_data
        document: dict[str, Any] = {"kind": self.kind, "pipeline": said["pipeline"], "input": said["input"].strip()}
        if "output" in said:
            document["output"] = {"address": said["output"].strip(), "overwrite": said["overwrite"]}
        known = {*AnalysisForm.base_fields, "output", "overwrite"}
        return document | {name: value for name, value in said.items() if name not in known and value not in (None, "")}


class InspectForm(AnalysisForm):
    """What to look for, and from when on it counts."""

    kind = "inspect"
    sections = (
        (_("What to look for"), (("measures", ""),)),
        (
            _("What counts"),
            (
                ("scene_threshold", ""),
                ("black_seconds", "s"),
                ("black_share", "%"),
                ("black_threshold", "%"),
                ("freeze_seconds", "s"),
                ("freeze_noise_db", "dB"),
                ("silence_seconds", "s"),
                ("silence_db", "dB"),
            ),
        ),
    )

    measures = forms.MultipleChoiceField(
        label=_("Measures"),
        choices=list(MEASURE_NAMES.items()),
        initial=list(MEASURES),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What the file does not have is left out."),
    )
    scene_threshold = forms.FloatField(
        label=_("Scene cuts: difference"), required=False, min_value=1, max_value=100, initial=10, help_text=_("1 to 100; less finds more cuts.")
    )
    black_seconds = forms.FloatField(label=_("Black: at least"), required=False, min_value=0.04, max_value=3600, initial=0.5)
    black_share = forms.FloatField(label=_("Black: share of dark pixels"), required=False, min_value=30, max_value=100, initial=98)
    black_threshold = forms.FloatField(label=_("Black: brightness of a dark pixel"), required=False, min_value=0, max_value=100, initial=10)
    freeze_seconds = forms.FloatField(label=_("Still picture: at least"), required=False, min_value=0.1, max_value=3600, initial=2)
    freeze_noise_db = forms.FloatField(
        label=_("Still picture: noise"), required=False, min_value=-90, max_value=-10, initial=-60, help_text=_("Differences below this do not count.")
    )
    silence_seconds = forms.FloatField(label=_("Silence: at least"), required=False, min_value=0.1, max_value=3600, initial=1)
    silence_db = forms.FloatField(label=_("Silence: quieter than"), required=False, min_value=-90, max_value=-10, initial=-50)


class CoverForm(AnalysisForm):
    """How many pictures to look at, and where the best ones go."""

    kind = "cover"
    sections = (
        (_("Which pictures"), (("candidates", ""), ("keep", ""), ("set_cover", ""))),
        (_("Output"), (("output", ""), ("width", "px"), ("quality", ""), ("overwrite", ""))),
    )

    candidates = forms.IntegerField(
        label=_("Pictures to look at"), required=False, min_value=1, max_value=100, initial=24, help_text=_("Spread over the video; 1 to 100.")
    )
    keep = forms.IntegerField(
        label=_("Pictures to keep"),
        required=False,
        min_value=1,
        max_value=20,
        initial=6,
        help_text=_("The best one, and others to choose from; no two look alike."),
    )
    set_cover = forms.BooleanField(label=_("Make the best one the cover"), required=False, initial=True)
    output = forms.CharField(
        label=_("Output address"),
        max_length=1200,
        initial=COVER_PATTERN,
        help_text=_("Several pictures need {Count} in it. It ends with jpg, png, webp or avif."),
    )
    width = forms.IntegerField(label=_("Width"), required=False, min_value=8, max_value=4096, help_text=_("8 to 4096. Empty: as the source."))
    quality = forms.IntegerField(label=pgettext_lazy("of pictures", "Quality"), required=False, min_value=1, max_value=100, help_text=_("1 to 100. Empty: 90."))
    overwrite = forms.BooleanField(label=_("Replace existing objects"), required=False, initial=True)


class PreviewForm(AnalysisForm):
    """How long and how large it is, and where it goes."""

    kind = "preview"
    sections = (
        (_("Which parts"), (("shots", ""), ("seconds", "s"), ("candidates", ""))),
        (_("Output"), (("output", ""), ("format", ""), ("width", "px"), ("fps", "fps"), ("sound", ""), ("overwrite", ""))),
    )

    shots = forms.IntegerField(
        label=_("Shots"), required=False, min_value=1, max_value=12, help_text=_("1: one highlight. Empty: 5 in GIF and WebP, 1 in MP4.")
    )
    seconds = forms.FloatField(label=_("Length"), required=False, min_value=0.5, max_value=30, initial=5, help_text=_("Of all shots together."))
    candidates = forms.IntegerField(label=_("Places to choose from"), required=False, min_value=1, max_value=100, initial=24)
    output = forms.CharField(label=_("Output address"), max_length=1200, initial=PREVIEW_PATTERN, help_text=_("It ends with gif, webp or mp4."))
    format = forms.ChoiceField(label=_("Format"), choices=PREVIEW_FORMATS, required=False)
    width = forms.IntegerField(
        label=_("Width"), required=False, min_value=16, max_value=1920, help_text=_("Empty: 480, or 960 in MP4. Never larger than the source.")
    )
    fps = forms.FloatField(label=_("Frame rate"), required=False, min_value=1, max_value=30, help_text=_("Empty: 10, or the source's in MP4."))
    sound = forms.BooleanField(label=_("With sound (MP4)"), required=False, initial=True)
    overwrite = forms.BooleanField(label=_("Replace existing objects"), required=False, initial=True)


FORMS: dict[str, type[AnalysisForm]] = {form.kind: form for form in (InspectForm, CoverForm, PreviewForm)}
