"""The upload page without JavaScript: a multipart form that keeps files and submits jobs."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from jobs.defaults import output_address
from jobs.engine.address import KEY_BYTES, Address
from jobs.engine.errors import Refused
from jobs.models import Job
from media_assets.models import Bucket, Media

URL = "/console/media/upload/"


def file(name="clip.mp4", content=b"x" * 10):
    return SimpleUploadedFile(name, content)


def sent(*files, **more):
    return {"bucket": "input", "folder": "", "if_exists": "keep_both", "template": "", "file": list(files)} | more


@pytest.fixture
def ready(buckets, presets, pipeline):
    return buckets


def test_only_operators_upload(client_of, dana, charlie, bob, ready):
    assert reverse("media:upload") == URL
    assert client_of(None).get(URL).status_code == 302
    for person in (dana, charlie):
        assert client_of(person).get(URL).status_code == 403
        assert client_of(person).post(URL, sent(file())).status_code == 403
    assert client_of(bob).get(URL).status_code == 200
    assert client_of(bob).put(URL).status_code == 405
    assert not Media.objects.exists()


def test_the_ladder_is_chosen_beforehand(client_of, bob, ready):
    page = client_of(bob).get(URL)
    choices = page.context["form"]["template"]
    assert choices.field.choices[0][0] == "hls-ladder"
    assert "At most 100" in page.content.decode()


def test_one_file_and_nothing_else(client_of, bob, ready):
    response = client_of(bob).post(URL, sent(file(content=b"abc"), folder="/2026/talks/"))
    media = Media.objects.get()
    assert (media.bucket, media.key) == ("input", "2026/talks/clip.mp4")
    assert response.url == reverse("media:media_detail", args=[media.id])
    assert (ready.input / "2026/talks/clip.mp4").read_bytes() == b"abc"
    assert not Job.objects.exists()


def test_many_files_become_many_jobs(client_of, bob, ready):
    response = client_of(bob).post(URL, sent(file("a.mp4"), file("b 视频 😀.mov"), template="hls-ladder"))
    assert response.url == reverse("jobs:job_list")
    jobs = Job.objects.order_by("input_key")
    assert [(job.input_key, job.owner, job.source) for job in jobs] == [("a.mp4", bob, "console"), ("b 视频 😀.mov", bob, "console")]
    assert [job.outputs.get().key for job in jobs] == ["a-hls-ladder.m3u8", "b 视频 😀-hls-ladder.m3u8"]


def test_one_job_is_shown_at_once(client_of, bob, ready):
    response = client_of(bob).post(URL, sent(file(), template="hls-ladder"))
    assert response.url == reverse("jobs:job_detail", args=[Job.objects.get().id])


@pytest.mark.parametrize(("choice", "first", "media"), [("keep_both", b"old", 2), ("replace", b"new", 1), ("skip", b"old", 1)])
def test_a_name_that_exists(client_of, bob, ready, choice, first, media):
    client = client_of(bob)
    client.post(URL, sent(file(content=b"old")))
    client.post(URL, sent(file(content=b"new"), if_exists=choice))
    assert (ready.input / "clip.mp4").read_bytes() == first
    assert Media.objects.count() == media
    if choice == "keep_both":
        assert (ready.input / "clip (2).mp4").read_bytes() == b"new"


@pytest.mark.parametrize(
    ("change", "field"), [({"file": []}, "file"), ({"bucket": "output"}, "bucket"), ({"folder": "a/../b"}, "folder"), ({"template": "nothing"}, "template")]
)
def test_mistakes_are_told(client_of, bob, ready, change, field):
    response = client_of(bob).post(URL, sent(file(), folder="kept") | change)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert f'value="{change.get("folder", "kept")}"' in response.content.decode()
    assert not Media.objects.exists()


def test_a_refused_job_keeps_the_file_and_says_why(client_of, bob, ready):
    Bucket.objects.filter(name="output").delete()
    response = client_of(bob).post(URL, sent(file(), template="hls-ladder"), follow=True)
    assert Media.objects.count() == 1
    assert not Job.objects.exists()
    assert "clip.mp4: There is no bucket output." in response.content.decode()


def test_no_input_bucket_says_what_to_do(client_of, bob, ready):
    Bucket.objects.update(is_input=False)
    assert "No bucket is bound as input" in client_of(bob).get(URL).content.decode()
    assert client_of(bob).post(URL, sent(file())).status_code == 422


def test_the_row_of_a_job_polls_until_it_ends(client_of, bob, charlie, ready):
    client_of(bob).post(URL, sent(file(), template="hls-ladder"))
    job = Job.objects.get()
    row = reverse("media:upload_job", args=[job.id])
    waits = client_of(charlie).get(row).content.decode()
    assert f'data-poll="{row}"' in waits
    Job.objects.filter(pk=job.pk).update(state="running", progress=42, phase="encode")
    assert "42 %" in client_of(charlie).get(row).content.decode()
    Job.objects.filter(pk=job.pk).update(state="succeeded", progress=100)
    done = client_of(charlie).get(row).content.decode()
    assert "data-poll" not in done
    assert reverse("jobs:job_detail", args=[job.id]) in done
    assert client_of(charlie).get(reverse("media:upload_job", args=["nothing"])).status_code == 404


def test_default_output_addresses(ready):
    assert str(output_address(Address("input", "a/b.c/noext"), "hls-ladder")) == "oss://output/a/b.c/noext-hls-ladder.m3u8"
    assert str(output_address(Address("input", ".hidden"), "mp4-h264-540p")) == "oss://output/.hidden-mp4-h264-540p.mp4"
    long = output_address(Address("input", "长" * 340 + ".mp4"), "hls-ladder")
    assert len(long.key.encode()) <= KEY_BYTES
    assert long.key.endswith("长-hls-ladder.m3u8")
    with pytest.raises(Refused, match="TemplateNotFound"):
        output_address(Address("input", "a"), "nothing")


def test_title_and_tags_go_with_the_files(client_of, bob, ready):
    client = client_of(bob)
    client.post(URL, sent(file("one.mp4"), title="A day", tags="cats， film"))
    one = Media.objects.get()
    assert (one.title, sorted(tag.name for tag in one.tags.all())) == ("A day", ["cats", "film"])
    client.post(URL, sent(file("two.mp4"), file("three.mp4"), title="For one only", tags="cats"))
    assert sorted(Media.objects.filter(tags__name="cats").values_list("title", flat=True)) == ["A day", "three.mp4", "two.mp4"]
    refused = client.post(URL, sent(file("four.mp4"), tags="x" * 33))
    assert refused.status_code == 422
    assert refused.context["form"].errors["tags"]
    assert Media.objects.count() == 3
