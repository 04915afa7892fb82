"""A workflow as a person makes it: from a starter, a file dropped below its path, the run watched to its end, the output played."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.clips import Clips
from tests.e2e.test_journey import plays
from tests.server import Server

pytestmark = pytest.mark.e2e


def test_from_a_starter_to_a_film_that_plays(server: Server, new_page: Callable[..., Page], clips: Clips) -> None:
    page = new_page()
    page.goto(f"{server.base}/console/workflows/")
    page.get_by_role("link", name="New workflow").click()
    page.get_by_role("link", name="HLS ladder").click()
    page.fill("#id_name", "every talk")
    page.fill("#id_path", "talks")
    expect(page.locator("#checks")).to_contain_text("Nothing is wrong with it.")
    expect(page.locator("#checks .p-flow__name").nth(1)).to_have_text("package")
    page.get_by_role("button", name="Save and enable").click()
    expect(page.locator("h1")).to_have_text("every talk")
    expect(page.locator(".l-head [data-state=Active]")).to_be_visible()

    server.put(clips.make(seconds=3, size="640x360"), "talks/first talk.mp4")
    page.goto(f"{server.base}/console/executions/?q=first talk.mp4")
    page.wait_for_function("() => { if (document.querySelector('#results [data-row-id]')) return true; location.reload(); }", polling=1500, timeout=60_000)
    page.locator("#results tr[data-row-id]").get_by_role("link", name="first talk.mp4").click()
    expect(page.locator("#execution-live [data-state=succeeded]")).to_be_visible(timeout=90_000)  # by itself: the page is live
    assert page.locator("[data-step-state=success]").count() == 5
    expect(page.locator("#execution-live")).not_to_have_attribute("data-poll", re.compile("."))

    page.locator("tr[data-row-id=package]").get_by_role("link").click()
    expect(page.get_by_text("Workflow · every talk")).to_be_visible()
    play = page.get_by_role("button", name=re.compile("^Play")).first
    expect(page.locator("video").first).to_be_attached(timeout=10_000)
    play.click()
    width, first, later = plays(page)
    assert width > 0
    assert later > first


def test_the_editor_goes_with_the_steps(server: Server, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto(f"{server.base}/console/workflows/new/?starter=")
    page.fill("#id_name", "evening news")
    page.fill("#id_path", "evening news")
    page.get_by_text("Add a step", exact=True).click()
    page.get_by_role("button", name="Transcode", exact=True).click()
    expect(page.locator("#step-0 details[data-step]")).to_have_attribute("open", "")
    expect(page.locator("#checks .p-flow__name")).to_have_text(["New file", "transcode"])
    page.locator("#step-0 summary[aria-label='Add a step after transcode']").click()
    page.locator("#step-0").get_by_role("button", name="Cover", exact=True).click()
    expect(page.locator("#step-0 details[data-step]")).to_have_attribute("open", "")  # what was open stays open
    expect(page.locator("#checks .p-flow__name")).to_have_text(["New file", "transcode", "cover"])
    page.locator("#step-1 [name=s1-name]").fill("transcode")
    expect(page.locator("#checks")).to_contain_text("Another step has this name.")
    page.locator("#step-1 [name=s1-name]").fill("poster")
    page.locator("#step-1 [name=s1-output]").fill("oss://input/evening news/{FileName}.jpg")
    expect(page.locator("#checks")).to_contain_text("endless loop")
    page.locator("#step-1 [name=s1-output]").fill("oss://output/{FileName}.jpg")
    page.locator("#step-1 [name=s1-keep]").fill("1")
    expect(page.locator("#checks")).to_contain_text("Nothing is wrong with it.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("h1")).to_have_text("evening news")
    expect(page.locator(".l-head [data-state=Inactive]")).to_be_visible()
    page.get_by_role("link", name="Test with a file…").click()
    page.get_by_role("link", name="Browse").click()
    expect(page.locator("#dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.goto(f"{server.base}/console/workflows/")
    row = page.locator("tr", has_text="evening news")
    row.get_by_role("button", name=re.compile("^Enable")).click()
    expect(page.locator("tr", has_text="evening news").locator("[data-state=Active]")).to_be_visible()


def test_the_editor_works_without_scripts(server: Server, new_page: Callable[..., Page]) -> None:
    page = new_page(javascript=False)
    page.goto(f"{server.base}/console/workflows/new/?starter=pictures")
    page.fill("#id_name", "plain")
    page.fill("#id_path", "plain")
    page.locator(".p-add > summary").click()
    page.locator(".p-add").get_by_role("button", name="Publish").click()
    expect(page.locator(".p-flow-step")).to_have_count(3)
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator("#checks")).to_contain_text("Nothing is wrong with it.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("h1")).to_have_text("plain")
