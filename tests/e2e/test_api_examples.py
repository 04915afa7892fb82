"""The commands of docs/api.md, run as they stand there, one after another in one shell."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clips import Clips
from tests.server import ROOT, TOKEN, Server

pytestmark = pytest.mark.e2e


def test_the_examples_of_the_page_work(server: Server, clips: Clips, tmp_path: Path) -> None:
    if not shutil.which("curl") or not shutil.which("bash"):
        pytest.skip("curl or bash is missing")
    page = (ROOT / "docs" / "api.md").read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 9
    shutil.copyfile(clips.make(seconds=2), tmp_path / "clip.mp4")
    script = 'set -euo pipefail\ncurl() { command curl -sS --fail-with-body --max-time 30 "$@"; }\n' + "\n".join(blocks)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "REELMILL": server.base, "TOKEN": TOKEN}
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert (tmp_path / "clip-360p.mp4").stat().st_size == server.object("oss://output/films/clip-360p.mp4").stat().st_size > 0
    assert (tmp_path / "head.bin").stat().st_size == 100
    cancelled = json.loads((tmp_path / "job.json").read_text())
    assert server.api(f"/jobs/{cancelled['id']}")[1]["state"] == "cancelled"
    again = server.api("/jobs?kind=transcode")[1]["items"][0]
    assert again["retry_of"] == cancelled["id"]
    assert server.finished(again["id"])["state"] == "succeeded"


def test_the_document_for_machines_is_there(server: Server) -> None:
    status, document = server.api("/openapi.json")
    assert status == 200
    assert "/api/v1/jobs" in document["paths"]
    assert server.fetch("/api/v1/docs")[0] == 200
    assert b"reelmill_" in server.fetch("/metrics")[1]
