"""Playlists: reading, renaming, masters, measured variants."""

from __future__ import annotations

import pytest

from jobs.engine.hls import Variant, master, quote, read, rename, variant
from jobs.engine.probe import AudioStream, Probe, VideoStream

MEDIA = """#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:3
#EXT-X-MEDIA-SEQUENCE:1
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-INDEPENDENT-SEGMENTS
#EXTINF:2.008300,
o0-00001.ts
#EXTINF:3.145900,
o0-00002.ts
#EXT-X-ENDLIST
"""


def test_it_reads_what_ffmpeg_writes() -> None:
    found = read(MEDIA)
    assert [(s.uri, s.seconds) for s in found.segments] == [("o0-00001.ts", 2.0083), ("o0-00002.ts", 3.1459)]
    assert found.seconds == pytest.approx(5.1542)
    assert (found.ended, found.target_seconds, found.independent) == (True, 3.0, True)


def test_it_reads_carriage_returns_titles_and_a_byte_order_mark() -> None:
    found = read("\ufeff#EXTM3U\r\n#EXTINF:4,a, b\r\n# a comment\r\nx.ts\r\n")
    assert [(s.uri, s.seconds) for s in found.segments] == [("x.ts", 4.0)]
    assert not found.ended


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "does not begin"),
        ("<html>", "does not begin"),
        ("#EXTM3U\nx.ts\n", "has no length"),
        ("#EXTM3U\n#EXTINF:x,\nx.ts", "not a number"),
        ("#EXTM3U\n#EXTINF:-1,\nx.ts", "out of range"),
        ("#EXTM3U\n#EXTINF:inf,\nx.ts", "out of range"),
        ("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nx.m3u8", "master playlist"),
        ("#EXTM3U\n" + "#\n" * 200_001, "more than"),
    ],
)
def test_what_is_no_media_playlist_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read(text)


def test_an_empty_list_has_no_length() -> None:
    assert read("#EXTM3U\n#EXT-X-ENDLIST\n").seconds == 0


def test_parts_get_new_names_and_nothing_else_changes() -> None:
    renamed = rename(MEDIA, {"o0-00001.ts": "clip-5f3a-00001.ts", "o0-00002.ts": "a b%d:中.ts"})
    assert renamed == MEDIA.replace("o0-00001.ts", "clip-5f3a-00001.ts").replace("o0-00002.ts", "a%20b%25d%3A%E4%B8%AD.ts")


def test_names_in_attributes_are_changed_too() -> None:
    text = '#EXTM3U\n#EXT-X-MAP:URI="init.mp4",BYTERANGE="1@2"\n#EXTINF:1,\na.ts\n'
    assert 'URI="new%20init.mp4",BYTERANGE="1@2"' in rename(text, {"init.mp4": "new init.mp4", "a.ts": "b.ts"})


def test_a_part_without_a_new_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        rename(MEDIA, {"o0-00001.ts": "x.ts"})


@pytest.mark.parametrize(("name", "written"), [("a-b_c.d~e/f", "a-b_c.d~e/f"), ("ü", "%C3%BC"), ("a:b", "a%3Ab"), ('"#?', "%22%23%3F"), ("🎬", "%F0%9F%8E%AC")])
def test_names_are_percent_encoded(name: str, written: str) -> None:
    assert quote(name) == written


def test_a_master_names_its_variants_in_order() -> None:
    text = master(
        [
            Variant("clip-720p.m3u8", 2_500_000, 2_000_000, "avc1.64001f,mp4a.40.2", 1280, 720, 29.97),
            Variant("a b.m3u8", 800_000),
        ]
    )
    assert text == (
        "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n"
        '#EXT-X-STREAM-INF:BANDWIDTH=2500000,AVERAGE-BANDWIDTH=2000000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970\n'
        "clip-720p.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=800000\na%20b.m3u8\n"
    )


def probed(video: VideoStream | None, audio: AudioStream | None) -> Probe:
    return Probe(format_name="hls", video=(video,) if video else (), audio=(audio,) if audio else ())


H264 = VideoStream(index=0, codec="h264", width=640, height=360, fps=25.0, profile="High", level=30, mime="avc1.64001e")
AAC = AudioStream(index=1, codec="aac", mime="mp4a.40.2")


def test_a_variant_is_measured_on_its_segments() -> None:
    found = variant("x.m3u8", MEDIA, {"o0-00001.ts": 200_830, "o0-00002.ts": 629_180}, probed(H264, AAC))
    assert found.bandwidth == 1_600_000
    assert found.average_bandwidth == round(830_010 * 8 / 5.1542)
    assert (found.codecs, found.width, found.height, found.fps) == ("avc1.64001e,mp4a.40.2", 640, 360, 25.0)


@pytest.mark.parametrize(
    ("video", "audio", "codecs"),
    [
        (H264.model_copy(update={"mime": None}), None, "avc1.64001E"),
        (H264.model_copy(update={"mime": None, "profile": "Constrained Baseline", "level": 21}), None, "avc1.42C015"),
        (VideoStream(index=0, codec="hevc", width=2, height=2, profile="Main", level=93), AAC, "hvc1.1.6.L93.90,mp4a.40.2"),
        (VideoStream(index=0, codec="hevc", width=2, height=2, profile="Main 10", level=120), None, "hvc1.2.4.L120.90"),
        (None, AudioStream(index=0, codec="mp3"), "mp4a.40.34"),
        (H264, AudioStream(index=0, codec="dts"), None),
        (VideoStream(index=0, codec="mpeg2video", width=2, height=2), AAC, None),
    ],
)
def test_codec_strings_are_complete_or_left_out(video: VideoStream | None, audio: AudioStream | None, codecs: str | None) -> None:
    assert variant("x", MEDIA, {"o0-00001.ts": 1, "o0-00002.ts": 1}, probed(video, audio)).codecs == codecs
