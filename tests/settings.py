"""The product's settings, in a data folder of the test run's own. Nothing else differs but speed: cheap password hashes, static files as they lie.

A folder given as REELMILL_DATA is not used: tests never touch data that somebody keeps. Every xdist worker has its own folder, its own database, and of
Redis one of the numbered databases that follow the one in REDIS_URL.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_room = Path(tempfile.mkdtemp(prefix="reelmill-tests-"))
_owner = os.getpid()


def _remove() -> None:
    """Forked children of tests run this too when they end: only the process that made the folder may remove it."""
    if os.getpid() == _owner:
        shutil.rmtree(_room, ignore_errors=True)


atexit.register(_remove)
os.environ["REELMILL_DATA"] = str(_room)
os.environ.setdefault("REELMILL_NODE", "test-node")
if (worker := os.environ.get("PYTEST_XDIST_WORKER", "")) and (redis := os.environ.get("REDIS_URL", "")):
    _server, _, _number = redis.rpartition("/")
    os.environ["REDIS_URL"] = f"{_server}/{int(_number) + 1 + int(worker.removeprefix('gw'))}"

from console.settings import *  # noqa: E402, F403
from console.settings import DATABASES, REELMILL_DATA, STORAGES  # noqa: E402

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as in the product: in memory, other processes and threads would not see it, and there is no WAL.
    DATABASES["default"]["TEST"] = {"NAME": str(REELMILL_DATA / "test.sqlite3")}
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
(REELMILL_DATA / "static").mkdir(exist_ok=True)  # whitenoise warns where it is missing
