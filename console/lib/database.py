"""``DATABASE_URL`` to Django's database settings. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from pathlib import Path


def database(url: str, data: Path) -> dict[str, Any]:
    """SQLite in the data folder unless ``url`` names a PostgreSQL database. Raises ValueError for other schemes.

    SQLite: IMMEDIATE takes the write lock first, so that a transaction that reads and then writes waits instead of failing; WAL lets readers
    go on meanwhile. How it waits is told in :mod:`console.lib.sqlite3.base`.
    """
    if not url:
        return {
            "ENGINE": "console.lib.sqlite3",
            "NAME": str(data / "reelmill.sqlite3"),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ValueError("DATABASE_URL must start with postgresql://")
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0,  # under ASGI every request has a thread of its own: what it kept open would pile up (tried); worker groups keep theirs themselves
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": query,
    }
