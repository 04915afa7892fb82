"""The translators by themselves: recorded requests and what they mean, and that nothing that anybody sends is more than a refusal."""

from __future__ import annotations

import base64
import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from jobs.dialects import answer_template, translate_template
from jobs.dialects.call import Refusal
from jobs.dialects.mps import answer_edit, answer_job, errors, translate_marks, translate_output, translate_snapshot
from jobs.dialects.mps.translate_output import Known
from jobs.dialects.reading import Bad, Fields
from jobs.engine.combinations import check
from jobs.engine.errors import CODES, Problem, Refused
from jobs.engine.spec import JOB_SPEC
from jobs.engine.template import Template, merge

URL = "http://input.oss-cn-hangzhou.aliyuncs.com/"
PRESET = {
    "container": {"format": "mp4"},
    "video": {
        "codec": "h264",
        "profile": "high",
        "bitrate_kbps": 1800,
        "maxrate_kbps": 2700,
        "bufsize_kbit": 5400,
        "width": 1280,
        "max_fps": 60,
        "preset": "medium",
    },
    "audio": {"codec": "aac", "sample_rate": 44100, "channels": 2, "bitrate_kbps": 128},
}
OUTPUT: dict[str, Any] = {
    "OutputObject": "out%2F%7BFileName%7D.mp4",
    "TemplateId": "S00000001-200030",
    "Container": {"Format": "mp4"},
    "Video": {"Codec": "H.264", "Bitrate": "800", "Width": 640, "Fps": "25", "Gop": "5s", "Crop": "100:100:0:0", "Remove": "false"},
    "Audio": {"Codec": "AAC", "Bitrate": "64", "Channels": "2", "Samplerate": "48000", "Volume": {"Method": "dynamic", "TruePeak": "-2"}},
    "TransConfig": {"TransMode": "twopass", "IsCheckReso": True, "AdjDarMethod": "crop"},
    "MuxConfig": {"Segment": {"Duration": "5", "ForceSegTime": "1,2.5"}},
    "WaterMarks": [
        {"InputFile": {"Bucket": "input", "Location": "oss-x", "Object": "a%2Fb.png"}, "Width": "0.1", "Dx": "10", "Timeline": {"Start": "1", "Duration": "2"}}
    ],
    "Clip": {"TimeSpan": {"Seek": "00:00:01.5", "Duration": "10"}, "ConfigToClipFirstPart": True},
    "Rotate": "90",
    "MergeList": [{"MergeURL": URL + "m.mp4", "Start": "1", "Duration": "2"}],
    "OpeningList": [{"OpenUrl": URL + "o.mp4", "Start": "1", "Width": "full", "Height": "-1"}],
    "TailSlateList": [{"TailUrl": URL + "t.mp4", "BlendDuration": "1", "IsMergeAudio": "false", "BgColor": "Black"}],
    "SubtitleConfig": {"ExtSubtitleList": [{"Input": {"Bucket": "input", "Object": "s.srt"}, "CharEnc": "BIG5"}], "SubtitleList": [{"Map": "0:s:1"}]},
    "DeWatermark": {"0": [{"L": 10, "T": 20, "W": 30, "H": 40}], "5000": [{"L": 0.1, "T": 0.2, "W": 0.3, "H": 0.4}], "8000": []},
    "AudioStreamMap": "0:a:1",
    "Priority": "10",
    "UserData": "mine",
}


def read(document: dict[str, Any], base: dict[str, Any] = PRESET) -> translate_output.Asked:
    return translate_output.output(Fields(document, "Outputs[0]"), "output", Known(base, {}))


def test_an_output_in_full() -> None:
    asked = read(OUTPUT)
    assert (asked.priority, asked.spec["user_data"], asked.spec["template"]) == (10, "mine", "S00000001-200030")
    assert asked.spec["address"] == "oss://output/out/{FileName}.mp4"
    said = asked.spec["overrides"]
    assert said["video"] == {
        "codec": "h264", "bitrate_kbps": 800, "maxrate_kbps": None, "bufsize_kbit": None, "width": 640, "fps": 25.0, "max_fps": None, "gop_seconds": 5.0,
        "crop": {"width": 100, "height": 100, "left": 0, "top": 0}, "passes": 2, "rate_control": "abr", "rotate": 90,
    }  # fmt: skip
    assert said["audio"]["loudness"] == {"integrated_lufs": -6.0, "true_peak_db": -2.0, "range_lu": 8.0}
    assert said["conditions"] == {"if_smaller": "keep"}
    assert said["watermarks"] == [{"width": 0.1, "dx": 10, "start": 1.0, "duration": 2.0, "image": "oss://input/a/b.png"}]
    assert said["edit"] == {
        "start": 1.5,
        "duration": 10.0,
        "clip_first_part": True,
        "after": [{"address": "oss://input/m.mp4", "start": 1.0, "duration": 2.0}],
        "openings": [{"address": "oss://input/o.mp4", "width": "full", "height": "own", "start": 1.0}],
        "tails": [{"address": "oss://input/t.mp4", "blend_seconds": 1.0, "keep_audio": False, "background": "black"}],
    }
    assert said["subtitle"] == {"files": [{"address": "oss://input/s.srt", "burn": True, "charset": "big5"}], "streams": [1]}
    assert [(area["dx"], area.get("start"), area["duration"]) for area in said["delogos"]] == [(10, None, 5.0), (0.1, 5.0, 3.0)]
    assert said["audios"] == [{"stream": 1}]
    del said["audios"]  # joined inputs have one sound
    assert not list(check(merge(Template.model_validate(PRESET, strict=False), said)))
    assert JOB_SPEC.validate_json(json.dumps({"kind": "transcode", "input": "oss://input/x.mp4", "outputs": [asked.spec]}))


