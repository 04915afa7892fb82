"""Texts of sets: the rules of playlists, manifests, key frames in bytes, and what verify says of sets with a flaw."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jobs.engine import dash, rfc8216
from jobs.engine.encryption import ContentKey, hls_key_files, packager_key_file, vector
from jobs.engine.iframes import first_key_frame, segment_time
from jobs.engine.plan import MASK, SetPlan, Track
from jobs.engine.probe import AudioStream, Probe, VideoStream
from jobs.engine.set_checks import check_set, wanted_borders
from jobs.engine.sets import Room, compose
from tests.engine.samples import output

GOOD = """#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:1
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MAP:URI="i.mp4"
#EXTINF:2.4,
a.m4s
#EXTINF:1.0,
b.m4s
#EXT-X-ENDLIST
"""
MASTER = """#EXTM3U
#EXT-X-VERSION:6
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a0",NAME="en",DEFAULT=YES,URI="a.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1000,RESOLUTION=64x36,AUDIO="a0"
v.m3u8
"""


# --- rules ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("text", [GOOD, MASTER, GOOD.replace("\n", "\r\n")])
def test_good_playlists_have_no_problem(text: str) -> None:
    assert rfc8216.problems(text) == ()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("#EXTM3U\n", "", "first line"),
        ("#EXT-X-TARGETDURATION:2\n", "", "TARGETDURATION is missing"),
        ("2.4,", "2.5,", "longer than the target"),
        ("#EXT-X-VERSION:6", "#EXT-X-VERSION:5", "needs 6"),
        ('#EXT-X-MAP:URI="i.mp4"\n', "", "no #EXT-X-MAP"),
        ("#EXT-X-ENDLIST\n", "", "ENDLIST is missing"),
        ("#EXTINF:1.0,\n", "", "no #EXTINF"),
        ("1.0,", "1.0", "no comma"),
        ("1.0,", "x,", "not a number"),
        (":VOD", ":LIVE", "neither VOD nor EVENT"),
        ("#EXT-X-MEDIA-SEQUENCE:1\n", "#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-MEDIA-SEQUENCE:1\n", "stands twice"),
        ("a.m4s", " a.m4s", "white space"),
        ("#EXTINF:2.4,", '#EXT-X-KEY:METHOD=AES-128\n#EXTINF:2.4,', "no URI"),
        ("#EXTINF:2.4,", '#EXT-X-KEY:METHOD=ROT13,URI="k"\n#EXTINF:2.4,', "no method"),
        ("#EXTINF:2.4,", '#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x12\n#EXTINF:2.4,', "16 bytes"),
        ("#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-I-FRAMES-ONLY", "no byte range"),
        ("#EXTINF:2.4,", "#EXT-X-STREAM-INF:BANDWIDTH=1\n#EXTINF:2.4,", "mixed"),
    ],
)  # fmt: skip
def test_each_broken_rule_is_told(old: str, new: str, words: str) -> None:
    assert old in GOOD
    assert any(words in said for said in rfc8216.problems(GOOD.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("BANDWIDTH=1000,", "", "no BANDWIDTH"),
        ('AUDIO="a0"\n', 'AUDIO="b"\n', "not there"),
        ("v.m3u8\n", "", "no address"),
        ("64x36", "64*36", "WIDTHxHEIGHT"),
        ('NAME="en",', "", "no NAME"),
        ("TYPE=AUDIO", "TYPE=SUBTITLES", "not there"),
        ("#EXT-X-STREAM-INF", '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a0",NAME="en",DEFAULT=YES,URI="b.m3u8"\n#EXT-X-STREAM-INF', "one name"),
        ("#EXT-X-STREAM-INF", '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a0",NAME="de",DEFAULT=YES,URI="b.m3u8"\n#EXT-X-STREAM-INF', "two default"),
        ("#EXT-X-STREAM-INF", '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="t",NAME="de"\n#EXT-X-STREAM-INF', "no URI"),
        ("#EXT-X-STREAM-INF", "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1\n#EXT-X-STREAM-INF", "no URI"),
    ],
)  # fmt: skip
def test_masters_have_rules_too(old: str, new: str, words: str) -> None:
    assert old in MASTER
    assert any(words in said for said in rfc8216.problems(MASTER.replace(old, new, 1)))


# --- manifests ----------------------------------------------------------------------------------------------------------
def manifest(*periods: str) -> str:
    body = "".join(f'<Period id="{n}">{p}</Period>' for n, p in enumerate(periods))
    return f'<MPD xmlns="{dash.NAMESPACE}" type="static" mediaPresentationDuration="PT1M2.5S">{body}</MPD>'


def adaptation(stem: str, content: str = "video", line: str = '<S t="0" d="1000" r="1"/>') -> str:
    return (
        f'<AdaptationSet id="0" contentType="{content}" lang="en"><ContentProtection schemeIdUri="{dash.PROTECTION}" value="cbcs"/>'
        f'<Representation id="0" bandwidth="9" codecs="avc1" mimeType="{content}/mp4"><SegmentTemplate timescale="500" initialization="{stem}-init.mp4" '
        f'media="{stem}-$Number%05d$.m4s" startNumber="3"><SegmentTimeline>{line}</SegmentTimeline></SegmentTemplate></Representation></AdaptationSet>'
    )


def test_a_manifest_is_read() -> None:
    found = dash.read(manifest(adaptation("o0-v")))
    (video,) = found.representations
    assert (found.seconds, found.static, found.periods) == (62.5, True, 1)
    assert video.segments == (("o0-v-00003.m4s", 2.0), ("o0-v-00004.m4s", 2.0))
    assert (video.init, video.encrypted, video.language) == ("o0-v-init.mp4", True, "en")


@pytest.mark.parametrize(
    "text", ["", "x", "<a/>", f'<MPD xmlns="{dash.NAMESPACE}"/>', '<!DOCTYPE x [<!ENTITY a "b">]><MPD/>', manifest().replace("PT1M2.5S", "x")]
)
def test_what_is_no_manifest_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="manifest"):
        dash.read(text)


def test_a_manifest_gets_final_names_texts_and_the_keys_address() -> None:
    text = manifest(adaptation("o0-v") + adaptation("o0-a0", "audio"))
    made = dash.finish(
        text,
        {"o0-v": "a%20b-v", "o0-a0": "a%20b-a0"},
        [dash.Text("t.vtt", "de", "T & <x>")],
        license_uri="/keys/1/license",
        titles={"o0-a0": "Ä"},
        default="o0-a0",
    )
    found = dash.read(made)
    assert [r.init for r in found.representations] == ["a%20b-v-init.mp4", "a%20b-a0-init.mp4", None]
    assert found.representations[2].base == "t.vtt"
    assert "T &amp; &lt;x&gt;" in made
    assert made.count("/keys/1/license</dashif:Laurl>") == 2
    assert "<Label>Ä</Label>" in made
    with pytest.raises(KeyError):
        dash.finish(text, {"o0-v": "x"})


def test_lost_periods_come_back_from_the_segments_themselves() -> None:
    text = manifest(adaptation("o0-v", line='<S t="200" d="300"/>'), adaptation("o0-v", line='<S t="500" d="500"/>'))
    times = {"o0-v-00001.m4s": (0, 200, 500), "o0-v-00002.m4s": (200, 300, 500), "o0-v-00003.m4s": (500, 500, 500)}
    found = dash.read(dash.joined(text, times, 1))
    assert found.periods == 1
    assert found.seconds == 2.0
    assert [s for _, s in found.representations[0].segments] == [0.4, 0.6, 1.0]


# --- bytes --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "data", [b"", b"\x47", b"\x47" * 188, b"\x00" * 400, b"\x00\x00\x00\x08moof", b"\x47" + b"\xff" * 400, b"\xff\xff\xff\xffmoof" + b"a" * 90]
)
def test_bytes_that_are_no_segment_have_no_key_frame(data: bytes) -> None:
    assert first_key_frame(data) is None
    assert segment_time(data) is None


# --- keys ---------------------------------------------------------------------------------------------------------------
def test_key_files_show_a_mask() -> None:
    key = ContentKey("0123456789abcdeffedcba9876543210", "ab" * 16, "/k", "/l")
    for text in (*hls_key_files(key, "o0", ("o0",)), packager_key_file(key, "o0")):
        if key.key in text.content:
            assert key.key not in repr(text)
            assert key.key not in text.model_dump_json()
            assert MASK in repr(text)
    assert key.key not in repr(key)
    assert hls_key_files(key, "o0", ())[0].data == bytes.fromhex(key.key)
    assert vector(key.key_id, "a") != vector(key.key_id, "b")


# --- whole sets ---------------------------------------------------------------------------------------------------------
TS = """#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:1
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-INDEPENDENT-SEGMENTS
#EXTINF:4.0,
o0-00001.ts
#EXTINF:1.28,
o0-00002.ts
#EXT-X-ENDLIST
"""
PROBE = Probe(
    format_name="hls",
    video=(VideoStream(index=0, codec="h264", width=960, height=540, fps=25.0, mime="avc1.64001f"),),
    audio=(AudioStream(index=1, codec="aac", channels=2, mime="mp4a.40.2"),),
)
SIZES = {"o0.m3u8": 9, "o0-00001.ts": 9000, "o0-00002.ts": 900}


def room(**changes: Any) -> Room:
    return replace(Room({"o0.m3u8": TS}, SIZES, {"o0.m3u8": PROBE}), **changes)


def failed(made: Room) -> list[str]:
    plan = output("bbb", "hls", video={"height": 540}, mux={"segment_seconds": 4.0})
    return [check.name for check in check_set(plan, made) if not check.ok]


def test_a_good_set_passes_and_gets_final_names() -> None:
    plan = output("bbb", "hls", video={"height": 540}, mux={"segment_seconds": 4.0})
    assert failed(room()) == []
    made = compose(plan, room(), "ü-1")
    assert made.main == "o0.m3u8"
    assert made.names == {"o0-00001.ts": "ü-1-00001.ts", "o0-00002.ts": "ü-1-00002.ts"}
    assert "%C3%BC-1-00001.ts" in made.texts["o0.m3u8"]


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"sizes": {**SIZES, "o0-00002.ts": 0}}, ["files"]),
        ({"texts": {}}, ["set"]),
        ({"texts": {"o0.m3u8": TS.replace("4.0,", "6.2,").replace(":4\n", ":6\n", 1)}}, ["borders of segments"]),
        ({"texts": {"o0.m3u8": TS.replace("4.0,", "4.0")}}, ["rules of RFC 8216"]),
        ({"texts": {"o0.m3u8": TS.replace("#EXTINF:1.28,\no0-00002.ts\n", "")}}, []),
    ],
)
def test_a_set_with_a_flaw_fails(changes: dict[str, Any], names: list[str]) -> None:
    assert failed(room(**changes)) == names


@pytest.mark.parametrize(("length", "said", "target"), [("2.5", 2, 3), ("4.5", 4, 5), ("0.5", 0, 1), ("4.0", 4, 4), ("0.2", 0, 1)])
def test_target_durations_are_rounded_up_at_the_half(length: str, said: int, target: int) -> None:
    """ffmpeg rounds a half to the even number, which RFC 8216 and its validators do not."""
    text = TS.replace("#EXT-X-TARGETDURATION:4", f"#EXT-X-TARGETDURATION:{said}").replace("#EXTINF:4.0,", f"#EXTINF:{length},").replace("1.28,", "0.1,")
    plan = output("bbb", "hls", video={"height": 540}, mux={"segment_seconds": 4.0})
    assert f"#EXT-X-TARGETDURATION:{target}\n" in compose(plan, room(texts={"o0.m3u8": text}), "x").texts["o0.m3u8"]


def test_borders_are_multiples_and_forced_times() -> None:
    track = Track(kind="video", name="v", file="o0-v.mp4", exact=True)
    plan = SetPlan(tracks=(track,), packager=True, hls=True, extension="m4s", segment_seconds=2.0, spare_seconds=0.1, cut_times=(1.5, 2.0, 9.0))
    assert wanted_borders(plan, 5.0) == [1.5, 2.0, 4.0]
    assert wanted_borders(plan.model_copy(update={"segment_seconds": 0.0, "cut_times": ()}), 5.0) == []
