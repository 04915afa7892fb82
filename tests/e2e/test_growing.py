"""A set that plays in a browser while it is transcoded: chosen in the form, played on the job's page, and whole at the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.clips import Clips
from tests.server import Server

pytestmark = [pytest.mark.e2e, pytest.mark.media]
ROOT = Path(__file__).resolve().parents[2]
SLOW = {"codec": "h264", "preset": "slow", "height": 720}


def test_it_plays_while_it_is_made(server: Server, new_page: Callable[..., Page], clips: Clips) -> None:
    if not (ROOT / "static" / "vendor" / "hls.min.js").is_file():
        pytest.skip("the players were not fetched; run make vendor")
    source = server.put(clips.make(seconds=16, size="1280x720"))
    overrides = {"container": {"format": "hls"}, "video": SLOW, "mux": {"segment_seconds": 1.0, "growing_playlist": True}}
    body = {"kind": "transcode", "input": source, "outputs": [{"address": "oss://output/growing/clip.m3u8", "overrides": overrides}]}
    status, job = server.api("/jobs", method="POST", body=body)
    assert status == 201, job
    page = new_page()
    page.goto(f"{server.base}/console/jobs/{job['id']}/")
    page.wait_for_selector("reel-player video", timeout=40_000)  # the page is told: nobody loads it anew
    page.evaluate("() => { const v = document.querySelector('video'); v.muted = true; return v.play().catch(() => 0) }")
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.5", timeout=20_000)
    _, now = server.api(f"/jobs/{job['id']}")
    assert now["state"] == "running", "it played before the job was done"
    assert now["outputs"][0]["url"].endswith("/objects/output/growing/clip.m3u8")
    assert page.evaluate("document.querySelector('video').currentTime") < 8, "from the beginning, not from the live edge"
    expect(page.locator("#job-outputs")).to_contain_text("grows")
    page.evaluate("() => { document.querySelector('reel-player').seen = true }")
    server.finished(job["id"], seconds=150)
    expect(page.locator("#job-outputs article").first).to_contain_text("Succeeded", timeout=20_000)
    assert page.evaluate("document.querySelector('reel-player').seen"), "the player was not replaced"
    before = page.evaluate("document.querySelector('video').currentTime")
    time.sleep(1.5)
    assert page.evaluate("document.querySelector('video').currentTime") > before, "it goes on"
    page.wait_for_function("() => Math.abs(document.querySelector('video').duration - 16) < 0.2", timeout=20_000)


def test_it_is_chosen_in_the_form(new_page: Callable[..., Page], server: Server) -> None:
    page = new_page()
    page.goto(f"{server.base}/console/templates/transcode/new/")
    page.select_option("[name='container.format']", "hls")
    field = page.locator("[name='mux.growing_playlist']")
    expect(field).to_be_attached()
    page.select_option("[name='container.format']", "mp4")
    expect(field).to_be_hidden()
