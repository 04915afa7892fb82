"""Containers, codecs, rate control: what comes out is probed and decoded. What is impossible: test_codecs_refused."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from jobs.engine.codecs import CONTAINERS, VIDEO
from tests.surface.harness import Bench, Made, Row
from tests.surface.seeds import AB, AC, ACODEC, ADEPTH, AR, CONTROL, GOP, PIXFMT, PROFILE, TERMS, VCODEC, F

FAST = {"preset": "ultrafast"}
Look = Callable[[Made], None]
# a quiet first half and a busy second one, so that rate control has something to do; 25 frames per second
EVEN = {"seconds": 6, "size": "160x90", "audio": False, "more": ("-vf", "noise=alls=10:allf=t", "-crf", "10")}
UNEVEN = {"seconds": 6, "size": "160x90", "audio": False, "more": ("-vf", "noise=alls=14:allf=t:enable='gte(t,3)'", "-crf", "10")}
SETS = ("hls", "dash", "cmaf")


# --- what is looked at --------------------------------------------------------------------------------------------------
def video(made: Made) -> dict[str, Any]:
    return next(s for s in made.raw()["streams"] if s["codec_type"] == "video")


def audio(made: Made) -> dict[str, Any]:
    return next(s for s in made.raw()["streams"] if s["codec_type"] == "audio")


def tone(made: Made, seconds: float = 1.0) -> None:
    """The sound is still a tone of 440 Hz, and as long as it was."""
    samples = made.samples()[:, 0]
    assert abs(len(samples) / 8000 - seconds) < 0.16
    middle = samples[2000:6000] * np.hanning(4000)
    assert abs(float(np.argmax(np.abs(np.fft.rfft(middle)))) * 8000 / 4000 - 440) <= 4


def pictures(made: Made, count: int = 25) -> None:
    """All frames can be decoded, and they move."""
    frames = made.frames(pixel_format="gray")
    assert len(frames) == count
    assert float(np.abs(frames[0].astype(int) - frames[-1].astype(int)).mean()) > 2


def whole(made: Made) -> None:
    """Everything that the plan promises is there and can be decoded."""
    rendition = made.output.renditions[0]
    if rendition.video is not None:
        assert video(made)["codec_name"] == rendition.video.codec
        pictures(made)
    for plan in rendition.audios:
        assert audio(made)["codec_name"] == plan.codec
        tone(made)


def seen(**values: Any) -> Look:
    """ffprobe's words about the picture."""

    def look(made: Made) -> None:
        found = video(made)
        assert {name: found.get(name) for name in values} == values
        pictures(made)

    return look


def heard(**values: Any) -> Look:
    """ffprobe's words about the sound."""

    def look(made: Made) -> None:
        found = audio(made)
        assert {name: found.get(name) for name in values} == values
        tone(made)

    return look


def kilobits(made: Made) -> list[float]:
    """kbit in each second of the picture."""
    found = [0.0] * 6
    for packet in made.raw("-show_packets", "-select_streams", "v")["packets"]:
        found[min(5, int(float(packet["pts_time"])))] += int(packet["size"]) * 8 / 1000
    return found


def key_frames(made: Made) -> list[int]:
    """Numbers of the key frames."""
    packets = sorted(made.raw("-show_packets", "-select_streams", "v")["packets"], key=lambda packet: float(packet["pts_time"]))
    return [number for number, packet in enumerate(packets) if "K" in packet["flags"]]


def kinds(made: Made) -> str:
    """«IBBP…»."""
    return "".join(frame["pict_type"] for frame in made.raw("-show_frames", "-select_streams", "v")["frames"])


def references(made: Made) -> int:
    """What the stream's header says."""
    argv = [made.tools.ffmpeg, "-nostdin", "-v", "trace", "-i", str(made.file), "-c", "copy", "-bsf:v", "trace_headers", "-frames:v", "1", "-f", "null", "none"]
    done = subprocess.run(argv, capture_output=True, check=True, cwd=made.room, timeout=60)
    return int(next(line for line in done.stderr.decode(errors="replace").splitlines() if "max_num_ref_frames" in line).rsplit("=", 1)[1])


def keys_at(*numbers: int) -> Look:
    def look(made: Made) -> None:
        assert key_frames(made) == list(numbers)

    return look


