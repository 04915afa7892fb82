"""Who may call: API tokens, and what a person prefers."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """Roles, weakest first. They are Django groups of these names; a superuser is an admin."""

    VIEWER = "viewer", _("Viewer")
    OPERATOR = "operator", _("Operator")
    ADMIN = "admin", _("Admin")


class ApiToken(models.Model):
    """A bearer token of a user. Only its SHA-256 is kept; the text is shown once."""

    name = models.CharField(_("name"), max_length=128)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens", verbose_name=_("user"))
    role = models.CharField(_("role"), max_length=16, choices=Role.choices, default=Role.OPERATOR, help_text=_("Never more than the user's own."))
    digest = models.CharField(_("SHA-256"), max_length=64, unique=True, editable=False)
    hint = models.CharField(_("last characters"), max_length=8, editable=False)
    enabled = models.BooleanField(_("enabled"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.name} …{self.hint}"


class KeptAnswer(models.Model):
    """What was answered to a create that carried an Idempotency-Key; repeated if the same request comes again. Jobs keep their own keys."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("user"))
    key = models.CharField(_("idempotency key"), max_length=255)
    digest = models.CharField(_("digest of the request"), max_length=64)
    status = models.PositiveSmallIntegerField(_("HTTP status"), default=0, help_text=_("0: not answered yet"))
    body = models.TextField(_("answer"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")
        ordering = ("-created_at",)
        constraints = [models.UniqueConstraint(fields=("user", "key"), name="kept_answer_key")]

    def __str__(self) -> str:
        return self.key


class Preference(models.Model):
    """What one person set at /console/settings/me/."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="preference", verbose_name=_("user"))
    language = models.CharField(_("language"), max_length=16, blank=True)
    theme = models.CharField(_("theme"), max_length=8, blank=True)
    page_size = models.PositiveSmallIntegerField(_("rows per page"), default=25)
    keep_live = models.BooleanField(_("keep live"), default=False)
    shortcuts = models.BooleanField(_("single-key shortcuts"), default=True)
    checklist_dismissed = models.BooleanField(_("checklist dismissed"), default=False)

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")

    def __str__(self) -> str:
        return str(self.user)
