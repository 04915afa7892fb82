"""Ids that travel: 32 lower-case hexadecimal digits."""

from __future__ import annotations

import uuid


def new_id() -> str:
    """A fresh random id."""
    return uuid.uuid4().hex
