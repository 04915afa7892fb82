"""The rules by which the editor hides fields, held against the engine: what is shown can be said, what can be said is shown, for every container and codec."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from jobs.engine.codecs import AUDIO, CONTAINERS, VIDEO
from jobs.engine.combinations import check
from jobs.engine.template import Template
from templates_app.forms import kind_of
from templates_app.offered import offered
from templates_app.schema import Leaf, node
from templates_app.words import shown

PART = {"address": "oss://input/a.mp4"}
# A value of each field (or some, of which one must be possible), and what it cannot be said without
VALUES: dict[str, tuple[Any, ...]] = {
    "video.profile": ("high", "main", "standard"), "video.level": ("4",), "video.preset": ("fast",), "video.rate_control": ("abr", "cbr"), "video.passes": (2,),
    "video.crf": (20.0,), "video.bitrate_kbps": (500,), "video.bitrate_min_kbps": (100,), "video.bitrate_max_kbps": (900,), "video.maxrate_kbps": (800,),
    "video.bufsize_kbit": (800,), "video.width": (320,), "video.height": (180,), "video.short_side": (180,), "video.long_side": (320,),
    "video.follow_orientation": (True,), "video.scale_type": ("fit",), "video.fps": (25.0,), "video.max_fps": (30.0,), "video.gop": (50,), "video.gop_seconds": (2.0,),
    "video.closed_gop": (True,), "video.bframes": (2,), "video.refs": (3,), "video.pixel_format": ("yuv420p",), "video.crop": ("auto",), "video.pad": ("auto",),
    "video.rotate": (90,), "video.flip": ("horizontal",), "video.deinterlace": ("auto",), "video.denoise": ("light",), "video.sharpen": ("light",), "video.hdr": ("sdr",),
    "audio.profile": ("aac_low",), "audio.sample_rate": (48000, 8000), "audio.channels": (1,), "audio.bitrate_kbps": (64,), "audio.quality": (50,),
    "audio.bit_depth": (16,), "audio.volume_db": (1.0,), "audio.loudness": ({},), "audio.mix": (True,), "audio.mix_streams": ([0],),
    "audios": ([{"stream": 0}],), "watermarks": ([{"image": "oss://input/a.png"}],), "delogos": ([{"width": 10, "height": 10}],),
    "encryption": ({"method": "aes-128"}, {"method": "cbcs"}), "ladder": ([{"name": "360p", "video": {"short_side": 360}}],),
    "subtitle.remove": (True,), "subtitle.streams": ([0],), "subtitle.burn_stream": (0,),
    "subtitle.files": ([{"address": "oss://input/a.srt"}], [{"address": "oss://input/a.srt", "burn": True}]),
    "edit.start": (1.0,), "edit.duration": (1.0,), "edit.end": (1.0,), "edit.clip_first_part": (True,), "edit.before": ([PART],), "edit.after": ([PART],),
    "edit.after_list": ("oss://input/a.json",), "edit.openings": ([PART],), "edit.tails": ([PART],), "edit.speed": (2.0,),
    "mux.segment_seconds": (5.0,), "mux.segment_format": ("ts", "fmp4"), "mux.cut_times": ([1.0],), "mux.start_number": (2,), "mux.segment_name": ("{name}-%d",),
    "mux.iframe_playlist": (True,), "mux.growing_playlist": (True,), "mux.loop": (2,), "mux.final_delay_cs": (3,), "mux.palette": ("frame",),
    "mux.dither": ("bayer",), "mux.strip_metadata": (True,),
}  # fmt: skip
WITH: dict[str, dict[str, Any]] = {
    "video.bufsize_kbit": {"video.maxrate_kbps": 800},
    "video.rate_control": {"video.bitrate_kbps": 500},
    "video.follow_orientation": {"video.width": 320},
    "video.scale_type": {"video.width": 320, "video.height": 180},
    "video.passes": {"video.bitrate_kbps": 500},
    "audio.mix_streams": {"audio.mix": True},
    "edit.clip_first_part": {"edit.start": 1.0, "edit.after": [PART]},
}
JOINS = ("edit.before", "edit.after", "edit.after_list")


def excused(path: str, format_: str, video: str | None, audio: str | None) -> bool:
    """What a rule of «and» cannot say: then the field is shown, and the summary tells why it cannot be."""
    return (
        (path in JOINS and audio == "copy" and video not in (None, "copy"))  # copied sound is joined with a copied picture only
        or (path == "subtitle.files" and video == "copy" and not CONTAINERS[format_].subtitles)  # neither a track nor drawn
        or (path == "video.bframes" and format_ == "mxf")
        or (path == "audio.sample_rate" and (format_, audio) == ("flv", "mp3"))  # other rates can be chosen
    )


def put(template: dict[str, Any], path: str, value: Any) -> None:
    section, _, name = path.partition(".")
    if name:
        template.setdefault(section, {})[name] = value
    else:
        template[section] = value


def refused(template: dict[str, Any]) -> list[str]:
    return [problem.message for problem in check(Template.model_validate_json(json.dumps(template)))]


def holds(template: dict[str, Any], rule: str) -> bool:
    """As editor.js reads a rule."""
    can = offered()["codecs"][template["container"]["format"]]

    def said(name: str) -> str:
        if name == "kind":
            return kind_of(template)
        section, _, field = name.partition(".")
        value = (template.get(section) or {}).get(field)
        if value in (None, False):
            return (can[section] or [""])[0] if field == "codec" else ""
        return "on" if value is True else str(value)

    def part(text: str) -> bool:
        name, unlike, values = text.partition("!=") if "!=" in text else (*text.partition("=")[:1], "", text.partition("=")[2])
        if any(name.startswith(f"{stream}.") and not can[stream] for stream in ("video", "audio")):
            return bool(unlike)
        return (said(name) in values.split(",")) != bool(unlike)

    return all(part(text) for text in rule.split(";")) if rule else True


@pytest.mark.parametrize("format_", CONTAINERS)
def test_what_is_shown_can_be_said_and_the_other_way_round(format_: str) -> None:
    held = CONTAINERS[format_]
    wrong = []
    for video in [*held.video, "copy"] if held.video else [None]:
        for audio in [*held.audio, "copy"] if held.audio else [None]:
            base: dict[str, Any] = {"container": {"format": format_}}
            for section, codec in (("video", video), ("audio", audio)):
                if codec:
                    put(base, f"{section}.codec", codec)
            for path, values in VALUES.items():
                template = copy.deepcopy(base)
                for name, value in WITH.get(path, {}).items():
                    put(template, name, value)
                told: list[str] = []
                for value in values:
                    put(template, path, value)
                    if not (told := refused(template)):
                        break
                row = node(path)
                visible = holds(template, shown(row.owner, row.name).when)
                if visible != (not told) and not excused(path, format_, video, audio):
                    wrong.append((path, video, audio, "shown" if visible else "hidden", told[:1]))
    assert not wrong


def test_every_choice_that_hangs_on_another_field_is_one_of_the_engine() -> None:
    for field, (by, values) in offered()["choices"].items():
        row, other = node(field), node(by)
        assert isinstance(row, Leaf)
        assert isinstance(other, Leaf)
        known, keys = {str(choice) for choice in row.choices}, {str(choice) for choice in other.choices}
        for key, choices in values.items():
            assert key in keys, field
            assert choices or field == "video.pixel_format", (field, key)
            assert set(choices) <= known or key in ("gif", "webp"), (field, key)


def test_a_slider_goes_as_far_as_the_codec_does() -> None:
    by, ranges = offered()["ranges"]["video.crf"]
    assert by == "video.codec"
    assert {codec: (row["most"], row["usual"]) for codec, row in ranges.items()} == {"h264": (51, 23), "h265": (51, 26), "vp9": (63, 31), "av1": (63, 30)}
    for codec, row in ranges.items():
        container = "webm" if codec == "vp9" else "mp4"
        said = [check(template_of(container, codec, crf)) for crf in (1.0, row["usual"], float(row["most"]))]
        assert not any(said), codec
        if row["most"] < 63:
            assert check(template_of(container, codec, row["most"] + 1.0))
        assert row["advised"] == ((23, 29) if row["most"] == 51 else None)


def template_of(container: str, codec: str, crf: float) -> Template:
    """A template with a codec and its CRF."""
    return Template.model_validate({"container": {"format": container}, "video": {"codec": codec, "crf": crf}})


@pytest.mark.parametrize(
    ("field", "codec"),
    [("profile", c) for c in ("h264", "h265", "prores")] + [("level", c) for c in ("h264", "h265")] + [("rate_control", c) for c in ("h264", "mpeg2", "av1")],
)
def test_the_choices_of_a_codec_are_those_that_the_door_lets_in(field: str, codec: str) -> None:
    row = node(f"video.{field}")
    assert isinstance(row, Leaf)
    offered_ = offered()["choices"][f"video.{field}"][1][codec]
    for choice in row.choices:
        template: dict[str, Any] = {"container": {"format": "mkv"}, "video": {"codec": codec, field: choice}}
        if field == "rate_control" and choice != "crf":
            template["video"]["bitrate_kbps"] = 500
        assert (not refused(template)) == (str(choice) in offered_), choice


@pytest.mark.parametrize("codec", sorted(AUDIO))
def test_the_rates_of_a_codec_are_those_that_the_door_lets_in(codec: str) -> None:
    row = node("audio.sample_rate")
    assert isinstance(row, Leaf)
    format_ = next(name for name in ("mkv", "amr") if codec in CONTAINERS[name].audio)
    rates = offered()["choices"]["audio.sample_rate"][1].get(codec, [str(rate) for rate in row.choices])
    for rate in row.choices:
        told = refused({"container": {"format": format_}, "audio": {"codec": codec, "sample_rate": rate}})
        assert (not told) == (str(rate) in rates), rate


def test_codecs_of_each_container() -> None:
    assert {name for row in offered()["codecs"].values() for name in row["video"]} == {*VIDEO, "copy"}
    assert offered()["codecs"]["mp3"] == {"video": [], "audio": ["mp3", "copy"]}
