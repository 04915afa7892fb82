"""Every page of the console, in both languages, both themes and on a phone: it fits, it complains about nothing, it is in one language."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.urls import get_resolver, reverse
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Complaints, sign_in
from tests.server import KEY_ID, Server
from tests.test_architecture import named_patterns

pytestmark = pytest.mark.e2e

NOT_PAGES = {"console:login", "console:logout"}  # looked at alone, below
LOOKS = [("en", "light", 1440), ("en", "dark", 390), ("zh-hans", "light", 390), ("zh-hans", "dark", 1440)]


LIGHT: dict[str, dict[str, object]] = {
    "mediainfo": {},
    "inspect": {},
    "cover": {"output": "oss://output/light/cover-{Count}.jpg", "candidates": 6, "keep": 2},
    "preview": {"output": "oss://output/light/preview.gif", "seconds": 1},
}
"""Kinds whose pages look different, and what they are asked for."""


def light_jobs(server: Server, source: str) -> list[str]:
    """A finished job of each kind that answers in its own way; made once."""
    found = []
    for kind, asked in LIGHT.items():
        done = server.api(f"/jobs?state=succeeded&kind={kind}")[1]["items"]
        found.append(done[0] if done else server.finished(server.api("/jobs", method="POST", body={"kind": kind, "input": source, **asked})[1]["id"]))
    return [reverse("jobs:job_detail", kwargs={"job_id": job["id"]}) for job in found]


def execution(server: Server, source: str) -> dict[str, Any]:
    """A workflow that ran, with a step that failed; made once."""
    if not server.api("/workflows/looking")[1].get("id"):
        steps = [
            {"name": "look", "type": "analyse", "job": {"kind": "mediainfo"}},
            {"name": "cover", "type": "snapshot", "under": "look", "job": {"kind": "cover", "keep": 1, "output": "oss://output/looking/{FileName}.jpg"}},
            {
                "name": "late",
                "type": "snapshot",
                "under": "look",
                "job": {"mode": "single", "time": 86000, "output": "oss://output/looking/late-{FileName}.jpg"},
            },
        ]
        server.api(
            "/workflows", method="POST", body={"name": "looking", "bucket": "input", "path": "looking", "trigger": "manual", "active": True, "steps": steps}
        )
        server.api("/workflows/looking/run", method="POST", body={"input": source})
    until = time.monotonic() + 60
    while True:
        row: dict[str, Any] = server.api("/executions?workflow=looking")[1]["items"][0]
        if row["state"] != "running":
            return row
        assert time.monotonic() < until, row
        time.sleep(0.5)


def addresses(server: Server) -> list[str]:
    """Every page that can be looked at: lists and forms, and one of each kind of thing with all its tabs."""
    job = server.api("/jobs?state=succeeded&kind=transcode")[1]["items"][0]
    server.api("/watermark-templates", method="POST", body={"name": "Corner", "params": {"corner": "bottom_right", "width": 0.2}})
    target = server.api("/notifications", method="POST", body={"name": "ends", "url": "https://localhost:1/"})[1]
    sent = server.api("/notifications/ends/test", method="POST")[1]
    server.api("/snapshot-templates", method="POST", body={"name": "Thumbnails", "type": "webvtt", "params": {"interval": 5.0}})
    server.api("/projects", method="POST", body={"name": "input"})  # named as the bucket is: both are {name} in addresses
    executed = execution(server, job["input"]["address"])
    things = {
        "target_id": target["id"] if "id" in target else server.api("/notifications/ends")[1]["id"],
        "delivery_id": sent["id"],
        "job_id": job["id"],
        "media_id": server.api("/media")[1]["items"][0]["id"],
        "template_id": server.api("/templates/mp4-h264-540p")[1]["id"],
        "snapshot_id": server.api("/snapshot-templates/Thumbnails")[1]["id"],
        "mark_id": server.api("/watermark-templates/Corner")[1]["id"],
        "pipeline_id": server.api("/pipelines/default")[1]["id"],
        "output_id": job["outputs"][0]["id"],
        "workflow_id": executed["workflow_id"],
        "execution_id": executed["id"],
        "name": "input",
        "key_id": KEY_ID,
    }
    found = []
    for name, route, pattern in named_patterns(get_resolver()):
        if not route.startswith("console/") or name in NOT_PAGES:
            continue
        wanted = re.findall(r"<(?:\w+:)?(\w+)>", route)
        if set(wanted) <= set(things):
            found.append(reverse(name, kwargs={key: things[key] for key in wanted}))
        elif wanted == ["job_id", "tab"]:
            found += [reverse(name, kwargs={"job_id": job["id"], "tab": tab}) for tab in ("outputs", "log", "parameters", "timeline", "messages")]
        del pattern
    return sorted({*found, *light_jobs(server, job["input"]["address"])})


def whole_pages(page: Page, server: Server) -> Iterator[str]:
    """Those that answer with a whole page: not the doors for POST, redirects, fragments, downloads, and forms that a preset has not. A fault is a fault."""
    for address in addresses(server):
        answer = page.request.get(server.base + address, max_redirects=0)
        assert answer.status < 500, address
        if answer.status == 200 and "text/html" in answer.headers.get("content-type", "") and "<html" in answer.text():
            yield address


def language(page: Page, server: Server, code: str) -> None:
    """Choose by cookie, as the form in the frame does."""
    page.context.add_cookies([{"name": "django_language", "value": code, "url": server.base}])


@pytest.mark.parametrize(("code", "theme", "width"), LOOKS, ids=lambda v: str(v))
def test_every_page_fits_and_complains_about_nothing(code: str, theme: str, width: int, server: Server, new_page: Callable[..., Page]) -> None:
    page = new_page(width=width, height=844 if width == 390 else 900, theme=theme, language=code)
    language(page, server, code)
    seen, wide, wrong = 0, [], []
    for address in whole_pages(page, server):
        page.goto(server.base + address, wait_until="load")
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            wide.append((address, page.evaluate("document.documentElement.scrollWidth")))
        if not (page.evaluate("document.documentElement.lang") or "").lower().startswith(code[:2]):
            wrong.append(address)
        assert page.locator("h1").count() == 1, address
        seen += 1
    assert seen >= 20
    assert not wide, wide
    assert not wrong, wrong


def test_chinese_pages_have_no_english_sentences(server: Server, new_page: Callable[..., Page]) -> None:
    """Four English words in a row that are no data: a sentence somebody forgot."""
    page = new_page(language="zh-hans")
    language(page, server, "zh-hans")
    found = []
    for address in whole_pages(page, server):
        if "/log" in address or "/parameters" in address:
            continue  # data, not sentences
        page.goto(server.base + address)
        text = page.evaluate(
            "[...document.querySelectorAll('main h1, main h2, main h3, main p, main label, main th, main button, main a, main legend, main option')].map(e => e.innerText).join('\\n')"
        )
        found += [(address, line) for line in text.splitlines() if re.search(r"\b[A-Za-z]{2,}( [a-z]{2,}){3,}", line)]
    assert not found, found[:20]


def test_pages_work_without_javascript(server: Server, new_page: Callable[..., Page]) -> None:
    page = new_page(javascript=False)
    page.goto(f"{server.base}/console/jobs/?state=succeeded")
    expect(page.locator("#results table tbody tr").first).to_be_visible()
    page.goto(f"{server.base}/console/jobs/?state=failed&q=nothing-has-this-name")
    assert page.locator("#results table tbody tr").count() == 0
    page.goto(f"{server.base}/console/media/upload/")
    assert page.locator("input[type=file]").count() == 1


def test_strangers_see_only_the_sign_in_page(server: Server, new_page: Callable[..., Page], complaints: Complaints) -> None:
    page = new_page(signed_in=False)
    page.goto(f"{server.base}/")
    assert "/console/login/" in page.url
    for path in ("/console/jobs/", "/console/media/", "/console/workers/"):
        page.goto(server.base + path)
        assert "/console/login/" in page.url
    sign_in(page, server.base)
    complaints.allow("401")


def test_missing_pages_are_told_apart(server: Server, new_page: Callable[..., Page], complaints: Complaints) -> None:
    complaints.allow("404")
    page = new_page()
    answer = page.goto(f"{server.base}/console/jobs/{'0' * 32}/")
    assert answer is not None
    assert answer.status == 404
    expect(page.locator("h1")).to_be_visible()


def test_the_policy_is_strict_and_really_sent(server: Server, new_page: Callable[..., Page], complaints: Complaints) -> None:
    """An inline script that somebody slips in does not run, and the browser says so: else the silence of the other tests would prove nothing."""
    complaints.allow("Content Security Policy", "inline")
    page = new_page()
    page.evaluate("() => { const s = document.createElement('script'); s.textContent = 'window.slipped = 1'; document.body.append(s); }")
    assert page.evaluate("window.slipped") is None
    assert any("Content Security Policy" in text for text in complaints)


def test_list_state_is_in_the_address(server: Server, new_page: Callable[..., Page]) -> None:
    """Reload and a fresh browser show the same rows."""
    first, second = new_page(), new_page()
    address = f"{server.base}/console/jobs/?state=succeeded&kind=transcode&size=50"
    rows = []
    for page in (first, second):
        page.goto(address)
        rows.append(page.locator("[data-row-id]").evaluate_all("rows => rows.map(r => r.dataset.rowId)"))
        page.reload()
        rows.append(page.locator("[data-row-id]").evaluate_all("rows => rows.map(r => r.dataset.rowId)"))
    assert rows[0]
    assert all(row == rows[0] for row in rows)


def test_pause_and_resume_take_four_clicks(server: Server, new_page: Callable[..., Page]) -> None:
    """Journey J3, without the reading."""
    page = new_page()
    page.goto(f"{server.base}/console/pipelines/")
    page.get_by_role("link", name=re.compile("Pause|Hold")).or_(page.get_by_role("button", name=re.compile("^Pause"))).first.click()
    page.get_by_role("button", name=re.compile("Pause")).last.click()
    page.wait_for_timeout(200)
    assert server.api("/pipelines/default")[1]["state"] == "Paused"
    page.get_by_role("button", name=re.compile("Resume")).first.click()
    page.wait_for_timeout(500)
    assert server.api("/pipelines/default")[1]["state"] == "Active"


def test_images_of_the_docs_exist() -> None:
    """`make screenshots` takes them."""
    folder = Path(__file__).resolve().parents[2] / "docs" / "images"
    for name in ("overview", "job", "jobs", "upload"):
        assert (folder / f"{name}.png").stat().st_size < 1_200_000


def test_what_is_chosen_and_what_can_be_done_is_in_sight(server: Server, new_page: Callable[..., Page]) -> None:
    """On a phone the chosen tab, and rows before filters; on a small laptop the menu of a row, however wide its table is."""
    phone = new_page(width=390, height=844)
    phone.goto(f"{server.base}/console/templates/transcode/?kind=narrowband")
    tab = phone.locator(".c-tabs [aria-current]").bounding_box()
    assert tab is not None
    assert tab["x"] >= 0
    assert tab["x"] + tab["width"] <= 390
    expect(phone.locator("select[name=container]")).to_be_hidden()
    phone.get_by_text("Filters", exact=True).click()
    expect(phone.locator("select[name=container]")).to_be_visible()
    laptop = new_page(width=1024, height=700)
    laptop.goto(f"{server.base}/console/jobs/?state=succeeded")
    table, menu = laptop.locator("#jobs-table").bounding_box(), laptop.locator("#jobs-table .c-table__menu summary").first.bounding_box()
    assert table is not None
    assert menu is not None
    assert menu["x"] + menu["width"] <= table["x"] + table["width"]
    laptop.locator("#jobs-table .c-table__menu summary").first.click()
    expect(laptop.get_by_role("link", name="Open", exact=True).first).to_be_visible()
