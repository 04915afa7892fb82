"""How the other side can tell that a message is ours. Pure."""

from __future__ import annotations

import hashlib
import hmac


def headers(body: bytes, *, delivery: str, event: str, url: str, secret: str, moment: int) -> dict[str, str]:
    """Headers of one message. ``moment``: seconds since 1970.

    X-Reelmill-Signature: HMAC-SHA-256 of «moment.body» with the secret. X-ICE-SIGNATURE: MD5 of «address|moment|secret», as the callbacks of IMS
    have it: it says nothing of the body and is there for receivers that know no other.
    """
    found = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Reelmill",
        "X-Reelmill-Delivery": delivery,
        "X-Reelmill-Event": event,
    }
    if secret:
        signed = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
        legacy = hashlib.md5(f"{url}|{moment}|{secret}".encode(), usedforsecurity=False).hexdigest()
        found |= {"X-Reelmill-Signature": f"t={moment},v1={signed}", "X-ICE-TIMESTAMP": str(moment), "X-ICE-SIGNATURE": legacy}
    return found
