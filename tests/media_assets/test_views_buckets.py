"""The pages of buckets."""

from __future__ import annotations

import pytest
from django.urls import reverse

from media_assets.bucket_check import check_bucket
from media_assets.models import Bucket


def url(name, *args):
    return reverse(f"media:{name}", args=args)


def test_strangers_and_roles(client_of, dana, charlie, bob, buckets):
    assert client_of(None).get(url("bucket_list")).status_code == 302
    assert client_of(None).post(url("bucket_check", "input")).status_code == 302
    assert client_of(dana).get(url("bucket_list")).status_code == 403
    assert client_of(charlie).get(url("bucket_list")).status_code == 200
    assert client_of(charlie).post(url("bucket_check", "input")).status_code == 403
    for address in (url("bucket_create"), url("bucket_edit", "input")):
        assert client_of(bob).get(address).status_code == 403
        assert client_of(bob).post(address, {"name": "x", "is_input": "on"}).status_code == 403
    assert client_of(bob).get(url("bucket_check", "input")).status_code == 405
    assert client_of(bob).post(url("bucket_check", "nothing")).status_code == 404


def test_the_list_shows_roles_and_folders(client_of, charlie, buckets):
    client = client_of(charlie)
    page = client.get(url("bucket_list")).content.decode()
    assert str(buckets.input) in page
    assert str(buckets.output) in page
    only = client.get(url("bucket_list"), {"role": "output"})
    assert [row["bucket"].name for row in only.context["rows"]] == ["output"]


def test_a_bucket_that_cannot_be_reached_says_so(client_of, charlie, buckets, tmp_path):
    file = tmp_path / "a file"
    file.write_text("x")
    Bucket.objects.create(name="gone", folder=str(file / "below"), is_input=True)
    page = client_of(charlie).get(url("bucket_list"))
    assert page.status_code == 200
    assert "not reachable" in page.content.decode()


def test_check_tries_four_things_and_leaves_nothing(client_of, bob, buckets):
    page = client_of(bob).post(url("bucket_check", "output")).content.decode()
    for words in ("1/4 List", "2/4 Write", "3/4 Read", "4/4 Delete", "Everything works."):
        assert words in page
    assert [path.name for path in buckets.output.rglob("*") if path.is_file() and path.suffix == ".txt"] == []


def test_check_says_what_does_not_work(client_of, bob, buckets, tmp_path):
    file = tmp_path / "a file"
    file.write_text("x")
    Bucket.objects.create(name="wrong", folder=str(file / "below"), is_input=True)
    response = client_of(bob).post(url("bucket_check", "wrong"))
    assert response.status_code == 200
    assert not response.context["good"]
    trials = check_bucket(Bucket.objects.get(name="wrong"))
    assert [trial.ok for trial in trials if trial.name == "write"] == [False]
    assert all(trial.message and trial.fix for trial in trials if not trial.ok)
    assert "Check that the folder may be written" in response.content.decode()


def test_admins_bind_and_change_buckets(client_of, alice, buckets, tmp_path):
    client = client_of(alice)
    folder = tmp_path / "archive"
    assert client.post(url("bucket_create"), {"name": "archive", "folder": str(folder), "is_input": "on"}).url == url("bucket_list")
    made = Bucket.objects.get(name="archive")
    assert (made.is_input, made.is_output, folder.is_dir()) == (True, False, True)
    assert client.post(url("bucket_edit", "archive"), {"folder": str(folder), "is_output": "on"}).status_code == 302
    made.refresh_from_db()
    assert (made.is_input, made.is_output) == (False, True)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"name": "Ab"}, "name"), ({"name": "console"}, "name"), ({"name": "input"}, "name"), ({"folder": "relative"}, "folder"), ({"is_input": ""}, "is_input")],
)
def test_mistakes_are_told_and_values_kept(client_of, alice, buckets, tmp_path, change, field):
    sent = {"name": "archive", "folder": str(tmp_path / "archive"), "is_input": "on"} | change
    response = client_of(alice).post(url("bucket_create"), {name: value for name, value in sent.items() if value})
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert f'value="{sent["folder"]}"' in response.content.decode()
    assert Bucket.objects.count() == 2


def test_the_list_tells_the_last_check_and_what_hangs_on_a_bucket(client_of, alice, bob, buckets, tmp_path):
    page = client_of(bob).get(url("bucket_list")).content.decode()
    assert page.count("never") == 2
    client_of(bob).post(url("bucket_check", "output"))
    file = tmp_path / "a file"
    file.write_text("x")
    Bucket.objects.filter(name="input").update(folder=str(file / "below"))
    client_of(bob).post(url("bucket_check", "input"))
    rows = {row["bucket"].name: row for row in client_of(bob).get(url("bucket_list")).context["rows"]}
    assert rows["output"]["bucket"].checked_at is not None
    assert rows["output"]["bad"] == []
    assert "Write" in [str(name) for name in rows["input"]["bad"]]


def test_what_cannot_be_written_is_still_read(buckets, monkeypatch):
    def refuse(*_, **__):
        raise OSError(13, "Permission denied")

    (buckets.input / "a.txt").write_text("x")
    monkeypatch.setattr("media_assets.local.LocalStorage.put", refuse)
    assert [(trial.name, trial.ok) for trial in check_bucket(Bucket.objects.get(name="input"))] == [("list", True), ("write", False), ("read", True)]


def test_unbinding_names_what_is_affected_and_touches_no_object(client_of, alice, bob, buckets, clips, presets, pipeline):
    from jobs import services
    from jobs.engine.spec import JOB_SPEC

    source = buckets.put(clips.make(seconds=1))
    document = {"kind": "transcode", "input": source, "outputs": [{"template": "mp4-h264-360p", "address": "oss://output/a.mp4"}]}
    job = services.submit(spec=JOB_SPEC.validate_python(document, strict=False), source="api")
    assert client_of(bob).get(url("bucket_unbind", "input")).status_code == 403
    page = client_of(alice).get(url("bucket_unbind", "input"))
    assert (page.context["use"].media, page.context["unfinished"]) == (1, 1)
    assert job.id in page.content.decode()
    assert client_of(alice).get(url("bucket_unbind", "output")).context["unfinished"] == 1
    assert client_of(alice).post(url("bucket_unbind", "input")).status_code == 302
    assert not Bucket.objects.filter(name="input").exists()
    assert len(list(buckets.input.iterdir())) == 1


def test_unbinding_by_the_interface(api_of, alice, bob, buckets):
    assert api_of(bob).delete("/api/v1/buckets/input").status_code == 403
    assert api_of(alice, "admin").delete("/api/v1/buckets/input").status_code == 204
    assert api_of(alice, "admin").delete("/api/v1/buckets/input").status_code == 404
    [row] = [row for row in api_of(alice, "admin").get("/api/v1/buckets").json()["items"] if row["name"] == "output"]
    assert (row["checked_at"], row["trials"]) == (None, [])
    api_of(bob).post("/api/v1/buckets/output/check")
    [row] = api_of(bob).get("/api/v1/buckets").json()["items"]
    assert [trial["ok"] for trial in row["trials"]] == [True] * 4
