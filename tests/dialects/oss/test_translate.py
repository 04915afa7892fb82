"""From processing requests to our job specs: every sample of the guide, every parameter, and that our own vocabulary takes what comes out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jobs.dialects.call import OssRefusal
from jobs.dialects.oss.grammar import parse
from jobs.dialects.oss.parameters import ASYNC, check
from jobs.dialects.oss.translate import needs_probe, to_spec
from jobs.engine import combinations
from jobs.engine.address import Address
from jobs.engine.probe import Probe, VideoStream
from jobs.engine.rules import snapshot as snapshot_rules
from jobs.engine.rules import sprite as sprite_rules
from jobs.engine.spec import JOB_SPEC, SnapshotSpec, SpriteSpec, TranscodeSpec
from jobs.engine.template import Template
from tests.dialects.oss.test_grammar import b64

SOURCE = Address("input", "dir/example.avi")
SAVE = f"|sys/saveas,b_{b64('output')},o_{b64('outobjprefix.{autoext}')}"
UPRIGHT = Probe(format_name="mov", video=(VideoStream(index=0, codec="h264", width=1280, height=720, rotation=90, fps=25.0),))


def document(text: str, probe: Probe | None = None) -> dict[str, Any]:
    """The job of a request; checked by our own rules on the way."""
    wanted = parse(text)
    found = to_spec(check(wanted, ASYNC), wanted, SOURCE, probe)
    spec = JOB_SPEC.validate_python(found, strict=False)
    if isinstance(spec, TranscodeSpec):
        for output in spec.outputs:
            template = Template.model_validate_json(json.dumps(output.overrides))
            assert not list(combinations.check(template)), list(combinations.check(template))
    if isinstance(spec, SnapshotSpec):
        assert not list(snapshot_rules.check(spec))
    if isinstance(spec, SpriteSpec):
        assert not list(sprite_rules.check(spec))
    return found


def overrides(text: str) -> dict[str, Any]:
    """Of the only output."""
    found: dict[str, Any] = document(text)["outputs"][0]["overrides"]
    return found


CONVERT = {"if_smaller": "convert", "if_lower_fps": "convert", "if_lower_video_bitrate": "convert", "if_lower_audio_bitrate": "convert"}


def test_the_first_sample_of_the_guide() -> None:
    found = document(f"video/convert,f_avi,vcodec_h265,s_1920x1080,vb_2000000,fps_30,acodec_aac,ab_100000,sn_1|sys/saveas,o_{b64('dest.avi', padded=False)}")
    assert found == {
        "kind": "transcode",
        "input": {"address": "oss://input/dir/example.avi"},
        "outputs": [
            {
                "address": "oss://input/dest.avi",
                "overrides": {
                    "container": {"format": "avi"},
                    "video": {"codec": "h265", "width": 1920, "height": 1080, "scale_type": "stretch", "bitrate_kbps": 2000, "fps": 30.0},
                    "audio": {"codec": "aac", "bitrate_kbps": 100},
                    "conditions": CONVERT,
                    "subtitle": {"remove": True},
                },
            }
        ],
    }


def test_the_sample_with_segments() -> None:
    found = document(f"video/convert,ss_10000,t_60000,f_ts,vcodec_h264,vb_1000000,acodec_mp3,ab_100000/segment,f_hls,t_30000{SAVE}")
    assert found["input"] == {"address": "oss://input/dir/example.avi", "start": 10.0, "duration": 60.0}
    output = found["outputs"][0]
    assert output["address"] == "oss://output/outobjprefix.m3u8"
    assert output["overrides"]["container"] == {"format": "hls"}
    assert output["overrides"]["mux"] == {"segment_format": "ts", "segment_seconds": 30.0, "segment_name": "{name}-%d", "start_number": 0}


def test_the_sample_of_sound() -> None:
    found = overrides(f"video/convert,f_mp3,acodec_mp3,ab_100000,vn_1,sn_1{SAVE}")
    assert (found["video"], found["audio"], found["subtitle"]) == ({"remove": True}, {"codec": "mp3", "bitrate_kbps": 100}, {"remove": True})


def test_streams_are_copied_where_nothing_is_said_and_the_rest_is_void() -> None:
    found = overrides(f"video/convert,f_mp4,s_640x360,crf_20,fps_10,ar_8000{SAVE}")
    assert (found["video"], found["audio"]) == ({"codec": "copy"}, {"codec": "copy"})


def test_every_parameter_of_the_picture() -> None:
    found = overrides(
        f"video/convert,f_mp4,vcodec_h264,fps_25,fpsopt_1,pixfmt_yuv420p,s_1280x720,sopt_2,scaletype_fill,arotate_1,g_50,crf_21.5,maxrate_3000000,bufsize_6000000,vbopt_1,"
        f"acodec_aac,ar_48000,ac_2,aq_80,abopt_2,adepth_24{SAVE}"
    )
    assert found["video"] == {
        "codec": "h264", "width": 1280, "height": 720, "scale_type": "fill", "follow_orientation": True, "crf": 21.5, "fps": 25.0,
        "pixel_format": "yuv420p", "gop": 50, "maxrate_kbps": 3000, "bufsize_kbit": 6000,
    }  # fmt: skip
    assert found["audio"] == {"codec": "aac", "sample_rate": 48000, "channels": 2, "quality": 80}, "the bit depth is for flac"
    assert found["conditions"] == {"if_smaller": "fail", "if_lower_fps": "keep", "if_lower_video_bitrate": "keep", "if_lower_audio_bitrate": "fail"}


@pytest.mark.parametrize("form", ["mp4", "mkv", "mov", "asf", "avi", "mxf", "ts", "flv", "webm", "mp3", "aac", "flac", "oga", "ac3", "opus", "amr"])
def test_every_container(form: str) -> None:
    found = document(f"video/convert,f_{form}{SAVE}")["outputs"][0]
    assert found["address"] == f"oss://output/outobjprefix.{form}"
    assert found["overrides"]["container"]["format"] == ("ogg" if form == "oga" else form)


@pytest.mark.parametrize(
    ("key", "address"),
    [
        ("a/b", "a/b.mp4"),
        ("a/b.c", "a/b.c"),
        ("a.d/b", "a.d/b.mp4"),
        ("{dirname}/{barename}", "{dirname}/{barename}.mp4"),
        ("{barename}.{autoext}", "{barename}.mp4"),
        ("{{autoext}}.mov", "{{autoext}}.mov"),
        ("{tags.name}", "{tags.name}.mp4"),
        (".hidden", ".hidden"),
    ],
)
def test_a_key_without_extension_gets_one(key: str, address: str) -> None:
    found = document(f"video/convert,f_mp4|sys/saveas,o_{b64(key)}")
    assert found["outputs"][0]["address"] == f"oss://input/{address}"


@pytest.mark.parametrize(
    ("form", "segment", "kind", "ending"),
    [
        ("ts", "hls", "ts", "m3u8"),
        ("mp4", "hls", "fmp4", "m3u8"),
        ("mp4", "dash", "fmp4", "mpd"),
        ("webm", "dash", "webm", "mpd"),
        ("aac", "hls", "ts", "m3u8"),
    ],
)
def test_sets(form: str, segment: str, kind: str, ending: str) -> None:
    codecs = "vcodec_vp9,acodec_opus" if form == "webm" else "vcodec_h264,acodec_aac"
    found = document(f"video/convert,f_{form},{codecs}/segment,f_{segment}{SAVE}")["outputs"][0]
    assert found["address"].endswith(f".{ending}")
    assert found["overrides"]["container"] == {"format": segment}
    assert found["overrides"]["mux"] == {"segment_format": kind, "segment_seconds": 10.0, "segment_name": "{name}-%d", "start_number": 0}


def test_joined_objects_keep_their_order_and_the_aligned_one_gives_the_form() -> None:
    parts = f"/pre,o_{b64('pre one.mp4')},t_1000/pre,o_{b64('pre2.mp4')},ss_500/sur,o_{b64('sur.mp4')},b_{b64('other')}"
    found = document(f"video/concat,ss_2000,t_3000,f_mp4,vcodec_h264,acodec_aac,align_2{parts}{SAVE}")
    assert found["input"] == {"address": "oss://input/dir/example.avi", "start": 2.0, "duration": 3.0}
    edit = found["outputs"][0]["overrides"]["edit"]
    assert edit == {
        "before": [{"address": "oss://input/pre one.mp4", "duration": 1.0}, {"address": "oss://input/pre2.mp4", "start": 0.5}],
        "after": [{"address": "oss://other/sur.mp4"}],
        "clip_first_part": True,
    }
    first = document(f"video/concat,f_mp4{parts}{SAVE}")
    assert first["input"] == {"address": "oss://input/pre one.mp4", "duration": 1.0}, "not said: the first one"
    assert [part["address"] for part in first["outputs"][0]["overrides"]["edit"]["after"]] == ["oss://input/pre2.mp4", str(SOURCE), "oss://other/sur.mp4"]


def test_sound_alone() -> None:
    found = overrides(f"audio/convert,ss_1000,t_2000,f_aac,ab_96000,ac_1,ar_44100{SAVE}")
    assert (found["video"], found["audio"]) == ({"remove": True}, {"sample_rate": 44100, "channels": 1, "bitrate_kbps": 96})
    joined = overrides(f"audio/concat,f_mp3,ab_128000/sur,o_{b64('b.mp3')}{SAVE}")
    assert joined["edit"]["after"] == [{"address": "oss://input/b.mp3"}]


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("f_jpg,inter_1000", {"mode": "series", "time": 0.0, "interval": 1.0}),
        ("f_jpg,ss_5000,inter_500,num_7", {"mode": "series", "time": 5.0, "interval": 0.5, "count": 7}),
        ("f_png,num_1,ss_1500", {"mode": "single", "time": 1.5}),
        ("f_png", {"mode": "frames", "every": 1}),
        ("f_png,num_30", {"mode": "frames", "every": 1, "count": 30}),
        ("f_jpg,m_key,num_3", {"mode": "keyframes", "count": 3}),
        ("f_jpg,m_key,inter_2000", {"mode": "keyframes", "interval": 2.0}),
        ("f_jpg,m_avg,num_5", {"mode": "average", "count": 5}),
    ],
)
def test_pictures(said: str, wanted: dict[str, Any]) -> None:
    found = document(f"video/snapshots,{said}|sys/saveas,o_{b64('p/pic-{index}.{autoext}')}")
    assert {name: value for name, value in found.items() if name not in ("kind", "input", "output", "format")} == wanted
    assert found["output"] == {"address": f"oss://input/p/pic-{{index}}.{said[2:5]}"}


def test_names_of_pictures_without_extension() -> None:
    assert document(f"video/snapshots,f_jpg,inter_1000|sys/saveas,o_{b64('p/pic')}")["output"] == {"address": "oss://input/p/pic_0_{index}.jpg"}
    assert document(f"video/snapshots,f_jpg,num_1|sys/saveas,o_{b64('p/pic')}")["output"] == {"address": "oss://input/p/pic.jpg"}


def test_sizes_of_pictures_in_px_and_percent() -> None:
    wanted = parse(f"video/snapshots,f_jpg,num_1,pw_50,h_100,scaletype_fit{SAVE}")
    checked = check(wanted, ASYNC)
    assert needs_probe(checked)
    found = to_spec(checked, wanted, SOURCE, UPRIGHT)
    assert (found["width"], found["height"], found["scale_type"]) == (360, 100, "fit"), "720 × 1280 as it is shown"
    assert not needs_probe(check(parse(f"video/snapshots,f_jpg,num_1,w_64{SAVE}"), ASYNC))


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("f_jpg,inter_2000", {"mode": "series", "time": 0.0, "interval": 2.0}),
        ("f_jpg,ss_1000,inter_500,num_150", {"mode": "series", "time": 1.0, "interval": 0.5, "count": 150}),
        ("f_png,m_avg,num_120", {"mode": "average", "count": 120}),
        ("f_png,num_120", {"mode": "average", "count": 120}),
    ],
)
def test_sheets(said: str, wanted: dict[str, Any]) -> None:
    found = document(f"video/sprite,{said},sw_80,psh_10,tw_5,th_4,pad_2,margin_3|sys/saveas,o_{b64('s/sheet-{index}.{autoext}')}", UPRIGHT)
    assert found["output"] == {"address": f"oss://input/s/sheet-{{index}}.{said[2:5]}"}
    assert {name: found[name] for name in wanted} == wanted
    cells = {"columns": 5, "rows": 4, "padding": 2, "margin": 3, "cell_width": 80, "cell_height": 128}
    assert {name: found[name] for name in cells} == cells


def test_the_name_of_a_single_sheet() -> None:
    assert document(f"video/sprite,f_jpg,inter_1000,num_100|sys/saveas,o_{b64('s/one.jpg')}")["output"] == {"address": "oss://input/s/one.jpg"}
    assert document(f"video/sprite,f_jpg,inter_1000|sys/saveas,o_{b64('s/many')}")["output"] == {"address": "oss://input/s/many_0_{index}.jpg"}


@pytest.mark.parametrize(
    ("said", "given", "video", "edit"),
    [
        ("f_gif,inter_1000,num_5", {"duration": 5.0}, {"fps": 1.0}, None),
        ("f_webp,ss_2000,inter_500,num_4,fps_4,w_160,h_90", {"start": 2.0, "duration": 2.0}, {"width": 160, "height": 90, "fps": 4.0}, {"speed": 2.0}),
        ("f_gif,inter_1000,fps_10", {}, {"fps": 10.0}, {"speed": 10.0}),
        ("f_gif,fps_10,num_20", {"duration": 2.0}, {"fps": 10.0}, None),
        ("f_gif", {}, {}, None),
        ("f_gif,num_50", {"duration": 2.0}, {}, None),
    ],
)
def test_animations(said: str, given: dict[str, Any], video: dict[str, Any], edit: dict[str, Any] | None) -> None:
    found = document(f"video/animation,{said}{SAVE}", UPRIGHT)
    assert found["input"] == {"address": str(SOURCE)} | given
    assert found["outputs"][0]["overrides"]["video"] == video
    assert found["outputs"][0]["overrides"].get("edit") == edit


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("video/convert,f_mp4", "sys/saveas"),
        (f"video/convert,f_mp4,vcodec_h264,crf_20,vb_100000{SAVE}", "exclude"),
        (f"video/convert,f_mp4,acodec_aac,aq_20,ab_100000{SAVE}", "exclude"),
        (f"video/convert,f_avi/segment,f_hls{SAVE}", "Segments"),
        (f"video/convert,f_ts/segment,f_dash{SAVE}", "Segments"),
        (f"video/convert,f_ts/segment,f_hls/segment,f_hls{SAVE}", "twice"),
        (f"video/concat,f_mp4{SAVE}", "at least one"),
        (f"video/concat,f_mp4{''.join('/sur,o_eA' for _ in range(11))}{SAVE}", "At most 11"),
        (f"video/concat,f_mp4,align_2/sur,o_eA{SAVE}", "align"),
        (f"video/concat,f_mp4/sur,o_{b64('../x')}{SAVE}", "segment"),
        (f"video/snapshots,f_jpg,m_avg{SAVE}", "num"),
        (f"video/snapshots,f_jpg,m_dhash,thr_10{SAVE}", "dhash"),
        (f"video/snapshots,f_jpg,w_100,pw_50,num_1{SAVE}", "exclude"),
        (f"video/sprite,f_jpg{SAVE}", "required"),
        (f"video/sprite,f_jpg,m_key,inter_1000{SAVE}", "required"),
    ],
)
def test_what_is_refused_before_any_job(text: str, why: str) -> None:
    wanted = parse(text)
    with pytest.raises(OssRefusal, match=why) as caught:
        to_spec(check(wanted, ASYNC), wanted, SOURCE, UPRIGHT)
    assert caught.value.code == "InvalidArgument"
