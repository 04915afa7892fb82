"""MNSMessageResult: what became of the message about a job's end."""

from __future__ import annotations

from collections.abc import Iterable

from jobs.dialects.mps.reading import said
from jobs.models import Delivery

NO_SUBSCRIPTION = ("TopicNotExist", "No address is bound to this topic.")


def results(ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """By id of the output or job: the message's id, and why it did not arrive. One read."""
    return {row.id: _told(row) for row in Delivery.objects.filter(pk__in=list(ids)).only("id", "state", "error")}


def _told(row: Delivery) -> dict[str, str]:
    if row.state == Delivery.State.DELIVERED:
        return {"MessageId": row.id}
    code, message = NO_SUBSCRIPTION if row.state == Delivery.State.NO_SUBSCRIPTION else ("DeliveryFailed" if row.error else "", row.error)
    return said(ErrorCode=code, ErrorMessage=message)
