"""The job page is told of news by a stream, and an open stream does not hold up the end of the server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.clips import Clips
from tests.e2e.conftest import Complaints, sign_in
from tests.server import Server

pytestmark = pytest.mark.e2e


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that the test may stop."""
    server = Server(tmp_path_factory.mktemp("stream"), workers=1)
    try:
        yield server.start()
    finally:
        server.stop()


def test_the_page_is_told_and_the_server_still_stops(own_server: Server, browser: Browser, complaints: Complaints, clips: Clips) -> None:
    own_server.api("/pipelines/default", method="PATCH", body={"state": "Paused"})
    source = own_server.put(clips.make(seconds=1))
    status, job = own_server.api("/jobs", method="POST", body={"kind": "mediainfo", "input": source})
    assert status == 201, job
    complaints.allow("ERR_")  # the server goes while the page is open
    page = browser.new_page()
    complaints.watch(page)
    sign_in(page, own_server.base)
    page.goto(f"{own_server.base}/console/jobs/{job['id']}/")
    page.wait_for_selector("html[data-told]")
    expect(page.locator("#job-head")).to_contain_text("Held")
    own_server.api(f"/jobs/{job['id']}", method="PATCH", body={"priority": 9})
    own_server.api(f"/jobs/{job['id']}/cancel", method="POST")
    expect(page.locator("#job-head")).to_contain_text("Cancelled", timeout=4000)  # without the stream the part would be asked for every 10 s
    expect(page.locator("html[data-told]")).to_have_count(0)
    status, other = own_server.api("/jobs", method="POST", body={"kind": "mediainfo", "input": source})
    page.goto(f"{own_server.base}/console/jobs/{other['id']}/log/")
    page.wait_for_selector("html[data-told]")
    assert own_server.stop() < 10
    page.close()
