"""The form of a media info job."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from jobs.models import Pipeline


class MediaInfoForm(forms.Form):
    """An input and a pipeline."""

    input = forms.CharField(
        label=_("Input file"), max_length=1200, strip=False, help_text=_("An address: oss://bucket/key. Browse, paste, or take a recent one.")
    )
    pipeline = forms.ChoiceField(label=_("Pipeline"), help_text=_("Media info takes no slot of it."))
    token = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pipeline"].choices = [(name, name) for name in Pipeline.objects.order_by("name").values_list("name", flat=True)[:500]]  # type: ignore[attr-defined]
        self.fields["input"].widget.attrs.update(spellcheck="false", autocomplete="off", placeholder="oss://input/clip.mp4")

    def document(self) -> dict[str, Any]:
        """The request as the JSON interface takes it."""
        return {"kind": "mediainfo", "pipeline": self.cleaned_data["pipeline"], "input": self.cleaned_data["input"].strip()}
