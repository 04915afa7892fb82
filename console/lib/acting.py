"""Who is served just now: a person at the console, a program with its token or key, or nobody. The doors say it; what is written down about a change asks.

Where nobody identified a caller, as in workers, timers and commands, it is the service itself.
"""

from __future__ import annotations

import contextvars
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

SERVICE = "service"


@dataclass(frozen=True)
class Actor:
    """``name``: of the user; empty: nobody. ``via``: the interface. ``credential``: the AccessKey id or the token's name. ``address``: of the connection."""

    name: str = ""
    via: str = SERVICE
    credential: str = ""
    address: str = ""
    request_id: str = ""


_current: contextvars.ContextVar[Actor] = contextvars.ContextVar("actor")
_NOBODY = Actor()


def current() -> Actor:
    """Whoever is served just now."""
    return _current.get(_NOBODY)


def identified(name: str, credential: str = "") -> None:
    """From now on it is this user, until the surrounding :func:`acting` ends."""
    _current.set(replace(current(), name=name, credential=credential))


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """While the block runs; afterwards who it was before."""
    before = _current.set(actor)
    try:
        yield
    finally:
        _current.reset(before)
