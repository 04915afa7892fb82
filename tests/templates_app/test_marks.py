"""Watermark templates: JSON, what outputs make of them, and the exact preview."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

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
from tests.templates_app.marks import LOGO, TEXT, pixels, png_of

pytestmark = pytest.mark.usefixtures("own_data")
URL = "/api/v1/watermark-templates"


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
