"""IMM's SDK against the site: every action, and every sample of the product text with its output probed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from alibabacloud_imm20200930 import models as m
from PIL import Image

from jobs.engine.probe import Probe
from jobs.ffmpeg import probe as ffprobe
from jobs.ffmpeg import tools
from jobs.foreign.models import ForeignTask
from tests.dialects import samples_imm as samples
from tests.dialects.clients import Endpoint, imm

pytestmark = pytest.mark.media
NAME = "video-demo/Shushan Commercial Building"


@pytest.fixture
def folder(site: Endpoint, tmp_path: Path) -> Path:
    """«test-bucket» of the samples, attached to «test-project»: all through the SDK but the bucket itself."""
    from media_assets.models import Bucket

    place = tmp_path / "test-bucket"
    place.mkdir()
    Bucket.objects.create(name="test-bucket", folder=str(place), is_input=True, is_output=True)
    client = imm(site)
    client.create_project(m.CreateProjectRequest(project_name="test-project"))
    client.attach_ossbucket(m.AttachOSSBucketRequest(project_name="test-project", ossbucket="test-bucket"))
    return place


@pytest.fixture
def put(folder: Path, media: Path) -> Callable[[str, str], None]:
    def put(file: str, key: str) -> None:
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(media / file, folder / key)

    return put


@pytest.fixture
def convert(site: Endpoint, folder: Path, work_off: Callable[[], int]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Send a request through the SDK, work it off, and read the task."""

    def go(request: dict[str, Any]) -> dict[str, Any]:
        client = imm(site)
        sent = client.create_media_convert_task(m.CreateMediaConvertTaskRequest().from_map(request)).body
        assert sent.task_id.startswith("MediaConvert-")
        assert sent.event_id
        assert sent.request_id.isupper()
        assert status(client, sent.task_id).status == "Running"
        work_off()
        task = status(client, sent.task_id)
        assert (task.task_id, task.event_id, task.task_type, task.project_name) == (sent.task_id, sent.event_id, "MediaConvert", "test-project")
        found: dict[str, Any] = task.to_map()
        return found

    return go


def status(client: Any, task_id: str, **more: Any) -> Any:
    return client.get_task(m.GetTaskRequest(project_name="test-project", task_type="MediaConvert", task_id=task_id, **more)).body


def facts(path: Path) -> Probe:
    if path.suffix == ".m3u8":  # names in playlists are percent-encoded, as players on the web want them; ffprobe takes those of files as they are
        plain = path.with_name("plain.m3u8")
        plain.write_text(unquote(path.read_text()))
        path = plain
    return ffprobe.probe(path, tools=tools.find(), cwd=path.parent, count_packets=True, own_playlist=path.suffix == ".m3u8")


def done(task: dict[str, Any]) -> None:
    assert (task["Status"], task.get("Code", "")) == ("Succeeded", ""), task


# --- the samples --------------------------------------------------------------------------------------------------------
def test_sample_1_to_mp4(convert: Callable[..., Any], put: Callable[..., None], folder: Path) -> None:
    put("flower-540p30-h264-aac.mp4", f"{NAME}.mov")
    done(convert(samples.MP4))
    found = facts(folder / f"{NAME}.mp4")
    assert found.picture
    assert found.sound
    assert (found.picture.codec, found.picture.width, found.picture.height, found.picture.pixel_format) == ("h264", 960, 540, "yuv420p")
    assert (found.sound.codec, found.sound.channels, found.sound.sample_rate) == ("aac", 2, 44100)
    task = ForeignTask.objects.get()
    assert task.notify == {"MNS": {"TopicName": "test-mns-topic"}}, "what the request says of notification is kept"


def test_sample_2_to_hls_with_h265(convert: Callable[..., Any], put: Callable[..., None], folder: Path) -> None:
    put("flower-540p30-h264-aac.mp4", f"{NAME}.mov")
    done(convert(samples.HLS_H265))
    found = facts(folder / f"{NAME}.m3u8")
    assert found.picture
    assert (found.picture.codec, found.picture.width, found.picture.height) == ("hevc", 960, 540)
    assert found.picture.fps == pytest.approx(29.97, abs=0.05)
    assert sorted(path.name for path in (folder / "video-demo").glob("*.ts")) == ["Shushan Commercial Building-0.ts"]


