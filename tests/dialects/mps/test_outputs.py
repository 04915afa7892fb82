"""What one output of SubmitJobs can ask for: each is made, and looked at."""

from __future__ import annotations

import base64
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.dialects.mps.conftest import file
from tests.dialects.mps.test_jobs import SMALL, looked

URL = "http://input.oss-cn-hangzhou.aliyuncs.com/"


@pytest.fixture
def made(submit: Any, jobs_of: Any, work_off: Any, buckets: Any) -> Callable[..., tuple[Any, Path]]:
    """made(name, **fields) -> the finished Job and its file."""

    def make(name: str, template: str = SMALL, **fields: Any) -> tuple[Any, Path]:
        (result,) = submit({"OutputObject": name, "TemplateId": template, **fields})
        assert result.success, (result.code, result.message)
        work_off()
        (job,) = jobs_of(result.job.job_id)
        assert job.state == "TranscodeSuccess", (job.code, job.message)
        return job, buckets.output / job.output.output_file.object

    return make


@pytest.fixture
def frame(ffmpeg: str) -> Callable[..., Any]:
    """frame(path, seconds) -> that picture."""

    def shot(path: Path, at: float = 0.0) -> Any:
        argv = [ffmpeg, "-nostdin", "-v", "error", "-ss", str(at), "-i", str(path), "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "-"]
        done = subprocess.run(argv, check=True, capture_output=True, timeout=60)
        return Image.open(io.BytesIO(done.stdout)).convert("RGB")

    return shot


def near(pixel: tuple[int, ...], wanted: tuple[int, ...], by: int = 40) -> bool:
    return all(abs(a - b) <= by for a, b in zip(pixel, wanted, strict=True))


def picture(buckets: Any, key: str, colour: str, size: tuple[int, int] = (64, 32)) -> None:
    path = buckets.input / key
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def test_clip_and_rotate(made: Any) -> None:
    job, path = made("clip.mp4", Clip='{"TimeSpan":{"Seek":"00:00:00.500","Duration":"1"}}', Rotate="90", Video={"Width": "144"})
    found = looked(path)
    assert found.duration == pytest.approx(1, abs=0.1)
    assert (found.picture.width, found.picture.height) == (144, 256)
    assert (job.output.clip.time_span.seek, job.output.clip.time_span.duration, job.output.rotate) == ("0.5", "1", "90")


def test_cut_off_the_end(made: Any) -> None:
    job, path = made("end.mp4", Clip={"TimeSpan": {"End": "0.8", "Duration": "9"}})
    assert looked(path).duration == pytest.approx(1.2, abs=0.1)
    assert job.output.clip.time_span.duration is None


def test_join(made: Any, buckets: Any, clips: Any) -> None:
    buckets.put(clips.make(seconds=1), "more/second part.mp4")
    job, path = made("joined.mp4", MergeList=[{"MergeURL": URL + "more/second%20part.mp4"}, {"MergeURL": URL + "more/second%20part.mp4", "Start": "0.5"}])
    assert looked(path).duration == pytest.approx(3.5, abs=0.2)
    assert [part.merge_url for part in job.output.merge_list.merge] == [URL + "more/second%20part.mp4"] * 2


def test_join_by_a_list(made: Any, buckets: Any, clips: Any) -> None:
    buckets.put(clips.make(seconds=1), "more/p.mp4")
    (buckets.input / "list.json").write_text(json.dumps({"MergeList": [{"MergeURL": "oss://input/more/p.mp4"}]}))
    job, path = made("joined.mp4", MergeConfigUrl=URL + "list.json")
    assert looked(path).duration == pytest.approx(3, abs=0.2)
    assert job.output.merge_config_url in (None, URL + "list.json")


def test_opening_and_tail(made: Any, buckets: Any, clips: Any, frame: Any, ffmpeg: str) -> None:
    red = buckets.input / "red.mp4"
    subprocess.run([ffmpeg, "-nostdin", "-v", "error", "-f", "lavfi", "-i", "color=red:size=320x180:rate=25:duration=1", str(red)], check=True, timeout=60)
    job, path = made(
        "slated.mp4",
        Video={"Width": "320", "Height": "180"},
        OpeningList=[{"OpenUrl": URL + "red.mp4", "Start": "0", "Width": "full", "Height": "full"}],
        TailSlateList=[{"TailUrl": URL + "red.mp4", "BlendDuration": "0", "Width": "full", "Height": "full", "IsMergeAudio": False, "BgColor": "White"}],
    )
    assert looked(path).duration == pytest.approx(3, abs=0.2)
    assert near(frame(path, 0.3).getpixel((160, 90)), (255, 0, 0))
    assert near(frame(path, 2.5).getpixel((160, 90)), (255, 0, 0))
    assert not near(frame(path, 1.5).getpixel((160, 90)), (255, 0, 0))
    assert job.output.opening_list.opening[0].open_url == URL + "red.mp4"
    assert job.output.tail_slate_list.tail_slate[0].is_merge_audio is False


def test_watermarks_by_template_and_without(site: Any, made: Any, buckets: Any, frame: Any) -> None:
    from alibabacloud_mts20140618 import models as m

    from tests.dialects import clients

    picture(buckets, "logos/红.png", "#ff0000")
    template = clients.mts(site).add_water_mark_template(
        m.AddWaterMarkTemplateRequest(name="Corner", config='{"Width":"0.25","Height":"0.25","ReferPos":"TopLeft"}')
    )
    job, path = made(
        "marked.mp4",
        Video={"Width": "320", "Height": "180"},
        WaterMarks=[
            {"WaterMarkTemplateId": template.body.water_mark_template.id, "InputFile": file("logos/红.png")},
            {
                "InputFile": json.dumps(file("logos/红.png")),
                "Width": "64",
                "Height": 32,
                "ReferPos": "BottomRight",
                "Dx": "8",
                "Dy": "8",
                "Timeline": {"Start": "1"},
            },
        ],
    )
    early, late = frame(path, 0.4), frame(path, 1.6)
    assert near(early.getpixel((40, 20)), (255, 0, 0))
    assert near(late.getpixel((40, 20)), (255, 0, 0))
    assert near(late.getpixel((320 - 8 - 32, 180 - 8 - 16)), (255, 0, 0))
    assert not near(early.getpixel((320 - 8 - 32, 180 - 8 - 16)), (255, 0, 0))
    told = job.output.water_mark_list.water_mark
    assert [one.input_file.object for one in told] == ["logos/%E7%BA%A2.png"] * 2
    assert (told[1].width, told[1].refer_pos) == ("64", "BottomRight")


def test_a_text_as_a_watermark(made: Any, frame: Any) -> None:
    words = base64.b64encode("████████".encode()).decode()
    text = {"Content": words, "FontName": "SimSun", "FontSize": "48", "FontColor": "Lime", "FontAlpha": "1.0", "Top": 40, "Left": 20}
    _job, path = made("words.mp4", Video={"Width": "320", "Height": "180"}, WaterMarks=[{"Type": "Text", "TextWaterMark": text}])
    shot = frame(path, 1.0)
    green = sum(near(shot.getpixel((x, y)), (0, 255, 0), by=70) for x in range(20, 200, 2) for y in range(40, 100, 2))
    assert green > 300


def test_an_area_is_blurred_for_a_time(made: Any, frame: Any) -> None:
    plain, whole = made("plain.mp4", Video={"Width": "320", "Height": "180"})
    _job, path = made("blurred.mp4", Video={"Width": "320", "Height": "180"}, DeWatermark={"0": [{"L": 0.25, "T": 0.25, "W": 0.5, "H": 0.5}], "1000": []})
    box = (90, 55, 230, 125)

    def differs(at: float) -> float:
        one, two = frame(path, at).crop(box).convert("L"), frame(whole, at).crop(box).convert("L")
        return sum(abs(a - b) for a, b in zip(one.tobytes(), two.tobytes(), strict=True)) / (one.width * one.height)

    assert differs(0.4) > 8
    assert differs(1.6) < 4
    assert plain.output.de_watermark is None


def test_a_subtitle_file_is_drawn_into_the_picture(made: Any, buckets: Any, frame: Any) -> None:
    (buckets.input / "字.srt").write_bytes("1\n00:00:00,000 --> 00:00:02,000\n字幕字幕字幕\n".encode("gbk"))
    plain, whole = made("plain.mp4", Video={"Width": "320", "Height": "180"})
    job, path = made(
        "subtitled.mp4", Video={"Width": "320", "Height": "180"}, SubtitleConfig={"ExtSubtitleList": [{"Input": file("字.srt"), "CharEnc": "GBK"}]}
    )
    box = (40, 130, 280, 178)
    one, two = frame(path, 1.0).crop(box).convert("L"), frame(whole, 1.0).crop(box).convert("L")
    assert sum(abs(a - b) > 60 for a, b in zip(one.tobytes(), two.tobytes(), strict=True)) > 200
    assert not looked(path).subtitle
    told = job.output.subtitle_config.ext_subtitle_list.ext_subtitle[0]
    assert (told.input.object, told.char_enc) == ("%E5%AD%97.srt", "GBK")
    assert plain.output.subtitle_config is None


@pytest.mark.parametrize(
    ("name", "fields", "format_", "codec"),
    [
        ("a.mp3", {"Container": {"Format": "mp3"}, "Video": {"Remove": "true"}, "Audio": {"Codec": "MP3"}}, "mp3", "mp3"),
        ("a.ogg", {"Container": {"Format": "ogg"}, "Video": {"Remove": True}, "Audio": {"Codec": "VORBIS"}}, "ogg", "vorbis"),
        ("b.ogg", {"Container": {"Format": "ogg"}, "Video": {"Remove": True}, "Audio": {"Codec": "FLAC"}}, "ogg", "flac"),
        ("a.flac", {"Container": {"Format": "flac"}, "Video": {"Remove": "True"}, "Audio": {"Codec": "FLAC"}}, "flac", "flac"),
        ("a.mp4", {"Video": {"Remove": "true"}}, "mp4", "aac"),
    ],
)
def test_sound_alone(made: Any, name: str, fields: dict[str, Any], format_: str, codec: str) -> None:
    job, path = made(name, **fields)
    found = looked(path)
    assert (found.picture, found.sound.codec) == (None, codec)
    assert format_ in found.format_name
    assert job.output.video is None or job.output.video.codec is None


@pytest.mark.parametrize(
    ("name", "fields", "video"),
    [
        ("a.flv", {"Container": {"Format": "flv"}}, "h264"),
        ("a.ts", {"Container": {"Format": "ts"}}, "h264"),
        ("a.mov", {"Container": {"Format": "mov"}}, "h264"),
        ("h265.mp4", {"Video": {"Codec": "H.265", "Crf": "30", "Width": "256"}}, "hevc"),
        ("cbr.mp4", {"Video": {"Bitrate": "300"}, "TransConfig": {"TransMode": "CBR"}}, "h264"),
        ("two.mp4", {"Video": {"Bitrate": "300"}, "TransConfig": {"TransMode": "twopass"}}, "h264"),
        ("up.mp4", {"Video": {"Bitrate": "4000", "Gop": "1s", "ScanMode": "progressive", "PixFmt": "bgr8"}}, "h264"),
        ("silent.mp4", {"Audio": {"Remove": "true"}}, "h264"),
        ("loud.mp4", {"Audio": {"Volume": {"Method": "dynamic", "IntegratedLoudnessTarget": "-16"}}}, "h264"),
        ("quiet.mp4", {"Audio": {"Volume": {"Method": "linear", "Level": "-10"}}}, "h264"),
        ("stream.mp4", {"AudioStreamMap": "0:a:0", "VideoStreamMap": "0:v:0"}, "h264"),
        ("opus.mp4", {"Audio": {"Codec": "OPUS"}}, "h264"),
        ("mpeg2.mxf", {"Container": {"Format": "mxf"}, "Video": {"Codec": "H.264"}}, "h264"),
        ("mixed.mp4", {"Amix": [{"AmixURL": "input", "Map": "0:a:0", "MixDurMode": "long"}]}, "h264"),
    ],
)
def test_containers_and_encoders(made: Any, name: str, fields: dict[str, Any], video: str) -> None:
    _job, path = made(name, **fields)
    found = looked(path)
    assert found.picture.codec == video
    assert found.duration == pytest.approx(2, abs=0.2)
    assert bool(found.audio) == (name != "silent.mp4")


def test_gif_and_webp(site: Any, made: Any) -> None:
    from alibabacloud_mts20140618 import models as m

    from tests.dialects import clients

    mts = clients.mts(site)
    for name, codec in (("gif", "GIF"), ("webp", "WEBP")):
        template = mts.add_template(
            m.AddTemplateRequest(name=f"T {name}", container=json.dumps({"Format": name}), video=json.dumps({"Codec": codec, "Width": "160", "Fps": "5"}))
        ).body.template
        assert (template.video.codec, template.audio.remove) == (codec, "true")
        _job, path = made(f"a.{name}", template=template.id, MuxConfig={"Gif": {"Loop": "2", "DitherMode": "bayer"}, "Webp": {"Loop": "2"}})
        with Image.open(path) as image:
            assert (image.size, image.n_frames, image.format) == ((160, 90), 10, codec)  # type: ignore[attr-defined]


def test_crop_pad_and_scaling(made: Any) -> None:
    _job, path = made("cropped.mp4", Video={"Crop": "160:90:20:10", "Width": "256", "Height": "144"}, TransConfig={"AdjDarMethod": "rescale"})
    assert (looked(path).picture.width, looked(path).picture.height) == (256, 144)
    job, path = made("padded.mp4", Video={"Width": "256", "Height": "256"}, TransConfig={"AdjDarMethod": "pad"})
    assert (looked(path).picture.width, looked(path).picture.height) == (256, 256)
    assert job.output.trans_config.adj_dar_method == "pad"


def test_a_source_below_the_target(submit: Any, jobs_of: Any, work_off: Any, buckets: Any) -> None:
    kept, failed = submit(
        {"OutputObject": "kept.mp4", "TemplateId": "MP4-HD", "TransConfig": {"IsCheckReso": "true"}},
        {"OutputObject": "failed.mp4", "TemplateId": "MP4-HD", "TransConfig": {"IsCheckReso": "true", "IsCheckResoFail": "true"}},
    )
    work_off()
    one, two = jobs_of(kept.job.job_id, failed.job.job_id)
    assert (one.state, one.output.properties.width) == ("TranscodeSuccess", "320")
    assert (two.state, two.code) == ("TranscodeFail", "InvalidParameter.TemplateNotSupported")
    assert two.output.properties is None
    assert [path.name for path in buckets.output.glob("*.mp4")] == ["kept.mp4"]


def test_dash_and_fragmented_hls(made: Any, buckets: Any) -> None:
    _job, path = made("d/film", Container={"Format": "mpd"}, MuxConfig={"Segment": {"Duration": "1"}})
    assert path.name == "film.mpd"
    assert path.read_text().startswith("<?xml")
    job, path = made("h/film.m3u8", Container={"Format": "hls-fmp4"}, MuxConfig={"Segment": {"Duration": "1"}})
    assert "#EXT-X-MAP" in path.read_text()
    told, size = job.output.properties, sum(part.stat().st_size for part in path.parent.iterdir())
    assert int(told.file_size) == size
    assert int(told.bitrate) == pytest.approx(size * 8 / float(told.duration) / 1000, rel=0.01)


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"Clip": {"TimeSpan": {"Seek": "a while"}}}, "InvalidParameter"),
        ({"Clip": "{"}, "InvalidParameter.JsonFormatInvalid"),
        ({"Rotate": "360"}, "InvalidParameter.OutOfRange"),
        ({"Rotate": "quarter"}, "InvalidParameter.NumberFormatInvalid"),
        ({"MergeList": [{"Start": "1"}]}, "InvalidParameter.NullValue"),
        ({"MergeList": [{"MergeURL": "file:///etc/passwd"}]}, "InvalidParameter"),
        ({"MergeList": [{"MergeURL": URL + "nothing.mp4"}]}, "InvalidParameter.ResourceNotFound"),
        ({"MergeList": [{"MergeURL": URL + "x.mp4"}] * 21}, "InvalidParameter.ListSizeExceed"),
        ({"MergeList": {"MergeURL": URL + "x.mp4"}}, "InvalidParameter.JsonArrayFormatInvalid"),
        ({"OpeningList": [{"Start": "1"}]}, "InvalidParameter.NullValue"),
        ({"OpeningList": [{"OpenUrl": URL + "x.mp4", "Width": "5000"}]}, "InvalidParameter.OutOfRange"),
        ({"TailSlateList": [{"TailUrl": "nowhere"}]}, "InvalidParameter"),
        ({"WaterMarks": [{}]}, "InvalidParameter.NullValue"),
        ({"WaterMarks": [{"InputFile": file("nothing.png")}]}, "InvalidParameter.ResourceNotFound"),
        ({"WaterMarks": [{"Type": "Text", "TextWaterMark": {"Content": "§"}}]}, "InvalidParameter.InvalidBase64Format"),
        ({"WaterMarks": [{"Type": "Text", "TextWaterMark": {"Content": "QQ==", "FontSize": "200"}}]}, "InvalidParameter.OutOfRange"),
        ({"WaterMarks": [{"InputFile": file("x.png")}] * 21}, "InvalidParameter.ListSizeExceed"),
        ({"SubtitleConfig": {"ExtSubtitleList": [{"Input": file("x.srt"), "CharEnc": "EBCDIC"}]}}, "InvalidParameter"),
        ({"SubtitleConfig": {"SubtitleList": [{"Map": "s0"}]}}, "InvalidParameter"),
        ({"AudioStreamMap": "1:a:0"}, "InvalidParameter"),
        ({"VideoStreamMap": "0:v:1"}, "InvalidParameter.NotSupported"),
        ({"Amix": [{"AmixURL": URL + "song.mp3"}]}, "Parameters.NotSupported"),
        ({"DeWatermark": {"soon": []}}, "InvalidParameter.NumberFormatInvalid"),
        ({"DeWatermark": {"0": [{"L": 0, "T": 0}]}}, "InvalidParameter.NullValue"),
        ({"DigiWaterMark": {"Type": "x"}}, "Parameters.NotSupported"),
        ({"SuperReso": {"IsHalfSample": "true"}}, "Parameters.NotSupported"),
        ({"Container": {"Format": "m3u8"}, "Encryption": {"Type": "hls-aes-128", "Key": "dG9vIHNob3J0"}}, "InvalidParameter.InvalidBase64Format"),
        ({"Container": {"Format": "m3u8"}, "Encryption": {"Type": "hls-aes-128", "KeyType": "KMS", "Key": "x"}}, "Parameters.NotSupported"),
        ({"Container": {"Format": "m3u8"}, "Encryption": {"Type": "rot13"}}, "InvalidParameter"),
        ({"Video": {"NarrowBand": {"Abrmax": "900", "MaxAbrRatio": "0.5"}}}, "Parameters.NotSupported"),
        ({"Video": {"NarrowBand": {"Version": "1.0"}, "Bitrate": "900"}, "TransConfig": {"TransMode": "CBR"}}, "InvalidParameter.NotSupported"),
        ({"TransConfig": {"TransMode": "CBR"}, "Video": {"Crf": "20"}}, "InvalidParameter"),
    ],
)
def test_what_is_no_output(submit: Any, fields: dict[str, Any], wanted: str) -> None:
    (result,) = submit({"OutputObject": "a.mp4", "TemplateId": SMALL, **fields})
    assert (result.success, result.code) == (False, wanted), result.message


