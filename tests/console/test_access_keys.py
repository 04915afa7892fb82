"""AccessKeys: made, shown once, limited, lent, switched off; and policies, which hold whichever interface is used."""

from __future__ import annotations

import datetime as dt
import io
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from console import access_keys, auth
from console.lib import policy as policies
from console.lib.policy import EVERYTHING, Policy, in_force
from console.models import AccessKey, Role, UsedNonce
from jobs.engine.errors import Refused
from media_assets.storage import storage
from tests.clips import Clips
from tests.conftest import Buckets

URL = "/api/v1/access-keys"


# --- rows -----------------------------------------------------------------------------------------------------------------
def test_the_secret_is_sealed(bob: User) -> None:
    row, secret = access_keys.make_key(bob, name="ci")
    assert len(secret) == 30
    assert secret not in str(AccessKey.objects.values().get())
    assert row.sealed_secret.startswith("sealed:")
    found = access_keys.find(row.key_id)
    assert found is not None
    assert (found.secret, found.caller.user, found.caller.role, found.caller.policy) == (secret, bob, Role.OPERATOR, EVERYTHING)
    assert access_keys.find("nobody") is None
    assert access_keys.find("x" * 500) is None
    assert access_keys.find("a\x00b") is None


def test_a_key_has_no_more_than_its_user(bob: User, dana: User) -> None:
    for user, role in ((bob, "admin"), (dana, "viewer"), (bob, "root")):
        with pytest.raises(Refused):
            access_keys.make_key(user, role=role)
    row, _secret = access_keys.make_key(bob)
    bob.groups.clear()
    found = access_keys.find(row.key_id)
    assert found is not None
    assert found.caller.role is None
    assert not found.caller.at_least("viewer")


def test_lent_credentials(bob: User) -> None:
    parent, _secret = access_keys.make_key(bob, policy={"buckets": ["in*"]})
    row, secret, token = access_keys.lend(parent, seconds=900, policy={"buckets": ["*put"], "read_only": True})
    found = access_keys.find(row.key_id)
    assert found is not None
    assert found.caller.role == Role.VIEWER, "read only"
    assert [name for name in ("input", "output", "intern") if found.caller.policy.allows_bucket(name)] == ["input"], "what both allow"
    assert access_keys.has_token(row, token)
    assert not access_keys.has_token(row, "")
    assert not access_keys.has_token(row, token + "x")
    assert not access_keys.has_token(parent, token)
    assert access_keys.has_token(parent, "")
    assert token not in str(list(AccessKey.objects.values()))
    assert secret not in str(list(AccessKey.objects.values()))
    assert not access_keys.is_expired(row)
    AccessKey.objects.filter(pk=row.pk).update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    row.refresh_from_db()
    assert access_keys.is_expired(row)
    access_keys.change(parent, enabled=False)
    row = AccessKey.objects.get(pk=row.pk)
    assert not access_keys.is_active(row)
    for seconds in (0, 899, 43_201):
        with pytest.raises(Refused):
            access_keys.lend(parent, seconds=seconds)
    with pytest.raises(Refused):
        access_keys.lend(row)


