"""Workflows over an S3 store: what others put there is found, what jobs of ours put there is not taken for new, and a store that is down loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from jobs.models import Execution, SeenObject, Workflow
from jobs.workflows import watching
from media_assets import publishing_s3
from media_assets.s3 import S3Storage
from tests.jobs.workflows import go_on, watch, workflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline")]
OUT = {"name": "hls", "type": "package", "job": {"outputs": [{"template": "hls-h264-360p", "address": "oss://films/out/{FileName}.m3u8"}]}}


@pytest.mark.parametrize("kind", ["moto", "rclone"])
def test_what_lies_in_the_store_is_run_once(
    bind: Callable[..., S3Storage], clips: Any, work_off: Any, decoded: Callable[[Path], int], tmp_path: Path, kind: str
) -> None:
    place = bind("films", kind, prefix="all")
    workflow(OUT, bucket="films")
    film = clips.make(seconds=1, size="160x90").read_bytes()
    for key in ("in/a b.mp4", "in/目录/🎬.mp4", "other/c.mp4"):
        place.client.put_object(**place.at(key), Body=film)  # behind our back
    assert watch(1) == 2, "an object of a store is whole: nobody waits"
    assert watch(2) == 0
    go_on(work_off)
    assert {run.key: run.state for run in Execution.objects.all()} == {"in/a b.mp4": "succeeded", "in/目录/🎬.mp4": "succeeded"}
    for name in ("a b", "🎬"):
        folder = tmp_path / name
        folder.mkdir()
        for facts in place.list("out/"):
            place.pin(facts.key, folder, facts.key.rpartition("/")[2])
        assert decoded(folder / f"{name}.m3u8") == 25
    place.client.put_object(**place.at("in/a b.mp4"), Body=film)
    assert watch(2) == 0, "the same bytes again are the same version"
    place.client.put_object(**place.at("in/a b.mp4"), Body=clips.make(seconds=2, size="160x90").read_bytes())
    assert watch(2) == 1


def test_sets_of_ours_start_nothing_while_they_are_published(
    bind: Callable[..., S3Storage], clips: Any, work_off: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another workflow watches where they go; it looks after every object that is sent."""
    place = bind("films")
    workflow(OUT, bucket="films")
    away = {**OUT, "job": {"outputs": [{"template": "hls-h264-360p", "address": "oss://films/away/{FileName}.m3u8"}]}}
    second = workflow(away, name="second", bucket="films", path="out", file_types=("ts", "m3u8"))
    place.client.put_object(**place.at("in/one.mp4"), Body=clips.make(seconds=2, size="160x90").read_bytes())
    assert watch(1) == 1
    looks: list[int] = []
    real = publishing_s3.send

    def look(place: Any, file: Any, token: str) -> None:
        real(place, file, token)
        looks.append(watching.scan(Workflow.objects.get(pk=second.pk), timezone.now()))

    monkeypatch.setattr(publishing_s3, "send", look)
    go_on(work_off)
    assert looks
    assert not any(looks)
    assert watch(3) == 0
    seen = SeenObject.objects.filter(workflow=second)
    assert seen.count() == len(looks) + 1
    assert not seen.filter(settled=False).exists()
    assert Execution.objects.get().state == "succeeded"
