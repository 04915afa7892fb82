"""The audit trail: every change of somebody is written with it, by way of whatever interface, and nobody rewrites it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.test import Client

from console import access_keys, audit, audit_told, auth
from console.lib import acting
from console.lib.acting import Actor
from console.models import AccessKey, AuditEntry, Role
from jobs import services
from jobs.engine.address import Address
from jobs.engine.errors import Refused
from jobs.foreign import projects
from jobs.notices import targets
from media_assets import buckets as bucket_services
from media_assets import editing, s3_settings
from media_assets import services as media_services
from media_assets.models import Bucket, Media
from templates_app import services as template_services
from templates_app.marks import services as mark_services
from templates_app.snapshots import services as snapshot_services
from tests.jobs.rows import waiting
from tests.test_architecture import product

URL, API = "/console/audit/", "/api/v1/audit"
VIDEO = {"container": {"format": "mp4"}, "video": {"codec": "h264", "crf": 25.0}}


def told() -> list[tuple[str, str]]:
    """Action and subject, oldest first."""
    return [(row.action, row.subject) for row in AuditEntry.objects.order_by("id")]


# --- rows -----------------------------------------------------------------------------------------------------------------
def test_entries_are_written_once(db: None) -> None:
    audit.record("bucket.bound", "films", "films", driver="local")
    row = AuditEntry.objects.get()
    assert (row.actor, row.via, row.data) == ("", "service", {"driver": "local"})
    row.subject = "other"
    for change in (row.save, lambda: AuditEntry.objects.update(actor="x"), *([row.delete] if connection.vendor == "postgresql" else [])):
        with pytest.raises(DatabaseError, match="not changed"), transaction.atomic():
            change()
    assert AuditEntry.objects.get().subject == "films"


def test_only_the_trail_itself_knows_its_rows() -> None:
    knowing = {path for path, tree in product() if any(isinstance(node, ast.Name) and node.id == "AuditEntry" for node in ast.walk(tree))}
    assert {Path(path).name for path in knowing} == {"audit.py", "audit_api.py", "audit_views.py", "admin.py", "middleware.py"}
    deleting = [path for path in knowing if "delete" in Path(path).read_text() and Path(path).name.startswith("audit")]
    assert not [path for path in deleting if ".delete(" in Path(path).read_text()]


def test_who_is_served(db: None) -> None:
    with acting.acting(Actor("alice", "mps", "RMAK1", "10.0.0.1", "ID")):
        audit.record("pipeline.paused", "p", "default")
        audit.record("pipeline.paused", "p", "default", actor="bob")
    audit.record("pipeline.resumed", "p", "default")
    rows = list(AuditEntry.objects.order_by("id").values_list("actor", "via", "credential", "address", "request_id"))
    assert rows == [("alice", "mps", "RMAK1", "10.0.0.1", "ID"), ("bob", "mps", "RMAK1", "10.0.0.1", "ID"), ("", "service", "", "", "")]


def test_what_is_rolled_back_was_not_done(db: None) -> None:
    with transaction.atomic():
        template_services.create("T", VIDEO)
        transaction.set_rollback(True)
    with pytest.raises(Refused):
        template_services.create("", VIDEO)
    assert not AuditEntry.objects.exists()


def test_odd_texts_are_kept_as_far_as_a_database_can(db: None) -> None:
    audit.record("session.refused", subject="a\x00b\ud800" + "x" * 500)
    assert AuditEntry.objects.get().subject.startswith("a\ufffdb?x")


# --- services -------------------------------------------------------------------------------------------------------------
def test_templates(db: None) -> None:
    row = template_services.create("One", VIDEO)
    template_services.update(row, name="Two", params=VIDEO | {"audio": {"codec": "aac"}})
    template_services.delete(template_services.update(row, name="Two"))
    mark = mark_services.create("Corner", "image", {})
    mark_services.delete(mark_services.update(mark, params={"dx": 3}))
    shot = snapshot_services.create("Shots", "snapshot", {})
    snapshot_services.delete(snapshot_services.update(shot, name="Pictures"))
    assert told() == [
        ("template.created", "One"), ("template.changed", "Two"), ("template.changed", "Two"), ("template.deleted", "Two"),
        ("watermark_template.created", "Corner"), ("watermark_template.changed", "Corner"), ("watermark_template.deleted", "Corner"),
        ("snapshot_template.created", "Shots"), ("snapshot_template.changed", "Pictures"), ("snapshot_template.deleted", "Pictures"),
    ]  # fmt: skip
    assert AuditEntry.objects.filter(action="template.changed").order_by("id")[0].data == {"version": 2, "name": ["One", "Two"]}


def test_presets_are_loaded_by_nobody(presets: None) -> None:
    assert not AuditEntry.objects.exists()


def test_pipelines_and_jobs(pipeline: Any) -> None:
    made = services.create_pipeline(name="night", actor="alice")
    services.update_pipeline(made, {"slots": 3}, actor="alice")
    services.update_pipeline(made, {"slots": 3}, actor="alice")
    services.pause_pipeline(made, actor="alice", reason="dinner")
    services.resume_pipeline(made, actor="alice")
    services.delete_pipeline(made, actor="alice")
    job = waiting(pipeline).job
    services.set_priority(job.id, 9, actor="bob")
    services.cancel(job.id, actor="bob")
    assert [action for action, _subject in told()] == [
        "pipeline.created", "pipeline.changed", "pipeline.paused", "pipeline.resumed", "pipeline.deleted", "job.prioritised", "job.cancelled",
    ]  # fmt: skip
    assert AuditEntry.objects.get(action="pipeline.changed").data == {"slots": [2, 3]}
    assert AuditEntry.objects.get(action="pipeline.paused").data == {"reason": "dinner"}
    cancelled = AuditEntry.objects.get(action="job.cancelled")
    assert (cancelled.actor, cancelled.subject_id, cancelled.data["was"]) == ("bob", job.id, "queued")


def test_buckets_media_projects_and_targets(buckets: Any, tmp_path: Any) -> None:
    bucket = bucket_services.create_bucket("films", folder=str(tmp_path / "films"), is_input=True)
    bucket_services.update_bucket(bucket, is_output=True)
    projects.create_project("shop")
    projects.update_project("shop", "of films", {})
    projects.attach("shop", "films")
    projects.detach("films")
    projects.delete_project("shop")
    bucket_services.remove_bucket(bucket)
    (buckets.input / "a.mp4").write_bytes(b"x")
    media = media_services.remember(Address("input", "a.mp4"))
    editing.set_state(media, Media.State.PUBLISHED)
    editing.remove(media, editing.Take.NOTHING)
    target, _secret = targets.create(name="ends", url="https://example.org/a")
    targets.update(target, {"url": "https://example.org/b"})
    targets.new_secret(target)
    targets.delete(target)
    assert [action for action, _subject in told()] == [
        "bucket.bound", "bucket.changed", "project.created", "project.changed", "project.attached", "project.detached", "project.deleted", "bucket.unbound",
        "media.published", "media.removed", "notification.created", "notification.changed", "notification.secret_changed", "notification.deleted",
    ]  # fmt: skip
    assert AuditEntry.objects.get(action="media.removed").data == {"address": "oss://input/a.mp4", "files": "nothing"}


def test_keys_and_tokens(bob: User) -> None:
    row, secret = access_keys.make_key(bob, name="ci")
    _lent, other, token = access_keys.lend(row, seconds=900)
    access_keys.change(row, policy={"buckets": ["films"]})
    access_keys.change(row, enabled=False)
    access_keys.change(row, enabled=False, name="ci")
    access_keys.change(row, enabled=True, name="build")
    access_keys.withdraw(row)
    made, text = auth.make_token(bob, "robot", "viewer")
    auth.switch_token(made, enabled=False)
    auth.withdraw_token(made)
    assert told() == [
        ("access_key.created", "ci"), ("access_key.lent", "ci"), ("access_key.policy_changed", "ci"), ("access_key.disabled", "ci"),
        ("access_key.renamed", "build"), ("access_key.enabled", "build"), ("access_key.deleted", "build"),
        ("api_token.created", "robot"), ("api_token.disabled", "robot"), ("api_token.deleted", "robot"),
    ]  # fmt: skip
    whole = json.dumps(list(AuditEntry.objects.values("subject", "subject_id", "data")))
    assert not any(hidden in whole for hidden in (secret, other, token, text)), "no secret is written down"


# --- interfaces -----------------------------------------------------------------------------------------------------------
def test_sign_in(alice: User) -> None:
    client = Client(headers={"x-request-id": "abc"})
    client.post("/console/login/", {"username": "alice", "password": "wrong"})
    client.post("/console/login/", {"username": "alice", "password": "password"})
    client.post("/console/logout/")
    client.post("/admin/login/?next=/admin/", {"username": "alice", "password": "password"})
    rows = list(AuditEntry.objects.order_by("id").values_list("action", "actor", "subject", "via", "address", "request_id"))
    assert rows == [
        ("session.refused", "", "alice", "console", "127.0.0.1", "abc"),
        ("session.signed_in", "alice", "alice", "console", "127.0.0.1", "abc"),
        ("session.signed_out", "alice", "alice", "console", "127.0.0.1", "abc"),
        ("session.signed_in", "alice", "alice", "admin", "127.0.0.1", "abc"),
    ]


def test_people_and_programs(alice: User, pipeline: Any, client_of: Callable[..., Client], api_of: Callable[..., Client]) -> None:
    client_of(alice).post(f"/console/pipelines/{pipeline.id}/pause/", {"reason": ""})
    api_of(alice, "admin").patch(f"/api/v1/pipelines/{pipeline.id}", {"state": "Active"}, content_type="application/json")
    rows = list(AuditEntry.objects.filter(action__startswith="pipeline.").order_by("id").values_list("action", "actor", "via", "credential"))
    assert rows == [("pipeline.paused", "alice", "console", ""), ("pipeline.resumed", "alice", "api", "test")]


def test_the_admins_own_changes(alice: User, bob: User, client_of: Callable[..., Client]) -> None:
    row, _secret = access_keys.make_key(bob, name="ci")
    auth.make_token(bob, "robot", "viewer")
    client = client_of(alice)
    page = f"/admin/console/accesskey/{row.pk}/change/"
    assert client.post(page, {"name": "ci", "policy": '{"read_only": true}'}).status_code == 302
    assert client.post("/admin/console/accesskey/", {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}).status_code == 302
    assert not AccessKey.objects.exists()
    rows = AuditEntry.objects.filter(via="admin").order_by("id")
    assert [(one.action, one.actor) for one in rows] == [
        ("access_key.disabled", "alice"), ("access_key.policy_changed", "alice"), ("access_key.deleted", "alice"),
    ]  # fmt: skip
    assert (
        client.post(
            "/admin/auth/user/add/", {"username": "erin", "password1": "long-enough-9", "password2": "long-enough-9", "usable_password": "true"}
        ).status_code
        == 302
    )
    erin = User.objects.get(username="erin")
    group = erin.groups.model.objects.get_or_create(name="viewer")[0]
    sent = {"username": "erin", "is_active": "on", "groups": [group.pk], "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    assert client.post(f"/admin/auth/user/{erin.pk}/change/", sent).status_code == 302
    assert client.post(f"/admin/auth/user/{erin.pk}/delete/", {"post": "yes"}).status_code == 302
    rows = AuditEntry.objects.filter(action__startswith="user.").order_by("id")
    assert [(one.action, one.actor, one.subject) for one in rows] == [(f"user.{verb}", "alice", "erin") for verb in ("created", "changed", "deleted")]
    assert rows[1].data["roles"] == [[], ["viewer"]]


# --- reading --------------------------------------------------------------------------------------------------------------
def test_the_page(alice: User, bob: User, pipeline: Any, client_of: Callable[..., Client]) -> None:
    services.pause_pipeline(pipeline, actor="bob")
    template_services.create("Evening", VIDEO)
    assert client_of(bob).get(URL).status_code == 403
    client = client_of(alice)
    page = client.get(URL).content.decode()
    assert "Evening" in page
    assert f'href="/console/pipelines/{pipeline.id}/"' in page
    assert "Evening" not in client.get(f"{URL}?actor=bob").content.decode()
    assert "Evening" in client.get(f"{URL}?action=template&subject=even&via=service&since=2020-01-01").content.decode()
    assert "No entry matches" in client.get(f"{URL}?until=2020-01-01").content.decode()
    for odd in ("since=x", "via=x", "action=x", "actor=%00", "after=x", "since=0001-01-01", "until=9999-12-31"):
        assert client.get(f"{URL}?{odd}").status_code == 200, odd
    file = client.get(f"{URL}export/?action=pipeline")
    lines = file.content.decode("utf-8-sig").splitlines()
    assert (file["Content-Type"], len(lines)) == ("text/csv; charset=utf-8", 2)
    assert ",bob,service,,,,pipeline.paused," in lines[1]
    assert client_of(bob).get(f"{URL}export/").status_code == 403
    assert "Audit trail" in client.get("/console/").content.decode()
    assert "Audit trail" not in client_of(bob).get("/console/").content.decode()


def test_as_json(alice: User, bob: User, pipeline: Any, api_of: Callable[..., Client], token_of: Callable[..., str]) -> None:
    services.pause_pipeline(pipeline, actor="bob")
    services.resume_pipeline(pipeline, actor="alice")
    client = api_of(alice, "admin")
    AuditEntry.objects.get(action="api_token.created")
    found = client.get(f"{API}?action=pipeline&limit=1").json()
    assert [(row["action"], row["actor"], row["via"], row["subject"]) for row in found["items"]] == [
        ("pipeline.resumed", "alice", "service", {"id": pipeline.id, "name": "default"})
    ]
    rest = client.get(f"{API}?action=pipeline&after={found['next']}").json()
    assert [row["action"] for row in rest["items"]] == ["pipeline.paused"]
    assert [row["actor"] for row in client.get(f"{API}?actor=bob&action=pipeline.paused&subject={pipeline.id}&from=2020-01-01").json()["items"]] == ["bob"]
    assert client.get(f"{API}?to=2020-01-01T00:00:00Z").json()["items"] == []
    for odd in ("via=x", "from=x", "to=2026-13-01", "colour=red"):
        assert client.get(f"{API}?{odd}").status_code == 400, odd
    assert api_of(bob).get(API).status_code == 403
    limited = auth.make_token(alice, "limited", Role.ADMIN, policy={"buckets": ["input"]})[1]
    assert Client(headers={"authorization": f"Bearer {limited}"}).get(API).status_code == 403


# --- what the page tells --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("action", "data", "rows"),
    [
        ("pipeline.changed", {"slots": [2, 3], "name": ["a", "b"]}, [("Name", "a", "b"), ("Slots", "2", "3")]),
        ("job.prioritised", {"was": 6, "now": 9}, [("Priority", "6", "9")]),
        ("job.cancelled", {"was": "queued", "kind": "transcode"}, [("State before", None, "queued"), ("Type", None, "transcode")]),
        ("bucket.changed", {"folder": ["", "/films"], "is_input": [True, False], "fields": ["secret"]}, [("Folder", "–", "/films"), ("Input", "Yes", "No"), ("Changed", None, "Secret")]),
        ("access_key.policy_changed", {"policy": [{"buckets": None, "read_only": False}, {"buckets": ["a", "b"], "read_only": False}]}, [("Policy: Buckets", "–", "a, b")]),
        ("access_key.policy_changed", {"policy": [{}, {"read_only": True}]}, [("Policy: Read only", "–", "Yes")]),
        ("api_token.created", {"user": "bob", "policy": {"buckets": ["a", "b"]}}, [("Policy: Buckets", None, "a, b"), ("User", None, "bob")]),
        ("project.deleted", {"buckets": ["a", "b"]}, [("Buckets", None, "a, b")]),
        ("user.changed", {"roles": [["viewer"], ["admin", "operator"]], "fields": ["email", "is_active"]}, [("Roles", "viewer", "admin, operator"), ("Changed", None, "E-mail, Active")]),
        ("some.thing", {"unheard_of": 3}, [("unheard_of", None, "3")]),
        ("bucket.unbound", {}, []),
    ],
)  # fmt: skip
def test_entries_are_told_as_rows(action: str, data: dict[str, Any], rows: list[tuple[str, str | None, str]]) -> None:
    assert [(row.label, row.before, row.now) for row in audit_told.told(action, data)] == rows


def test_names_of_everything_that_is_written_down_are_known(db: None, buckets: Any) -> None:
    """Read from the code: every keyword that record is given has a name for readers."""
    known = {*audit_told.NAMES, "was", "now"}
    own = {"actor", "subject"}
    for path, tree in product():
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record"):
            assert {word.arg for word in call.keywords if word.arg} - own <= known, path
    assert {*services.PIPELINE_FIELDS, *s3_settings.FIELDS, *targets.FIELDS, "folder", "is_input", "is_output"} <= known


def test_the_page_tells_what_changed(client: Client, alice: User, buckets: Any) -> None:
    row = Bucket.objects.get(name="output")
    bucket_services.update_bucket(row, is_input=True)
    client.force_login(alice)
    page = client.get(URL).content.decode()
    assert re.search(r"Input:</span>\s*<span[^>]*>No</span>.*changed to.*>Yes</span>", page)
    assert "{&quot;" not in page
