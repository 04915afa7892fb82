"""Programs for those who work on Reelmill."""

from __future__ import annotations
