"""Drafts of the job form: kept for a day, for one person, without secrets; gone when the job is sent."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from jobs.models import Draft, Job, Pipeline
from jobs.submitting import drafts
from tests.conftest import Buckets, Clips

NEW = "/console/jobs/new/transcode/"
SENT = {"input": "oss://input/films/né & 1.mp4", "user_data": "spring", "outputs-count": "1", "outputs-0-template": "mp4-h264-540p", "token": "t"}


@pytest.fixture
def ready(buckets: Buckets, presets: None, pipeline: Pipeline) -> Buckets:
    return buckets


def url(name: str = "save", form: str = "transcode") -> str:
    return reverse(f"jobs:draft_{name}", args=[form])


def test_what_was_typed_is_offered_and_there_again(ready: Buckets, bob: User, client_of: Any) -> None:
    client = client_of(bob)
    assert "Continue with it" not in client.get(NEW).content.decode()
    assert client.post(url(), SENT).status_code == 204
    assert client.post(url(), SENT | {"user_data": "summer"}).status_code == 204
    page = client.get(NEW).content.decode()
    assert "Continue with it" in page
    assert "summer" not in page
    again = client.get(NEW, {"draft": "1"})
    assert again.status_code == 200
    text = again.content.decode()
    assert "summer" in text
    assert "oss://input/films/né &amp; 1.mp4" in text
    assert 'name="token" value="t"' not in text
    assert Draft.objects.count() == 1


def test_it_is_one_persons_and_goes_after_a_day_or_when_thrown_away(ready: Buckets, bob: User, alice: User, charlie: User, client_of: Any) -> None:
    client = client_of(bob)
    client.post(url(), SENT)
    assert "Continue with it" not in client_of(alice).get(NEW).content.decode()
    assert client_of(charlie).post(url(), SENT).status_code == 403
    Draft.objects.update(saved_at=timezone.now() - dt.timedelta(hours=24, seconds=1))
    assert drafts.find(bob, "transcode") is None
    client_of(alice).post(url(), SENT)
    assert [draft.user for draft in Draft.objects.all()] == [alice]
    client.post(url(), SENT)
    assert client.post(url("discard")).status_code == 302
    assert drafts.find(bob, "transcode") is None


@pytest.mark.parametrize("name", ["csrfmiddlewaretoken", "token", "outputs-0-encryption.key", "outputs-0-mux.encryption.keys", "password"])
def test_no_secret_is_kept(bob: User, name: str) -> None:
    assert drafts.save(bob, "transcode", QueryDict(f"a=1&{name}=00112233445566778899aabbccddeeff"))
    assert dict(drafts.fields(Draft.objects.get())) == {"a": ["1"]}


def test_too_much_is_refused_and_the_earlier_one_stays(bob: User, client_of: Any) -> None:
    client = client_of(bob)
    client.post(url(), SENT)
    assert client.post(url(), SENT | {"user_data": "x" * drafts.SIZE_MAX}).status_code == 413
    assert drafts.fields(Draft.objects.get())["user_data"] == "spring"
    assert client.post(url(form="other"), SENT).status_code == 404


def test_a_sent_form_has_no_draft(ready: Buckets, bob: User, client_of: Any, clips: Clips) -> None:
    ready.put(clips.make(seconds=1), "clip.mp4")
    client = client_of(bob)
    sent = {"pipeline": "default", "outputs-count": "1", "outputs-0-template": "mp4-h264-540p", "outputs-0-bucket": "output", "outputs-0-overwrite": "on"}
    client.post(url(), SENT)
    assert client.post(NEW, sent | {"input": "oss://input/none.mp4"}).status_code == 422
    assert Draft.objects.exists()
    assert client.post(NEW, sent | {"input": "oss://input/clip.mp4"}).status_code == 302
    assert Job.objects.count() == 1
    assert not Draft.objects.exists()