def average(kbps: float, share: float) -> Look:
    def look(made: Made) -> None:
        assert abs(sum(kilobits(made)) / 6 - kbps) <= share * kbps

    return look


def at_most(kbps: float) -> Look:
    def look(made: Made) -> None:
        assert max(kilobits(made)) <= kbps

    return look


def constant(kbps: float, share: float) -> Look:
    """Every second, the quiet and the busy ones."""

    def look(made: Made) -> None:
        rates = kilobits(made)
        assert all(abs(rate - kbps) <= share * kbps for rate in rates), rates

    return look


def fields(made: Made) -> None:
    frames = made.raw("-show_frames", "-select_streams", "v")["frames"]
    assert {(frame["interlaced_frame"], frame["top_field_first"]) for frame in frames} == {(1, 1)}
    pictures(made)


def warned(text: str, look: Look = whole) -> Look:
    def both(made: Made) -> None:
        assert any(text in warning for warning in made.output.warnings), made.output.warnings
        look(made)

    return both


# --- every codec of every container -------------------------------------------------------------------------------------
def pairs() -> list[Row]:
    """Each container with each of its codecs at least once, pictures and sounds of the table beside each other."""
    rows = []
    for format_, held in CONTAINERS.items():
        if format_ in SETS:
            continue
        for number in range(max(len(held.video), len(held.audio))):
            sections: dict[str, Any] = {}
            if held.video:
                codec = held.video[number % len(held.video)]
                sections["video"] = {"codec": codec} | (FAST if "preset" in VIDEO[codec].fields else {})
            if held.audio:
                sections["audio"] = {"codec": held.audio[number % len(held.audio)]}
            name = "+".join([format_, *(part["codec"] for part in sections.values())])
            rows.append(Row(name, f"{F}, {VCODEC}, {ACODEC}", format_, sections, pictures if format_ == "gif" else _animated if format_ == "webp" else whole))
    return rows


def _animated(made: Made) -> None:
    from PIL import Image

    with Image.open(made.file) as picture:
        assert (getattr(picture, "n_frames", 1), picture.size, picture.format) == (25, (128, 72), "WEBP")


def encode(name: str, seed: str, look: Look, source: dict[str, Any] | None = None, /, **settings: Any) -> Row:
    """A row about the picture, in MKV."""
    fast = FAST if "preset" in VIDEO[settings.get("codec", "h264")].fields else {}
    return Row(
        name, seed, "mkv", {"video": {**fast, **settings}, "audio": {"codec": "flac"}} if not source else {"video": {**fast, **settings}}, look, source or {}
    )


def voice(name: str, seed: str, format_: str, look: Look, source: dict[str, Any] | None = None, /, **settings: Any) -> Row:
    """A row about the sound."""
    return Row(name, seed, format_, {"audio": settings}, look, source or {"video": False})


