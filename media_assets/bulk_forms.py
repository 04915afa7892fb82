"""Forms of the bulk edits of the library."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs.workflows import queries
from jobs.workflows.forms import WorkflowChoiceForm
from media_assets.bulk import Change
from media_assets.editing import Take
from media_assets.forms import CategoryField, RemoveForm
from media_assets.models import Media

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.forms import Form

ACTIONS = ("tag", "categorise", "publish", "private", "workflow", "remove")


def words(text: str) -> list[str]:
    """Tags as they are typed; full-width commas separate too."""
    return [word for word in re.split(r"\s*[,，、]\s*", text.strip()) if word]


class TagsForm(forms.Form):
    """Tags to add and to take away."""

    add = forms.CharField(
        label=gettext_lazy("Add tags"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("Separated by commas; at most 16, each at most 32 bytes."),
        widget=forms.TextInput(attrs={"data-tags": "known-tags", "list": "known-tags", "autocomplete": "off"}),
    )
    drop = forms.CharField(label=gettext_lazy("Take tags away"), required=False, max_length=1000, help_text=gettext_lazy("Separated by commas."))

    def clean(self) -> dict[str, Any]:
        """Something is to change."""
        cleaned = super().clean() or self.cleaned_data
        if not words(cleaned.get("add", "")) and not words(cleaned.get("drop", "")):
            self.add_error("add", _("Enter at least one tag."))
        return cleaned


class CategoriseForm(forms.Form):
    """Where they go."""

    category = CategoryField(label=gettext_lazy("Move to"), empty=gettext_lazy("No category"))


def form_of(action: str, data: Any, *, may_delete: bool) -> Form:
    """The form of an action; one without fields where it asks nothing."""
    if action == "tag":
        return TagsForm(data)
    if action == "categorise":
        return CategoriseForm(data)
    if action == "workflow":
        return WorkflowChoiceForm(data)
    if action == "remove":
        return RemoveForm(data, may_delete=may_delete)
    return forms.Form(data)


def change_of(action: str, said: dict[str, Any], user: User) -> Change:
    """What a valid form asks for. Raises Refused where the workflow is gone."""
    if action == "workflow":
        return Change(workflow=queries.find(said["workflow"]), user=user)
    if action == "tag":
        return Change(add_tags=words(said["add"]), drop_tags=words(said["drop"]))
    if action == "categorise":
        return Change(categorise=True, category=said["category"])
    if action == "remove":
        return Change(remove=Take(said["take"]))
    return Change(state=Media.State.PUBLISHED if action == "publish" else Media.State.UNPUBLISHED)
