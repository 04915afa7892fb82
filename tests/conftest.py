"""What every test may use.

People (made on demand, in the test's database)
    alice        an admin (superuser and staff, in group «admin»)
    bob          an operator
    charlie      a viewer
    dana         signed in, but no role at all
    client_of    client_of(bob) -> a Django test client signed in as bob; client_of(None) -> anonymous
    token_of     token_of(bob, role="operator") -> text of a new API token
    api_of       api_of(bob) -> a client that sends bob's token as «Authorization: Bearer …» (no session, no CSRF)
Places
    buckets      the rows «input» and «output», bound to folders of this test: buckets.input, buckets.output (Path), buckets.put(path, key) -> "oss://input/<key>"
    presets      the shipped templates, loaded into the test's database
    pipeline     the pipeline «default», with two slots
    media        the folder of real sample files (env REELMILL_TEST_MEDIA, or ../shared/media beside the checkout)
    clips        clips.make(seconds=2, size="320x180", rate=25, video=True, audio=True, suffix="mp4") -> Path; each made once per session
    ffmpeg       path of the ffmpeg that tests make and decode files with
    decoded      decoded(path) -> decodes the whole file, fails the test at any complaint; answers the number of frames of the first video stream (0: none)
Work
    work_off     work_off() -> claims and does everything that is claimable, in this process, without any queue; answers the number of attempts
Real processes
    environment  environment(data, **more) -> a clean environment for `manage.py …` in a folder of its own (no setting of the outer shell leaks in)
    free_port    free_port() -> a port of 127.0.0.1 that nothing uses

Markers: media, database, e2e, kill, bench (see pyproject.toml). ``pg`` and ``sqlite`` mark tests of one database only; they are left out, not skipped, on the other.
A skip must give its reason. With CI=true every skip is a failure: nothing may be missing there.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import psycopg
import pytest
import redis
from asgiref.sync import SyncToAsync
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import connection, connections
from django.test import Client

from console.lib.catalogues import compile_catalogues
from tests.clips import Clips
from tests.database import put_presets

ROOT = Path(__file__).resolve().parents[1]
ON_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")


# --- before all ---------------------------------------------------------------------------------------------------------
def pytest_configure(config: pytest.Config) -> None:
    """Pages speak Chinese only with compiled catalogues; done once, before xdist's workers begin."""
    if not hasattr(config, "workerinput"):
        compile_catalogues([ROOT / "console" / "locale"])


# --- which tests run, and what a skip means -----------------------------------------------------------------------------
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests of the other database, and of fdkaac where there is none (it is not free, and optional everywhere); media and database tests are marked by their fixtures."""
    others = ["sqlite" if "postgresql" in settings.DATABASES["default"]["ENGINE"] else "pg", *([] if shutil.which("fdkaac") else ["fdkaac"])]
    out = [item for item in items if any(item.get_closest_marker(other) for other in others)]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]
    if reason := _unreachable():
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        if "media" in used:
            item.add_marker("media")
        if item.get_closest_marker("django_db") or used & {"db", "transactional_db"}:  # others cannot: pytest-django does not let them
            item.add_marker("database")


def _unreachable() -> str:
    """Why the servers that the environment names cannot be used, in one sentence; empty if they can, or if none is named."""
    row = settings.DATABASES["default"]
    try:
        if "postgresql" in row["ENGINE"]:
            psycopg.connect(
                host=row["HOST"], port=row["PORT"] or None, user=row["USER"], password=row["PASSWORD"], dbname="postgres", connect_timeout=3
            ).close()
        if settings.REDIS_URL:
            with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=3) as server:
                server.ping()
    except (psycopg.OperationalError, redis.RedisError) as error:
        return f"no server where DATABASE_URL and REDIS_URL point to: {str(error).splitlines()[0]}"
    return ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Iterator[None]:
    """On CI a skip is a failure."""
    report = yield
    if ON_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report


# --- the database at the end ----------------------------------------------------------------------------------------------
OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@pytest.fixture(scope="session", autouse=True)
def _alone_at_the_end(request: pytest.FixtureRequest) -> Iterator[None]:
    """PostgreSQL drops no database that somebody is connected to: whoever is left of the tests' own threads is named and sent away."""
    if "postgresql" not in settings.DATABASES["default"]["ENGINE"]:
        yield
        return
    request.getfixturevalue("django_db_setup")
    blocker = request.getfixturevalue("django_db_blocker")
    yield
    with blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(f"SELECT application_name, state, query {OTHERS}")  # a constant
        for left in cursor.fetchall():
            print("still connected at the end:", *left)  # noqa: T201  # for the log of the run
        cursor.execute(f"SELECT pg_terminate_backend(pid) {OTHERS}")


