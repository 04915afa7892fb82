"""What a token or an AccessKey may touch: buckets and actions by pattern, and whether it only reads.

The door that identified a caller puts the policy in force for the request (:func:`in_force`); storage and admission ask :func:`current`, so that it holds
whichever interface was used. Where nobody identified a caller, as in workers and commands, everything is allowed.
"""

from __future__ import annotations

import contextvars
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from django.utils.translation import gettext as _

from jobs.engine.errors import Problem, Refused

BUCKET = re.compile(r"[a-z0-9*?-]{1,63}\Z")
ACTION = re.compile(r"[A-Za-z0-9*?:._-]{1,128}\Z")
PATTERNS_MAX = 100


@dataclass(frozen=True)
class Policy:
    """``buckets`` and ``actions``: patterns with * and ?; None: all of them. ``read_only``: no more than a viewer, whatever the role.

    Actions are called ``mps:SubmitJobs``, ``imm:GetTask``, ``ice:…``, ``oss:GetObject``; of the JSON interface ``api:jobs:read`` and ``api:jobs:write`` (second
    part: what follows /api/v1/ in the address).
    """

    buckets: tuple[str, ...] | None = None
    actions: tuple[str, ...] | None = None
    read_only: bool = False
    further: Policy | None = None
    """Another one that must allow it too: that of the key from which temporary credentials were lent."""

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Policy:
        """From its JSON object. Raises Refused with every mistake and its place."""
        problems = [Problem((key,), _("This key is not known here.")) for key in document if key not in ("buckets", "actions", "read_only")]
        found: dict[str, tuple[str, ...] | None] = {}
        for key, shape in (("buckets", BUCKET), ("actions", ACTION)):
            value = document.get(key)
            if value is None:
                found[key] = None
            elif not isinstance(value, list | tuple) or len(value) > PATTERNS_MAX or not all(isinstance(one, str) and shape.match(one) for one in value):
                problems.append(Problem((key,), _("Write a list of names, where * stands for anything.")))
            else:
                found[key] = tuple(value)
        read_only = document.get("read_only", False)
        if not isinstance(read_only, bool):
            problems.append(Problem(("read_only",), _("Write true or false.")))
        if problems:
            raise Refused("InvalidParameter", problems=tuple(problems))
        return cls(found["buckets"], found["actions"], read_only)

    def document(self) -> dict[str, Any]:
        """As JSON; without what is not limited."""
        limits = {"buckets": self.buckets, "actions": self.actions}
        return {key: list(value) for key, value in limits.items() if value is not None} | ({"read_only": True} if self.read_only else {})

    @property
    def only_reads(self) -> bool:
        """Whether it takes everything from the caller that changes something."""
        return self.read_only or (self.further is not None and self.further.only_reads)

    @property
    def limits_buckets(self) -> bool:
        """Whether there may be buckets that it does not allow."""
        own = self.buckets is not None and "*" not in self.buckets
        return own or (self.further is not None and self.further.limits_buckets)

    def allows_bucket(self, name: str) -> bool:
        """Whether this bucket is one of the caller's."""
        own = self.buckets is None or any(fnmatchcase(name, pattern) for pattern in self.buckets)
        return own and (self.further is None or self.further.allows_bucket(name))

    def allows_action(self, name: str) -> bool:
        """Whether this action may be asked for. The role is another question."""
        own = self.actions is None or any(fnmatchcase(name, pattern) for pattern in self.actions)
        return own and (self.further is None or self.further.allows_action(name))


EVERYTHING = Policy()
_current: contextvars.ContextVar[Policy] = contextvars.ContextVar("policy", default=EVERYTHING)


def current() -> Policy:
    """The policy of whoever is served just now."""
    return _current.get()


def put_in_force(policy: Policy) -> None:
    """From now on, until the surrounding :func:`in_force` ends."""
    _current.set(policy)


@contextmanager
def in_force(policy: Policy = EVERYTHING) -> Iterator[None]:
    """While the block runs; afterwards what was in force before."""
    before = _current.set(policy)
    try:
        yield
    finally:
        _current.reset(before)


def require_bucket(name: str) -> None:
    """Raises Refused PermissionDenied for a bucket that is not the caller's."""
    if not current().allows_bucket(name):
        raise Refused("PermissionDenied", _("Your key or token may not use bucket %(name)s.") % {"name": name})
