"""The comparing page in a browser: four clicks from the media page to the deepest dip, a slider that shows the right pixels, keys, four looks, no JavaScript."""

from __future__ import annotations

import io
import re
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
LOOKS = [("en", "light", 1440), ("en", "dark", 390), ("zh-hans", "light", 390), ("zh-hans", "dark", 1440)]


@pytest.fixture(scope="module")
def pair(server: Server, media: Path) -> dict[str, Any]:
    """A video with two outputs, one of them much worse, both measured by the switch."""
    address = server.put(media / CLIP, f"compare/{CLIP}")
    video = {"codec": "h264", "preset": "veryfast", "height": 360}
    outputs = [
        {
            "address": f"oss://output/compare/{name}.mp4",
            "overrides": {"container": {"format": "mp4"}, "video": {**video, "crf": crf}, "audio": {"remove": True}},
            "quality": ["vmaf"],
        }
        for name, crf in (("fine", 18), ("coarse", 44))
    ]
    body = {"kind": "transcode", "input": {"address": address, "duration": 4}, "outputs": outputs}
    status, job = server.api("/jobs", method="POST", body=body)
    assert status == 201, job
    job = server.finished(job["id"])
    for _ in range(200):
        measured = [output["quality"]["job"] for output in server.api(f"/jobs/{job['id']}")[1]["outputs"]]
        if all(measured):
            break
    for one in measured:
        assert server.finished(one)["state"] == "succeeded"
    return dict(server.api(f"/jobs/{job['id']}")[1])


def pixels(page: Page, url: str) -> np.ndarray[Any, Any]:
    answer = page.request.get(url)
    assert answer.status == 200, answer.text()
    with Image.open(io.BytesIO(answer.body())) as image:
        return np.asarray(image.convert("RGB"), float)


def shown(page: Page) -> np.ndarray[Any, Any]:
    """The stage as it is seen."""
    with Image.open(io.BytesIO(page.locator(".p-compare__side--a img").screenshot())) as image:
        return np.asarray(image.convert("RGB"), float)


def loaded(page: Page) -> None:
    page.wait_for_function("() => [...document.querySelectorAll('.p-compare img')].every(i => i.complete && i.naturalWidth)")


def address(server: Server, pair: dict[str, Any], mode: str, t: float = 0.5) -> str:
    a, b = (output["id"] for output in pair["outputs"])
    return f"{server.base}/console/compare/?a={a}&b={b}&mode={mode}&t={t}"


def test_four_clicks_to_the_deepest_dip(server: Server, pair: dict[str, Any], new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto(f"{server.base}/console/media/{pair['media_id']}/outputs/")
    page.get_by_role("checkbox", name="Compare fine.mp4").click()
    page.get_by_role("checkbox", name="Compare coarse.mp4").click()
    page.get_by_role("button", name="Compare").click()
    loaded(page)
    first = [image.get_attribute("src") for image in page.locator(".p-compare img").all()]
    page.locator(".p-compare__chart a").first.click()
    page.wait_for_url("**&t=*")
    loaded(page)
    second = [image.get_attribute("src") for image in page.locator(".p-compare img").all()]
    assert all(one != other for one, other in zip(first, second, strict=True)), "both sides are there"
    expect(page.locator(".p-compare")).to_have_class("c-card p-compare is-over is-split")


def test_the_slider_shows_the_right_pixels(server: Server, pair: dict[str, Any], new_page: Callable[..., Page]) -> None:
    page = new_page(width=1000, height=1200)
    page.goto(address(server, pair, "split"))
    loaded(page)
    urls = [server.base + str(image.get_attribute("src")) for image in page.locator(".p-compare img").all()]
    a, b = (pixels(page, url) for url in urls)
    page.evaluate("width => { document.querySelector('.p-compare__stage').style.width = `${width}px`; }", a.shape[1])  # one pixel is one pixel
    slider = page.locator("[data-cut]")
    slider.focus()
    for key, side in (("Home", 1), ("End", 0)):
        page.keyboard.press(key)
        seen = shown(page)
        assert seen.shape == a.shape
        part = (slice(60, None), slice(8, -8))  # below the names
        errors = [np.abs(seen[part] - one[part]).mean() for one in (a, b)]
        assert int(np.argmin(errors)) == side, (key, errors)
        assert min(errors) < 0.5, (key, errors)
        assert max(errors) > 2, (key, errors)
    box = page.locator(".p-compare__stage").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.5)
    assert slider.input_value() == "25"
    seen, edge = shown(page), a.shape[1] // 4
    for columns, wanted in ((slice(8, edge - 8), 0), (slice(edge + 8, -8), 1)):
        errors = [np.abs(seen[60:, columns] - one[60:, columns]).mean() for one in (a, b)]
        assert int(np.argmin(errors)) == wanted, errors


