"""Snapshot templates: what they may say, JSON, pages, and jobs that name one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from PIL import Image

from jobs import services as jobs
from jobs.engine.errors import Refused
from jobs.payloads import read_job_request
from templates_app.snapshots import queries, services
from templates_app.snapshots.forms import SnapshotTemplateForm, initial_of
from templates_app.snapshots.models import SnapshotTemplate

pytestmark = pytest.mark.django_db
SPRITE = {"interval": 0.5, "columns": 3, "rows": 2, "cell_width": 64, "output": "oss://output/s/{FileName}-{TileCount}.jpg"}


def test_a_template_keeps_what_was_said_and_no_more() -> None:
    row = services.create("Cover", "snapshot", {"time": 3.0, "width": 640, "output": "oss://output/{FileName}.jpg"})
    assert row.params == {"time": 3.0, "width": 640, "output": {"address": "oss://output/{FileName}.jpg"}}
    assert services.update(row, name="Covers").params == row.params
    assert services.update(row, params={"mode": "average", "count": 4}).params == {"mode": "average", "count": 4}
    copy = services.duplicate(queries.find("Covers"))
    assert (copy.name, copy.kind) == ("Covers copy", "snapshot")
    services.delete(row)
    assert [one.name for one in queries.listed()] == ["Covers copy"]


@pytest.mark.parametrize(
    ("name", "kind", "params", "loc"),
    [
        ("", "snapshot", {}, ("name",)),
        ("-x", "snapshot", {}, ("name",)),
        ("taken", "sprite", {}, ("name",)),
        ("x", "movie", {}, ("kind",)),
        ("x", "snapshot", {"with": 3}, ("params", "with")),
        ("x", "snapshot", {"width": 3}, ("params", "width")),
        ("x", "snapshot", {"input": "oss://input/a.mp4"}, ("params", "input")),
        ("x", "snapshot", {"mode": "average"}, ("params", "count")),
        ("x", "snapshot", {"mode": "average", "count": 2, "output": "oss://output/a.jpg"}, ("params", "output", "address")),
        ("x", "sprite", {"columns": 10_000, "cell_width": 100}, ("params", "columns")),
        ("x", "webvtt", {"output": "oss://output/a.jpg"}, ("params", "output", "address")),
        ("x", "sprite", {"mode": "images"}, ("params", "mode")),
        ("x", "snapshot", {"time": float("nan")}, ("params",)),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(name: str, kind: str, params: dict[str, Any], loc: tuple[str, ...]) -> None:
    SnapshotTemplate.objects.create(name="taken", kind="snapshot")
    with pytest.raises(Refused) as refused:
        services.create(name, kind, params)
    assert loc in [problem.loc for problem in refused.value.problems]
    assert SnapshotTemplate.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("presets", "pipeline")
def test_a_job_takes_the_values_of_its_template_where_it_says_nothing(buckets: Any, clips: Any, work_off: Callable[[], int], alice: User) -> None:
    row = services.create("Thumbs", "webvtt", SPRITE)
    source = buckets.put(clips.make(seconds=2, size="320x180", rate=25, audio=False), "clip.mp4")
    job = jobs.submit(spec=read_job_request({"kind": "sprite", "input": source, "template": "Thumbs", "columns": 2}).spec, source="api")
    # what becomes of the template later changes no job, also not where it is done again
    services.update(row, params={"interval": 0.1})
    services.delete(row)
    work_off()
    job.refresh_from_db()
    assert (job.state, job.result["count"], job.spec["template"]) == ("succeeded", 4, row.id), job.message
    with Image.open(buckets.output / "s/clip-00001.jpg") as image:
        assert image.size == (128, 72)
    again = jobs.retry(job.id, outputs=[job.outputs.get().id], owner=alice, actor="alice")
    work_off()
    again.refresh_from_db()
    assert again.result["sheets"] == job.result["sheets"]


def test_another_mode_leaves_out_what_only_the_templates_is_told_by() -> None:
    services.create("Each", "snapshot", {"mode": "series", "interval": 5.0, "width": 320, "output": "oss://output/{Count}.jpg"})
    spec = read_job_request({"kind": "snapshot", "input": "oss://input/a.mp4", "template": "Each", "mode": "single", "time": 2.0}).spec
    assert (spec.interval, spec.width, spec.time) == (None, 320, 2.0)  # type: ignore[union-attr]


@pytest.mark.parametrize(("template", "code"), [("none", "TemplateNotFound"), ("Thumbs", "InvalidParameter"), ("a\x00b", "TemplateNotFound")])
def test_a_template_that_is_not_there_or_for_something_else_is_refused(template: str, code: str) -> None:
    services.create("Thumbs", "sprite", SPRITE)
    with pytest.raises(Refused) as refused:
        read_job_request({"kind": "snapshot", "input": "oss://input/a.mp4", "output": "oss://output/a.jpg", "template": template})
    assert (refused.value.code, refused.value.problems[0].loc) == (code, ("template",))


def test_json(api_of: Callable[..., Client], alice: User, charlie: User) -> None:
    client, viewer = api_of(alice, "admin"), api_of(charlie, "viewer")
    url = "/api/v1/snapshot-templates"
    assert viewer.post(url, {"name": "x"}, content_type="application/json").status_code == 403
    made = client.post(url, {"name": "Thumbs", "type": "sprite", "params": {"interval": 2.0}}, content_type="application/json")
    assert (made.status_code, made.json()["params"]) == (201, {"interval": 2.0})
    assert [item["name"] for item in viewer.get(url, {"type": "sprite"}).json()["items"]] == ["Thumbs"]
    assert viewer.get(url, {"type": "movie"}).status_code == 400
    changed = client.patch(f"{url}/Thumbs", {"params": {"count": 9, "mode": "average"}}, content_type="application/json")
    assert changed.json()["params"] == {"count": 9, "mode": "average"}
    copy = client.post(f"{url}/Thumbs/duplicate", {}, content_type="application/json")
    assert (copy.status_code, copy.json()["name"]) == (201, "Thumbs copy")
    wrong = client.post(url, {"name": "y", "params": {"width": 1}}, content_type="application/json")
    assert (wrong.status_code, wrong.json()["errors"][0]["loc"]) == (400, ["params", "width"])
    assert client.delete(f"{url}/Thumbs").status_code == 204
    assert viewer.get(f"{url}/Thumbs").status_code == 404


# --- pages ----------------------------------------------------------------------------------------------------------------
PAGE = "/console/templates/snapshot/"
FIELDS = {"name": "Thumbs", "mode": "sprite", "interval": "2", "columns": "5", "rows": "4", "color": "#102030", "frame": "normal", "sheets": "", "output": ""}


def test_pages_make_change_duplicate_and_delete(client_of: Callable[..., Client], alice: User) -> None:
    client = client_of(alice)
    assert "No snapshot template yet." in client.get(PAGE).content.decode()
    assert client.post(f"{PAGE}new/", FIELDS).status_code == 302
    row = SnapshotTemplate.objects.get()
    assert (row.kind, row.params) == ("sprite", {"mode": "series", "interval": 2.0, "columns": 5, "rows": 4, "color": "#102030", "frame": "normal"})
    for address in (PAGE, f"{PAGE}{row.id}/", f"{PAGE}{row.id}/edit/", f"{PAGE}{row.id}/delete/", f"{PAGE}new/?from={row.id}"):
        assert "Thumbs" in client.get(address).content.decode()
    assert client.post(f"{PAGE}{row.id}/edit/", FIELDS | {"columns": "6", "interval": "0", "count": "30"}).status_code == 302
    row.refresh_from_db()
    assert row.params == {"mode": "average", "count": 30, "columns": 6, "rows": 4, "color": "#102030", "frame": "normal"}
    wrong = client.post(f"{PAGE}{row.id}/edit/", FIELDS | {"columns": "9000", "cell_width": "100"})
    assert wrong.status_code == 422
    assert "900,000 px wide" in wrong.content.decode()
    assert client.post(f"{PAGE}{row.id}/edit/", FIELDS | {"mode": "single"}).status_code == 422, "the type stays"
    assert client.post(f"{PAGE}{row.id}/delete/").status_code == 302
    assert client.get(f"{PAGE}{row.id}/").status_code == 404


def test_who_may(client_of: Callable[..., Client], bob: User, charlie: User) -> None:
    row = services.create("Thumbs", "sprite", {})
    for user in (bob, charlie):
        client = client_of(user)
        assert client.get(PAGE).status_code == client.get(f"{PAGE}{row.id}/").status_code == 200
        for address in (f"{PAGE}new/", f"{PAGE}{row.id}/edit/", f"{PAGE}{row.id}/delete/"):
            assert client.get(address).status_code == 403


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("snapshot", {"mode": "times", "times": [1.0, 2.5], "frame": "normal", "format": "png"}),
        ("snapshot", {"mode": "series", "interval": 2.0, "skip_black": {"level": 90, "threshold": 20}, "frame": "key", "output": "oss://output/{Count}.jpg"}),
        ("sprite", {"mode": "series", "interval": 2.0, "columns": 3, "rows": 4, "color": "white", "output": "oss://output/{TileCount}.jpg", "singles": "oss://output/{Count}.jpg"}),
        ("webvtt", {"mode": "average", "count": 9, "columns": 3, "rows": 4, "cell_width": 90, "margin": 1, "padding": 2, "color": "black", "index": "oss://output/i.vtt"}),
    ],
)  # fmt: skip
def test_the_form_gives_back_what_it_shows(kind: str, params: dict[str, Any]) -> None:
    row = services.create("x", kind, params)
    shown = {name: value for name, value in initial_of(kind, row.params).items() if value is not False}
    form = SnapshotTemplateForm({"name": "x", **shown}, fixed_kind=kind)
    assert form.is_valid(), form.errors
    assert services.checked(kind, form.params()) == (row.params, [])
