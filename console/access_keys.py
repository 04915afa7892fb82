"""AccessKeys: made, changed, found again for a signed request, and lent out for a while."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console import audit
from console.auth import STRENGTH, USED_EVERY, Caller, role_of
from console.lib.policy import Policy
from console.lib.sealing import seal, unseal
from console.models import AccessKey, Role, UsedNonce
from jobs.engine.errors import Problem, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.models import User

PURPOSE = "access keys"
ID_PREFIX, TEMPORARY_PREFIX = "RMAK", "STS.RM"
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"  # nothing that is mistaken for something else
SHORTEST, LONGEST = 15 * 60, 12 * 3600  # s that temporary credentials live
KEY_ID = re.compile(r"[A-Za-z0-9._-]{3,128}\Z")
# All that a signed request is judged by. Whether it was used lately is not among it.
STATEMENT = """
    SELECT k.id, k.name, k.role, k.sealed_secret, k.policy, k.enabled, k.token_digest, k.expires_at, p.enabled, p.policy,
           u.id, u.username, u.is_active, u.is_superuser,
           (SELECT MAX(CASE g.name WHEN 'admin' THEN 3 WHEN 'operator' THEN 2 WHEN 'viewer' THEN 1 ELSE 0 END)
              FROM auth_user_groups ug JOIN auth_group g ON g.id = ug.group_id WHERE ug.user_id = u.id)
      FROM console_accesskey k JOIN auth_user u ON u.id = k.user_id LEFT JOIN console_accesskey p ON p.id = k.parent_id
     WHERE k.key_id = %s
"""
USE_NONCE = """
    INSERT INTO console_usednonce (digest, expires_at) VALUES (%s, %s)
    ON CONFLICT (digest) DO UPDATE SET expires_at = excluded.expires_at WHERE console_usednonce.expires_at < %s
