"""Intelligent presets: none without an analysis of the same version of the input that lists it; and the transcode, done and looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from jobs import services
from jobs.engine.errors import Refused
from jobs.models import Draft, Job, Output
from jobs.states import JobState
from tests.html import sent_by
from tests.jobs.analyses import HD, LD, SD, film, said, submitted, transcode

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("pipeline", "presets")]

NEW = "/console/jobs/new/transcode/"


@pytest.fixture
def analysed(work_off: Any) -> Callable[..., dict[str, Any]]:
    """analysed(address) -> the result of an analysis that was just made."""

    def run(address: str, **more: Any) -> dict[str, Any]:
        job = submitted(address, **more)
        work_off()
        job.refresh_from_db()
        assert job.state == JobState.SUCCEEDED, job.message
        return dict(job.result or {})

    return run


def refusal(*args: Any, **more: Any) -> tuple[str, Any]:
    with pytest.raises(Refused) as refused:
        transcode(*args, **more)
    return refused.value.code, refused.value


# --- the transcode -------------------------------------------------------------------------------------------------------
def test_it_makes_what_the_analysis_said(ffmpeg: str, tmp_path: Path, buckets: Any, work_off: Any, analysed: Any, decoded: Any) -> None:
    source = film(ffmpeg, tmp_path / "boxed.mp4", "testsrc2=s=1280x536:r=50:d=4,noise=alls=6:allf=t,pad=1280:720:0:92", "-qp", "18", sound="sine=f=440:d=4")
    address = buckets.put(source)
    result = analysed(address)
    for name, key in ((SD, "sd.mp4"), (HD, "hd.mp4")):
        row = said(result, name)
        job = transcode(address, name, key)
        output = job.outputs.get()
        video = row["values"]["video"]
        assert output.effective["video"]["crf"] == video["crf"]
        assert output.effective["video"]["maxrate_kbps"] == video["maxrate_kbps"]
        assert output.effective["video"]["crop"] == {"width": 1280, "height": 536, "left": 0, "top": 92}
        assert output.effective["video"]["short_side"] == video["short_side"]
        work_off()
        output.refresh_from_db()
        assert output.state == JobState.SUCCEEDED, output.message
        (stream,) = (output.media_info or {})["video"]
        assert (stream["width"], stream["height"]) == (row["made"]["width"], row["made"]["height"])
        assert stream["fps"] == pytest.approx(row["made"]["fps"], abs=0.01)
        assert 4 * stream["bitrate_kbps"] <= 4 * video["maxrate_kbps"] + video["bufsize_kbit"], "the buffer is full at the beginning"
        assert stream["bitrate_kbps"] == pytest.approx(row["made"]["kbps"], rel=0.6), "the forecast is no more than that"
        assert decoded(buckets.output / key) == round(4 * row["made"]["fps"])
    assert said(result, SD)["values"]["video"]["fps"] == 25.0


def test_fields_hdr_and_sound_follow_the_input(media: Path, buckets: Any, work_off: Any, analysed: Any) -> None:
    for name, template in (("desk-360i25-h264-tff-noaudio.mp4", LD), ("roof-720x1280p30-av1-hdr10-aac.mp4", SD)):
        address = buckets.put(media / name)
        row = said(analysed(address), template)
        job = transcode(address, template, name)
        work_off()
        output = job.outputs.get()
        assert output.state == JobState.SUCCEEDED, output.message
        (stream,) = (output.media_info or {})["video"]
        assert (stream["width"], stream["height"]) == (row["made"]["width"], row["made"]["height"])
        assert stream["field_order"] in (None, "progressive")
        if "hdr" in name:  # sampled as it was, its flat values gave a third less
            assert stream["bitrate_kbps"] == pytest.approx(row["made"]["kbps"], rel=0.2)
        assert stream["color_transfer"] in ("bt709", "smpte170m", None)
        assert stream["pixel_format"] == "yuv420p"


def test_the_job_may_still_change_something(buckets: Any, clips: Any, analysed: Any) -> None:
    address = buckets.put(clips.make(seconds=2, size="640x360"))
    row = said(analysed(address), LD)
    output = transcode(address, LD, video={"crf": 30, "preset": "veryfast"}).outputs.get()
    assert (output.effective["video"]["crf"], output.effective["video"]["preset"]) == (30, "veryfast")
    assert output.effective["video"]["maxrate_kbps"] == row["values"]["video"]["maxrate_kbps"]
    assert output.overrides == {"video": {"crf": 30, "preset": "veryfast"}}


# --- what is refused -------------------------------------------------------------------------------------------------------
def test_none_without_an_analysis(buckets: Any, clips: Any, analysed: Any, work_off: Any) -> None:
    address = buckets.put(clips.make(seconds=2, size="640x360"), "a.mp4")
    code, error = refusal(address, LD)
    assert (code, error.status, error.problems[0].loc) == ("AnalysisNeeded", 409, ("outputs", 0, "template"))
    waiting = submitted(address)
    assert refusal(address, LD)[0] == "AnalysisNeeded", "one that has not succeeded yet does not count"
    services.cancel(waiting.id, actor="")
    assert refusal(address, LD)[0] == "AnalysisNeeded"
    other = buckets.put(clips.make(seconds=2, size="640x360"), "b.mp4")
    analysed(other)
    assert refusal(address, LD)[0] == "AnalysisNeeded", "it is another object"
    for name in ("MP4-LD", "mp4-h264-360p", "MP4-LD-NarrowBandHDV1"):
        assert transcode(address, name, f"{name}.mp4").id, "static and Narrowband presets need none"


def test_a_preset_that_is_not_listed_is_refused(buckets: Any, clips: Any, analysed: Any) -> None:
    address = buckets.put(clips.make(seconds=2, size="320x180"))
    analysed(address)
    code, error = refusal(address, HD)
    assert code == "TemplateUnfit"
    assert "needs at least 576 lines; the source has 180" in error.problems[0].message


def test_an_analysis_of_an_earlier_version_is_refused(buckets: Any, clips: Any, analysed: Any, work_off: Any) -> None:
    address = buckets.put(clips.make(seconds=2, size="640x360"), "a.mp4")
    analysed(address)
    accepted = transcode(address, LD)
    buckets.put(clips.make(seconds=3, size="640x360"), "a.mp4")
    code, error = refusal(address, LD)
    assert code == "AnalysisNeeded"
    assert "replaced since it was analysed" in error.message
    work_off()
    accepted.refresh_from_db()
    assert (accepted.state, accepted.code) == (JobState.FAILED, "InputChanged"), "what was accepted before does not use the new object"
    with pytest.raises(Refused, match="AnalysisNeeded"):
        services.retry(accepted.id, owner=None, actor="")
    analysed(address)
    again = services.retry(accepted.id, owner=None, actor="")
    work_off()
    again.refresh_from_db()
    assert again.state == JobState.SUCCEEDED, again.message


def test_the_newest_analysis_that_lists_it_decides(buckets: Any, clips: Any, analysed: Any) -> None:
    address = buckets.put(clips.make(seconds=2, size="640x360"))
    analysed(address, quality=30, method="local")
    analysed(address, quality=20, method="local")
    assert transcode(address, LD, "a.mp4").outputs.get().effective["video"]["crf"] == 20
    analysed(address, crop={"width": 64, "height": 36, "left": 0, "top": 0})
    assert transcode(address, LD, "b.mp4").outputs.get().effective["video"]["crf"] == 20, "the newer one, of a small area, does not list it"


def test_one_output_that_lacks_it_is_named_among_others(buckets: Any, clips: Any) -> None:
    address = buckets.put(clips.make(seconds=1))
    outputs = [{"template": name, "address": f"oss://output/{n}.mp4"} for n, name in enumerate(("MP4-LD", LD))]
    from jobs.payloads import read_job_request

    with pytest.raises(Refused) as refused:
        services.submit(spec=read_job_request({"kind": "transcode", "input": address, "outputs": outputs}).spec)
    assert [problem.loc for problem in refused.value.problems] == [("outputs", 1, "template")]


# --- JSON ----------------------------------------------------------------------------------------------------------------
def test_json(api_of: Any, bob: User, charlie: User, buckets: Any, clips: Any, work_off: Any) -> None:
    address = buckets.put(clips.make(seconds=1, size="640x360"))
    body = json.dumps({"input": address, "quality": 23, "method": "local", "deinterlace": "none", "crop": "none"})
    assert api_of(charlie, "viewer").post("/api/v1/analyses", body, content_type="application/json").status_code == 403
    bobs = api_of(bob)
    made = bobs.post("/api/v1/analyses", body, content_type="application/json")
    assert made.status_code == 201, made.content
    assert (made.json()["kind"], made.json()["state"], made.json()["result"]) == ("analysis", "queued", None)
    work_off()
    told = bobs.get(f"/api/v1/analyses/{made.json()['id']}").json()
    assert told["state"] == "succeeded"
    assert told["result"]["config"] == {"quality": 23, "method": "local", "deinterlace": "none", "crop": "none"}
    assert said(told["result"], LD)["values"]["video"]["crf"] == 23
    listed = api_of(charlie, "viewer").get("/api/v1/analyses?state=succeeded").json()
    assert [job["id"] for job in listed["items"]] == [told["id"]]
    transcoded = transcode(address, "MP4-LD")
    assert bobs.get(f"/api/v1/analyses/{transcoded.id}").status_code == 404
    refused = bobs.post(
        "/api/v1/jobs",
        json.dumps({"kind": "transcode", "input": address, "outputs": [{"template": HD, "address": "oss://output/a.mp4"}]}),
        content_type="application/json",
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "TemplateUnfit")


@pytest.mark.parametrize(
    ("wish", "loc"),
    [({"quality": 0}, ["quality"]), ({"quality": 52}, ["quality"]), ({"method": "disk"}, ["method"]), ({"deinterlace": "Force"}, ["deinterlace"]),
     ({"crop": "some"}, ["crop"]), ({"crop": {"width": 100}}, ["crop"]), ({"start": 3}, ["start"]), ({"input": "oss://input/none.mp4"}, ["input"])],
)  # fmt: skip
def test_bad_wishes_are_refused_with_their_place(api_of: Any, bob: User, buckets: Any, clips: Any, wish: dict[str, Any], loc: list[str]) -> None:
    body = {"input": buckets.put(clips.make(seconds=1))} | wish
    refused = api_of(bob).post("/api/v1/analyses", json.dumps(body), content_type="application/json")
    assert refused.status_code in (400, 404), refused.content
    assert refused.json()["errors"][0]["loc"][:1] == loc


# --- console -------------------------------------------------------------------------------------------------------------
def test_the_page_makes_one_and_the_result_leads_to_transcodes(client_of: Any, bob: User, charlie: User, buckets: Any, clips: Any, work_off: Any) -> None:
    address = buckets.put(clips.make(seconds=1, size="640x360"), "会议 a+b.mp4")
    client = client_of(bob)
    data = sent_by(client.get("/console/jobs/new/analysis/", {"input": address}).content.decode(), "job-form")
    assert (data["input"], data["quality"], data["method"], data["deinterlace"], data["crop"]) == (address, "25", "network", "auto", "auto")
    wrong = client.post("/console/jobs/new/analysis/", data | {"crop": "force", "crop_width": "4"})
    assert wrong.status_code == 422
    assert "Give the area that is kept." in wrong.content.decode()
    sent = client.post("/console/jobs/new/analysis/", data | {"crop": "force", "crop_width": "640", "crop_height": "352", "quality": "22"})
    job = Job.objects.get()
    assert sent["Location"] == f"/console/jobs/{job.id}/"
    assert (job.spec["crop"], job.spec["quality"]) == ({"width": 640, "height": 352, "left": 0, "top": 0}, 22)
    assert "The answer appears here." in client.get(f"/console/jobs/{job.id}/").content.decode()
    work_off()
    page = client.get(f"/console/jobs/{job.id}/").content.decode()
    links = re.findall(r'href="(/console/jobs/new/transcode/\?input=[^"]+template=[^"]+)"', page)
    fitting = (Job.objects.get().result or {})["fitting"]
    assert len(links) == fitting > 10
    assert "needs at least 576 lines" in page
    form = sent_by(client.get(next(link for link in links if "S00000000-200020" in link).replace("&amp;", "&")).content.decode(), "job-form")
    assert (form["input"], form["outputs-0-template"]) == (address, LD)
    assert "Transcode with this" not in client_of(charlie).get(f"/console/jobs/{job.id}/").content.decode()
    assert client_of(charlie).get("/console/jobs/new/analysis/").status_code == 403


def test_analyse_now_and_continue(client_of: Any, bob: User, buckets: Any, clips: Any, work_off: Any) -> None:
    address = buckets.put(clips.make(seconds=1, size="640x360"))
    client = client_of(bob)
    page = client.get(NEW, {"input": address, "template": LD}).content.decode()
    assert "Analyse now and continue" in page
    assert "needs a template analysis" in page
    data = sent_by(page, "job-form") | {"user_data": "order 7"}
    refused = client.post(NEW, data)
    assert refused.status_code == 422
    assert "Analyse now and continue" in refused.content.decode()
    waits = client.post(NEW, data | {"analyse": "1"})
    analysis = Job.objects.get(kind="analysis")
    assert waits["Location"] == f"/console/jobs/new/transcode/analysis/{analysis.id}/"
    assert (analysis.owner, analysis.source, analysis.priority) == (bob, "console", 10)
    assert "is being analysed" in client.get(waits["Location"]).content.decode()
    assert client.get(waits["Location"], headers={"HX-Request": "true"}).status_code == 204
    work_off()
    assert client.get(waits["Location"], headers={"HX-Request": "true"})["HX-Redirect"] == f"{NEW}?draft=1"
    back = client.get(waits["Location"], follow=True)
    page = back.content.decode()
    assert "Analyse now and continue" not in page
    assert "the job can be submitted" in page
    again = sent_by(page, "job-form")
    assert (again["input"], again["outputs-0-template"], again["user_data"]) == (address, LD, "order 7")
    sent = client.post(NEW, again)
    job = Job.objects.get(kind="transcode")
    assert sent["Location"] == f"/console/jobs/{job.id}/"
    assert not Draft.objects.exists()
    work_off()
    assert Output.objects.get(job=job).state == JobState.SUCCEEDED


def test_an_analysis_that_fails_leads_back_too(client_of: Any, bob: User, buckets: Any, clips: Any, media: Path, work_off: Any) -> None:
    address = buckets.put(media / "corrupt" / "cut-no-moov.mp4")
    client = client_of(bob)
    data = sent_by(client.get(NEW, {"input": address, "template": LD}).content.decode(), "job-form")
    waits = client.post(NEW, data | {"analyse": "1"})
    work_off()
    page = client.get(waits["Location"], follow=True).content.decode()
    assert "The analysis did not succeed" in page
    assert "Analyse now and continue" in page
    transcoded = transcode(buckets.put(clips.make(seconds=1), "b.mp4"), "MP4-LD")
    assert client.get(f"/console/jobs/new/transcode/analysis/{transcoded.id}/").status_code == 404
    assert client.post(NEW, data | {"analyse": "1", "input": "nowhere"}).status_code == 422