def test_sample_3_three_sizes(convert: Callable[..., Any], put: Callable[..., None], folder: Path) -> None:
    put("lamp-rot90-720p30-hevc-aac.mov", f"{NAME}.mov")
    done(convert(samples.THREE_RUNGS))
    sizes = []
    for name in ("x1080", "x720", "x480"):
        picture = facts(folder / f"{NAME}-{name}.m3u8").picture
        assert picture
        assert picture.codec == "h264"
        sizes.append((picture.width, picture.height))
    assert sizes == [(720, 1280), (720, 1280), (480, 854)]


def test_sample_4_marks(convert: Callable[..., Any], put: Callable[..., None], folder: Path, ffmpeg: str, tmp_path: Path) -> None:
    put("flower-540p30-h264-aac.mp4", f"{NAME}.mov")
    put("images/logo-256x256-rgba.png", "video-demo/aliyun.png")
    done(convert(samples.MARKS))
    plain, marked = (picture_of(ffmpeg, path, tmp_path) for path in (folder / f"{NAME}.mov", folder / f"{NAME}.mp4"))
    changed = np.abs(plain.astype(int) - marked.astype(int)).max(axis=2) > 60
    height, width = changed.shape
    assert changed[int(height * 0.1) : int(height * 0.3), int(width * 0.05) : int(width * 0.15)].mean() > 0.2, "the logo, top left"
    assert changed[int(height * 0.7) : int(height * 0.92), int(width * 0.3) :].mean() > 0.02, "the text, bottom right"
    assert changed[int(height * 0.4) : int(height * 0.6), : int(width * 0.3)].mean() < 0.01, "nothing between them"


def test_a_picture_without_size_keeps_its_own(convert: Callable[..., Any], put: Callable[..., None], folder: Path, ffmpeg: str, tmp_path: Path) -> None:
    put("flower-540p30-h264-aac.mp4", f"{NAME}.mov")
    put("images/logo-256x256-rgba.png", "logo.png")
    mark = {"Type": "file", "URI": "oss://test-bucket/logo.png", "Dx": 10, "Dy": 10}
    video = {"FilterVideo": {"Watermarks": [mark]}, "TranscodeVideo": {"Codec": "h264", "CRF": 25}}
    done(convert(samples.request({"URI": "oss://test-bucket/x.mp4", "Container": "mp4", "Video": video})))
    plain, marked = (picture_of(ffmpeg, path, tmp_path) for path in (folder / f"{NAME}.mov", folder / "x.mp4"))
    changed = np.abs(plain.astype(int) - marked.astype(int)).max(axis=2) > 60
    columns = np.flatnonzero(changed[10:266, :400].mean(axis=0) > 0.05)
    assert 10 <= columns[0] < 40
    assert 220 < columns[-1] < 268, "256 px from 10 px on; 0.12 of the picture would end at 125"


def test_sample_5_a_clip_to_flv(convert: Callable[..., Any], put: Callable[..., None], folder: Path) -> None:
    put("timecode-720p30-h264-aac-42s.mp4", f"{NAME}.mov")
    done(convert(samples.CLIP))
    found = facts(folder / f"{NAME}.flv")
    assert found.picture
    assert (found.picture.codec, found.picture.frames) == ("h264", 300)
    assert found.duration == pytest.approx(10.0, abs=0.1)


def test_sample_6_another_container(convert: Callable[..., Any], put: Callable[..., None], folder: Path, decoded: Callable[[Path], int]) -> None:
    put("phone-rot90-320p30-h264-aac.mov", f"{NAME}.mov")
    done(convert(samples.REMUX))
    found = facts(folder / f"{NAME}.mp4")
    assert found.picture
    assert (found.picture.codec, found.picture.rotation % 180, found.sound.codec if found.sound else None) == ("h264", 90, "aac")
    assert decoded(folder / f"{NAME}.mp4") == found.picture.frames == facts(folder / f"{NAME}.mov").picture.frames  # type: ignore[union-attr]


def test_sample_7_mosaic(convert: Callable[..., Any], put: Callable[..., None], folder: Path, ffmpeg: str, tmp_path: Path) -> None:
    put("flower-540p30-h264-aac.mp4", f"{NAME}.mp4")
    done(convert(samples.MOSAIC))
    plain, hidden = (picture_of(ffmpeg, path, tmp_path) for path in (folder / f"{NAME}.mp4", folder / f"{NAME}-mosaic.mp4"))
    assert plain.shape == hidden.shape
    changed = np.abs(plain.astype(int) - hidden.astype(int)).mean(axis=2)
    first, second, free = changed[58:104, 52:140], changed[390:480, 320:900], changed[200:340, 100:800]
    assert first.mean() > 2 * free.mean(), "10 % of the sides, 5 % and 10 % from the top left"
    assert second.mean() > 2 * free.mean(), "600 × 100 px, from the bottom right"


