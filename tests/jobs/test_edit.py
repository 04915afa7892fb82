"""Whole jobs that read more than one object: joins, lists of parts, playlists."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from jobs import services
from jobs.engine.errors import Refused
from jobs.engine.spec import JOB_SPEC
from jobs.ffmpeg import probe as ffprobe
from jobs.ffmpeg import tools
from jobs.models import Job
from jobs.states import JobState

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("presets", "pipeline"),
    pytest.mark.media,
]


def submit(source: Any, *outputs: dict[str, Any], **more: Any) -> Job:
    rows = [{"template": "mp4-h264-360p", "address": f"oss://output/o{number}.mp4", **output} for number, output in enumerate(outputs)]
    return services.submit(spec=JOB_SPEC.validate_python({"kind": "transcode", "input": source, "outputs": rows, **more}, strict=False), source="api")


def refused(source: Any, *outputs: dict[str, Any], **more: Any) -> tuple[str, list[tuple[str, str]]]:
    with pytest.raises(Refused) as caught:
        submit(source, *outputs, **more)
    assert not Job.objects.exists()
    return caught.value.code, [(".".join(map(str, p.loc)), p.message) for p in caught.value.problems]


def done(job: Job, work_off: Callable[[], int]) -> Job:
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, (job.code, job.message, list(job.outputs.values_list("code", "message")))
    return job


def facts(path: Path) -> Any:
    return ffprobe.probe(path, tools=tools.find(), cwd=path.parent, count_packets=True)


def test_three_files_of_different_kinds_become_one(buckets: Any, clips: Any, media: Path, work_off: Callable[[], int], decoded: Callable[[Path], int]) -> None:
    source = buckets.put(clips.make(seconds=2, size="640x360", rate=25))
    high = buckets.put(clips.make(seconds=1, size="180x320", rate=30, audio=False), "more/high 猫.mp4")
    web = buckets.put(media / "earth-270p30-vp9-opus.webm")
    edit = {"before": [{"address": high}], "after": [{"address": web, "start": 1, "duration": 2}]}
    job = done(submit(source, {"overrides": {"edit": edit}}), work_off)
    made = buckets.output / "o0.mp4"
    assert decoded(made) == 25 + 50 + 50
    found = facts(made)
    assert (found.video[0].width, found.video[0].height, found.video[0].fps) == (640, 360, 25)
    assert found.duration == pytest.approx(5, abs=0.05)
    assert all(check["ok"] for check in job.outputs.get().checks)


def test_a_clip_from_the_end(buckets: Any, clips: Any, work_off: Callable[[], int], decoded: Callable[[Path], int]) -> None:
    source = {"address": buckets.put(clips.make(seconds=3, size="128x72")), "start": 0.4}
    done(submit(source, {"overrides": {"edit": {"start": 0.6, "end": 1.0}}}, {"overrides": {"edit": {"duration": 0.4}}}), work_off)
    assert decoded(buckets.output / "o0.mp4") == 25
    assert decoded(buckets.output / "o1.mp4") == 10


def test_the_parts_of_a_list(buckets: Any, clips: Any, work_off: Callable[[], int], decoded: Callable[[Path], int]) -> None:
    source = buckets.put(clips.make(seconds=1, size="128x72"))
    other = buckets.put(clips.make(seconds=1, size="96x96", audio=False))
    rows = [{"MergeURL": other, "Start": "0", "Duration": "0.2"}, {"MergeURL": source, "Duration": 0.2}] * 50
    text = buckets.input / "list.json"
    text.write_text(json.dumps({"MergeList": rows}))
    done(submit(source, {"overrides": {"edit": {"after_list": "oss://input/list.json"}, "video": {"preset": "ultrafast"}}}), work_off)
    assert decoded(buckets.output / "o0.mp4") == 25 + 100 * 5


def test_a_list_that_changed_and_a_part_that_vanished_fail_only_their_outputs(buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    source = buckets.put(clips.make(seconds=1, size="128x72"))
    other = buckets.put(clips.make(seconds=1, size="96x96"))
    (buckets.input / "list.json").write_text(json.dumps({"MergeList": [{"MergeURL": other}]}))
    listed, joined = {"edit": {"after_list": "oss://input/list.json"}}, {"edit": {"after": [{"address": other}]}}
    job = submit(source, {"overrides": listed}, {"overrides": joined}, {})
    (buckets.input / "list.json").write_text("[]")
    (buckets.input / other.rpartition("/")[2]).unlink()
    work_off()
    job.refresh_from_db()
    assert [(o.state, o.code) for o in job.outputs.order_by("index")] == [
        (JobState.FAILED, "JoinListNotReadable"), (JobState.FAILED, "ObjectNotFound"), (JobState.SUCCEEDED, ""),
    ]  # fmt: skip


# --- playlists ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def streams(buckets: Any, clips: Any, ffmpeg: str) -> Callable[..., Path]:
    """An HLS set in the bucket «input», below hls/; answers its folder."""

    def make(*options: str, video: bool = True, audio: bool = True, name: str = "index.m3u8", folder: str = "hls", seconds: float = 3) -> Path:
        place: Path = buckets.input / folder
        place.mkdir(exist_ok=True)
        clip = clips.make(seconds=seconds, size="128x72", rate=25, video=video, audio=audio, more=("-g", "25") if video else ())
        argv = [ffmpeg, "-nostdin", "-v", "error", "-i", str(clip), "-c", "copy", "-f", "hls", "-hls_time", "1", "-hls_list_size", "0", *options, name]
        subprocess.run(argv, check=True, cwd=place, timeout=60)
        return place

    return make


def test_a_playlist_with_its_segments(buckets: Any, media: Path, work_off: Callable[[], int], decoded: Callable[[Path], int]) -> None:
    shutil.copytree(media / "hls-bbb-360p30", buckets.input / "bbb")
    job = done(submit({"address": "oss://input/bbb/index.m3u8", "start": 5, "duration": 2}, {"overrides": {"video": {"preset": "ultrafast"}}}), work_off)
    assert decoded(buckets.output / "o0.mp4") == 60
    assert job.probe["format_name"] == "mpegts"
    assert job.probe["duration"] == pytest.approx(35.6, abs=0.1)
    assert sorted(p.name for p in (buckets.input / "bbb").iterdir()) == sorted(p.name for p in (media / "hls-bbb-360p30").iterdir())
    for path in (media / "hls-bbb-360p30").iterdir():
        assert (buckets.input / "bbb" / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    "options",
    [
        ("-hls_playlist_type", "vod"),
        ("-hls_playlist_type", "vod", "-hls_segment_type", "fmp4"),
        ("-hls_playlist_type", "vod", "-hls_flags", "single_file"),
        ("-hls_playlist_type", "vod", "-hls_segment_type", "fmp4", "-hls_flags", "single_file"),
        ("-hls_playlist_type", "vod", "-hls_segment_filename", "猫 %%d-%d.ts"),
    ],
    ids=["ts", "fmp4", "ts in one file", "fmp4 in one file", "odd names"],
)
def test_kinds_of_playlists(buckets: Any, streams: Any, work_off: Callable[[], int], decoded: Callable[[Path], int], options: tuple[str, ...]) -> None:
    streams(*options)
    done(submit("oss://input/hls/index.m3u8", {}, {"overrides": {"edit": {"start": 1.2, "duration": 0.8}}}), work_off)
    assert decoded(buckets.output / "o0.mp4") == 75
    assert decoded(buckets.output / "o1.mp4") == 20
    assert facts(buckets.output / "o0.mp4").duration == pytest.approx(3, abs=0.05)


@pytest.mark.parametrize("kind", ["mpegts", "fmp4"])
def test_a_master_with_its_sound_apart(buckets: Any, streams: Any, work_off: Callable[[], int], decoded: Callable[[Path], int], kind: str) -> None:
    vod = ("-hls_playlist_type", "vod", "-hls_segment_type", kind)
    place = streams(*vod, "-hls_fmp4_init_filename", "vi.mp4", "-hls_segment_filename", "v%d.seg", audio=False, name="v.m3u8")
    streams(*vod, "-hls_fmp4_init_filename", "ai.mp4", "-hls_segment_filename", "a%d.seg", video=False, name="a.m3u8")
    (place / "main.m3u8").write_text(
        '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",URI="a.m3u8"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nno.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=9,AUDIO="a"\nv.m3u8\n'
    )
    done(submit("oss://input/hls/main.m3u8", {}), work_off)
    assert decoded(buckets.output / "o0.mp4") == 75
    found = facts(buckets.output / "o0.mp4")
    assert found.audio
    assert found.audio[0].duration == pytest.approx(3, abs=0.1)
    assert abs((found.video[0].start or 0) - (found.audio[0].start or 0)) <= 0.041


def test_a_playlist_is_joined_to_a_file(buckets: Any, clips: Any, streams: Any, work_off: Callable[[], int], decoded: Callable[[Path], int]) -> None:
    streams("-hls_playlist_type", "vod", seconds=2)
    source = buckets.put(clips.make(seconds=1, size="128x72"))
    done(submit(source, {"overrides": {"edit": {"after": [{"address": "oss://input/hls/index.m3u8"}]}}}), work_off)
    assert abs(decoded(buckets.output / "o0.mp4") - 75) <= 2


def test_our_own_hls_is_an_input(buckets: Any, clips: Any, work_off: Callable[[], int], decoded: Callable[[Path], int]) -> None:
    source = buckets.put(clips.make(seconds=2, size="640x360"))
    done(submit(source, {"template": "hls-ladder", "address": "oss://output/set/movie.m3u8"}), work_off)
    shutil.copytree(buckets.output / "set", buckets.input / "set")
    done(submit("oss://input/set/movie.m3u8", {}), work_off)
    assert decoded(buckets.output / "o0.mp4") == 50


def test_a_live_playlist_is_taken_as_it_is(buckets: Any, streams: Any, work_off: Callable[[], int], decoded: Callable[[Path], int]) -> None:
    place = streams()
    text = (place / "index.m3u8").read_text().replace("#EXT-X-ENDLIST\n", "")
    (place / "index.m3u8").write_text(text)
    job = done(submit("oss://input/hls/index.m3u8", {}), work_off)
    assert decoded(buckets.output / "o0.mp4") == 75
    assert "The playlist is not finished" in " ".join(job.warnings)


def test_a_missing_segment_fails(buckets: Any, streams: Any, work_off: Callable[[], int]) -> None:
    (streams("-hls_playlist_type", "vod") / "index1.ts").unlink()
    job = submit("oss://input/hls/index.m3u8", {})
    work_off()
    job.refresh_from_db()
    assert (job.state, job.code, job.message) == (JobState.FAILED, "ObjectNotFound", "The object input/hls/index1.ts is not there.")


@pytest.mark.parametrize("name", ["hls-local-file.m3u8", "hls-metadata-service.m3u8"])
@pytest.mark.usefixtures("silence")
def test_hostile_playlists_are_refused_at_the_door_and_by_the_worker(buckets: Any, media: Path, work_off: Callable[[], int], name: str) -> None:
    address = buckets.put(media / "malicious" / name, "evil/list.m3u8")
    code, problems = refused(address, {})
    assert code == "InputForbidden"
    assert problems[0][0] == "input.address"
    assert "only objects beside it in its bucket are opened" in problems[0][1]
    job = submit(buckets.put(media / "malicious" / name, "evil/movie.mp4"), {})
    work_off()
    job.refresh_from_db()
    assert (job.state, job.code) == (JobState.FAILED, "InputForbidden")


@pytest.mark.parametrize(
    ("name", "code"), [("hls-disguised.avi", "InputForbidden"), ("concat-script.mp4", "InputForbidden"), ("dash-local-file.mpd", "InputForbidden")]
)
@pytest.mark.usefixtures("silence")
def test_other_hostile_files_stay_refused(buckets: Any, media: Path, work_off: Callable[[], int], name: str, code: str) -> None:
    job = submit(buckets.put(media / "malicious" / name), {})
    work_off()
    job.refresh_from_db()
    assert (job.state, job.code) == (JobState.FAILED, code)


@pytest.mark.usefixtures("silence")
def test_segments_that_are_scripts_reach_nothing(buckets: Any, media: Path, work_off: Callable[[], int]) -> None:
    (buckets.input / "s").mkdir()
    shutil.copyfile(media / "malicious" / "hls-metadata-service.m3u8", buckets.input / "s" / "a.ts")
    (buckets.input / "s" / "x.m3u8").write_text("#EXTM3U\n#EXTINF:1,\na.ts\n#EXT-X-ENDLIST\n")
    job = submit("oss://input/s/x.m3u8", {})
    work_off()
    job.refresh_from_db()
    assert (job.state, job.code) == (JobState.FAILED, "InputForbidden")


# --- the command line ---------------------------------------------------------------------------------------------------
def test_commands_with_further_inputs(buckets: Any, clips: Any, work_off: Callable[[], int], decoded: Callable[[Path], int]) -> None:
    clip = clips.make(seconds=1, size="128x72")
    overrides = json.dumps({"edit": {"after": [{"address": buckets.put(clip, "more.mp4")}]}})
    out = io.StringIO()
    call_command("explain_job", str(clip), "-t", "mp4-h264-360p", "--overrides", overrides, "--json", stdout=out)
    document = json.loads(out.getvalue())
    assert document["plan"]["failed"] == []
    assert "m1" in document["commands"][0]["argv"]
    out = io.StringIO()
    call_command("submit_job", buckets.put(clip), "-t", "mp4-h264-360p", "-o", "oss://output/a.mp4", "--overrides", overrides, stdout=out)
    done(Job.objects.get(pk=out.getvalue().strip()), work_off)
    assert decoded(buckets.output / "a.mp4") == 50
    out = io.StringIO()
    call_command("explain_job", str(clip), "-t", "mp4-h264-360p", "--overrides", '{"edit": {"start": 0.2, "end": 0.4, "speed": 2.0}}', stdout=out)
    assert "atempo" in out.getvalue()


# --- the door -----------------------------------------------------------------------------------------------------------
def test_places_are_those_of_the_outputs_sent(buckets: Any, clips: Any) -> None:
    source = buckets.put(clips.make(seconds=1, size="128x72"))
    code, problems = refused(
        source,
        {"overrides": {"video": {"crf": 99}}},
        {"overrides": {"edit": {"after": [{"address": "oss://input/none.mp4"}, {"address": "oss://output/x.mp4"}, {"address": "oss://nowhere/x.mp4"}]}}},
        inputs=[{"name": "a", "address": "oss://input/gone.mp4"}],
    )
    assert code == "InvalidParameter"
    places = [place for place, _ in problems]
    assert "outputs.0.overrides.video.crf" in places
    assert "inputs.0.address" in places
    assert [f"outputs.1.overrides.edit.after.{n}.address" for n in range(3)] == [p for p in places if p.startswith("outputs.1")]


def test_nothing_that_is_read_is_overwritten(buckets: Any, clips: Any, streams: Any) -> None:
    from media_assets.models import Bucket

    Bucket.objects.filter(name="input").update(is_output=True)
    source = buckets.put(clips.make(seconds=1, size="128x72"))
    other = buckets.put(clips.make(seconds=1, size="96x96"))
    streams("-hls_playlist_type", "vod")
    (buckets.input / "list.json").write_text(json.dumps({"MergeList": [{"MergeURL": other}]}))
    joined = {"edit": {"after": [{"address": other}]}}
    assert refused(source, {"overrides": joined, "address": other})[0] == "OutputOverwritesInput"
    assert refused(source, {"overrides": {"edit": {"after_list": "oss://input/list.json"}}, "address": other})[0] == "OutputOverwritesInput"
    assert refused("oss://input/hls/index.m3u8", {"address": "oss://input/hls/index1.ts"})[0] == "OutputOverwritesInput"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[]", "JoinListNotReadable"),
        (json.dumps({"MergeList": [{"MergeURL": "oss://input/none.mp4"}]}), "ObjectNotFound"),
        (json.dumps({"MergeList": [{"MergeURL": "oss://output/x.mp4"}]}), "BucketRoleMissing"),
        (json.dumps({"MergeList": [{"MergeURL": "oss://nowhere/x.mp4"}]}), "BucketNotFound"),
    ],
)
def test_lists_are_read_at_the_door(buckets: Any, clips: Any, text: str, code: str) -> None:
    (buckets.input / "list.json").write_text(text)
    answer, problems = refused(buckets.put(clips.make(seconds=1, size="128x72")), {"overrides": {"edit": {"after_list": "oss://input/list.json"}}})
    assert (answer, [place for place, _ in problems]) == (code, ["outputs.0.overrides.edit.after_list"])
