"""Quality jobs on real outputs: pairing by number, the shapes that outputs may have, what is refused."""

from __future__ import annotations

import json
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from jobs import services
from jobs.comparing import sides as compare
from jobs.engine import quality
from jobs.engine.errors import Refused
from jobs.engine.kinds.quality import moments, packed, unpacked
from jobs.engine.spec import JOB_SPEC
from jobs.models import Job, Output

pytestmark = [pytest.mark.usefixtures("presets", "pipeline"), pytest.mark.django_db(transaction=True)]
NEAR_LOSSLESS = {"container": {"format": "mp4"}, "video": {"codec": "h264", "crf": 4, "preset": "veryfast"}, "audio": {"remove": True}}


def encoded(address: str, work_off: Any, overrides: dict[str, Any], key: str = "a.mp4", **clip: Any) -> Output:
    spec = {"kind": "transcode", "input": {"address": address, **clip}, "outputs": [{"address": f"oss://output/{key}", "overrides": overrides}]}
    job = services.submit(spec=JOB_SPEC.validate_python(spec, strict=False))
    work_off()
    row = job.outputs.get()
    assert row.state == "succeeded", (row.code, row.message)
    return row


def measured(output: Output, work_off: Any, **more: Any) -> Job:
    source = output.job.spec["input"]
    document = {"kind": "quality", "input": source, "distorted": f"oss://{output.bucket}/{output.key}", "output": output.id, **more}
    job = services.submit(spec=JOB_SPEC.validate_python(document, strict=False))
    work_off()
    job.refresh_from_db()
    return job


@pytest.mark.media
@pytest.mark.parametrize(
    "name",
    [
        "bbb-720p25-h264-aac51.mp4",
        "dog-1080p-vfr-phone-h264-aac.mp4",
        "phone-rot90-320p30-h264-aac.mov",
        "hello-480p30-mpeg2-mp2.mpeg",
        "face-720p30-h264-aac-fragmented-offset.mp4",
        "earth-270p30-vp9-opus.webm",
        "sar2x1-360p30-h264.mp4",
        "desk-360i25-h264-tff-noaudio.mp4",
        "colour-1080p-hevc-hlg-10bit.mp4",
        "roof-720x1280p30-av1-hdr10-aac.mp4",
        "bear-161x121-vp9-odd.webm",
        "testsrc-360p30-h264-422.mp4",
        "device-720p60-vp9-alpha.webm",
        "real-240p15-rv20-noaudio.rm",
        "bricks-160x120-msmpeg4v2-metasound.asf",
    ],
)
def test_what_lost_nearly_nothing_scores_so(name: str, media: Path, buckets: Any, work_off: Any) -> None:
    """Whatever the time base, the rotation and the shape of the pixels: a pairing that slips by one picture would show at once."""
    job = measured(encoded(buckets.put(media / name), work_off, NEAR_LOSSLESS, duration=2), work_off, metrics=["vmaf", "psnr"])
    assert job.state == "succeeded", (job.code, job.message)
    assert job.result["scores"]["vmaf"]["mean"] >= 97
    assert job.result["scores"]["vmaf"]["min"] >= 90
    assert job.result["scores"]["psnr"]["mean"] >= 45
    assert len(unpacked(job.result["series"]["vmaf"])) == job.result["frames"] > 0


@pytest.mark.media
def test_ten_bits_are_not_dithered_down(media: Path, buckets: Any, work_off: Any) -> None:
    """PSNR of two pictures of which one is dithered is 51 dB, however good it is."""
    deep = {**NEAR_LOSSLESS, "video": {"codec": "h265", "crf": 4, "preset": "ultrafast", "pixel_format": "yuv420p10le"}}
    job = measured(encoded(buckets.put(media / "logo-qcif15-mpeg4-amrnb.3gp"), work_off, deep, duration=1), work_off, metrics=["vmaf", "psnr"])
    assert job.state == "succeeded", (job.code, job.message)
    assert job.result["scores"]["psnr"]["mean"] > 60