def picture_of(ffmpeg: str, path: Path, room: Path) -> Any:
    """A picture of the second second."""
    import subprocess

    out = room / "picture.png"
    subprocess.run([ffmpeg, "-nostdin", "-v", "error", "-y", "-ss", "1", "-i", str(path), "-frames:v", "1", str(out)], check=True, timeout=60)
    with Image.open(out) as image:
        return np.asarray(image.convert("RGB"))


# --- more of targets ----------------------------------------------------------------------------------------------------
def test_pictures_sound_and_names(convert: Callable[..., Any], put: Callable[..., None], folder: Path) -> None:
    """One task of several jobs: files, snapshots, a sprite sheet, an animation; names with variables and tags."""
    put("timecode-720p30-h264-aac-42s.mp4", "in/clip.mp4")
    target = {
        "URI": "oss://test-bucket/{dirname}/{barename}-{tags.kind}",
        "Container": "mkv",
        "StripMetadata": True,
        "Video": {"TranscodeVideo": {"Codec": "h264", "Resolution": "320x", "CRF": 30}, "FilterVideo": {"Speed": 2}},
        "Audio": {"TranscodeAudio": {"Codec": "opus", "Bitrate": 64000, "Channel": 1}},
        "Image": {
            "Snapshots": [{"URI": "oss://test-bucket/shots/{barename}-{index}.{autoext}", "Format": "png", "Interval": 2, "Number": 3, "Width": 160}],
            "Sprites": [
                {"URI": "oss://test-bucket/sheet", "Format": "jpg", "Interval": 5, "ScaleWidth": 96, "ScaleHeight": 54, "TileWidth": 3, "TileHeight": 2}
            ],
            "Animations": [{"URI": "oss://test-bucket/moving", "Format": "gif", "StartTime": 2, "Interval": 0.2, "Number": 10, "Width": 160}],
        },
    }
    sound = {"URI": "oss://test-bucket/only.mp3", "Container": "mp3", "Audio": {"TranscodeAudio": {"Codec": "mp3", "Bitrate": 96000}}}
    sent = samples.request(target, sound) | {
        "Sources": [{"URI": "oss://test-bucket/in/clip.mp4", "Duration": 6}],
        "Tags": {"kind": "small"},
        "UserData": "kept",
    }
    task = convert(sent)
    done(task)
    assert (task["UserData"], task["Tags"]) == ("kept", {"kind": "small"})
    film = facts(folder / "in/clip-small.mkv")
    assert film.picture
    assert film.sound
    assert (film.picture.width, film.picture.height, film.sound.codec, film.sound.channels) == (320, 180, "opus", 1)
    assert film.duration == pytest.approx(3.0, abs=0.15)
    assert facts(folder / "only.mp3").duration == pytest.approx(6.0, abs=0.15)
    sizes = {path.name: size(path)[0] for path in sorted((folder / "shots").iterdir())}
    assert sizes == {f"clip-{number}.png": (160, 90) for number in (1, 2, 3)}
    sheets = sorted(path.name for path in folder.glob("sheet_*.jpg"))
    assert sheets[0] == "sheet_00001.jpg"
    assert size(folder / sheets[0]) == ((3 * 96, 2 * 54), 1)
    assert size(folder / "moving.gif") == ((160, 90), 10)


def size(path: Path) -> tuple[tuple[int, int], int]:
    """Size and number of pictures."""
    with Image.open(path) as image:
        return image.size, getattr(image, "n_frames", 1)


def test_sizes_as_shares_of_the_source(convert: Callable[..., Any], put: Callable[..., None], folder: Path) -> None:
    """Of the picture as it is shown: the source is 720 × 1280 upright."""
    put("lamp-rot90-720p30-hevc-aac.mov", "a.mov")
    target = {
        "Image": {
            "Snapshots": [{"URI": "oss://test-bucket/shot.png", "Format": "png", "Number": 1, "Width": 0.5}],
            "Sprites": [
                {
                    "URI": "oss://test-bucket/sheet.jpg",
                    "Format": "jpg",
                    "Interval": 0.5,
                    "Number": 2,
                    "TileWidth": 2,
                    "TileHeight": 1,
                    "ScaleWidth": 0.1,
                    "ScaleHeight": 0.1,
                }
            ],
            "Animations": [{"URI": "oss://test-bucket/moving.gif", "Format": "gif", "Interval": 0.5, "Number": 2, "Height": 0.1}],
        }
    }
    done(convert(samples.request(target) | {"Sources": [{"URI": "oss://test-bucket/a.mov"}]}))
    assert size(folder / "shot.png")[0] == (360, 640)
    assert size(folder / "sheet.jpg")[0] == (2 * 72, 128), "one sheet has just the key that was said"
    assert size(folder / "moving.gif")[0] == (72, 128)


