"""What people may do with notification targets and deliveries. Every write goes through here."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction

from console import audit
from console.lib import gate
from console.lib.ids import new_id
from console.lib.sealing import seal, unseal
from jobs import clock
from jobs.engine.errors import Problem, Refused
from jobs.models import Pipeline
from jobs.notices.models import Delivery, NotifyTarget
from jobs.workflows.models import Execution, Workflow
from jobs.workflows.states import ExecutionState

if TYPE_CHECKING:
    from collections.abc import Mapping

PURPOSE = "notification secrets"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}\Z")
FIELDS = ("name", "kind", "url", "form", "events")
SECRET_BYTES = 256
BY_HAND = dt.timedelta(minutes=5)  # how long the clock leaves a message alone that somebody sends by hand


def create(*, secret: str = "", **fields: Any) -> tuple[NotifyTarget, str]:
    """A new target and its secret, which is made unless it is given, and not told again. Raises Refused."""
    plain = secret or secrets.token_hex(16)
    target = NotifyTarget(**fields)
    _check(target, plain)
    target.secret = seal(plain.encode(), PURPOSE)
    with transaction.atomic():
        _save(target)
        audit.record("notification.created", target.pk, target.name, url=target.url)
    return target, plain


def update(target: NotifyTarget, changes: Mapping[str, Any], *, secret: str = "") -> NotifyTarget:
    """Change what is said; a new address starts with a clean record. Pipelines and workflows that name the target follow a new name. Raises Refused."""
    before = {name: getattr(target, name) for name in FIELDS}
    old_name, old_url = target.name, target.url
    for name in FIELDS:
        if name in changes:
            setattr(target, name, changes[name])
    _check(target, secret)
    if secret:
        target.secret = seal(secret.encode(), PURPOSE)
    if target.url != old_url:
        target.failures, target.failing_since, target.paused_at = 0, None, None
    with transaction.atomic():
        _save(target)
        if target.name != old_name:
            Pipeline.objects.filter(notify_topic=old_name).update(notify_topic=target.name)
            Workflow.objects.filter(notify_topic=old_name).update(notify_topic=target.name)
            Execution.objects.filter(notify_topic=old_name, state=ExecutionState.RUNNING).update(notify_topic=target.name)
            Delivery.objects.filter(topic=old_name, state=Delivery.State.WAITING).update(topic=target.name)
        changed: dict[str, Any] = {name: [was, getattr(target, name)] for name, was in before.items() if was != getattr(target, name)}
        audit.record("notification.changed", target.pk, target.name, **changed | ({"fields": ["secret"]} if secret else {}))
    return target


def delete(target: NotifyTarget) -> None:
    """Remove a target. Jobs that name it go on; their messages say «no subscription»."""
    with transaction.atomic():
        audit.record("notification.deleted", target.pk, target.name, url=target.url)
        target.delete()


def new_secret(target: NotifyTarget) -> str:
    """Another secret instead of the present one; told this once."""
    plain = secrets.token_hex(16)
    target.secret = seal(plain.encode(), PURPOSE)
    with transaction.atomic():
        target.save(update_fields=["secret", "updated_at"])
        audit.record("notification.secret_changed", target.pk, target.name)
    return plain


def resume(target: NotifyTarget) -> None:
    """Let a target that rests after many failures have its messages again."""
    with transaction.atomic():
        NotifyTarget.objects.filter(pk=target.pk).update(failures=0, failing_since=None, paused_at=None)
        audit.record("notification.resumed", target.pk, target.name)


def find(id_or_name: str) -> NotifyTarget:
    """Raises Refused NotFound."""
    target = NotifyTarget.objects.filter(pk=id_or_name).first() or NotifyTarget.objects.filter(name=id_or_name).first()
    if target is None:
        raise Refused("NotFound", "There is no such notification target.")
    return target


def secret_of(target: NotifyTarget) -> str:
    """The plain secret, for signing only; empty where there is none, or where another installation sealed it."""
    try:
        return unseal(target.secret, PURPOSE).decode() if target.secret else ""
    except ValueError:
        return ""


def trial(target: NotifyTarget) -> Delivery:
    """A message that says nothing of a job, to be sent at once. Raises Refused without an address."""
    if not target.url:
        raise Refused("WrongState", "The target has no address yet.")
    now = clock.now()
    return Delivery.objects.create(id=new_id(), topic=target.name, created_at=now, due_at=now + BY_HAND, tried=1)


def send_again(delivery: Delivery) -> Delivery:
    """Put a message back into the outbox, from its first try; what it says stays if it was said before. Raises Refused while it waits anyway."""
    if delivery.state == Delivery.State.WAITING and delivery.due_at <= clock.now():
        raise Refused("WrongState", "The message is being sent already.")
    Delivery.objects.filter(pk=delivery.pk).update(state=Delivery.State.WAITING, due_at=clock.now(), tried=0, delivered_at=None)
    delivery.refresh_from_db()
    return delivery


def _check(target: NotifyTarget, secret: str) -> None:
    problems: list[Problem] = []
    if not NAME.match(target.name):
        problems.append(Problem(("name",), "1 to 255 letters, digits, «.», «_» and «-», beginning with a letter or a digit."))
    if target.url:
        try:
            gate.check(target.url)
        except gate.Closed as error:
            problems.append(Problem(("url",), str(error)))
    if len(secret.encode()) > SECRET_BYTES:
        problems.append(Problem(("secret",), "At most 256 bytes."))
    if problems:
        raise Refused("InvalidParameter", problems=tuple(problems))


def _save(target: NotifyTarget) -> None:
    try:
        with transaction.atomic():
            target.save()
    except IntegrityError:
        raise Refused("InvalidParameter", problems=(Problem(("name",), "Another target has this name."),)) from None
