"""Places and publishing for the tests of this folder."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.engine.address import Address
from media_assets import services
from media_assets.buckets import create_bucket
from media_assets.local import LocalStorage
from media_assets.s3 import S3Storage
from media_assets.s3_client import Access, client
from media_assets.storage import publish, storage
from tests.media_assets.sets import MAIN, recorder, staged
from tests.media_assets.stores import KEY_ID, SECRET, Line, Server


@pytest.fixture
def place(buckets: object) -> LocalStorage:
    """The output bucket."""
    return storage("output")


@pytest.fixture
def media_id(buckets: object) -> str:
    """A media that the set belongs to."""
    return services.remember(Address("input", "clip.mp4")).id


@pytest.fixture
def put(tmp_path: Path, media_id: str) -> Callable[..., None]:
    """put("v1") publishes and records a set of that version."""

    def act(version: str, *, parts: int = 3, overwrite: bool = True, key: str = MAIN, fence: Callable[[], bool] = lambda: True) -> None:
        files, last = staged(tmp_path / "room", version, parts, key)
        record = recorder(media_id, files, last)
        publish("output", files, last, token=f"token-{version}", overwrite=overwrite, fence=fence, record=record)

    return act


# --- S3 -----------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    """servers("moto"), servers("rclone"): the running server of that kind."""
    running: dict[str, Server] = {}

    def start(kind: str) -> Server:
        if kind not in running:
            running[kind] = Server(kind, tmp_path_factory.mktemp(kind))
            running[kind].start()
        return running[kind]

    yield start
    for server in running.values():
        server.stop()


@pytest.fixture
def bind(db: None, servers: Callable[[str], Server], settings: Any, tmp_path: Path) -> Callable[..., S3Storage]:
    """bind("films", "rclone", prefix="a") makes a new bucket in the store and binds it under that name, as input and output."""
    settings.REELMILL_DATA = tmp_path / "data"
    (tmp_path / "data").mkdir(exist_ok=True)

    def act(name: str, kind: str = "moto", *, endpoint: str = "", **more: Any) -> S3Storage:
        server = servers(kind)
        remote = f"{name}-{uuid.uuid4().hex[:8]}"
        client(Access(server.endpoint, "", KEY_ID, SECRET)).create_bucket(Bucket=remote)
        fields = {"access_key_id": KEY_ID, "secret": SECRET, "is_input": True, "is_output": True} | more
        create_bucket(name, driver="s3", endpoint=endpoint or server.endpoint, remote=remote, **fields)
        found = storage(name)
        assert isinstance(found, S3Storage)
        return found

    return act


@pytest.fixture
def line(servers: Callable[[str], Server]) -> Iterator[Line]:
    """A line to moto that can be disturbed."""
    found = Line(servers("moto").port)
    yield found
    found.close()