@pytest.mark.parametrize("container", ["avi", "mxf"])
def test_containers_that_cannot_hold_what_is_the_default(container: str, convert: Callable[..., Any], put: Callable[..., None], folder: Path) -> None:
    """Nothing is said of groups of pictures: the defaults give way to what the container can hold."""
    put("flower-540p30-h264-aac.mp4", "a.mp4")
    target = {
        "URI": f"oss://test-bucket/a.{container}",
        "Container": container,
        "Video": {"TranscodeVideo": {"Codec": "h264", "Resolution": "320x180", "CRF": 32}},
        "Audio": {"DisableAudio": True},
    }
    done(convert(samples.request(target) | {"Sources": [{"URI": "oss://test-bucket/a.mp4", "Duration": 2}]}))
    film = facts(folder / f"a.{container}")
    assert film.picture
    assert (film.picture.codec, film.picture.width) == ("h264", 320)


def test_every_sound_of_the_source(convert: Callable[..., Any], put: Callable[..., None], folder: Path) -> None:
    put("count-480p10-h264-2audio-eng-deu-srt.mkv", "count.mkv")
    sound = {"TranscodeAudio": {"Codec": "aac"}, "Stream": [-1]}
    targets = [
        {"URI": "oss://test-bucket/all.mp4", "Container": "mp4", "Subtitle": {"DisableSubtitle": True}, "Audio": sound},
        {"URI": "oss://test-bucket/only", "Container": "oga", "Audio": {"TranscodeAudio": {"Codec": "vorbis"}}},
    ]
    done(convert(samples.request(*targets) | {"Sources": [{"URI": "oss://test-bucket/count.mkv"}]}))
    assert [stream.language for stream in facts(folder / "all.mp4").audio] == ["eng", "deu"]
    assert facts(folder / "only.oga").sound.codec == "vorbis"  # type: ignore[union-attr]


def test_joined_sources_and_a_further_track(convert: Callable[..., Any], put: Callable[..., None], folder: Path) -> None:
    put("timecode-720p30-h264-aac-42s.mp4", "a.mp4")
    put("flower-540p30-h264-aac.mp4", "b.mp4")
    small = {"TranscodeVideo": {"Codec": "h264", "Resolution": "320x180", "CRF": 32, "FrameRate": 30}}
    target = {"URI": "oss://test-bucket/joined.mp4", "Container": "mp4", "Video": small, "Audio": {"TranscodeAudio": {"Codec": "aac"}}}
    sources = [{"URI": "oss://test-bucket/a.mp4", "Duration": 2}, {"URI": "oss://test-bucket/b.mp4", "Duration": 1}]
    done(convert(samples.request(target) | {"Sources": sources}))
    assert facts(folder / "joined.mp4").duration == pytest.approx(3.0, abs=0.15)
    sources = [{"URI": "oss://test-bucket/a.mp4", "Duration": 2}, {"URI": "oss://test-bucket/b.mp4", "Attached": True}]
    target |= {"URI": "oss://test-bucket/two.mp4"}
    done(convert(samples.request(target) | {"Sources": sources}))
    assert len(facts(folder / "two.mp4").audio) == 2


def test_subtitles_of_the_source(convert: Callable[..., Any], put: Callable[..., None], folder: Path) -> None:
    put("timecode-720p30-h264-aac-42s.mp4", "a.mp4")
    (folder / "a.srt").write_text("1\n00:00:00,500 --> 00:00:01,500\nHello\n")
    sources = [{"URI": "oss://test-bucket/a.mp4", "Duration": 2, "Subtitles": [{"URI": "oss://test-bucket/a.srt", "Language": "eng"}]}]
    target = {"URI": "oss://test-bucket/texts.mkv", "Container": "mkv", "Video": {"TranscodeVideo": {"Codec": "h264", "Resolution": "320x", "CRF": 35}}}
    done(convert(samples.request(target) | {"Sources": sources}))
    assert [(s.codec, s.language) for s in facts(folder / "texts.mkv").subtitle] == [("subrip", "eng")]