STEREO = {"video": False, "more": ("-ac", "2", "-c:a", "flac"), "suffix": "flac"}
SURROUND = {"video": False, "more": ("-ac", "6", "-c:a", "flac"), "suffix": "flac"}
PICTURES = [
    Row("avi h265 aac", "oss-video-convert.txt: f_avi,vcodec_h265", "avi", {"video": {"codec": "h265", **FAST}, "audio": {"codec": "aac", "bitrate_kbps": 100}},
        lambda made: _hevc_in_avi(made)),
    Row("avi of a variable rate", F, "avi", {"video": {"short_side": 72, **FAST}, "edit": {"duration": 1.0}}, lambda made: _steady(made),
        {"media": "dog-1080p-vfr-phone-h264-aac.mp4"}),
    Row("mxf 15 fps", F, "mxf", {}, warned("MPEG-2 cannot use 15 frames per second: 23.976 was used", lambda made: pictures(made, 24)), {"rate": 15}),
    *(Row(f"mxf of a phone's rate, {codec}", F, "mxf", {"video": {"codec": codec, "short_side": 72}}, lambda made: _is(video(made)["r_frame_rate"], "30000/1001"),
          {"media": "phone-rot90-320p30-h264-aac.mov"}) for codec in ("h264", "mpeg2")),
    Row("mp3 in mp4 is 16 kHz or more", AR, "mp4", {"video": FAST, "audio": {"codec": "mp3"}}, heard(sample_rate="16000"), {"more": ("-ar", "8000")}),
    Row("mxf sound is 48 kHz", F, "mxf", {}, heard(sample_rate="48000", codec_name="pcm_s16le")),
    Row("flv copies", VCODEC, "flv", {"video": {"codec": "copy"}, "audio": {"codec": "copy"}}, warned("Browsers do not play FLV")),
    *(Row(f"{codec} copied into {into}", VCODEC, into, {"video": {"codec": "copy"}, "audio": {"remove": True}}, lambda made, count=count: _is(len(made.frames(pixel_format="gray")), count),
          {"media": name}) for codec, into, name, count in (("h264", "avi", "chapters-240p30-h264-444-aac.mkv", 150), ("h264", "avi", "bbb-720p25-h264-aac51.mp4", 132),
          ("mpeg4", "ts", "logo-qcif15-mpeg4-amrnb.3gp", 74), ("hevc", "avi", "lamp-rot90-720p30-hevc-aac.mov", 35))),
    Row("hevc copied into mp4 warns", VCODEC, "mp4", {"video": {"codec": "copy"}}, warned("Browsers do not play H.265 in MP4", seen(codec_tag_string="hvc1")),
        {"more": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error")}),
    # profiles and levels
    encode("baseline", PROFILE, seen(profile="Constrained Baseline", has_b_frames=0), profile="baseline", preset="fast"),
    encode("main", PROFILE, seen(profile="Main"), profile="main"),
    encode("high", PROFILE, seen(profile="High"), profile="high"),
    encode("high10", PROFILE, seen(profile="High 10", pix_fmt="yuv420p10le"), profile="high10"),
    encode("high422", PROFILE, seen(profile="High 4:2:2", pix_fmt="yuv422p"), profile="high422"),
    encode("high444", PROFILE, seen(profile="High 4:4:4 Predictive", pix_fmt="yuv444p"), profile="high444"),
    encode("h265 main", PROFILE, seen(profile="Main"), codec="h265", profile="main"),
    encode("h265 main10", PROFILE, seen(profile="Main 10", pix_fmt="yuv420p10le"), codec="h265", profile="main10"),
    encode("prores proxy", PROFILE, seen(profile="Proxy", pix_fmt="yuv422p10le"), codec="prores", profile="proxy"),
    encode("prores lt", PROFILE, seen(profile="LT"), codec="prores", profile="lt"),
    encode("prores standard", PROFILE, seen(profile="Standard"), codec="prores"),
    encode("prores hq", PROFILE, seen(profile="HQ"), codec="prores", profile="hq"),
    encode("prores 4444", PROFILE, seen(profile="4444"), codec="prores", profile="4444"),
    encode("level 1", PROFILE, seen(level=10), level="1"),
    encode("level 3.1", PROFILE, seen(level=31), level="3.1"),
    encode("level 6.2", PROFILE, seen(level=62), level="6.2"),
    encode("h265 level 4.1", PROFILE, seen(level=123), codec="h265", level="4.1"),
    # pixel formats
    *(encode(f"h264 {name}", PIXFMT, seen(pix_fmt=name), pixel_format=name) for name in VIDEO["h264"].pixel_formats),
    *(encode(f"h265 {name}", PIXFMT, seen(pix_fmt=name), codec="h265", pixel_format=name) for name in ("yuv422p", "yuv444p10le")),
    encode("vp9 yuv444p", PIXFMT, seen(pix_fmt="yuv444p"), codec="vp9", pixel_format="yuv444p"),
    encode("vp9 yuva420p", PIXFMT, lambda made: _alpha(made), codec="vp9", pixel_format="yuva420p"),
    encode("av1 yuv420p10le", PIXFMT, seen(pix_fmt="yuv420p10le"), codec="av1", pixel_format="yuv420p10le"),
    encode("impossible for the codec", PIXFMT, warned("H.264 cannot have yuva420p", seen(pix_fmt="yuv420p")), pixel_format="yuva420p"),
    encode("impossible for the profile", PIXFMT, warned("cannot have yuv444p", seen(pix_fmt="yuv420p", profile="High")), pixel_format="yuv444p", profile="high"),
    encode("source's kept", PIXFMT, seen(pix_fmt="yuv422p"), {"more": ("-vf", "format=yuv422p", "-c:v", "libx264", "-preset", "ultrafast")}),
    encode("source's not possible", PIXFMT, seen(pix_fmt="yuv420p"), {"more": ("-vf", "format=yuv422p", "-c:v", "libx264", "-preset", "ultrafast")}, codec="av1"),
    # rate control
    encode("abr", CONTROL + ", ABR", average(300, 0.2), EVEN, rate_control="abr", bitrate_kbps=300),
    encode("bitrate alone is abr", CONTROL + ", ABR", average(300, 0.2), EVEN, bitrate_kbps=300),
    encode("vbr", CONTROL + ", VBR", at_most(750), UNEVEN, rate_control="vbr", bitrate_kbps=300),
    encode("vbv", CONTROL + ", VBV", at_most(460), UNEVEN, bitrate_kbps=300, maxrate_kbps=350, bufsize_kbit=175),
    encode("cbr h264", CONTROL + ", CBR", constant(400, 0.25), UNEVEN, rate_control="cbr", bitrate_kbps=400, preset="veryfast", bufsize_kbit=200),
    encode("cbr h265", CONTROL + ", CBR", constant(400, 0.3), UNEVEN, codec="h265", rate_control="cbr", bitrate_kbps=400, bufsize_kbit=200),
    encode("cbr mpeg2", CONTROL + ", CBR", lambda made: average(900, 0.35)(made), UNEVEN, codec="mpeg2", rate_control="cbr", bitrate_kbps=900),
    encode("cbr vp9", CONTROL + ", CBR", average(400, 0.3), UNEVEN, codec="vp9", rate_control="cbr", bitrate_kbps=400),
    encode("cbr av1", CONTROL + ", CBR", average(300, 0.3), UNEVEN, codec="av1", rate_control="cbr", bitrate_kbps=300),
    encode("capped crf", CONTROL + ", Capped CRF", at_most(530), UNEVEN, crf=20, maxrate_kbps=350, bufsize_kbit=175),
    encode("capped crf vp9", CONTROL + ", Capped CRF", average(300, 0.45), UNEVEN, codec="vp9", crf=10, maxrate_kbps=300),
    encode("two passes h264", CONTROL + ", Two-Pass", average(300, 0.1), UNEVEN, passes=2, bitrate_kbps=300),
    encode("two passes h265", CONTROL + ", Two-Pass", average(300, 0.15), UNEVEN, codec="h265", passes=2, bitrate_kbps=300),
    encode("two passes vp9", CONTROL + ", Two-Pass", average(300, 0.2), UNEVEN, codec="vp9", passes=2, bitrate_kbps=300),
    encode("two passes mpeg4", CONTROL + ", Two-Pass", average(1500, 0.2), UNEVEN, codec="mpeg4", passes=2, bitrate_kbps=1500),
    encode("crf 0 h264", CONTROL + ", CRF", seen(profile="High 4:4:4 Predictive"), crf=0),
    encode("upper bound of the source's own", "ims: BitrateBnd", average(250, 0.2), EVEN, bitrate_max_kbps=250, preset="veryfast"),
    # groups of pictures
    encode("gop", "oss-video-convert.txt: g", keys_at(0, 10, 20), gop=10),
    encode("gop of one", "oss-video-convert.txt: g", keys_at(*range(25)), gop=1),
    encode("gop vp9", "oss-video-convert.txt: g", keys_at(0, 10, 20), codec="vp9", gop=10),
    encode("gop av1", "oss-video-convert.txt: g", keys_at(0, 10, 20), codec="av1", gop=10),
    encode("gop mpeg2", "oss-video-convert.txt: g", keys_at(0, 10, 20), codec="mpeg2", gop=10),
    encode("gop in seconds", GOP, keys_at(0, 5, 10, 15, 20), gop_seconds=0.2),
    encode("gop 250 by itself", GOP, keys_at(0), UNEVEN),
    encode("no b-frames", GOP, lambda made: _without(made, "B"), bframes=0, preset="fast"),
    encode("three b-frames", GOP, lambda made: _run_of_b(made, 3), bframes=3, preset="fast"),
    encode("b-frames mpeg2", GOP, lambda made: _run_of_b(made, 2), codec="mpeg2", bframes=2),
    encode("refs", GOP, lambda made: _is(references(made), 5), refs=5, preset="slow"),
    encode("closed gop mpeg2", GOP, keys_at(0, 10, 20), codec="mpeg2", gop=10, closed_gop=True),
    encode("closed gop mpeg4", GOP, keys_at(0, 10, 20), codec="mpeg4", gop=10, closed_gop=True),
    encode("av1 of two pictures a group", GOP, keys_at(*range(0, 25, 2)), codec="av1", gop=2, bitrate_kbps=300),
    encode("closed gop h265", GOP, keys_at(0, 10, 20), codec="h265", gop=10, closed_gop=True),
    encode("scan interlaced h264", TERMS + "interlaced", fields, scan="interlaced"),
    encode("scan interlaced mpeg2", TERMS + "interlaced", fields, codec="mpeg2", scan="interlaced"),
    encode("scan interlaced prores", TERMS + "interlaced", fields, codec="prores", scan="interlaced"),
    encode("max_fps", TERMS + "Frame rate", lambda made: pictures(made, 10), max_fps=10.0),
    encode("max_fps above the source", TERMS + "Frame rate", pictures, max_fps=60.0),
]  # fmt: skip
SOUNDS = [
    *(voice(f"ar {rate}", AR, "wav", heard(sample_rate=str(rate)), sample_rate=rate) for rate in (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000)),
    *(voice(f"ac {n}", AC, "flac", heard(channels=n), channels=n) for n in range(1, 9)),
    voice("adepth 16", ADEPTH, "flac", heard(bits_per_raw_sample="16"), bit_depth=16),
    voice("adepth 24", ADEPTH, "flac", heard(bits_per_raw_sample="24"), bit_depth=24),
    voice("adepth of the source", ADEPTH, "flac", heard(bits_per_raw_sample="24"), {"video": False, "suffix": "wav", "more": ("-c:a", "pcm_s24le")}),
    voice("amr is 8 kHz mono", ACODEC + " amr", "amr", heard(sample_rate="8000", channels=1), STEREO),
    voice("amr at its lowest", AB, "amr", warned("4.75 was used", tone), bitrate_kbps=1),
    voice("amr at its highest", AB, "amr", warned("12.2 was used", tone), bitrate_kbps=10_000),
    voice("opus of 44.1 kHz", ACODEC + " opus", "opus", heard(sample_rate="48000", channels=1)),
    voice("opus at its highest", AB, "opus", warned("256 was used", tone), bitrate_kbps=10_000),
    voice("ac3 takes the nearest bitrate", AB, "ac3", warned("96 was used", heard(bit_rate="96000")), bitrate_kbps=101),
    voice("ac3 5.1", AC, "ac3", heard(channels=6, sample_rate="44100"), SURROUND),
    voice("ac3 of 7.1", AC, "ac3", heard(channels=6), {"video": False, "more": ("-ac", "8", "-c:a", "flac"), "suffix": "flac"}),
    voice("mp3 5.1 becomes stereo", AC, "mp3", heard(channels=2), SURROUND),
    voice("mp3 of 96 kHz", AR, "mp3", heard(sample_rate="48000"), {"video": False, "more": ("-ar", "96000", "-c:a", "flac"), "suffix": "flac"}),
    voice("aac bitrate", AB, "m4a", heard(codec_name="aac"), bitrate_kbps=100),
    voice("aac at its highest", AB, "m4a", warned("264 was used", tone), bitrate_kbps=10_000),
    voice("pcm 24 bit", ACODEC, "wav", heard(codec_name="pcm_s24le", bits_per_sample=24), codec="pcm_s24le"),
    voice("ogg holds vorbis", F, "ogg", heard(codec_name="vorbis")),
    voice("ogg holds flac", F, "ogg", heard(codec_name="flac"), codec="flac"),
    voice("ogg holds opus", F, "ogg", heard(codec_name="opus"), codec="opus"),
]  # fmt: skip


def _hevc_in_avi(made: Made) -> None:
    seen(codec_name="hevc", codec_tag_string="HEVC")(made)
    tone(made)


def _steady(made: Made) -> None:
    assert len(made.frames(pixel_format="gray")) in (30, 31)
    assert video(made)["r_frame_rate"] in ("30/1", "30000/1001", "3001/100")


def _is(found: object, wanted: object) -> None:
    assert found == wanted


def _alpha(made: Made) -> None:
    assert video(made)["tags"]["ALPHA_MODE" if "ALPHA_MODE" in video(made)["tags"] else "alpha_mode"] == "1"
    pictures(made)


def _without(made: Made, kind: str) -> None:
    assert kind not in kinds(made)


def _run_of_b(made: Made, most: int) -> None:
    runs = [len(run) for run in "".join(k if k == "B" else " " for k in kinds(made)).split()]
    assert max(runs) == most


@pytest.mark.media
@pytest.mark.parametrize("row", [*pairs(), *PICTURES, *SOUNDS], ids=lambda row: row.name)
def test_row(bench: Bench, row: Row) -> None:
    bench.row(row)


@pytest.mark.media
@pytest.mark.parametrize(
    ("format_", "video_", "kept"),
    [
        ("webm", {}, True),
        ("mkv", {"codec": "vp9", "pixel_format": "yuva420p", "rotate": 90}, True),
        ("webp", {}, True),
        ("gif", {}, True),
        ("webm", {"pixel_format": "yuv420p"}, False),
        ("webm", {"denoise": "light"}, False),
        ("mov", {"codec": "prores", "profile": "4444"}, True),
        ("mkv", {"codec": "prores", "profile": "4444", "rotate": 180}, True),
        ("mov", {"codec": "prores", "profile": "4444", "pixel_format": "yuv444p10le"}, False),
        ("mov", {"codec": "prores", "profile": "4444", "sharpen": "light"}, False),
        ("mov", {"codec": "prores"}, False),
    ],
)
@pytest.mark.parametrize("source", ["vp9", "prores", "animation"])
def test_what_is_transparent_stays_so(bench: Bench, source: str, format_: str, video_: dict[str, Any], kept: bool) -> None:
    """A telephone before nothing: about a third of the picture, its upper corners among it, has no alpha at all. Also as ProRes 4444, and as QuickTime Animation."""
    path = bench.source({"media": "device-720p60-vp9-alpha.webm"})
    if source != "vp9":
        encoder = {"prores": ("prores_ks", "yuva444p10le"), "animation": ("qtrle", "argb")}[source]
        path = transparent(bench, path, *encoder)
    speed = {"preset": "ultrafast"} if video_.get("codec", "vp9") == "vp9" and format_ in ("webm", "mkv") else {}
    made = bench.run(path, {"container": {"format": format_}, "video": {"width": 160, "fps": 10, **speed, **video_}, "edit": {"duration": 0.5}})
    if format_ == "webp":
        with Image.open(made.file) as animation:
            shown = np.asarray(animation.convert("RGBA"))[:, :, 3]
    else:
        decoder = ["-c:v", "libvpx-vp9"] if speed or format_ == "webm" else []
        argv = [made.tools.ffmpeg, "-nostdin", "-v", "error", *decoder, "-i", str(made.file), "-frames:v", "1", "-vf", "format=rgba,alphaextract"]
        data = subprocess.run([*argv, "-f", "rawvideo", "-pix_fmt", "gray", "-"], capture_output=True, check=True, timeout=60).stdout
        shown = np.frombuffer(data, dtype=np.uint8)
    clear = float((shown < 16).mean())
    assert 0.15 < clear < 0.45 if kept else clear == 0.0


def transparent(bench: Bench, path: Path, encoder: str, pixels: str) -> Path:
    """Half a second of a transparent clip with its alpha in the picture instead of beside it; made once."""
    made = bench.folder / f"transparent-{encoder}.mov"
    if not made.exists():
        options = ["-frames:v", "30", "-an", "-vf", "scale=320:-2", "-c:v", encoder, "-pix_fmt", pixels]
        subprocess.run([bench.tools.ffmpeg, "-nostdin", "-v", "error", "-c:v", "libvpx-vp9", "-i", str(path), *options, str(made)], check=True, timeout=60)
    return made


@pytest.mark.media
@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("said", [{}, {"bframes": 3}])
def test_pictures_in_avi_are_shown_when_they_are_due(bench: Bench, codec: str, said: dict[str, int]) -> None:
    """oss-video-convert.txt: f_avi. AVI has no times: a decoder that has to wait for B-frames would show each picture late."""
    made = bench.run(
        bench.source(UNEVEN), {"container": {"format": "avi"}, "video": {"codec": codec, "preset": "veryfast", **said}, "audio": {"codec": "pcm_s16le"}}
    )
    shown = made.raw("-show_frames", "-select_streams", "v")["frames"]
    assert float(shown[0]["best_effort_timestamp_time"]) == 0.0
    assert "B" not in {frame["pict_type"] for frame in shown}


@pytest.mark.media
@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_crf_0_loses_nothing(bench: Bench, codec: str) -> None:
    source = bench.source({})
    made = bench.run(source, {"container": {"format": "mkv"}, "video": {"codec": codec, "crf": 0, **FAST}})
    for plane in ("gray", "rgb24"):
        assert np.array_equal(made.frames(pixel_format=plane), made.frames(pixel_format=plane, file=source))


@pytest.mark.media
@pytest.mark.parametrize(("codec", "settings", "better"), [("h264", {"crf": 35}, {"crf": 20}), ("h265", {"crf": 35}, {"crf": 20}), ("vp9", {"crf": 50}, {"crf": 20}),
                                                           ("av1", {"crf": 50}, {"crf": 20}), ("h264", {"preset": "veryslow", "crf": 23}, {"preset": "ultrafast", "crf": 23})])  # fmt: skip
def test_a_better_quality_takes_more_bytes(bench: Bench, codec: str, settings: dict[str, Any], better: dict[str, Any]) -> None:
    """oss-video-convert.txt: crf; console.md 1.8: preset."""
    made = bench.run_all(bench.source(UNEVEN), *({"container": {"format": "mkv"}, "video": {"codec": codec, **FAST, **s}} for s in (settings, better)))
    assert made[0].file.stat().st_size < made[1].file.stat().st_size


@pytest.mark.media
@pytest.mark.parametrize(("format_", "codec"), [("m4a", "aac"), ("mp3", "mp3"), ("ogg", "vorbis")])
def test_quality_0_to_100(bench: Bench, format_: str, codec: str) -> None:
    """oss-video-convert.txt: aq."""
    source = bench.source({"video": False, "seconds": 2, "suffix": "flac", "more": ("-af", "aeval=val(0)+0.3*random(0)", "-c:a", "flac")})
    made = bench.run_all(source, *({"container": {"format": format_}, "audio": {"codec": codec, "quality": q}} for q in (0, 40, 100)))
    sizes = [one.file.stat().st_size for one in made]
    assert sizes[0] < sizes[1] < sizes[2]


@pytest.mark.media
@pytest.mark.fdkaac
@pytest.mark.parametrize(
    ("format_", "profile", "shown"),
    [(f, p, s) for f in ("mp4", "mkv", "m4a") for p, s in (("aac_he", "HE-AAC"), ("aac_he_v2", "HE-AACv2"), ("aac_ld", "LD"), ("aac_eld", "ELD"))]
    + [(f, p, s) for f in ("ts", "aac", "flv") for p, s in (("aac_he", "HE-AAC"), ("aac_he_v2", "HE-AACv2"))],
)
def test_aac_profiles_of_fdkaac(bench: Bench, format_: str, profile: str, shown: str) -> None:
    """mps-terms.txt: Advanced Audio Coding profiles."""
    source = bench.source({"more": ("-ac", "2")})
    sections: dict[str, Any] = {"audio": {"profile": profile}} | ({"video": FAST} if CONTAINERS[format_].video else {})
    made = bench.run(source, {"container": {"format": format_}, **sections})
    assert (audio(made)["codec_name"], audio(made)["profile"]) == ("aac", shown)
    samples = made.samples()[:, 0]
    assert abs(float(np.argmax(np.abs(np.fft.rfft(samples[2000:6000] * np.hanning(4000))))) * 2 - 440) <= 4
    if CONTAINERS[format_].video:
        pictures(made)


@pytest.mark.media
@pytest.mark.fdkaac
@pytest.mark.parametrize("profile", ["aac_he", "aac_ld", "aac_eld"])
def test_sound_of_fdkaac_is_where_it_was(bench: Bench, profile: str) -> None:
    """A tone that begins after half a second begins there in the output, to 5 ms."""
    source = bench.source({"seconds": 2, "more": ("-af", "volume=0:enable='lt(t,0.5)'")})
    made = bench.run(source, {"container": {"format": "mp4"}, "video": FAST, "audio": {"profile": profile}})
    before, after = (int(np.argmax(np.abs(made.samples(rate=48000, file=file)[:, 0]) > 0.05)) / 48000 for file in (source, None))
    assert abs(before - after) < 0.005
