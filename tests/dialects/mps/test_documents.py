"""The program on the page about MPS runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).resolve().parents[3] / "docs" / "dialects-mps.md"


def test_the_program_of_the_page(live: Any, clips: Any, capsys: pytest.CaptureFixture[str]) -> None:
    live.server.put(clips.make(seconds=1), "clip.mp4")
    example = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert example is not None
    known = {"KEY_ID": live.site.key_id, "SECRET": live.site.secret, "ENDPOINT": live.site.url}
    exec(compile(example[1], str(PAGE), "exec"), known)  # noqa: S102  the page itself is what is tested
    assert capsys.readouterr().out.split() == ["TranscodeSuccess", "640"]