def test_subtitles_taken_out(convert: Callable[..., Any], put: Callable[..., None], folder: Path) -> None:
    put("count-480p10-h264-2audio-eng-deu-srt.mkv", "count.mkv")
    targets = [
        {"URI": "oss://test-bucket/count.mp4", "Container": "mp4", "Subtitle": {"DisableSubtitle": True}, "Audio": {"Stream": [1]}},
        {"Subtitle": {"ExtractSubtitle": {"Format": "webvtt", "URI": "oss://test-bucket/texts/{barename}"}, "Stream": [0]}},
    ]
    done(convert(samples.request(*targets) | {"Sources": [{"URI": "oss://test-bucket/count.mkv"}]}))
    text = (folder / "texts/count_0.vtt").read_text()
    assert text.startswith("WEBVTT")
    assert (text.count("-->"), "Fünf" in text) == (5, True)
    found = facts(folder / "count.mp4")
    assert (found.subtitle, [stream.language for stream in found.audio]) == ((), ["deu"])


def test_a_group_of_targets(convert: Callable[..., Any], put: Callable[..., None], folder: Path) -> None:
    put("timecode-720p30-h264-aac-42s.mp4", "a.mp4")

    def rung(side: int) -> dict[str, Any]:
        video = {"TranscodeVideo": {"Codec": "h264", "Resolution": f"x{side}", "CRF": 34}}
        sound = {"TranscodeAudio": {"Codec": "aac"}}
        return {"URI": f"oss://test-bucket/set/{side}p", "Container": "ts", "Segment": {"Format": "hls", "Duration": 2}, "Video": video, "Audio": sound}

    group = {"URI": "oss://test-bucket/set/master.m3u8", "Targets": [rung(180), rung(360)]}
    sent = samples.request() | {"Sources": [{"URI": "oss://test-bucket/a.mp4", "Duration": 4}], "TargetGroups": [group]}
    done(convert(sent))
    master = (folder / "set/master.m3u8").read_text()
    assert [size in master for size in ("RESOLUTION=320x180", "RESOLUTION=640x360")] == [True, True]
    assert len(list((folder / "set").glob("*.ts"))) == 4


def test_a_task_that_fails_says_why(convert: Callable[..., Any], folder: Path) -> None:
    (folder / "broken.mp4").write_bytes(b"no film at all" * 100)
    target = {"URI": "oss://test-bucket/x.mp4", "Container": "mp4"}
    task = convert(samples.request(target) | {"Sources": [{"URI": "oss://test-bucket/broken.mp4"}]})
    assert (task["Status"], task["Code"]) == ("Failed", "InputNotReadable")
    assert task["Message"]
    assert task["EndTime"] >= task["StartTime"]
    assert not (folder / "x.mp4").exists()


# --- reading tasks ------------------------------------------------------------------------------------------------------
def test_list_tasks(site: Endpoint, convert: Callable[..., Any], put: Callable[..., None]) -> None:
    put("phone-rot90-320p30-h264-aac.mov", f"{NAME}.mov")
    for number in range(3):
        target = {"URI": f"oss://test-bucket/{number}.mp4", "Container": "mp4"}
        convert(samples.request(target) | {"Tags": {"n": str(number)}})
    client = imm(site)

    def asked(**more: Any) -> Any:
        return client.list_tasks(m.ListTasksRequest(project_name="test-project", **more)).body

    everything = asked(request_definition=True, task_types=["MediaConvert"])
    assert [t.status for t in everything.tasks] == ["Succeeded"] * 3
    assert json.loads(everything.tasks[0].task_request_definition)["Targets"][0]["Container"] == "mp4"
    assert [t.task_id for t in everything.tasks] == sorted(t.task_id for t in everything.tasks)
    first = asked(max_results=2, sort="StartTime", order="desc")
    assert first.max_results == "2"
    second = asked(max_results=2, sort="StartTime", order="desc", next_token=first.next_token)
    assert [t.tags["n"] for t in (*first.tasks, *second.tasks)] == ["2", "1", "0"]
    assert second.next_token in ("", None)
    assert asked(status="Running").tasks in ([], None)
    assert [t.tags for t in asked(tag_selector="n=1").tasks] == [{"n": "1"}]
    for nothing in ("n=x", "n", "=1", "n__lt=2", 'a"b=c', "$.n=1"):
        assert not asked(tag_selector=nothing).tasks
    since = m.TimeRange(start="2020-01-01T00:00:00Z", end="2020-01-02T00:00:00.000Z")
    assert asked(start_time_range=since).tasks in ([], None)
    assert len(asked(end_time_range=m.TimeRange(start="2020-01-01T00:00:00Z")).tasks) == 3


