"""Places and publishing for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.engine.address import Address
from media_assets import services
from media_assets.local import LocalStorage
from media_assets.storage import publish, storage
from tests.media_assets.sets import MAIN, recorder, staged


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
