"""Forms of the project pages. They check shapes; the rules are in ``jobs.foreign.projects``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from jobs.foreign.projects import DESCRIPTION_CHARS

if TYPE_CHECKING:
    from collections.abc import Iterable


class ProjectForm(forms.Form):
    """A project to be."""

    name = forms.CharField(
        label=_("Name"),
        max_length=128,
        help_text=_("Letters, digits, «-» and «_», beginning with a letter or «_». Requests of IMM's SDK name it."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    description = forms.CharField(label=_("Description"), required=False, max_length=DESCRIPTION_CHARS, widget=forms.TextInput(attrs={"autocomplete": "off"}))


class DescriptionForm(forms.Form):
    """What a project is for."""

    description = forms.CharField(label=_("Description"), required=False, max_length=DESCRIPTION_CHARS, widget=forms.TextInput(attrs={"autocomplete": "off"}))


class AttachForm(forms.Form):
    """A bucket for a project."""

    bucket = forms.ChoiceField(label=_("Bucket"), help_text=_("Only buckets that no project has."))
    description = forms.CharField(label=_("Description"), required=False, max_length=DESCRIPTION_CHARS, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, free: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bucket"].choices = [(name, name) for name in free]  # type: ignore[attr-defined]
