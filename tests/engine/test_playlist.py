"""Playlists and lists of parts that somebody sends: what they name, and what is refused."""

from __future__ import annotations

import json

import pytest

from jobs.engine import join_list
from jobs.engine.address import Address
from jobs.engine.errors import JobError
from jobs.engine.playlist import PARTS_MAX, TEXT_BYTES, Choice, Lock, Part, Recording, beside, decoded, is_playlist, read

AT = Address("input", "shows/猫/index.m3u8")


def media(*lines: str, end: bool = True) -> Recording:
    found = read("\n".join(["#EXTM3U", "#EXT-X-TARGETDURATION:6", *lines, *(["#EXT-X-ENDLIST"] if end else [])]), AT)
    assert isinstance(found, Recording)
    return found


def key(name: str) -> Address:
    return Address("input", f"shows/猫/{name}")


def test_segments_in_order() -> None:
    found = media("#EXTINF:6.0,", "a.ts", "", "# a comment", "#EXTINF:2.5,title", "sub/b%20c.ts?token=1#x")
    assert found == Recording((Part(key("a.ts")), Part(key("sub/b c.ts"))), 8.5, ended=True, fragmented=False)


def test_an_init_section_and_byte_ranges() -> None:
    found = media(
        '#EXT-X-MAP:URI="all.mp4",BYTERANGE="100@0"',
        "#EXTINF:1,",
        "#EXT-X-BYTERANGE:50@100",
        "all.mp4",
        "#EXTINF:1,",
        "#EXT-X-BYTERANGE:60",
        "all.mp4",
        end=False,
    )
    assert found.parts == (Part(key("all.mp4"), 0, 100), Part(key("all.mp4"), 100, 50), Part(key("all.mp4"), 150, 60))
    assert (found.fragmented, found.ended) == (True, False)


def test_keys_and_vectors() -> None:
    found = media(
        "#EXT-X-MEDIA-SEQUENCE:258",
        '#EXT-X-MAP:URI="init.mp4"',
        '#EXT-X-KEY:METHOD=AES-128,URI="keys/1",KEYFORMAT="identity"',
        "#EXTINF:1,",
        "a",
        "#EXTINF:1,",
        "b",
        f'#EXT-X-KEY:METHOD=AES-128,URI="2",IV=0x{"0f" * 16}',
        '#EXT-X-MAP:URI="init.mp4"',
        "#EXTINF:1,",
        "c",
        "#EXT-X-KEY:METHOD=NONE",
        "#EXTINF:1,",
        "d",
    )
    numbers = [number.to_bytes(16, "big") for number in (258, 259)]
    locks = [None, Lock(key("keys/1"), numbers[0]), Lock(key("keys/1"), numbers[1]), Lock(key("2"), b"\x0f" * 16), None]
    assert [part.lock for part in found.parts] == locks
    assert found.keys == (key("keys/1"), key("2"))
    locked = media(f'#EXT-X-KEY:METHOD=AES-128,URI="2",IV=0x{"0f" * 16}', '#EXT-X-MAP:URI="i",BYTERANGE="10@5"', "#EXTINF:1,", "c")
    assert locked.parts[0] == Part(key("i"), 5, 10, Lock(key("2"), b"\x0f" * 16))


def test_recordings_of_their_own() -> None:
    found = media(
        "#EXT-X-DISCONTINUITY-SEQUENCE:4", "#EXT-X-DISCONTINUITY", "#EXTINF:1,", "a", "#EXTINF:1,", "b", *["#EXT-X-DISCONTINUITY"] * 2, "#EXTINF:1,", "c"
    )
    assert found.breaks == (2,)
    assert [len(run) for run in found.runs] == [2, 1]
    assert found.seconds == 3


def test_a_master_means_its_best_variant_and_the_sound_beside_it() -> None:
    text = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",URI="other.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="y",DEFAULT=YES,URI="main.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="z",URI="sub.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=100,RESOLUTION=64x36
