"""An intelligent preset in the browser: chosen in the job form, «analyse now and continue», back in the form as it was left, submitted."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.clips import Clips
from tests.server import Server

pytestmark = pytest.mark.e2e


def test_analyse_now_and_continue(server: Server, clips: Clips, new_page: Callable[..., Page]) -> None:
    source = server.put(clips.make(seconds=2, size="640x360"), "analyses/会议 a+b.mp4")
    page = new_page()
    page.goto(f"{server.base}/console/jobs/new/transcode/?input={quote(source)}&template=MP4-LD-Intelligent")
    summary = page.locator("#summary")
    expect(summary).to_contain_text("needs a template analysis")
    page.get_by_label("User data", exact=True).fill("order 7")
    page.get_by_role("button", name="Analyse now and continue").click()
    expect(page.get_by_role("heading", name="The input is being analysed")).to_be_visible()
    expect(page.get_by_label("User data", exact=True)).to_have_value("order 7", timeout=60_000)
    expect(page.get_by_text("the job can be submitted")).to_be_visible()
    expect(page.locator("#summary")).not_to_contain_text("needs a template analysis")
    page.locator("#summary").get_by_role("button", name="Submit job").click()
    expect(page.locator("#job-head")).to_be_visible()
    job = server.finished(page.url.rstrip("/").rpartition("/")[2])
    assert job["state"] == "succeeded", job
    video = job["outputs"][0]["media_info"]["video"][0]
    assert (video["width"], video["height"]) == (640, 360)


def test_the_result_leads_to_a_transcode(server: Server, clips: Clips, new_page: Callable[..., Page]) -> None:
    source = server.put(clips.make(seconds=2, size="640x360"), "analyses/会议 a+b.mp4")
    page = new_page()
    page.goto(f"{server.base}/console/jobs/new/analysis/?input={quote(source)}")
    page.get_by_role("button", name="Submit job").click()
    row = page.locator("tr[data-preset='S00000000-200020']")
    expect(row).to_be_visible(timeout=60_000)
    expect(row).to_contain_text("640 × 360")
    row.get_by_role("link", name="Transcode with this").click()
    expect(page.get_by_label("Input file")).to_have_value(source)
    expect(page.locator("#summary")).not_to_contain_text("needs a template analysis")
