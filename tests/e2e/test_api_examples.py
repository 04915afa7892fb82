"""The commands of docs/api.md and docs/workflows.md, run as they stand there, one after another in one shell."""

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


def run_page(page: str, server: Server, clips: Clips, folder: Path) -> int:
    """Run the commands of a page beside a clip, in one shell; answers how many blocks there were."""
    if not shutil.which("curl") or not shutil.which("bash"):
        pytest.skip("curl or bash is missing")
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "docs" / page).read_text(), re.DOTALL | re.MULTILINE)
    shutil.copyfile(clips.make(seconds=2), folder / "clip.mp4")
    script = 'set -euo pipefail\ncurl() { command curl -sS --fail-with-body --max-time 30 "$@"; }\n' + "\n".join(blocks)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "REELMILL": server.base, "TOKEN": TOKEN}
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return len(blocks)


def test_the_examples_of_the_page_work(server: Server, clips: Clips, tmp_path: Path) -> None:
    assert run_page("api.md", server, clips, tmp_path) >= 9
    assert (tmp_path / "clip-360p.mp4").stat().st_size == server.object("oss://output/films/clip-360p.mp4").stat().st_size > 0
    assert (tmp_path / "head.bin").stat().st_size == 100
    cancelled = json.loads((tmp_path / "job.json").read_text())
    assert server.api(f"/jobs/{cancelled['id']}")[1]["state"] == "cancelled"
    again = server.api("/jobs?kind=transcode")[1]["items"][0]
    assert again["retry_of"] == cancelled["id"]
    assert server.finished(again["id"])["state"] == "succeeded"


def test_the_examples_of_workflows_work(server: Server, clips: Clips, tmp_path: Path) -> None:
    assert run_page("workflows.md", server, clips, tmp_path) == 3
    run = json.loads((tmp_path / "runs.json").read_text())["items"][0]
    assert (run["state"], {step["state"] for step in run["activities"]}) == ("succeeded", {"success"})
    for name in ("clip-360p.mp4", "clip.m3u8", "cover.jpg"):
        assert server.object(f"oss://output/{run['id']}/{name}").stat().st_size > 0
    assert json.loads((tmp_path / "again.json").read_text())["again_of"] == json.loads((tmp_path / "run.json").read_text())["id"]


def test_the_document_for_machines_is_there(server: Server) -> None:
    status, document = server.api("/openapi.json")
    assert status == 200
    assert "/api/v1/jobs" in document["paths"]
    assert server.fetch("/api/v1/docs")[0] == 200
    assert b"reelmill_" in server.fetch("/metrics")[1]
