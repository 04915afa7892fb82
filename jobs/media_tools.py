"""The media programs of this node, as the settings name them."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from jobs.ffmpeg import tools


@cache
def media_tools() -> tools.Tools:
    """Where they are, and of which version."""
    return tools.find(settings.REELMILL_FFMPEG, settings.REELMILL_FFPROBE)
