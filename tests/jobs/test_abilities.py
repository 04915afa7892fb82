"""What workers can do decides what is admitted and who takes it; jobs of several programs run through the queue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from jobs import queries, services
from jobs.engine.abilities import needs
from jobs.engine.errors import Refused
from jobs.engine.spec import JOB_SPEC
from jobs.engine.template import Template
from jobs.ffmpeg import probe as ffprobe
from jobs.ffmpeg import tools
from jobs.models import Attempt, Job, Node, Step
from jobs.states import JobState

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline")]
MP4 = {"container": {"format": "mp4"}, "video": {"preset": "ultrafast"}}
HE = {**MP4, "audio": {"profile": "aac_he", "channels": 2}}
ENCODERS = ["aac", "libx264", "libx265", "libvpx-vp9", "libopus"]


def node(name: str, *, seconds_ago: float = 0, **capabilities: list[str]) -> None:
    now = timezone.now()
    seen = now - dt.timedelta(seconds=seconds_ago)
    Node.objects.create(name=name, groups=[], capabilities={"encoders": ENCODERS, **capabilities}, version="1", started_at=now, seen_at=seen)


def submit(source: str, *templates: dict[str, Any], ending: str = "mp4") -> Job:
    outputs = [{"overrides": t, "address": f"oss://output/made-{n}.{ending}"} for n, t in enumerate(templates)]
    return services.submit(spec=JOB_SPEC.validate_python({"kind": "transcode", "input": source, "outputs": outputs}, strict=False), source="api")


@pytest.fixture
def source(buckets: Any, clips: Any) -> str:
    return str(buckets.put(clips.make(seconds=1, size="128x72", more=("-ac", "2"))))


def test_he_aac_without_fdkaac_is_refused_with_what_to_do(source: str) -> None:
    node("plain", filters=[], programs=["packager"])
    with pytest.raises(Refused) as caught:
        submit(source, HE)
    assert caught.value.code == "CapabilityMissing"
    assert "apt-get install fdkaac" in caught.value.message


def test_a_job_that_not_every_worker_can_do_waits_for_one_that_can(source: str) -> None:
    node("plain", filters=[], programs=[])
    node("able", filters=["zscale", "tonemap"], programs=["fdkaac"])
    job = submit(source, HE, {**MP4, "video": {"hdr": "sdr", "preset": "ultrafast"}})
    assert Step.objects.get(job=job).needs == "filter:tonemap+filter:zscale+program:fdkaac"
    assert Step.objects.get(job=submit(source, {**MP4, "container": {"format": "mov"}}, ending="mov")).needs == ""


def test_filters_and_several_workers_together(source: str) -> None:
    node("a", filters=["hqdn3d"], programs=[])
    node("b", filters=["loudnorm"], programs=[])
    with pytest.raises(Refused, match="No worker has the filter bwdif"):
        submit(source, {**MP4, "video": {"deinterlace": "force"}})
    with pytest.raises(Refused, match="No single worker has all of"):
        submit(source, {**MP4, "video": {"denoise": "light"}, "audio": {"loudness": {}}})


def test_a_node_that_tells_no_filters_is_believed_to_have_them(source: str) -> None:
    node("old")
    assert Step.objects.get(job=submit(source, HE)).needs == ""


def test_without_any_worker_programs_are_asked_for(source: str) -> None:
    assert Step.objects.get(job=submit(source, HE)).needs == "program:fdkaac"


def test_what_forms_may_offer() -> None:
    assert queries.capabilities() is None
    node("gone", seconds_ago=3600, programs=["fdkaac"])
    assert queries.capabilities() is None
    node("here", filters=["ass"], programs=[])
    assert queries.capabilities() == frozenset({*ENCODERS, "filter:ass"})


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        ({"container": {"format": "webm"}}, {"libvpx-vp9", "libopus"}),
        ({"container": {"format": "dash"}}, {"libx264", "aac", "program:packager"}),
        ({"container": {"format": "hls"}}, {"libx264", "aac"}),
        ({"container": {"format": "dash"}, "mux": {"segment_format": "webm"}}, {"libvpx-vp9", "libopus", "program:packager"}),
        ({**MP4, "video": {"codec": "copy"}, "audio": {"codec": "copy"}}, set()),
        ({**MP4, "audios": [{}, {"codec": "mp3"}]}, {"libx264", "aac", "libmp3lame"}),
        ({**MP4, "delogos": [{"dx": 1, "dy": 1, "width": 9, "height": 9, "method": "delogo"}]}, {"libx264", "aac", "filter:delogo"}),
        ({**MP4, "subtitle": {"burn_stream": 0}}, {"libx264", "aac", "filter:ass"}),
    ],
)
def test_what_a_template_needs(document: dict[str, Any], wanted: set[str]) -> None:
    assert needs(Template.model_validate(document, strict=False)) == wanted


def facts(path: Path) -> Any:
    return ffprobe.probe(path, tools=tools.find(), cwd=path.parent, count_packets=True)


@pytest.mark.media
@pytest.mark.fdkaac
def test_he_aac_through_the_queue(
    buckets: Any, source: str, work_off: Callable[[], int], decoded: Callable[[Path], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    node("here", programs=["fdkaac"])
    job = submit(source, HE)
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.message
    made = buckets.output / "made-0.mp4"
    found = facts(made)
    assert (found.audio[0].codec, found.audio[0].profile, decoded(made)) == ("aac", "HE-AAC", 25)
    assert [Path(argv[0]).name.partition("-")[0] for argv in Attempt.objects.get().argv] == ["ffmpeg", "fdkaac", "ffmpeg"]


@pytest.mark.media
def test_two_passes_of_two_outputs_through_the_queue(buckets: Any, source: str, work_off: Callable[[], int], decoded: Callable[[Path], int]) -> None:
    video = {"preset": "ultrafast", "passes": 2, "bitrate_kbps": 200}
    job = submit(source, {**MP4, "video": video}, {**MP4, "video": {**video, "codec": "vp9"}}, {**MP4, "video": {**video, "codec": "h265"}})
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.message
    found = [facts(buckets.output / f"made-{n}.mp4") for n in range(3)]
    assert [probe.video[0].codec for probe in found] == ["h264", "vp9", "hevc"]
    assert [decoded(buckets.output / f"made-{n}.mp4") for n in range(3)] == [25, 25, 25]
    assert len(Attempt.objects.get().argv) == 2
