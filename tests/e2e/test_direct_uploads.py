"""A browser sends a file straight to the store: in parts, on after a reload, and through us where the store does not let it in."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request

from media_assets.s3_client import Access, client
from tests.e2e.conftest import sign_in
from tests.media_assets.stores import KEY_ID, SECRET
from tests.media_assets.stores import Server as Store
from tests.server import TOKEN, Server

pytestmark = pytest.mark.e2e
SIZE = 30_000_000  # four parts


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, dict[str, Any]]]:
    """A server of our own with two buckets: «open», whose store lets browsers in, and «shut», whose store does not."""
    server = Server(tmp_path_factory.mktemp("direct"), workers=1)
    server.start()
    stores = {"open": Store("moto", tmp_path_factory.mktemp("moto")), "shut": Store("rclone", tmp_path_factory.mktemp("rclone"))}
    clients = {}
    for name, store in stores.items():
        store.start()
        clients[name] = client(Access(store.endpoint, "", KEY_ID, SECRET))
        clients[name].create_bucket(Bucket=f"{name}-films")
        body = {"name": name, "driver": "s3", "endpoint": store.endpoint, "remote": f"{name}-films", "access_key_id": KEY_ID, "secret": SECRET, "input": True}
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(f"{server.base}/api/v1/buckets", json.dumps(body).encode(), headers), timeout=20) as answer:
            assert answer.status == 201
    yield server, clients
    server.stop()
    for store in stores.values():
        store.stop()


def upload_page(browser_page: Page, server: Server, bucket: str) -> list[Request]:
    """The upload page with that bucket chosen; the list grows by every PUT and PATCH."""
    browser_page.goto(f"{server.base}/console/media/upload/")
    browser_page.select_option("select[name=template]", "")
    browser_page.select_option("select[name=bucket]", bucket)
    seen: list[Request] = []
    browser_page.on("request", lambda request: seen.append(request) if request.method in ("PUT", "PATCH") else None)
    return seen


def content(clients: dict[str, Any], bucket: str, key: str) -> bytes:
    data: bytes = clients[bucket].get_object(Bucket=f"{bucket}-films", Key=key)["Body"].read()
    return data


def test_parts_go_straight_to_the_store_and_on_after_a_reload(place: tuple[Server, dict[str, Any]], browser: Browser, tmp_path: Path) -> None:
    server, clients = place
    file = tmp_path / "a b+ 猫.bin"
    file.write_bytes(os.urandom(SIZE))
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, server.base)
    seen = upload_page(page, server, "open")
    page.route("**/open-films/**", lambda route: route.abort() if "partNumber=4" in route.request.url else route.continue_())
    page.set_input_files("input[type=file]", str(file))
    page.click("[data-start]")
    page.wait_for_function(
        "() => performance.getEntriesByType('resource').filter((row) => row.name.includes('/open-films/') && row.responseStatus !== 0).length >= 3"
    )
    page.unroute_all(behavior="ignoreErrors")
    page.evaluate("() => { window.onbeforeunload = null }")
    page.close(run_before_unload=False)
    assert {request.method for request in seen} == {"PUT"}
    assert not any("cookie" in request.headers or "authorization" in request.headers for request in seen)
    page = context.new_page()
    again = upload_page(page, server, "open")
    page.set_input_files("input[type=file]", str(file))
    page.click("[data-start]")
    page.wait_for_selector(".p-upload__row a")
    assert len(again) <= 2, [request.url for request in again]
    assert content(clients, "open", file.name) == file.read_bytes()
    context.close()


def test_a_store_that_lets_no_browser_in_gets_the_file_through_us(place: tuple[Server, dict[str, Any]], browser: Browser, tmp_path: Path) -> None:
    server, clients = place
    files = [tmp_path / "one.bin", tmp_path / "two.bin"]
    for file in files:
        file.write_bytes(os.urandom(9_000_000))
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, server.base)
    seen = upload_page(page, server, "shut")
    page.set_input_files("input[type=file]", [str(file) for file in files])
    page.click("[data-start]")
    page.wait_for_function("() => document.querySelectorAll('.p-upload__row a').length === 2")
    assert {"PATCH"} <= {request.method for request in seen}
    for file in files:
        assert content(clients, "shut", file.name) == file.read_bytes()
    assert not clients["shut"].list_multipart_uploads(Bucket="shut-films").get("Uploads")
    context.close()