@pytest.mark.parametrize(
    ("change", "shaped"),
    [
        ({"video": {"fps": 12, "crop": {"width": 200, "height": 120, "left": 30, "top": 20}, "rotate": 90}}, False),
        ({"video": {"width": 160}, "edit": {"duration": 1}}, False),
        ({"video": {"pad": {"width": 400, "height": 300}}}, True),
        ({"delogos": [{"dx": 10, "dy": 10, "width": 60, "height": 60}]}, True),
        ({"watermarks": [{"text": {"content": "Ünïcode: 50%"}, "corner": "top_left"}]}, True),
        ({"container": {"format": "hls"}, "mux": {"segment_seconds": 1}}, False),
    ],
    ids=["cropped and turned", "smaller and cut", "padded", "hidden", "marked", "hls"],
)
def test_the_reference_goes_through_what_the_output_went_through(change: dict[str, Any], shaped: bool, buckets: Any, clips: Any, work_off: Any) -> None:
    source = buckets.put(clips.make(seconds=2))
    overrides = {name: {**NEAR_LOSSLESS.get(name, {}), **value} if isinstance(value, dict) else value for name, value in change.items()}
    key = "set/a.m3u8" if change.get("container") else "a.mp4"
    job = measured(encoded(source, work_off, NEAR_LOSSLESS | overrides, key), work_off)
    assert job.state == "succeeded", (job.code, job.message)
    result = job.result
    assert result["shaped"] is shaped
    assert set(result["scores"]) == {"vmaf", "vmaf_neg", "ssim", "psnr", "xpsnr"}
    floor = 85 if "edit" in change else 95  # half the lines are gone there
    assert result["scores"]["vmaf"]["mean"] >= floor
    assert result["scores"]["vmaf"]["low5"] <= result["scores"]["vmaf"]["mean"]


def test_worse_is_worse_and_below(buckets: Any, clips: Any, work_off: Any) -> None:
    source = buckets.put(clips.make(seconds=2))
    scores = [
        measured(encoded(source, work_off, {**NEAR_LOSSLESS, "video": {"codec": "h264", "crf": crf}}, f"{crf}.mp4"), work_off).result["scores"]
        for crf in (18, 45)
    ]
    for metric in scores[0]:
        assert scores[1][metric]["mean"] < scores[0][metric]["mean"]
    assert scores[1]["vmaf_neg"]["mean"] <= scores[1]["vmaf"]["mean"] + 0.01


def test_pictures_that_are_left_out_change_nothing_of_the_others(buckets: Any, clips: Any, work_off: Any) -> None:
    """Measures that look at neighbours too are given these."""
    output = encoded(buckets.put(clips.make(seconds=3)), work_off, {**NEAR_LOSSLESS, "video": {"codec": "h264", "crf": 30}})
    whole = measured(output, work_off).result
    for every in (3, 7, 11):
        some = measured(output, work_off, every=every).result
        assert (some["every"], some["frames"]) == (every, whole["frames"])
        for name in ("vmaf", "vmaf_neg", "ssim", "psnr", "xpsnr"):
            assert unpacked(some["series"][name]) == pytest.approx(unpacked(whole["series"][name])[::every], abs=0.021), (every, name)
        assert moments(some, 4) == pytest.approx([number * every / 25 for number in range(4)], abs=1e-6)


@pytest.mark.media
def test_of_a_variable_rate_the_times_are_those_of_the_pictures(client_of: Any, charlie: User, media: Path, buckets: Any, work_off: Any) -> None:
    """A screen recording: 25 pictures, of which one stands for more than a second."""
    output = encoded(buckets.put(media / "screen-3026x1386-vfr-h264-noaudio.mp4"), work_off, NEAR_LOSSLESS, duration=3)
    job = measured(output, work_off, metrics=["vmaf"])
    assert job.state == "succeeded", (job.code, job.message)
    assert job.result["scores"]["vmaf"]["mean"] >= 97
    told = moments(job.result, job.result["frames"])
    packets = compare.side("A", output, source=False).course
    assert told == pytest.approx([packets.since(number) for number in range(len(packets))], abs=1e-4)
    gaps = [late - early for early, late in pairwise(told or ())]
    assert max(gaps) > 1 > 10 * min(gaps)
    lines = client_of(charlie).get(f"/console/jobs/{job.id}/quality.csv").content.decode().splitlines()
    assert [float(line.split(",")[1]) for line in lines[1:]] == pytest.approx(told, abs=0.001)


