"""The page that makes snapshot jobs, the gallery on the job's page, the tab of the media, the cover."""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from PIL import Image, ImageChops, ImageStat

from jobs.models import Job
from media_assets.models import Media
from templates_app.snapshots import services

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline")]
NEW = "/console/jobs/new/snapshot/"
ESTIMATE = f"{NEW}estimate/"


@pytest.fixture
def source(buckets: Any, clips: Any) -> str:
    address: str = buckets.put(clips.make(seconds=2, size="128x72", rate=25, audio=False), "clip.mp4")
    return address


def fields(source: str, **more: Any) -> dict[str, Any]:
    return {"input": source, "pipeline": "default", "mode": "single", "output": "oss://output/{FileName}-{Count}.jpg", "overwrite": "on"} | more


def test_a_job_is_made_and_its_pictures_are_shown(source: str, bob: Any, client_of: Any, work_off: Callable[[], int]) -> None:
    client = client_of(bob)
    assert client.get(NEW, {"input": source}).status_code == 200
    answer = client.post(NEW, fields(source, mode="average", count="3", frame="normal", time="9", every="x" * 0))
    job = Job.objects.get()
    assert answer.status_code == 302
    assert job.spec["mode"] == "average"
    assert job.spec["time"] is None  # other modes' fields are not sent
    page = client.get(f"/console/jobs/{job.id}/").content.decode()
    assert "The pictures appear here." in page
    work_off()
    page = client.get(f"/console/jobs/{job.id}/").content.decode()
    assert page.count("p-snapshots__picture") == 3
    assert 'download="clip-00003.jpg"' in page
    assert client.get("/console/jobs/", {"kind": "snapshot"}).content.decode().count("clip.mp4") >= 1
    for tab in ("parameters", "timeline", "raw", "log"):
        assert client.get(f"/console/jobs/{job.id}/{tab}/").status_code == 200


def test_the_cover_is_chosen_among_the_snapshots(source: str, bob: Any, charlie: Any, client_of: Any, work_off: Callable[[], int]) -> None:
    client = client_of(bob)
    client.post(NEW, fields(source, mode="times", times="0:01\n00:00:00.5"))
    work_off()
    media = Media.objects.get()
    tab = f"/console/media/{media.id}/snapshots/"
    page = client.get(tab).content.decode()
    assert page.count("p-snapshots__picture") == 2
    chosen = {"bucket": "output", "key": "clip-00002.jpg", "next": tab}
    assert client_of(charlie).post(f"/console/media/{media.id}/cover/", chosen).status_code == 403
    assert client.post(f"/console/media/{media.id}/cover/", chosen | {"key": "other.jpg"}).status_code == 409
    assert client.post(f"/console/media/{media.id}/cover/", chosen)["Location"] == tab
    media.refresh_from_db()
    assert (media.cover_bucket, media.cover_key) == ("output", "clip-00002.jpg")
    assert ">Cover<" in client.get(tab).content.decode()
    for other in ("", "outputs/", "jobs/", "files/"):
        assert client.get(f"/console/media/{media.id}/{other}").status_code == 200
    viewed = client_of(charlie).get(tab).content.decode()
    assert "Set as cover" not in viewed


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"mode": "series", "output": "oss://output/one.jpg"}, "id_output"),
        ({"mode": "times"}, "id_times"),
        ({"mode": "average"}, "id_count"),
        ({"time": "soon"}, "id_time"),
        ({"width": "7"}, "id_width"),
        ({"input": "oss://input/none.mp4"}, "id_input"),
        ({"format": "png"}, "id_format"),
    ],
)
def test_a_mistake_is_told_at_its_field(source: str, bob: Any, client_of: Any, more: dict[str, Any], field: str) -> None:
    answer = client_of(bob).post(NEW, fields(source, **more))
    assert answer.status_code == 422
    assert f'id="{field}_error"' in answer.content.decode()
    assert not Job.objects.exists()