@pytest.mark.media
def test_presets_on_a_real_film(submit: Any, jobs_of: Any, work_off: Any, buckets: Any, media: Path, decoded: Any) -> None:
    buckets.put(media / "face-720p-h264-aac.flv", "real/face.flv")
    wanted = {
        "c.mp4": ("S00000001-200000", "h264", 1080),
        "c.m3u8": ("S00000001-100000", "h264", 1080),
        "ld.flv": ("FLV-LD", "h264", 640),
        "s.mp3": ("MP3-128", None, None),
    }
    asked = [
        {"OutputObject": name, "TemplateId": row[0], "Clip": {"TimeSpan": {"Duration": "3"}} if name in ("ld.flv", "s.mp3") else {}}
        for name, row in wanted.items()
    ]
    results = submit(*asked, input=json.dumps(file("real/face.flv")))
    assert all(result.success for result in results), [(result.code, result.message) for result in results]
    work_off()
    for job, (name, (_id, codec, width)) in zip(jobs_of(*(result.job.job_id for result in results)), wanted.items(), strict=True):
        assert job.state == "TranscodeSuccess", (name, job.code, job.message)
        streams = job.output.properties.streams
        assert [one.codec_name for one in streams.video_stream_list.video_stream] == ([codec] if codec else [])
        assert job.output.properties.width == (str(width) if width else None)
        if not name.endswith("m3u8"):
            decoded(buckets.output / name)
