"""Template analyses of files where the right answer is known, and of such as nothing can be said of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs.engine.errors import CODES
from jobs.models import Job, Step
from jobs.states import JobState
from templates_app.models import Template
from tests.jobs.analyses import FHD, HD, LD, SD, XLD, film, said, submitted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("pipeline", "presets")]

Answer = Callable[..., dict[str, Any]]


@pytest.fixture
def answer(work_off: Callable[[], int]) -> Answer:
    """answer(address, **wishes) -> the result of a finished analysis."""

    def ask(address: str, **more: Any) -> dict[str, Any]:
        job = submitted(address, **more)
        work_off()
        job.refresh_from_db()
        assert job.state == JobState.SUCCEEDED, job.message
        return dict(job.result or {})

    return ask


@pytest.fixture
def made(buckets: Any, ffmpeg: str, tmp_path: Path) -> Callable[..., str]:
    """made(name, picture, *options) -> address of a clip of it."""
    return lambda name, picture, *options, **more: str(buckets.put(film(ffmpeg, tmp_path / name, picture, *options, **more), name))


# --- where the right answer is known -----------------------------------------------------------------------------------
def test_every_preset_is_judged_with_a_reason(buckets: Any, media: Path, answer: Answer) -> None:
    found = answer(buckets.put(media / "bbb-720p25-h264-aac51.mp4"))
    presets = Template.objects.filter(kind__in=("static", "narrowband", "intelligent"))
    assert {row["id"] for row in found["presets"]} == set(presets.values_list("pk", flat=True))
    assert {row["kind"] for row in found["presets"]} == {"static", "narrowband", "intelligent"}
    for row in found["presets"]:
        assert row["fits"] == (row["code"] is None) == (not row["message"])
        assert row["fits"] or row["message"].endswith("."), row
        assert row["code"] in CODES or row["code"] in (None, "WouldEnlarge", "SourceSmaller", "SourceLarger", "SourceBitrateLower")
        assert (row["values"] is not None) == (row["fits"] and row["kind"] == "intelligent"), row
    assert found["fitting"] == sum(row["fits"] for row in found["presets"])
    # 720 lines at 1.2 Mbit/s: HD and below, not FHD
    assert [said(found, name)["fits"] for name in (FHD, HD, SD, LD, XLD)] == [False, True, True, True, False]
    assert said(found, "MP4-FHD")["code"] == "WouldEnlarge"
    assert said(found, "MP4-HD")["code"] == "SourceBitrateLower", "1.8 Mbit/s"
    assert said(found, "MP4-SD")["fits"]
    assert said(found, "mp4-h264-720p")["fits"]
    assert said(found, "mp4-h264-1080p")["code"] == "SourceSmaller", "it would not enlarge, so it is nothing but the smaller preset"
    hd, sd = said(found, HD), said(found, SD)
    assert (hd["made"]["width"], hd["made"]["height"], sd["made"]["width"], sd["made"]["height"]) == (1280, 720, 854, 480)
    assert hd["values"]["video"]["maxrate_kbps"] == found["input"]["kbps"], "never more than the source has"
    assert sd["values"]["video"] == {"short_side": 480, "crf": 25.0, "maxrate_kbps": 1000, "bufsize_kbit": 2000, "deinterlace": "none"}


def test_a_few_lines_of_border_are_no_other_class(buckets: Any, media: Path, answer: Answer) -> None:
    found = answer(buckets.put(media / "friday-480p30-h264-aac.mp4"))
    assert 470 < found["input"]["lines"] < 480, "a thin border is cut off"
    assert [said(found, name)["fits"] for name in (HD, SD, LD)] == [False, True, True]


def test_a_small_picture_is_not_enlarged(made: Any, answer: Answer) -> None:
    found = answer(made("small.mp4", "testsrc2=s=320x180:r=25:d=3", "-qp", "20"))
    assert (found["input"]["width"], found["input"]["height"], found["input"]["lines"]) == (320, 180, 180)
    for name in (FHD, HD, SD, LD):
        row = said(found, name)
        assert (row["fits"], row["code"]) == (False, "SourceSmaller")
        assert "the source has 180" in row["message"]
    xld = said(found, XLD)
    assert (xld["fits"], xld["made"]["width"], xld["made"]["height"]) == (True, 320, 180)
    assert xld["values"]["video"]["short_side"] is None
    assert said(found, "MP4-XLD")["fits"]
    assert "640×360" in said(found, "MP4-LD")["message"]


def test_a_low_bitrate_is_not_blown_up(made: Any, answer: Answer) -> None:
    found = answer(
        made("low.mp4", "testsrc2=s=1280x720:r=25:d=4", "-c:v", "libx264", "-preset", "veryfast", "-b:v", "300k", "-maxrate", "300k", "-bufsize", "300k")
    )
    assert found["input"]["kbps"] < 500
    assert [said(found, name)["code"] for name in (FHD, HD, SD)] == ["SourceBitrateLower"] * 3
    ld = said(found, LD)
    assert ld["fits"]
    assert ld["values"]["video"]["maxrate_kbps"] == found["input"]["kbps"]
    assert said(found, "MP4-HD")["code"] == said(found, "MP4-SD")["code"] == "SourceBitrateLower"


def test_fields_are_seen_and_removed(buckets: Any, media: Path, made: Any, answer: Answer) -> None:
    found = answer(buckets.put(media / "desk-360i25-h264-tff-noaudio.mp4"))
    assert (found["input"]["interlaced"], found["input"]["top_first"]) == (True, True)
    row = said(found, LD)
    assert row["values"]["video"]["deinterlace"] == "force"
    assert "Deinterlaced" in [note["code"] for note in row["notes"]]
    assert said(found, "MP3-64")["code"] == "NoAudioStream"
    asked = answer(buckets.put(media / "desk-360i25-h264-tff-noaudio.mp4"), deinterlace="none")
    assert asked["input"]["interlaced"] is False


def test_fields_that_the_container_hides_are_seen(made: Any, answer: Answer) -> None:
    hidden = "mandelbrot=s=640x360:r=50,trim=duration=3,rotate='t*0.8':fillcolor=gray,tinterlace=interleave_top,setfield=prog"
    found = answer(made("hidden.mp4", hidden, "-qp", "18"))
    assert (found["input"]["interlaced"], found["input"]["marked"]) == (True, False)
    assert said(found, LD)["values"]["video"]["deinterlace"] == "auto", "the container's field order cannot be used"
    assert "FieldsKept" in [note["code"] for note in said(found, "MP4-XLD")["notes"]]


def test_black_borders_are_cut_off(made: Any, answer: Answer) -> None:
    boxed = made("boxed.mp4", "testsrc2=s=1280x536:r=25:d=3,pad=1280:720:0:92", "-qp", "18")
    found = answer(boxed)
    assert found["input"]["crop"] == {"width": 1280, "height": 536, "left": 0, "top": 92}
    assert found["input"]["lines"] == 720, "cinema pictures count by their width"
    row = said(found, SD)
    assert row["values"]["video"]["crop"] == {"width": 1280, "height": 536, "left": 0, "top": 92}
    assert row["made"]["width"] == pytest.approx(854, abs=4)
    assert row["made"]["height"] == pytest.approx(854 * 536 / 1280, abs=2)
    assert "BordersKept" in [note["code"] for note in said(found, "MP4-LD")["notes"]]
    kept = answer(boxed, crop="none")
    assert (kept["input"]["crop"], kept["input"]["height"]) == (None, 720)
    given = answer(boxed, crop={"width": 640, "height": 360, "left": 320, "top": 180})
    assert (given["input"]["width"], given["input"]["height"], given["input"]["borders"]) == (640, 360, False)
    assert said(given, HD)["code"] == "SourceSmaller"


def test_sound_alone_fits_sound_presets(buckets: Any, media: Path, answer: Answer) -> None:
    found = answer(buckets.put(media / "commentary-6s-aac.m4a"))
    assert (found["input"], found["complexity"]) == (None, None)
    assert said(found, "MP3-64")["fits"]
    for name in (HD, LD, "MP4-HD", "mp4-h264-540p", "gif-480p", "MP4-HD-NarrowBandHDV1"):
        assert said(found, name)["code"] == "NoVideoStream", name
    assert said(answer(buckets.put(media / "speech-5s.mp3")), "MP3-320")["code"] == "SourceBitrateLower"
    assert said(answer(buckets.put(media / "radio-7s-stereo.flac")), "MP3-320")["fits"], "nothing is lost yet"


def test_hdr_is_told_and_mapped(buckets: Any, media: Path, answer: Answer) -> None:
    found = answer(buckets.put(media / "roof-720x1280p30-av1-hdr10-aac.mp4"))
    assert (found["input"]["hdr"], found["input"]["bit_depth"], found["input"]["codec"]) == ("PQ", 10, "av1")
    assert found["input"]["h264_kbps"] == 2 * found["input"]["kbps"]
    row = said(found, HD)
    assert row["values"]["video"]["hdr"] == "sdr"
    assert (row["made"]["width"], row["made"]["height"]) == (720, 1280), "it stands"
    assert "ToneMapped" in [note["code"] for note in row["notes"]]
    assert "ToneMapped" in [note["code"] for note in said(found, "mp4-h264-720p")["notes"]]


def test_presets_whose_container_cannot_hold_the_input_do_not_fit(buckets: Any, media: Path, answer: Answer) -> None:
    found = answer(buckets.put(media / "flower-540p30-vp8-vorbis.webm"))
    row = said(found, "FLV-COPY")
    assert (row["fits"], row["code"]) == (False, "ImpossibleCombination")
    assert "FLV cannot hold" in row["message"]
    assert said(found, "mkv-remux")["fits"]


# --- quality, method ---------------------------------------------------------------------------------------------------
def test_complex_pictures_get_a_coarser_quality_and_plain_ones_keep_theirs(made: Any, answer: Answer) -> None:
    noise = "nullsrc=s=1280x720:r=25:d=2,geq=lum='random(1)*255':cb='128+(random(2)-0.5)*40':cr='128+(random(3)-0.5)*40'"
    found = answer(made("noise.mp4", noise, "-qp", "30"))
    row = said(found, HD)
    video = row["values"]["video"]
    assert 25 < video["crf"] <= 41
    assert video["maxrate_kbps"] == 2000
    assert "Coarser" in [note["code"] for note in row["notes"]]
    assert row["made"]["kbps"] <= 2000
    bars = answer(made("bars.mp4", "smptehdbars=s=1280x720:r=25:d=3", "-qp", "0"))
    assert bars["input"]["noisy"] is False
    assert said(bars, LD)["values"]["video"]["crf"] == 25


def test_grain_is_measured_and_removed_gently(made: Any, answer: Answer) -> None:
    found = answer(made("grain.mp4", "testsrc2=s=1280x720:r=25:d=2,noise=alls=16:allf=t", "-qp", "12"))
    grainy = said(found, HD)
    assert grainy["values"]["video"]["denoise"] in ("light", "medium")
    assert "Denoised" in [note["code"] for note in grainy["notes"]]
    assert "denoise" not in said(found, LD)["values"]["video"], "made half as wide, grain is gone already"


def test_from_a_disk_quality_alone_counts(buckets: Any, media: Path, answer: Answer) -> None:
    source = buckets.put(media / "bbb-720p25-h264-aac51.mp4")
    local = said(answer(source, method="local", quality=18), SD)["values"]["video"]
    assert (local["crf"], local["maxrate_kbps"], local["bufsize_kbit"]) == (18.0, None, None)
    near, far = (said(answer(source, quality=quality), "mp4-h264-540p-intelligent")["made"]["kbps"] for quality in (21, 33))
    assert near > 1.5 * far
    h264, h265 = (said(answer(source, method="local"), f"mp4-{codec}-720p-intelligent") for codec in ("h264", "h265"))
    assert h265["values"]["video"]["crf"] == h264["values"]["video"]["crf"] + 3
    assert h265["made"]["kbps"] < h264["made"]["kbps"]


def test_fast_pictures_are_halved_for_small_presets(made: Any, answer: Answer) -> None:
    found = answer(made("fast.mp4", "testsrc2=s=1280x720:r=60000/1001:d=2", "-qp", "20"))
    assert said(found, SD)["values"]["video"]["fps"] == pytest.approx(29.97, abs=0.001)
    assert "fps" not in said(found, HD)["values"]["video"]


# --- odd and bad input -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("length", ["one", "short"])
def test_less_than_a_sample_is_looked_at_whole(made: Any, answer: Answer, length: str) -> None:
    frames = {"one": ("-frames:v", "1"), "short": ("-frames:v", "7")}[length]
    found = answer(made(f"{length}.mp4", "testsrc2=s=640x360:r=25:d=1", *frames))
    assert found["complexity"]["frames"] == {"one": 1, "short": 7}[length]
    assert "shorter than one sample" in found["notes"][0]
    assert found["input"]["kbps"] is None, "nothing can be said of the bitrate of a moment"
    assert said(found, LD)["fits"]


def test_all_black_is_said(made: Any, answer: Answer) -> None:
    found = answer(
        made(
            "black.mp4",
            "color=black:s=1280x720:r=25:d=6",
            "-c:v",
            "libx264",
            "-qp",
            "0",
            "-x264-params",
            "nal-hrd=cbr:force-cfr=1",
            "-b:v",
            "3M",
            "-minrate",
            "3M",
            "-maxrate",
            "3M",
            "-bufsize",
            "1M",
        )
    )
    assert found["input"]["black"] is True
    assert found["input"]["crop"] is None, "darkness is no border"
    assert any("are black" in text for text in found["notes"])
    assert found["complexity"]["kbit_s"] < 50


@pytest.mark.parametrize(
    "name",
    ["dog-1080p-vfr-phone-h264-aac.mp4", "screen-3026x1386-vfr-h264-noaudio.mp4", "device-720p60-vp9-alpha.webm", "bear-161x121-vp9-odd.webm",
     "sar2x1-360p30-h264.mp4", "lamp-rot90-720p30-hevc-aac.mov", "tenmin-288p1-h264-noaudio-600s.mkv", "face-720p30-h264-aac-fragmented-offset.mp4",
     "real-240p15-rv20-noaudio.rm", "coverart-360p30-h264-aac-png.mp4"],
)  # fmt: skip
def test_odd_files_get_an_answer(buckets: Any, media: Path, answer: Answer, name: str) -> None:
    found = answer(buckets.put(media / name))
    assert found["complexity"]["frames"] > 0
    assert found["fitting"] > 0


@pytest.mark.parametrize(
    ("name", "codes"),
    [("cut-no-moov.mp4", {"InputNotReadable"}), ("zero-bytes.mp4", {"InputNotReadable"}), ("text-named.mp4", {"InputNotReadable", "InputForbidden"}),
     ("bad-container.mp4", {"InputNotReadable", "ResourceContentBad"}), ("noise.mkv", {"InputNotReadable", "ResourceContentBad"})],
)  # fmt: skip
def test_what_cannot_be_read_fails_with_a_code(buckets: Any, media: Path, work_off: Any, name: str, codes: set[str]) -> None:
    job = submitted(buckets.put(media / "corrupt" / name))
    work_off()
    job.refresh_from_db()
    assert (job.state, job.code in codes) == (JobState.FAILED, True), job.code
    assert job.result is None


@pytest.mark.parametrize("name", ["cut-at-60-percent.mp4", "bad-h264-stream.mp4", "bit-errors.ts"])
def test_what_is_damaged_ends_either_way(buckets: Any, media: Path, work_off: Any, name: str) -> None:
    job = submitted(buckets.put(media / "corrupt" / name))
    work_off()
    job.refresh_from_db()
    if job.state == JobState.SUCCEEDED:
        assert job.result is not None
        assert job.result["complexity"]["frames"] > 0
    else:
        assert job.code in ("ResourceContentBad", "InputNotReadable", "NoVideoStream"), job.code


def test_an_area_outside_the_picture_fails(buckets: Any, clips: Any, work_off: Any) -> None:
    job = submitted(buckets.put(clips.make(seconds=1)), crop={"width": 100, "height": 100, "left": 5000, "top": 0})
    work_off()
    job.refresh_from_db()
    assert (job.state, job.code) == (JobState.FAILED, "AreaOutsidePicture")


def test_an_object_that_is_replaced_while_it_waits_is_not_answered_for(buckets: Any, clips: Any, work_off: Any) -> None:
    job = submitted(buckets.put(clips.make(seconds=1), "a.mp4"))
    buckets.put(clips.make(seconds=2), "a.mp4")
    work_off()
    job.refresh_from_db()
    assert (job.state, job.code, job.retryable) == (JobState.FAILED, "InputChanged", True)


def test_it_takes_no_slot(buckets: Any, clips: Any) -> None:
    submitted(buckets.put(clips.make(seconds=1)))
    assert Step.objects.get().lane == "short"
    assert Job.objects.get().outputs.count() == 0
