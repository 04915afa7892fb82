"""Taking messages out of the outbox and to their addresses: with growing pauses for a day, in a thread of its own beside the node's clock.

A message is taken by moving its due time ahead (compare and set), so that of several nodes one sends it; a node that dies in between has it sent
again by another: receivers see the same X-Reelmill-Delivery. Database work is this thread's, waiting for addresses is that of short-lived others.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from django.db import close_old_connections, connection
from django.db.models import F

from console.lib import gate
from jobs import clock
from jobs.engine.errors import CODES
from jobs.notices.messages import message
from jobs.notices.models import Delivery, NotifyTarget
from jobs.notices.signing import headers
from jobs.notices.targets import secret_of

log = structlog.get_logger(__name__)
PAUSES = (10, 30, 60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 28_800)  # s before the next try; a day in all
HELD = dt.timedelta(seconds=120)  # how long a message that somebody is sending is left alone
PATIENCE = 40.0  # s: an address that trickles is given up, whatever it still says
AT_ONCE = 8
NO_ANSWER = gate.Reply(None, 0, error="No answer in time.")
FAILURES_MAX = 50  # in a row; then the target rests until somebody looks at it

_thread: threading.Thread | None = None


@dataclass
class _Errand:
    """One message on its way."""

    row: Delivery
    target: NotifyTarget
    reply: gate.Reply = NO_ANSWER

    def run(self) -> None:
        moment = int(time.time())
        body = self.row.body.encode()
        signed = headers(body, delivery=self.row.id, event=self.row.event, url=self.target.url, secret=secret_of(self.target), moment=moment)
        try:
            self.reply = gate.post(self.target.url, body, signed)
        except gate.Closed as error:
            self.reply = gate.Reply(None, 0, error=str(error))


def deliver_beside() -> None:
    """Begin to deliver what is due unless that is going on already."""
    global _thread
    if (_thread and _thread.is_alive()) or not _due(clock.now())[:1]:
        return
    _thread = threading.Thread(target=_deliver, name="deliveries", daemon=True)
    _thread.start()


def _deliver() -> None:
    close_old_connections()
    try:
        while deliver():
            pass
    except Exception:
        log.exception("messages cannot be delivered")
    finally:
        connection.close()


def deliver() -> int:
    """Send up to a handful of messages that are due. Returns how many were looked at."""
    now = clock.now()
    errands: list[_Errand] = []
    rows = list(_due(now).select_related("job", "execution__workflow")[:AT_ONCE])
    for row in rows:
        if not _take(row, now):
            continue
        target = NotifyTarget.objects.filter(name=row.topic).first()
        if target is None or not target.url:
            _close(row, Delivery.State.NO_SUBSCRIPTION)
        elif _word(row, target):
            errands.append(_Errand(row, target))
    _send(errands)
    for errand in errands:
        _record(errand)
    return len(rows)


def send_now(row: Delivery, target: NotifyTarget) -> Delivery:
    """One try of one message while somebody waits for it; ends it whatever comes back."""
    if _word(row, target):
        errand = _Errand(row, target)
        _send([errand])
        _record(errand, last=True)
    row.refresh_from_db()
    return row


def _due(now: dt.datetime):  # type: ignore[no-untyped-def]  # a QuerySet, which has no type at run time
    resting = NotifyTarget.objects.filter(paused_at__isnull=False).values("name")
    return Delivery.objects.filter(state=Delivery.State.WAITING, due_at__lte=now).exclude(topic__in=resting).order_by("due_at")


def _take(row: Delivery, now: dt.datetime) -> bool:
    taken = Delivery.objects.filter(pk=row.pk, state=Delivery.State.WAITING, due_at=row.due_at).update(due_at=now + HELD, tried=F("tried") + 1)
    row.tried += 1
    return taken == 1


def _word(row: Delivery, target: NotifyTarget) -> bool:
    """Give the message its text, once. False: there is nothing to send."""
    if row.body:
        return True
    try:
        worded = message(row, target)
    except Exception:  # a mistake of ours in one message must not hold up the others
        log.exception("a message cannot be worded", delivery=row.id)
        _record(_Errand(row, target, gate.Reply(None, 0, error=str(CODES["InternalError"].sentence))))
        return False
    if worded is None or (target.events and (row.job_id or row.execution_id) and worded.event not in target.events):
        _close(row, Delivery.State.SKIPPED)
        return False
    row.event, row.body = worded.event, worded.body
    Delivery.objects.filter(pk=row.pk).update(event=row.event, body=row.body)
    return True


def _close(row: Delivery, state: str) -> None:
    Delivery.objects.filter(pk=row.pk, state=Delivery.State.WAITING).update(state=state)


def _send(errands: Sequence[_Errand]) -> None:
    """All of them at once; one that does not come back in time has failed."""
    threads = [threading.Thread(target=errand.run, name="delivery", daemon=True) for errand in errands]
    for thread in threads:
        thread.start()
    until = time.monotonic() + PATIENCE
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))


def _record(errand: _Errand, *, last: bool = False) -> None:
    """Write down what came back: delivered, to be tried again, or given up."""
    row, reply, now = errand.row, errand.reply, clock.now()
    error = reply.error or ("" if reply.taken else reply.text[:200])
    tries = [*(row.tries or []), {"at": now.isoformat(), "status": reply.status, "ms": reply.milliseconds, "error": error}][-Delivery.TRIES_KEPT :]
    found = {"tries": tries, "status": reply.status, "milliseconds": reply.milliseconds, "error": error}
    if reply.taken:
        Delivery.objects.filter(pk=row.pk).update(state=Delivery.State.DELIVERED, delivered_at=now, **found)
        NotifyTarget.objects.filter(pk=errand.target.pk).update(failures=0, failing_since=None, paused_at=None)
        return
    given_up = last or row.tried > len(PAUSES)
    then = {"state": Delivery.State.FAILED} if given_up else {"due_at": now + dt.timedelta(seconds=PAUSES[row.tried - 1])}
    Delivery.objects.filter(pk=row.pk, state=Delivery.State.WAITING).update(**then, **found)
    _note_failure(errand.target, now)


def _note_failure(target: NotifyTarget, now: dt.datetime) -> None:
    rows = NotifyTarget.objects.filter(pk=target.pk)
    rows.update(failures=F("failures") + 1)
    rows.filter(failing_since__isnull=True).update(failing_since=now)
    rows.filter(failures__gte=FAILURES_MAX, paused_at__isnull=True).update(paused_at=now)
