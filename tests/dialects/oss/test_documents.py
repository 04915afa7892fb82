"""The example of the documentation does what it says, and the table of what is served names every operation."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.dialects.oss.parameters import ASYNC, AT_ONCE
from jobs.dialects.oss.service import SERVED
from jobs.foreign import projects
from jobs.foreign.models import ForeignTask
from tests.conftest import Buckets
from tests.dialects.clients import Endpoint

PAGE = Path(__file__).resolve().parents[3] / "docs" / "dialects-oss.md"


@pytest.mark.media
def test_the_example(site: Endpoint, buckets: Buckets, media: Path, work_off: Callable[[], int], capsys: pytest.CaptureFixture[str]) -> None:
    projects.create_project("demo")
    projects.attach("demo", "input")
    example = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert example
    names = {"KEY_ID": site.key_id, "SECRET": site.secret, "ENDPOINT": site.url, "PATH": str(media / "earth-270p30-mpeg4-mp3.avi")}
    exec(example[1], names)  # noqa: S102  our own page
    assert capsys.readouterr().out.strip() == ForeignTask.objects.get().id
    work_off()
    assert (buckets.output / "dir" / "example-small.mp4").stat().st_size > 10_000


def test_every_operation_is_in_the_table() -> None:
    named = " ".join(SERVED)
    for operation in ASYNC:
        assert f"x-oss-async-process={operation}" in named
    for operation in AT_ONCE:
        assert f"x-oss-process={operation}" in named
    assert {how for how, _missing in SERVED.values()} == {"served", "partly", "no"}
    assert all(bool(missing) == (how != "served") for how, missing in SERVED.values())
