"""Media info on real files, and on clips made so that what they are is known."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs.engine.media_info import MediaInfo, parse_media_info
from jobs.engine.packets import Packet, parse_packets
from jobs.ffmpeg import media_info as module
from jobs.ffmpeg.tools import Tools

Info = Callable[[Path], MediaInfo]


@pytest.fixture
def info(tools: Tools, tmp_path: Path) -> Info:
    """info(path) -> its normal form."""
    return lambda path: module.media_info(path, tools=tools, cwd=tmp_path).info


@pytest.fixture
def encoded(ffmpeg: str, tmp_path: Path) -> Callable[..., Path]:
    """encoded(name, options …) -> 4 s of a moving picture at 25 fps, 160x90."""

    def make(name: str, *options: str, source: str = "testsrc2=s=160x90:r=25:d=4") -> Path:
        path = tmp_path / name
        subprocess.run([ffmpeg, "-v", "error", "-y", "-f", "lavfi", "-i", source, *options, str(path)], check=True, stdin=subprocess.DEVNULL, timeout=60)
        return path

    return make


@pytest.mark.parametrize(
    ("name", "depth", "chroma", "size", "hdr", "rate", "groups"),
    [
        ("bbb-720p24-h264-mp3-55s.mp4", 8, "4:2:0", (1280, 720), None, ("constant", 24.0), (11, 36, 250, "closed")),
        ("dog-1080p-vfr-phone-h264-aac.mp4", 8, "4:2:0", (1920, 1080), None, ("variable", 26.952), (2, 11, 30, "closed")),
        ("screen-3026x1386-vfr-h264-noaudio.mp4", 8, "4:2:0", (3026, 1386), None, ("variable", 8.665), (4, 1, 30, "closed")),
        ("roof-720x1280p30-av1-hdr10-aac.mp4", 10, "4:2:0", (720, 1280), "HDR10", ("constant", 29.97), (1, 127, 127, "closed")),
        ("colour-1080p-hevc-hlg-10bit.mp4", 10, "4:2:0", (1920, 1080), "HLG", ("constant", 29.99), (1, 9, 9, "closed")),
        ("sar2x1-360p30-h264.mp4", 8, "4:2:0", (1280, 360), None, ("constant", 30.0), (1, 150, 150, "closed")),
        ("phone-rot90-320p30-h264-aac.mov", 8, "4:2:0", (320, 568), None, ("constant", 29.975), (3, 2, 30, "closed")),
        ("testsrc-360p30-h264-422.mp4", 8, "4:2:2", (640, 360), None, ("constant", 30.0), (1, 60, 60, "closed")),
        ("chapters-240p30-h264-444-aac.mkv", 8, "4:4:4", (320, 240), None, ("constant", 29.998), (1, 150, 150, "closed")),
        ("desk-360i25-h264-tff-noaudio.mp4", 8, "4:2:0", (640, 360), None, ("constant", 25.0), (6, 9, 24, "open")),
        ("hello-480p30-mpeg2-mp2.mpeg", 8, "4:2:0", (640, 480), None, ("constant", 29.97), (21, 10, 12, None)),
        ("testpic-360p30-h264-aac-fragmented.mp4", 8, "4:2:0", (640, 360), None, ("constant", 30.0), (8, 30, 30, "closed")),
        ("tenmin-288p1-h264-noaudio-600s.mkv", 8, "4:2:0", (384, 288), None, ("constant", 1.0), (10, 60, 60, "closed")),
    ],
)
def test_real_files_are_told_as_they_are(
    info: Info, media: Path, name: str, depth: int, chroma: str, size: Any, hdr: str | None, rate: Any, groups: Any
) -> None:
    found = info(media / name)
    picture = found.picture
    assert picture is not None
    stream = found.video[0] if not found.video[0].attached_picture else found.video[1]
    assert (stream.bit_depth, stream.chroma, (stream.display_width, stream.display_height)) == (depth, chroma, size)
    assert (stream.hdr.format if stream.hdr else None) == hdr
    assert stream.frame_rate is not None
    assert (stream.frame_rate.kind, stream.frame_rate.mean) == (rate[0], pytest.approx(rate[1], abs=0.002))
    assert stream.gops is not None
    assert (stream.gops.count, stream.gops.shortest, stream.gops.longest, stream.gops.structure) == groups
    assert found.looked_at is not None
    assert found.looked_at.whole


def test_every_kind_of_stream_is_listed(info: Info, media: Path) -> None:
    cover = info(media / "coverart-360p30-h264-aac-png.mp4")
    assert [(row.codec, row.attached_picture) for row in cover.video] == [("h264", False), ("png", True)]
    assert cover.brand == "isom"
    tracks = info(media / "count-480p10-h264-2audio-eng-deu-srt.mkv")
    assert [row.language for row in tracks.audio] == ["eng", "ger"] or [row.language for row in tracks.audio] == ["eng", "deu"]
    assert [row.codec for row in tracks.subtitle] == ["subrip"]
    timed = info(media / "lamp-rot90-720p30-hevc-aac.mov")
    assert {row.kind for row in timed.other} == {"data"}
    assert timed.video[0].rotation == 90


def test_chapters_have_times_and_titles(info: Info, media: Path) -> None:
    found = info(media / "chapters-240p30-h264-444-aac.mkv")
    assert found.chapters == len(found.chapter_list) == 2
    assert found.chapter_list[0].start == 0
    assert all(row.end and row.end > row.start for row in found.chapter_list)


def test_sound_alone_has_no_picture_facts(info: Info, media: Path) -> None:
    found = info(media / "radio-7s-stereo.flac")
    assert (found.video, found.looked_at) == ((), None)
    assert found.container == "raw FLAC"


def test_hdr_metadata_is_read_from_the_stream(info: Info, encoded: Callable[..., Path]) -> None:
    display = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
    colours = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:hdr10=1:repeat-headers=1:log-level=error"
    told = ("-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-x265-params", f"{colours}:master-display={display}:max-cll=1000,400", "-tag:v", "hvc1")
    for name in ("hdr.mp4", "hdr.ts"):
        hdr = info(encoded(name, *told)).video[0].hdr
        assert hdr is not None
        assert (hdr.format, hdr.max_cll, hdr.max_fall) == ("HDR10", 1000, 400)
        assert hdr.mastering is not None
        assert (hdr.mastering.red, hdr.mastering.white) == ((0.68, 0.32), (0.3127, 0.329))
        assert (hdr.mastering.min_nits, hdr.mastering.max_nits) == (0.005, 1000.0)


@pytest.mark.parametrize(("open_gop", "structure"), [(1, "open"), (0, "closed")])
def test_groups_are_told_to_be_open_or_closed(info: Info, encoded: Callable[..., Path], open_gop: int, structure: str) -> None:
    path = encoded("gop.mp4", "-c:v", "libx264", "-g", "20", "-bf", "2", "-x264-params", f"open-gop={open_gop}:scenecut=0:keyint=20:min-keyint=20")
    gops = info(path).video[0].gops
    assert gops is not None
    assert (gops.count, gops.structure) == (5, structure)
    assert 20 <= gops.longest <= 21, "counted in the order of the file, in which a key frame may come before pictures of the group before it"
    assert gops.longest_seconds == pytest.approx(0.8, abs=0.09)


def test_a_rate_that_changes_in_the_middle_is_variable(info: Info, encoded: Callable[..., Path]) -> None:
    path = encoded("vfr.mkv", "-vf", "select='if(lt(t,2),1,not(mod(n,3)))'", "-fps_mode", "vfr", "-c:v", "libx264")
    rate = info(path).video[0].frame_rate
    assert rate is not None
    assert (rate.kind, rate.fastest, rate.slowest) == ("variable", 25.0, pytest.approx(8.33, abs=0.05))


def test_of_a_long_file_only_a_part_is_read_and_that_is_said(info: Info, encoded: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = encoded("long.mp4", "-c:v", "libx264", "-g", "25", source="testsrc2=s=160x90:r=25:d=60")
    monkeypatch.setattr(module, "MOST_SECONDS", 20.0)
    found = info(path)
    assert found.looked_at is not None
    assert not found.looked_at.whole
    assert found.looked_at.seconds == pytest.approx(20, abs=1.5)
    gops = found.video[0].gops
    assert gops is not None
    assert (gops.shortest, gops.longest) == (25, 25), "the last group, which was cut off, does not count"


def test_a_single_picture_has_a_group_and_no_rate(info: Info, encoded: Callable[..., Path]) -> None:
    stream = info(encoded("one.mp4", "-frames:v", "1", "-c:v", "libx264")).video[0]
    assert stream.frame_rate is None
    assert stream.gops is not None
    assert (stream.gops.count, stream.gops.longest) == (1, 1)


def test_odd_documents_never_raise() -> None:
    rows = [{"codec_type": "video", "codec_name": "h264", "width": 16, "height": 16, "side_data_list": [3, {"side_data_type": None}], "tags": [], "index": "0"}]
    found = parse_media_info({"format": [], "streams": [*rows, None, 7], "chapters": [{"start_time": "x"}, {"start_time": "1"}]}, (Packet(None, None, True),))
    assert found.chapter_list[0].start == 1
    assert found.video[0].frame_rate is None
    assert parse_packets("N/A,0.1,K__\n\nnonsense\n1.0,N/A,___\n") == (Packet(None, 0.1, True), Packet(1.0, None, False))


def test_dolby_vision_and_hdr10_plus_are_told_where_ffprobe_says_so() -> None:
    base = {"codec_type": "video", "codec_name": "hevc", "width": 16, "height": 16, "color_transfer": "smpte2084", "color_primaries": "bt2020", "index": 0}
    record = {"side_data_type": "DOVI configuration record", "dv_profile": 8, "dv_level": 6, "el_present_flag": 0, "dv_bl_signal_compatibility_id": 1}
    dolby = parse_media_info({"streams": [base | {"side_data_list": [record]}]}).video[0].hdr
    assert dolby is not None
    assert dolby.dolby_vision is not None
    assert (dolby.format, dolby.dolby_vision.profile, dolby.dolby_vision.compatibility) == ("Dolby Vision", 8, 1)
    frame = {"side_data_list": [{"side_data_type": "HDR Dynamic Metadata SMPTE2094-40 (HDR10+)"}]}
    plus = parse_media_info({"streams": [base]}, (), frame).video[0].hdr
    assert plus is not None
    assert plus.format == "HDR10+"


def test_the_normal_form_survives_json(info: Info, media: Path) -> None:
    found = info(media / "roof-720x1280p30-av1-hdr10-aac.mp4")
    assert MediaInfo.model_validate_json(json.dumps(found.model_dump(mode="json"))) == found
