"""Django's admin: every list and every row opens for an administrator, and for nobody else; rows of the queue cannot be changed."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console import access_keys, audit, auth
from console.models import ApiToken, KeptAnswer, Preference, UsedNonce
from jobs.foreign.models import BucketAttachment, ForeignTask, ForeignTaskJob, Project
from jobs.models import Attempt, Delivery, Draft, Job, JobEvent, LogPart, Node, PipelineEvent, SavedView, Step, UsedMark
from jobs.notices import targets
from jobs.workflows.models import Activity, Execution, SeenObject, Workflow, WorkflowVersion
from media_assets import services as media_services
from media_assets.models import Bucket, Category, ContentKey, Discard, MediaFile, MultipartPart, MultipartUpload, ObjectNote, Tag, Upload
from templates_app.marks import services as mark_services
from templates_app.snapshots import services as snapshot_services
from tests.jobs.rows import waiting

OURS = [model for app in ("console", "jobs", "templates_app", "media_assets") for model in apps.get_app_config(app).get_models()]


@pytest.fixture
def rows(alice: User, pipeline: Any, presets: None, buckets: Any) -> None:
    """At least one row of every model of ours."""
    from jobs.engine.address import Address

    step = waiting(pipeline, outputs=2)
    attempt = Attempt.objects.create(step=step, number=1, worker="here/7", argv=[["ffmpeg", "-i", "<b>"]])
    LogPart.objects.create(attempt=attempt, number=0, size=3, data=b"abc")
    JobEvent.objects.create(job=step.job, kind="submitted", actor="alice")
    PipelineEvent.objects.create(pipeline=pipeline, kind="created", actor="alice")
    Node.objects.create(name="here", started_at=timezone.now(), seen_at=timezone.now())
    Draft.objects.create(user=alice, form="transcode", body="input=a", saved_at=timezone.now())
    SavedView.objects.create(user=alice, page="jobs", name="failed", query="state=failed")
    media = media_services.remember(Address("input", "a.mp4"))
    MediaFile.objects.get_or_create(media=media, role="source", bucket="input", key="a.mp4")
    Category.objects.create(name="films")
    Tag.objects.create(name="tag")
    Discard.objects.create(bucket="output", key="x", token="t", due_at=timezone.now())
    ContentKey.objects.create(scope="output:1", key_id="ab" * 16, sealed="sealed:x", bucket="output")
    Upload.objects.create(owner=alice, bucket="input", key="u", length=1, if_exists="fail", expires_at=timezone.now())
    ObjectNote.objects.create(bucket="input", key="a.mp4", etag="e", digest="ab" * 16, crc64="1")
    parts = MultipartUpload.objects.create(owner=alice, bucket="input", key="p", expires_at=timezone.now())
    MultipartPart.objects.create(upload=parts, number=1, file="p.1", size=1, md5="ab" * 16, crc64="1")
    targets.create(name="ends", url="https://example.org/hook")
    Delivery.objects.create(id="d1", topic="ends", job=step.job, body="{}", created_at=timezone.now(), due_at=timezone.now())
    snapshot_services.create("One", "snapshot", {})
    UsedMark.objects.create(output=step.job.outputs.all()[0], mark=mark_services.create("Corner", "image", {}))
    flow = Workflow.objects.create(name="films", bucket="input", pipeline=pipeline, steps=[])
    WorkflowVersion.objects.create(workflow=flow, number=1, document={})
    SeenObject.objects.create(workflow=flow, key="a.mp4", etag="e", seen_at=timezone.now())
    run = Execution.objects.create(
        workflow=flow, workflow_name="films", number=1, trigger="manual", bucket="input", key="a.mp4", pipeline=pipeline, created_at=timezone.now()
    )
    Activity.objects.create(execution=run, index=0, name="look", type="analyse", step={}, job=step.job)
    auth.make_token(alice, "ci", "viewer")
    audit.record("bucket.bound", "films", "films")
    access_keys.lend(access_keys.make_key(alice)[0])
    UsedNonce.objects.create(digest="ab" * 32, expires_at=timezone.now())
    Preference.objects.create(user=alice)
    BucketAttachment.objects.create(project=Project.objects.create(name="films"), bucket=Bucket.objects.get(name="input"))
    ForeignTaskJob.objects.create(task=ForeignTask.objects.create(id="MediaConvert-1", product="imm", type="MediaConvert"), job=Job.objects.all()[0], index=0)
    KeptAnswer.objects.create(user=alice, key="k", digest="d", status=201, body="{}")


def test_every_model_of_ours_is_registered() -> None:
    missing = [
        model.__name__ for model in OURS if not admin.site.is_registered(model) and model.__name__ not in ("TemplateVersion", "WatermarkTemplateVersion")
    ]
    assert missing == []


@pytest.mark.parametrize(
    "model", [*[m for m in OURS if m.__name__ not in ("TemplateVersion", "WatermarkTemplateVersion")], User, Group], ids=lambda model: model.__name__
)
def test_lists_search_and_rows_open(client_of: Any, alice: User, rows: None, model: Any, django_assert_max_num_queries: Any) -> None:
    client = client_of(alice)
    opts = model._meta
    if not admin.site.is_registered(model):
        pytest.fail(f"{model.__name__} is not registered")
    listed = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    with django_assert_max_num_queries(16):
        page = client.get(listed)
    assert page.status_code == 200
    assert client.get(listed, {"q": "a"}).status_code in (200, 302)
    assert model.objects.exists(), "the fixture makes one of each"
    row = model.objects.order_by("pk").first()
    assert client.get(reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[row.pk])).status_code == 200


def test_nobody_else_gets_in(client_of: Any, alice: User, bob: User, charlie: User) -> None:
    for user in (None, bob, charlie):
        for url in ("/admin/", "/admin/jobs/job/", "/admin/console/apitoken/"):
            response = client_of(user).get(url)
            assert response.status_code == 302
            assert "/admin/login/" in response.headers["Location"]
    assert client_of(alice).get("/admin/").status_code == 200


def test_rows_of_the_queue_cannot_be_changed(client_of: Any, alice: User, rows: None) -> None:
    client = client_of(alice)
    job = Job.objects.get()
    for name, key in (
        ("job", job.pk),
        ("step", Step.objects.get().pk),
        ("attempt", Attempt.objects.get().pk),
        ("output", job.outputs.first().pk),
        ("jobevent", JobEvent.objects.get().pk),
    ):
        assert client.get(f"/admin/jobs/{name}/add/").status_code == 403
        assert client.post(f"/admin/jobs/{name}/{key}/change/", {"state": "succeeded"}).status_code == 403
        assert client.post(f"/admin/jobs/{name}/{key}/delete/", {"post": "yes"}).status_code == 403
    job.refresh_from_db()
    assert job.state == "queued"


def act(client: Client, where: str, action: str, *keys: Any) -> str:
    response = client.post(f"/admin/jobs/{where}/", {"action": action, "_selected_action": list(keys)}, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def test_jobs_are_cancelled_and_retried_by_the_services(client_of: Any, alice: User, rows: None) -> None:
    client = client_of(alice)
    job = Job.objects.get()
    assert "Done for 1 row." in act(client, "job", "cancel", job.pk)
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert JobEvent.objects.filter(job=job, kind="cancelled", actor="alice").exists() or JobEvent.objects.filter(job=job, actor="alice").count() > 1
    assert "already cancelled" in act(client, "job", "cancel", job.pk)


def test_pipelines_are_paused_and_resumed(client_of: Any, alice: User, pipeline: Any) -> None:
    client = client_of(alice)
    act(client, "pipeline", "pause", pipeline.pk)
    pipeline.refresh_from_db()
    assert (pipeline.state, pipeline.pause_reason) == ("Paused", "by an administrator")
    act(client, "pipeline", "resume", pipeline.pk)
    pipeline.refresh_from_db()
    assert pipeline.state == "Active"
    assert list(PipelineEvent.objects.order_by("id").values_list("kind", "actor")) == [("paused", "alice"), ("resumed", "alice")]


def test_a_tokens_text_is_shown_once(client_of: Any, alice: User, bob: User) -> None:
    client = client_of(alice)
    form = {"name": "ci", "user": bob.pk, "role": "admin"}
    refused = client.post("/admin/console/apitoken/add/", form)
    assert "cannot have a stronger role" in refused.content.decode()
    assert not ApiToken.objects.exists()
    shown = client.post("/admin/console/apitoken/add/", form | {"role": "operator"}, follow=True).content.decode()
    text = shown.partition("it is not shown again: ")[2].split("<")[0].strip()
    caller = Client(headers={"Authorization": f"Bearer {text}"})
    assert caller.get("/api/v1/me").json() == {"user": "bob", "role": "operator", "token": "ci"}
    token = ApiToken.objects.get()
    again = client.get(f"/admin/console/apitoken/{token.pk}/change/").content.decode()
    assert text not in again
    client.post(f"/admin/console/apitoken/{token.pk}/change/", {"name": "ci 2", "role": "admin", "user": alice.pk})
    token.refresh_from_db()
    assert (token.name, token.role, token.user, token.enabled) == ("ci 2", "operator", bob, False), "only name and switch can change"
    assert caller.get("/api/v1/me").status_code == 401


def test_admin_links_back_to_the_console(client_of: Any, alice: User, rows: None) -> None:
    client = client_of(alice)
    assert 'href="/console/"' in client.get("/admin/").content.decode()
    assert f"/console/jobs/{Job.objects.get().pk}/" in client.get("/admin/jobs/job/").content.decode()
