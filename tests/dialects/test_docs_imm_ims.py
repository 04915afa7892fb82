"""The examples of the pages on IMM and IMS are run as they stand."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Buckets
from tests.dialects.clients import Endpoint

ROOT = Path(__file__).resolve().parents[2]


def example(page: str, site: Endpoint) -> str:
    """The Python of a page, for this site."""
    (found,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)
    assert "127.0.0.1:8000" in found
    return str(found).replace("127.0.0.1:8000", site.address)


@pytest.mark.media
@pytest.mark.parametrize(("page", "first", "made"), [("dialects-imm.md", "Running", "clip.mp4"), ("dialects-ims.md", "Inited", "made/360p.mp4")])
def test_examples(
    site: Endpoint, buckets: Buckets, media: Path, work_off: Callable[[], int], capsys: pytest.CaptureFixture[str], page: str, first: str, made: str
) -> None:
    for name in ("clip.mov", "film.mp4", "english.mp4"):
        shutil.copyfile(media / "phone-rot90-320p30-h264-aac.mov", buckets.input / name)
    exec(compile(example(page, site), page, "exec"), {"KEY_ID": site.key_id, "SECRET": site.secret})  # noqa: S102  our own page
    assert capsys.readouterr().out.split() == [first]
    work_off()
    assert (buckets.output / made).stat().st_size > 1000
