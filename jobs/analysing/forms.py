"""The form of a template analysis. It makes the request that the JSON interface takes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from jobs.inspecting.forms import AnalysisForm

AREA = ("crop_width", "crop_height", "crop_left", "crop_top")
SIDE_MAX = 4096


class TemplateAnalysisForm(AnalysisForm):
    """What intelligent presets are to aim at, and what may be done to the picture."""

    kind = "analysis"
    sections = (
        (_("Aim"), (("quality", ""), ("method", ""))),
        (_("Picture"), (("deinterlace", ""), ("crop", ""))),
        (_("The area that is kept"), (("crop_width", "px"), ("crop_height", "px"), ("crop_left", "px"), ("crop_top", "px"))),
    )

    quality = forms.IntegerField(
        label=pgettext_lazy("of pictures", "Quality"),
        required=False,
        min_value=1,
        max_value=51,
        initial=25,
        help_text=_("1 to 51: the CRF of H.264 that is enough. Less is better and larger."),
    )
    method = forms.ChoiceField(
        label=_("Played"),
        choices=(("network", _("over networks: the bitrate is bounded")), ("local", _("from a disk: quality alone counts"))),
        widget=forms.RadioSelect,
        initial="network",
    )
    deinterlace = forms.ChoiceField(
        label=_("Deinterlace"),
        choices=(("auto", _("where the pictures are interlaced")), ("force", _("always")), ("none", _("never"))),
        initial="auto",
    )
    crop = forms.ChoiceField(
        label=_("Cut off"),
        choices=(("auto", _("black borders, where there are some")), ("force", _("all but the area below")), ("none", _("nothing"))),
        initial="auto",
    )
    crop_width = forms.IntegerField(label=_("Width"), required=False, min_value=8, max_value=SIDE_MAX, help_text=_("8 to 4096."))
    crop_height = forms.IntegerField(label=_("Height"), required=False, min_value=8, max_value=SIDE_MAX, help_text=_("8 to 4096."))
    crop_left = forms.IntegerField(label=_("From the left"), required=False, min_value=0, max_value=SIDE_MAX)
    crop_top = forms.IntegerField(label=_("From the top"), required=False, min_value=0, max_value=SIDE_MAX)

    def clean(self) -> dict[str, Any]:
        """An area where one is asked for, and only there."""
        cleaned = super().clean() or {}
        if cleaned.get("crop") == "force":
            for name in AREA[:2]:
                if cleaned.get(name) is None and name not in self.errors:
                    self.add_error(name, gettext("Give the area that is kept."))
        return cleaned

    def document(self) -> dict[str, Any]:
        """The request as the JSON interface takes it."""
        found = {name: value for name, value in super().document().items() if name not in AREA}
        if found.get("crop") == "force":
            width, height, left, top = (self.cleaned_data[name] or 0 for name in AREA)
            found["crop"] = {"width": width, "height": height, "left": left, "top": top}
        return found
