"""Watermark templates, and a data folder of the test's own, for the tests of this folder."""

from __future__ import annotations

from typing import Any

import pytest

from templates_app.marks import services
from templates_app.marks.models import WatermarkTemplate
from tests.templates_app.marks import LOGO, TEXT


@pytest.fixture
def own_data(settings: Any, tmp_path: Any) -> None:
    """What is kept on disk is kept for this test only."""
    settings.REELMILL_DATA = tmp_path


@pytest.fixture
def logo(db: None) -> WatermarkTemplate:
    """An image in a corner."""
    return services.create("Corner logo", "image", LOGO)


@pytest.fixture
def title(db: None) -> WatermarkTemplate:
    """A text in another."""
    return services.create("Title", "text", TEXT)
