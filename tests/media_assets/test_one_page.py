"""The page of one media: what jobs found out and made, in one place; and what goes when it is removed."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from jobs import services
from jobs.engine.spec import JOB_SPEC
from jobs.models import Job
from jobs.states import JobState
from media_assets.models import Media, MediaFile
from media_assets.storage import sweep_discards
from tests.jobs.films import film, submitted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("pipeline")]

TAGS = re.compile(r"<(?:style|script|template)\b.*?</(?:style|script|template)>|<[^>]*>", re.DOTALL)


def text_of(page: str) -> str:
    """What a person reads, in one line."""
    return " ".join(html.unescape(TAGS.sub(" ", page)).split())


ClientOf = Callable[[User | None], Client]


@pytest.fixture
def source(buckets: Any, ffmpeg: str, tmp_path: Path) -> str:
    """A film of four scenes with sound."""
    return str(buckets.put(film(ffmpeg, tmp_path / "film.mp4", ["good", "black", "test", "plasma"], sound=True), "films/film.mp4"))


def everything(source: str, work_off: Callable[[], int]) -> Media:
    """Each light job once."""
    made = [
        services.submit(spec=JOB_SPEC.validate_json(json.dumps({"kind": "mediainfo", "input": source})), source="api"),
        services.submit(spec=JOB_SPEC.validate_json(json.dumps({"kind": "inspect", "input": source})), source="api"),
        submitted("cover", source, "oss://output/c/{Count}.jpg", candidates=8, keep=3),
        submitted("preview", source, "oss://output/p.webp", seconds=2, shots=2, candidates=8),
        submitted("preview", source, "oss://output/p.mp4", seconds=2, candidates=8),
    ]
    work_off()
    for job in made:
        job.refresh_from_db()
        assert job.state == JobState.SUCCEEDED, job.message
    return Media.objects.get(pk=made[0].media_id)


def test_one_page_has_everything_that_is_known(source: str, bob: User, charlie: User, client_of: ClientOf, work_off: Callable[[], int]) -> None:
    media = everything(source, work_off)
    page = client_of(bob).get(f"/console/media/{media.id}/").content.decode()
    text = text_of(page)
    for told in (
        "Frame rate, measured",
        "Groups of pictures",
        "Findings",
        "LUFS",
        "Previews",
        "Score",
        "What ffprobe says",
        "Find a cover",
        "Make a preview",
        "Inspect again",
    ):
        assert told in text, told
    assert page.count("p-timeline__mark--black") == 1
    assert "/p.webp" in page
    assert "/p.mp4" in page
    assert text.count("Set as cover") == 2, "the third is the cover already"
    seen = text_of(client_of(charlie).get(f"/console/media/{media.id}/").content.decode())
    assert "Findings" in seen
    assert "Find a cover" not in seen, "a viewer cannot make jobs"


def test_another_picture_can_be_made_the_cover(source: str, bob: User, client_of: ClientOf, work_off: Callable[[], int]) -> None:
    media = everything(source, work_off)
    (row,) = MediaFile.objects.filter(role="snapshot")
    other = row.parts[0]
    assert media.cover_key != other
    answer = client_of(bob).post(f"/console/media/{media.id}/cover/", {"bucket": "output", "key": other})
    assert answer.status_code == 302
    media.refresh_from_db()
    assert (media.cover_bucket, media.cover_key) == ("output", other)


def test_the_cover_is_told_and_set_as_json(source: str, bob: User, api_of: Any, work_off: Callable[[], int]) -> None:
    media = everything(source, work_off)
    (row,) = MediaFile.objects.filter(role="snapshot")
    client, address = api_of(bob), f"/api/v1/media/{media.id}"
    assert client.get(address).json()["cover"]["address"] == f"oss://output/{row.key}"
    changed = client.patch(address, {"cover": f"oss://output/{row.parts[1]}"}, content_type="application/json")
    assert changed.status_code == 200, changed.content
    assert changed.json()["cover"]["address"] == f"oss://output/{row.parts[1]}"
    assert changed.json()["cover"]["url"].endswith(f"/output/{row.parts[1]}")
    assert client.patch(address, {"cover": "oss://input/films/film.mp4"}, content_type="application/json").status_code == 404
    assert client.patch(address, {"cover": "nonsense"}, content_type="application/json").status_code == 400


def test_what_was_found_in_another_object_of_the_name_is_not_shown(
    source: str, buckets: Any, clips: Any, bob: User, client_of: ClientOf, work_off: Callable[[], int]
) -> None:
    media = everything(source, work_off)
    buckets.put(clips.make(seconds=2, size="128x72", rate=25), "films/film.mp4")
    submitted("preview", source, "oss://output/new.gif", seconds=1)  # whoever uses it next notices the change
    text = text_of(client_of(bob).get(f"/console/media/{media.id}/").content.decode())
    assert "Findings" not in text
    assert "Groups of pictures" not in text


def test_removing_tells_sizes_and_takes_pictures_and_previews_with_the_outputs(
    source: str, buckets: Any, alice: User, client_of: ClientOf, work_off: Callable[[], int]
) -> None:
    media = everything(source, work_off)
    text = text_of(client_of(alice).get(f"/console/media/{media.id}/remove/").content.decode())
    assert "Pictures and previews 5 ·" in text
    assert client_of(alice).post(f"/console/media/{media.id}/remove/", {"take": "outputs"}).status_code == 302
    sweep_discards(timezone.now())
    assert [path.name for path in buckets.output.rglob("*") if path.is_file() and ".reelmill" not in path.parts] == []
    assert (buckets.input / "films/film.mp4").is_file()


def test_the_json_interface_does_not_remove_what_jobs_work_on(source: str, alice: User, api_of: Any, work_off: Callable[[], int]) -> None:
    job = submitted("preview", source, "oss://output/p.gif", seconds=1)
    client = api_of(alice, "admin")
    answer = client.delete(f"/api/v1/media/{job.media_id}?take=all")
    assert (answer.status_code, answer.json()["code"]) == (409, "WrongState")
    assert Media.objects.filter(pk=job.media_id).exists()
    work_off()
    answer = client.delete(f"/api/v1/media/{job.media_id}?take=outputs")
    assert (answer.status_code, answer.json()) == (200, {"deleted_objects": 1})


def test_files_of_all_roles_are_told_as_json(source: str, bob: User, api_of: Any, work_off: Callable[[], int]) -> None:
    media = everything(source, work_off)
    files = api_of(bob).get(f"/api/v1/media/{media.id}").json()["files"]
    assert sorted(row["role"] for row in files) == ["preview", "preview", "snapshot", "source"]
    assert all(row["url"].startswith("http") for row in files)


@pytest.mark.parametrize(
    ("page", "fields", "kind"),
    [
        ("inspect", {"measures": ["silence", "loudness"], "silence_db": "-40"}, "inspect"),
        ("cover", {"candidates": "5", "keep": "2", "output": "oss://output/{Count}.jpg", "set_cover": "on", "overwrite": "on"}, "cover"),
        ("preview", {"seconds": "2", "output": "oss://output/p.gif", "overwrite": "on"}, "preview"),
    ],
)
def test_the_forms_make_the_jobs_that_they_say(
    source: str, bob: User, charlie: User, client_of: ClientOf, work_off: Callable[[], int], page: str, fields: dict[str, Any], kind: str
) -> None:
    address = f"/console/jobs/new/{page}/"
    assert client_of(charlie).get(address).status_code == 403
    client = client_of(bob)
    assert source in client.get(f"{address}?input={source}").content.decode()
    wrong = client.post(address, {"input": "oss://input/none.mp4", "pipeline": "default", "token": "t1", **fields})
    assert wrong.status_code == 422
    assert "No object at input/none.mp4" in text_of(wrong.content.decode())
    for _twice in range(2):
        made = client.post(address, {"input": source, "pipeline": "default", "token": "t2", **fields})
        assert made.status_code == 302
    job = Job.objects.get()
    assert (job.kind, job.source, job.owner) == (kind, "console", bob)
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.message
    shown = text_of(client.get(f"/console/jobs/{job.id}/").content.decode())
    assert {"inspect": "Silence", "cover": "Score", "preview": "Play"}[kind] in shown
    assert client.get(f"/console/jobs/{job.id}/parameters/").status_code == 200
    assert client.get("/console/jobs/").status_code == 200


def test_the_raw_document_can_be_fetched(source: str, bob: User, client_of: ClientOf, work_off: Callable[[], int]) -> None:
    job = services.submit(spec=JOB_SPEC.validate_json(json.dumps({"kind": "mediainfo", "input": source})), source="api")
    assert client_of(bob).get(f"/console/jobs/{job.id}/info/download/").status_code == 404
    work_off()
    answer = client_of(bob).get(f"/console/jobs/{job.id}/info/download/")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    document = answer.json()
    assert document["format"]["filename"] == "film.mp4"
    assert [row["codec_name"] for row in document["streams"]] == ["h264", "aac"]
