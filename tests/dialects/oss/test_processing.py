"""Media processing through the real SDK: every sample of the guide and every operation, sent, done with real ffmpeg, and what came out looked at."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import oss2
import pytest
import requests
from alibabacloud_imm20200930 import models as imm_models
from django.contrib.auth.models import User
from PIL import Image

from jobs.engine import hls
from jobs.engine.probe import Probe
from jobs.ffmpeg import probe as ffprobe
from jobs.ffmpeg import tools
from jobs.foreign import projects
from jobs.foreign.models import ForeignTask
from jobs.models import Job
from jobs.notices import messages
from jobs.notices.models import Delivery, NotifyTarget
from media_assets.models import Bucket
from tests.conftest import Buckets
from tests.dialects import clients
from tests.dialects.clients import Endpoint
from tests.dialects.oss.test_grammar import b64

pytestmark = pytest.mark.media
FLOWER, AVI, TIMECODE = "flower-540p30-h264-aac.mp4", "earth-270p30-mpeg4-mp3.avi", "timecode-720p30-h264-aac-42s.mp4"
SAVE = f"|sys/saveas,b_{b64('output')},o_{b64('outobjprefix.{autoext}')}"


@pytest.fixture
def attached(site: Endpoint) -> None:
    """The bucket belongs to a project, as the product wants it."""
    projects.create_project("demo")
    projects.attach("demo", "input")


@pytest.fixture
def bucket(site: Endpoint, attached: None) -> oss2.Bucket:
    """The bucket «input»."""
    return clients.bucket(site, "input", version=4)


@pytest.fixture
def put(buckets: Buckets, media: Path) -> Callable[[str, str], str]:
    """Copies a sample file into the bucket; answers its key."""

    def go(name: str, key: str) -> str:
        (buckets.input / key).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(media / name, buckets.input / key)
        return key

    return go


@pytest.fixture
def done(site: Endpoint, bucket: oss2.Bucket, work_off: Callable[[], int]) -> Callable[..., dict[str, Any]]:
    """Sends a request, works it off, and reads the task with the SDK of IMM; answers the task."""

    def go(key: str, process: str, *, state: str = "Succeeded") -> dict[str, Any]:
        sent = bucket.async_process_object(key, process)
        assert sent.status == 200
        assert sent.event_id
        assert sent.async_request_id == sent.request_id
        work_off()
        asked = imm_models.GetTaskRequest(project_name="demo", task_type="MediaConvert", task_id=sent.task_id, request_definition=True)
        task = clients.imm(site).get_task(asked).body
        assert task.status == state, (task.code, task.message)
        assert json.loads(task.task_request_definition or "{}")["Process"] == process
        return dict(task.to_map())

    return go


def facts(path: Path) -> Probe:
    """What is in a published file or set."""
    return ffprobe.probe(path, tools=tools.find(), cwd=path.parent, count_packets=True, own_playlist=path.suffix == ".m3u8")


def streams(path: Path) -> tuple[str | None, str | None]:
    """Codecs of picture and sound."""
    found = facts(path)
    return found.picture.codec if found.picture else None, found.sound.codec if found.sound else None


# --- the samples of the guide -----------------------------------------------------------------------------------------
def test_the_sdk_sample(done: Any, put: Any, buckets: Buckets, decoded: Callable[[Path], int]) -> None:
    Bucket.objects.filter(name="input").update(is_output=True)
    put(FLOWER, "src.mp4")
    style = "video/convert,ss_500,t_1500,f_avi,vcodec_h265,s_1920x1080,vb_2000000,fps_30,acodec_aac,ab_100000,sn_1"
    done("src.mp4", f"{style}|sys/saveas,o_{b64('dest.avi', padded=False)}")
    found = facts(buckets.input / "dest.avi")
    assert found.picture
    assert (found.picture.codec, found.picture.width, found.picture.height, found.sound.codec if found.sound else None) == ("hevc", 1920, 1080, "aac")
    assert decoded(buckets.input / "dest.avi") == pytest.approx(45, abs=1)


def test_from_avi_to_mp4(done: Any, put: Any, buckets: Buckets) -> None:
    put(AVI, "example.avi")
    done("example.avi", f"video/convert,t_2000,f_mp4,vcodec_h265,s_1920x1080,vb_2000000,fps_30,acodec_aac,ab_100000,sn_1{SAVE}")
    found = facts(buckets.output / "outobjprefix.mp4")
    assert found.picture
    assert (found.picture.codec, found.picture.width, found.picture.height) == ("hevc", 1920, 1080)
    assert (found.picture.nominal_fps, found.picture.frames) == (pytest.approx(30), pytest.approx(60, abs=1))


def test_from_avi_to_segments(done: Any, put: Any, buckets: Buckets) -> None:
    put(AVI, "example.avi")
    topic = f"/notify,topic_{b64('AudioConvert')}"
    done("example.avi", f"video/convert,ss_1000,t_60000,f_ts,vcodec_h264,vb_1000000,acodec_mp3,ab_100000/segment,f_hls,t_30000{SAVE}{topic}")
    assert streams(buckets.output / "outobjprefix.m3u8") == ("h264", "mp3")
    assert hls.read((buckets.output / "outobjprefix.m3u8").read_text()).seconds == pytest.approx(4.03, abs=0.1)
    assert sorted(path.name for path in buckets.output.glob("outobj*")) == ["outobjprefix-0.ts", "outobjprefix.m3u8"]
    assert Job.objects.get().notify_topic == "AudioConvert"
    task = ForeignTask.objects.get()
    assert task.notify == {"MNS": {"TopicName": "AudioConvert"}}
    told = messages.message(Delivery.objects.get(topic="AudioConvert"), NotifyTarget(form=NotifyTarget.Form.PRODUCT))
    assert told
    content = json.loads(json.loads(told.body)["content"])
    assert (content["TaskId"], content["Status"], content["ProjectName"]) == (task.id, "Succeeded", "demo")
    assert content["Sources"] == [{"URI": "oss://input/example.avi", "SubtitleSources": None}]
    assert content["Targets"][0]["URI"] == "oss://output/outobjprefix.m3u8"


def test_the_sound_of_an_avi(done: Any, put: Any, buckets: Buckets) -> None:
    put(AVI, "example.avi")
    done("example.avi", f"video/convert,f_mp3,acodec_mp3,ab_100000,vn_1,sn_1{SAVE}")
    assert streams(buckets.output / "outobjprefix.mp3") == (None, "mp3")


# --- further conversions ----------------------------------------------------------------------------------------------
def test_copies_where_nothing_is_said(done: Any, put: Any, buckets: Buckets) -> None:
    put(FLOWER, "目录/a b+c%2F.mp4")
    done("目录/a b+c%2F.mp4", f"video/convert,f_mkv|sys/saveas,b_{b64('output')},o_{b64('{dirname}/{barename}')}")
    found = facts(buckets.output / "目录/a b+c%2F.mkv")
    assert found.picture
    assert (found.picture.codec, found.picture.width, found.picture.height) == ("h264", 960, 540)


@pytest.mark.parametrize(
    ("said", "size"),
    [("s_640x640,scaletype_fit", (640, 360)), ("s_640x640,scaletype_fill", (640, 640)), ("s_640x640,scaletype_crop", (640, 640)), ("s_320x640", (320, 640)),
     ("s_1920x1080,sopt_1", (960, 540))],
)  # fmt: skip
def test_sizes(done: Any, put: Any, buckets: Buckets, said: str, size: tuple[int, int]) -> None:
    put(FLOWER, "a.mp4")
    done("a.mp4", f"video/convert,t_400,f_mp4,vcodec_h264,crf_35,{said},an_1{SAVE}")
    found = facts(buckets.output / "outobjprefix.mp4")
    assert found.picture
    assert (found.picture.width, found.picture.height) == size
    assert found.sound is None


def test_a_source_below_the_target_fails_where_that_is_asked_for(done: Any, put: Any, buckets: Buckets) -> None:
    put(FLOWER, "a.mp4")
    task = done("a.mp4", f"video/convert,f_mp4,vcodec_h264,s_1920x1080,sopt_2{SAVE}", state="Failed")
    assert task["Code"]
    assert list(buckets.output.rglob("*.mp4")) == []


def test_webm_and_dash(done: Any, put: Any, buckets: Buckets) -> None:
    put(FLOWER, "a.mp4")
    done("a.mp4", f"video/convert,t_500,f_webm,vcodec_vp9,s_320x180,vb_200000,acodec_opus,ab_64000{SAVE}")
    assert streams(buckets.output / "outobjprefix.webm") == ("vp9", "opus")
    done("a.mp4", f"video/convert,t_2000,f_mp4,vcodec_h264,s_320x180,acodec_aac/segment,f_dash,t_1000{SAVE}")
    assert "<MPD" in (buckets.output / "outobjprefix.mpd").read_text()


def test_joining(done: Any, put: Any, buckets: Buckets) -> None:
    put(FLOWER, "a.mp4")
    put(TIMECODE, "b.mp4")
    parts = f"/pre,o_{b64('b.mp4')},ss_5000,t_1000/sur,o_{b64('b.mp4')},t_500"
    done("a.mp4", f"video/concat,ss_200,t_1000,f_mp4,vcodec_h264,crf_35,fps_30,acodec_aac,align_1{parts}{SAVE}")
    found = facts(buckets.output / "outobjprefix.mp4")
    assert found.picture
    assert (found.picture.width, found.picture.height) == (960, 540), "the aligned one gives the size"
    assert found.duration == pytest.approx(2.5, abs=0.15)


def test_sound_alone(done: Any, put: Any, buckets: Buckets) -> None:
    put(FLOWER, "a.mp4")
    done("a.mp4", f"audio/convert,ss_500,t_1000,f_aac,ab_64000,ac_1,ar_22050{SAVE}")
    found = facts(buckets.output / "outobjprefix.aac")
    assert found.sound
    assert (found.picture, found.sound.codec, found.sound.channels, found.sound.sample_rate) == (None, "aac", 1, 22050)
    done("a.mp4", f"audio/concat,t_1000,f_mp3,ab_128000/sur,o_{b64('a.mp4')},t_1000{SAVE}")
    joined = facts(buckets.output / "outobjprefix.mp3")
    assert (joined.picture, joined.duration) == (None, pytest.approx(2.0, abs=0.15))


def test_joining_files_of_sound(done: Any, put: Any, buckets: Buckets) -> None:
    put("commentary-6s-aac.m4a", "a.m4a")
    put("commentary-6s-alac.m4a", "b.m4a")
    done("a.m4a", f"audio/concat,f_aac,ac_1,ar_44100,ab_96000,align_1/pre,o_{b64('b.m4a')},t_2000/sur,o_{b64('b.m4a')},t_0{SAVE}")
    found = facts(buckets.output / "outobjprefix.aac")
    assert found.sound
    assert (found.sound.channels, found.sound.sample_rate, found.duration) == (1, 44100, pytest.approx(2 + 2 * 6.625, abs=0.1))


# --- pictures ---------------------------------------------------------------------------------------------------------
def sizes(folder: Path, pattern: str) -> dict[str, tuple[int, int]]:
    """Sizes of pictures by name; each is decoded whole."""
    found = {}
    for path in sorted(folder.glob(pattern)):
        with Image.open(path) as image:
            image.load()
            found[path.name] = image.size
    return found


def test_snapshots(done: Any, put: Any, buckets: Buckets) -> None:
    put(TIMECODE, "v.mp4")
    done("v.mp4", f"video/snapshots,ss_1000,f_jpg,inter_2000,num_3,w_320|sys/saveas,b_{b64('output')},o_{b64('p/s-{index}.{autoext}')}")
    assert sizes(buckets.output / "p", "*.jpg") == {"s-1.jpg": (320, 180), "s-2.jpg": (320, 180), "s-3.jpg": (320, 180)}
    done("v.mp4", f"video/snapshots,f_png,m_avg,num_2,pw_10,ph_20,scaletype_stretch|sys/saveas,b_{b64('output')},o_{b64('q/bare')}")
    assert sizes(buckets.output / "q", "*") == {"bare_0_1.png": (128, 144), "bare_0_2.png": (128, 144)}


def test_a_sprite(done: Any, put: Any, buckets: Buckets) -> None:
    put(TIMECODE, "v.mp4")
    done("v.mp4", f"video/sprite,f_jpg,inter_1000,num_8,sw_64,sh_36,tw_3,th_2,pad_2,margin_4|sys/saveas,b_{b64('output')},o_{b64('p/s-{index}.{autoext}')}")
    found = sizes(buckets.output / "p", "*.jpg")
    assert list(found) == ["s-1.jpg", "s-2.jpg"]
    assert found["s-1.jpg"] == (3 * 64 + 2 * 2 + 2 * 4, 2 * 36 + 2 + 2 * 4)


@pytest.mark.parametrize("form", ["gif", "webp"])
def test_an_animation(done: Any, put: Any, buckets: Buckets, form: str) -> None:
    put(TIMECODE, "v.mp4")
    done("v.mp4", f"video/animation,ss_2000,f_{form},num_6,inter_500,w_160{SAVE}")
    with Image.open(buckets.output / f"outobjprefix.{form}") as image:
        assert (image.size, getattr(image, "n_frames", 1)) == ((160, 90), 6)
        image.seek(1)
        image.load()
        assert image.info["duration"] == pytest.approx(500, abs=11)


def test_an_animation_that_plays_ten_times_as_fast(done: Any, put: Any, buckets: Buckets) -> None:
    put(TIMECODE, "v.mp4")
    done("v.mp4", f"video/animation,f_gif,inter_1000,fps_10,num_12,w_96{SAVE}")
    with Image.open(buckets.output / "outobjprefix.gif") as image:
        assert getattr(image, "n_frames", 1) == 12
        image.seek(1)
        image.load()
        assert image.info["duration"] == 100


# --- at once ----------------------------------------------------------------------------------------------------------
def test_a_picture_at_once(bucket: oss2.Bucket, put: Any) -> None:
    put(TIMECODE, "dir/v.mp4")
    got = bucket.get_object("dir/v.mp4", process="video/snapshot,t_7000,f_png,w_320,h_180")
    with Image.open(io.BytesIO(got.read())) as image:
        assert (image.format, image.size) == ("PNG", (320, 180))
    assert got.headers["Content-Type"] == "image/png"
    fast = bucket.get_object("dir/v.mp4", process="video/snapshot,t_7000,m_fast,ar_w")
    with Image.open(io.BytesIO(fast.read())) as image:
        assert (image.format, image.size) == ("JPEG", (720, 1280)), "laid across in the source, stood up as asked"
    address = bucket.sign_url("GET", "dir/v.mp4", 60, params={"x-oss-process": "video/snapshot,t_1000,f_jpg,w_0,h_90"})
    with Image.open(io.BytesIO(requests.get(address, timeout=15).content)) as image:
        assert image.size == (160, 90)


def test_two_times_are_two_pictures(bucket: oss2.Bucket, put: Any) -> None:
    put(TIMECODE, "v.mp4")
    pictures = {bucket.get_object("v.mp4", process=f"video/snapshot,t_{time},f_png,w_320").read() for time in (0, 1000, 20_000)}
    assert len(pictures) == 3


def test_what_is_in_an_object(bucket: oss2.Bucket, put: Any, work_off: Callable[[], int]) -> None:
    import threading

    put(FLOWER, "v.mp4")
    for operation, name in (("video/info", "VideoStreams"), ("audio/info", "AudioStreams")):
        answer: dict[str, Any] = {}

        def ask(operation: str = operation, answer: dict[str, Any] = answer) -> None:
            answer.update(json.loads(bucket.get_object("v.mp4", process=operation).read()))

        thread = threading.Thread(target=ask)
        thread.start()
        while thread.is_alive() and not Job.objects.filter(state="queued").exists():
            thread.join(0.05)
        work_off()
        thread.join(60)
        assert answer[name]
        assert (answer["VideoWidth"], answer["VideoHeight"], answer["VideoStreams"][0]["CodecName"]) == (960, 540, "h264")


# --- what is refused --------------------------------------------------------------------------------------------------
REFUSED = [
    ("video/convert,f_mp4", "InvalidArgument"),
    (f"video/convert,f_mp4,crf_99{SAVE}", "InvalidArgument"),
    (f"video/convert,f_exe{SAVE}", "InvalidArgument"),
    (f"video/fly,f_mp4{SAVE}", "InvalidArgument"),
    (f"image/resize,w_10{SAVE}", "InvalidArgument"),
    (f"video/convert,f_mp4|sys/saveas,o_{b64('v.mp4')}", "InvalidArgument"),
    (f"video/convert,f_mp4|sys/saveas,b_{b64('nowhere')},o_{b64('x.mp4')}", "NoSuchBucket"),
    (f"video/convert,f_mp4|sys/saveas,b_{b64('output')},o_{b64('../x.mp4')}", "InvalidArgument"),
    (f"video/convert,f_mp4|sys/saveas,b_{b64('output')},o_{b64('{nothing}.mp4')}", "InvalidObjectName"),
    (f"video/convert,f_ts,vcodec_h264,acodec_aac/segment,f_hls|sys/saveas,b_{b64('output')},o_{b64('x.ts')}", "InvalidObjectName"),
    (f"video/concat,f_mp4/sur,o_{b64('none.mp4')}{SAVE}", "NoSuchKey"),
    (f"video/convert,f_webm,vcodec_h264{SAVE}", "InvalidArgument"),
    (f"video/snapshot,t_1000{SAVE}", "InvalidArgument"),
    ("video/info", "InvalidArgument"),
    (f"video/snapshots,f_jpg,inter_1000|sys/saveas,b_{b64('output')},o_{b64('x.jpg')}", "InvalidArgument"),
]


@pytest.mark.parametrize(("process", "code"), REFUSED)
def test_it_is_refused_and_nothing_is_done(bucket: oss2.Bucket, put: Any, buckets: Buckets, process: str, code: str) -> None:
    Bucket.objects.filter(name="input").update(is_output=True)
    put(FLOWER, "v.mp4")
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        bucket.async_process_object("v.mp4", process)
    assert caught.value.code == code
    assert 400 <= caught.value.status < 500
    assert caught.value.request_id
    assert (Job.objects.count(), ForeignTask.objects.count()) == (0, 0)
    assert list(buckets.output.iterdir()) == []


def test_a_bucket_without_a_project(site: Endpoint, put: Any) -> None:
    put(FLOWER, "v.mp4")
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        clients.bucket(site, "input").async_process_object("v.mp4", f"video/convert,f_mkv{SAVE}")
    assert (caught.value.status, caught.value.code) == (400, "ResourceNotFound")
    assert caught.value.message == "The specified resource Attachment is not found."
    assert Job.objects.count() == 0


def test_an_object_that_is_not_there(bucket: oss2.Bucket) -> None:
    for ask in (
        lambda: bucket.async_process_object("none.mp4", f"video/convert,f_mkv{SAVE}"),
        lambda: bucket.get_object("none.mp4", process="video/snapshot,t_0"),
        lambda: bucket.get_object("none.mp4", process="video/info"),
    ):
        with pytest.raises(oss2.exceptions.NoSuchKey):
            ask()


@pytest.mark.parametrize(
    "process",
    [
        "video/convert,f_mp4",
        "video/snapshots,f_jpg",
        "video/snapshot,f_jpg",
        "video/snapshot,t_1,ar_x",
        "video/snapshot,t_999999999",
        "image/resize,w_1",
        "x",
        "video/info,a_1",
    ],
)
def test_what_is_not_done_at_once(bucket: oss2.Bucket, put: Any, process: str) -> None:
    put(FLOWER, "v.mp4")
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        bucket.get_object("v.mp4", process=process)
    assert (caught.value.status, caught.value.code) == (400, "InvalidArgument")
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        bucket.process_object("v.mp4", f"{process}{SAVE}")
    assert (caught.value.status, caught.value.code) == (400, "InvalidArgument")


@pytest.mark.parametrize("body", [b"", b"x-oss-async-process=", b"something=video/convert,f_mp4", b"\xff\xfe", b"x-oss-async-process"])
def test_bodies_that_say_nothing(bucket: oss2.Bucket, put: Any, body: bytes) -> None:
    put(FLOWER, "v.mp4")
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        bucket._Bucket__do_object("POST", "v.mp4", params={"x-oss-async-process": ""}, data=body)
    assert (caught.value.status, caught.value.code) == (400, "InvalidArgument")


def test_what_is_no_video(bucket: oss2.Bucket, buckets: Buckets) -> None:
    (buckets.input / "text.mp4").write_bytes(b"this is no video" * 100)
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        bucket.get_object("text.mp4", process="video/snapshot,t_0")
    assert (caught.value.status, caught.value.code) == (400, "InvalidArgument")


def test_who_may(site_of: Callable[..., Endpoint], attached: None, put: Any, charlie: User, bob: User) -> None:
    put(FLOWER, "v.mp4")
    viewer = clients.bucket(site_of(charlie, role="viewer"), "input")
    with pytest.raises(oss2.exceptions.AccessDenied):
        viewer.async_process_object("v.mp4", f"video/convert,f_mkv{SAVE}")
    assert viewer.get_object("v.mp4", process="video/snapshot,t_0,w_64").read()
    limited = clients.bucket(site_of(bob, policy={"buckets": ["input"]}), "input")
    with pytest.raises(oss2.exceptions.AccessDenied):
        limited.async_process_object("v.mp4", f"video/convert,f_mkv{SAVE}")
    assert Job.objects.count() == 0