@pytest.mark.parametrize(
    "policy",
    [{"bucket": ["a"]}, {"buckets": "a"}, {"buckets": ["A_"]}, {"buckets": [1]}, {"actions": ["a b"]}, {"read_only": "yes"}, {"buckets": ["a"] * 101}],
)
def test_policies_that_are_none(bob: User, policy: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        access_keys.make_key(bob, policy=policy)
    assert refused.value.problems[0].loc[0] == "policy"
    assert not AccessKey.objects.exists()


def test_policies() -> None:
    policy = Policy.read({"buckets": ["in-*", "o?t"], "actions": ["mps:Query*", "oss:GetObject"]})
    assert [name for name in ("in-1", "in", "out", "oot", "output") if policy.allows_bucket(name)] == ["in-1", "out", "oot"]
    assert [name for name in ("mps:QueryJobList", "mps:SubmitJobs", "imm:Query", "oss:GetObject") if policy.allows_action(name)] == [
        "mps:QueryJobList",
        "oss:GetObject",
    ]
    assert Policy.read(policy.document()) == policy
    assert Policy.read({}) == EVERYTHING
    assert not Policy.read({"buckets": []}).allows_bucket("input"), "an empty list allows none"
    with in_force(policy):
        policies.require_bucket("in-1")
        with pytest.raises(Refused):
            policies.require_bucket("other")
    policies.require_bucket("other")


def test_a_nonce_is_used_once(bob: User) -> None:
    row, _secret = access_keys.make_key(bob)
    other, _secret = access_keys.make_key(bob)
    keep = dt.timedelta(minutes=30)
    assert access_keys.first_use(row, "n", keep)
    assert not access_keys.first_use(row, "n", keep)
    assert access_keys.first_use(other, "n", keep)
    UsedNonce.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert access_keys.first_use(row, "n", keep), "its time is over"


@pytest.mark.django_db(transaction=True)
def test_a_nonce_is_used_once_by_many_at_a_time(bob: User) -> None:
    from django.db import connection

    row, _secret = access_keys.make_key(bob)
    answers: list[bool] = []

    def use() -> None:
        try:
            answers.append(access_keys.first_use(row, "same", dt.timedelta(minutes=30)))
        finally:
            connection.close()

    threads = [threading.Thread(target=use) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False] * 7 + [True]


def test_first_start(db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("a-secret\n")
    monkeypatch.setenv("REELMILL_ACCESS_KEY_ID", "LTAIgiven")
    monkeypatch.setenv("REELMILL_ACCESS_KEY_SECRET_FILE", str(file))
    for secret in ("a-secret", "a-secret", "another"):
        file.write_text(secret)
        call_command("first_run", verbosity=0, stdout=io.StringIO())
        found = access_keys.find("LTAIgiven")
        assert found is not None
        assert (found.secret, found.caller.user.get_username(), found.caller.role) == (secret, "admin", Role.ADMIN)
    assert AccessKey.objects.count() == 1


# --- JSON -----------------------------------------------------------------------------------------------------------------
def test_json(api_of: Callable[..., Client], bob: User, charlie: User, alice: User) -> None:
    api = api_of(bob)
    made = api.post(URL, {"name": "ci", "policy": {"buckets": ["input"]}}, "application/json")
    assert made.status_code == 201
    key_id, secret = made.json()["id"], made.json()["secret"]
    assert secret
    assert api.get(f"{URL}/{key_id}").json() == {k: v for k, v in made.json().items() if k != "secret"}
    assert [row["id"] for row in api.get(URL).json()["items"]] == [key_id]
    assert api_of(charlie, "viewer").get(URL).json()["items"] == [], "only one's own"
    assert api_of(charlie, "viewer").delete(f"{URL}/{key_id}").status_code == 404
    assert len(api_of(alice, "admin").get(URL).json()["items"]) == 1
    assert api.patch(f"{URL}/{key_id}", {"enabled": False, "name": "x"}, "application/json").json()["enabled"] is False
    assert api.post(f"{URL}/{key_id}/credentials", {}, "application/json").status_code == 409
    api.patch(f"{URL}/{key_id}", {"enabled": True}, "application/json")
    lent = api.post(f"{URL}/{key_id}/credentials", {"duration_seconds": 900}, "application/json").json()
    assert lent["parent"] == key_id
    assert lent["security_token"]
    assert lent["expires_at"]
    assert api_of(alice, "admin").post(f"{URL}/{key_id}/credentials", {}, "application/json").status_code == 403, "only the owner lends"
    assert api.delete(f"{URL}/{key_id}").status_code == 204
    assert not AccessKey.objects.exists(), "what was lent goes with it"
    assert api.get(f"{URL}/{key_id}").status_code == 404


def test_nobody_makes_themselves_stronger(api_of: Callable[..., Client], alice: User) -> None:
    weak = api_of(alice, "viewer")
    assert weak.post(URL, {"role": "admin"}, "application/json").status_code == 403
    strong = access_keys.make_key(alice, role="admin")[0]
    assert weak.post(f"{URL}/{strong.key_id}/credentials", {}, "application/json").status_code == 403
    limited = Client(headers={"Authorization": f"Bearer {auth.make_token(alice, 't', 'admin', policy={'buckets': ['input']})[1]}"})
    for address, body in ((URL, {}), (f"{URL}/{strong.key_id}/credentials", {}), ("/api/v1/tokens", {"name": "x"})):
        assert limited.post(address, body, "application/json").status_code == 403, address
    assert limited.patch(f"{URL}/{strong.key_id}", {"policy": {}}, "application/json").status_code == 403
    assert AccessKey.objects.count() == 1


# --- policies hold --------------------------------------------------------------------------------------------------------
@pytest.fixture
def limited(alice: User) -> Callable[..., Client]:
    """A client with an admin's token of that policy."""
    return lambda **policy: Client(headers={"Authorization": f"Bearer {auth.make_token(alice, 't', 'admin', policy=policy)[1]}"})


def test_policies_hold_for_jobs(limited: Callable[..., Client], buckets: Buckets, presets: None, pipeline: Any, clips: Clips) -> None:
    source = buckets.put(clips.make(seconds=1), "a.mp4")

    def submit(client: Client, **more: Any) -> Any:
        body = {"kind": "transcode", "input": source, "outputs": [{"template": "mp4-h264-360p", "address": "oss://output/a.mp4", **more}]}
        return client.post("/api/v1/jobs", body, "application/json")

    assert submit(limited(buckets=["input", "output"])).status_code == 201
    refused = submit(limited(buckets=["input"]))
    assert (refused.status_code, refused.json()["code"], refused.json()["errors"][0]["loc"]) == (403, "PermissionDenied", ["outputs", 0, "address"])
    refused = submit(limited(buckets=["output"]))
    assert (refused.status_code, refused.json()["errors"][0]["loc"][0]) == (403, "input")
    mark = {"watermarks": [{"picture": "oss://output/logo.png"}]}
    (buckets.output / "logo.png").write_bytes(b"x")
    assert "output" in str(submit(limited(buckets=["input", "elsewhere"]), overrides=mark).json())
    assert submit(limited(read_only=True)).status_code == 403
    assert submit(limited(actions=["api:jobs:read"])).status_code == 403
    assert limited(actions=["api:jobs:read"]).get("/api/v1/jobs").status_code == 200
    assert limited(actions=["mps:*"]).get("/api/v1/jobs").status_code == 403
    assert submit(limited(actions=["api:jobs:*"])).status_code in (201, 409)


def test_policies_hold_for_objects(limited: Callable[..., Client], buckets: Buckets) -> None:
    (buckets.input / "a.txt").write_text("x")
    address = "/api/v1/buckets/input/objects/a.txt"
    got = limited(buckets=["input"]).get(address)
    assert b"".join(got.streaming_content) == b"x"  # type: ignore[attr-defined]
    assert limited(buckets=["output"]).get(address).status_code == 403
    assert limited(buckets=["output"]).put(address, b"y", "application/octet-stream").status_code == 403
    assert limited(buckets=["output"]).delete(address).status_code == 403
    assert limited(buckets=["output"]).get("/objects/input/a.txt").status_code in (403, 404)
    assert (buckets.input / "a.txt").read_text() == "x"
    assert storage("input").stat("a.txt"), "a policy ends with its request"


def test_policies_hold_for_the_rows_of_buckets(limited: Callable[..., Client], buckets: Buckets) -> None:
    client = limited(buckets=["output", "own-*"])
    assert [row["name"] for row in client.get("/api/v1/buckets").json()["items"]] == ["output"]
    assert client.post("/api/v1/buckets", {"name": "other", "input": True}, "application/json").status_code == 403
    assert client.patch("/api/v1/buckets/input", {"output": True}, "application/json").status_code == 403
    assert client.delete("/api/v1/buckets/input").status_code == 403
    assert client.post("/api/v1/buckets", {"name": "own-1", "input": True}, "application/json").status_code == 201


# --- pages ----------------------------------------------------------------------------------------------------------------
def test_pages(client_of: Callable[..., Client], bob: User, charlie: User, alice: User) -> None:
    client = client_of(bob)
    assert "There is no AccessKey yet" in client.get("/console/settings/access-keys/").content.decode()
    shown = client.post("/console/settings/access-keys/new/", {"name": "ci", "role": "operator", "buckets": "input, out-*", "actions": "mps:*"})
    assert shown.status_code == 200
    assert shown.headers["Cache-Control"].startswith("max-age=0")
    row = AccessKey.objects.get()
    assert row.policy == {"buckets": ["input", "out-*"], "actions": ["mps:*"]}
    found = access_keys.find(row.key_id)
    assert found is not None
    assert found.secret in shown.content.decode()
    listed = client.get("/console/settings/access-keys/").content.decode()
    assert row.key_id in listed
    assert found.secret not in listed
    assert client_of(charlie).get(f"/console/settings/access-keys/{row.key_id}/").status_code == 404
    assert row.key_id in client_of(alice).get("/console/settings/access-keys/").content.decode()
    assert client_of(alice).get(f"/console/settings/access-keys/{row.key_id}/lend/").status_code == 404, "only the owner lends"
    lent = client.post(f"/console/settings/access-keys/{row.key_id}/lend/", {"duration": "900"})
    assert "rmst-" in lent.content.decode()
    client.post(f"/console/settings/access-keys/{row.key_id}/switch/")
    assert not AccessKey.objects.get(pk=row.pk).enabled
    client.post(f"/console/settings/access-keys/{row.key_id}/", {"name": "new", "read_only": "on"})
    assert AccessKey.objects.get(pk=row.pk).policy == {"read_only": True}
    assert client.post("/console/settings/access-keys/new/", {"role": "admin"}).status_code == 422
    assert client.post("/console/settings/access-keys/new/", {"role": "viewer", "buckets": "A B"}).status_code == 422
    assert client.get(f"/console/settings/access-keys/{row.key_id}/delete/").status_code == 200
    client.post(f"/console/settings/access-keys/{row.key_id}/delete/")
    assert not AccessKey.objects.exists()
    assert client_of(None).get("/console/settings/access-keys/").status_code == 302


def test_the_page_of_the_sdks(client_of: Callable[..., Client], bob: User) -> None:
    client = client_of(bob)
    assert "YOUR-ACCESS-KEY-ID" in client.get("/console/settings/sdk/").content.decode()
    row, secret = access_keys.make_key(bob)
    text = client.get("/console/settings/sdk/", headers={"host": "media.example.org:8443"}).content.decode()
    assert text.count(row.key_id) >= 5
    assert text.count("media.example.org:8443") >= 5
    assert secret not in text


def test_admin(client_of: Callable[..., Client], alice: User, bob: User) -> None:
    client = client_of(alice)
    form = {"name": "ci", "user": bob.pk, "role": "admin", "policy": "{}"}
    assert "stronger role" in client.post("/admin/console/accesskey/add/", form).content.decode()
    assert "Write a list" in client.post("/admin/console/accesskey/add/", form | {"role": "viewer", "policy": '{"buckets": 1}'}).content.decode()
    shown = client.post("/admin/console/accesskey/add/", form | {"role": "operator", "policy": '{"read_only": true}'}, follow=True).content.decode()
    row = AccessKey.objects.get()
    found = access_keys.find(row.key_id)
    assert found is not None
    assert re.search(rf"not shown again: {re.escape(found.secret)}", shown)
    assert row.policy == {"read_only": True}
    again = client.get(f"/admin/console/accesskey/{row.pk}/change/").content.decode()
    assert found.secret not in again
    client.post(f"/admin/console/accesskey/{row.pk}/change/", {"name": "n", "policy": "{}", "role": "admin", "user": alice.pk})
    row.refresh_from_db()
    assert (row.name, row.role, row.user, row.enabled, row.policy) == ("n", "operator", bob, False, {})
