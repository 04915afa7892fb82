"""Sprite jobs through the queue: what is published and recorded, given pictures, and what is refused or fails."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from PIL import Image

from jobs import services
from jobs.engine.errors import Refused
from jobs.models import Job, Step
from jobs.payloads import read_job_request
from jobs.states import JobState
from media_assets import sprites
from media_assets.models import Discard, MediaFile

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline")]
OUTPUT = "oss://output/s/{FileName}-{TileCount}.jpg"


def submit(source: str | None, **more: Any) -> Job:
    document = {"kind": "sprite", "output": OUTPUT} | ({"input": source} if source else {}) | more
    return services.submit(spec=read_job_request(document).spec, source="api")


def done(job: Job, work_off: Callable[[], int]) -> Job:
    work_off()
    job.refresh_from_db()
    return job


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and ".reelmill" not in path.parts)


def test_sheets_and_index_are_published_and_recorded(buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    source = buckets.put(clips.make(seconds=5, size="320x180", rate=25, audio=False), "clip.mp4")
    job = done(submit(source, interval=0.5, columns=2, rows=2, cell_width=80, singles="oss://output/k/{Count}.jpg"), work_off)
    assert (job.state, job.progress, job.code) == (JobState.SUCCEEDED, 100, "")
    sheets = [f"s/clip-{number:05d}.jpg" for number in (1, 2, 3)]
    singles = [f"k/{number:05d}.jpg" for number in range(1, 11)]
    assert names(buckets.output) == sorted([*sheets, *singles, "s/clip.vtt"])
    output = job.outputs.get()
    assert (output.key, output.parts) == ("s/clip.vtt", [*sheets, *singles])
    assert all(check["ok"] for check in output.checks)
    assert output.size == sum((buckets.output / name).stat().st_size for name in names(buckets.output))
    with Image.open(buckets.output / sheets[2]) as image:
        assert (image.format, image.size) == ("JPEG", (160, 90)), "each sheet is as large as the others"
        assert image.convert("L").crop((0, 48, 160, 90)).getextrema()[1] < 16, "what is empty is black"
    row = MediaFile.objects.get(role="sprite")
    assert (row.key, row.parts, row.job_id, row.media_id) == ("s/clip.vtt", sheets, job.id, job.media_id)
    assert len(MediaFile.objects.get(role="snapshot").info["pictures"]) == 10
    assert Step.objects.get().lane == "short"
    assert not Discard.objects.exists()
    assert sprites.thumbnails(job.media_id, 5.0).endswith("/s/clip.vtt")
    assert sprites.thumbnails(job.media_id, 2.0) == "", "a clip has other times"


def test_fewer_sheets_at_the_same_names_take_the_old_ones_away(buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    source = buckets.put(clips.make(seconds=5, size="320x180", rate=25, audio=False), "clip.mp4")
    done(submit(source, interval=0.5, columns=2, rows=2, cell_width=80), work_off)
    done(submit(source, interval=1.0, columns=2, rows=2, cell_width=80), work_off)
    assert {row.key for row in Discard.objects.all()} == {"s/clip-00003.jpg"}
    assert MediaFile.objects.get(role="sprite").parts == ["s/clip-00001.jpg", "s/clip-00002.jpg"]


def test_a_job_done_again_does_the_same(buckets: Any, clips: Any, work_off: Callable[[], int], alice: User) -> None:
    source = buckets.put(clips.make(seconds=2, size="320x180", rate=25, audio=False), "clip.mp4")
    first = done(submit(source, mode="average", count=3, cell_width=80), work_off)
    again = done(services.retry(first.id, outputs=[first.outputs.get().id], owner=alice, actor="alice"), work_off)
    assert again.state == JobState.SUCCEEDED
    assert again.result["sheets"] == first.result["sheets"]


def test_given_pictures_are_laid_onto_sheets(buckets: Any, tmp_path: Path, work_off: Callable[[], int]) -> None:
    colors = {"red": (120, 80), "lime": (80, 120), "blue": (120, 80)}
    for number, (color, size) in enumerate(colors.items()):
        Image.new("RGB", size, color).save(tmp_path / f"{number}.{('png', 'jpg', 'webp')[number]}")
    given = [buckets.put(tmp_path / name, f"i/{name}") for name in ("0.png", "1.jpg", "2.webp")]
    job = done(submit(None, images=given, mode="images", output="oss://output/all.png", columns=3, rows=1, padding=4, color="white"), work_off)
    assert job.state == JobState.SUCCEEDED, job.message
    assert names(buckets.output) == ["all.png"]
    with Image.open(buckets.output / "all.png") as image:
        assert image.size == (368, 80)
        at = [image.getpixel((x, 40)) for x in (60, 122, 184, 130, 308)]
    assert at[0][0] > 240 > 20 > at[0][1]
    assert at[1] == (255, 255, 255), "padding"
    assert at[2][1] > 240 > 20 > at[2][0], "the upright one stands in the middle of its cell"
    assert max(at[3]) < 20, "and black beside it"
    assert at[4][2] > 240
    assert job.result["index"] is None


def test_snapshots_can_be_given_though_their_bucket_is_no_input(buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    source = buckets.put(clips.make(seconds=2, size="320x180", rate=25, audio=False), "clip.mp4")
    document = {"kind": "snapshot", "input": source, "output": "oss://output/{Count}.jpg", "mode": "average", "count": 3}
    first = done(services.submit(spec=read_job_request(document).spec, source="api"), work_off)
    given = [f"oss://output/{number:05d}.jpg" for number in (1, 2, 3)]
    job = done(submit(None, images=given, mode="images", columns=2, rows=1, cell_width=64), work_off)
    assert (job.state, job.media_id) == (JobState.SUCCEEDED, first.media_id)
    assert [sheet["key"] for sheet in job.result["sheets"]] == ["s/00001-00001.jpg", "s/00001-00002.jpg"]


# --- odd inputs -----------------------------------------------------------------------------------------------------------
def test_a_video_of_one_picture_gives_one_tile(buckets: Any, ffmpeg: str, tmp_path: Path, work_off: Callable[[], int]) -> None:
    path = tmp_path / "one.mp4"
    subprocess.run([ffmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=25", "-frames:v", "1", "-pix_fmt", "yuv420p", str(path)], check=True)
    job = done(submit(buckets.put(path, "one.mp4")), work_off)
    assert (job.state, job.result["count"]) == (JobState.SUCCEEDED, 1), job.message
    assert (buckets.output / "s/one.vtt").read_text() == "WEBVTT\n\n00:00:00.000 --> 00:00:00.040\none-00001.jpg#xywh=0,0,64,64\n"


@pytest.mark.parametrize("ending", ["mkv", "webm"])
def test_the_end_is_found_where_the_file_does_not_say_it(buckets: Any, ffmpeg: str, tmp_path: Path, work_off: Callable[[], int], ending: str) -> None:
    path = tmp_path / f"live.{ending}"
    codec = ["-c:v", "libvpx", "-b:v", "200k"] if ending == "webm" else ["-c:v", "libx264", "-g", "25"]
    kind = {"mkv": "matroska", "webm": "webm"}[ending]
    argv = [ffmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=128x72:r=25:d=7", *codec, "-pix_fmt", "yuv420p", "-f", kind, "pipe:1"]
    path.write_bytes(subprocess.run(argv, check=True, capture_output=True).stdout)
    job = done(submit(buckets.put(path, path.name), interval=2.0), work_off)
    assert (job.state, job.result["count"]) == (JobState.SUCCEEDED, 4), job.message
    assert job.result["end"] == pytest.approx(7.0, abs=0.09)


@pytest.mark.parametrize(
    ("name", "more", "code"),
    [
        ("speech-5s.mp3", {}, "NoVideoStream"),
        ("flower-540p30-h264-aac.mp4", {"time": 60.0}, "TimeOutOfRange"),
        ("timecode-1080p30-hevc-aac.mp4", {}, "InputTooLarge"),
    ],
)
def test_what_cannot_be_done_fails_with_its_code(buckets: Any, media: Path, work_off: Callable[[], int], name: str, more: dict[str, Any], code: str) -> None:
    source = buckets.put(media / name, name)
    job = done(submit(source, **more), work_off)
    assert (job.state, job.code) == (JobState.FAILED, code)
    assert not names(buckets.output)
    # now the file is known, so the next one is told at the door
    with pytest.raises(Refused) as refused:
        submit(source, **more)
    assert refused.value.code == code


def test_a_cover_picture_is_no_video(buckets: Any, ffmpeg: str, media: Path, tmp_path: Path, work_off: Callable[[], int]) -> None:
    path, cover = tmp_path / "song.m4a", tmp_path / "cover.png"
    Image.new("RGB", (64, 64), "red").save(cover)
    argv = [ffmpeg, "-v", "error", "-i", str(media / "commentary-6s-aac.m4a"), "-i", str(cover), "-map", "0:a", "-map", "1", "-c", "copy"]
    subprocess.run([*argv, "-disposition:v:0", "attached_pic", str(path)], check=True)
    assert done(submit(buckets.put(path, "song.m4a")), work_off).code == "NoVideoStream"


def test_a_file_that_ends_early_gives_what_it_has(buckets: Any, clips: Any, tmp_path: Path, work_off: Callable[[], int]) -> None:
    whole = clips.make(seconds=20, size="320x180", rate=25, audio=False, suffix="mkv")
    path = tmp_path / "cut.mkv"
    path.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.5)])
    job = done(submit(buckets.put(path, "cut.mkv"), interval=1.0, cell_width=80), work_off)
    assert job.state == JobState.SUCCEEDED, job.message
    assert 3 <= job.result["count"] <= 19
    assert any("ends before" in text for text in job.outputs.get().warnings)


def test_many_rows_are_split_into_sheets_that_can_be_opened(buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    source = buckets.put(clips.make(seconds=10, size="320x180", rate=25, audio=False), "clip.mp4")
    job = done(submit(source, interval=0.04, columns=1, rows=10_000, cell_width=160), work_off)
    assert job.state == JobState.SUCCEEDED, job.message
    assert (job.result["rows"], len(job.result["sheets"])) == (182, 2)
    assert all(max(sheet["width"], sheet["height"]) <= 16_384 for sheet in job.result["sheets"])
    assert any("rows" in text for text in job.outputs.get().warnings)


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", "InputForbidden"), (b"\x89PNG\r\n\x1a\n\0\0", "InputNotReadable"), (b"", "InputForbidden")],
)  # fmt: skip
def test_what_is_no_picture_is_not_opened(buckets: Any, tmp_path: Path, work_off: Callable[[], int], content: bytes, code: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    job = done(submit(None, images=[buckets.put(path, "a.png")], mode="images", output="oss://output/x.jpg"), work_off)
    assert (job.state, job.code) == (JobState.FAILED, code)
    assert "oss://input/a.png" in job.message


def test_pictures_of_sixty_megapixels_are_refused(buckets: Any, tmp_path: Path, work_off: Callable[[], int]) -> None:
    path = tmp_path / "a.png"
    Image.new("1", (10_000, 6_000)).save(path)
    assert done(submit(None, images=[buckets.put(path, "a.png")], mode="images", output="oss://output/x.jpg"), work_off).code == "InputTooLarge"


@pytest.mark.parametrize(
    ("more", "loc"),
    [
        ({"columns": 10_000, "rows": 10_000}, ("columns",)),
        ({"output": "oss://nowhere/{TileCount}.jpg"}, ("output", "address")),
        ({"output": "oss://output/{Nothing}{TileCount}.jpg"}, ("output", "address")),
        ({"index": "oss://output/{TileCount}.vtt"}, ("index",)),
        ({"mode": "images", "images": ["oss://input/none.png"]}, ("images", 0)),
        ({"mode": "images", "images": ["oss://nowhere/none.png"]}, ("images", 0)),
        ({"columns": 0}, ("columns",)),
        ({"color": "#12"}, ("color",)),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(buckets: Any, clips: Any, more: dict[str, Any], loc: tuple[str, ...]) -> None:
    source = buckets.put(clips.make(seconds=2, size="128x72", rate=25, audio=False), "clip.mp4")
    with pytest.raises(Refused) as refused:
        submit(source, **more)
    assert loc in [problem.loc for problem in refused.value.problems]
    assert not Job.objects.exists()


# --- JSON -----------------------------------------------------------------------------------------------------------------
def test_the_endpoint_makes_the_same_job(
    buckets: Any, clips: Any, work_off: Callable[[], int], api_of: Callable[..., Client], bob: User, charlie: User
) -> None:
    source = buckets.put(clips.make(seconds=2, size="128x72", rate=25, audio=False), "clip.mp4")
    document = {"input": source, "output": OUTPUT, "interval": 0.5, "user_data": "mine"}
    assert api_of(charlie, "viewer").post("/api/v1/sprites", document, content_type="application/json").status_code == 403
    client = api_of(bob)
    answer = client.post("/api/v1/sprites", document, content_type="application/json")
    assert (answer.status_code, answer.json()["kind"], answer.json()["user_data"]) == (201, "sprite", "mine")
    work_off()
    told = client.get(f"/api/v1/jobs/{answer.json()['id']}").json()
    assert told["result"]["index"]["address"] == "oss://output/s/clip.vtt"
    assert b"".join(client.get(told["result"]["index"]["url"])).startswith(b"WEBVTT")
    assert told["result"]["sheets"][0]["width"] == 1280
    assert told["outputs"][0]["address"] == "oss://output/s/clip.vtt"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jobs.waiting.sleep", lambda _seconds: work_off())
        waited = client.post("/api/v1/sprites", {**document, "wait": True}, content_type="application/json").json()
        assert (waited["state"], waited["result"]["count"]) == ("succeeded", 4)
    refused = client.post("/api/v1/sprites", {**document, "kind": "transcode"}, content_type="application/json")
    assert (refused.status_code, json.loads(refused.content)["errors"][0]["loc"]) == (400, ["kind"])
