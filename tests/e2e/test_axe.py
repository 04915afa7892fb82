"""Every page through axe-core: WCAG 2.1 A and AA, at both widths, light and dark."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.e2e.test_pages import whole_pages
from tests.server import ROOT, Server

pytestmark = pytest.mark.e2e

FILE = ROOT / "tests" / "e2e" / ".vendor" / "axe.min.js"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}


@pytest.fixture(scope="session")
def axe() -> str:
    """The text of axe-core, fetched by hash if it is not there yet."""
    if not FILE.is_file():
        done = subprocess.run([sys.executable, "tools/vendor.py", "--tests"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=400)
        if not FILE.is_file():
            pytest.skip(f"axe-core could not be fetched: {(done.stderr.strip().splitlines() or ['?'])[-1][:120]}")
    return FILE.read_text()


def faults(page: Page, axe: str) -> list[str]:
    """What axe finds, a line each: rule, where, why."""
    page.evaluate(axe)  # not a script element: the page's policy would refuse it
    found = page.evaluate("rules => axe.run(document, rules)", RULES)
    return [
        f"{rule['id']}: {' '.join(node['target'])}: {node['failureSummary'].splitlines()[-1].strip()}"
        for rule in found["violations"]
        for node in rule["nodes"][:3]
    ]


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_axe_finds_nothing(server: Server, new_page: Callable[..., Page], axe: str, theme: str, width: int) -> None:
    page = new_page(width=width, theme=theme)
    told: dict[str, list[str]] = {}
    for address in whole_pages(page, server):
        if address.startswith(("/admin/", "/api/")):
            continue
        page.goto(server.base + address)
        if found := faults(page, axe):
            told[address] = found
    assert not told, "\n".join(f"{address}\n  " + "\n  ".join(lines) for address, lines in told.items())


def test_axe_finds_nothing_before_somebody_signs_in(server: Server, new_page: Callable[..., Page], axe: str) -> None:
    page = new_page(signed_in=False)
    page.goto(f"{server.base}/console/login/")
    assert faults(page, axe) == []