def test_pressing_twice_makes_one_job(source: str, bob: Any, client_of: Any) -> None:
    client = client_of(bob)
    for _ in range(2):
        client.post(NEW, fields(source, token="a" * 32))
    assert Job.objects.count() == 1


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({}, "Will give 1 image."),
        ({"mode": "average", "count": "7"}, "Will give about 7 images."),
        ({"mode": "times", "times": "1\n2\n2"}, "Will give about 2 images."),
        ({"mode": "series", "interval": "5"}, "Will give about 12 images."),
        ({"mode": "series", "interval": "5", "count": "4"}, "Will give about 4 images."),
        ({"mode": "keyframes", "count": "4"}, "Will give at most 4 images."),
        ({"mode": "keyframes"}, ""),
    ],
)
def test_the_page_says_how_many_pictures_it_will_give(bob: Any, client_of: Any, more: dict[str, Any], text: str) -> None:
    Media.objects.create(
        bucket="input", key="long.mp4", info={"format_name": "mov", "duration": 60.0, "video": [{"index": 0, "codec": "h264", "width": 640, "height": 360}]}
    )
    answer = client_of(bob).post(ESTIMATE, fields("oss://input/long.mp4", **more))
    assert f"<span>{text}</span>" in answer.content.decode()


def test_viewers_cannot_make_jobs(charlie: Any, client_of: Any) -> None:
    assert client_of(charlie).get(NEW).status_code == 403


# --- sprites ----------------------------------------------------------------------------------------------------------
SHEETS = {
    "pipeline": "default",
    "mode": "sprite",
    "interval": "0.5",
    "columns": "2",
    "rows": "2",
    "cell_width": "80",
    "margin": "0",
    "padding": "0",
    "color": "black",
}
SHEETS |= {"keep_singles": "on", "sheets": "oss://output/s/{TileCount}.jpg", "output": "oss://output/k/{Count}.jpg", "overwrite": "on"}


@pytest.mark.parametrize("mode", ["sprite", "webvtt"])
def test_the_page_makes_sprites(buckets: Any, clips: Any, client_of: Callable[..., Client], bob: User, work_off: Callable[[], int], mode: str) -> None:
    source = buckets.put(clips.make(seconds=2, size="320x180", rate=25, audio=False), "clip.mp4")
    client = client_of(bob)
    answer = client.post("/console/jobs/new/snapshot/", SHEETS | {"mode": mode, "input": source})
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    work_off()
    job = Job.objects.get()
    assert (job.kind, job.state, job.result["count"]) == ("sprite", "succeeded", 4), job.message
    assert (buckets.output / "s/index.vtt").exists()
    assert (buckets.output / "k").exists() == (mode == "sprite")
    page = client.get(answer.url).content.decode()
    assert "data-sheet" in page
    assert "/s/index.vtt" in page
    gallery = client.get(f"/console/media/{job.media_id}/snapshots/").content.decode()
    assert "data-sheet" in gallery
    zipped = client.get(f"/console/media/{job.media_id}/snapshots.zip", {"job": job.id})
    if mode == "webvtt":
        assert zipped.status_code == 404
        return
    with zipfile.ZipFile(io.BytesIO(b"".join(zipped.streaming_content))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"{number:05d}.jpg" for number in range(1, 5)]
        assert archive.read("00003.jpg") == (buckets.output / "k/00003.jpg").read_bytes()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "Will give about 120 images. 30 sheets of 160 × 90 px."),
        ({"interval": "10", "columns": "10", "rows": "10", "cell_width": "", "padding": "2"}, "1 sheet of 6,418 × 3,618 px."),
        ({"interval": "10", "columns": "20", "cell_width": "600"}, "Over 8,192 px"),
        ({"columns": "10000"}, "A sheet would be 800,000 px wide"),
    ],
)
def test_the_page_says_how_large_sheets_will_be(buckets: Any, client_of: Callable[..., Client], bob: User, more: dict[str, str], said: str) -> None:
    info = {"format_name": "mov", "duration": 60.0, "video": [{"index": 0, "codec": "h264", "width": 640, "height": 360}]}
    Media.objects.create(bucket="input", key="clip.mp4", title="clip", info=info)
    answer = client_of(bob).post("/console/jobs/new/snapshot/estimate/", SHEETS | {"input": "oss://input/clip.mp4"} | more)
    assert said in answer.content.decode()
    assert ("p-sketch__grid" in answer.content.decode()) == ("wide" not in said)


