"""Sets: what contradicts itself is refused with its place, every range has its ends, and keys are keys."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.engine.template import Template
from tests.surface.harness import problems

AES, CBCS, GIVEN = {"method": "aes-128"}, {"method": "cbcs"}, "0123456789abcdeffedcba9876543210"
LADDER = [{"name": "72p", "video": {"height": 72}}, {"name": "36p", "video": {"height": 36}}]
RANGES = [
    ("hls", {"mux": {"segment_seconds": 0.99}}, "mux.segment_seconds", "1 to 60"),
    ("hls", {"mux": {"segment_seconds": 1.0}}, "", ""),
    ("hls", {"mux": {"segment_seconds": 60.0}}, "", ""),
    ("hls", {"mux": {"segment_seconds": 61.0}}, "mux.segment_seconds", "1 to 60"),
    ("dash", {"mux": {"segment_seconds": 61.0}}, "mux.segment_seconds", "1 to 60"),
    ("mp4", {"mux": {"segment_seconds": 6.0}}, "mux.segment_seconds", "only HLS, DASH and CMAF"),
    ("mp4", {"mux": {"start_number": 1}}, "mux.start_number", "only HLS, DASH and CMAF"),
    ("hls", {"mux": {"segment_format": "webm"}}, "mux.segment_format", "ts or fmp4"),
    ("dash", {"mux": {"segment_format": "ts"}}, "mux.segment_format", "fmp4 or webm"),
    ("cmaf", {"mux": {"segment_format": "ts"}}, "mux.segment_format", "fmp4"),
    ("hls", {"mux": {"cut_times": [2.0, 1.0]}}, "mux.cut_times", "ascend"),
    ("hls", {"mux": {"cut_times": [0.0]}}, "mux.cut_times", "above 0"),
    ("hls", {"mux": {"cut_times": [1.0]}, "video": {"codec": "copy"}}, "mux.cut_times", "encoded"),
    ("hls", {"mux": {"cut_times": [1.0]}, "video": {"gop": 25}}, "video.gop", "remove «gop»"),
    ("dash", {"mux": {"cut_times": [1.0], "segment_format": "webm"}, "video": {"codec": "vp9"}, "audio": {"codec": "opus"}}, "mux.cut_times", "fMP4"),
    ("dash", {"mux": {"iframe_playlist": True}}, "mux.iframe_playlist", "DASH has no"),
    ("hls", {"mux": {"iframe_playlist": True}, "encryption": AES}, "mux.iframe_playlist", "encrypted"),
    ("mp4", {"encryption": AES}, "encryption", "Encryption needs HLS, DASH or CMAF."),
    ("hls", {"mux": {"segment_format": "fmp4"}, "encryption": AES}, "encryption.method", "TS segments only"),
    ("cmaf", {"encryption": AES}, "encryption.method", "TS segments only"),
    ("hls", {"encryption": CBCS}, "encryption.method", "aes-128"),
    ("hls", {"encryption": {**AES, "key": GIVEN, "key_uri": "not a uri"}}, "encryption.key_uri", "no URI"),
    ("hls", {"encryption": {**AES, "key": GIVEN, "key_uri": 'https://x/"y'}}, "encryption.key_uri", "no URI"),
    ("hls", {"encryption": {**AES, "key": GIVEN, "key_uri": "https:///x"}}, "encryption.key_uri", "no URI"),
    ("hls", {"encryption": {**AES, "key": GIVEN, "key_uri": "https://example.com/k?a=b&c=%20"}}, "", ""),
    ("hls", {"encryption": {**AES, "key": GIVEN, "key_uri": "skd://key"}}, "", ""),
    ("hls", {"encryption": {**AES, "key_uri": "https://example.com/k"}}, "encryption.key", "has to know the key"),
    ("hls", {"encryption": {**AES, "key": GIVEN, "key_uri": "/k", "private": True}}, "encryption.key_uri", "private"),
    ("hls", {"encryption": {**AES, "key_id": "ab" * 16}}, "encryption.key_id", "no id"),
    ("hls", {"encryption": {**AES, "key": GIVEN, "per": "media"}}, "encryption.per", "made"),
    ("mp4", {"ladder": LADDER}, "ladder", "HLS, DASH or CMAF"),
    ("hls", {"ladder": [{"name": "v", "video": {"height": 72}}]}, "ladder.0.name", "another name"),
    ("hls", {"ladder": [{"name": "a0", "video": {"height": 72}}]}, "ladder.0.name", "another name"),
    ("hls", {"video": {"codec": "vp9"}}, "video.codec", "VP9"),
    ("hls", {"video": {"codec": "vp9"}, "mux": {"segment_format": "fmp4"}}, "", ""),
    ("dash", {"video": {"codec": "h264"}, "audio": {"codec": "opus"}, "mux": {"segment_format": "webm"}}, "video.codec", "H.264"),
]  # fmt: skip


@pytest.mark.parametrize(("format_", "sections", "place", "words"), RANGES)
def test_ranges_and_contradictions(format_: str, sections: dict[str, Any], place: str, words: str) -> None:
    found = problems(format_, **sections)
    if not place:
        assert found == []
        return
    assert any(where == place and words in said for where, said in found), found


def test_what_is_never_offered_is_no_field() -> None:
    with pytest.raises(ValueError, match="play_while_transcoding\n  Extra inputs are not permitted"):
        Template.model_validate({"container": {"format": "hls"}, "mux": {"play_while_transcoding": False}}, strict=False)


@pytest.mark.parametrize("value", ["0" * 31, "0" * 33, "g" * 32, "", "sealed:"])
def test_a_key_is_32_digits(value: str) -> None:
    with pytest.raises(ValueError, match="encryption"):
        Template.model_validate({"container": {"format": "hls"}, "encryption": {"method": "aes-128", "key": value}}, strict=False)
