"""Default addresses of outputs: readable, and never those of another input."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from jobs import services
from jobs.defaults import output_address
from jobs.engine.address import KEY_BYTES, Address
from jobs.engine.spec import InputSpec, OutputSpec, TranscodeSpec
from jobs.models import Job, Output, Pipeline
from tests.conftest import Buckets, Clips

PRESET = "mp4-h264-540p"
NEW = "/console/jobs/new/transcode/"


@pytest.fixture
def ready(buckets: Buckets, presets: None, pipeline: Pipeline, clips: Clips) -> Buckets:
    """Inputs that differ only in their extensions."""
    path = clips.make(seconds=1)
    for name in ("clip.mp4", "clip.mov", "clip.MOV", "clip"):
        buckets.put(path, f"talks/{name}")
    return buckets


def submit(name: str) -> Job:
    """A job with the default address."""
    source = Address("input", f"talks/{name}")
    spec = TranscodeSpec(input=InputSpec(address=source), outputs=(OutputSpec(template=PRESET, address=output_address(source, PRESET)),))
    return services.submit(spec=spec, source=Job.Source.API)


def key(job: Job) -> str:
    """Where its output goes."""
    return job.outputs.get().key


def test_other_inputs_get_other_names(ready: Buckets) -> None:
    assert key(submit("clip.mp4")) == "talks/clip-mp4-h264-540p.mp4"
    assert key(submit("clip.mov")) == "talks/clip-mov-mp4-h264-540p.mp4"
    assert re.fullmatch(r"talks/clip-mov-[0-9a-f]{8}-mp4-h264-540p\.mp4", key(submit("clip.MOV")))
    assert re.fullmatch(r"talks/clip-[0-9a-f]{8}-mp4-h264-540p\.mp4", key(submit("clip")))


def test_the_same_input_gets_the_same_name_again(ready: Buckets) -> None:
    names = ("clip.mp4", "clip.mov", "clip.MOV", "clip")
    first = [key(submit(name)) for name in names]
    assert len(set(first)) == 4
    assert [key(submit(name)) for name in reversed(names)] == first[::-1]


def test_the_same_name_in_another_bucket_is_another_input(ready: Buckets) -> None:
    submit("clip.mp4")
    assert output_address(Address("other", "talks/clip.mp4"), PRESET).key == "talks/clip-mp4-mp4-h264-540p.mp4"


@pytest.mark.parametrize(("state", "taken"), [("queued", True), ("running", True), ("succeeded", True), ("failed", False), ("cancelled", False)])
def test_a_name_is_free_if_nothing_came_of_it(state: str, taken: bool, ready: Buckets) -> None:
    job = submit("clip.mp4")
    Output.objects.filter(job=job).update(state=state)
    assert output_address(Address("input", "talks/clip.mov"), PRESET).key == ("talks/clip-mov-mp4-h264-540p.mp4" if taken else key(job))


def test_no_name_is_longer_than_a_key_may_be(ready: Buckets) -> None:
    job = submit("clip.mp4")
    sources = [Address("input", "长" * 338 + end) for end in (".mp4", ".mov", ".MOV")]
    found = []
    for source in sources:
        address = output_address(source, PRESET)
        assert len(address.key.encode()) <= KEY_BYTES
        found.append(address.key)
        Output.objects.create(
            job=Job.objects.create(kind="transcode", pipeline=job.pipeline, spec={}, input_bucket="input", input_key=source.key),
            index=0,
            template=job.outputs.get().template,
            template_name=PRESET,
            effective={},
            bucket="output",
            key=address.key,
        )
    assert len(set(found)) == 3
    assert [output_address(source, PRESET).key for source in sources] == found


def test_the_form_of_a_new_job_does_not_replace_another_inputs_output(ready: Buckets, bob: User, client_of) -> None:
    client = client_of(bob)
    sent = {"pipeline": "default", "outputs-count": "1", "outputs-0-template": PRESET, "outputs-0-bucket": "output", "outputs-0-overwrite": "on"}
    for name in ("clip.mp4", "clip.mov", "clip.mov"):
        assert client.post(NEW, sent | {"input": f"oss://input/talks/{name}"}).status_code == 302
    found = [key(job) for job in Job.objects.order_by("created_at")]
    assert found == ["talks/clip-mp4-h264-540p.mp4", "talks/clip-mov-mp4-h264-540p.mp4", "talks/clip-mov-mp4-h264-540p.mp4"]
    text = client.post(reverse("jobs:job_summary"), sent | {"input": "oss://input/talks/clip.mov"}).content.decode()
    assert "talks/clip-mov-mp4-h264-540p.mp4" in text


def test_uploads_of_one_form_do_not_meet(ready: Buckets, clips: Clips, bob: User, client_of) -> None:
    content = clips.make(seconds=1).read_bytes()
    files = [SimpleUploadedFile(name, content) for name in ("new.mp4", "new.mov")]
    sent = {"bucket": "input", "folder": "", "if_exists": "keep_both", "template": PRESET, "file": files}
    response = client_of(bob).post(reverse("media:upload"), sent)
    assert response.status_code == 302
    assert sorted(key(job) for job in Job.objects.all()) == ["new-mov-mp4-h264-540p.mp4", "new-mp4-h264-540p.mp4"]


def test_the_command_keeps_to_the_same_names(ready: Buckets) -> None:
    for name in ("clip.mp4", "clip.mov"):
        call_command("submit_job", f"oss://input/talks/{name}", "-t", PRESET)
    assert [key(job) for job in Job.objects.order_by("created_at")] == ["talks/clip-mp4-h264-540p.mp4", "talks/clip-mov-mp4-h264-540p.mp4"]


def test_the_upload_page_submits_with_the_name(ready: Buckets, bob: User, charlie: User, client_of) -> None:
    submit("clip.mp4")
    url = reverse("media:upload_submit")
    answer = client_of(bob).post(url, {"input": "oss://input/talks/clip.mov", "template": PRESET})
    assert answer.status_code == 201
    assert key(Job.objects.get(pk=answer.json()["id"])) == "talks/clip-mov-mp4-h264-540p.mp4"
    for wrong in ({}, {"input": "clip.mov", "template": PRESET}, {"input": "oss://input/talks/clip.mov", "template": "nothing"}):
        assert client_of(bob).post(url, wrong).status_code == 422
    assert client_of(charlie).post(url).status_code == 403


def test_an_object_put_by_hand_keeps_its_name(ready: Buckets) -> None:
    by_hand = ready.output / "talks" / "clip-mp4-h264-540p.mp4"
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes(b"mine")
    assert key(submit("clip.mov")) == "talks/clip-mov-mp4-h264-540p.mp4"
    by_hand.unlink()
    first = submit("clip.mp4")
    by_hand.write_bytes(b"what that job has made")
    assert key(submit("clip.mp4")) == key(first) == "talks/clip-mp4-h264-540p.mp4"


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_none_takes_the_name_of_another(ready: Buckets, bob: User, client_of) -> None:
    names = ["clip.mp4", "clip.mov", "clip.MOV", "clip"] * 2
    start = threading.Barrier(len(names))

    def send(name: str) -> int:
        client = client_of(bob)
        start.wait()
        try:
            return int(client.post(reverse("media:upload_submit"), {"input": f"oss://input/talks/{name}", "template": PRESET}).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(names)) as pool:
        assert set(pool.map(send, names)) == {201}
    of: dict[str, set[str]] = {}
    for job in Job.objects.all():
        of.setdefault(key(job), set()).add(job.input_key)
    assert len(of) == 4
    assert all(len(inputs) == 1 for inputs in of.values()), of
