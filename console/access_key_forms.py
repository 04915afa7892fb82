"""Forms of AccessKeys: names, and a policy as two lists and a switch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from console.access_keys import LONGEST, SHORTEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.models import AccessKey

HOUR = 3600
DURATIONS = [
    (SHORTEST, _("15 minutes")),
    (HOUR, _("1 hour")),
    (4 * HOUR, _("4 hours")),
    (LONGEST, _("12 hours")),
]


class PolicyForm(forms.Form):
    """A policy: empty fields do not limit."""

    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=128,
        help_text=_("What it is for; only people read it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    buckets = forms.CharField(
        label=_("Buckets"),
        required=False,
        max_length=4000,
        help_text=_("Names, separated by commas; * stands for anything. Empty: all buckets."),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
    actions = forms.CharField(
        label=_("Actions"),
        required=False,
        max_length=8000,
        help_text=_("Such as mps:SubmitJobs, mps:Query*, oss:GetObject. Empty: all that the role may do."),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
    read_only = forms.BooleanField(label=_("Read only"), required=False, help_text=_("Nothing can be changed or submitted with it, whatever the role."))

    def policy(self) -> dict[str, Any]:
        """As JSON."""
        lists = {name: [part for part in re.split(r"[,\s]+", self.cleaned_data[name]) if part] for name in ("buckets", "actions")}
        return {name: value for name, value in lists.items() if value} | ({"read_only": True} if self.cleaned_data["read_only"] else {})


class AccessKeyForm(PolicyForm):
    """A key to be, or to be changed."""

    role = forms.ChoiceField(label=_("Role"), help_text=_("Never more than your own. It cannot change later."))
    field_order = ("name", "role", "buckets", "actions", "read_only")

    def __init__(self, *args: Any, roles: Sequence[tuple[str, Any]] = (), **kwargs: Any) -> None:
        """``roles``: to choose from; none for a key that is there already."""
        super().__init__(*args, **kwargs)
        if roles:
            self.fields["role"].choices = roles  # type: ignore[attr-defined]
        else:
            del self.fields["role"]

    @staticmethod
    def values(row: AccessKey) -> dict[str, Any]:
        """What the form shows of a key."""
        lists = {name: ", ".join(row.policy.get(name, ())) for name in ("buckets", "actions")}
        return {"name": row.name, "read_only": row.policy.get("read_only", False), **lists}


class LendForm(PolicyForm):
    """Temporary credentials to be."""

    duration = forms.TypedChoiceField(label=_("Good for"), coerce=int, choices=DURATIONS, initial=HOUR)
    field_order = ("name", "duration", "buckets", "actions", "read_only")