# --- DetectMediaMeta ----------------------------------------------------------------------------------------------------
@pytest.fixture
def meanwhile(work_off: Callable[[], int]) -> Iterator[Callable[[Callable[[], Any]], Any]]:
    """Make a call that waits for a job, and do the job meanwhile."""
    with ThreadPoolExecutor(1) as pool:

        def go(call: Callable[[], Any]) -> Any:
            future = pool.submit(call)
            while not future.done():
                work_off()
            return future.result()

        yield go


def test_detect_media_meta(site: Endpoint, put: Callable[..., None], meanwhile: Callable[..., Any]) -> None:
    put("flower-540p30-h264-aac.mp4", "a.mp4")
    request = m.DetectMediaMetaRequest(project_name="test-project", source_uri="oss://test-bucket/a.mp4")
    found = meanwhile(lambda: imm(site).detect_media_meta(request)).body
    assert (found.video_width, found.video_height, found.stream_count) == (960, 540, 2)
    assert found.format_name == "mov,mp4,m4a,3gp,3g2,mj2"
    assert (found.video_streams[0].codec_name, found.video_streams[0].codec_tag_string, found.video_streams[0].bit_depth) == ("h264", "avc1", 8)
    assert (found.format_long_name, found.video_streams[0].codec_long_name) == ("QuickTime / MOV", "H.264 / AVC / MPEG-4 AVC / MPEG-4 part 10")
    assert (found.audio_streams[0].sample_format, found.audio_streams[0].time_base) == ("fltp", "1/48000")
    assert found.video_streams[0].display_aspect_ratio == "16:9"
    assert found.video_streams[0].average_frame_rate == "30000/1001"
    assert found.audio_streams[0].channels == 2
    assert found.duration == pytest.approx(found.audio_streams[0].duration, abs=0.2)


# --- projects and buckets -----------------------------------------------------------------------------------------------
def test_projects(site: Endpoint) -> None:
    client = imm(site)
    tag = [m.CreateProjectRequestTag(key="team", value="a")]
    made = client.create_project(m.CreateProjectRequest(project_name="one", description="first", service_role="Role", tag=tag)).body.project
    assert (made.project_name, made.description, made.service_role) == ("one", "first", "Role")
    assert [(t.tag_key, t.tag_value) for t in made.tags] == [("team", "a")]
    client.create_project(m.CreateProjectRequest(project_name="two", project_max_dataset_count=7))
    assert client.get_project(m.GetProjectRequest(project_name="two")).body.project.project_max_dataset_count == 7
    client.update_project(m.UpdateProjectRequest(project_name="one", description="changed"))
    listed = client.list_projects(m.ListProjectsRequest(max_results=1)).body
    assert [p.description for p in listed.projects] == ["changed"]
    rest = client.list_projects(m.ListProjectsRequest(max_results=1, next_token=listed.next_token)).body
    assert [p.project_name for p in rest.projects] == ["two"]
    assert [p.project_name for p in client.list_projects(m.ListProjectsRequest(prefix="t")).body.projects] == ["two"]
    client.delete_project(m.DeleteProjectRequest(project_name="one"))
    assert [p.project_name for p in client.list_projects(m.ListProjectsRequest()).body.projects] == ["two"]


def test_attached_buckets(site: Endpoint) -> None:
    client = imm(site)
    client.create_project(m.CreateProjectRequest(project_name="one"))
    client.attach_ossbucket(m.AttachOSSBucketRequest(project_name="one", ossbucket="input", description="films"))
    found = client.get_ossbucket_attachment(m.GetOSSBucketAttachmentRequest(ossbucket="input")).body
    assert (found.project_name, found.description) == ("one", "films")
    client.attach_ossbucket(m.AttachOSSBucketRequest(project_name="one", ossbucket="output"))
    listed = client.list_attached_ossbuckets(m.ListAttachedOSSBucketsRequest(project_name="one")).body
    assert [row.ossbucket for row in listed.attached_ossbuckets] == ["input", "output"]
    client.detach_ossbucket(m.DetachOSSBucketRequest(ossbucket="input"))
    listed = client.list_attached_ossbuckets(m.ListAttachedOSSBucketsRequest(project_name="one")).body
    assert [row.ossbucket for row in listed.attached_ossbuckets] == ["output"]
