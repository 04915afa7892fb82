"""What a signed request says about itself: who signed it, when, and how the signature is computed."""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Callable
from dataclasses import dataclass

SKEW = dt.timedelta(minutes=15)


@dataclass(frozen=True)
class Claim:
    """``text``: the string to sign. ``sign``: from a secret to the signature of that string. Exactly one of ``at`` (when it was signed) and ``until`` may be
    None: requests are signed at a time and good for 15 minutes around it, addresses are good until a time.

    ``token``: the security token of temporary credentials. ``nonce``: empty where the scheme has none.
    """

    key_id: str
    signature: str
    text: str
    sign: Callable[[str], str]
    at: dt.datetime | None = None
    until: dt.datetime | None = None
    token: str = ""
    nonce: str = ""

    def holds(self, secret: str) -> bool:
        """Whether the holder of this secret signed. Compared in constant time."""
        return hmac.compare_digest(self.sign(secret).encode(), self.signature.encode("utf-8", "surrogateescape"))

    def in_time(self, now: dt.datetime) -> bool:
        """Whether it is good now."""
        if self.at is not None and abs(now - self.at) > SKEW and self.until is None:
            return False
        if self.at is not None and self.until is not None and self.at > now + SKEW:
            return False  # an address that was signed in the future
        return self.until is None or now <= self.until


def moment(text: str, pattern: str) -> dt.datetime:
    """A time in UTC written by this pattern, and by no other spelling of it. Raises ValueError."""
    found = dt.datetime.strptime(text, pattern).replace(tzinfo=dt.UTC)
    if found.strftime(pattern) != text:
        raise ValueError(text)
    return found
