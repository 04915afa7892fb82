"""Cover jobs on films whose good and bad pictures are known."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from jobs.engine.errors import Refused
from jobs.engine.kinds.cover import ALIKE, Candidate, Measures, best, difference, groups, places, score
from jobs.engine.probe import Probe, VideoStream
from jobs.models import Job, Step
from jobs.runs.picture_measures import measure
from jobs.states import JobState
from media_assets.models import Media, MediaFile
from tests.jobs.films import film, submitted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("pipeline")]

MANY = "oss://output/c/{FileName}-{Count}.jpg"


@pytest.fixture
def done(work_off: Callable[[], int]) -> Callable[..., Job]:
    """done(address, …) -> a cover job that was worked off."""

    def ask(source: str, output: str = MANY, **more: Any) -> Job:
        job = submitted("cover", source, output, **more)
        work_off()
        job.refresh_from_db()
        return job

    return ask


def test_the_best_picture_becomes_the_cover_and_others_are_offered(buckets: Any, ffmpeg: str, tmp_path: Path, done: Callable[..., Job]) -> None:
    source = buckets.put(film(ffmpeg, tmp_path / "film.mp4", ["black", "credits", "blurred", "good", "white", "test"]))
    job = done(source, candidates=24, keep=5)
    assert (job.state, job.code) == (JobState.SUCCEEDED, ""), job.message
    pictures = job.result["pictures"]
    totals = [row["score"] for row in pictures]
    assert totals == sorted(totals, reverse=True)
    assert 6 <= pictures[0]["time"] < 8 or pictures[0]["time"] >= 10, "one of the two that are sharp and bright and have colours"
    assert pictures[0]["faults"] == []
    assert set(pictures[0]["scores"]) == {"sharpness", "exposure", "contrast", "colours"}
    faulty = {fault for row in pictures for fault in row["faults"]}
    assert faulty <= {"black", "white", "plain"}
    assert all(row["score"] < 40 for row in pictures if row["faults"])
    for number, row in enumerate(pictures, 1):
        with Image.open(buckets.output / row["key"]) as image:
            assert (image.format, image.size, row["key"]) == ("JPEG", (320, 180), f"c/film-{number:05d}.jpg")
    media = Media.objects.get(pk=job.media_id)
    assert (media.cover_bucket, media.cover_key) == ("output", pictures[0]["key"])
    file = MediaFile.objects.get(role="snapshot")
    assert (file.key, file.info["pictures"][0]["score"]) == (pictures[0]["key"], totals[0])
    assert Step.objects.get().lane == "short"


def test_a_real_film_gets_a_picture_that_is_sharp_and_bright(buckets: Any, media: Path, done: Callable[..., Job]) -> None:
    job = done(buckets.put(media / "bbb-720p24-h264-mp3-55s.mp4"), "oss://output/best.webp", candidates=20, keep=1, width=640)
    assert job.state == JobState.SUCCEEDED, job.message
    with Image.open(buckets.output / "best.webp") as image:
        assert (image.format, image.size) == ("WEBP", (640, 360))
    assert job.result["count"] == 1
    assert job.result["pictures"][0]["score"] > 55
    assert job.result["pictures"][0]["faults"] == []


@pytest.mark.parametrize(("scene", "fault"), [("black", "black"), ("white", "white")])
def test_a_film_of_nothing_still_gets_a_cover_with_a_warning(
    buckets: Any, ffmpeg: str, tmp_path: Path, done: Callable[..., Job], scene: str, fault: str
) -> None:
    job = done(buckets.put(film(ffmpeg, tmp_path / "film.mp4", [scene])))
    assert job.state == JobState.SUCCEEDED, job.message
    assert job.result["count"] == 1, "all candidates look alike"
    assert job.result["pictures"][0]["faults"] == [fault]
    assert any("No picture of the video is good" in text for text in job.outputs.get().warnings)


def test_pure_noise_is_no_reason_to_fail(buckets: Any, ffmpeg: str, tmp_path: Path, done: Callable[..., Job]) -> None:
    job = done(buckets.put(film(ffmpeg, tmp_path / "film.mp4", ["noise"])), candidates=4)
    assert job.state == JobState.SUCCEEDED, job.message


def test_one_frame_is_one_candidate(buckets: Any, ffmpeg: str, tmp_path: Path, done: Callable[..., Job]) -> None:
    job = done(buckets.put(film(ffmpeg, tmp_path / "one.mp4", ["good"], options=("-frames:v", "1"))))
    assert job.state == JobState.SUCCEEDED, job.message
    assert [row["time"] for row in job.result["pictures"]] == [0]


def test_a_video_that_does_not_tell_its_length_is_looked_at_from_its_beginning(buckets: Any, ffmpeg: str, tmp_path: Path, done: Callable[..., Job]) -> None:
    whole = film(ffmpeg, tmp_path / "film.mkv", ["black", "good", "test"])
    path = tmp_path / "endless.mkv"
    with path.open("wb") as out:  # into a pipe nothing can be written back, so no length stands in the header
        subprocess.run(
            [ffmpeg, "-v", "error", "-i", str(whole), "-c", "copy", "-f", "matroska", "-live", "1", "pipe:1"], stdout=out, check=True, stdin=subprocess.DEVNULL
        )
    job = done(buckets.put(path), candidates=6)
    assert job.probe["duration"] is None
    assert job.state == JobState.SUCCEEDED, job.message
    assert job.result["pictures"][0]["time"] >= 2
    assert any("does not tell how long" in text for text in job.outputs.get().warnings)


@pytest.mark.parametrize("name", ["speech-5s.mp3", "commentary-6s-aac.m4a"])
def test_sound_alone_has_no_cover(buckets: Any, media: Path, done: Callable[..., Job], name: str) -> None:
    job = done(buckets.put(media / name))
    assert (job.state, job.code) == (JobState.FAILED, "NoVideoStream")
    assert not list(buckets.output.iterdir())


def test_the_cover_of_a_phone_video_stands_upright(buckets: Any, media: Path, done: Callable[..., Job]) -> None:
    job = done(buckets.put(media / "phone-rot90-320p30-h264-aac.mov"), "oss://output/up.png", keep=1, candidates=3)
    assert job.state == JobState.SUCCEEDED, job.message
    with Image.open(buckets.output / "up.png") as image:
        assert image.size == (320, 568)


@pytest.mark.parametrize(
    ("more", "loc"),
    [
        ({"output": "oss://output/one.jpg"}, ("output", "address")),
        ({"output": "oss://output/{Nothing}-{Count}.jpg"}, ("output", "address")),
        ({"format": "png"}, ("format",)),
        ({"output": "oss://output/{Count}.png", "quality": 80}, ("quality",)),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(buckets: Any, clips: Any, more: dict[str, Any], loc: tuple[str, ...]) -> None:
    source = buckets.put(clips.make(seconds=2, size="128x72", rate=25, audio=False), "clip.mp4")
    with pytest.raises(Refused) as refused:
        submitted("cover", source, **({"output": MANY} | more))
    assert loc in [problem.loc for problem in refused.value.problems]


# --- measures -------------------------------------------------------------------------------------------------------------
@pytest.fixture
def picture(ffmpeg: str, tmp_path: Path) -> Callable[..., Path]:
    """picture(graph) -> the first picture of it, as PNG."""

    def make(graph: str, name: str = "p") -> Path:
        path = tmp_path / f"{name}.png"
        subprocess.run([ffmpeg, "-v", "error", "-y", "-f", "lavfi", "-i", graph, "-frames:v", "1", str(path)], check=True, stdin=subprocess.DEVNULL)
        return path

    return make


def test_blur_takes_sharpness_away_and_grey_takes_colours(picture: Callable[..., Path]) -> None:
    sharp = measure(picture("testsrc2=s=320x180"))
    blurred = measure(picture("testsrc2=s=320x180,gblur=sigma=6"))
    grey = measure(picture("testsrc2=s=320x180,hue=s=0"))
    assert score(sharp).sharpness > 2 * score(blurred).sharpness
    assert score(grey).colours < 5 < score(sharp).colours
    assert score(sharp).total > score(blurred).total


def test_what_lies_between_its_neighbours_is_a_fade(picture: Callable[..., Path]) -> None:
    one, two = picture("testsrc2=s=320x180", "one"), picture("mandelbrot=s=320x180", "two")
    with Image.open(one) as first, Image.open(two) as second:
        Image.blend(first.convert("RGB"), second.convert("RGB"), 0.5).save(one.with_name("mixed.png"))
    mixed = measure(one.with_name("mixed.png"), one, two)
    assert score(mixed).faults == ("fade",)
    assert score(measure(one, one, two)).faults == ()


def test_pictures_that_look_alike_are_offered_once(picture: Callable[..., Path]) -> None:
    def candidate(time: float, found: Measures) -> Candidate:
        return Candidate(time, found, score(found))

    same = [candidate(float(n), measure(picture("testsrc2=s=320x180", f"s{n}"))) for n in range(3)]
    other = candidate(9.0, measure(picture("mandelbrot=s=320x180", "other")))
    assert difference(same[0].measures, other.measures) > ALIKE > difference(same[0].measures, same[1].measures)
    assert {one.time for one in best([*same, other], 4)} == {0.0, 9.0}


def test_a_long_video_is_looked_at_by_seeking_a_short_one_in_one_go() -> None:
    def video(seconds: float | None) -> Probe:
        stream = VideoStream(index=0, codec="h264", width=64, height=36, duration=seconds)
        return Probe(format_name="mov", duration=seconds, video=(stream,))

    short, long, blind = (places(video(seconds), 10) for seconds in (20.0, 3600.0, None))
    assert [(take.start, take.interval) for take in short.takes] == [(0.0, 0.2)]
    assert [take.start for take in long.takes] == pytest.approx([180 + 360 * n - 0.2 for n in range(10)])
    assert all((take.interval, take.limit) == (0.2, 3) for take in long.takes)
    assert short.middles == tuple(1.0 + 2 * n for n in range(10))
    assert (len(blind.takes), blind.middles, len(blind.warnings)) == (1, (), 1)


def test_each_place_has_its_picture_and_those_beside_it() -> None:
    times = [0.0, 0.2, 0.4, 5.0, 5.2, 9.0]
    assert groups(times, (0.2, 5.0, 9.1)) == [(1, 0, 2), (3, None, 4), (5, None, None)]
    assert groups(times, (0.19, 0.21)) == [(1, 0, 2)], "one picture is one candidate"
    assert groups(times[:2], ()) == [(0, None, None), (1, None, None)]