low.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=900,CODECS="avc1,mp4a",AUDIO="a"
high/v.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=9000,URI="i.m3u8"
"""
    assert read(text, AT) == Choice(key("high/v.m3u8"), key("main.m3u8"))


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:18099/x.ts", "https://x/y.ts", "file:///etc/passwd", "FILE:/etc/passwd", "/etc/passwd", "//host/x.ts", "../x.ts", "a/../../x.ts",
        "%2e%2e/x.ts", "a%2f..%2fb.ts", "oss://other/x.ts", "concat:a.ts|b.ts", "data:video/mp2t;base64,AAAA", "crypto+file:x", "a\\b.ts", "a//b.ts", "", "?x",
        "x%00.ts", "x%0a.ts", "%ff.ts", "./../x.ts", "pipe:0", "x" * 2000,
    ],
)  # fmt: skip
def test_names_that_lead_elsewhere_are_refused(uri: str) -> None:
    with pytest.raises(JobError) as caught:
        beside(uri, AT)
    assert caught.value.code == "InputForbidden"
    assert len(caught.value.message) < 250


@pytest.mark.parametrize(
    ("uri", "name"), [("./a.ts", "a.ts"), ("a%25.ts", "a%.ts"), ("%E7%8C%AB.ts", "猫.ts"), ("猫 -%d.ts", "猫 -%d.ts"), ("a+b.ts", "a+b.ts")]
)
def test_names_beside_the_playlist(uri: str, name: str) -> None:
    assert beside(uri, AT) == key(name)


@pytest.mark.parametrize(
    ("lines", "code", "said"),
    [
        ([], "InputNotReadable", "names no parts"),
        (["a.ts"], "InputNotReadable", "no length"),
        (["#EXTINF:x,", "a.ts"], "InputNotReadable", "not a number"),
        (["#EXTINF:nan,", "a.ts"], "InputNotReadable", "not a number"),
        (['#EXT-X-KEY:METHOD=AES-128,URI="http://127.0.0.1:18099/k"', "#EXTINF:1,", "a.ts"], "InputForbidden", "lies elsewhere"),
        (['#EXT-X-KEY:METHOD=SAMPLE-AES,URI="k"', "#EXTINF:1,", "a.ts"], "InputNotReadable", "encrypted (SAMPLE-AES)"),
        (['#EXT-X-KEY:METHOD=AES-128,URI="k",KEYFORMAT="com.apple.streamingkeydelivery"', "#EXTINF:1,", "a.ts"], "InputNotReadable", "com.apple"),
        (["#EXT-X-KEY:METHOD=AES-128", "#EXTINF:1,", "a.ts"], "InputNotReadable", "key of the playlist has no name"),
        (['#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x12', "#EXTINF:1,", "a.ts"], "InputNotReadable", "32 hexadecimal digits"),
        (["#EXT-X-MEDIA-SEQUENCE:-1", "#EXTINF:1,", "a.ts"], "InputNotReadable", "sequence number"),
        (['#EXT-X-MAP:URI="i"', "#EXTINF:1,", "a", "#EXT-X-DISCONTINUITY", "#EXTINF:1,", "b"], "InputNotReadable", "several recordings"),
        (["#EXTINF:1,", "a.ts", "#EXT-X-DISCONTINUITY"] * 101, "InputTooLarge", "more than 100 recordings"),
        (['#EXT-X-MAP:URI="a"', "#EXTINF:1,", "b", '#EXT-X-MAP:URI="c"', "#EXTINF:1,", "d"], "InputNotReadable", "init section"),
        (['#EXT-X-MAP:URI="http://x/a"', "#EXTINF:1,", "b"], "InputForbidden", "http://x/a"),
        (["#EXTINF:1,", "#EXT-X-BYTERANGE:x", "a"], "InputNotReadable", "byte range"),
        (["#EXTINF:0.001,", "a.ts"] * (PARTS_MAX + 1), "InputTooLarge", "10,000 parts"),
    ],
)
def test_playlists_that_cannot_be_used(lines: list[str], code: str, said: str) -> None:
    with pytest.raises(JobError, match=said.replace("(", r"\(").replace(")", r"\)")) as caught:
        media(*lines)
    assert caught.value.code == code


def test_what_is_no_playlist() -> None:
    assert is_playlist(b"#EXTM3U\n")
    assert is_playlist(b"\xef\xbb\xbf#EXTM3U\r\n")
    assert not is_playlist(b"ffconcat version 1.0")
    with pytest.raises(JobError, match="more than"):
        decoded(b"#" * (TEXT_BYTES + 1))
    with pytest.raises(JobError, match="UTF-8"):
        decoded(b"#EXTM3U\n\xff")
    with pytest.raises(JobError, match="does not begin"):
        read("hello", AT)
    with pytest.raises(JobError, match="no variant"):
        read("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n", AT)


def rows(*parts: object) -> bytes:
    return json.dumps({"MergeList": list(parts)}).encode()


def test_a_list_of_parts() -> None:
    first, second, third = join_list.read(
        rows(
            {"MergeURL": "oss://input/a b.mp4", "Start": "00:01:02.5", "Duration": 3},
            {"MergeURL": "http://input.oss-cn-hangzhou.aliyuncs.com/%E7%8C%AB/b.mp4", "Start": "12.5", "RoleArn": ""},
            {"MergeURL": "oss://input/c", "Duration": ""},
        )
    )
    assert (first.address, first.start, first.duration) == (Address("input", "a b.mp4"), 62.5, 3.0)
    assert (second.address, second.start, second.duration) == (Address("input", "猫/b.mp4"), 12.5, None)
    assert (third.start, third.duration) == (None, None)
    assert len(join_list.read(rows(*[{"MergeURL": "oss://input/a"}] * 100))) == 100


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a JSON document"), (b"\xff\xfe", "not a JSON document"), (b"[" * 100_000, "not a JSON document"), (b"[]", "no «MergeList»"), (b"{}", "no «MergeList»"),
        (rows(), "no «MergeList»"), (rows(1), "Part 1 of the list has no «MergeURL»"), (rows({"MergeURL": "oss://input/a"}, {}), "Part 2"),
        (rows(*[{"MergeURL": "oss://input/a"}] * 101), "101 parts"), (rows({"MergeURL": "https://x/y"}), "starts with oss://"), (rows({"MergeURL": "/etc/passwd"}), "oss://"),
        (rows({"MergeURL": "oss://input/../a"}), "segment"), (rows({"MergeURL": "oss://input/a", "Begin": 1}), "unknown key «Begin»"),
        (rows({"MergeURL": "oss://input/a", "Start": "soon"}), "neither seconds"), (rows({"MergeURL": "oss://input/a", "Start": -1}), "neither seconds"),
        (rows({"MergeURL": "oss://input/a", "Duration": True}), "neither seconds"), (rows({"MergeURL": "oss://input/a", "Start": "99:00:00"}), "neither seconds"),
        (b" " * (join_list.LIST_BYTES + 1), "more than"),
    ],
)  # fmt: skip
def test_lists_that_cannot_be_used(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        join_list.read(data)
