"""Processing requests taken apart, and every way in which they can be wrong."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from jobs.dialects.call import OssRefusal
from jobs.dialects.oss.grammar import LENGTH, decoded, parse
from jobs.dialects.oss.parameters import ASYNC, AT_ONCE, check


def b64(text: str, *, padded: bool = True) -> str:
    """As the SDK's users write names."""
    found = base64.urlsafe_b64encode(text.encode()).decode()
    return found if padded else found.rstrip("=")


def test_the_request_of_the_guide() -> None:
    wanted = parse(
        "video/convert,ss_10000,t_60000,f_ts,vcodec_h264,vb_1000000,acodec_mp3,ab_100000/segment,f_hls,t_30000"
        "|sys/saveas,b_b3V0YnVja2V0,o_b3V0b2JqcHJlZml4LnthdXRvZXh0fQ/notify,topic_QXVkaW9Db252ZXJ0"
    )
    assert (wanted.operation, wanted.bucket, wanted.key, wanted.topic) == ("video/convert", "outbucket", "outobjprefix.{autoext}", "AudioConvert")
    assert [(node.name, dict(node.values)) for node in wanted.nodes] == [("segment", {"f": "hls", "t": "30000"})]
    assert dict(wanted.values) == {"ss": "10000", "t": "60000", "f": "ts", "vcodec": "h264", "vb": "1000000", "acodec": "mp3", "ab": "100000"}


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("name", ["dest.avi", "目录/视频 +%2F?.mp4", "a>b~c?d.mp4", "x"])
def test_names_with_and_without_padding(name: str, padded: bool) -> None:
    wanted = parse(f"video/convert,f_mp4|sys/saveas,o_{b64(name, padded=padded)}")
    assert (wanted.bucket, wanted.key) == ("", name)


def test_notify_may_stand_in_either_half() -> None:
    assert parse(f"video/convert,f_mp4/notify,topic_{b64('T')}|sys/saveas,o_{b64('k')}").topic == "T"


WRONG = [
    ("", "empty"),
    ("video", "not supported"),
    ("video/", "missing"),
    ("|sys/saveas,o_eA", "empty"),
    ("video/convert,f_mp4,", "name_value"),
    ("video/convert,f", "name_value"),
    ("video/convert,f_", "name_value"),
    ("video/convert,_mp4", "name_value"),
    ("video/convert,f_mp4,f_mkv", "twice"),
    ("video/convert,f_mp4|sys/saveas,o_***", "Base64"),
    ("video/convert,f_mp4|sys/saveas,o_a", "Base64"),
    ("video/convert,f_mp4|sys/saveas,o__w", "Base64"),
    ("video/convert,f_mp4|sys/saveas,b_eA", "parameter o"),
    ("video/convert,f_mp4|sys/saveas,o_eA,x_eA", "not supported"),
    ("video/convert,f_mp4|sys/saveas,o_eA|sys/saveas,o_eA", "twice"),
    ("video/convert,f_mp4|sys/delete,o_eA", "not supported"),
    ("video/convert,f_mp4|image/resize,w_1", "not supported"),
    ("video/convert,f_mp4|sys/saveas,o_eA/notify", "topic"),
    ("video/convert,f_mp4|sys/saveas,o_eA/notify,topic_eA/notify,topic_eA", "twice"),
    ("VIDEO/CONVERT,F_mp4", "not supported"),
    ("video/convert,f_" + "x" * LENGTH, "longer"),
]


@pytest.mark.parametrize(("text", "why"), WRONG)
def test_it_refuses_what_is_not_written_so(text: str, why: str) -> None:
    with pytest.raises(OssRefusal, match=why) as caught:
        parse(text)
    assert (caught.value.code, caught.value.status) == ("InvalidArgument", 400)