def test_flicker_and_steps_by_key(server: Server, pair: dict[str, Any], new_page: Callable[..., Page]) -> None:
    page = new_page(width=1000, height=1200)
    page.goto(address(server, pair, "flicker"))
    loaded(page)
    a = shown(page)
    page.keyboard.down(" ")
    b = shown(page)
    page.keyboard.up(" ")
    assert np.abs(a - b)[60:].mean() > 0.5
    assert np.abs(a - shown(page)).mean() < 0.01
    expect(page.get_by_text("Picture 15 of 120")).to_be_visible()
    page.keyboard.press(".")
    expect(page.get_by_text("Picture 16 of 120")).to_be_visible()
    page.keyboard.press(",")
    expect(page.get_by_text("Picture 15 of 120")).to_be_visible()


def test_one_cursor_for_quality_and_bitrate(server: Server, pair: dict[str, Any], new_page: Callable[..., Page], complaints: Complaints) -> None:
    page = new_page(width=1200, height=1400)
    page.goto(address(server, pair, "split"))
    loaded(page)
    quality, bitrate = page.locator("[data-chart]").all()
    box = bitrate.bounding_box()
    assert box
    bitrate.hover(position={"x": box["width"] * 0.5, "y": 60})
    for chart in (quality, bitrate):
        line = chart.locator(".p-compare__hover")
        assert line.get_attribute("hidden") is None  # a line without width counts as hidden for the browser's driver
        assert float(str(line.get_attribute("x1")).rstrip("%")) == pytest.approx(50, abs=0.5)
    expect(page.locator("[data-reading]")).to_have_text(re.compile(r"(2\.0|1\.9)\d s"))
    bitrate.click(position={"x": box["width"] * 0.75, "y": 60})
    page.wait_for_url(re.compile(r"t=(2\.9|3\.0)\d"))
    loaded(page)
    expect(page.get_by_text(re.compile("Picture (90|91|92) of 120"))).to_be_visible()
    cursors = [str(chart.locator(".p-compare__cursor").get_attribute("x1")) for chart in page.locator("[data-chart]").all()]
    assert cursors[0] == cursors[1]
    assert float(cursors[0].rstrip("%")) == pytest.approx(75, abs=1)
    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as png:
        page.get_by_role("link", name="Both pictures as PNG").click()
    with Image.open(png.value.path()) as image:
        assert image.size == (2 * 640 + 8, 360)
    page.get_by_text("Export", exact=True).click()
    page.get_by_role("link", name="Report to print").click()
    expect(page.get_by_role("heading", name="Report of a comparison")).to_be_visible()
    page.emulate_media(media="print")
    assert not page.locator(".l-nav").is_visible()
    assert not page.locator(".l-top").is_visible()
    assert page.locator(".p-report__pair img").count() == 2
    assert not complaints


def test_without_javascript_side_by_side(server: Server, pair: dict[str, Any], new_page: Callable[..., Page]) -> None:
    page = new_page(javascript=False)
    page.goto(address(server, pair, "split"))
    boxes = [image.bounding_box() for image in page.locator(".p-compare img").all()]
    assert boxes[0]
    assert boxes[1]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    page.get_by_role("link", name="Next picture").click()
    assert page.get_by_text("Picture 16 of 120").count() == 1


@pytest.mark.parametrize(("code", "theme", "width"), LOOKS, ids=lambda v: str(v))
def test_four_looks(code: str, theme: str, width: int, server: Server, pair: dict[str, Any], new_page: Callable[..., Page], complaints: Complaints) -> None:
    page = new_page(width=width, height=844 if width == 390 else 900, theme=theme, language=code)
    page.context.add_cookies([{"name": "django_language", "value": code, "url": server.base}])
    for mode in ("split", "side", "flicker"):
        page.goto(address(server, pair, mode))
        loaded(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), mode
        small = page.evaluate(
            "[...document.querySelectorAll('.p-compare a.c-button, .p-compare button, .p-compare input')].filter(e => e.offsetHeight && e.offsetHeight < 24).length"
        )
        assert not small, mode
    assert not complaints