def test_everything_may_be_json_in_a_text_too() -> None:
    texts = {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in OUTPUT.items()}
    assert read(texts) == read(OUTPUT)


def test_what_is_empty_counts_as_not_said() -> None:
    bare = {"OutputObject": "a.mp4", "TemplateId": "x"}
    empty = {name: {} if isinstance(value, dict) else [] if isinstance(value, list) else "" for name, value in OUTPUT.items() if name not in bare}
    assert read(bare | empty) == read(bare)
    assert read(bare).spec["overrides"] == {}


def test_an_override_unsays_what_it_contradicts() -> None:
    for document in (
        {"Video": {"Crf": "20"}},
        {"Video": {"Bitrate": "9000"}},
        {"Video": {"Codec": "H.265"}},
        {"Video": {"Fps": "50"}},
        {"Video": {"Remove": "true"}},
        {"Audio": {"Remove": True}},
        {"Container": {"Format": "mp3"}},
        {"Container": {"Format": "flac"}},
        {"Container": {"Format": "gif"}},
        {"Container": {"Format": "ogg"}, "Audio": {"Codec": "FLAC"}},
        {"TransConfig": {"TransMode": "CBR"}},
        {"TransConfig": {"TransMode": "VBR"}},
        {"TransConfig": {"TransMode": "fixCRF"}},
        {"TransConfig": {"TransMode": "twopass"}},
    ):
        said = read({"OutputObject": "a", "TemplateId": "x"} | document).spec["overrides"]
        merged = merge(Template.model_validate(PRESET, strict=False), said)
        assert not list(check(merged)), (document, said)


def test_a_template_comes_back_as_it_was_said() -> None:
    said = {
        "Container": {"Format": "m3u8"},
        "Video": OUTPUT["Video"],
        "Audio": {"Codec": "AAC"},
        "MuxConfig": OUTPUT["MuxConfig"],
        "TransConfig": {"TransMode": "VBR"},
    }
    params = translate_template.template(Fields({name: json.dumps(value) for name, value in said.items()}))
    told = answer_template.parts(Template.model_validate(params, strict=False).model_dump(mode="json"), removals=True)
    assert told["Container"] == {"Format": "m3u8"}
    assert {name: told["Video"][name] for name in OUTPUT["Video"]} == {name: str(value) for name, value in OUTPUT["Video"].items()}
    assert told["MuxConfig"] == {"Segment": {"Duration": "5", "ForceSegTime": "1,2.5"}}
    assert told["TransConfig"]["TransMode"] == "VBR"
    again = translate_template.template(Fields(told))
    assert {name: value for name, value in again["video"].items() if name != "pixel_format"} == params["video"]


def test_what_is_laid_over_a_picture_comes_back() -> None:
    effective = merge(Template.model_validate(PRESET, strict=False), read(OUTPUT).spec["overrides"]).model_dump(mode="json")
    told = answer_edit.edit(effective, "oss-cn-hangzhou") | {"DeWatermark": answer_edit.delogos(effective)}
    assert told["Clip"]["TimeSpan"] == {"Seek": "1.5", "Duration": "10"}
    assert told["MergeList"]["Merge"][0]["MergeURL"] == URL + "m.mp4"
    assert (told["OpeningList"]["Opening"][0]["openUrl"], told["OpeningList"]["Opening"][0]["Width"]) == (URL + "o.mp4", "full")
    assert told["TailSlateList"]["TailSlate"][0]["IsMergeAudio"] is False
    assert json.loads(told["DeWatermark"]) == OUTPUT["DeWatermark"]


