"""A real server, and a real browser that does not forgive: every console error, CSP violation and failed request fails the test.

server      one installation for all browser tests, with the sample job done: server.base, server.api(path), server.submit(…), server.finished(id)
browser     Chromium (path: env REELMILL_CHROMIUM, else chromium or google-chrome on the PATH)
new_page    new_page(width=1440, height=900, theme="light", language="en", signed_in=True, javascript=True) -> a page in a fresh context
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.server import PASSWORD, Server

ARGUMENTS = [
    "--autoplay-policy=no-user-gesture-required",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str:
    """Path of a Chromium, or empty."""
    return os.environ.get("REELMILL_CHROMIUM") or next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
    )


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One installation for the whole run."""
    server = Server(tmp_path_factory.mktemp("server"))
    try:
        server.start()
        _, jobs = server.api("/jobs")
        server.finished(jobs["items"][0]["id"])
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium."""
    path = chromium()
    if not path:
        pytest.skip("no Chromium found; set REELMILL_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])])
        yield browser
        browser.close()


def sign_in(page: Page, base: str) -> None:
    """Through the form, as a person does."""
    page.goto(f"{base}/console/login/")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/console/")


class Complaints(list[str]):
    """What a page did wrong. ``allow`` names parts of complaints that the test provokes."""

    def __init__(self) -> None:
        super().__init__()
        self.allowed: list[str] = []

    def allow(self, *parts: str) -> None:
        """Expect complaints that contain one of these."""
        self.allowed += parts

    def watch(self, page: Page) -> None:
        """Listen to everything that can go wrong."""
        page.on("console", lambda m: self.append(f"console: {m.text}") if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: self.append(f"script: {e}"))
        page.on("response", lambda r: self.append(f"{r.status} {r.url}") if r.status >= 400 else None)

    @property
    def real(self) -> list[str]:
        """What was not expected."""
        return [text for text in self if not any(part in text for part in self.allowed)]


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Shared by all pages of one test, looked at when it ends."""
    found = Complaints()
    yield found
    assert not found.real, found.real


@pytest.fixture
def new_page(browser: Browser, server: Server, complaints: Complaints) -> Iterator[Callable[..., Page]]:
    """Pages in fresh contexts, each watched."""
    contexts: list[BrowserContext] = []

    def make(
        *,
        width: int = 1440,
        height: int = 900,
        theme: str = "light",
        language: str = "en",
        signed_in: bool = True,
        javascript: bool = True,
        base: str = "",
        **more: Any,
    ) -> Page:
        locale = "zh-CN" if language.startswith("zh") else "en-GB"
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, locale=locale, java_script_enabled=javascript, reduced_motion="reduce", **more
        )
        contexts.append(context)
        page = context.new_page()
        complaints.watch(page)
        if signed_in:
            sign_in(page, base or server.base)
        return page

    yield make
    for context in contexts:
        context.close()