@pytest.mark.parametrize(
    "made",
    [
        ("x.mp4", "-pix_fmt", "yuv420p", "-qp", "12"),
        ("x.mp4", "-pix_fmt", "yuv420p", "-qp", "12", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"),
        ("x.mp4", "-pix_fmt", "yuvj420p", "-qp", "12"),
        ("x.avi", "-c:v", "mpeg4", "-q:v", "2"),
        ("x.mkv", "-c:v", "ffv1", "-pix_fmt", "bgr0"),
        ("x.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p10le", "-color_trc", "smpte2084", "-colorspace", "bt2020nc", "-color_primaries", "bt2020"),
    ],
    ids=["nothing told", "all told", "full range", "cannot tell", "RGB", "HDR"],
)
@pytest.mark.parametrize("size", ["1280x720", "330x240"])
def test_a_file_equals_itself_whatever_it_tells_of_its_colours(size: str, made: tuple[str, ...], buckets: Any, work_off: Any, ffmpeg: str) -> None:
    """Colours that only one side tells would make ffmpeg convert the other one."""
    name, *options = made
    argv = [ffmpeg, "-nostdin", "-v", "error", "-f", "lavfi", "-i", f"testsrc2=s={size}:r=10:d=1", *options, buckets.output / name]
    subprocess.run(argv, check=True, timeout=60)
    document = {"kind": "quality", "input": buckets.put(buckets.output / name), "distorted": f"oss://output/{name}", "metrics": ["vmaf_neg", "psnr", "xpsnr"]}
    job = services.submit(spec=JOB_SPEC.validate_python(document, strict=False))
    work_off()
    job.refresh_from_db()
    assert job.state == "succeeded", (job.code, job.message)
    assert job.result["scores"]["psnr"]["min"] >= 60
    assert job.result["scores"]["xpsnr"]["min"] >= 60
    assert job.result["scores"]["vmaf_neg"]["mean"] >= 97


@pytest.mark.media
def test_the_course_is_as_long_as_the_film_whatever_rate_it_tells(media: Path, buckets: Any, work_off: Any) -> None:
    """108 pictures in 15 s, of which the container says that 60 come in a second."""
    address = buckets.put(media / "bricks-160x120-msmpeg4v2-metasound.asf")
    spec = {"kind": "quality", "input": address, "distorted": address, "metrics": ["psnr"]}
    job = services.submit(spec=JOB_SPEC.validate_python(spec, strict=False))
    work_off()
    job.refresh_from_db()
    assert job.state == "succeeded", (job.code, job.message)
    assert job.result["frames"] / job.result["fps"] == pytest.approx(15.17, abs=0.5)


def test_long_films_are_looked_at_in_steps_that_no_pattern_of_pictures_keeps() -> None:
    hours = [quality.each(round(seconds * fps)) for seconds, fps in ((60, 25), (601, 30), (3600, 24), (4 * 3600, 30), (4 * 3600, 60))]
    assert hours == [1, 3, 11, 53, 97]
    assert all(frames / quality.each(frames) <= quality.MEASURED_MAX for frames in range(1, 10_000_000, 9_973))
    assert not any(gop % step == 0 for step in hours if step > 5 for gop in (24, 25, 30, 48, 50, 60, 96, 120, 240, 250, 300))


def test_other_numbers_of_pictures_are_refused(buckets: Any, clips: Any, work_off: Any, ffmpeg: str) -> None:
    """Never silently wrong: a file that somebody made elsewhere with another frame rate cannot be paired."""
    source = clips.make(seconds=2)
    address = buckets.put(source)
    subprocess.run([ffmpeg, "-nostdin", "-v", "error", "-i", source, "-r", "10", "-an", buckets.output / "other.mp4"], check=True, timeout=60)
    job = services.submit(spec=JOB_SPEC.validate_python({"kind": "quality", "input": address, "distorted": "oss://output/other.mp4"}, strict=False))
    work_off()
    job.refresh_from_db()
    assert (job.state, job.code) == ("failed", "QualityNotComparable")
    assert "and the source 50" in job.message


def test_an_encrypted_output_is_refused_at_the_door(buckets: Any, clips: Any, work_off: Any) -> None:
    locked = NEAR_LOSSLESS | {"container": {"format": "hls"}, "encryption": {"method": "aes-128"}}
    output = encoded(buckets.put(clips.make(seconds=1)), work_off, locked, "set/a.m3u8")
    with pytest.raises(Refused) as refused:
        measured(output, work_off)
    assert [(problem.loc, "encrypted" in problem.message) for problem in refused.value.problems] == [(("output",), True)]
    assert not Job.objects.filter(kind="quality").exists()


def test_an_output_alone_is_enough(api_of: Any, bob: User, buckets: Any, clips: Any, work_off: Any) -> None:
    output = encoded(buckets.put(clips.make(seconds=1)), work_off, NEAR_LOSSLESS)
    client = api_of(bob)

    def post(body: dict[str, Any]) -> Any:
        return client.post("/api/v1/quality", json.dumps(body), content_type="application/json")

    made = post({"output": output.id})
    assert made.status_code == 201, made.content
    assert made.json()["kind"] == "quality"
    assert post({"output": "nothing"}).status_code == 404
    assert post({"input": "oss://input/none.mp4", "distorted": "oss://output/a.mp4"}).status_code == 404
    wrong = post({"input": output.job.spec["input"]["address"], "distorted": "oss://output/b.mp4", "output": output.id}).json()
    assert {error["loc"][0] for error in wrong["errors"]} == {"distorted", "output"}
    work_off()
    assert client.get(f"/api/v1/jobs/{made.json()['id']}").json()["result"]["scores"]["vmaf"]["mean"] > 95


def test_a_series_survives_its_packing() -> None:
    values = [99.87, 0.0, -1.5, 60.0]
    assert unpacked(packed(values)) == values
    with pytest.raises(ValueError, match="no packed series"):
        unpacked("AAAA")


def test_the_page_tells_it(client_of: Any, bob: User, charlie: User, buckets: Any, clips: Any, work_off: Any) -> None:
    output = encoded(buckets.put(clips.make(seconds=1)), work_off, NEAR_LOSSLESS)
    operator, viewer = client_of(bob), client_of(charlie)
    page = f"/console/jobs/{output.job_id}/"
    assert "Measure quality" in operator.get(page).content.decode()
    assert "Measure quality" not in viewer.get(page).content.decode()
    assert viewer.post(f"{page}outputs/{output.id}/measure/").status_code == 403
    answer = operator.post(f"{page}outputs/{output.id}/measure/")
    work_off()
    job = Job.objects.get(kind="quality")
    assert answer.headers["Location"] == f"/console/jobs/{job.id}/"
    text = viewer.get(f"/console/jobs/{job.id}/").content.decode()
    mean = job.result["scores"]["vmaf"]["mean"]
    assert f"{mean:.2f}" in text
    assert "VMAF NEG" in text
    assert f"VMAF {mean:.1f}" in viewer.get(page).content.decode(), "the output's card tells its score"
    lines = viewer.get(f"/console/jobs/{job.id}/quality.csv").content.decode().splitlines()
    assert lines[0] == "picture,seconds,vmaf,vmaf_neg,ssim,psnr,xpsnr"
    assert len(lines) == 1 + job.result["frames"]
    assert sum(float(line.split(",")[2]) for line in lines[1:]) / job.result["frames"] == pytest.approx(mean, abs=0.01)