def test_colours_are_told_as_answers_about_jobs_spell_them() -> None:
    row = {"index": 0, "codec": "hevc", "width": 640, "height": 360, "color_transfer": "arib-std-b67", "color_primaries": "bt2020"}
    (stream,) = answer_job.properties({"video": [row]}, "mp4")["Streams"]["VideoStreamList"]["VideoStream"]
    assert (stream["colorTransfer"], stream["colorPrimaries"]) == (stream["ColorTransfer"], stream["ColorPrimaries"]) == ("arib-std-b67", "bt2020")
    (plain,) = answer_job.properties({"video": [{"index": 0, "codec": "h264"}]}, "")["Streams"]["VideoStreamList"]["VideoStream"]
    assert not [name for name in plain if "olor" in name]


def test_every_code_of_ours_has_one_of_mps() -> None:
    theirs = {code for code, _status in errors.CODES.values()}
    assert set(errors.CODES) <= set(CODES)
    assert all(code.split(".")[0] in ("InvalidParameter", "PermissionDenied", "ServiceUnavailable", "Parameters", "Forbidden") for code in theirs)
    for code in CODES:
        assert errors.job_code(code)
    refusal = errors.failure(Refused("InvalidParameter", problems=(Problem(("params", "video", "crf"), "Too much."),)))
    assert refusal is not None
    assert refusal.message == 'The specified parameter "Video.Crf" is invalid. Too much.'
    assert errors.failure(KeyError("x")) is None


# --- whatever comes ---------------------------------------------------------------------------------------------------
ODD: tuple[Any, ...] = (
    None, "", " ", 0, -1, 1e308, 2**80, "NaN", "Infinity", "-0", "1e999", True, "true", [], {}, [[]], [{}], {"": ""}, "{", "[", '"', "\\u0000", "%", "%ff", "%00", "../..",
    "0:a:99999999", "0:a:-1", "ᴀ", "\ud800", "x" * 5000, "99:99:99", "{FileName", "{{}}", "oss://", "http://", "http://[", "http://[::1]/b/k", "file:///x", "٣", "１", "-",
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a document."""
    if path:
        yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places(inner, (*path, name))
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*path, index))


def put(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(document)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return changed


def translated(what: str, document: dict[str, Any]) -> None:
    fields = Fields(document)
    if what == "output":
        translate_output.output(fields, "output", Known(PRESET, {}), "http://127.0.0.1:8000")
    elif what == "template":
        translate_template.template(fields)
    elif what == "mark":
        translate_marks.template(fields)
    else:
        translate_snapshot.snapshots(fields, "oss://input/x.mp4")


DOCUMENTS: dict[str, dict[str, Any]] = {
    "output": OUTPUT
    | {
        "Container": {"Format": "m3u8"},
        "Encryption": {"Type": "hls-aes-128", "Key": base64.b64encode(bytes(16)).decode(), "KeyType": "Base64", "KeyUri": "aHR0cDovL2E="},
        "Amix": [{"AmixURL": "input", "Map": "0:a:1"}],
        "WaterMarks": [{"Type": "Text", "TextWaterMark": {"Content": "QQ==", "FontSize": "16", "FontColor": "Red", "Top": 1, "Left": 2}}],
    },
    "template": {name: OUTPUT[name] for name in translate_template.OBJECTS},
    "mark": {"Type": "Image", "Width": "0.1", "Dx": "10", "ReferPos": "TopLeft", "Timeline": {"Start": "1", "Duration": "2"}, "RatioRefer": {"Dx": "Width"}},
    "snapshot": {
        "OutputFile": {"Bucket": "output", "Location": "x", "Object": "{Count}.jpg"},
        "TileOutputFile": {"Bucket": "output", "Location": "x", "Object": "{TileCount}.jpg"},
        "Time": "0",
        "TimeArray": {"TimePointList": [1, 2]},
        "Interval": "1",
        "Num": "5",
        "Width": "100",
        "BlackLevel": "50",
        "TileOut": {"Lines": 2, "Columns": 3, "Color": "black", "IsKeepCellPic": "true"},
    },
}


@pytest.mark.parametrize("what", list(DOCUMENTS))
def test_any_value_anywhere_is_taken_or_refused(what: str) -> None:
    document = DOCUMENTS[what]
    taken = refused = 0
    for path in places(document):
        for value in ODD:
            try:
                translated(what, put(document, path, value))
                taken += 1
            except (Bad, Refusal) as error:
                refusal = error if isinstance(error, Refusal) else errors.failure(error)
                assert refusal is not None
                assert refusal.code
                assert refusal.message
                refused += 1
    assert taken
    assert refused > 50


@pytest.mark.parametrize("what", list(DOCUMENTS))
def test_several_odd_values_at_once(what: str) -> None:
    dice = random.Random(what)
    document = DOCUMENTS[what]
    for _round in range(1500):
        changed = document
        for _change in range(dice.randint(2, 5)):
            path = dice.choice(list(places(changed)))
            changed = put(changed, path, dice.choice(ODD))
        try:
            translated(what, changed)
        except (Bad, Refusal):
            continue