@pytest.fixture(autouse=True)
def _no_connection_in_asgirefs_thread() -> Iterator[None]:
    """What an asynchronous view of this test has left open in asgiref's one thread is closed before the next test begins."""
    yield
    if SyncToAsync.single_thread_executor._threads:
        SyncToAsync.single_thread_executor.submit(connections.close_all).result(10)


# --- people -------------------------------------------------------------------------------------------------------------
def _person(name: str, role: str = "", **more: Any) -> User:
    user = User.objects.create_user(name, f"{name}@example.org", "password", **more)
    if role:
        user.groups.add(Group.objects.get_or_create(name=role)[0])
    return user


@pytest.fixture
def alice(db: None) -> User:
    """An admin."""
    return _person("alice", "admin", is_staff=True, is_superuser=True)


@pytest.fixture
def bob(db: None) -> User:
    """An operator."""
    return _person("bob", "operator")


@pytest.fixture
def charlie(db: None) -> User:
    """A viewer."""
    return _person("charlie", "viewer")


@pytest.fixture
def dana(db: None) -> User:
    """Somebody who has an account and no role."""
    return _person("dana")


@pytest.fixture
def client_of() -> Callable[[User | None], Client]:
    """A client signed in as that user; a new one at every call."""

    def make(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user)
        return client

    return make


@pytest.fixture
def token_of() -> Callable[..., str]:
    """Text of a new API token of that user."""

    def make(user: User, role: str = "operator", name: str = "test") -> str:
        from console import auth
        from console.models import Role

        return auth.make_token(user, name, Role(role))[1]

    return make


@pytest.fixture
def api_of(token_of: Callable[..., str]) -> Callable[..., Client]:
    """A client that sends that user's token and nothing else; CSRF is enforced, so that a session alone would be noticed."""

    def make(user: User, role: str = "operator") -> Client:
        return Client(enforce_csrf_checks=True, headers={"authorization": f"Bearer {token_of(user, role)}"})

    return make


# --- places -------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Buckets:
    """Folders of the two buckets."""

    input: Path
    output: Path

    def put(self, path: Path, key: str = "") -> str:
        """Copy a file into the input bucket; answers its address."""
        key = key or path.name
        target = self.input / key
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        return f"oss://input/{key}"


@pytest.fixture
def buckets(db: None, tmp_path: Path) -> Buckets:
    """The rows «input» and «output» on folders of this test."""
    from media_assets.models import Bucket

    made = Buckets(tmp_path / "buckets" / "input", tmp_path / "buckets" / "output")
    for name, folder in (("input", made.input), ("output", made.output)):
        folder.mkdir(parents=True)
        Bucket.objects.update_or_create(name=name, defaults={"folder": str(folder), "is_input": name == "input", "is_output": name == "output"})
    return made


@pytest.fixture
def presets(db: None) -> None:
    """The shipped templates."""
    put_presets()


@pytest.fixture
def pipeline(db: None) -> Any:
    """The pipeline that jobs go to when nobody names one."""
    from jobs.models import Pipeline

    return Pipeline.objects.get_or_create(name="default", defaults={"slots": 2})[0]


