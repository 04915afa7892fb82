"""Notifications: the outbox, delivery to a real address on loopback, its signature and patience, the gate, and what people see of it."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import ipaddress
import json
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from console.lib import gate
from jobs import services
from jobs.engine.errors import Refused
from jobs.engine.spec import JOB_SPEC
from jobs.models import Delivery, Job, NotifyTarget, Pipeline
from jobs.notices import targets
from jobs.notices.delivering import FAILURES_MAX, PAUSES, deliver
from tests.html import sent_by
from tests.listener import Listener, listening

pytestmark = [pytest.mark.usefixtures("presets", "pipeline"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def ear(settings: Any) -> Iterator[Listener]:
    """An address that may be called in these tests."""
    settings.REELMILL_PRIVATE_CALLBACKS = (ipaddress.ip_network("127.0.0.1/32"),)
    with listening() as found:
        yield found


@pytest.fixture
def clip(buckets: Any, clips: Any) -> str:
    return str(buckets.put(clips.make(seconds=1), "in/clip.mp4"))


def submit(clip: str, kind: str = "mediainfo", **envelope: Any) -> Job:
    document: dict[str, Any] = {"kind": kind, "input": {"address": clip}}
    if kind == "transcode":
        document["outputs"] = [{"template": "mp4-h264-360p", "address": f"oss://output/{name}.mp4"} for name in "ab"]
    return services.submit(spec=JOB_SPEC.validate_python(document, strict=False), **envelope)


def make(ear: Listener | None, name: str = "ends", **more: Any) -> NotifyTarget:
    return targets.create(name=name, url=ear.url if ear else "", secret="s3cret", **more)[0]


def later() -> None:
    """As if the pause before the next try were over."""
    Delivery.objects.filter(state="waiting").update(due_at=timezone.now() - dt.timedelta(seconds=1))


def test_an_end_is_told_once_signed_and_with_its_user_data(ear: Listener, clip: str, work_off: Any) -> None:
    make(ear)
    job = submit(clip, notify_topic="ends", user_data="order 7 – ü")
    assert not Delivery.objects.exists()
    assert work_off() == 1
    row = Delivery.objects.get()
    assert (row.id, row.job_id, row.state, row.tried) == (job.id, job.id, "waiting", 0)
    assert deliver() == 1
    assert deliver() == 0
    (path, headers, body) = ear.got[0]
    assert len(ear.got) == 1
    assert path == "/hook"
    told = json.loads(body)
    assert (told["type"], told["job"]["id"], told["job"]["state"], told["job"]["user_data"]) == ("job.succeeded", job.id, "succeeded", "order 7 – ü")
    assert told["job"]["result"]["video"][0]["codec"] == "h264"
    stamp, signature = (part.split("=", 1)[1] for part in headers["x-reelmill-signature"].split(","))
    assert hmac.new(b"s3cret", stamp.encode() + b"." + body, hashlib.sha256).hexdigest() == signature
    assert headers["x-ice-signature"] == hashlib.md5(f"{ear.url}|{headers['x-ice-timestamp']}|s3cret".encode(), usedforsecurity=False).hexdigest()
    assert headers["x-reelmill-delivery"] == row.id
    row.refresh_from_db()
    assert (row.state, row.status, row.tried) == ("delivered", 200, 1)
    assert row.milliseconds is not None


def test_the_receiver_of_the_documents_accepts_it(ear: Listener, clip: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "notifications.md").read_text()
    names: dict[str, Any] = {}
    exec(re.search(r"```python\n(.*?)```", page, re.DOTALL)[1], names)  # type: ignore[index]  # noqa: S102  # our own document
    make(ear)
    services.cancel(submit(clip, notify_topic="ends").id, actor="t")
    deliver()
    _, headers, body = ear.got[0]
    assert names["genuine"]("s3cret", headers["x-reelmill-signature"], body)
    assert not names["genuine"]("other", headers["x-reelmill-signature"], body)
    assert not names["genuine"]("s3cret", headers["x-reelmill-signature"], body + b" ")


def test_nobody_is_told_where_no_topic_is_named_and_the_pipeline_is_the_usual_one(clip: str, work_off: Any) -> None:
    submit(clip)
    work_off()
    assert not Delivery.objects.exists()
    services.update_pipeline(Pipeline.objects.get(), {"notify_topic": "ends"}, actor="t")
    job = submit(clip)
    silent = submit(clip, notify_topic="")
    work_off()
    assert [row.job_id for row in Delivery.objects.all()] == [job.id]
    assert silent.notify_topic == ""


def test_the_message_is_part_of_the_end(clip: str) -> None:
    """Rolled back with it: either both are there or neither."""
    job = submit(clip, notify_topic="ends")
    with transaction.atomic():
        services.cancel(job.id, actor="t")
        assert Delivery.objects.filter(job=job).exists()
        transaction.set_rollback(True)
    assert not Delivery.objects.exists()
    services.cancel(job.id, actor="t")
    assert Delivery.objects.get().job_id == job.id


def test_each_output_by_itself(ear: Listener, clip: str, work_off: Any) -> None:
    make(ear)
    job = submit(clip, kind="transcode", notify_topic="ends", notify_each=True)
    work_off()
    assert {row.id for row in Delivery.objects.all()} == {row.id for row in job.outputs.all()} == {row.output_id for row in Delivery.objects.all()}
    deliver()
    assert len(ear.got) == 2


def test_a_failed_job_is_told_with_its_code(ear: Listener, buckets: Any, tmp_path: Any, work_off: Any) -> None:
    make(ear)
    (buckets.input / "bad.mp4").write_bytes(b"no video at all" * 100)
    submit("oss://input/bad.mp4", notify_topic="ends")
    work_off()
    deliver()
    told = json.loads(ear.got[0][2])
    assert told["type"] == "job.failed"
    assert told["job"]["error"]["code"] == "InputNotReadable"


def test_refusals_are_tried_again_with_growing_pauses(ear: Listener, clip: str) -> None:
    target = make(ear)
    services.cancel(submit(clip, notify_topic="ends").id, actor="t")
    ear.answers = [500, 404, 503]
    waits = []
    for _ in range(3):
        deliver()
        row = Delivery.objects.get()
        assert row.state == "waiting"
        waits.append((row.due_at - timezone.now()).total_seconds())
        later()
    assert [round(wait / 10) * 10 for wait in waits] == list(PAUSES[:3])
    target.refresh_from_db()
    assert target.health == "failing"
    deliver()
    row.refresh_from_db()
    assert (row.state, [one["status"] for one in row.tries or []]) == ("delivered", [500, 404, 503, 200])
    assert len({headers["x-reelmill-delivery"] for _, headers, _ in ear.got}) == 1, "a receiver can tell that it is the same message"
    assert len({body for _, _, body in ear.got}) == 1
    target.refresh_from_db()
    assert target.health == "healthy"


def test_after_a_day_it_is_given_up_and_can_be_sent_by_hand(ear: Listener, clip: str) -> None:
    make(ear)
    services.cancel(submit(clip, notify_topic="ends").id, actor="t")
    ear.answers = [500] * (len(PAUSES) + 1)
    for _ in range(len(PAUSES) + 1):
        later()
        deliver()
    row = Delivery.objects.get()
    assert (row.state, row.tried) == ("failed", len(PAUSES) + 1)
    assert 23 <= sum(PAUSES) / 3600 <= 25
    targets.send_again(row)
    deliver()
    row.refresh_from_db()
    assert (row.state, row.tried) == ("delivered", 1)


def test_a_topic_without_an_address_keeps_its_messages(ear: Listener, clip: str) -> None:
    for name in ("unknown", "unbound"):
        services.cancel(submit(clip, notify_topic=name).id, actor="t")
    target = make(None, "unbound")
    deliver()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"no_subscription"}
    targets.update(target, {"url": ear.url})
    targets.send_again(Delivery.objects.get(topic="unbound"))
    deliver()
    assert Delivery.objects.get(topic="unbound").state == "delivered"
    assert len(ear.got) == 1


def test_a_target_that_never_answers_rests_until_somebody_looks(ear: Listener, clip: str) -> None:
    target = make(ear)
    NotifyTarget.objects.update(failures=FAILURES_MAX - 1, failing_since=timezone.now())
    services.cancel(submit(clip, notify_topic="ends").id, actor="t")
    ear.answers = [500]
    deliver()
    later()
    assert deliver() == 0
    target.refresh_from_db()
    assert target.health == "paused"
    targets.resume(target)
    deliver()
    assert Delivery.objects.get().state == "delivered"


def test_two_nodes_send_it_once(ear: Listener, clip: str) -> None:
    make(ear)
    services.cancel(submit(clip, notify_topic="ends").id, actor="t")
    from jobs.notices import delivering

    row = Delivery.objects.get()
    assert delivering._take(row, timezone.now())
    assert not delivering._take(Delivery(pk=row.pk, due_at=row.due_at), timezone.now())
    assert deliver() == 0, "it is held while somebody sends it"


def test_redirects_are_not_followed(ear: Listener, clip: str) -> None:
    make(ear)
    with listening() as other:
        ear.location, ear.answers = other.url, [302, 200]
        services.cancel(submit(clip, notify_topic="ends").id, actor="t")
        deliver()
        assert not other.got
    row = Delivery.objects.get()
    assert (row.state, row.status) == ("waiting", 302)


def test_private_addresses_stay_closed(settings: Any, clip: str) -> None:
    settings.REELMILL_PRIVATE_CALLBACKS = ()
    with listening() as ear:
        for url in (ear.url, ear.url.replace("127.0.0.1", "[::ffff:127.0.0.1]"), "http://10.0.0.1/", "http://169.254.169.254/latest", "http://[::1]/"):
            with pytest.raises(Refused) as refused:
                targets.create(name="x", url=url)
            assert refused.value.problems[0].loc == ("url",)
        target = targets.create(name="ends", url=ear.url.replace("127.0.0.1", "localhost"))[0]  # a name tells nothing until it is resolved
        services.cancel(submit(clip, notify_topic="ends").id, actor="t")
        deliver()
        assert not ear.got
    row = Delivery.objects.get()
    assert row.state == "waiting"
    assert "private" in row.error
    target.refresh_from_db()
    assert target.failures == 1


@pytest.mark.parametrize(
    "url", ["ftp://a.example/", "https://user:pw@a.example/", "https:///x", "nonsense", "http://a.example:99999/", "http://a.example/ b", "x" * 2001]
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(gate.Closed):
        gate.check(url)


def test_nobody_listens(settings: Any, monkeypatch: pytest.MonkeyPatch, free_port: Callable[[], int]) -> None:
    settings.REELMILL_PRIVATE_CALLBACKS = (ipaddress.ip_network("127.0.0.0/8"),)
    reply = gate.post(f"http://127.0.0.1:{free_port()}/", b"{}", {})
    assert (reply.status, reply.error) == (None, "No connection.")
    monkeypatch.setattr(gate, "READ_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        reply = gate.post(f"http://127.0.0.1:{deaf.getsockname()[1]}/", b"{}", {})
    assert (reply.status, reply.error) == (None, "No answer in time.")


def test_the_interface(api_of: Any, alice: User, bob: User, charlie: User, ear: Listener, clip: str, work_off: Any) -> None:
    admin, operator, viewer = api_of(alice, "admin"), api_of(bob), api_of(charlie, "viewer")
    body = json.dumps({"name": "ends", "url": ear.url})
    assert operator.post("/api/v1/notifications", body, content_type="application/json").status_code == 403
    made = admin.post("/api/v1/notifications", body, content_type="application/json")
    assert made.status_code == 201
    secret = made.json()["secret"]
    assert len(secret) == 32
    shown = viewer.get("/api/v1/notifications/ends").json()
    assert (shown["state"], shown["url"]) == ("healthy", ear.url)
    assert not shown.get("secret")
    assert secret not in viewer.get("/api/v1/notifications").content.decode()
    assert admin.post("/api/v1/notifications", body, content_type="application/json").status_code == 400
    assert admin.patch("/api/v1/pipelines/default", json.dumps({"notify_topic": "ends"}), content_type="application/json").json()["notify_topic"] == "ends"
    sent = operator.post("/api/v1/jobs", json.dumps({"kind": "mediainfo", "input": clip}), content_type="application/json").json()
    assert sent["notify"] == "ends"
    work_off()
    deliver()
    (row,) = viewer.get(f"/api/v1/deliveries?job={sent['id']}").json()["items"]
    assert (row["state"], row["event"], row["status"]) == ("delivered", "job.succeeded", 200)
    again = operator.post(f"/api/v1/deliveries/{row['id']}/send")
    assert again.json()["state"] == "waiting"
    assert operator.post(f"/api/v1/deliveries/{row['id']}/send").status_code == 409
    deliver()
    assert len(ear.got) == 2
    tried = operator.post("/api/v1/notifications/ends/test").json()
    assert (tried["state"], tried["status"]) == ("delivered", 200)
    assert admin.delete("/api/v1/notifications/ends").status_code == 204


def test_who_waits_needs_no_message(api_of: Any, bob: User, clip: str, work_off: Any) -> None:
    import threading

    services.update_pipeline(Pipeline.objects.get(), {"notify_topic": "ends"}, actor="t")
    found: list[int] = []
    client = api_of(bob)

    def ask() -> None:
        from django.db import connection

        try:
            found.append(client.post("/api/v1/media-info", json.dumps({"input": clip}), content_type="application/json").status_code)
        finally:
            connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    while thread.is_alive():
        work_off()
        thread.join(0.05)
    assert found == [200]
    assert not Delivery.objects.exists()


def test_the_job_form_names_a_topic_and_a_retry_keeps_it(client_of: Any, bob: User, clip: str, work_off: Any) -> None:
    client = client_of(bob)
    page = client.get(reverse("jobs:job_new"), {"input": clip, "template": "mp4-h264-360p"})
    data = sent_by(page.content.decode(), "job-form") | {"notify": "ends"}
    assert client.post(reverse("jobs:job_new"), data).status_code == 302
    job = Job.objects.get()
    assert job.notify_topic == "ends"
    services.cancel(job.id, actor="t")
    assert services.retry(job.id, owner=bob, actor="bob").notify_topic == "ends"


def test_only_the_events_that_were_chosen(client_of: Any, alice: User, ear: Listener, clip: str, work_off: Any) -> None:
    fields = {"name": "ends", "kind": "topic", "url": ear.url, "form": "product", "secret": "", "events": "job.failed, job.cancelled"}
    client_of(alice).post(reverse("notices:target_create"), fields)
    assert NotifyTarget.objects.get().events == ["job.failed", "job.cancelled"]
    submit(clip, notify_topic="ends")
    work_off()
    services.cancel(submit(clip, notify_topic="ends").id, actor="t")
    deliver()
    assert [json.loads(body)["type"] for _, _, body in ear.got] == ["job.cancelled"]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"skipped", "delivered"}


def test_the_pages(client_of: Any, alice: User, charlie: User, ear: Listener, clip: str) -> None:
    admin, viewer = client_of(alice), client_of(charlie)
    page = admin.post(reverse("notices:target_create"), {"name": "ends", "kind": "topic", "url": ear.url, "form": "product", "secret": ""})
    target = NotifyTarget.objects.get()
    assert targets.secret_of(target) in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    services.update_pipeline(Pipeline.objects.get(), {"notify_topic": "ends"}, actor="t")
    job = submit(clip)
    services.cancel(job.id, actor="t")
    ear.answers = [500]
    deliver()
    row = Delivery.objects.get()
    for name, args in (
        ("notices:target_list", []),
        ("notices:target_detail", [target.id]),
        ("notices:delivery_list", []),
        ("notices:delivery_detail", [row.id]),
        ("jobs:job_tab", [job.id, "messages"]),
        ("console:overview", []),
    ):
        text = viewer.get(reverse(name, args=args)).content.decode()
        assert "ends" in text, name
        assert targets.secret_of(target) not in text
    assert "Messages to ends are not taken" in viewer.get(reverse("console:overview")).content.decode()
    assert viewer.post(reverse("notices:delivery_send", args=[row.id])).status_code == 403
    shown = admin.post(reverse("notices:target_test", args=[target.id]), headers={"HX-Request": "true"}).content.decode()
    assert "answered 200" in shown
    text = admin.get(f"/admin/jobs/notifytarget/{target.id}/change/").content.decode()
    assert target.secret not in text
    assert admin.get("/admin/jobs/delivery/").status_code == 200
    assert admin.post(reverse("notices:target_delete", args=[target.id])).status_code == 302
    assert "no subscription" in admin.get(reverse("notices:target_list")).content.decode()
