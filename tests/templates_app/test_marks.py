"""Watermark templates: JSON, pages, what outputs make of them, and the exact preview."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from jobs import services as job_services
from jobs import usage
from jobs.admission import admit
from jobs.engine.errors import Refused
from jobs.engine.spec import JOB_SPEC, TranscodeSpec
from jobs.engine.vocabulary.marks import Watermark
from media_assets.models import Media
from templates_app import services as template_services
from templates_app.marks import grounds, queries, services
from templates_app.marks.models import WatermarkTemplate
from templates_app.marks.preview import canvas, render

URL = "/api/v1/watermark-templates"
LOGO = {"corner": "bottom_right", "width": 0.2, "dx": 0.05, "dy": 10}
TEXT = {"corner": "top_left", "text": {"content": "Hello", "size": 24, "color": "red"}}


def url(name: str, *args: str) -> str:
    return reverse(f"templates:{name}", args=args)


def png_of(size: tuple[int, int] = (40, 20), colour: tuple[int, ...] = (220, 30, 30, 255)) -> bytes:
    data = io.BytesIO()
    Image.new("RGBA", size, colour).save(data, "PNG")
    return data.getvalue()


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.fixture(autouse=True)
def _data(settings: Any, tmp_path: Any) -> None:
    settings.REELMILL_DATA = tmp_path


@pytest.fixture
def logo(db: None) -> WatermarkTemplate:
    return services.create("Corner logo", "image", LOGO)


@pytest.fixture
def title(db: None) -> WatermarkTemplate:
    return services.create("Title", "text", TEXT)


# --- JSON ---------------------------------------------------------------------------------------------------------------
def send(client: Any, method: str, address: str, body: Any = None, **headers: str) -> Any:
    return getattr(client, method)(address, "" if body is None else json.dumps(body), content_type="application/json", headers=headers)


def test_json_create_get_change_delete(api_of: Any, alice: Any) -> None:
    client = api_of(alice, "admin")
    made = send(client, "post", URL, {"name": "Logo", "params": LOGO})
    assert made.status_code == 201, made.content
    row = made.json()
    assert (len(row["id"]), row["type"], row["version"], row["params"]) == (32, "image", 1, LOGO)
    assert client.get(f"{URL}/Logo").json() == client.get(f"{URL}/{row['id']}").json() == row
    changed = send(client, "patch", f"{URL}/Logo", {"params": {"width": 100}}).json()
    assert (changed["version"], changed["params"]) == (2, {"width": 100})
    assert send(client, "patch", f"{URL}/Logo", {"name": "Mark"}).json()["version"] == 2
    assert send(client, "delete", f"{URL}/Mark").status_code == 204
    assert client.get(f"{URL}/{row['id']}").status_code == 404
    assert send(client, "post", URL, {"name": "Mark", "params": {}}).status_code == 201


def test_json_keeps_what_a_number_is(api_of: Any, alice: Any) -> None:
    """1.0 is all of the width, 1 one pixel: through request, row and answer."""
    client = api_of(alice, "admin")
    send(client, "post", URL, {"name": "a", "params": {"width": 1.0, "dx": 1}})
    assert '"width": 1.0' in client.get(f"{URL}/a").content.decode().replace('":1', '": 1')
    mark = queries.find("a").mark
    assert isinstance(mark.width, float)
    assert isinstance(mark.dx, int)


def test_json_create_once(api_of: Any, alice: Any) -> None:
    client = api_of(alice, "admin")
    body = {"name": "Once", "params": LOGO}
    first = send(client, "post", URL, body, **{"Idempotency-Key": "k"})
    again = send(client, "post", URL, body, **{"Idempotency-Key": "k"})
    assert first.json() == again.json()
    assert WatermarkTemplate.objects.count() == 1


def test_json_lists_by_cursor(api_of: Any, charlie: Any) -> None:
    for number in range(7):
        services.create(f"m{number}", "text" if number % 2 else "image", TEXT if number % 2 else LOGO)
    client = api_of(charlie, "viewer")
    names: list[str] = []
    after = ""
    while True:
        found = client.get(f"{URL}?limit=3&after={after}").json()
        names += [row["name"] for row in found["items"]]
        if not (after := found["next"]):
            break
    assert names == [f"m{n}" for n in range(7)]
    assert len(client.get(f"{URL}?type=text").json()["items"]) == 3
    assert [row["name"] for row in client.get(f"{URL}?q=M4").json()["items"]] == ["m4"]
    assert client.get(f"{URL}?type=film").status_code == 400


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"name": "", "params": {}}, ["name"]),
        ({"name": "x" * 129, "params": {}}, ["name"]),
        ({"name": "水" * 43, "params": {}}, ["name"]),
        ({"name": "-x", "params": {}}, ["name"]),
        ({"name": "x", "params": {"width": 1.5}}, ["params", "width"]),
        ({"name": "x", "params": {"dx": 9000}}, ["params", "dx"]),
        ({"name": "x", "params": {"text": {"content": "a"}}}, ["params", "text"]),
        ({"name": "x", "type": "text", "params": {"image": "oss://input/a.png"}}, ["params", "image"]),
        ({"name": "x", "type": "text", "params": {"text": {"color": "nocolour"}}}, ["params", "text", "color"]),
        ({"name": "x", "params": {"template": "y"}}, ["params", "template"]),
        ({"name": "x", "params": {"typo": 1}}, ["params", "typo"]),
    ],
)
def test_json_refuses(api_of: Any, alice: Any, body: dict[str, Any], place: list[str]) -> None:
    answer = send(api_of(alice, "admin"), "post", URL, body)
    assert answer.status_code == 400
    assert any(row["loc"][: len(place)] == place for row in answer.json()["errors"]), answer.json()


def test_json_roles(api_of: Any, alice: Any, logo: WatermarkTemplate) -> None:
    operator, viewer = api_of(alice, "operator"), api_of(alice, "viewer")
    for client in (operator, viewer):
        assert client.get(f"{URL}/{logo.pk}").status_code == 200
        assert send(client, "post", URL, {"name": "x", "params": {}}).status_code == 403
        assert send(client, "patch", f"{URL}/{logo.pk}", {"name": "x"}).status_code == 403
        assert send(client, "delete", f"{URL}/{logo.pk}").status_code == 403
    preview = {"params": TEXT}
    assert send(viewer, "post", f"{URL}/preview", preview).status_code == 403
    shown = send(operator, "post", f"{URL}/preview", preview)
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/png")
    assert pixels(shown.content).shape == (360, 640, 3)


def test_used_by(api_of: Any, alice: Any, logo: WatermarkTemplate, title: WatermarkTemplate) -> None:
    mp4 = {"container": {"format": "mp4"}, "watermarks": [{"template": "Corner logo", "image": "oss://input/l.png"}, {"template": title.pk}]}
    user = template_services.create("With marks", mp4)
    template_services.create("Without", {"container": {"format": "mp4"}})
    client = api_of(alice, "viewer")
    for row in (logo, title):
        assert client.get(f"{URL}/{row.pk}/used-by").json() == {
            "templates": [{"id": user.pk, "name": "With marks"}],
            "outputs": 0,
            "more_outputs": False,
            "jobs": [],
        }


def test_used_by_counts_the_outputs_of_jobs(
    buckets: Any, presets: None, pipeline: Any, api_of: Any, client_of: Any, alice: Any, logo: WatermarkTemplate, title: WatermarkTemplate
) -> None:
    """Whether the template names it or the job does; each output once, though it has it twice; a job that is done again counts too."""
    (buckets.input / "a.mp4").write_bytes(b"x")
    (buckets.input / "l.png").write_bytes(b"x")
    mark = {"template": "Corner logo", "image": "oss://input/l.png"}
    template_services.create("With marks", {"container": {"format": "mp4"}, "watermarks": [mark]})
    outputs = [
        {"template": "With marks", "address": "oss://output/1.mp4"},
        {"template": "mp4-h264-360p", "address": "oss://output/2.mp4", "overrides": {"watermarks": [mark, mark, {"template": title.pk}]}},
        {"template": "mp4-h264-360p", "address": "oss://output/3.mp4"},
    ]
    spec = JOB_SPEC.validate_python({"kind": "transcode", "input": "oss://input/a.mp4", "outputs": outputs}, strict=False)
    job = job_services.submit(spec=spec, source="api")
    assert [usage.mark_use([row.pk])[row.pk].outputs for row in (logo, title)] == [2, 1]
    said = api_of(alice, "viewer").get(f"{URL}/{title.pk}/used-by").json()
    assert (said["outputs"], [one["id"] for one in said["jobs"]]) == (1, [job.id])
    job_services.cancel(job.id, actor="x")
    again = job_services.retry(job.id, owner=None, actor="x")
    assert usage.mark_use([logo.pk])[logo.pk].outputs == 4
    assert [row.id for row in usage.latest_of_mark(logo.pk)] == [again.id, job.id]
    client = client_of(alice)
    for page in ("", "?view=table"):
        assert "4 outputs" in client.get(f"/console/templates/watermark/{page}").content.decode()
    assert f"/console/jobs/{again.id}/" in client.get(f"/console/templates/watermark/{logo.pk}/").content.decode()
    assert "outputs of jobs had it" in client.get(f"/console/templates/watermark/{logo.pk}/delete/").content.decode()
    listed = client.get(f"/console/jobs/?template={title.pk}").content.decode()
    assert f"row-{job.id}" in listed or f"/console/jobs/{job.id}/" in listed


# --- what outputs make of them -------------------------------------------------------------------------------------------
def admitted(buckets: Any, *marks: dict[str, Any]) -> Any:
    (buckets.input / "a.mp4").write_bytes(b"x")
    (buckets.input / "l.png").write_bytes(b"x")
    output = {"template": "mp4-h264-360p", "address": "oss://output/a.mp4", "overrides": {"watermarks": list(marks)}}
    spec = TranscodeSpec.model_validate_json(json.dumps({"input": "oss://input/a.mp4", "outputs": [output]}))
    return admit(spec, {}).outputs[0].effective.watermarks


def test_an_output_takes_what_it_does_not_say(buckets: Any, presets: None, logo: WatermarkTemplate) -> None:
    (mark,) = admitted(buckets, {"template": "Corner logo", "image": "oss://input/l.png", "dx": 3})
    assert (mark.corner, mark.width, mark.dx, mark.dy) == ("bottom_right", 0.2, 3, 10)
    assert mark.template == logo.pk


def test_texts_are_laid_over_field_by_field(buckets: Any, presets: None, title: WatermarkTemplate) -> None:
    own, other = admitted(buckets, {"template": title.pk}, {"template": title.pk, "text": {"content": "Bye", "outline_width": 2}})
    assert own.text.model_dump(exclude_none=True) == {"content": "Hello", "size": 24, "color": "red"}
    assert other.text.model_dump(exclude_none=True) == {"content": "Bye", "size": 24, "color": "red", "outline_width": 2}


def test_later_edits_change_no_job(buckets: Any, presets: None, logo: WatermarkTemplate, pipeline: Any) -> None:
    from jobs import services as job_services

    (buckets.input / "a.mp4").write_bytes(b"x")
    (buckets.input / "l.png").write_bytes(b"x")
    output = {
        "template": "mp4-h264-360p",
        "address": "oss://output/a.mp4",
        "overrides": {"watermarks": [{"template": "Corner logo", "image": "oss://input/l.png"}]},
    }
    spec = TranscodeSpec.model_validate_json(json.dumps({"input": "oss://input/a.mp4", "outputs": [output]}))
    job = job_services.submit(spec=spec, pipeline=pipeline.name)
    services.update(logo, params={"width": 500})
    services.delete(logo)
    assert job.outputs.get().effective["watermarks"][0]["width"] == 0.2


def test_a_retry_keeps_the_values_of_the_first_time(buckets: Any, presets: None, logo: WatermarkTemplate, title: WatermarkTemplate, pipeline: Any) -> None:
    from jobs import services as job_services

    (buckets.input / "a.mp4").write_bytes(b"x")
    (buckets.input / "l.png").write_bytes(b"x")
    marks = [{"template": "Corner logo", "image": "oss://input/l.png"}, {"template": title.pk}, {"image": "oss://input/l.png", "dx": 7}]
    named = {"template": "mp4-h264-360p", "address": "oss://output/a.mp4", "overrides": {"watermarks": marks}}
    own = {"address": "oss://output/b.mp4", "overrides": {"container": {"format": "mp4"}, "watermarks": marks[:2]}}
    spec = TranscodeSpec.model_validate_json(json.dumps({"input": "oss://input/a.mp4", "outputs": [named, own]}))
    job = job_services.submit(spec=spec, pipeline=pipeline.name)
    job_services.cancel(job.id, actor="")
    first = [row.effective["watermarks"] for row in job.outputs.order_by("index")]
    services.update(logo, params={"width": 500})
    services.update(title, params={"text": {"content": "Changed"}})
    services.delete(title)
    again = job_services.retry(job.id, owner=None, actor="")
    assert [row.effective["watermarks"] for row in again.outputs.order_by("index")] == first
    job_services.cancel(again.id, actor="")
    third = job_services.retry(again.id, outputs=[again.outputs.get(index=1).id], owner=None, actor="")
    assert third.outputs.get().effective["watermarks"] == first[1]
    with pytest.raises(Refused):
        job_services.submit(spec=spec, pipeline=pipeline.name)  # a new job asks for what is there now


@pytest.mark.parametrize(
    ("mark", "place", "part"),
    [
        ({"template": "Nobody"}, ("template",), "no watermark template Nobody"),
        ({"template": "Corner logo"}, ("image",), "has no image"),
        ({"template": "Corner logo", "text": {"content": "a"}}, ("text",), "is for images"),
        ({"template": "Title", "image": "oss://input/l.png"}, ("image",), "is for texts"),
        ({}, (), "needs an image, a text or a watermark template"),
    ],
)
def test_what_does_not_fit_is_refused(
    buckets: Any, presets: None, logo: WatermarkTemplate, title: WatermarkTemplate, mark: dict[str, Any], place: tuple[str, ...], part: str
) -> None:
    with pytest.raises(Refused) as caught:
        admitted(buckets, mark)
    (problem,) = [p for p in caught.value.problems if part in p.message]
    assert problem.loc == ("outputs", 0, "overrides", "watermarks", 0, *place)


# --- the exact preview ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ratio", "side", "size"),
    [("16:9", 360, (640, 360)), ("9:16", 360, (360, 640)), ("1:1", 360, (360, 360)), ("16:9", 720, (1280, 720)), ("9:16", 1080, (1080, 1920))],
)
def test_canvases(ratio: str, side: int, size: tuple[int, int]) -> None:
    found = render(Watermark(image=None, corner="top_left", width=40), grounds.of_chart("busy"), canvas(ratio, side), png_of())
    assert pixels(found.png).shape == (size[1], size[0], 3)
    assert found.box == (0, 0, 40, 20)
    assert np.abs(pixels(found.png)[10, 20].astype(int) - (220, 30, 30)).max() < 8


def test_a_preview_takes_about_a_second() -> None:
    import time

    ground = grounds.of_chart("light")
    began = time.monotonic()
    render(Watermark(corner="top_left", width=0.3), ground, canvas("16:9", 1080), png_of((800, 400)))
    assert time.monotonic() - began < 2.5  # 0.3 s where nothing else runs


def test_other_canvases_are_refused() -> None:
    for ratio, side in (("4:3", 360), ("16:9", 361)):
        with pytest.raises(Refused):
            canvas(ratio, side)


def test_the_box_of_a_text_is_where_it_is_seen() -> None:
    mark = Watermark.model_validate({"text": {"content": "HHH", "size": 40, "color": "red"}, "corner": "bottom_right", "dx": 21, "dy": 11})
    found = render(mark, grounds.of_chart("light"), canvas("16:9", 360))
    assert found.box is not None
    x, y, width, height = found.box
    assert (x + width, y + height) == (640 - 21, 360 - 11)
    red = (pixels(found.png)[..., 0].astype(int) - pixels(found.png)[..., 1]) > 100
    rows, columns = np.where(red.any(axis=1))[0], np.where(red.any(axis=0))[0]
    assert x <= columns[0] < columns[-1] < x + width
    assert y <= rows[0] < rows[-1] < y + height


@pytest.mark.media
@pytest.mark.parametrize(
    "mark",
    [
        {"corner": "bottom_right", "width": 0.25, "dx": 13, "dy": 0.05, "opacity": 0.8},
        {"corner": "top_left", "dx": 7, "dy": 9, "text": {"content": "水印 Wasserzeichen\nשלום", "size": 0.08, "outline_width": 2}},
    ],
    ids=["image", "text"],
)
def test_preview_and_job_differ_by_compression_only(tmp_path: Any, db: None, buckets: Any, media: Any, mark: dict[str, Any]) -> None:
    """The same mark on the same frame of a real file: once as a preview, once out of a job's H.264."""
    import shutil

    from jobs.ffmpeg import tools
    from tests.clips import Clips
    from tests.surface.harness import Bench
    from tests.surface.marks_reference import psnr

    name = "flower-540p30-h264-aac.mp4"
    shutil.copyfile(media / name, buckets.input / name)
    row = Media.objects.create(bucket="input", key=name)
    logo = media / "images" / "logo-431x120-rgba.png"
    size = canvas("16:9", 360)
    image = logo.read_bytes() if "text" not in mark else None
    found = render(Watermark.model_validate(mark, strict=False), grounds.of_media(row.pk, 1.0), size, image)

    bench = Bench(tools.find(), Clips(tmp_path, tools.find().ffmpeg), media, tmp_path)
    job_mark = mark if "text" in mark else {**mark, "image": "oss://input/logo"}
    video = {"codec": "h264", "width": size[0], "height": size[1], "scale_type": "crop", "crf": 12, "preset": "veryfast", "pixel_format": "yuv420p"}
    sections = {"container": {"format": "mp4"}, "video": video, "audio": {"remove": True}, "conditions": {"if_smaller": "convert"}, "watermarks": [job_mark]}
    made = bench.run(media / name, sections, files={"logo": logo}, spec={"input": {"address": "oss://input/x", "start": 1.0, "duration": 0.2}})
    plain = bench.run(media / name, {**sections, "watermarks": []}, spec={"input": {"address": "oss://input/x", "start": 1.0, "duration": 0.2}})
    shown = pixels(found.png)
    assert psnr(shown, made.frames(count=1)[0]) > 38
    assert found.box is not None
    x, y, width, height = found.box
    area = np.s_[y : y + height, x : x + width]
    assert psnr(shown[area], made.frames(count=1)[0][area]) > 33
    assert psnr(shown[area], plain.frames(count=1)[0][area]) < 25


def test_frames_of_media_are_kept_and_bounded(monkeypatch: Any, db: None, buckets: Any, clips: Any) -> None:
    (buckets.input / "a.mp4").write_bytes(clips.make(seconds=2, size="128x72").read_bytes())
    row = Media.objects.create(bucket="input", key="a.mp4")
    first = grounds.of_media(row.pk, 0.5)
    assert grounds.of_media(row.pk, 0.5) == first
    assert grounds.of_media(row.pk, 99.0).exists()  # the last one
    monkeypatch.setattr(grounds, "KEPT", 3)
    for at in (0.1, 0.2, 0.3, 0.4):
        grounds.of_media(row.pk, at)
    assert len(list(grounds.folder().iterdir())) == 3


# --- pages --------------------------------------------------------------------------------------------------------------
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
