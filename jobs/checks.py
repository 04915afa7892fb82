"""System checks: what an operator should know before the first job fails. Run by ``manage.py check`` and before every command that asks for checks.

Errors stop commands, warnings do not. Ids are stable: ``reelmill.E…`` and ``reelmill.W…``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from redis import Redis, RedisError

from jobs.engine.errors import ReelmillError
from jobs.ffmpeg import sandbox, tools

PROTECTIONS = {
    "network": "Media programs can reach the network, because «unshare» is missing or not allowed. They never get an address; this was the second lock.",
    "limits": "Media programs run without limits of memory and time, because «prlimit» is missing.",
    "parent_death": "Media programs may outlive a killed worker, because «setpriv» is missing.",
}


@register("reelmill")
def programs(**_: Any) -> list[CheckMessage]:
    """A usable ffmpeg and ffprobe, and what protects us from them."""
    try:
        tools.find(settings.REELMILL_FFMPEG, settings.REELMILL_FFPROBE)
    except ReelmillError as error:
        return [Error(error.message, hint="Install the packages of requirements.lock, or set REELMILL_FFMPEG and REELMILL_FFPROBE.", id="reelmill.E001")]
    active = sandbox.protections().as_dict()
    return [
        Warning(text, hint="Install util-linux; in a container allow user namespaces.", id="reelmill.W001")
        for name, text in PROTECTIONS.items()
        if not active[name]
    ]


@register("reelmill")
def folders(**_: Any) -> list[CheckMessage]:
    """The data folder takes files."""
    folder = Path(settings.REELMILL_DATA)
    if os.access(folder, os.W_OK | os.X_OK):
        return []
    return [Error(f"The data folder {folder} is not writable.", hint="Give it to the user that runs Reelmill, or set REELMILL_DATA.", id="reelmill.E002")]


@register("reelmill")
def redis(**_: Any) -> list[CheckMessage]:
    """The doorbell answers. Only a warning: without it, groups look for work once per second."""
    if not settings.REDIS_URL:
        return []
    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3) as client:
            client.ping()
    except (RedisError, ValueError) as error:
        return [Warning(f"Redis does not answer: {error}", hint="Start it, correct REDIS_URL, or unset it: the database can ring too.", id="reelmill.W002")]
    return []


@register("reelmill")
def common_secret(**_: Any) -> list[CheckMessage]:
    """Nodes that share a database must share the secret, or they cannot read each other's rings and sessions."""
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3") or os.environ.get("REELMILL_SECRET_KEY") or os.environ.get("REELMILL_SECRET_KEY_FILE"):
        return []
    hint = "Set REELMILL_SECRET_KEY to the same text on every host; a single host can go on with the key of its data folder."
    return [Warning("DATABASE_URL is set, but REELMILL_SECRET_KEY is not: further hosts would have another key.", hint=hint, id="reelmill.W003")]
