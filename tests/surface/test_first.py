"""The first rows: they show how a row is written."""

from __future__ import annotations

import pytest

from tests.surface.harness import Bench, Made, Row


def _size(made: Made) -> None:
    assert made.frames().shape == (25, 36, 64, 3)


ROWS = [Row("s, both sides", "oss-video-convert.txt: s", "mp4", {"video": {"width": 64, "height": 36, "preset": "ultrafast"}}, _size)]


@pytest.mark.media
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row(bench: Bench, row: Row) -> None:
    bench.row(row)