def test_a_template_fills_the_page_and_pictures_tell_times(buckets: Any, client_of: Callable[..., Client], bob: User) -> None:
    row = services.create("Thumbs", "webvtt", {"interval": 5.0, "columns": 7, "cell_width": 120, "output": "oss://output/t/{TileCount}.webp"})
    page = client_of(bob).get(f"/console/jobs/new/snapshot/?template={row.id}&input=oss://input/clip.mp4").content.decode()
    assert re.search(r'name="mode" value="webvtt"[^>]*checked', page)
    assert 'name="columns" value="7"' in page
    assert "oss://output/t/{TileCount}.webp" in page
    info = {"format_name": "mov", "duration": 60.0, "video": [{"index": 0, "codec": "h264", "width": 640, "height": 360}]}
    Media.objects.create(bucket="input", key="clip.mp4", title="clip", info=info)
    strip = client_of(bob).get("/console/jobs/new/snapshot/filmstrip/", {"input": "oss://input/clip.mp4"}).content.decode()
    assert re.findall(r'data-time="([\d.]+)"', strip)[:2] == ["3.0", "9.0"]
    assert "data-time" not in client_of(bob).get("/console/jobs/new/snapshot/filmstrip/", {"input": "oss://input/other.mp4"}).content.decode()


def test_taken_pictures_are_laid_onto_sheets(buckets: Any, clips: Any, client_of: Callable[..., Client], bob: User, work_off: Callable[[], int]) -> None:
    """From the gallery of a media to a sheet of its pictures."""
    source = buckets.put(clips.make(seconds=2, size="320x180", rate=25, audio=False), "clip.mp4")
    client = client_of(bob)
    document = {"kind": "snapshot", "input": source, "output": "oss://output/{Count}.png", "mode": "average", "count": 3}
    client.post("/api/v1/jobs", document, content_type="application/json")
    work_off()
    first = Job.objects.get()
    gallery = client.get(f"/console/media/{first.media_id}/snapshots/").content.decode()
    address = html.unescape(re.search(r'href="([^"]*mode=images[^"]*)"', gallery)[1])  # type: ignore[index]
    page = client.get(address).content.decode()
    given = "\n".join(f"oss://output/{number:05d}.png" for number in (1, 2, 3))
    assert given in page
    assert re.search(r'<option value="fill" selected>', page), "pictures of other shapes are not stretched unless that is chosen"
    assert re.search(r'name="mode" value="images"[^>]*checked', page)
    form = SHEETS | {"mode": "images", "images": given, "columns": "3", "rows": "1", "cell_height": "45", "padding": "4", "sheets": "oss://output/all.png"}
    told = client.post("/console/jobs/new/snapshot/estimate/", form).content.decode()
    assert "Will give about 3 images. 1 sheet of 248 × 45 px." in told
    answer = client.post("/console/jobs/new/snapshot/", form)
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    work_off()
    job = Job.objects.exclude(pk=first.pk).get()
    assert (job.kind, job.state, job.result["count"]) == ("sprite", "succeeded", 3), job.message
    with Image.open(buckets.output / "all.png") as sheet, Image.open(buckets.output / "00002.png") as second:
        assert sheet.size == (248, 45)
        tile, wanted = sheet.crop((84, 0, 164, 45)).convert("RGB"), second.convert("RGB").resize((80, 45), Image.Resampling.LANCZOS)
        assert max(ImageStat.Stat(ImageChops.difference(tile, wanted)).mean) < 4
    assert "data-sheet" in client.get(answer.url).content.decode()


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"images": ""}, "images"),
        ({"images": "oss://output/none.png"}, "images"),
        ({"images": "picture.png"}, "images"),
        ({"images": "oss://input/a.png\n" * 1001}, "images"),
        ({"sheets": ""}, "sheets"),
        ({"format": "avif"}, "format"),
        ({"columns": "10000", "rows": "10000", "cell_height": "80"}, "columns"),
    ],
)
def test_mistakes_of_given_pictures_stand_at_their_field(
    buckets: Any, tmp_path: Path, client_of: Callable[..., Client], bob: User, more: dict[str, str], field: str
) -> None:
    Image.new("RGB", (80, 80), "red").save(tmp_path / "a.png")
    buckets.put(tmp_path / "a.png", "a.png")
    form = SHEETS | {"mode": "images", "images": "oss://input/a.png", "sheets": "oss://output/{TileCount}.jpg"} | more
    answer = client_of(bob).post("/console/jobs/new/snapshot/", form)
    if field == "columns":  # known only with the pictures: the page warns before
        assert "would be 800,000 px wide" in client_of(bob).post("/console/jobs/new/snapshot/estimate/", form).content.decode()
        return
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert not Job.objects.exists()
