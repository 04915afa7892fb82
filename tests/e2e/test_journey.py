"""Journey J1: first run → upload → transcode → watch, in at most six clicks, as a person who knows nothing; and the command line's way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect

from tests.clips import Clips
from tests.server import PASSWORD, Server

pytestmark = pytest.mark.e2e


@pytest.fixture
def first_server(tmp_path: Path) -> Iterator[Server]:
    """An installation that nobody has touched."""
    server = Server(tmp_path)
    try:
        yield server.start()
    finally:
        server.stop()


class Clicks:
    """Counts what a person would have to click."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, target: Locator) -> None:
        """One click."""
        self.count += 1
        target.click()


def plays(page: Page, seconds: float = 1) -> tuple[int, float, float]:
    """(videoWidth, currentTime, currentTime later). HEVC «plays» as sound in some browsers: only a width proves a picture."""
    page.wait_for_function("() => { const v = document.querySelector('video'); return v && v.videoWidth > 0 && v.currentTime > 0.1 }", timeout=20_000)
    first = page.evaluate("document.querySelector('video').currentTime")
    page.wait_for_timeout(seconds * 1000)
    return page.evaluate("document.querySelector('video').videoWidth"), first, page.evaluate("document.querySelector('video').currentTime")


def test_first_run_upload_transcode_watch(first_server: Server, new_page: Callable[..., Page], clips: Clips, server: Server) -> None:
    clip = clips.make(seconds=6, size="1280x720", suffix="mp4")
    page, click = new_page(signed_in=False), Clicks()
    page.goto(first_server.base)
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", PASSWORD)
    click(page.get_by_role("button", name="Sign in"))
    click(page.get_by_role("link", name="Upload", exact=True).first)
    page.locator("input[type=file]").set_input_files(str(clip))
    assert "ladder" in page.locator("select[name=template]").input_value()
    click(page.get_by_role("main").get_by_role("button", name=re.compile("^(Start|Upload)")).last)
    watch = page.get_by_role("link", name=re.compile("Watch")).first
    expect(watch).to_be_visible(timeout=90_000)
    click(watch)
    play = page.get_by_role("button", name=re.compile("^Play")).first
    expect(page.locator("video").first).to_be_attached(timeout=10_000)
    try:  # it begins by itself where the browser lets it; a click at that very moment would stop it
        page.wait_for_function("() => !document.querySelector('video').paused", timeout=5000)
    except TimeoutError:
        click(play)
    width, first, later = plays(page)
    assert width > 0
    assert later > first
    assert click.count <= 6


def test_a_file_chosen_before_the_script_came_is_uploaded_too(server: Server, new_page: Callable[..., Page], clips: Clips) -> None:
    page = new_page()
    page.route("**/upload*.js", lambda route: (page.wait_for_timeout(1500), route.continue_()))
    page.goto(f"{server.base}/console/media/upload/", wait_until="commit")
    page.locator("input[type=file]").set_input_files(str(clips.make(seconds=1)))
    page.wait_for_load_state("load")
    expect(page.locator("[data-queue] [data-name]")).to_have_count(1)


def test_the_sample_is_there_and_plays(first_server: Server, new_page: Callable[..., Page]) -> None:
    """What the newcomer sees on the first page."""
    first_server.finished(first_server.api("/jobs")[1]["items"][0]["id"])
    page = new_page(base=first_server.base)
    page.goto(f"{first_server.base}/console/")
    page.get_by_role("link", name=re.compile("Watch.*flower")).first.click()
    play = page.get_by_role("button", name=re.compile("^Play")).first
    expect(page.locator("video").first).to_be_attached()
    try:
        page.wait_for_function("() => !document.querySelector('video').paused", timeout=5000)
    except TimeoutError:
        play.click()
    width, first, later = plays(page)
    assert width == 960
    assert later > first


def test_hls_plays_through_hls_js(server: Server, new_page: Callable[..., Page]) -> None:
    """Browsers without HLS of their own need hls.js, under our own policy: attach it by hand to a served set and watch the picture come."""
    vendor = Path(__file__).resolve().parents[2] / "static" / "vendor" / "hls.min.js"
    if not vendor.exists():
        pytest.skip("hls.js was not fetched; run make vendor")
    page = new_page()
    page.goto(f"{server.base}/console/")
    page.evaluate(
        """async base => {
            await new Promise((done, failed) => { const s = document.createElement('script'); s.src = '/static/vendor/hls.min.js'; s.onload = done; s.onerror = failed; document.head.append(s); });
            const video = document.createElement('video'); video.muted = true; document.body.prepend(video);
            const hls = new Hls({enableWorker: false}); window.attached = hls; hls.loadSource('/objects/output/sample/flower/index.m3u8'); hls.attachMedia(video);
            hls.on(Hls.Events.MANIFEST_PARSED, () => video.play());
        }""",
        server.base,
    )
    width, first, later = plays(page)
    assert page.evaluate("window.attached.levels.length") >= 2
    assert width > 0
    assert later > first


def test_submit_job_on_the_command_line(server: Server, clips: Clips, decoded: Callable[[Path], int]) -> None:
    clip = clips.make(seconds=2)
    told = server.manage("submit_job", str(clip), "--template", "mp4-h264-360p", "--wait")
    assert "oss://output/" in told
    newest = server.api("/jobs?state=succeeded")[1]["items"][0]
    assert newest["outputs"][0]["state"] == "succeeded"
    assert decoded(server.object(newest["outputs"][0]["address"])) == 50


def test_what_was_queued_goes_on_after_ctrl_c(tmp_path: Path, clips: Clips) -> None:
    """Stop in the middle of an encode with more waiting; start again: everything is done once, nothing is left behind."""
    server = Server(tmp_path, workers=1)
    try:
        server.start()
        address = server.put(clips.make(seconds=20, size="1280x720"))
        ids = [server.submit(address, ("mp4-h264-720p", f"oss://output/again/{n}.mp4"))["id"] for n in range(2)]
        while server.api(f"/jobs/{ids[0]}")[1]["state"] == "queued":
            pass
        assert server.stop() <= 10
        server.start()
        for job_id in ids:
            assert server.finished(job_id)["state"] == "succeeded"
        assert server.ready_seconds <= 15
        assert sorted(p.name for p in (server.data / "buckets" / "output" / "again").iterdir()) == ["0.mp4", "1.mp4"]
    finally:
        server.stop()