"""
KNOWN_MAX = 1000
TIDY_EVERY = dt.timedelta(minutes=1)
_tidied = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(frozen=True)
class Found:
    """A key that somebody says is theirs. Nothing is proved before the signature was compared."""

    row: AccessKey
    secret: str
    caller: Caller


_known: dict[str, tuple[tuple[Any, ...], Found]] = {}


def make_key(
    user: User, *, name: str = "", role: str = Role.OPERATOR, policy: Mapping[str, Any] | None = None, key_id: str = "", secret: str = ""
) -> tuple[AccessKey, str]:
    """A new key and its secret, which is told this once. ``key_id`` and ``secret``: given ones (first start). Raises Refused with every mistake."""
    own = role_of(user)
    if role not in STRENGTH:
        raise Refused("InvalidParameter", problems=(Problem(("role",), _("Choose viewer, operator or admin.")),))
    if own is None or STRENGTH[role] > STRENGTH[own]:
        raise Refused("PermissionDenied", _("An AccessKey cannot have a stronger role than its user."))
    rules = checked_policy(policy or {})
    if key_id and not KEY_ID.match(key_id):
        raise Refused("InvalidParameter", problems=(Problem(("key_id",), _("An AccessKey id has 3 to 128 letters, digits, dots, - and _.")),))
    key_id, secret = key_id or ID_PREFIX + _text(20), secret or _text(30)
    row = AccessKey(key_id=key_id, name=name, user=user, role=role, policy=rules.document(), sealed_secret=seal(secret.encode(), PURPOSE))
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            audit.record("access_key.created", key_id, name or key_id, user=user.get_username(), role=str(role), policy=row.policy)
    except IntegrityError:
        raise Refused("InvalidParameter", problems=(Problem(("key_id",), _("There is an AccessKey with this id.")),)) from None
    return row, secret


def lend(parent: AccessKey, *, seconds: int = 3600, policy: Mapping[str, Any] | None = None, name: str = "") -> tuple[AccessKey, str, str]:
    """Temporary credentials of a key: row, secret and security token. They may do no more than the key, and ``policy`` limits them further. Raises Refused."""
    if parent.parent_id is not None:
        raise Refused("InvalidParameter", _("Temporary credentials cannot be lent on."))
    if not SHORTEST <= seconds <= LONGEST:
        problem = Problem(("duration_seconds",), _("Write a whole number from %(lowest)d to %(highest)d.") % {"lowest": SHORTEST, "highest": LONGEST})
        raise Refused("InvalidParameter", problems=(problem,))
    rules = checked_policy(policy or {})
    secret, token = _text(40), "rmst-" + secrets.token_urlsafe(48)
    with transaction.atomic():
        row = AccessKey.objects.create(
            key_id=TEMPORARY_PREFIX + _text(22),
            name=name,
            user=parent.user,
            role=parent.role,
            policy=rules.document(),
            sealed_secret=seal(secret.encode(), PURPOSE),
            parent=parent,
            token_digest=_digest(token),
            expires_at=timezone.now() + dt.timedelta(seconds=seconds),
        )
        audit.record("access_key.lent", parent.key_id, parent.name or parent.key_id, credentials=row.key_id, seconds=seconds, policy=row.policy)
    return row, secret, token


def change(row: AccessKey, *, name: str | None = None, enabled: bool | None = None, policy: Mapping[str, Any] | None = None) -> AccessKey:
    """Change what is given. Id, secret, user and role stay: it would silently become another key. Raises Refused for a bad policy."""
    rules = None if policy is None else checked_policy(policy).document()
    with transaction.atomic():
        was = AccessKey.objects.select_for_update().values("name", "enabled", "policy").get(pk=row.pk)
        row.name = was["name"] if name is None else name
        row.enabled = was["enabled"] if enabled is None else enabled
        row.policy = was["policy"] if rules is None else rules
        row.save(update_fields=["name", "enabled", "policy"])
        told = row.name or row.key_id
        if row.name != was["name"]:
            audit.record("access_key.renamed", row.key_id, told, name=[was["name"], row.name])
        if row.enabled != was["enabled"]:
            audit.record("access_key.enabled" if row.enabled else "access_key.disabled", row.key_id, told)
        if row.policy != was["policy"]:
            audit.record("access_key.policy_changed", row.key_id, told, policy=[was["policy"], row.policy])
    return row


def withdraw(row: AccessKey) -> None:
    """Refused from now on, with all that was lent from it."""
    with transaction.atomic():
        audit.record("access_key.deleted", row.key_id, row.name or row.key_id, user=row.user.get_username())
        row.delete()


def checked_policy(document: Mapping[str, Any]) -> Policy:
    """A policy out of JSON. Raises Refused with every mistake, placed below ``policy``."""
    try:
        return Policy.read(document)
    except Refused as error:
        raise Refused("InvalidParameter", problems=tuple(Problem(("policy", *p.loc), p.message) for p in error.problems)) from None


# --- who signed this? ---------------------------------------------------------------------------------------------------
def find(key_id: str) -> Found | None:
    """The key of that id, enabled or not; None where there is none, or where it is only there to be forgotten.

    One statement by hand, for every request asks this: what it answers is compared with the last time, and only what changed is read and opened anew.
    """
    if not KEY_ID.match(key_id):
        return None
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, [key_id])
        facts = cursor.fetchone()
    if facts is None:
        return None
    known = _known.get(key_id)
    if known is None or known[0] != facts:
        found = _read(key_id)
        if found is None:
            return None
        if len(_known) >= KNOWN_MAX:
            _known.clear()
        known = _known[key_id] = (facts, found)
    return known[1]


def _read(key_id: str) -> Found | None:
    """The key with its user, its parent, its secret and what it may do."""
    row = AccessKey.objects.select_related("user", "parent").filter(key_id=key_id).first()
    if row is None:
        return None
    try:
        secret = unseal(row.sealed_secret, PURPOSE).decode()
    except ValueError:  # sealed by another installation
        return None
    own = role_of(row.user)
    role = min((own, Role(row.role)), key=STRENGTH.__getitem__) if own is not None else None
    policy = _policy(row)
    if role is not None and policy.only_reads:
        role = Role.VIEWER
    return Found(row, secret, Caller(row.user, role, policy=policy, access_key=row))


def is_active(row: AccessKey) -> bool:
    """Whether it may be used at all: switched on, its user and the key that it was lent from too."""
    return row.enabled and row.user.is_active and (row.parent is None or row.parent.enabled)


def is_expired(row: AccessKey) -> bool:
    """Whether its time is over."""
    return row.expires_at is not None and row.expires_at <= timezone.now()


def has_token(row: AccessKey, token: str) -> bool:
    """Whether this security token belongs to it: that of temporary credentials, none at all for others."""
    return secrets.compare_digest(row.token_digest, _digest(token) if token else "")


def used(row: AccessKey) -> None:
    """Remember that it was used; written at most once a minute."""
    now = timezone.now()
    if row.last_used_at is None or now - row.last_used_at > USED_EVERY:
        AccessKey.objects.filter(pk=row.pk).update(last_used_at=now)
        row.last_used_at = now  # the row may be asked again


def first_use(row: AccessKey, nonce: str, keep: dt.timedelta) -> bool:
    """Whether this key uses this nonce for the first time within ``keep``; from now on it has. Shared by all web processes, as rows."""
    global _tidied
    now = timezone.now()
    if now - _tidied > TIDY_EVERY:
        _tidied = now
        UsedNonce.objects.filter(expires_at__lt=now).delete()
        AccessKey.objects.filter(parent__isnull=False, expires_at__lt=now - dt.timedelta(days=1)).delete()
    with connection.cursor() as cursor:
        times = [connection.ops.adapt_datetimefield_value(moment) for moment in (now + keep, now)]
        cursor.execute(USE_NONCE, [_digest(f"{row.key_id}\n{nonce}"), *times])
        return bool(cursor.rowcount == 1)


def _policy(row: AccessKey) -> Policy:
    """Its own, and that of the key that it was lent from."""
    own = Policy.read(row.policy)
    return replace(own, further=Policy.read(row.parent.policy)) if row.parent else own


def _text(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _number in range(length))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
