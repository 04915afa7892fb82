"""The forms with all parameters in a real browser: what makes no sense is hidden and not sent, rows come and go, and all of it works without scripts."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Complaints
from tests.server import Server

pytestmark = pytest.mark.e2e

NEW = "/console/templates/transcode/new/"


def tab(page: Page, key: str, prefix: str = "") -> None:
    """Open a part of the form."""
    page.click(f"[data-parts] a[href='#part-{prefix}{key}']")


def test_only_valid_fields_are_shown_and_sent(server: Server, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto(server.base + NEW)
    page.fill("#id_name", "Only sound")
    expect(page.locator("[name='video.crf']")).to_be_visible()
    expect(page.locator("[name='video.bitrate_kbps']")).to_be_hidden()  # the rate control is CRF
    page.select_option("[name='video.rate_control']", "vbr")
    expect(page.locator("[name='video.crf']")).to_be_hidden()
    expect(page.locator("[name='video.bitrate_kbps']")).to_be_visible()
    page.check("[name='kind'][value='audio']")
    expect(page.locator("[name='video.rate_control']")).to_be_hidden()
    page.select_option("[name='container.format']", "mp3")
    tab(page, "audio")
    codecs = page.locator("[name='audio.codec'] option:not([disabled])").evaluate_all("rows => rows.map((row) => row.value)")
    assert codecs == ["", "mp3", "copy"]
    page.fill("[name='audio.bitrate_kbps']", "192")
    tab(page, "conditions")
    expect(page.locator("[name='conditions.if_lower_audio_bitrate']")).to_be_visible()
    expect(page.locator("[name='conditions.if_smaller']")).to_be_hidden()
    tab(page, "encryption")
    expect(page.locator("#part-encryption [data-empty-part]")).to_be_visible()
    tab(page, "video")
    expect(page.locator("#part-video [data-empty-part]")).to_be_visible()
    page.click("text=Create template")
    page.wait_for_url("**/console/templates/transcode/*/")
    made = server.api("/templates/Only%20sound")[1]
    assert made["params"]["container"] == {"format": "mp3"}
    assert made["params"]["audio"] == {"bitrate_kbps": 192}
    assert not made["params"].get("video")


def options(page: Page, name: str) -> list[str]:
    """What can be chosen in a field."""
    found: list[str] = page.locator(f"[name='{name}'] option:not([disabled])").evaluate_all("rows => rows.map((row) => row.value)")
    return found


def test_choices_follow_codec_and_container(server: Server, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto(server.base + NEW)
    page.select_option("[name='video.profile']", "baseline")
    assert options(page, "video.profile") == ["", "baseline", "main", "high", "high10", "high422", "high444"]
    page.select_option("[name='video.codec']", "h265")
    assert options(page, "video.profile") == ["", "main", "main10"]
    expect(page.locator("[name='video.profile']")).to_have_value("")
    expect(page.locator("[name='video.gop']")).to_be_visible()
    page.select_option("[name='container.format']", "mov")
    page.select_option("[name='video.codec']", "prores")
    assert options(page, "video.profile") == ["", "proxy", "lt", "standard", "hq", "4444"]
    expect(page.locator("[name='video.gop']")).to_be_hidden()
    page.select_option("[name='container.format']", "hls")
    tab(page, "packaging")
    assert options(page, "mux.segment_format") == ["", "ts", "fmp4"]
    expect(page.locator("[name='mux.cut_times']")).to_be_visible()
    tab(page, "edit")
    expect(page.locator("[name='edit.speed']")).to_be_visible()
    tab(page, "video")
    page.select_option("[name='video.codec']", "copy")
    tab(page, "packaging")
    expect(page.locator("[name='mux.cut_times']")).to_be_hidden()
    expect(page.locator("[name='mux.growing_playlist']")).to_be_hidden()
    tab(page, "edit")
    expect(page.locator("[name='edit.speed']")).to_be_hidden()
    expect(page.locator("button[value='add:edit.after']")).to_be_visible()
    page.check("[name='kind'][value='audio']")
    page.select_option("[name='container.format']", "opus")
    tab(page, "audio")
    assert options(page, "audio.sample_rate") == ["", "8000", "12000", "16000", "24000", "48000"]


def test_rows_groups_and_mistakes_in_a_hidden_part(server: Server, new_page: Callable[..., Page], complaints: Complaints) -> None:
    complaints.allow("422")
    page = new_page()
    page.goto(server.base + NEW)
    page.fill("#id_name", "Marked")
    tab(page, "marks")
    page.click("button[value='add:watermarks']")
    expect(page.locator("[name='watermarks.0.template']")).to_be_focused()
    page.select_option("[name='watermarks.0.text']", "set")
    page.fill("[name='watermarks.0.text.content']", "first")
    page.click("button[value='add:watermarks']")
    page.select_option("[name='watermarks.1.text']", "set")
    page.fill("[name='watermarks.1.text.content']", "second")
    expect(page.locator("[name='watermarks.0.text.content']")).to_have_value("first")
    page.click("button[value='up:watermarks.1']")
    expect(page.locator(".p-tree__row textarea").first).to_have_value("second")
    page.fill("[name='watermarks.0.dx']", "wide")
    expect(page.locator("[name='delogos.0.dx']")).to_have_count(0)
    tab(page, "video")
    page.click("text=Create template")
    expect(page.locator("[data-error-summary]")).to_be_focused()
    expect(page.locator("[name='watermarks.0.dx']")).to_be_visible()  # the part with the mistake is open
    tab(page, "video")
    page.click("[data-error-summary] a")
    expect(page.locator("[name='watermarks.0.dx']")).to_be_focused()
    page.fill("[name='watermarks.0.dx']", "10 %")
    page.click("text=Create template")
    page.wait_for_url("**/console/templates/transcode/*/")
    marks = server.api("/templates/Marked")[1]["params"]["watermarks"]
    assert [(mark["text"]["content"], mark.get("dx")) for mark in marks] == [("second", None), ("first", 0.1)]


def test_a_job_changes_a_template_and_chooses_another(server: Server, new_page: Callable[..., Page]) -> None:
    source = server.api("/media")[1]["items"][0]["address"]
    page = new_page()
    page.goto(f"{server.base}/console/jobs/new/transcode/?input={urllib.parse.quote(source)}&template=mp4-h264-540p")
    page.click("button[name='open'][value='0']")
    page.fill("[name='outputs-0-video.crf']", "30")
    expect(page.get_by_text("was 23")).to_be_visible()
    expect(page.locator("#summary")).to_contain_text("CRF\u00a030")
    page.click(".p-pick-template > details > summary")
    page.fill("[data-find-template]", "h265 720")
    expect(page.locator("[name='outputs-0-template'][value='mp4-h265-1080p']")).to_be_hidden()
    found = page.locator("[data-template-name]:visible").evaluate_all("rows => rows.map((row) => row.dataset.templateName)")
    assert all("h265" in name.lower() and "720" in name for name in found)
    assert any(name.startswith("mp4-h265-720p ") for name in found)
    page.check("[name='outputs-0-template'][value='mp4-h265-720p']")
    expect(page.get_by_text("was 26")).to_be_visible()
    expect(page.locator("[name='outputs-0-video.crf']")).to_have_value("30")
    tab(page, "edit", "outputs-0-")
    page.click("button[value='add:outputs-0-edit.after']")
    page.click("[data-pick-into='id_outputs-0-edit.after.0.address']")
    pick_any(page)
    assert page.input_value("[name='outputs-0-edit.after.0.address']").startswith("oss://")
    assert page.input_value("[name='input']") == source
    expect(page.locator("#summary")).to_contain_text("mp4-h265-720p")
    page.click("button[value='remove:outputs-0-edit.after.0']")
    expect(page.locator("[name='outputs-0-edit.after.0.address']")).to_have_count(0)


def pick_any(page: Page) -> None:
    """Search for what has a dot in its name, and take the first."""
    page.fill("#pick-q", ".")
    page.press("#pick-q", "Enter")
    page.locator("#dialog [data-pick]").first.click()


def test_objects_are_picked_in_the_editors_of_templates(server: Server, new_page: Callable[..., Page]) -> None:
    """Nothing typed is lost: the choice goes into the field beside the button, and the page stays."""
    page = new_page()
    page.goto(f"{server.base}/console/templates/watermark/new/")
    page.fill("[name='name']", "Corner")
    page.click("[data-pick-into='id_image']")
    pick_any(page)
    expect(page.locator("[name='image']")).to_have_value(re.compile("^oss://"))
    expect(page.locator("[name='name']")).to_have_value("Corner")
    page.check("[name='kind'][value='text']")
    expect(page.locator("[data-pick-into='id_image']")).to_be_hidden()
    page.goto(server.base + NEW)
    tab(page, "edit")
    page.click("button[value='add:edit.after']")
    page.click("[data-pick-into='id_edit.after.0.address']")
    pick_any(page)
    expect(page.locator("[name='edit.after.0.address']")).to_have_value(re.compile("^oss://"))
    assert page.url == server.base + NEW


def test_blurred_areas_are_drawn_on_a_frame(server: Server, new_page: Callable[..., Page]) -> None:
    source = server.api("/media")[1]["items"][0]["address"]
    page = new_page()
    page.goto(f"{server.base}/console/jobs/new/transcode/?input={urllib.parse.quote(source)}&template=mp4-h264-540p")
    page.click("button[name='open'][value='0']")
    tab(page, "marks", "outputs-0-")
    page.click("button[value='add:outputs-0-delogos']")
    page.wait_for_selector("[name='outputs-0-delogos.0.dx']")
    page.click("[data-areas-open]")
    page.locator(".p-areas__picture img").evaluate("image => image.decode()")
    page.locator(".p-areas__picture").scroll_into_view_if_needed()
    frame = page.locator(".p-areas__picture").bounding_box()
    assert frame
    page.mouse.move(frame["x"] + frame["width"] * 0.25, frame["y"] + frame["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] * 0.5, frame["y"] + frame["height"] * 0.75, steps=4)
    page.mouse.up()
    values = [float(page.input_value(f"[name='outputs-0-delogos.0.{name}']").removesuffix(" %")) for name in ("dx", "dy", "width", "height")]
    assert values == pytest.approx([25, 50, 25, 25], abs=1)
    page.focus(".p-areas__picture rect")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    after = [float(page.input_value(f"[name='outputs-0-delogos.0.{name}']").removesuffix(" %")) for name in ("dx", "dy", "width", "height")]
    assert after == pytest.approx([values[0] + 1, values[1], values[2], values[3] + 1], abs=0.02)


def test_the_slider_and_the_number_keep_in_step(server: Server, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto(server.base + NEW)
    slider, number = page.get_by_role("slider", name="CRF"), page.get_by_role("spinbutton", name="CRF")
    expect(slider).to_have_value("26")
    number.fill("")
    expect(slider).to_have_value("23")  # what holds then: H.264's own
    expect(slider).to_have_attribute("aria-valuetext", "Not said: 23")
    number.fill("30")
    expect(slider).to_have_value("30")
    slider.press("ArrowLeft")
    expect(number).to_have_value("29")
    expect(slider).to_have_attribute("aria-valuetext", "29")
    slider.press("End")
    expect(number).to_have_value("51")
    band = page.locator(".p-tree__field:has([name='video.crf']) .c-slider__band")
    expect(band).to_be_visible()
    page.select_option("[name='container.format']", "webm")
    page.select_option("[name='video.codec']", "vp9")
    slider.press("End")
    expect(number).to_have_value("63")
    expect(band).to_be_hidden()  # the advice is about the scale that ends at 51
    page.select_option("[name='container.format']", "mp4")
    page.select_option("[name='video.codec']", "h264")
    expect(number).to_have_value("63")  # what somebody wrote stays, and the server says what is wrong
    expect(page.locator("#preview")).to_contain_text("CRF of H.264 goes from 0 to 51.")
    number.fill("")
    expect(slider).to_have_value("23")
    slider.click(position={"x": 20, "y": 8})
    expect(number).to_have_value(re.compile("^[4-9]$"))
    number.fill("26")
    page.fill("#id_name", "By slider")
    page.click("text=Create template")
    page.wait_for_url("**/console/templates/transcode/*/")
    assert server.api("/templates/By%20slider")[1]["params"]["video"]["crf"] == 26


def test_width_and_height_change_places(server: Server, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto(server.base + NEW)
    page.fill("#id_name", "Upright")
    page.fill("[name='video.width']", "1280")
    page.fill("[name='video.height']", "720")
    page.locator("#part-video").get_by_role("button", name="Swap width and height").press("Enter")
    expect(page.locator("[name='video.width']")).to_have_value("720")
    expect(page.locator("[name='video.height']")).to_have_value("1280")
    fits = page.get_by_role("group", name="Fit")
    expect(fits.get_by_role("radio")).to_have_count(5)
    expect(fits.locator("svg:visible")).to_have_count(4)  # «not said» has none
    fits.get_by_role("radio", name="Not said").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(fits.get_by_role("radio", name="Fill and crop")).to_be_checked()
    page.click("text=Create template")
    page.wait_for_url("**/console/templates/transcode/*/")
    video = server.api("/templates/Upright")[1]["params"]["video"]
    assert (video["width"], video["height"], video["scale_type"]) == (720, 1280, "crop")

    source = server.api("/media")[1]["items"][0]["address"]
    page.goto(f"{server.base}/console/jobs/new/transcode/?input={urllib.parse.quote(source)}&template=Upright")
    page.click("button[name='open'][value='0']")
    fit = page.locator(".p-tree__field:has([name='outputs-0-video.scale_type'])")
    expect(fit.get_by_role("radio", name="as template: Fill and crop")).to_be_checked()
    expect(fit).not_to_have_class("p-tree__field is-wide is-changed")
    swap = page.locator("#part-outputs-0-video").get_by_role("button", name="Swap width and height")
    width, height = page.locator("[name='outputs-0-video.width']"), page.locator("[name='outputs-0-video.height']")
    swap.click()
    expect(width).to_have_value("1280")
    expect(height).to_have_value("720")
    swap.click()  # back to what the template says: nothing is changed
    expect(width).to_have_value("")
    expect(height).to_have_value("")
    swap.click()
    fit.get_by_text("Fit, rest black").click()
    expect(fit).to_have_class("p-tree__field is-wide is-changed")
    expect(page.locator("#summary")).to_contain_text("1280\u00a0×\u00a0720")


def test_without_scripts_everything_is_there(server: Server, new_page: Callable[..., Page]) -> None:
    page = new_page(javascript=False)
    page.goto(server.base + NEW)
    for name in ("video.crf", "video.bitrate_kbps", "audio.codec", "encryption.method", "mux.loop"):
        expect(page.locator(f"[name='{name}']")).to_be_visible()
    expect(page.locator("[data-slider]:visible, [data-swap]:visible")).to_have_count(0)
    expect(page.locator("[name='video.scale_type']")).to_have_count(5)
    page.fill("#id_name", "By hand")
    page.click("button[value='add:delogos']")
    assert page.input_value("#id_name") == "By hand"
    page.fill("[name='delogos.0.width']", "20 %")
    page.click("text=Create template")
    page.wait_for_url("**/console/templates/transcode/*/")
    assert server.api("/templates/By%20hand")[1]["params"]["delogos"] == [{"width": 0.2}]
    page.goto(f"{server.base}/console/jobs/new/transcode/?template=hls-ladder")
    page.click(".p-pick-template > details > summary")
    page.locator("[name='outputs-0-template'][value='hls-h264-540p']").check()
    page.click("button[name='refresh']")
    expect(page.locator(".p-pick-template summary b").first).to_contain_text("hls-h264-540p")
