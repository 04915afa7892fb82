"""Templates as files, versions, tests on a clip, and customized templates."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from jobs import services as job_services
from jobs.models import Job
from jobs.payloads import read_job_request
from media_assets.models import Media
from templates_app import services
from templates_app.models import Template
from tests.html import sent_by
from tests.jobs.rows import waiting

PARAMS = {"container": {"format": "mp4"}, "video": {"codec": "h264", "crf": 23.0}, "delogos": [{"dx": 4}]}


def url(name, *args):
    return reverse(f"templates:{name}", args=args)


@pytest.fixture
def own(presets):
    return services.create("Own", PARAMS, description="mine")


@pytest.fixture
def secret(presets):
    return services.create("Secret sauce", {"container": {"format": "mp4"}, "video": {"crf": 19.0}}, kind="customized")


# --- export and import --------------------------------------------------------------------------------------------------
def test_what_is_exported_can_be_imported_elsewhere(client_of, alice, charlie, own):
    answer = client_of(charlie).get(url("template_export"), {"id": own.id})
    assert "attachment" in answer["Content-Disposition"]
    document = json.loads(answer.content)
    assert document["templates"] == [{"name": "Own", "description": "mine", "params": PARAMS}]
    services.delete(own)
    client = client_of(alice)
    file = SimpleUploadedFile("t.json", answer.content, "application/json")
    assert client.post(url("template_import"), {"file": file, "if_exists": "fail"}).url == url("template_list")
    assert Template.objects.get(name="Own", deleted_at=None).current.params == PARAMS
    for choice, names in (("rename", {"Own", "Own copy"}), ("update", {"Own", "Own copy"})):
        assert client.post(url("template_import"), {"text": answer.content.decode(), "if_exists": choice}).status_code == 302
        assert set(Template.objects.filter(kind="custom", deleted_at=None).values_list("name", flat=True)) == names


def test_all_custom_ones_are_exported_where_none_is_named(client_of, charlie, own, secret):
    document = json.loads(client_of(charlie).get(url("template_export")).content)
    assert [item["name"] for item in document["templates"]] == ["Own"]


def test_an_import_tells_every_mistake_with_its_place(client_of, alice, own):
    items = [
        {"name": "Good", "params": {"container": {"format": "mp4"}}},
        {"name": "Bad", "params": {"container": {"format": "flv"}, "video": {"codec": "h265", "crf": 99}}},
        {"name": "Own", "params": {"container": {"format": "flv"}, "video": {"codec": "h265"}}},
        {"name": "x"},
    ]
    answer = client_of(alice).post(
        url("template_import"), {"text": json.dumps({"format": "reelmill-templates", "version": 1, "templates": items}), "if_exists": "fail"}
    )
    assert answer.status_code == 422
    places = [place for place, _text in answer.context["mistakes"]]
    assert places == ["templates[1] «Bad» · params.video.crf", "templates[2] «Own» · name", "templates[2] «Own» · params.video.codec", "templates[3] «x»"]
    assert "4 things to correct; nothing was imported" in answer.content.decode()
    assert not Template.objects.filter(name="Good").exists()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "Choose a file"),
        ({"text": "not json"}, "This is not JSON."),
        ({"text": "[" * 5000}, "This is not JSON."),
        ({"text": "{}"}, "This is not a document of templates."),
        ({"text": '{"format": "reelmill-templates", "templates": []}'}, "This is not a document of templates."),
        ({"text": '{"format": "reelmill-templates", "templates": [1]}'}, "A template has a name"),
        ({"file": SimpleUploadedFile("x.json", b"\xff\xfe\x00")}, "This is not JSON."),
    ],
)
def test_what_is_no_document_is_refused(client_of, alice, presets, sent, words):
    answer = client_of(alice).post(url("template_import"), sent | {"if_exists": "fail"})
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_the_bar_under_the_list_exports_and_deletes_after_asking(client_of, alice, charlie, own, pipeline):
    preset = Template.objects.get(name="hls-ladder")
    client = client_of(alice)
    there = client.post(url("template_bulk"), {"action": "export", "id": [own.id, preset.id]})
    assert [item["name"] for item in json.loads(client.get(there.url).content)["templates"]] == ["Own", "hls-ladder"]
    asked = client.post(url("template_bulk"), {"action": "delete", "id": [own.id, preset.id]}).content.decode()
    assert "1 template will be deleted." in asked
    assert "1 of those chosen is a preset and stays." in asked
    own.refresh_from_db()
    assert own.deleted_at is None
    assert client_of(charlie).post(url("template_bulk"), {"action": "delete", "sure": "1", "id": [own.id]}).status_code == 403
    assert client.post(url("template_bulk"), {"action": "delete", "sure": "1", "id": [own.id, preset.id]}).status_code == 302
    own.refresh_from_db()
    preset.refresh_from_db()
    assert own.deleted_at
    assert preset.deleted_at is None


@pytest.mark.parametrize("page", ["template_export", "template_import", "template_bulk"])
def test_strangers_and_people_without_a_role_are_kept_out(client_of, dana, page):
    assert client_of(None).get(url(page)).status_code in (302, 405)
    assert client_of(dana).get(url(page)).status_code in (403, 405)


# --- versions -------------------------------------------------------------------------------------------------------------
def test_versions_are_compared_and_restored(client_of, alice, charlie, own):
    services.update(own, params={**PARAMS, "video": {"codec": "h265", "crf": 23.0, "crop": "auto"}, "delogos": []})
    page = client_of(charlie).get(url("template_versions", own.id))
    changes = {change.name: (change.before, change.after) for change in page.context["changes"]}
    assert changes == {"video.codec": ("H.264", "H.265"), "video.crop": ("", "Automatic"), "delogos.0.dx": ("4", "")}
    assert "<del>H.264</del>" in page.content.decode()
    same = client_of(charlie).get(url("template_versions", own.id), {"a": "2", "b": "2"})
    assert "Both say the same." in same.content.decode()
    assert client_of(charlie).post(url("template_restore", own.id, 1)).status_code == 403
    assert client_of(alice).post(url("template_restore", own.id, 9)).status_code == 404
    assert client_of(alice).post(url("template_restore", own.id, 1)).status_code == 302
    own.refresh_from_db()
    assert (own.current.number, own.current.params) == (3, PARAMS)
    preset = Template.objects.get(name="hls-ladder")
    assert client_of(alice).post(url("template_restore", preset.id, 1)).status_code == 403
    assert client_of(alice).get(url("template_versions", preset.id), {"a": "x", "b": "99"}).status_code == 200


# --- used by --------------------------------------------------------------------------------------------------------------
def test_delete_and_detail_name_the_jobs(client_of, alice, own, pipeline):
    output = waiting(pipeline, outputs=1).job.outputs.get()
    type(output).objects.filter(pk=output.pk).update(template=own.current)
    link = reverse("jobs:job_detail", args=[output.job_id])
    client = client_of(alice)
    for page in ("template_delete", "template_detail", "template_edit"):
        assert link in client.get(url(page, own.id)).content.decode(), page


# --- customized -----------------------------------------------------------------------------------------------------------
def test_only_admins_see_what_is_in_a_customized_template(client_of, alice, bob, secret):
    seen = client_of(alice).get(url("template_detail", secret.id)).content.decode()
    assert "CRF\u00a019" in seen
    for page in (url("template_detail", secret.id), url("template_list") + "?kind=customized"):
        text = client_of(bob).get(page).content.decode()
        assert "Secret sauce" in text
        assert "CRF" not in text.split("<main")[1].split("</main")[0]
    assert client_of(bob).get(url("template_versions", secret.id)).status_code == 403
    assert json.loads(client_of(bob).get(url("template_export"), {"id": secret.id}).content)["templates"] == []
    assert client_of(alice).get(url("template_edit", secret.id)).context["form"]["opaque"].value() is True


def test_the_interface_hides_it_too(client_of, alice, bob, secret):
    def params(person):
        return client_of(person).get(f"/api/v1/templates/{secret.id}").json()["params"]

    assert params(alice) == {"container": {"format": "mp4"}, "video": {"crf": 19.0}}
    assert params(bob) is None
    assert client_of(bob).get("/api/v1/templates?kind=customized").json()["items"][0]["params"] is None


def test_it_is_made_by_a_box_in_the_editor(client_of, alice, presets):
    client = client_of(alice)
    data = sent_by(client.get(url("template_create")).content.decode()) | {"name": "Ours", "opaque": "on"}
    assert client.post(url("template_create"), data).status_code == 302
    made = Template.objects.get(name="Ours")
    assert made.is_opaque
    assert not made.is_preset
    open_again = sent_by(client.get(url("template_edit", made.id)).content.decode())
    open_again.pop("opaque")
    client.post(url("template_edit", made.id), open_again)
    made.refresh_from_db()
    assert not made.is_opaque
    assert made.current.number == 1  # nothing else changed, so there is no new version


@pytest.mark.django_db(transaction=True)
def test_a_job_cannot_change_it_and_is_told(clips, buckets, secret, pipeline, work_off, alice, bob, client_of):
    clip = buckets.put(clips.make(seconds=1, size="64x36"), "a.mp4")
    body = {"input": clip, "outputs": [{"template": secret.id, "address": "oss://output/a.mp4", "overrides": {"video": {"crf": 40, "width": 32}}}]}
    wanted = read_job_request({"kind": "transcode", **body})
    job_services.submit(spec=wanted.spec, pipeline=wanted.pipeline, owner=bob)
    work_off()
    output = Job.objects.get().outputs.get()
    assert output.state == "succeeded", output.message
    assert output.overrides == {}
    assert output.effective["video"]["crf"] == 19.0
    assert any("customized" in text for text in output.warnings)
    assert output.media_info["video"][0]["width"] == 64
    page = reverse("jobs:job_tab", args=[output.job_id, "parameters"])
    assert "only admins see its parameters" in client_of(bob).get(page).content.decode()
    assert "libx264" not in client_of(bob).get(page).content.decode()
    assert "libx264" in client_of(alice).get(page).content.decode()


WHY = "The job uses a customized template: only admins see its parameters, command lines and log."


@pytest.mark.django_db(transaction=True)
def test_nobody_but_admins_reads_how_it_was_made(clips, buckets, secret, pipeline, work_off, alice, bob, client_of, api_of, token_of):
    clip = buckets.put(clips.make(seconds=1, size="64x36"), "a.mp4")
    asked = {"template": secret.id, "address": "oss://output/a.mp4", "overrides": {"video": {"crf": 40}}}
    other = {"address": "oss://output/b.mp4", "overrides": {"container": {"format": "mp4"}, "video": {"preset": "ultrafast"}}}
    wanted = read_job_request({"kind": "transcode", "input": clip, "outputs": [asked, other]})
    job = job_services.submit(spec=wanted.spec, pipeline=wanted.pipeline, owner=bob)
    work_off()
    Job.objects.filter(pk=job.id).update(state="failed", code="EncodeFailed", log_line="libx264 said no")
    pages = [reverse("jobs:job_tab", args=[job.id, tab]) for tab in ("outputs", "parameters", "timeline", "raw")]
    pages += [reverse(f"jobs:{name}", args=[job.id]) for name in ("job_log", "log_download", "log_tail", "raw_download", "job_live")]
    pages += [f"{reverse('jobs:job_export')}?format=jsonl", f"{reverse('jobs:job_export')}?format=csv"]
    pages += [f"/api/v1/jobs/{job.id}{tail}" for tail in ("", "/attempts", "/log", "/events")] + ["/api/v1/jobs"]

    def read(client, page):
        answer = client.get(page)
        return answer.getvalue().decode() if answer.streaming else answer.content.decode()

    for page in pages:
        text = read(client_of(bob), page)
        for word in ("libx264", "-crf", "ffmpeg -", "19.0", '"crf": 40'):
            assert word not in text, (page, word)
    assert client_of(bob).get(f"/api/v1/jobs/{job.id}/log").status_code == 403
    for name in ("log_download", "log_tail"):
        assert client_of(bob).get(reverse(f"jobs:{name}", args=[job.id])).status_code == 403
    for page in (reverse("jobs:job_log", args=[job.id]), *pages[1:4:2], f"/api/v1/jobs/{job.id}/attempts", f"/api/v1/jobs/{job.id}/log"):
        assert WHY in read(client_of(bob), page), page
    assert [len(row["checks"]) > 0 for row in api_of(bob).get(f"/api/v1/jobs/{job.id}").json()["outputs"]] == [False, True]
    for client in (client_of(alice), api_of(alice, role="admin")):
        told = client.get(f"/api/v1/jobs/{job.id}/attempts").json()["items"][0]
        assert "libx264" in told["argv"][0]
        assert told["log_tail"]
        assert told["hidden"] is None
        assert client.get(f"/api/v1/jobs/{job.id}/log").status_code == 200
    assert "libx264" in read(client_of(alice), reverse("jobs:job_log", args=[job.id]))
    weak = {"Authorization": f"Bearer {token_of(alice, role='operator')}"}  # a weaker token of an admin is no admin
    assert client_of(None).get(f"/api/v1/jobs/{job.id}/attempts", headers=weak).json()["items"][0]["argv"] == []


# --- test on 10 s ---------------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_parameters_are_tried_on_ten_seconds_without_being_saved(clips, buckets, presets, pipeline, work_off, alice, client_of):
    clip = buckets.put(clips.make(seconds=12, size="64x36", rate=10), "long.mp4")
    media = Media.objects.create(bucket="input", key=clip.removeprefix("oss://input/"))
    client = client_of(alice)
    data = sent_by(client.get(url("template_create")).content.decode()) | {"media": media.id, "video.width": "32", "video.preset": "ultrafast"}
    before = Template.objects.count()
    answer = client.post(url("template_test"), data)
    job = Job.objects.get()
    assert answer.url == reverse("jobs:job_detail", args=[job.id])
    assert Template.objects.count() == before
    work_off()
    output = job.outputs.get()
    assert output.state == "succeeded", output.message
    assert output.key.startswith("template-tests/")
    assert output.media_info["duration"] == pytest.approx(10, abs=0.2)
    assert output.media_info["video"][0]["width"] == 32


def test_a_test_that_cannot_be_done_says_why(client_of, alice, presets, pipeline, buckets):
    client = client_of(alice)
    data = sent_by(client.get(url("template_create")).content.decode())
    no_media = client.post(url("template_test"), data)
    assert no_media.status_code == 422
    assert "Choose a media to test on." in no_media.content.decode()
    wrong = client.post(url("template_test"), data | {"video.crf": "999"})
    assert wrong.status_code == 422
    assert "name" not in wrong.context["form"].errors
    assert not Job.objects.exists()


# --- rows without JavaScript ----------------------------------------------------------------------------------------------
def test_rows_come_and_go_by_buttons_and_nothing_is_judged(client_of, alice, presets):
    client = client_of(alice)
    data = sent_by(client.get(url("template_create")).content.decode()) | {"video.crf": "not a number", "name": ""}
    more = client.post(url("template_create"), data | {"rows": "add:watermarks"})
    assert more.status_code == 200
    assert "data-error-summary" not in more.content.decode()
    again = sent_by(more.content.decode())
    assert again["watermarks.rows"] == "0"
    assert again["video.crf"] == "not a number"
    less = sent_by(client.post(url("template_create"), again | {"rows": "remove:watermarks.0"}).content.decode())
    assert "watermarks.rows" not in less
