"""Forms of the notification pages. They check shapes; the rules are in ``jobs.notices.targets``."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from jobs.notices.models import Delivery, NotifyTarget


class TargetFilterForm(forms.Form):
    """The filter bar of the targets; every field may be empty."""

    q = forms.CharField(
        label=_("Search"), required=False, max_length=128, widget=forms.TextInput(attrs={"type": "search", "data-ime": "", "autocomplete": "off"})
    )
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("Topics and queues")), *NotifyTarget.Kind.choices])


class DeliveryFilterForm(forms.Form):
    """The filter bar of the deliveries; every field may be empty."""

    topic = forms.CharField(label=_("Topic"), required=False, max_length=255)
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All states")), *Delivery.State.choices])
    job = forms.CharField(label=_("Job"), required=False, max_length=64)


class TargetForm(forms.Form):
    """A target, new or changed."""

    name = forms.CharField(label=_("Name"), max_length=255, help_text=_("The topic or queue that pipelines and requests name: letters, digits, «.», «_», «-»."))
    kind = forms.ChoiceField(label=_("Kind"), choices=NotifyTarget.Kind.choices, initial=NotifyTarget.Kind.TOPIC)
    url = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=2000,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false", "placeholder": "https://…"}),
        help_text=_("Gets each message by POST and answers 2xx. Empty: messages are kept and can be sent later."),
    )
    form = forms.ChoiceField(
        label=_("Wording"),
        choices=NotifyTarget.Form.choices,
        initial=NotifyTarget.Form.PRODUCT,
        help_text=_("Jobs that came through MPS, IMM, IMS or OSS are told in that product's words unless you choose ours."),
    )
    events = forms.CharField(
        label=_("Events"),
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "job.failed"}),
        help_text=_("Only these, with commas, as the messages name them: job.succeeded, job.failed, job.cancelled. Empty: all."),
    )
    secret = forms.CharField(
        label=_("Secret"),
        required=False,
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Messages are signed with it. Empty: a new target gets one, an existing one keeps its own."),
    )

    def clean_events(self) -> list[str]:
        """The names one by one."""
        return [name.strip() for name in self.cleaned_data["events"].split(",") if name.strip()]
