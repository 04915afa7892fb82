"""Containers, codecs, rate control: what is impossible is refused with its place, and every range has its ends."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from jobs.engine.codecs import AUDIO, CONTAINERS, VIDEO
from jobs.engine.combinations import check
from jobs.engine.template import Template
from tests.surface.harness import Bench, problems
from tests.surface.seeds import AB, AC, ACODEC, ADEPTH, AQ, AR, CONTROL, GOP, PROFILE, TERMS, VCODEC, F

REFUSED: list[tuple[str, str, dict[str, Any], str, str]] = [
    (VCODEC, "ts", {"video": {"codec": "vp9"}}, "video.codec", "No standard says how MPEG-TS carries VP9"),
    (VCODEC, "ts", {"video": {"codec": "av1"}}, "video.codec", "Players do not find AV1 in MPEG-TS"),
    (ACODEC, "ts", {"audio": {"codec": "flac"}}, "audio.codec", "No standard says how MPEG-TS carries FLAC"),
    (ACODEC, "ts", {"audio": {"codec": "vorbis"}}, "audio.codec", "Use MKV, WebM or OGG."),
    (VCODEC, "flv", {"video": {"codec": "h265"}}, "video.codec", "FLV's tags know H.264"),
    (VCODEC, "webm", {"video": {"codec": "h264"}}, "video.codec", "WebM is VP9 or AV1"),
    (ACODEC, "webm", {"audio": {"codec": "aac"}}, "audio.codec", "Opus or Vorbis by definition"),
    (ACODEC, "mxf", {"audio": {"codec": "aac"}}, "audio.codec", "uncompressed sound"),
    (VCODEC, "mxf", {"video": {"codec": "h265"}}, "video.codec", "MPEG-2 or H.264"),
    (AR, "mxf", {"audio": {"sample_rate": 44100}}, "audio.sample_rate", "in MXF cannot use 44 100 Hz. Use 48 000 Hz."),
    (ACODEC, "avi", {"audio": {"codec": "opus"}}, "audio.codec", "AVI cannot hold Opus"),
    (ACODEC, "asf", {"audio": {"codec": "flac"}}, "audio.codec", "broken times"),
    (ACODEC, "mov", {"audio": {"codec": "flac"}}, "audio.codec", "QuickTime"),
    (VCODEC, "mov", {"video": {"codec": "vp9"}}, "video.codec", "QuickTime knows no VP9"),
    (VCODEC, "mp4", {"video": {"codec": "prores"}}, "video.codec", "ProRes belongs into MOV"),
    (ACODEC, "mp4", {"audio": {"codec": "vorbis"}}, "audio.codec", "No standard says how MP4 carries Vorbis"),
    (ACODEC, "mp3", {"audio": {"codec": "aac"}}, "audio.codec", "MP3 cannot hold AAC"),
    (ACODEC, "wav", {"audio": {"codec": "aac"}}, "audio.codec", "WAV cannot hold AAC"),
    (F, "amr", {"video": {"width": 64}}, "video.width", "AMR holds sound only"),
    (VCODEC, "hls", {"video": {"codec": "vp9"}}, "video.codec", "TS segments cannot carry VP9"),
    (F, "gif", {"audio": {"codec": "aac"}}, "audio.codec", "GIF holds no sound"),
    # copies
    (VCODEC, "mp4", {"video": {"codec": "copy", "crf": 20.0}}, "video.crf", "A copied picture cannot be changed"),
    (VCODEC, "mp4", {"video": {"codec": "copy", "rate_control": "cbr"}}, "video.rate_control", "A copied picture cannot be changed"),
    (ACODEC, "mp4", {"audio": {"codec": "copy", "quality": 5}}, "audio.quality", "Copied sound cannot be changed"),
    (ACODEC, "mp4", {"audio": {"codec": "copy", "profile": "aac_he"}}, "audio.profile", "Copied sound cannot be changed"),
    # rate control
    (CONTROL, "mp4", {"video": {"crf": 20.0, "bitrate_kbps": 500}}, "video.crf", "not both"),
    (CONTROL, "mp4", {"video": {"rate_control": "crf", "bitrate_kbps": 500}}, "video.rate_control", "Constant quality (crf) has no bitrate"),
    (CONTROL, "mp4", {"video": {"rate_control": "abr"}}, "video.rate_control", "«abr» needs a bitrate"),
    (CONTROL, "mp4", {"video": {"rate_control": "vbr", "crf": 20.0}}, "video.rate_control", "«vbr» needs a bitrate"),
    (CONTROL, "mp4", {"video": {"rate_control": "cbr"}}, "video.rate_control", "«cbr» needs a bitrate"),
    (CONTROL, "mp4", {"video": {"passes": 2}}, "video.passes", "Two passes need a bitrate"),
    (CONTROL, "mp4", {"video": {"passes": 2, "rate_control": "cbr", "bitrate_kbps": 500}}, "video.passes", "in one pass"),
    (CONTROL, "webm", {"video": {"codec": "av1", "passes": 2, "bitrate_kbps": 500}}, "video.passes", "AV1 has no «passes»"),
    (CONTROL, "mp4", {"video": {"rate_control": "cbr", "bitrate_kbps": 500, "maxrate_kbps": 600}}, "video.maxrate_kbps", "is the bitrate itself"),
    (CONTROL, "mp4", {"video": {"bitrate_kbps": 500, "maxrate_kbps": 499}}, "video.maxrate_kbps", "below the average"),
    (CONTROL, "mp4", {"video": {"bufsize_kbit": 500}}, "video.bufsize_kbit", "needs a peak bitrate"),
    (CONTROL, "webm", {"video": {"codec": "av1", "bitrate_kbps": 500, "maxrate_kbps": 600}}, "video.maxrate_kbps", "with CRF only"),
    (CONTROL, "mp4", {"video": {"bitrate_min_kbps": 500, "bitrate_max_kbps": 400}}, "video.bitrate_min_kbps", "above the upper one"),
    (CONTROL, "mp4", {"video": {"bitrate_kbps": 300, "bitrate_min_kbps": 400}}, "video.bitrate_kbps", "outside its own bounds"),
    (CONTROL, "mp4", {"video": {"crf": 20.0, "bitrate_max_kbps": 400}}, "video.crf", "CRF or bounds"),
    (CONTROL, "mp4", {"video": {"crf": 0.0, "maxrate_kbps": 400}}, "video.maxrate_kbps", "lossless and has no upper bound"),
    (PROFILE, "mp4", {"video": {"crf": 0.0, "profile": "high"}}, "video.profile", "in the profile high444 only"),
    (CONTROL, "mov", {"video": {"codec": "prores", "crf": 20.0}}, "video.crf", "ProRes has no «crf»"),
    (CONTROL, "mov", {"video": {"codec": "prores", "bitrate_kbps": 2000}}, "video.bitrate_kbps", "ProRes has no «bitrate_kbps»"),
    (CONTROL, "mkv", {"video": {"codec": "mpeg2", "crf": 20.0}}, "video.crf", "MPEG-2 has no «crf»"),
    (CONTROL, "mkv", {"video": {"codec": "mpeg2", "rate_control": "crf"}}, "video.rate_control", "MPEG-2 has no CRF"),
    (CONTROL, "webp", {"video": {"crf": 20.0}}, "video.crf", "WebP has no «crf»"),
    # profiles, levels, groups
    (PROFILE, "mp4", {"video": {"profile": "baseline", "bframes": 2}}, "video.bframes", "baseline has no B-frames"),
    (PROFILE, "mp4", {"video": {"profile": "baseline", "scan": "interlaced"}}, "video.scan", "baseline has no interlace"),
    (PROFILE, "mp4", {"video": {"codec": "h265", "profile": "high"}}, "video.profile", "H.265 has no profile «high»"),
    (PROFILE, "webm", {"video": {"codec": "vp9", "profile": "high"}}, "video.profile", "VP9 has no «profile»"),
    (PROFILE, "mp4", {"video": {"codec": "h265", "level": "1.1"}}, "video.level", "H.265 has no level 1.1"),
    (PROFILE, "webm", {"video": {"codec": "vp9", "level": "3"}}, "video.level", "VP9 has no «level»"),
    (PROFILE, "mp4", {"video": {"codec": "h265", "scan": "interlaced"}}, "video.scan", "H.265 is not encoded interlaced"),
    (GOP, "mp4", {"video": {"gop": 50, "gop_seconds": 2.0}}, "video.gop_seconds", "in frames or in seconds, not both"),
    (GOP, "hls", {"video": {"closed_gop": False}}, "video.closed_gop", "Segments need closed groups"),
    (GOP, "webm", {"video": {"closed_gop": False}}, "video.closed_gop", "closed groups of pictures only"),
    (GOP, "webm", {"video": {"bframes": 2}}, "video.bframes", "VP9 has no «bframes»"),
    (GOP, "mxf", {"video": {"codec": "h264", "bframes": 2}}, "video.bframes", "MXF cannot hold B-frames"),
    ("oss-video-convert.txt: fps", "mxf", {"video": {"fps": 15.0}}, "video.fps", "MPEG-2 cannot use 15 frames per second"),
    ("oss-video-convert.txt: fps", "mxf", {"video": {"codec": "h264", "fps": 12.0}}, "video.fps", "MXF cannot use 12 frames per second"),
    # sound
    (AQ, "mp4", {"audio": {"quality": 50, "bitrate_kbps": 64}}, "audio.quality", "Give quality or bitrate, not both"),
    (AQ, "opus", {"audio": {"quality": 50}}, "audio.quality", "Opus has no quality mode"),
    (AQ, "ac3", {"audio": {"quality": 50}}, "audio.quality", "AC-3 has no quality mode"),
    (AQ, "flac", {"audio": {"quality": 50}}, "audio.quality", "FLAC is lossless"),
    (ADEPTH, "mp3", {"audio": {"bit_depth": 16}}, "audio.bit_depth", "FLAC only"),
    (VCODEC, "mxf", {"video": {"remove": True}}, "video.remove", "MXF cannot do without a picture"),
    (ACODEC, "dash", {"audio": {"codec": "mp3"}}, "audio.codec", "does not read MP3"),
    (ACODEC, "hls", {"audio": {"codec": "mp3"}, "mux": {"segment_format": "fmp4"}, "encryption": {"method": "cbcs"}}, "audio.codec", "cannot be encrypted"),
    (AR, "mp4", {"audio": {"codec": "mp3", "sample_rate": 8000}}, "audio.sample_rate", "MP3 in MP4 cannot use 8 000 Hz"),
    (GOP, "webm", {"video": {"codec": "av1", "bitrate_kbps": 300, "gop": 1}}, "video.gop", "use 2 or more, or CRF"),
    (F, "mp3", {"ladder": [{"name": "a", "video": {"short_side": 72}}]}, "ladder", "a ladder needs HLS, DASH or CMAF"),
    (AR, "amr", {"audio": {"sample_rate": 16000}}, "audio.sample_rate", "AMR-NB cannot use 16 000 Hz. Use 8 000 Hz."),
    (AC, "amr", {"audio": {"channels": 2}}, "audio.channels", "AMR-NB cannot have 2 channels. Use 1."),
    (AR, "opus", {"audio": {"sample_rate": 44100}}, "audio.sample_rate", "Opus cannot use 44 100 Hz"),
    (AR, "mp3", {"audio": {"sample_rate": 96000}}, "audio.sample_rate", "MP3 cannot use 96 000 Hz. Use 48 000 Hz or less."),
    (AC, "mp3", {"audio": {"channels": 6}}, "audio.channels", "MP3 cannot have 6 channels"),
    (AC, "ac3", {"audio": {"channels": 8}}, "audio.channels", "AC-3 cannot have 8 channels"),
    (AB, "flac", {"audio": {"bitrate_kbps": 500}}, "audio.bitrate_kbps", "lossless and has no bitrate"),
    (AB, "wav", {"audio": {"bitrate_kbps": 500}}, "audio.bitrate_kbps", "lossless and has no bitrate"),
    (TERMS + "AAC", "mp3", {"audio": {"profile": "aac_low"}}, "audio.profile", "only AAC has"),
    (TERMS + "AAC", "ts", {"audio": {"profile": "aac_ld"}}, "audio.profile", "TS cannot carry AAC-LD"),
    (TERMS + "AAC", "avi", {"audio": {"codec": "aac", "profile": "aac_he"}}, "audio.profile", "AVI cannot carry HE-AAC"),
    (TERMS + "AAC", "mp4", {"audio": {"profile": "aac_he_v2", "channels": 1}}, "audio.channels", "HE-AAC v2 cannot have 1 channels"),
    (TERMS + "AAC", "mp4", {"audio": {"profile": "aac_ld", "sample_rate": 8000}}, "audio.sample_rate", "AAC-LD cannot use 8 000 Hz"),
    (TERMS + "AAC", "mp4", {"audio": {"profile": "aac_he", "quality": 50}}, "audio.quality", "HE-AAC has no quality mode"),
]  # fmt: skip


@pytest.mark.parametrize(("seed", "format_", "sections", "place", "text"), REFUSED, ids=[f"{f}-{p}-{n}" for n, (_, f, _, p, _) in enumerate(REFUSED)])
def test_refused_with_place_and_reason(seed: str, format_: str, sections: dict[str, Any], place: str, text: str) -> None:
    found = problems(format_, **sections)
    assert any(loc == place and text in message for loc, message in found), found


def test_all_mistakes_are_told_at_once() -> None:
    found = problems(
        "ts",
        video={"codec": "vp9", "crf": 64.0 - 1, "bitrate_kbps": 5, "level": "3"} | {"bitrate_kbps": 50},
        audio={"codec": "flac", "quality": 3, "bitrate_kbps": 9},
    )
    assert {loc for loc, _ in found} >= {"video.codec", "video.crf", "video.level", "audio.codec", "audio.quality", "audio.bitrate_kbps"}


# --- ranges: below, at, above -------------------------------------------------------------------------------------------
RANGES: list[tuple[str, str, str, dict[str, Any], tuple[Any, ...], tuple[Any, ...]]] = [
    # seed, format, field, other settings, taken, refused
    ("oss: crf", "mp4", "video.crf", {}, (0.0, 0.5, 51.0), (-0.1, 51.1, 52.0, 64.0)),
    ("oss: crf", "mp4", "video.crf", {"codec": "h265"}, (0.0, 51.0), (-1.0, 52.0)),
    ("oss: crf", "webm", "video.crf", {"codec": "vp9"}, (0.0, 52.0, 63.0), (-1.0, 64.0)),
    ("oss: crf", "webm", "video.crf", {"codec": "av1"}, (0.0, 63.0), (-1.0, 64.0)),
    ("oss: vb", "mp4", "video.bitrate_kbps", {}, (10, 100_000), (9, 100_001)),
    ("oss: maxrate", "mp4", "video.maxrate_kbps", {}, (10, 100_000), (9, 100_001)),
    ("oss: bufsize", "mp4", "video.bufsize_kbit", {"maxrate_kbps": 500}, (10, 200_000), (9, 200_001)),
    ("oss: g", "mp4", "video.gop", {}, (1, 100_000, 1_080_000), (0, 1_080_001)),
    ("mps: Gop in seconds", "mp4", "video.gop_seconds", {}, (0.04, 3600.0), (0.0, 3600.1)),
    ("mps: B-frames", "mp4", "video.bframes", {}, (0, 16), (-1, 17)),
    ("mps: reference frames", "mp4", "video.refs", {}, (1, 16), (0, 17)),
    ("mps: passes", "mp4", "video.passes", {"bitrate_kbps": 500}, (1, 2), (0, 3)),
    ("mps: level", "mp4", "video.level", {}, ("1", "4.1", "6.2"), ("0.9", "6.3", "7")),
    ("mps: preset", "mp4", "video.preset", {}, ("ultrafast", "veryslow"), ("placebo", "slowest")),
    ("mps: profile", "mp4", "video.profile", {}, ("baseline", "high444"), ("extended", "main10")),
    ("oss: pixfmt", "mp4", "video.pixel_format", {}, ("yuv420p", "yuva420p", "yuv444p10le"), ("nv12", "rgb24")),
    ("oss: fps", "mp4", "video.fps", {}, (0.0, 0.5, 240.0), (-1.0, 240.1)),
    ("oss: ab", "mp4", "audio.bitrate_kbps", {}, (1, 10_000), (0, 10_001)),
    ("oss: ab", "mp3", "audio.bitrate_kbps", {}, (1, 320), (0, 321)),
    ("oss: aq", "mp4", "audio.quality", {}, (0, 100), (-1, 101)),
    ("oss: ac", "mp4", "audio.channels", {}, (1, 6, 8), (0, 7, 9)),
    ("oss: ac", "flac", "audio.channels", {}, (1, 7, 8), (0, 9)),
    ("oss: ar", "mp4", "audio.sample_rate", {}, (8000, 96000), (7999, 44101, 192000)),
    ("oss: adepth", "flac", "audio.bit_depth", {}, (16, 24), (8, 20, 32)),
]  # fmt: skip


def _taken(format_: str, field: str, others: dict[str, Any], value: Any) -> bool:
    section, name = field.split(".")
    try:
        template = Template.model_validate_json(json.dumps({"container": {"format": format_}, section: {**others, name: value}}))
    except ValidationError as error:
        return {row["loc"] for row in error.errors()} != {(section, name)}
    return not any(problem.loc == (section, name) for problem in check(template))


@pytest.mark.parametrize(
    ("seed", "format_", "field", "others", "taken", "refused"), RANGES, ids=[f"{f}-{field}-{n}" for n, (_, f, field, *_) in enumerate(RANGES)]
)
def test_range(seed: str, format_: str, field: str, others: dict[str, Any], taken: tuple[Any, ...], refused: tuple[Any, ...]) -> None:
    assert [value for value in taken if not _taken(format_, field, others, value)] == []
    assert [value for value in refused if _taken(format_, field, others, value)] == []


def test_every_codec_has_a_container_and_every_container_a_first_codec() -> None:
    assert {codec for held in CONTAINERS.values() for codec in held.video} == set(VIDEO)
    assert {codec for held in CONTAINERS.values() for codec in held.audio} == set(AUDIO)
    for format_ in CONTAINERS:
        assert problems(format_) == []


@pytest.mark.media
def test_a_level_that_is_too_low_fails_the_output(bench: Bench) -> None:
    with pytest.raises(AssertionError, match=r"Level 1 of H\.264 cannot hold 320×180 at 25 frames per second: use 1\.2 or more\."):
        bench.run(bench.source({"size": "320x180"}), {"container": {"format": "mp4"}, "video": {"level": "1"}})
