"""Certificates of Narrowband as they are told: on the card, on a page of its own, in JSON, as a sum, as a filter; to whom, and with how little of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache

from jobs import services
from jobs.certificates.reading import KEY, read, saved
from jobs.engine.certificate import Measured, sentence
from jobs.engine.spec import JOB_SPEC
from jobs.models import Job, Output
from tests.engine.narrowband.test_finished import decided

pytestmark = [pytest.mark.usefixtures("presets", "pipeline"), pytest.mark.django_db(transaction=True)]
FOUND: dict[str, Any] = {
    "method": 2, "codec": "h264", "target": 93.0, "goal": 92.4, "crf": 27.25, "zones": [{"first": 0, "last": 9, "offset": -0.5}],
    "scores": {"vmaf": {"mean": 92.71, "p5": 88.04}, "vmaf_neg": {"mean": 91.02, "p5": 86.9}},
    "kbps": 812.4, "twin": {"kbps": 1510.0, "vmaf": 93.9, "estimated": True}, "bits_saved": 6_976_000, "saved_ratio": 0.462, "probes": 5, "capped": False,
    "sentence": "Made with 46 % fewer bits.", "tools": {"ffmpeg": "9.0", "encoder": "libx264", "other": "1"}, "seconds": {"survey": 1.2, "probes": 7.5, "encode": 9.0, "check": 2.0},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_cache() -> None:
    cache.delete(KEY)


@pytest.fixture
def job(buckets: Any, clips: Any, work_off: Any) -> Job:
    """A finished job of two outputs, the first of them with a certificate."""
    source = buckets.put(clips.make(seconds=1), "in/clip.mp4")
    small = {"container": {"format": "mp4"}, "video": {"codec": "h264", "preset": "ultrafast", "height": 90}}
    outputs = [{"address": f"oss://output/{name}.mp4", "overrides": small} for name in "ab"]
    row = services.submit(spec=JOB_SPEC.validate_python({"kind": "transcode", "input": {"address": source}, "outputs": outputs}, strict=False))
    work_off()
    row.refresh_from_db()
    assert row.state == "succeeded"
    row.outputs.filter(index=0).update(certificate=FOUND)
    return row


def test_the_card_and_the_page(job: Job, client_of: Any, charlie: User) -> None:
    client = client_of(charlie)
    first, second = job.outputs.order_by("index")
    page = client.get(f"/console/jobs/{job.id}/outputs/").content.decode()
    url = f"/console/jobs/{job.id}/outputs/{first.id}/certificate/"
    assert page.count("p-cert__line") == 1
    for text in (url, "46 % saved", "872 kB", "VMAF 92.7", "5 % low 88.0", "VMAF NEG 91.0", "Made with 46 % fewer bits."):
        assert text in page, text
    told = client.get(url).content.decode()
    for text in ("46.2 %", "872 kB less than the regular output", "92.71", "88.04", "86.90", "VMAF 92.4", "1510 kbit/s", "812 kbit/s", "libx264", "9.0", "27.25",
                 "1 zone of its own", "Survey 1.2 s", "data-print", "estimated from the same probes", job.id):  # fmt: skip
        assert text in told, text
    assert "held back" not in page
    assert "does not allow the target" not in told
    assert client.get(f"/console/jobs/{job.id}/outputs/{second.id}/certificate/").status_code == 404
    assert client.get(f"/console/jobs/{job.id}/outputs/{'0' * 32}/certificate/").status_code == 404


def test_less_than_the_target_is_said(job: Job, client_of: Any, charlie: User) -> None:
    first = job.outputs.get(index=0)
    rows = Output.objects.filter(pk=first.pk)
    rows.update(certificate=FOUND | {"capped": True, "twin": FOUND["twin"] | {"estimated": False}, "goal": 94.0})
    client = client_of(charlie)
    assert "held back by the bitrate" in client.get(f"/console/jobs/{job.id}/outputs/").content.decode()
    told = client.get(f"/console/jobs/{job.id}/outputs/{first.id}/certificate/").content.decode()
    assert "this is the best that fits under it" in told
    assert "(estimated)" not in told
    rows.update(certificate=FOUND | {"capped": True})  # 92.71 where the goal was 92.4: more would have fitted, but was not the goal
    told = client.get(f"/console/jobs/{job.id}/outputs/{first.id}/certificate/").content.decode()
    assert "its own quality was the goal" in told
    assert "the best that fits" not in told


def test_json_the_filter_and_the_sum(job: Job, api_of: Any, client_of: Any, bob: User, buckets: Any, clips: Any) -> None:
    told = api_of(bob).get(f"/api/v1/jobs/{job.id}").json()["outputs"]
    assert [one["certificate"] for one in told] == [FOUND, None]
    other = services.submit(
        spec=JOB_SPEC.validate_python({"kind": "mediainfo", "input": {"address": buckets.put(clips.make(seconds=1), "in/clip.mp4")}}, strict=False)
    )
    listed = {one["id"] for one in api_of(bob).get("/api/v1/jobs?certificate=yes").json()["items"]}
    assert listed == {job.id}
    assert other.id in {one["id"] for one in api_of(bob).get("/api/v1/jobs").json()["items"]}
    assert api_of(bob).get("/api/v1/jobs?certificate=perhaps").status_code == 400
    page = client_of(bob).get("/console/jobs/?certificate=yes").content.decode()
    assert job.id in page
    assert other.id not in page
    job.outputs.filter(index=1).update(certificate=FOUND | {"bits_saved": 24_000})
    assert (saved().bytes, saved().outputs, saved().more) == (875_000, 2, False)
    overview = client_of(bob).get("/console/").content.decode()
    assert '?certificate=yes"' in overview
    assert "875 kB" in overview.partition("Storage saved")[2][:120]


def test_of_a_customized_template_the_settings_are_for_admins(job: Job, client_of: Any, alice: User, bob: User) -> None:
    from templates_app import services as templates
    from templates_app.models import Template

    secret = templates.create("secret", {"container": {"format": "mp4"}}, kind=Template.Kind.CUSTOMIZED)
    first = job.outputs.get(index=0)
    Output.objects.filter(pk=first.pk).update(template=secret.current)
    url = f"/console/jobs/{job.id}/outputs/{first.id}/certificate/"
    for person, there in ((alice, True), (bob, False)):
        told = client_of(person).get(f"/api/v1/jobs/{job.id}").json()["outputs"][0]["certificate"]
        assert ("crf" in told, "zones" in told, told["saved_ratio"]) == (there, there, 0.462)
        assert ("27.25" in client_of(person).get(url).content.decode()) is there


def test_an_old_or_broken_certificate_is_told_as_far_as_it_goes(job: Job, client_of: Any, charlie: User) -> None:
    bare = read({"method": 1, "scores": None, "seconds": 4.0, "tools": "ffmpeg 9", "twin": None})
    assert (bare.percent, bare.scores, bare.seconds, bare.tools, bare.part) == (None, (), None, (("ffmpeg 9", ""),), "0%")
    first = job.outputs.get(index=0)
    Output.objects.filter(pk=first.pk).update(certificate={"method": 1, "scores": None, "twin": None})
    page = client_of(charlie).get(f"/console/jobs/{job.id}/outputs/{first.id}/certificate/")
    assert page.status_code == 200
    assert "not measured" in page.content.decode()
    assert (saved().bytes, saved().outputs) == (0, 1)


@pytest.mark.parametrize(("name", "method"), [("mp4-h264-360p-narrowband-fast", 1), ("mp4-h264-360p-narrowband", 2)])
def test_of_a_real_job_the_page_says_what_is_stored(name: str, method: int, client_of: Any, charlie: User, buckets: Any, media: Path, work_off: Any) -> None:
    source = buckets.put(media / "bottles-360p30-h264-noaudio.mp4", "in/clip.mp4")
    document = {
        "kind": "transcode",
        "input": {"address": source, "duration": 4},
        "outputs": [{"template": name, "address": "oss://output/small.mp4"}],
    }
    job = services.submit(spec=JOB_SPEC.validate_python(document, strict=False))
    work_off()
    job.refresh_from_db()
    output = job.outputs.get()
    assert job.state == "succeeded", (job.code, output.message)
    stored = output.certificate
    assert stored
    assert stored["method"] == method
    found = read(stored)
    assert found.kbps
    assert found.twin_kbps
    assert found.kbps == pytest.approx((output.size or 0) * 8 / 1000 / 4, rel=0.1), "the picture's bits are nearly all of the file"
    assert found.saved_bytes is not None
    assert found.percent == pytest.approx(100 * (1 - found.kbps / found.twin_kbps), abs=0.2)
    assert found.phases
    page = client_of(charlie).get(f"/console/jobs/{job.id}/outputs/{output.id}/certificate/").content.decode()
    told = client_of(charlie).get(f"/console/templates/transcode/{name}/").content.decode()
    assert f"So far it saved {found.percent:.0f} % in 1 output." in told
    cells = [float(cell) for cell in re.findall(r'<td class="u-num">([\d.]+)</td>', page)]
    assert cells == pytest.approx([value for score in found.scores for value in (score.mean, score.low)], abs=0.006)
    assert len(cells) == 4
    (big,) = re.findall(r"<b>([\d.]+) %</b>", page)
    assert float(big) == pytest.approx(found.percent, abs=0.06)
    (own, twin) = found.rates
    assert f"with {own} instead of {twin} kbit/s" in found.sentence
    assert page.count(f"{twin} kbit/s") == 3, "the sentence, the bar and the facts say the same"


@pytest.mark.parametrize(
    ("reason", "kbps", "vmaf", "said"),
    [
        ("cap", 377.0, 79.0, "as good as the regular output, which reaches 79.1"),
        ("twin", 377.0, 79.0, "as good as the regular output, which reaches 79.1"),
        ("cap", 452.0, 79.0, "the best within the regular output's bitrate"),
        ("cap", 377.0, 77.0, "the best within the regular output's bitrate"),
    ],
)
def test_what_saves_bits_is_not_said_to_have_taken_all_of_them(reason: str, kbps: float, vmaf: float, said: str) -> None:
    decision = decided(goal=79.11, capped=True, reason=reason)
    assert said in sentence(decision, Measured(kbps, {"vmaf": {"mean": vmaf}, "vmaf_neg": {"mean": vmaf}}), 453.7, capped=True)
