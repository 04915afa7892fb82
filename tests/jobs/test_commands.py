"""The command line: submit a job and wait for it, explain one without running it."""

from __future__ import annotations

import json
import threading
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from jobs.models import Attempt, Job

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline")]


def run(*argv: Any, **options: Any) -> str:
    out = StringIO()
    call_command(*map(str, argv), stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def test_submit_copies_the_file_and_names_its_outputs(buckets: Any, clips: Any) -> None:
    path = clips.make(seconds=1)
    job = Job.objects.get(pk=run("submit_job", path, "-t", "mp4-h264-360p", "-t", "hls-h264-360p", "--priority", 9, "--user-data", "x").strip())
    assert (job.priority, job.user_data, job.source) == (9, "x", "cli")
    assert (buckets.input / path.name).read_bytes() == path.read_bytes()
    assert [output.key for output in job.outputs.all()] == [f"{path.stem}-mp4-h264-360p.mp4", f"{path.stem}-hls-h264-360p.m3u8"]


def test_submit_waits_for_the_end(buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    answer: list[str] = []

    def submit() -> None:
        try:
            answer.append(run("submit_job", clips.make(seconds=1), "-t", "mp4-h264-360p", "--wait"))
        finally:
            connection.close()

    thread = threading.Thread(target=submit)
    thread.start()
    while thread.is_alive() and not Job.objects.exists():
        thread.join(0.05)
    work_off()
    thread.join(30)
    assert "succeeded oss://output/" in answer[0]


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["oss://input/none.mp4", "-t", "mp4-h264-360p", "-o", "oss://output/a.mp4"], "ObjectNotFound"),
        (["/nowhere.mp4", "-t", "mp4-h264-360p"], "There is no file"),
        (["oss://input/clip.mp4", "-t", "no-such"], "TemplateNotFound"),
        (["oss://input/clip.mp4", "-t", "mp4-h264-360p", "-o", "oss://output/../a.mp4"], "segment"),
        (["oss://input/clip.mp4", "-t", "mp4-h264-360p", "--overrides", "{"], "JSON"),
    ],
)
def test_mistakes_are_told(buckets: Any, clips: Any, argv: list[str], says: str) -> None:
    buckets.put(clips.make(seconds=1), "clip.mp4")
    with pytest.raises(CommandError, match=says):
        run("submit_job", *argv)
    assert not Job.objects.exists()


def test_explain_shows_plan_and_commands_of_a_file_and_runs_nothing(clips: Any) -> None:
    document = json.loads(run("explain_job", clips.make(seconds=1), "-t", "mp4-h264-360p", "-t", "hls-h264-360p", "--json"))
    assert [output["format"] for output in document["plan"]["outputs"]] == ["mp4", "hls"]
    assert len(document["commands"]) == 1
    assert document["commands"][0]["argv"].count("libx264") == 2
    assert not Job.objects.exists()


def test_explain_tells_a_finished_job_s_commands_again(buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    job_id = run("submit_job", clips.make(seconds=1), "-t", "mp4-h264-360p").strip()
    with pytest.raises(CommandError, match="not been probed"):
        run("explain_job", job_id)
    work_off()
    document = json.loads(run("explain_job", job_id, "--json"))
    assert document["commands"][0]["argv"] == Attempt.objects.get().argv[0][1:]


def test_explain_refuses_impossible_combinations(clips: Any) -> None:
    with pytest.raises(CommandError, match="FLV"):
        run("explain_job", clips.make(seconds=1), "-t", "mp4-h265-360p", "--overrides", '{"container": {"format": "flv"}}')


def test_explain_job_looks_at_marks_and_parts_too(buckets: Any, clips: Any, media: Any) -> None:
    """What a worker would fetch is looked at, under the same names, and not kept."""
    clip = buckets.put(clips.make())
    logo = next(path for path in sorted((media / "images").iterdir()) if path.suffix == ".png")
    overrides = {"watermarks": [{"image": buckets.put(logo, "logo.png")}], "edit": {"after": [{"address": clip}]}}
    shown = run("explain_job", clips.make(), "-t", "mp4-h264-360p", "--overrides", json.dumps(overrides))
    assert '"failed": []' in shown
    assert "mark" in shown.splitlines()[-1]
    assert "-i m" in shown.splitlines()[-1]
