"""Two sites that SDKs can call, both real web servers on 127.0.0.1.

site         this process serves the test's own database and buckets; jobs wait until ``work_off()`` does them. An Endpoint with the admin alice's key; has the
             buckets «input» and «output» (fixture ``buckets``), the presets and the pipeline «default». Fast: about 0.2 s per test
site_of      site_of(bob) -> the same site with a key of that user; site_of(bob, role=…, policy={…}); site_of(alice, lent=True) -> temporary credentials
live         one installation with its own processes and two workers for the whole run; ``live.site`` is the Endpoint, ``live.server`` the tests.server.Server
             (``live.server.put(path, key)``, ``.finished(job)``, ``.object(address)``). Marked «e2e»: tests with it run there

``tests.dialects.clients`` makes the SDKs' clients from an Endpoint: ``clients.mts(site).query_pipeline_list(…)``, ``clients.bucket(site, "input")``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from django.contrib.auth.models import User

from tests.conftest import Buckets
from tests.dialects.clients import Endpoint
from tests.server import KEY_ID, SECRET, Server

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDKs would go through a proxy of the environment even to this host."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def _web() -> Iterator[str]:
    """A web server in a thread of this process; answers its host and port. Started once: what it serves is whatever database the test has."""
    from console import asgi
    from jobs.node import web

    config = web.config()
    sock = web.listen("127.0.0.1", 0)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < until, "the web server does not start"
        time.sleep(0.01)
    yield f"127.0.0.1:{sock.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    sock.close()
    asgi.door_threads.close()


@pytest.fixture
def site(transactional_db: None, _web: str, alice: User, buckets: Buckets, presets: None, pipeline: Any) -> Endpoint:
    """This process as a site."""
    from console import access_keys

    access_keys.make_key(alice, name="test", role="admin", key_id=KEY_ID, secret=SECRET)
    return Endpoint(_web, KEY_ID, SECRET)


@pytest.fixture
def site_of(site: Endpoint) -> Callable[..., Endpoint]:
    """The same site for somebody else."""
    from console import access_keys

    def make(user: User, *, role: str = "operator", policy: dict[str, Any] | None = None, lent: bool = False, **more: Any) -> Endpoint:
        row, secret = access_keys.make_key(user, role=role, policy=policy)
        if lent:
            row, secret, token = access_keys.lend(row, **more)
            return replace(site, key_id=row.key_id, secret=secret, token=token)
        return replace(site, key_id=row.key_id, secret=secret)

    return make


@dataclass(frozen=True)
class Live:
    """An installation and how SDKs reach it."""

    server: Server
    site: Endpoint


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One installation for the whole run."""
    server = Server(tmp_path_factory.mktemp("dialects"))
    try:
        server.start()
        _, jobs = server.api("/jobs")
        server.finished(jobs["items"][0]["id"])
        yield Live(server, Endpoint(f"127.0.0.1:{server.port}", KEY_ID, SECRET))
    finally:
        server.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with real processes belong to the browser tests' run. The SDKs leave their sockets to the collector, which pytest would blame on some test."""
    for item in items:
        if "live" in getattr(item, "fixturenames", ()):
            item.add_marker("e2e")
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"))
