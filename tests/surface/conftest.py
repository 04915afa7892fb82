"""The bench that rows run on."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.ffmpeg import tools as tools_module
from tests.clips import Clips
from tests.surface.harness import Bench
from tests.surface.reels import Reels


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory, media: Path) -> Bench:
    """One for all rows: its clips are made once."""
    found = tools_module.find()
    folder = tmp_path_factory.mktemp("surface")
    return Bench(found, Clips(folder, found.ffmpeg), media, folder)


@pytest.fixture(scope="session")
def reels(bench: Bench) -> Reels:
    """Clips whose frames can be told apart."""
    return Reels(bench.folder, bench.tools.ffmpeg)