@pytest.fixture(scope="session")
def media() -> Path:
    """The folder of real sample files; tests that need it are skipped where it is missing."""
    folder = Path(os.environ.get("REELMILL_TEST_MEDIA", ROOT.parent / "shared" / "media"))
    if not folder.is_dir():
        pytest.skip("sample media not found; set REELMILL_TEST_MEDIA")
    return folder


@pytest.fixture(scope="session")
def ffmpeg() -> str:
    """The ffmpeg that comes with pip."""
    return imageio_ffmpeg.get_ffmpeg_exe()


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory, ffmpeg: str) -> Clips:
    """Makes small sources on demand."""
    return Clips(tmp_path_factory.mktemp("clips"), ffmpeg)


@pytest.fixture(scope="session")
def decoded(ffmpeg: str) -> Callable[[Path], int]:
    """Decodes a whole file or local playlist, and does not forgive."""

    def decode(path: Path) -> int:
        argv = [
            ffmpeg,
            "-nostdin",
            "-v",
            "error",
            "-xerror",
            "-i",
            str(path),
            "-map",
            "0:v:0?",
            "-map",
            "0:a?",
            "-fps_mode",
            "passthrough",
            "-enc_time_base:v",
            "demux",
        ]
        done = subprocess.run(
            [*argv, "-progress", "pipe:1", "-f", "null", "-"], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300, check=False
        )
        assert done.returncode == 0, f"{path.name} does not decode: {done.stderr[-500:]}"
        assert not done.stderr.strip(), f"{path.name} decodes with complaints: {done.stderr[-500:]}"
        frames = [line.split("=", 1)[1] for line in done.stdout.splitlines() if line.startswith("frame=")]
        return int(frames[-1]) if frames else 0

    return decode


# --- work ---------------------------------------------------------------------------------------------------------------
@pytest.fixture
def work_off() -> Callable[..., int]:
    """Does what is claimable, here and now. Needs a test with ``transaction=True`` where the code under test commits."""

    def work(lanes: tuple[str, ...] = ("main", "short"), at_most: int = 50) -> int:
        from jobs import scheduler, worker
        from jobs.engine.abilities import PROGRAM
        from jobs.ffmpeg import tools

        found = tools.find()
        able = frozenset(PROGRAM + name for name in ("packager", "fdkaac") if getattr(found, name))
        done = 0
        while done < at_most:
            claimed = next((c for lane in lanes if (c := scheduler.claim(lane, f"test-node:{os.getpid()}", able))), None)
            if claimed is None:
                return done
            worker.run_attempt(claimed)
            done += 1
        raise AssertionError(f"still claimable after {at_most} attempts")

    return work


@pytest.fixture
def silence() -> Iterator[None]:
    """A listener at the port that the hostile files name, which must hear nothing. One test at a time has it; the others wait."""
    deadline = time.monotonic() + 60
    while True:
        try:
            listener = socket.create_server(("127.0.0.1", 18099))
            break
        except OSError:
            assert time.monotonic() < deadline, "port 18099 stays taken"
            time.sleep(0.2)
    with listener:
        yield
        listener.settimeout(0.1)
        with pytest.raises(TimeoutError):
            listener.accept()


# --- real processes -----------------------------------------------------------------------------------------------------
@pytest.fixture(scope="session")
def environment() -> Callable[..., dict[str, str]]:
    """Environment for real commands: of the outer shell only what a process needs to run at all, and the database and Redis of this run if ``shared``."""

    def make(data: Path, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")}
        return {
            **kept,
            "REELMILL_DATA": str(data),
            "REELMILL_HOST": "127.0.0.1",
            "DJANGO_SETTINGS_MODULE": "console.settings",
            "PYTHONWARNINGS": "default",
            **more,
        }

    return make


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """A port that nothing listens on just now."""

    def find() -> int:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            return int(s.getsockname()[1])

    return find
