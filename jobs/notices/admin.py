"""Notification targets and the outbox, as raw rows: looked at here, written by services."""

from __future__ import annotations

from django.contrib import admin

from console.lib.admin import ReadOnly
from jobs.notices.models import Delivery, NotifyTarget


@admin.register(NotifyTarget)
class NotifyTargetAdmin(ReadOnly):
    """Targets, without their secrets."""

    list_display = ("name", "kind", "url", "form", "failures", "failing_since", "paused_at")
    list_filter = ("kind", "form")
    search_fields = ("name", "id")
    exclude = ("secret",)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly):
    """Messages."""

    list_display = ("id", "topic", "job", "event", "state", "status", "tried", "created_at", "due_at", "delivered_at")
    list_filter = ("state",)
    search_fields = ("id", "topic", "job__id")
