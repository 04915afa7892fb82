"""From a claim to a caller: key, time, signature and nonce, in this order. The same for all schemes; how a refusal is called, each door knows."""

from __future__ import annotations

import datetime as dt
from enum import Enum
from typing import TYPE_CHECKING

from django.utils import timezone

from console import access_keys
from jobs.dialects.signing.claim import SKEW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.auth import Caller
    from jobs.dialects.signing.claim import Claim

NONCE_KEPT = 2 * SKEW + dt.timedelta(minutes=1)  # from the earliest to the latest time at which the same request would be in time
NONCE_LONGEST = 256


class Fault(Enum):
    """Why a claim is not believed."""

    UNKNOWN_KEY = "unknown key"
    INACTIVE_KEY = "inactive key"
    EXPIRED_KEY = "temporary credentials whose time is over"
    TIME = "signed at another time, or an address whose time is over"
    SIGNATURE = "signature"
    TOKEN_MISSING = "no security token"  # noqa: S105
    TOKEN = "another security token"  # noqa: S105
    NONCE = "nonce used before"


class Disbelieved(Exception):
    """A claim that is not believed. ``claim``: the one whose string to sign may be told."""

    def __init__(self, fault: Fault, claim: Claim) -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.claim = claim


def believe(claims: Sequence[Claim]) -> tuple[Caller, Claim]:
    """Who signed, and which of the readings of one request it was that they signed. Raises Disbelieved. All claims name the same key."""
    first = claims[0]
    found = access_keys.find(first.key_id)
    if found is None:
        raise Disbelieved(Fault.UNKNOWN_KEY, first)
    if not access_keys.is_active(found.row):
        raise Disbelieved(Fault.INACTIVE_KEY, first)
    if not first.in_time(timezone.now()):
        raise Disbelieved(Fault.TIME, first)
    claim = next((one for one in claims if one.holds(found.secret)), None)
    if claim is None:
        raise Disbelieved(Fault.SIGNATURE, first)
    if access_keys.is_expired(found.row):
        raise Disbelieved(Fault.EXPIRED_KEY, claim)
    if not access_keys.has_token(found.row, claim.token):
        raise Disbelieved(Fault.TOKEN if claim.token else Fault.TOKEN_MISSING, claim)
    if claim.nonce and (len(claim.nonce) > NONCE_LONGEST or not access_keys.first_use(found.row, claim.nonce, NONCE_KEPT)):
        raise Disbelieved(Fault.NONCE, claim)
    access_keys.used(found.row)
    return found.caller, claim
