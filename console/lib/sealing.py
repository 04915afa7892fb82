"""Small secrets at rest: sealed with the installation's secret key, so that a copy of the database alone opens nothing.

Fernet of the package «cryptography» (AES-128-CBC with HMAC-SHA-256), with a key derived from SECRET_KEY and the purpose. A change of
REELMILL_SECRET_KEY makes sealed texts unreadable: the old one goes into SECRET_KEY_FALLBACKS as with Django's signatures.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

PREFIX = "sealed:"
KEY_DIGITS = re.compile(r"[0-9a-fA-F]{32}\Z")
CONTENT_KEYS = "content keys"


def seal(plain: bytes, purpose: str) -> str:
    """A text that only this installation can open. The same secret sealed twice gives two texts."""
    return PREFIX + _box(purpose).encrypt(plain).decode().rstrip("=")


def unseal(text: str, purpose: str) -> bytes:
    """What was sealed. Raises ValueError for what was not sealed here for this purpose."""
    if not text.startswith(PREFIX):
        raise ValueError("not sealed")
    try:
        coded = text.removeprefix(PREFIX)
        return _box(purpose).decrypt(f"{coded}{'=' * (-len(coded) % 4)}".encode())
    except InvalidToken:
        raise ValueError("sealed with another key, or changed") from None


def _box(purpose: str) -> MultiFernet:
    """Seals with today's secret key, and opens with the former ones too."""
    known = [settings.SECRET_KEY, *(str(one) for one in settings.SECRET_KEY_FALLBACKS)]
    digests = [hmac.new(secret.encode(), f"reelmill.sealing/{purpose}".encode(), hashlib.sha256).digest() for secret in known]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def sealed_keys(document: Any) -> Any:
    """A JSON document of parameters with every content key (``encryption.key``) sealed; what is sealed already stays. Raises ValueError where that cannot be opened."""
    if isinstance(document, list | tuple):
        return [sealed_keys(one) for one in document]
    if not isinstance(document, dict):
        return document
    found = {name: sealed_keys(value) for name, value in document.items()}
    inner = found.get("encryption")
    if isinstance(inner, dict) and isinstance(key := inner.get("key"), str):
        if KEY_DIGITS.match(key):
            found["encryption"] = {**inner, "key": seal(bytes.fromhex(key), CONTENT_KEYS)}
        elif key.startswith(PREFIX):
            unseal(key, CONTENT_KEYS)
    return found


def opened_key(text: str) -> bytes:
    """A content key as it stands in parameters: digits, or sealed. Raises ValueError."""
    return bytes.fromhex(text) if KEY_DIGITS.match(text) else unseal(text, CONTENT_KEYS)
