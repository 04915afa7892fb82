"""Who may call: API tokens and AccessKeys; who did what; and what a person prefers."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
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
    policy = models.JSONField(_("policy"), default=dict, blank=True, help_text=_("Buckets and actions that it may use; {} allows what the role allows."))
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


class AccessKey(models.Model):
    """Id and secret of a user, for requests that are signed: what the SDKs of the cloud use. With ``expires_at`` and a token: temporary credentials.

    The secret is needed to check signatures, so it is kept, sealed; it is shown once. Temporary ones belong to a ``parent`` and end with it.
    """

    key_id = models.CharField(_("AccessKey id"), max_length=128, unique=True)
    name = models.CharField(_("name"), max_length=128, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_keys", verbose_name=_("user"))
    role = models.CharField(_("role"), max_length=16, choices=Role.choices, default=Role.OPERATOR, help_text=_("Never more than the user's own."))
    sealed_secret = models.TextField(_("secret, sealed"), editable=False)
    policy = models.JSONField(_("policy"), default=dict, blank=True, help_text=_("Buckets and actions that it may use; {} allows what the role allows."))
    enabled = models.BooleanField(_("enabled"), default=True)
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="temporary", verbose_name=_("made from"))
    token_digest = models.CharField(_("SHA-256 of the security token"), max_length=64, blank=True, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True, db_index=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("AccessKey")
        verbose_name_plural = _("AccessKeys")
        ordering = ("-created_at", "-id")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(parent__isnull=True, token_digest="") | models.Q(parent__isnull=False, expires_at__isnull=False),
                name="access_key_temporary",
            )
        ]

    def __str__(self) -> str:
        return self.key_id


class UsedNonce(models.Model):
    """A nonce that a signed request carried; the same key may not use it again before ``expires_at``. Rows, so that all web processes know."""

    digest = models.CharField(_("digest of key and nonce"), max_length=64, primary_key=True)
    expires_at = models.DateTimeField(_("expires"), db_index=True)

    class Meta:
        verbose_name = _("used nonce")
        verbose_name_plural = _("used nonces")

    def __str__(self) -> str:
        return self.digest


class AuditEntry(models.Model):
    """Who did what, when and to what: written by services in the transaction of the change itself, never changed.

    Names are texts, not references: an entry tells of users, keys and templates that are gone. The database refuses to change one (migration 0004).
    """

    class Via(models.TextChoices):
        CONSOLE = "console", _("Console")
        ADMIN = "admin", _("Django admin")
        API = "api", _("JSON interface")
        MPS = "mps", "MPS"
        IMM = "imm", "IMM"
        IMS = "ims", "IMS"
        OSS = "oss", "OSS"
        SERVICE = "service", _("The service itself")

    at = models.DateTimeField(_("time"), default=timezone.now, editable=False)
    actor = models.CharField(_("who"), max_length=150, blank=True, editable=False, help_text=_("user name; empty: nobody, as timers and commands"))
    via = models.CharField(_("by way of"), max_length=16, choices=Via.choices, editable=False)
    credential = models.CharField(_("with"), max_length=128, blank=True, editable=False, help_text=_("id of an AccessKey, or name of an API token"))
    address = models.CharField(_("from"), max_length=45, blank=True, editable=False, help_text=_("address of the connection"))
    request_id = models.CharField(_("request"), max_length=64, blank=True, editable=False)
    action = models.CharField(_("action"), max_length=48, editable=False)
    subject_id = models.CharField(_("id of what it was done to"), max_length=255, blank=True, editable=False)
    subject = models.CharField(_("what it was done to"), max_length=255, blank=True, editable=False)
    data = models.JSONField(_("more"), default=dict, blank=True, editable=False)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ("-at", "-id")
        indexes = [
            models.Index(fields=("-at", "-id"), name="audit_newest"),
            models.Index(fields=("actor", "-at"), name="audit_actor_newest"),
            models.Index(fields=("action", "-at"), name="audit_action_newest"),
            models.Index(fields=("subject_id", "-at"), name="audit_subject_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"


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
