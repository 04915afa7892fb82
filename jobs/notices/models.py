"""Rows of notifications: the topics that requests name, and the outbox of messages to them."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from console.lib.ids import new_id
from jobs import clock


class NotifyTarget(models.Model):
    """A topic or queue that jobs name, and the HTTP address that gets its messages. Without an address the messages are kept, not sent."""

    class Kind(models.TextChoices):
        TOPIC = "topic", _("Topic")
        QUEUE = "queue", _("Queue")

    class Form(models.TextChoices):
        PRODUCT = "product", _("As the product that the job was sent to words it")
        NATIVE = "native", _("Always as this interface words it")

    id = models.CharField(_("id"), primary_key=True, max_length=32, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=255, unique=True, validators=[MinLengthValidator(1)])
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.TOPIC)
    url = models.CharField(_("address"), max_length=2000, blank=True)
    form = models.CharField(_("wording"), max_length=8, choices=Form.choices, default=Form.PRODUCT)
    secret = models.TextField(_("secret"), blank=True, help_text=_("sealed; messages are signed with it"))
    events = models.JSONField(_("events"), default=list, blank=True, help_text=_("only these, as the product names them; none: all"))
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    paused_at = models.DateTimeField(_("paused since"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    updated_at = clock.ChangedField(_("updated"), editable=False)

    class Meta:
        app_label = "jobs"
        verbose_name = _("notification target")
        verbose_name_plural = _("notification targets")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def health(self) -> str:
        """unbound | healthy | failing | paused."""
        if not self.url:
            return "unbound"
        if self.paused_at:
            return "paused"
        return "failing" if self.failing_since else "healthy"


class Delivery(models.Model):
    """One message of the outbox: written in the transaction that ends its job, sent until somebody takes it or a day has passed."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")
        NO_SUBSCRIPTION = "no_subscription", _("No subscription")
        SKIPPED = "skipped", _("Not wanted")

    TRIES_KEPT: ClassVar = 20

    id = models.CharField(_("id"), primary_key=True, max_length=64)
    topic = models.CharField(_("topic"), max_length=255)
    job = models.ForeignKey("jobs.Job", on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries", verbose_name=_("job"))
    execution = models.ForeignKey("jobs.Execution", on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries", verbose_name=_("execution"))
    output_id = models.CharField(_("output"), max_length=32, blank=True, help_text=_("where a product tells about each output by itself"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.WAITING)
    event = models.CharField(_("event"), max_length=64, blank=True, db_default="")
    body = models.TextField(_("body"), blank=True, db_default="", help_text=_("made at the first try and kept"))
    tries = models.JSONField(_("tries"), null=True, blank=True, help_text=_("the last ones: at, status, ms, error"))
    tried = models.PositiveIntegerField(_("number of tries"), db_default=0)
    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    milliseconds = models.PositiveIntegerField(_("latency in ms"), null=True, blank=True)
    error = models.TextField(_("error"), blank=True, db_default="")
    created_at = models.DateTimeField(_("created"))
    due_at = models.DateTimeField(_("due"))
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)

    class Meta:
        app_label = "jobs"
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ("-created_at", "-id")
        indexes = [
            models.Index(fields=("due_at",), condition=Q(state="waiting"), name="delivery_due"),
            models.Index(fields=("-created_at", "-id"), name="delivery_newest"),
            models.Index(fields=("topic", "-created_at"), name="delivery_topic_newest"),
        ]

    def __str__(self) -> str:
        return self.id
