"""The new-job pages: a plain form post makes a job, refusals answer 422 with everything kept, and nothing needs JavaScript."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from jobs.models import Job, Pipeline
from jobs.payloads import read_job_request
from media_assets.models import Media
from templates_app import services
from tests.conftest import Buckets, Clips
from tests.html import sent_by

NEW = "/console/jobs/new/transcode/"
INFO = "/console/jobs/new/mediainfo/"


@pytest.fixture
def clip(clips: Clips, buckets: Buckets, presets: None, pipeline: Pipeline) -> str:
    """A real clip in the input bucket, with a name that is not easy."""
    return buckets.put(clips.make(seconds=1), "talks/会议 100%d.mp4")


def form(text: str) -> dict[str, Any]:
    """What a browser would send of the page's form."""
    return sent_by(text, "job-form" if 'id="job-form"' in text else "info-form")


def errors(response: Any) -> str:
    """Text of the summary of mistakes."""
    match = re.search(r"data-error-summary.*?</ul>", response.content.decode(), re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", match[0])) if match else ""


def test_it_submits_without_javascript(bob: User, clip: str, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(bob)
    data = form(client.get(NEW, {"input": clip}).content.decode())
    assert data["input"] == clip
    response = client.post(NEW, data | {"priority": "8", "user_data": "order 7"})
    job = Job.objects.get()
    assert response["Location"] == f"/console/jobs/{job.id}/"
    assert (job.priority, job.user_data, job.source, job.owner) == (8, "order 7", "console", bob)
    output = job.outputs.get()
    assert (output.template_name, output.bucket, output.key) == ("mp4-h264-540p", "output", "talks/会议 100%d-mp4-h264-540p.mp4")


def test_pressing_twice_makes_one_job_and_a_change_makes_another(bob: User, clip: str, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(bob)
    data = form(client.get(NEW, {"input": clip}).content.decode())
    first, second = client.post(NEW, data), client.post(NEW, data)
    assert first["Location"] == second["Location"]
    assert Job.objects.count() == 1
    client.post(NEW, data | {"outputs-0-key": "other"})
    assert Job.objects.count() == 2


def test_outputs_are_added_and_removed_and_nothing_typed_is_lost(bob: User, clip: str, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(bob)
    data = form(client.get(NEW, {"input": clip}).content.decode()) | {"outputs-0-key": "{FileName}-a", "outputs-0-video.crf": "30", "user_data": "kept"}
    more = form(client.post(NEW, data | {"add": "1"}).content.decode())
    assert more["outputs-count"] == "2"
    assert (more["outputs-0-key"], more["outputs-0-video.crf"], more["user_data"], more["input"]) == ("{FileName}-a", "30", "kept", clip)
    more |= {"outputs-1-template": "hls-ladder", "outputs-1-key": "{FileName}-b"}
    less = form(client.post(NEW, more | {"remove": "0"}).content.decode())
    assert (less["outputs-count"], less["outputs-0-template"], less["outputs-0-key"]) == ("1", "hls-ladder", "{FileName}-b")
    assert not Job.objects.exists()
    client.post(NEW, more)
    assert list(Job.objects.get().outputs.order_by("index").values_list("key", flat=True)) == ["会议 100%d-a.mp4", "会议 100%d-b.m3u8"]
    assert Job.objects.get().outputs.order_by("index")[0].overrides == {"video": {"crf": 30.0}}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"input": ""}, "Input file"),
        ({"input": "clip.mp4"}, "oss://"),
        ({"input": "oss://input/../etc/passwd"}, "segment"),
        ({"input": "oss://input/nothing-here.mp4"}, "No object at input/nothing-here.mp4."),
        ({"priority": "11"}, "Priority"),
        ({"pipeline": "nowhere"}, "Pipeline"),
        ({"start": "soon"}, "Write hh:mm:ss.mmm or seconds."),
        ({"user_data": "ü" * 513}, "1026 of 1024 bytes"),
        ({"outputs-0-key": "{Nonsense}"}, "Unknown placeholder {Nonsense}."),
        ({"outputs-0-template": "no-such"}, "Template"),
        ({"outputs-0-video.crf": "99"}, "CRF"),
        ({"outputs-0-video.crf": "20", "outputs-0-video.bitrate_kbps": "900"}, "bitrate"),
        ({"outputs-0-bucket": "input"}, "Bucket"),
    ],
)
def test_what_is_wrong_is_said_and_everything_is_kept(
    change: dict[str, str], said: str, bob: User, clip: str, client_of: Callable[[User | None], Client]
) -> None:
    client = client_of(bob)
    data = form(client.get(NEW, {"input": clip}).content.decode()) | {"outputs-0-audio.channels": "1", "duration": "0:00:01.5"} | change
    response = client.post(NEW, data)
    assert response.status_code == 422
    assert said in errors(response)
    assert not Job.objects.exists()
    kept = form(response.content.decode())
    for name, value in data.items():
        if name in ("outputs-0-template", "pipeline", "outputs-0-bucket") and name in change:
            continue  # a choice that does not exist cannot be drawn
        assert kept.get(name, "") == value, name


