"""Impossible combinations: each with its place and sentence, all at once; and what is possible stays free of complaints."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.engine.abilities import ENCODERS, encoders_needed
from jobs.engine.codecs import AUDIO, CONTAINERS, VIDEO
from jobs.engine.combinations import check
from tests.engine.samples import template

NARROW_BOUND = "Narrowband needs the bound that it stays below: give an average or a peak bitrate."
RUNGS = [{"name": "a", "video": {"short_side": 360}}]


def said(format_: str, **sections: Any) -> list[tuple[tuple[str | int, ...], str]]:
    return [(p.loc, p.message) for p in check(template(format_, **sections))]


@pytest.mark.parametrize(
    ("format_", "sections", "place", "message"),
    [
        ("mp4", {"video": {"narrowband": {"method": 1}}}, ("video", "narrowband"), NARROW_BOUND),
        ("mp4", {"video": {"crf": 23.0, "narrowband": {"method": 2}}}, ("video", "narrowband"), NARROW_BOUND),
        (
            "mp4",
            {"video": {"codec": "copy", "narrowband": {"method": 2}}},
            ("video", "narrowband"),
            "A copied picture cannot be changed: remove «narrowband», or choose a codec.",
        ),
        (
            "mp4",
            {"video": {"codec": "av1", "bitrate_kbps": 900, "narrowband": {"method": 1}}},
            ("video", "narrowband", "method"),
            "Narrowband 1 does not make AV1: use H.264 or H.265.",
        ),
        (
            "webm",
            {"video": {"bitrate_kbps": 900, "narrowband": {"method": 2}}},
            ("video", "narrowband", "method"),
            "Narrowband 2 does not make VP9: use H.264, H.265 or AV1.",
        ),
        (
            "mp4",
            {"video": {"bitrate_kbps": 900, "passes": 2, "narrowband": {"method": 2}}},
            ("video", "passes"),
            "Narrowband looks at the input by itself: remove «passes».",
        ),
        (
            "mp4",
            {"video": {"bitrate_kbps": 900, "rate_control": "cbr", "narrowband": {"method": 2}}},
            ("video", "rate_control"),
            "A constant bitrate saves nothing: use abr, vbr or crf with Narrowband.",
        ),
        (
            "mp4",
            {"video": {"bitrate_kbps": 900, "scan": "interlaced", "narrowband": {"method": 1}}},
            ("video", "scan"),
            "Narrowband makes progressive pictures: use progressive, or no Narrowband.",
        ),
        (
            "hls",
            {"video": {"bitrate_kbps": 900, "narrowband": {"method": 1}}, "mux": {"growing_playlist": True}},
            ("mux", "growing_playlist"),
            "Narrowband is checked before it is published: remove «growing_playlist».",
        ),
        (
            "hls",
            {"video": {"bitrate_kbps": 900, "narrowband": {"method": 1}}, "ladder": RUNGS},
            ("video", "narrowband"),
            "Narrowband makes one picture: remove the ladder, or make an output of its own for each size.",
        ),
        (
            "mp4",
            {"video": {"bitrate_kbps": 900, "narrowband": {"method": 1}}, "edit": {"after": [{"address": "oss://input/b.mp4"}]}},
            ("video", "narrowband"),
            "Narrowband is measured against one source: it cannot be joined from several inputs.",
        ),
        (
            "flv",
            {"video": {"codec": "h265"}},
            ("video", "codec"),
            "FLV cannot hold H.265. FLV's tags know H.264, AAC and MP3. Use MP4, MOV, MKV, ASF, AVI, TS, HLS, DASH or CMAF.",
        ),
        (
            "ogg",
            {"audio": {"codec": "aac"}},
            ("audio", "codec"),
            "OGG cannot hold AAC. Use MP4, MOV, MKV, ASF, AVI, TS, FLV, HLS, DASH, CMAF, M4A or AAC (ADTS).",
        ),
        ("mp4", {"video": {"codec": "gif"}}, ("video", "codec"), "MP4 cannot hold GIF. Use GIF."),
        ("mp3", {"audio": {"sample_rate": 96000}}, ("audio", "sample_rate"), "MP3 cannot use 96 000 Hz. Use 48 000 Hz or less."),
        ("mp3", {"audio": {"channels": 6}}, ("audio", "channels"), "MP3 cannot have 6 channels. Use 1 or 2."),
        ("mp4", {"audio": {"channels": 7}}, ("audio", "channels"), "AAC cannot have 7 channels. Use 1, 2, 3, 4, 5, 6 or 8."),
        (
            "flv",
            {"audio": {"codec": "mp3", "sample_rate": 48000}},
            ("audio", "sample_rate"),
            "MP3 in FLV cannot use 48 000 Hz. Use 11 025 Hz, 22 050 Hz or 44 100 Hz.",
        ),
        ("flac", {"audio": {"bitrate_kbps": 500}}, ("audio", "bitrate_kbps"), "FLAC is lossless and has no bitrate."),
        ("mp3", {"audio": {"bitrate_kbps": 500}}, ("audio", "bitrate_kbps"), "MP3 has at most 320 kbit/s."),
        ("mp4", {"video": {"crf": 20.0, "bitrate_kbps": 500}}, ("video", "crf"), "Give CRF or bitrate, not both."),
        (
            "mp4",
            {"video": {"bitrate_kbps": 500, "maxrate_kbps": 400}},
            ("video", "maxrate_kbps"),
            "The peak bitrate (400 kbit/s) is below the average bitrate (500 kbit/s).",
        ),
        ("mp4", {"video": {"bufsize_kbit": 400}}, ("video", "bufsize_kbit"), "A buffer size needs a peak bitrate."),
        ("mp4", {"video": {"fps": 25.0, "max_fps": 30.0}}, ("video", "max_fps"), "Give a frame rate or its upper bound, not both."),
        ("mp4", {"video": {"short_side": 540, "width": 960}}, ("video", "short_side"), "Give the short side, or width and height, not both."),
        ("mp4", {"video": {"width": 961, "height": 540}}, ("video", "width"), "H.264 needs even sizes: use 960 or 962."),
        ("mp4", {"video": {"codec": "h265", "width": 960, "height": 541}}, ("video", "height"), "H.265 needs even sizes: use 540 or 542."),
        ("mp4", {"video": {"width": 960, "scale_type": "crop"}}, ("video", "scale_type"), "A way of scaling needs both width and height."),
        ("mp4", {"video": {"codec": "copy", "width": 640}}, ("video", "width"), "A copied picture cannot be changed: remove «width», or choose a codec."),
        (
            "mp4",
            {"audio": {"codec": "copy", "bitrate_kbps": 64}},
            ("audio", "bitrate_kbps"),
            "Copied sound cannot be changed: remove «bitrate_kbps», or choose a codec.",
        ),
        ("mp4", {"video": {"profile": "main10"}}, ("video", "profile"), "H.264 has no profile «main10». Use baseline, main, high, high10, high422 or high444."),
        ("mp4", {"video": {"codec": "h265", "profile": "high"}}, ("video", "profile"), "H.265 has no profile «high». Use main or main10."),
        ("mp4", {"video": {"remove": True}, "audio": {"remove": True}}, ("audio", "remove"), "Picture and sound are both removed; keep one."),
        ("mp3", {"audio": {"remove": True}}, ("audio", "remove"), "MP3 has nothing else to hold; do not remove it."),
        ("gif", {"video": {"remove": True}}, ("video", "remove"), "GIF has nothing else to hold; do not remove it."),
        ("mp3", {"video": {"crf": 20.0}}, ("video", "crf"), "MP3 holds sound only, so «crf» has no meaning."),
        ("mp4", {"video": {"remove": True, "crf": 20.0}}, ("video", "crf"), "The picture is removed, so «crf» has no meaning."),
        ("gif", {"audio": {"codec": "aac"}}, ("audio", "codec"), "GIF holds no sound, so «codec» has no meaning."),
        ("mp4", {"audio": {"remove": True, "codec": "aac"}}, ("audio", "codec"), "The sound is removed, so «codec» has no meaning."),
        ("gif", {"video": {"crf": 20.0}}, ("video", "crf"), "GIF has no «crf»."),
        ("gif", {"video": {"fps": 60.0}}, ("video", "fps"), "GIF plays at most 50 frames per second."),
        ("mp4", {"mux": {"segment_seconds": 5.0}}, ("mux", "segment_seconds"), "MP4 has no segments; only HLS, DASH and CMAF have."),
        ("mp4", {"mux": {"loop": 5}}, ("mux", "loop"), "MP4 does not loop; only GIF and WebP do."),
        ("mp4", {"ladder": RUNGS}, ("ladder",), "MP4 holds one rendition; a ladder needs HLS, DASH or CMAF."),
        ("hls", {"ladder": RUNGS, "video": {"remove": True}}, ("ladder",), "A ladder needs the picture, which is removed."),
        ("hls", {"ladder": RUNGS, "video": {"codec": "copy"}}, ("ladder",), "A copied picture has one size; a ladder needs a codec."),
        ("hls", {"ladder": [*RUNGS, *RUNGS]}, ("ladder", 1, "name"), "Two rungs are named «a»."),
        ("hls", {"ladder": [{"name": "a", "video": {"remove": True}}]}, ("ladder", 0, "video", "remove"), "A rung cannot drop the picture."),
        ("hls", {"ladder": [{"name": "a", "video": {"codec": "copy"}}]}, ("ladder", 0, "video", "codec"), "A rung cannot be a copy."),
        (
            "hls",
            {"ladder": [*RUNGS, {"name": "b", "video": {"bitrate_kbps": 500, "maxrate_kbps": 400}}]},
            ("ladder", 1, "video", "maxrate_kbps"),
            "The peak bitrate (400 kbit/s) is below the average bitrate (500 kbit/s).",
        ),
        (
            "hls",
            {"ladder": [{"name": "a", "video": {"short_side": 360}, "audio": {"codec": "flac"}}]},
            ("ladder", 0, "audio", "codec"),
            "HLS cannot hold FLAC. No standard says how MPEG-TS carries FLAC. Use MP4, MKV, DASH, CMAF, OGG or FLAC.",
        ),
    ],
)
def test_what_cannot_be_combined_is_said_with_its_place(format_: str, sections: dict[str, Any], place: tuple[str | int, ...], message: str) -> None:
    assert (place, message) in said(format_, **sections)


def test_all_mistakes_come_at_once() -> None:
    found = said("flv", video={"codec": "h265", "crf": 20.0, "bitrate_kbps": 500}, audio={"codec": "vorbis", "channels": 6}, mux={"segment_seconds": 2.0})
    assert [place for place, _ in found] == [("video", "codec"), ("video", "crf"), ("audio", "codec"), ("mux", "segment_seconds")]


@pytest.mark.parametrize("format_", CONTAINERS)
def test_every_format_is_possible_with_nothing_else_said(format_: str) -> None:
    assert said(format_) == []


@pytest.mark.parametrize(("format_", "codec"), [(f, c) for f, row in CONTAINERS.items() for c in row.video])
def test_every_picture_codec_of_the_table_is_possible_in_its_container(format_: str, codec: str) -> None:
    assert said(format_, video={"codec": codec}) == []
    assert VIDEO[codec].stream in CONTAINERS[format_].copies


@pytest.mark.parametrize(("format_", "codec"), [(f, c) for f, row in CONTAINERS.items() for c in row.audio])
def test_every_sound_codec_of_the_table_is_possible_in_its_container(format_: str, codec: str) -> None:
    assert said(format_, audio={"codec": codec}) == []
    assert AUDIO[codec].stream in CONTAINERS[format_].copies


def test_one_odd_side_is_brought_to_even_and_no_mistake() -> None:
    assert said("mp4", video={"width": 853}) == []
    assert said("mp4", video={"short_side": 361}) == []
    assert said("gif", video={"width": 101, "height": 67}) == []


@pytest.mark.parametrize(
    ("format_", "sections", "encoders"),
    [
        ("mp4", {}, {"libx264", "aac"}),
        ("mp4", {"video": {"codec": "h265"}, "audio": {"remove": True}}, {"libx265"}),
        ("mkv", {"video": {"codec": "copy"}, "audio": {"codec": "vorbis"}}, {"libvorbis"}),
        ("mp4", {"video": {"codec": "copy"}, "audio": {"codec": "copy"}}, set()),
        ("mp3", {"video": {"remove": True}}, {"libmp3lame"}),
        ("gif", {}, {"gif"}),
        (
            "hls",
            {"ladder": [{"name": "a", "video": {"codec": "h265"}}, {"name": "b", "video": {}, "audio": {"codec": "mp3"}}]},
            {"libx264", "libx265", "aac", "libmp3lame"},
        ),
    ],
)
def test_encoders_needed(format_: str, sections: dict[str, Any], encoders: set[str]) -> None:
    assert encoders_needed(template(format_, **sections)) == encoders
    assert encoders <= set(ENCODERS.values())
