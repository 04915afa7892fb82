"""One comparison of what came out with what was planned. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One comparison, in words for the job page. ``short``: there is less than announced, as damaged inputs make it."""

    name: str
    wanted: str
    found: str
    ok: bool
    short: bool = False