def test_two_outputs_alike_are_refused_at_both_places(bob: User, clip: str, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(bob)
    data = form(client.post(NEW, form(client.get(NEW, {"input": clip}).content.decode()) | {"add": "1"}).content.decode())
    response = client.post(NEW, data | {"outputs-1-template": "mp4-h264-540p"})
    assert response.status_code == 422
    assert "Output 2" in errors(response)


def test_clip_times_are_read(bob: User, clip: str, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(bob)
    data = form(client.get(NEW, {"input": clip}).content.decode())
    client.post(NEW, data | {"start": "1:02:03.250", "duration": "90,5"})
    assert Job.objects.get().spec["input"] == {"address": clip, "start": 3723.25, "duration": 90.5}


def test_the_summary_is_what_would_be_sent(bob: User, clip: str, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(bob)
    data = form(client.get(NEW, {"input": clip}).content.decode()) | {"outputs-0-video.crf": "31", "outputs-0-video.remove": "no", "start": "0.2"}
    text = html.unescape(client.post("/console/jobs/new/summary/", data).content.decode())
    sent = json.loads(re.search(r"<pre[^>]*>(.*?)</pre>", text, re.DOTALL)[1])  # type: ignore[index]
    assert sent["outputs"][0]["overrides"] == {"video": {"crf": 31.0, "remove": False}}
    wanted = read_job_request(sent)
    client.post(NEW, data)
    assert Job.objects.get().spec == wanted.spec.model_dump(mode="json")


def test_the_summary_warns_before_anything_is_sent(bob: User, clip: str, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(bob)
    data = form(client.get(NEW, {"input": clip}).content.decode()) | {"input": "oss://input/gone.mp4"}
    assert "No object at input/gone.mp4." in client.post("/console/jobs/new/summary/", data).content.decode()
    assert not Job.objects.exists()


def test_it_starts_from_another_job(bob: User, clip: str, client_of: Callable[[User | None], Client]) -> None:
    """Duplicate keeps every value; retry with changes also links the two."""
    client = client_of(bob)
    data = form(client.get(NEW, {"input": clip, "template": ["mp4-h264-540p", "hls-ladder"]}).content.decode())
    client.post(NEW, data | {"outputs-0-video.crf": "33", "outputs-1-key": "x/{FileName}", "start": "0.5", "priority": "4", "user_data": "u"})
    old = Job.objects.get()
    again = form(client.get(NEW, {"from_job": old.id}).content.decode())
    assert (again["outputs-0-video.crf"], again["outputs-1-key"], again["start"], again["priority"]) == ("33", "x/{FileName}.m3u8", "0.5", "4")
    retry = form(client.get(NEW, {"from_job": old.id, "retry": "1"}).content.decode())
    client.post(NEW, retry | {"outputs-0-video.crf": "20"})
    new = Job.objects.exclude(pk=old.pk).get()
    assert new.retry_of == old
    assert new.spec["outputs"][1] == old.spec["outputs"][1]
    changed = client.get(f"/console/jobs/{new.id}/parameters/").content.decode()
    assert "<del>33.0</del>" in changed
    assert changed.count("<del>") == 1


def last_spec() -> dict[str, Any]:
    """What the newest job was sent with."""
    spec: dict[str, Any] = Job.objects.order_by("-created_at").first().spec  # type: ignore[union-attr]  # there is one
    return spec


def test_everything_of_a_template_can_be_changed_for_one_job(bob: User, clip: str, buckets: Buckets, client_of: Callable[[User | None], Client]) -> None:
    """Rows and groups replace the template's; the same page starts from such a job again with every value."""
    (buckets.input / "logo.png").write_bytes(b"x")
    (buckets.input / "words.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
    client = client_of(bob)
    data = form(client.get(NEW, {"input": clip}).content.decode())
    changes = {
        "video.crop": "set", "video.crop.width": "64", "video.crop.height": "36", "video.rotate": "90", "audio.loudness": "set", "audio.loudness.integrated_lufs": "-16",
        "watermarks.rows": "0", "watermarks.0.image": "oss://input/logo.png", "watermarks.0.dx": "5 %",
        "delogos.rows": ["3", "1"], "delogos.1.dx": "8", "delogos.3.dx": "9",
        "subtitle.files.rows": "0", "subtitle.files.0.address": "oss://input/words.srt", "subtitle.files.0.language": "en", "subtitle.files.0.charset": "utf-8",
        "edit.speed": "2", "mux.strip_metadata": "yes",
    }  # fmt: skip
    sent = data | {f"outputs-0-{name}": value for name, value in changes.items()}
    response = client.post(NEW, sent)
    assert response.status_code == 302, errors(response)
    wanted = {
        "video": {"crop": {"width": 64, "height": 36}, "rotate": 90},
        "audio": {"loudness": {"integrated_lufs": -16.0}},
        "watermarks": [{"image": "oss://input/logo.png", "dx": 0.05}],
        "delogos": [{"dx": 9}, {"dx": 8}],
        "subtitle": {"files": [{"address": "oss://input/words.srt", "language": "eng", "charset": "utf-8"}]},
        "edit": {"speed": 2.0},
        "mux": {"strip_metadata": True},
    }
    assert last_spec()["outputs"][0]["overrides"] == wanted
    again = form(client.get(NEW, {"from_job": Job.objects.get().id}).content.decode())
    assert client.post(NEW, again | {"user_data": "again"}).status_code == 302
    assert last_spec()["outputs"][0]["overrides"] == wanted


def test_further_inputs_selectors_and_tracks(bob: User, clip: str, clips: Clips, buckets: Buckets, client_of: Callable[[User | None], Client]) -> None:
    other = buckets.put(clips.make(seconds=1), "dub.mp4")
    client = client_of(bob)
    data = form(client.get(NEW, {"input": clip}).content.decode())
    data |= {
        "input_name": "film", "inputs.rows": "0", "inputs.0.name": "dub", "inputs.0.address": other, "inputs.0.audio_selectors.rows": "0",
        "inputs.0.audio_selectors.0.name": "french", "inputs.0.audio_selectors.0.rule": "index", "inputs.0.audio_selectors.0.stream": "0",
        "outputs-0-audios.rows": ["0", "1"], "outputs-0-audios.0.input": "film", "outputs-0-audios.0.language": "en", "outputs-0-audios.1.input": "french",
        "outputs-0-audios.1.default": "no",
    }  # fmt: skip
    response = client.post(NEW, data)
    assert response.status_code == 302, errors(response)
    spec = last_spec()
    assert spec["input_name"] == "film"
    assert [(row["name"], row["address"], row["audio_selectors"][0]["name"], row["audio_selectors"][0]["stream"]) for row in spec["inputs"]] == [
        ("dub", other, "french", 0)
    ]
    assert spec["outputs"][0]["overrides"]["audios"] == [{"input": "film", "language": "eng"}, {"input": "french", "default": False}]
    again = form(client.get(NEW, {"from_job": Job.objects.get().id}).content.decode())
    assert (again["inputs.0.audio_selectors.0.name"], again["outputs-0-audios.1.default"], again["input_name"]) == ("french", "no", "film")


def test_tracks_are_offered_for_what_the_input_has(bob: User, clip: str, client_of: Callable[[User | None], Client]) -> None:
    Media.objects.create(bucket="input", key=clip.removeprefix("oss://input/"), info={"audio": [{"codec": "aac", "language": "eng"}, {"codec": "ac3"}]})
    client = client_of(bob)
    page = client.get(NEW, {"input": clip}).content.decode()
    assert "Make tracks of the input" in page
    more = form(client.post(NEW, form(page) | {"tracks": "0"}).content.decode())
    assert more["outputs-0-audios.rows"] == ["0", "1"]
    assert (more["outputs-0-audios.1.stream"], more["outputs-0-audios.1.language_control"]) == ("1", "InputFirst")
    assert form(client.post(NEW, more | {"tracks": "0"}).content.decode())["outputs-0-audios.rows"] == ["0", "1"]


def test_the_end_that_is_cut_off_goes_to_every_output(bob: User, clip: str, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(bob)
    data = form(client.get(NEW, {"input": clip, "template": ["mp4-h264-540p", "hls-ladder"]}).content.decode())
    assert "not both" in errors(client.post(NEW, data | {"end": "0.2", "duration": "0.3"}))
    assert client.post(NEW, data | {"end": "0.25", "outputs-0-video.crf": "30"}).status_code == 302
    assert [row["overrides"]["edit"] for row in last_spec()["outputs"]] == [{"end": 0.25}, {"end": 0.25}]
    again = form(client.get(NEW, {"from_job": Job.objects.get().id}).content.decode())
    assert (again["end"], again["outputs-0-edit.end"], again["outputs-0-video.crf"]) == ("0.25", "", "30")
    client.post(NEW, data | {"end": "0.25", "outputs-0-edit.duration": "0.1", "user_data": "2"})
    assert [row["overrides"]["edit"] for row in last_spec()["outputs"]] == [{"duration": 0.1}, {"end": 0.25}]


def test_an_output_needs_no_template(bob: User, clip: str, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(bob)
    data = form(client.get(NEW, {"input": clip}).content.decode()) | {"outputs-0-template": ""}
    assert client.post(NEW, data).status_code == 422
    assert client.post(NEW, data | {"outputs-0-container.format": "mkv", "outputs-0-video.crf": "30"}).status_code == 302
    output = Job.objects.get().outputs.get()
    assert (output.template, output.effective["container"]["format"], output.key.endswith(".mkv")) == (None, "mkv", True)
    again = form(client.get(NEW, {"from_job": output.job_id}).content.decode())
    assert (again["outputs-0-template"], again["outputs-0-container.format"]) == ("", "mkv")


def test_placeholders_are_sent_as_patterns_and_shown_filled(bob: User, clip: str, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(bob)
    data = form(client.get(NEW, {"input": clip}).content.decode()) | {"outputs-0-key": "{ObjectPrefix}{FileName}/{label}-{resolution}"}
    assert "talks/会议 100%d/mp4-h264-540p-540p.mp4" in html.unescape(client.post("/console/jobs/new/summary/", data).content.decode())
    client.post(NEW, data)
    assert last_spec()["outputs"][0]["address"] == "oss://output/{ObjectPrefix}{FileName}/{label}-{resolution}.mp4"
    assert Job.objects.get().outputs.get().key == "talks/会议 100%d/mp4-h264-540p-540p.mp4"
    client.post(NEW, data | {"outputs-0-key": "{DestMd5}"})
    assert last_spec()["outputs"][0]["address"] == "oss://output/{DestMd5}.mp4"


def test_mistakes_in_rows_stand_at_their_rows(bob: User, clip: str, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(bob)
    data = form(client.get(NEW, {"input": clip}).content.decode())
    wrong = {"outputs-0-watermarks.rows": ["7", "2"], "outputs-0-watermarks.2.image": "oss://input/none.png", "outputs-0-watermarks.7.dx": "x"}
    assert "Write pixels" in errors(client.post(NEW, data | wrong))
    response = client.post(NEW, data | wrong | {"outputs-0-watermarks.7.dx": "1", "outputs-0-watermarks.7.image": "oss://input/gone.png"})
    found = response.context["forms"].outputs[0].errors
    assert "none.png" in " ".join(found["watermarks.2.image"])
    assert "gone.png" in " ".join(found["watermarks.7.image"])


def test_what_differs_has_a_dot_and_says_what_was(bob: User, clip: str, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(bob)
    data = form(client.get(NEW, {"input": clip}).content.decode()) | {"outputs-0-video.crf": "31", "add": "1"}
    page = client.post(NEW, data).content.decode()
    changed = re.findall(r'<div class="p-tree__field[^"]*is-changed".*?</div>\s*<p class="p-was">(.*?)</p>', page, re.DOTALL)
    assert [text.strip() for text in changed] == ["was 23"]


def test_a_form_of_many_fields_is_read(bob: User, clip: str, client_of: Callable[[User | None], Client]) -> None:
    """Twelve outputs, each with all parameters open, are more fields than Django takes by default."""
    client = client_of(bob)
    data = form(client.get(NEW, {"input": clip, "template": ["mp4-h264-540p"] * 12}).content.decode())
    assert len(data) < 200  # what is not open is not drawn
    data |= {f"outputs-{index}-open": "1" for index in range(12)} | {f"outputs-{index}-key": f"o{index}" for index in range(12)}
    data = form(client.post(NEW, data | {"refresh": "1"}).content.decode())
    assert len(data) > 1000
    assert client.post(NEW, data).status_code == 302
    assert Job.objects.get().outputs.count() == 12


def test_a_customized_template_shows_nothing_and_takes_nothing(bob: User, clip: str, client_of: Callable[[User | None], Client]) -> None:
    services.create("Sauce", {"container": {"format": "mkv"}, "video": {"crf": 17.0}}, kind="customized")
    client = client_of(bob)
    page = client.get(NEW, {"input": clip, "template": "Sauce"}).content.decode()
    assert "nothing in it can be changed" in page
    assert "CRF\u00a017" not in page
    assert client.post(NEW, form(page)).status_code == 302
    assert Job.objects.get().outputs.get().key.endswith("-Sauce.mkv")


@pytest.mark.parametrize("path", [NEW, INFO, "/console/jobs/new/pick/"])
def test_it_is_for_operators(path: str, charlie: User, dana: User, pipeline: Pipeline, client_of: Callable[[User | None], Client]) -> None:
    assert client_of(charlie).get(path).status_code == 403
    assert client_of(dana).get(path).status_code == 403
    assert client_of(None).get(path).status_code == 302
    assert client_of(charlie).post(path, {}).status_code in (403, 405)


def test_the_picker_browses_and_searches(bob: User, clip: str, buckets: Buckets, client_of: Callable[[User | None], Client]) -> None:
    (buckets.input / "top.mp4").write_bytes(b"x")
    client = client_of(bob)
    top = client.get("/console/jobs/new/pick/").content.decode()
    assert "talks/" in top
    assert "oss://input/top.mp4" in top
    assert "100%d" not in top
    inside = html.unescape(client.get("/console/jobs/new/pick/", {"folder": "talks/"}).content.decode())
    assert f'data-pick="{clip}"' in inside
    found = html.unescape(client.get("/console/jobs/new/pick/", {"q": "会议"}).content.decode())
    assert clip in found
    assert "top.mp4" not in found
    for bad in ("../", "/", "a\x00b/"):
        assert client.get("/console/jobs/new/pick/", {"folder": bad}).status_code == 200


def test_the_picker_is_a_dialog_for_htmx(bob: User, clip: str, client_of: Callable[[User | None], Client]) -> None:
    text = client_of(bob).get("/console/jobs/new/pick/", headers={"HX-Request": "true", "HX-Target": "dialog-body"}).content.decode()
    assert "<html" not in text
    assert 'id="dialog-title"' in text


@pytest.mark.django_db(transaction=True)
def test_media_info_end_to_end(bob: User, clip: str, client_of: Callable[[User | None], Client], work_off: Callable[..., int]) -> None:
    client = client_of(bob)
    data = form(client.get(INFO, {"input": clip}).content.decode())
    response = client.post(INFO, data)
    assert response.status_code == 302
    work_off()
    text = client.get(response["Location"]).content.decode()
    assert "320 × 180" in text
    assert "h264" in text
    bad = client.post(INFO, {"input": "oss://input/none.mp4", "pipeline": "default"})
    assert bad.status_code == 422
    assert "No object at input/none.mp4." in errors(bad)
