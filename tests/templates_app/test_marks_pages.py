"""Watermark templates: pages, and the preview that the editor shows."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from media_assets.models import Media
from templates_app.marks import queries, services
from templates_app.marks.models import WatermarkTemplate
from tests.templates_app.marks import pixels, png_of

pytestmark = pytest.mark.usefixtures("own_data")
GOOD = {
    "name": "From the page",
    "kind": "image",
    "corner": "bottom_left",
    "dx": "12",
    "dx_unit": "px",
    "dy": "5",
    "dy_unit": "%",
    "width": "25",
    "width_unit": "%",
}
WORDS = {
    "name": "Words",
    "kind": "text",
    "corner": "top_left",
    "content": "Line one\r\nLine two",
    "size": "8",
    "size_unit": "%",
    "color": "#ff0000",
    "opacity": "0.5",
}


def url(name: str, *args: str) -> str:
    return reverse(f"templates:{name}", args=args)


def test_strangers_are_sent_to_the_sign_in_page(client_of: Any, logo: WatermarkTemplate) -> None:
    for address in (url("mark_list"), url("mark_create"), url("mark_detail", logo.pk), url("mark_edit", logo.pk), url("mark_preview")):
        answer = client_of(None).get(address)
        assert answer.status_code == 302
        assert answer.url.startswith(reverse("console:login"))


@pytest.mark.parametrize(
    ("person", "read", "write", "see"), [("dana", 403, 403, 403), ("charlie", 200, 403, 403), ("bob", 200, 403, 200), ("alice", 200, 200, 200)]
)
def test_roles_of_pages(request: Any, client_of: Any, logo: WatermarkTemplate, person: str, read: int, write: int, see: int) -> None:
    client = client_of(request.getfixturevalue(person))
    for address in (url("mark_list"), url("mark_list") + "?view=table", url("mark_detail", logo.pk), url("mark_thumb", logo.pk)):
        assert client.get(address).status_code == read, address
    for address in (url("mark_create"), url("mark_edit", logo.pk), url("mark_delete", logo.pk)):
        assert client.get(address).status_code == write, address
    assert client.get(url("mark_preview"), {"kind": "text", "corner": "top_left", "content": "a", "ground": "dark"}).status_code == see


def test_create_edit_duplicate_delete(client_of: Any, alice: Any) -> None:
    client = client_of(alice)
    assert client.post(url("mark_create"), GOOD).status_code == 302
    row = queries.find("From the page")
    assert row.params == {"corner": "bottom_left", "dx": 12, "dy": 0.05, "width": 0.25}
    page = client.get(url("mark_edit", row.pk)).content.decode()
    assert 'value="25.0"' in page or 'value="25"' in page
    assert client.post(url("mark_edit", row.pk), {**GOOD, "kind": "text", "width": ""}).status_code == 302
    row = queries.find("From the page")
    assert (row.kind, row.current.number, "width" in row.params) == ("image", 2, False)  # type: ignore[union-attr]
    assert "From the page copy" in client.get(url("mark_create"), {"from": row.pk}).content.decode()
    assert client.post(url("mark_delete", row.pk)).status_code == 302
    assert client.get(url("mark_detail", row.pk)).status_code == 404


def test_a_text_of_the_page(client_of: Any, alice: Any) -> None:
    client_of(alice).post(url("mark_create"), WORDS)
    row = queries.find("Words")
    assert row.params == {"corner": "top_left", "text": {"content": "Line one\nLine two", "color": "#ff0000", "opacity": 0.5, "size": 0.08}}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"width": "120"}, "width"),
        ({"dx": "9999"}, "dx"),
        ({"corner": "middle"}, "corner"),
        ({"image": "http://x"}, "image"),
        ({"width": "0"}, "width"),
    ],
)
def test_mistakes_stand_at_their_fields(client_of: Any, alice: Any, change: dict[str, str], field: str) -> None:
    answer = client_of(alice).post(url("mark_create"), {**GOOD, **change})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors, answer.context["form"].errors
    assert WatermarkTemplate.objects.count() == 0


def test_list_filters_and_says_when_it_is_empty(client_of: Any, charlie: Any, request: Any) -> None:
    client = client_of(charlie)
    assert "No watermark yet." in client.get(url("mark_list")).content.decode()
    request.getfixturevalue("logo"), request.getfixturevalue("title")
    page = client.get(url("mark_list"), {"type": "text"}).content.decode()
    assert "Title" in page
    assert "Corner logo" not in page
    assert "No watermark matches" in client.get(url("mark_list"), {"q": "zzz"}).content.decode()


def test_preview_of_the_form(client_of: Any, bob: Any) -> None:
    client = client_of(bob)
    sample = SimpleUploadedFile("logo.png", png_of(), "image/png")
    form = {"kind": "image", "corner": "top_left", "width": "100", "width_unit": "px", "ground": "dark", "ratio": "1:1", "side": "360", "sample": sample}
    answer = client.post(url("mark_preview"), form)
    assert answer.status_code == 200, answer.content
    assert json.loads(answer["X-Mark-Box"]) == [0, 0, 100, 50]
    assert np.abs(pixels(answer.content)[25, 50].astype(int) - (220, 30, 30)).max() < 8
    frame = SimpleUploadedFile("frame.png", png_of((64, 64), (0, 200, 0, 255)), "image/png")
    answer = client.post(url("mark_preview"), {**form, "sample": SimpleUploadedFile("l.png", png_of(), "image/png"), "frame": frame})
    assert np.abs(pixels(answer.content)[300, 300].astype(int) - (0, 200, 0)).max() < 8
    far = client.post(url("mark_preview"), {**form, "sample": SimpleUploadedFile("l.png", png_of(), "image/png"), "dx": "300", "dx_unit": "px"})
    assert "40 px beyond" in json.loads(far["X-Mark-Warnings"])[0]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"sample": SimpleUploadedFile("x.svg", b"<svg/>", "image/png")}, 400),
        ({"ground": "nobody"}, 400),
        ({"ratio": "4:3"}, 400),
        ({"width": "-1"}, 400),
        ({"image": "oss://nowhere/logo.png"}, 404),
        ({"frame": SimpleUploadedFile("x.png", b"hello", "image/png")}, 400),
    ],
)
def test_what_a_preview_cannot_show_is_told_as_json(client_of: Any, bob: Any, change: dict[str, Any], status: int) -> None:
    answer = client_of(bob).post(url("mark_preview"), {"kind": "image", "corner": "top_left", "width": "100", "ground": "dark", **change})
    assert answer.status_code == status
    assert answer.json()["message"]


def test_the_page_shows_the_picture_without_scripts(client_of: Any, alice: Any) -> None:
    client = client_of(alice)
    page = client.post(url("mark_create"), {**WORDS, "ground": "busy", "ratio": "9:16", "preview": "1"})
    assert page.status_code == 200
    source = page.content.decode().split('<img src="')[1].split('"')[0].replace("&amp;", "&")
    answer = client.get(source)
    assert (answer.status_code, pixels(answer.content).shape) == (200, (640, 360, 3))


def test_a_film_that_begins_black_is_shown_where_it_is_not(client_of: Any, bob: Any, buckets: Any, clips: Any) -> None:
    """Without a time the editor takes a third of the film; a time that is said holds, zero too."""
    film = clips.make(seconds=3, size="320x180", more=("-vf", "drawbox=color=black:t=fill:enable='lt(t,0.5)'"))
    buckets.put(film, "films/fades in.mp4")
    row = Media.objects.create(bucket="input", key="films/fades in.mp4", info={"video": [{"index": 0, "codec": "h264", "width": 320, "height": 180}]})
    form = {"kind": "text", "corner": "top_left", "content": "a", "ground": row.pk, "side": "360"}

    def brightest(**more: str) -> int:
        answer = client_of(bob).post(url("mark_preview"), {**form, **more})
        assert answer.status_code == 200, answer.content
        with Image.open(io.BytesIO(answer.content)) as shown:
            return int(shown.convert("L").crop((320, 180, 640, 360)).getextrema()[1])

    assert brightest() > 150
    assert brightest(at="0") < 30


def test_a_mark_whose_image_is_gone_is_still_listed_with_a_picture(client_of: Any, bob: Any, buckets: Any, tmp_path: Any) -> None:
    """No broken picture in the list; once the image is there, the mark is shown."""
    row = services.create("Gone", "image", {"image": "oss://input/later.png", "corner": "bottom_right", "width": 0.5})
    address = url("mark_thumb", row.pk)
    bare = client_of(bob).get(address)
    assert (bare.status_code, bare["Cache-Control"]) == (200, "no-store")
    assert pixels(bare.content).shape == (360, 640, 3)
    assert np.abs(pixels(bare.content)[300, 600].astype(int) - (220, 30, 30)).max() > 40
    (tmp_path / "later.png").write_bytes(png_of())
    buckets.put(tmp_path / "later.png", "later.png")
    shown = client_of(bob).get(address)
    assert np.abs(pixels(shown.content)[300, 600].astype(int) - (220, 30, 30)).max() < 12
