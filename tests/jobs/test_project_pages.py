"""Projects of IMM on pages and as JSON: made, described, given buckets, deleted; and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from jobs.foreign import projects
from jobs.foreign.models import BucketAttachment, ForeignTask, ForeignTaskJob, Project
from tests.conftest import Buckets
from tests.jobs.rows import waiting

URL, API = "/console/projects/", "/api/v1/projects"


def test_from_making_to_deleting(bob: User, buckets: Buckets, pipeline: Any, client_of: Callable[..., Client]) -> None:
    client = client_of(bob)
    assert "There is no project yet." in client.get(URL).content.decode()
    made = client.post(URL, {"name": "films", "description": "All of them"}, follow=True)
    assert made.redirect_chain == [(f"{URL}films/", 302)]
    assert "All of them" in made.content.decode()
    page = client.post(f"{URL}films/attach/", {"bucket": "input", "description": "what comes in"}, follow=True).content.decode()
    assert "what comes in" in page
    assert '<option value="input"' not in page, "it has a project now"
    assert '<option value="output"' in page
    task = ForeignTask.objects.create(id="MediaConvert-1", product="imm", type="MediaConvert", project="films")
    ForeignTaskJob.objects.create(task=task, job=waiting(pipeline).job, index=0)
    page = client.get(f"{URL}films/").content.decode()
    assert "MediaConvert-1" in page
    assert "Queued" in page
    client.post(f"{URL}films/", {"description": "Some of them"})
    assert Project.objects.get().description == "Some of them"
    assert "Some of them" in client.get(URL).content.decode()
    client.post(f"{URL}films/detach/input/")
    assert not BucketAttachment.objects.exists()
    assert "Its tasks and all files stay" in client.get(f"{URL}films/delete/").content.decode()
    assert client.post(f"{URL}films/delete/")["Location"] == URL
    assert not Project.objects.exists()
    assert ForeignTask.objects.exists()


def test_mistakes_are_told_at_their_fields(bob: User, buckets: Buckets, client_of: Callable[..., Client]) -> None:
    client = client_of(bob)
    projects.create_project("films")
    projects.attach("films", "input")
    for name, told in (("1x", "begins with a letter"), ("films", "There is a project films."), ("", "required"), ("a/b", "begins with a letter")):
        response = client.post(URL, {"name": name})
        assert (response.status_code, told in response.content.decode()) == (422, True), name
    assert client.post(f"{URL}films/attach/", {"bucket": "input"}).status_code == 422
    assert client.post(f"{URL}films/attach/", {"bucket": "nowhere"}).status_code == 422
    assert "attached to no project" in client.post(f"{URL}films/detach/output/", follow=True).content.decode()
    for path in ("nobody/", "nobody/delete/"):
        assert client.get(f"{URL}{path}").status_code == 404
    assert client.post(f"{URL}nobody/attach/", {"bucket": "output"}).status_code == 404


def test_viewers_look_only(charlie: User, dana: User, buckets: Buckets, client_of: Callable[..., Client]) -> None:
    projects.create_project("films")
    client = client_of(charlie)
    for path in ("", "films/"):
        page = client.get(f"{URL}{path}")
        assert page.status_code == 200
        assert "c-form__foot" not in page.content.decode()
        assert client.post(f"{URL}{path}", {"name": "more", "description": "x"}).status_code == 403
        assert client_of(dana).get(f"{URL}{path}").status_code == 403
    assert client.post(f"{URL}films/attach/", {"bucket": "input"}).status_code == 403
    assert client.post(f"{URL}films/detach/input/").status_code == 403
    assert client.get(f"{URL}films/delete/").status_code == 403
    assert [(row.name, row.description) for row in Project.objects.all()] == [("films", "")]


def test_as_json(bob: User, charlie: User, buckets: Buckets, api_of: Callable[..., Client]) -> None:
    client = api_of(bob)

    def send(method: str, path: str, **document: Any) -> Any:
        return getattr(client, method)(f"{API}{path}", document, content_type="application/json")

    made = send("post", "", name="films", description="d")
    assert (made.status_code, made.json()["buckets"]) == (201, [])
    assert send("patch", "/films", description="changed").json()["description"] == "changed"
    found = send("put", "/films/buckets/input", description="in")
    assert [(row["name"], row["description"]) for row in found.json()["buckets"]] == [("input", "in")]
    assert [row["name"] for row in client.get(f"{API}?prefix=f").json()["items"]] == ["films"]
    assert client.get(f"{API}?prefix=x").json()["items"] == []
    projects.create_project("other")
    assert send("put", "/other/buckets/input").status_code == 409
    assert send("put", "/other/buckets/nowhere").status_code == 404
    assert client.delete(f"{API}/other/buckets/input").status_code == 404
    assert client.delete(f"{API}/films/buckets/input").status_code == 204
    assert client.delete(f"{API}/films").status_code == 204
    assert client.get(f"{API}/films").status_code == 404
    assert send("post", "", name="1").status_code == 400
    assert send("post", "", name="other").status_code == 409
    viewer = api_of(charlie, "viewer")
    assert viewer.get(f"{API}/other").status_code == 200
    assert viewer.delete(f"{API}/other").status_code == 403


@pytest.mark.parametrize("path", ["films/attach/", "films/detach/input/"])
def test_only_by_post(path: str, bob: User, client_of: Callable[..., Client]) -> None:
    assert client_of(bob).get(f"{URL}{path}").status_code == 405
