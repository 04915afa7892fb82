"""Forms of the pages that belong to no app."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class SignInForm(AuthenticationForm):
    """Name and password. Wrong ones answer without saying which of the two."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["username"].label = _("User name")
        self.fields["username"].widget.attrs.update(autocomplete="username", autofocus=True, spellcheck="false")
        self.fields["password"].label = _("Password")

    def get_invalid_login_error(self) -> ValidationError:
        """After too many tries even the right password is refused: say so."""
        if getattr(self.request, "sign_in_blocked", False):
            return ValidationError(_("There were too many failed tries. Wait some minutes, then try again."), code="blocked")
        return super().get_invalid_login_error()


class PreferenceForm(forms.Form):
    """What one person prefers."""

    language = forms.ChoiceField(label=_("Language"), required=False, choices=[("", _("As the browser says")), *settings.LANGUAGES])
    theme = forms.ChoiceField(label=_("Theme"), required=False, choices=[("", _("As the system says")), ("light", _("Light")), ("dark", _("Dark"))])
    page_size = forms.TypedChoiceField(label=_("Rows per page"), coerce=int, choices=[(25, "25"), (50, "50"), (100, "100")])
    keep_live = forms.BooleanField(
        label=_("Keep live"), required=False, help_text=_("Live parts keep their pace without a key or a move: for screens on a wall.")
    )
    shortcuts = forms.BooleanField(
        label=_("Single-key shortcuts"), required=False, help_text=_("J, K, X, C and others. They never fire while you type in a field.")
    )
