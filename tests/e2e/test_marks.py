"""Journey J2: a watermark template with its live preview, by pointer and by keyboard alone, with and without scripts."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Complaints
from tests.server import Server

pytestmark = pytest.mark.e2e
NEW = "/console/templates/watermark/new/"
EXACT = 4_000  # ms: about one, where nothing else runs


@pytest.fixture
def logo(tmp_path: Path) -> Path:
    path = tmp_path / "logo.png"
    Image.new("RGBA", (80, 40), (230, 20, 20, 255)).save(path)
    return path


def exact(page: Page) -> None:
    page.wait_for_timeout(400)
    expect(page.locator("[data-state]")).to_have_text("Exact", timeout=EXACT)
    expect(page.locator("[data-stage]")).not_to_have_attribute("aria-busy", "true", timeout=EXACT)


def shown(page: Page) -> np.ndarray:
    """The picture itself, in its own pixels."""
    data = page.evaluate(
        """async () => { const i = document.querySelector('[data-picture]'); const c = new OffscreenCanvas(i.naturalWidth, i.naturalHeight);
        c.getContext('2d').drawImage(i, 0, 0); const b = await (await c.convertToBlob()).arrayBuffer(); return [...new Uint8Array(b)]; }"""
    )
    return np.asarray(Image.open(io.BytesIO(bytes(data))).convert("RGB"))


def red(picture: np.ndarray) -> tuple[int, int, int, int]:
    """Where the logo is: left, top, right, bottom."""
    mask = (picture[..., 0].astype(int) > 180) & (picture[..., 1] < 80) & (picture[..., 2] < 80)
    rows, columns = np.where(mask.sum(axis=1) > 20)[0], np.where(mask.sum(axis=0) > 10)[0]
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def test_a_mark_follows_pointer_and_keys_and_becomes_exact(server: Server, new_page: Callable[..., Page], logo: Path) -> None:
    page = new_page()
    page.goto(server.base + NEW)
    page.select_option("[name=ground]", "light")
    page.set_input_files("[name=sample]", logo)
    page.check("input[name=corner][value=bottom_right]")
    page.fill("[name=width]", "160")
    exact(page)
    assert red(shown(page)) == pytest.approx((480, 280, 640, 360), abs=1)  # colour is subsampled

    box = page.locator("[data-box]")
    place = box.bounding_box()
    assert place
    page.mouse.move(place["x"] + 20, place["y"] + 10)
    page.mouse.down()
    page.mouse.move(place["x"] - 60, place["y"] - 30, steps=4)
    expect(page.locator("[data-state]")).to_have_text("Sketch")
    page.mouse.up()
    exact(page)
    right, lower = int(page.input_value("[name=dx]")), int(page.input_value("[name=dy]"))
    assert right > 60
    assert lower > 30
    assert red(shown(page)) == pytest.approx((480 - right, 280 - lower, 640 - right, 360 - lower), abs=1)  # colour is subsampled

    box.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    exact(page)
    assert (int(page.input_value("[name=dx]")), int(page.input_value("[name=dy]"))) == (right - 1, lower - 10)
    assert red(shown(page)) == pytest.approx((481 - right, 290 - lower, 641 - right, 370 - lower), abs=1)  # colour is subsampled

    page.select_option("[name=ratio]", "9:16")
    exact(page)
    assert shown(page).shape == (640, 360, 3)


def test_what_fails_keeps_the_last_picture_and_says_so(server: Server, new_page: Callable[..., Page], complaints: Complaints, tmp_path: Path) -> None:
    complaints.allow("400")
    page = new_page()
    page.goto(server.base + NEW)
    page.select_option("[name=ground]", "dark")
    exact(page)
    before = shown(page)
    bad = tmp_path / "logo.svg"
    bad.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    page.set_input_files("[name=sample]", bad)
    expect(page.locator("[data-note]")).to_contain_text("the last one is kept", timeout=EXACT)
    assert (shown(page) == before).all()


def test_a_mark_is_made_and_saved_with_the_keyboard_only(server: Server, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto(server.base + NEW)
    page.focus("[name=name]")
    page.keyboard.type("By keyboard")
    for _ in range(60):
        if page.evaluate("document.activeElement.matches('[data-box]')"):
            break
        page.keyboard.press("Tab")
    exact(page)
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("ArrowDown")
    page.focus("[name=name]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/watermark/")
    assert server.api("/watermark-templates/By keyboard".replace(" ", "%20"))[1]["params"] == {"corner": "top_right", "dx": 10, "dy": 11}


def test_without_scripts_the_form_shows_and_saves(server: Server, new_page: Callable[..., Page]) -> None:
    page = new_page(javascript=False)
    page.goto(server.base + NEW)
    page.check("input[name=kind][value=text]")
    page.fill("[name=content]", "No scripts")
    page.fill("[name=size]", "20")
    page.select_option("[name=size_unit]", "%")
    page.select_option("[name=ground]", "busy")
    page.click("button[name=preview]")
    picture = page.locator("[data-picture]")
    expect(picture).to_be_visible()
    answer = page.request.get(server.base + (picture.get_attribute("src") or ""))
    assert Image.open(io.BytesIO(answer.body())).size == (640, 360)
    page.fill("[name=name]", "Without scripts")
    page.click("main .c-form__foot .c-button--primary")
    page.wait_for_url("**/watermark/")
    assert server.api("/watermark-templates/Without%20scripts")[1]["params"]["text"] == {"content": "No scripts", "size": 0.2}


def test_a_hint_where_text_could_not_be_read(server: Server, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto(server.base + NEW)
    page.check("input[name='kind'][value='text']")
    hint = page.locator("[data-contrast]")
    page.fill("[name='outline_width']", "")
    expect(hint).to_contain_text("Without an outline")
    page.fill("[name='outline_width']", "2")
    expect(hint).to_be_hidden()
    page.fill("[name='outline_color']", "#eeeeee")
    expect(hint).to_contain_text("hardly differ")
    page.fill("[name='outline_color']", "navy")
    expect(hint).to_be_hidden()


def test_the_opacity_has_a_slider(server: Server, new_page: Callable[..., Page], logo: Path) -> None:
    page = new_page()
    page.goto(server.base + NEW)
    page.select_option("[name=ground]", "light")
    page.set_input_files("[name=sample]", logo)
    exact(page)
    strong = int(shown(page)[..., 1].min())
    slider, number = page.get_by_role("slider", name="Opacity"), page.get_by_role("spinbutton", name="Opacity")
    expect(slider).to_have_value("1")  # what holds where nothing is said
    number.fill("0.31")
    expect(slider).to_have_value("0.31")
    slider.press("ArrowLeft")
    expect(number).to_have_value("0.3")
    exact(page)
    assert int(shown(page)[..., 1].min()) > strong + 50, "the picture follows"
    page.fill("[name=name]", "Faint")
    page.click("text=Create watermark")
    page.wait_for_url("**/watermark/")
    assert server.api("/watermark-templates/Faint")[1]["params"]["opacity"] == 0.3
