"""What every test may use: personas, folders, sample media."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def media() -> Path:
    """The folder of real sample files; tests that need it are skipped where it is missing."""
    folder = Path(os.environ.get("REELMILL_TEST_MEDIA", Path(__file__).resolve().parents[2] / "shared" / "media"))
    if not folder.is_dir():
        pytest.skip("sample media not found; set REELMILL_TEST_MEDIA")
    return folder
