"""What a stranger may send in an output's overrides, and what is answered: a code, the place, and a plain sentence in both languages."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline")]
MP4, HLS = {"container": {"format": "mp4"}}, {"container": {"format": "hls"}}
KEY = {"method": "aes-128", "key": "0" * 32}
CASES: list[tuple[dict[str, Any], str]] = [
    ({}, "container"),
    ({"container": "mp4"}, "container"),
    ({"container": {"format": "mp5"}}, "container.format"),
    ({**MP4, "nonsense": 1}, "nonsense"),
    ({**MP4, "video": None}, "video"),
    ({**MP4, "video": {"width": "1280"}}, "video.width"),
    ({**MP4, "video": {"width": 0}}, "video.width"),
    ({**MP4, "video": {"fps": 241}}, "video.fps"),
    ({**MP4, "video": {"crf": 52}}, "video.crf"),
    ({**MP4, "video": {"gop": 0}}, "video.gop"),
    ({**MP4, "video": {"crop": {"width": 0, "height": 8}}}, "video.crop.width"),
    ({**MP4, "video": {"crop": "most"}}, "video.crop"),
    ({**MP4, "video": {"codec": "copy", "crf": 20}}, "video.crf"),
    ({**MP4, "audio": {"channels": 9}}, "audio.channels"),
    ({**MP4, "audio": {"sample_rate": 7}}, "audio.sample_rate"),
    ({**MP4, "audio": {"mix": "yes"}}, "audio.mix"),
    ({**MP4, "watermarks": [{}]}, "watermarks.0"),
    ({**MP4, "watermarks": [{"text": {"content": ""}}]}, "watermarks.0.text.content"),
    ({**MP4, "watermarks": [{"text": {"content": "x" * 5000}}]}, "watermarks.0.text.content"),
    ({**MP4, "watermarks": [{"text": {"content": "x"}}] * 21}, "watermarks"),
    ({**MP4, "watermarks": [{"image": "http://127.0.0.1/x.png"}]}, "watermarks.0.image"),
    ({**MP4, "delogos": "all"}, "delogos"),
    ({**HLS, "encryption": {"method": "aes-128", "key": "00"}}, "encryption.key"),
    ({**HLS, "encryption": {**KEY, "key_uri": "not a uri"}}, "encryption.key_uri"),
    ({**HLS, "encryption": {**KEY, "key_uri": "javascript:alert(1)"}}, "encryption.key_uri"),
    ({**HLS, "mux": {"segment_seconds": 61}}, "mux.segment_seconds"),
    ({**HLS, "mux": {"segment_name": "../%d"}}, "mux.segment_name"),
    ({**HLS, "ladder": [{"name": "A B", "video": {}}]}, "ladder.0.name"),
    ({**MP4, "subtitle": {"files": [{"address": "oss://input/x.srt", "charset": "klingon"}]}}, "subtitle.files.0.charset"),
    ({"container": {"format": "ts"}, "audio": {"codec": "flac"}}, "audio.codec"),
    ({"container": {"format": "srt"}, "video": {"codec": "h264"}}, "video"),
]


@pytest.mark.parametrize(("overrides", "place"), CASES, ids=[f"{number} {place}" for number, (_, place) in enumerate(CASES)])
def test_a_code_a_place_and_a_sentence(overrides: dict[str, Any], place: str, buckets: Any, api_of: Any, bob: Any) -> None:
    buckets.put(__file__, "clip.mp4")
    extension = "m3u8" if overrides.get("container") == {"format": "hls"} else "x"
    body = {"kind": "transcode", "input": "oss://input/clip.mp4", "outputs": [{"address": f"oss://output/a.{extension}", "overrides": overrides}]}
    for language in ("en", "zh-hans"):
        answer = api_of(bob).post("/api/v1/jobs", data=json.dumps(body), content_type="application/json", HTTP_ACCEPT_LANGUAGE=language)
        assert answer.status_code == 400, answer.content
        document = answer.json()
        assert document["code"] in ("InvalidParameter", "ImpossibleCombination")
        told = {".".join(map(str, error["loc"][3:])): error["message"] for error in document["errors"]}
        assert place in told, told
        assert "Value error" not in told[place]
        if language == "zh-hans":
            assert re.search("[\u4e00-\u9fff]", told[place]), told[place]
            assert not told[place].endswith("."), told[place]