BAD_VALUES = [
    "video/convert",
    "video/convert,f_exe",
    "video/convert,f_mp4,vcodec_av1",
    "video/convert,f_mp4,ss_-1",
    "video/convert,f_mp4,ss_1.5",
    "video/convert,f_mp4,t_x",
    "video/convert,f_mp4,fps_241",
    "video/convert,f_mp4,fps_-1",
    "video/convert,f_mp4,fps_nan",
    "video/convert,f_mp4,fps_1e1",
    "video/convert,f_mp4,fpsopt_3",
    "video/convert,f_mp4,pixfmt_rgb24",
    "video/convert,f_mp4,s_1920",
    "video/convert,f_mp4,s_1921x1080",
    "video/convert,f_mp4,s_62x64",
    "video/convert,f_mp4,s_4098x64",
    "video/convert,f_mp4,sopt_9",
    "video/convert,f_mp4,scaletype_zoom",
    "video/convert,f_mp4,arotate_2",
    "video/convert,f_mp4,g_0",
    "video/convert,f_mp4,g_100001",
    "video/convert,f_mp4,vb_9999",
    "video/convert,f_mp4,vb_100000001",
    "video/convert,f_mp4,crf_51.5",
    "video/convert,f_mp4,maxrate_1",
    "video/convert,f_mp4,bufsize_200000001",
    "video/convert,f_mp4,an_yes",
    "video/convert,f_mp4,acodec_wma",
    "video/convert,f_mp4,ar_44000",
    "video/convert,f_mp4,ac_0",
    "video/convert,f_mp4,ac_9",
    "video/convert,f_mp4,aq_101",
    "video/convert,f_mp4,ab_999",
    "video/convert,f_mp4,adepth_20",
    "video/convert,f_mp4,unknown_1",
    "video/convert,f_mp4/segment,t_1000",
    "video/convert,f_mp4/segment,f_smooth",
    "video/convert,f_mp4/segment,f_hls,t_3600001",
    "video/convert,f_mp4/pre,o_eA",
    "video/snapshots,f_gif",
    "video/snapshots,f_jpg,num_0",
    "video/snapshots,f_jpg,w_31",
    "video/snapshots,f_jpg,pw_0",
    "video/snapshots,f_jpg,pw_200.5",
    "video/snapshots,f_jpg,m_all",
    "video/animation,f_mp4",
    "video/concat,f_mp4/pre,ss_1",
    "video/concat,f_mp4/sur,o_***",
    "video/convertx,f_mp4",
    "video/snapshot,t_1",
    "image/resize,w_100",
    "audio/convert,f_mp4",
    "audio/convert,f_mp3,vcodec_h264",
]


@pytest.mark.parametrize("text", BAD_VALUES)
def test_it_refuses_values_out_of_bounds(text: str) -> None:
    with pytest.raises(OssRefusal) as caught:
        check(parse(text), ASYNC)
    assert caught.value.code == "InvalidArgument"
    assert caught.value.message.endswith(".")


EDGES: list[tuple[str, str, Any]] = [
    ("video/convert,f_mp4,fps_0", "fps", 0.0),
    ("video/convert,f_mp4,fps_29.97", "fps", 29.97),
    ("video/convert,f_mp4,s_64x4096", "s", (64, 4096)),
    ("video/convert,f_mp4,s_4096X64", "s", (4096, 64)),
    ("video/convert,f_mp4,crf_51", "crf", 51.0),
    ("video/convert,f_mp4,vb_10000", "vb", 10_000),
    ("video/convert,f_mp4,vb_100000000", "vb", 100_000_000),
    ("video/convert,f_mp4,an_1", "an", True),
    ("video/convert,f_mp4,ab_10000000", "ab", 10_000_000),
    ("video/convert,f_mp4,ss_0", "ss", 0),
    ("video/snapshots,f_png,pw_0.5", "pw", 0.5),
    ("video/snapshots,f_png,w_4096", "w", 4096),
]


@pytest.mark.parametrize(("text", "name", "value"), EDGES)
def test_values_at_the_edge(text: str, name: str, value: Any) -> None:
    assert check(parse(text), ASYNC).values[name] == value


def test_what_is_done_at_once_is_not_done_as_a_job_and_the_other_way_round() -> None:
    assert check(parse("video/snapshot,t_7000,f_jpg,w_800,h_600,m_fast"), AT_ONCE).values == {"t": 7000, "f": "jpg", "w": 800, "h": 600, "m": "fast"}
    with pytest.raises(OssRefusal):
        check(parse("video/convert,f_mp4"), AT_ONCE)


@pytest.mark.parametrize("text", ["", "=", "eA===", "e A", "eA\n", "é", "_w"])
def test_what_is_no_base64(text: str) -> None:
    with pytest.raises(OssRefusal):
        decoded(text, "o")
