"""Passwords are checked here: Django's own check, with a limit on failed tries, for the console's sign-in page and the admin's alike."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING, Any

from django.contrib.auth.backends import ModelBackend
from django.core.cache import cache
from django.core.exceptions import PermissionDenied

from console import audit
from console.lib import acting

if TYPE_CHECKING:
    from django.http import HttpRequest

TRIES = 10
SECONDS = 300


class LimitedBackend(ModelBackend):
    """After ten failed tries for one user name from one address, further ones are refused for five minutes, right passwords too.

    Counted in the process's memory: one installation has one web process. The address is the connection's: behind a proxy all people share
    it, and the limit is then one per user name.
    """

    def authenticate(self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any) -> Any:
        """The user, or None. Sets ``request.sign_in_blocked`` and raises PermissionDenied when there were too many tries."""
        if request is None or username is None:
            return super().authenticate(request, username=username, password=password, **kwargs)
        key = _key(username, request.META.get("REMOTE_ADDR", ""))
        if cache.get(key, 0) >= TRIES:
            request.sign_in_blocked = True  # type: ignore[attr-defined]
            raise PermissionDenied  # not written down: ten were, and a thousand more say nothing new
        user = super().authenticate(request, username=username, password=password, **kwargs)
        if user is not None:
            cache.delete(key)
            acting.identified(user.get_username())
        audit.record("session.signed_in" if user is not None else "session.refused", subject=username, actor=username if user is not None else "")
        if user is not None:
            return user
        if not cache.add(key, 1, SECONDS):
            with contextlib.suppress(ValueError):  # it ran out just now
                cache.incr(key)
        return user


def _key(username: str, address: str) -> str:
    """Names are anything a person types; a cache key is not."""
    name = username.casefold().encode("utf-8", "surrogatepass")
    return f"sign-in:{hashlib.sha256(name + b'@' + address.encode()).hexdigest()}"
