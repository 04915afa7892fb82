"""Uploads over real connections that break: by the sender, by a restart of the server, by a reload of the page. What arrives is what was sent."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.e2e.conftest import sign_in
from tests.server import TOKEN, Server

pytestmark = pytest.mark.e2e
SIZE = 300_000_000
CUTS = 5


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that this module may restart."""
    server = Server(tmp_path_factory.mktemp("uploads"), workers=1)
    server.start()
    yield server
    server.stop()


def talk(server: Server, head: str, body: bytes = b"", cut: int | None = None) -> str:
    """One request over a connection of its own; ``cut``: after so many bytes of the body the connection is reset. Returns the answer's head."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as line:
        more = f"Host: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {TOKEN}\r\nTus-Resumable: 1.0.0\r\nConnection: close\r\n"
        line.sendall(f"{head}\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode())
        line.sendall(body if cut is None else body[:cut])
        if cut is not None:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            return ""
        answer = b""
        while data := line.recv(65536):
            answer += data
    return answer.partition(b"\r\n\r\n")[0].decode()


def settled(server: Server, path: str) -> int:
    """How much has arrived, once the connection that was cut has ended for the server too: a client that is told 423 before asks again, as tus has it."""
    seen = -1
    while (offset := int(header(talk(server, f"HEAD {path} HTTP/1.1"), "upload-offset"))) != seen:
        seen = offset
        time.sleep(0.5)
    return offset


def header(answer: str, name: str) -> str:
    found = re.search(rf"(?im)^{name}: (.*?)\r?$", answer)
    assert found, answer
    return found[1]


def test_a_file_survives_five_breaks_and_a_restart_and_little_is_sent_twice(own_server: Server) -> None:
    data = os.urandom(SIZE)
    name = base64.b64encode(b"large.bin").decode()
    made = talk(own_server, f"POST /api/v1/uploads HTTP/1.1\r\nUpload-Length: {SIZE}\r\nUpload-Metadata: filename {name}")
    path = header(made, "location").partition(f":{own_server.port}")[2]
    sent = 0
    for number in range(CUTS + 1):
        offset = settled(own_server, path)
        patch = f"PATCH {path} HTTP/1.1\r\nUpload-Offset: {offset}\r\nContent-Type: application/offset+octet-stream"
        last = number == CUTS
        cut = None if last else SIZE // (CUTS + 1)
        answer = talk(own_server, patch, data[offset:], cut)
        sent += SIZE - offset if last else SIZE // (CUTS + 1)
        if number == 2:
            own_server.stop()
            own_server.start()
    assert "204" in answer.splitlines()[0], answer
    stored = own_server.data / "buckets/input/large.bin"
    assert hashlib.sha256(stored.read_bytes()).hexdigest() == hashlib.sha256(data).hexdigest()
    assert sent < 1.1 * SIZE


def test_a_reload_goes_on_where_it_was(own_server: Server, browser: Browser, tmp_path: Path) -> None:
    """Choosing the same file again after a reload sends only what is missing."""
    file = tmp_path / "reload.bin"
    file.write_bytes(os.urandom(24_000_000))
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, own_server.base)
    page.goto(f"{own_server.base}/console/media/upload/")
    page.select_option("select[name=template]", "")
    patches: list[int] = []

    def count(request: object) -> None:
        if request.method == "PATCH":  # type: ignore[attr-defined]
            patches.append(int(request.headers["upload-offset"]))  # type: ignore[attr-defined]

    page.on("request", count)
    page.route("**/api/v1/uploads/*", lambda route: route.abort() if route.request.method == "PATCH" and len(patches) > 1 else route.continue_())
    page.set_input_files("input[type=file]", str(file))
    page.click("[data-start]")
    page.wait_for_function("() => performance.getEntriesByType('resource').filter((row) => row.name.includes('/api/v1/uploads/')).length >= 3")
    page.unroute_all(behavior="ignoreErrors")
    page.evaluate("() => { window.onbeforeunload = null }")
    page.close(run_before_unload=False)
    page = context.new_page()
    page.goto(f"{own_server.base}/console/media/upload/")
    page.select_option("select[name=template]", "")
    again: list[int] = []
    page.on("request", lambda request: again.append(int(request.headers["upload-offset"])) if request.method == "PATCH" else None)
    page.set_input_files("input[type=file]", str(file))
    page.click("[data-start]")
    page.wait_for_selector(".p-upload__row a")
    assert again[0] >= 8 * 1024 * 1024, again
    stored = own_server.data / "buckets/input/reload.bin"
    assert stored.read_bytes() == file.read_bytes()
    context.close()


def test_a_folder_keeps_its_folders(own_server: Server, browser: Browser, tmp_path: Path) -> None:
    folder = tmp_path / "holiday"
    for name in ("one.bin", "day 1/猫.bin", "day 1/deep/two.bin", "day 1/.DS_Store"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(os.urandom(1000))
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, own_server.base)
    page.goto(f"{own_server.base}/console/media/upload/")
    page.select_option("select[name=template]", "")
    page.fill("input[name=folder]", "/2026/")
    with page.expect_file_chooser() as chooser:
        page.click("[data-choose-folder]")
    chooser.value.set_files(str(folder))
    page.wait_for_selector(".p-upload__row >> nth=2")
    row = page.locator(".p-upload__row", has_text="猫.bin")
    assert row.get_by_label("Title").input_value() == "猫"
    row.get_by_label("Title").fill("The cat's day")
    row.get_by_label("Tags").fill("cats, 2026")
    page.click("[data-start]")
    page.wait_for_function("() => document.querySelectorAll('.p-upload__row a').length === 3")
    stored = own_server.data / "buckets/input/2026"
    assert {str(path.relative_to(stored)) for path in stored.rglob("*") if path.is_file()} == {
        "holiday/one.bin",
        "holiday/day 1/猫.bin",
        "holiday/day 1/deep/two.bin",
    }
    assert (stored / "holiday/day 1/猫.bin").read_bytes() == (folder / "day 1/猫.bin").read_bytes()
    page.click(".p-upload__row a:has-text('猫')")
    page.wait_for_selector('h1:has-text("The cat\'s day")')
    assert page.locator("a.c-tag").all_inner_texts() == ["2026", "cats"]
    context.close()


def test_two_tabs_with_the_same_file_make_one_whole_object(own_server: Server, browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "both.bin"
    file.write_bytes(os.urandom(160_000_000))  # twenty pieces: the first tab is still at it when the second begins
    context = browser.new_context()
    failed: list[int] = []
    tabs = [context.new_page() for _ in range(2)]
    sign_in(tabs[0], own_server.base)
    for tab in tabs:
        tab.on("response", lambda answer: failed.append(answer.status) if answer.status >= 500 else None)
        tab.goto(f"{own_server.base}/console/media/upload/")
        tab.select_option("select[name=template]", "")
        tab.set_input_files("input[type=file]", str(file))
    with tabs[0].expect_response(lambda answer: answer.request.method == "PATCH"):
        tabs[0].click("[data-start]")
    tabs[1].click("[data-start]")
    for tab in tabs:
        tab.wait_for_selector(".p-upload__row a", timeout=60_000)
    stored = own_server.data / "buckets/input"
    assert [path.name for path in stored.iterdir() if path.name.startswith("both")] == ["both.bin"]
    assert (stored / "both.bin").read_bytes() == file.read_bytes()
    assert not failed
    context.close()
