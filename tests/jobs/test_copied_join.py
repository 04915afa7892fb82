"""Joining without encoding, through the queue: what is alike is copied, what is not says in what it differs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs import services
from jobs.engine.errors import Refused
from jobs.engine.spec import JOB_SPEC
from jobs.models import Attempt, Job, Output
from jobs.states import JobState

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline"), pytest.mark.media]
COPY = {"container": {"format": "mp4"}, "video": {"codec": "copy"}, "audio": {"codec": "copy"}}


def submit(source: str, *parts: str, spec: dict[str, Any] | None = None, **template: Any) -> Job:
    whole = {**COPY, "edit": {"after": [{"address": part} for part in parts]}, **template}
    sent = {"kind": "transcode", "input": source, "outputs": [{"address": "oss://output/joined.mp4", "overrides": whole}], **(spec or {})}
    return services.submit(spec=JOB_SPEC.validate_python(sent, strict=False), source="api")


def test_parts_that_are_alike_are_copied(buckets: Any, clips: Any, work_off: Callable[[], int], decoded: Callable[[Path], int]) -> None:
    job = submit(buckets.put(clips.make(seconds=2)), buckets.put(clips.make(seconds=3)), buckets.put(clips.make(seconds=2)))
    work_off()
    output = Output.objects.get(job=job)
    assert output.state == JobState.SUCCEEDED, (output.message, output.checks)
    assert decoded(buckets.output / "joined.mp4") == 175
    assert any(check["name"] == "frames" and check["ok"] for check in output.checks), output.checks
    (command,) = Attempt.objects.get().argv
    assert "libx264" not in command
    assert not [word for word in command if word.startswith("oss:") or ("/" in word.removeprefix(command[0]) and word.endswith("ffconcat"))]


def test_the_sound_can_be_encoded_where_it_differs_and_only_its_codec_is_chosen(buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    job = submit(buckets.put(clips.make(seconds=2)), buckets.put(clips.make(seconds=3)), audio={"codec": "opus"}, container={"format": "mkv"})
    work_off()
    output = Output.objects.get(job=job)
    assert output.state == JobState.SUCCEEDED, (output.message, output.checks)
    assert output.media_info is not None
    assert output.media_info["audio"][0]["codec"] == "opus"
    assert output.media_info["video"][0]["frames"] == 125


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"size": "320x240"}, "another size"),
        ({"audio": False}, "other streams"),
        ({"suffix": "mkv"}, "another container"),
        ({"more": ("-c:v", "libx264", "-profile:v", "baseline", "-pix_fmt", "yuv420p")}, "another encoding of its picture"),
        ({"more": ("-ar", "48000")}, "another encoding of its sound"),
    ],
)
def test_a_part_that_differs_is_told(other: dict[str, Any], said: str, buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    job = submit(buckets.put(clips.make(seconds=2)), buckets.put(clips.make(**other)))
    work_off()
    output = Output.objects.get(job=job)
    assert output.code == "ImpossibleCombination"
    assert f"Part 2 of the join has {said} than part 1" in output.message
    assert not (buckets.output / "joined.mp4").exists()


@pytest.mark.parametrize(
    ("template", "spec", "said"),
    [
        ({"video": {"codec": "h264"}}, {}, "copied picture"),
        ({"edit": {"after": [{"address": "oss://input/clip.mp4", "start": 1.0}]}}, {}, "joined whole"),
        ({"edit": {"after": [{"address": "oss://input/clip.mp4"}], "duration": 1.0}}, {}, "joined whole"),
        ({"edit": {"after": [{"address": "oss://input/clip.mp4"}], "speed": 2.0}}, {}, "another speed"),
        ({"audios": [{"stream": 0}, {"stream": 0, "codec": "opus"}]}, {}, "or none"),
    ],
)
def test_what_cannot_be_is_refused_at_the_door(template: dict[str, Any], spec: dict[str, Any], said: str, buckets: Any, clips: Any) -> None:
    source = buckets.put(clips.make(), "clip.mp4")
    with pytest.raises(Refused) as refused:
        submit(source, source, spec=spec, **template)
    assert any(said in problem.message for problem in refused.value.problems), refused.value.problems


def test_a_clip_of_the_input_cannot_be_copied_into_a_join(buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    source = buckets.put(clips.make())
    job = submit(source, source, spec={"input": {"address": source, "start": 0.5}})
    work_off()
    assert "Part 1 of the join is cut" in Output.objects.get(job=job).message
