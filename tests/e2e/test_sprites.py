"""Small pictures over the player's bar, stepping by frames, links with times, the sprite viewer and the page that makes sprites; in a real browser."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Complaints
from tests.server import Server

pytestmark = pytest.mark.e2e
CLIP = "bottles-360p30-h264-noaudio.mp4"


@pytest.fixture(scope="module")
def sprite(server: Server, media: Path) -> dict[str, Any]:
    """A video in the library with an output and a sprite of it, every second a tile of its own."""
    address = server.put(media / CLIP, f"sprites/{CLIP}")
    output = server.finished(server.submit(address, ("mp4-h264-360p", "oss://output/sprites/clip.mp4"))["id"])
    body = {
        "input": address,
        "output": "oss://output/sprites/t-{TileCount}.jpg",
        "interval": 1.0,
        "frame": "normal",
        "columns": 3,
        "rows": 2,
        "cell_width": 160,
    }
    status, job = server.api("/sprites", method="POST", body=body)
    assert status == 201, job
    job = server.finished(job["id"])
    assert job["state"] == "succeeded", job
    return {"output": output, "sprite": job, "index": server.object("oss://output/sprites/t.vtt").read_text()}


def tile(server: Server, name: str, box: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """A part of a sheet as it lies in the bucket."""
    x, y, width, height = box
    with Image.open(server.object(f"oss://output/sprites/{name}")) as sheet:
        return np.asarray(sheet.convert("RGB").crop((x, y, x + width, y + height)), float)


def shown(page: Page) -> np.ndarray[Any, Any]:
    """What is seen in the box over the bar."""
    with Image.open(io.BytesIO(page.locator(".p-thumb__cell").screenshot())) as image:
        return np.asarray(image.convert("RGB"), float)


def ready(page: Page) -> None:
    page.wait_for_function("() => document.querySelector('reel-player')?.thumbs && document.querySelector('video').readyState >= 1")


def hover(page: Page, share: float) -> None:
    page.locator(".p-player__seek").scroll_into_view_if_needed()
    box = page.locator(".p-player__seek").bounding_box()
    assert box
    page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
    expect(page.locator(".p-thumb")).to_be_visible()
    page.wait_for_function("() => { const i = document.querySelector('.p-thumb img'); return i.complete && i.naturalWidth > 0 }")


@pytest.mark.parametrize("width", [1440, 390])
def test_the_right_tile_is_shown_over_the_bar(width: int, sprite: dict[str, Any], server: Server, new_page: Callable[..., Page]) -> None:
    page = new_page(width=width)
    page.goto(f"{server.base}/console/jobs/{sprite['output']['id']}/")
    ready(page)
    length = page.evaluate("document.querySelector('video').duration")
    for second in (0, 2, 7):
        hover(page, (second + 0.5) / length)
        box = tuple(int(n) for n in page.locator(".p-thumb").get_attribute("data-xywh").split(","))  # type: ignore[union-attr]
        place = second % 6
        assert box == (place % 3 * 160, place // 3 * 90, 160, 90)
        wanted = tile(server, f"t-{second // 6 + 1:05d}.jpg", box)
        found = shown(page)
        assert abs(found.shape[0] - 90) <= 1, "a bar between two rows of the screen shows a row more"
        offsets = range(found.shape[0] - 89)
        assert min(float(np.mean(np.abs(found[n : n + 90, :160] - wanted))) for n in offsets) < 5, "the very part of the sheet"
    page.mouse.move(5, 5)
    expect(page.locator(".p-thumb")).to_be_hidden()


def test_keys_seek_with_a_picture_and_step_by_frames(sprite: dict[str, Any], server: Server, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto(f"{server.base}/console/jobs/{sprite['output']['id']}/")
    ready(page)
    page.locator("reel-player").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".p-thumb")).to_be_visible()
    assert page.locator(".p-thumb").get_attribute("data-start") == "5"
    assert page.evaluate("document.querySelector('video').currentTime") == pytest.approx(5.0, abs=0.01)
    expect(page.locator(".p-thumb")).to_be_hidden(timeout=5000)
    for key, wanted in ((".", 5 + 1.5 / 30), (".", 5 + 2.5 / 30), (",", 5 + 1.5 / 30)):
        page.keyboard.press(key)
        assert page.evaluate("document.querySelector('video').currentTime") == pytest.approx(wanted, abs=0.01)
    page.get_by_role("button", name="One frame back").click()
    assert page.evaluate("document.querySelector('video').currentTime") == pytest.approx(5 + 0.5 / 30, abs=0.01)
    page.get_by_role("button", name="Copy link at this time").focus()
    link = page.get_by_role("button", name="Copy link at this time").get_attribute("data-copy")
    assert link
    assert "t=5.0" in link
    page.goto(link.replace("t=5.0", "t=7.4"))
    page.wait_for_function("() => Math.abs(document.querySelector('video').currentTime - 7.4) < 0.05")


def test_the_library_plays_with_pictures_and_shows_the_sheets(sprite: dict[str, Any], server: Server, new_page: Callable[..., Page]) -> None:
    page = new_page()
    media_id = sprite["sprite"]["media_id"]
    page.goto(f"{server.base}/console/media/{media_id}/")
    ready(page)
    hover(page, 0.1)
    page.goto(f"{server.base}/console/media/{media_id}/snapshots/")
    sheet = page.locator("[data-sheet]").first
    image = sheet.locator("img")
    box = image.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.75)
    expect(sheet.locator("[data-cue]")).to_have_text("00:00:04.000 – 00:00:05.000")
    sheet.focus()
    page.keyboard.press("ArrowRight")
    expect(sheet.locator("[data-cue]")).to_have_text("00:00:05.000 – 00:00:06.000")
    assert sheet.locator(".p-sprite__cell").count() == 6


def test_a_sprite_is_made_by_hand(sprite: dict[str, Any], server: Server, new_page: Callable[..., Page], complaints: Complaints) -> None:
    complaints.allow("htmx:sendAbort", "htmx:afterRequest")  # a question that was asked anew before its answer came
    page = new_page()
    page.goto(f"{server.base}/console/jobs/new/snapshot/?input={sprite['sprite']['input']['address']}")
    expect(page.locator("[data-time]")).to_have_count(10)
    page.locator("[data-time]").nth(2).click()
    assert float(page.locator("#id_time").input_value()) > 1
    page.get_by_label("WebVTT thumbnails").check()
    expect(page.locator("#id_columns")).to_be_visible()
    expect(page.locator("#id_output")).to_be_hidden()
    page.fill("#id_interval", "2")
    page.fill("#id_cell_width", "1200")
    page.fill("#id_columns", "8")
    expect(page.locator("#estimate")).to_contain_text("Over 8,192 px")
    page.fill("#id_cell_width", "96")
    page.fill("#id_columns", "3")
    expect(page.locator("#estimate")).to_contain_text("288 ×")
    expect(page.locator("#estimate svg.p-sketch__grid")).to_be_visible()
    page.fill("#id_time", "")
    page.fill("#id_sheets", "oss://output/sprites/hand-{TileCount}.jpg")
    page.get_by_role("button", name="Submit job").click()
    page.wait_for_url("**/console/jobs/*/")
    expect(page.locator("[data-sheet] img").first).to_be_visible(timeout=30_000)
    assert server.object("oss://output/sprites/hand.vtt").exists()


def test_pictures_open_large_and_can_be_fetched_together(sprite: dict[str, Any], server: Server, new_page: Callable[..., Page]) -> None:
    body = {"input": sprite["sprite"]["input"]["address"], "output": "oss://output/sprites/p-{Count}.jpg", "mode": "average", "count": 3, "width": 320}
    job = server.finished(server.api("/snapshots", method="POST", body=body)[1]["id"])
    page = new_page()
    page.goto(f"{server.base}/console/jobs/{job['id']}/")
    page.locator(".p-snapshots__picture").first.click()
    box = page.locator("dialog.p-lightbox")
    expect(box.locator("p")).to_contain_text("1 / 3")
    page.keyboard.press("ArrowRight")
    expect(box.locator("p")).to_contain_text("2 / 3")
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    with page.expect_download() as fetched:
        page.get_by_role("link", name="Download all").click()
    assert fetched.value.suggested_filename.endswith(".zip")
