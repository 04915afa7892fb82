"""How states look: tone, icon and word, in one table for all pages. Never a bare dot, and queued can never be read as success."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


class Look(NamedTuple):
    """Tone (of static/console/components.css), icon (of static/console/icons.svg), word."""

    tone: str
    icon: str
    label: StrPromise


LOOKS: dict[str, Look] = {
    # jobs, outputs, steps, attempts
    "queued": Look("hollow", "clock", _("Queued")),
    "held": Look("paused", "pause", _("Held: pipeline paused")),
    "running": Look("info", "loader", _("Running")),
    "cancelling": Look("warn", "loader", _("Cancelling")),
    "succeeded": Look("success", "check-circle", _("Succeeded")),
    "warned": Look("warn", "alert", _("Succeeded, with warnings")),
    "failed": Look("danger", "x-circle", _("Failed")),
    "cancelled": Look("struck", "ban", _("Cancelled")),
    "retrying": Look("warn", "rotate", _("Retrying")),
    "blocked": Look("hollow", "clock", _("Blocked")),
    "ready": Look("hollow", "clock", _("Ready")),
    "lost": Look("warn", "alert", _("Worker lost")),
    "released": Look("neutral", "rotate", _("Handed back")),
    # pipelines
    "Active": Look("success", "play", _("Active")),
    "Paused": Look("paused", "pause", _("Paused")),
    "draining": Look("paused", "pause", _("Paused, finishing")),
    # nodes
    "online": Look("success", "check-circle", _("Online")),
    "offline": Look("danger", "x-circle", _("Offline")),
    # notifications
    "unbound": Look("neutral", "info", _("No address")),
    "healthy": Look("success", "check-circle", _("Healthy")),
    "failing": Look("danger", "x-circle", _("Failing")),
    "paused": Look("paused", "pause", _("Paused")),
    "waiting": Look("hollow", "clock", _("Waiting")),
    "delivered": Look("success", "check-circle", _("Delivered")),
    "no_subscription": Look("warn", "alert", _("No subscription")),
    "skipped": Look("neutral", "info", _("Not wanted")),
    # workflows and executions
    "Inactive": Look("neutral", "pause", _("Inactive")),
    "completed": Look("warn", "alert", _("Completed with failures")),
    "success": Look("success", "check-circle", _("Succeeded")),
    "fail": Look("danger", "x-circle", _("Failed")),
    # media
    "unpublished": Look("neutral", "lock", _("Private")),
    "published": Look("success", "eye", _("Published")),
    "unknown": Look("neutral", "info", _("Unknown")),
}

EVENTS: dict[str, StrPromise] = {
    "submitted": _("Submitted"),
    "started": _("Started"),
    "published": _("Output published"),
    "output cancelled": _("Output cancelled"),
    "output failed": _("Output failed"),
    "cancel requested": _("Cancel requested"),
    "released": _("Handed back"),
    "lost": _("Worker lost"),
    "retried": _("Retried"),
    "measured": _("Measured"),
    "priority": _("Priority changed"),
    "moved": _("Moved to another pipeline"),
    "succeeded": _("Succeeded"),
    "failed": _("Failed"),
    "cancelled": _("Cancelled"),
}
