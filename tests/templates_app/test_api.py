"""/api/v1/templates."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from templates_app.models import Template, TemplateVersion

pytestmark = pytest.mark.usefixtures("presets")
URL = "/api/v1/templates"
PARAMS = {"container": {"format": "mp4"}, "video": {"codec": "h264", "short_side": 480, "crf": 22.0}, "audio": {"codec": "aac"}}


def send(client: Client, method: str, url: str, body: Any = None) -> Any:
    return getattr(client, method)(url, "" if body is None else json.dumps(body), content_type="application/json")


def places(response: Any) -> set[tuple[Any, ...]]:
    assert response.status_code == 400, response.content
    return {tuple(row["loc"]) for row in response.json()["errors"]}


def test_list_pages_and_filters(api_of: Any, charlie: User) -> None:
    client = api_of(charlie, "viewer")
    names: list[str] = []
    after = ""
    for _ in range(100):
        page = client.get(f"{URL}?limit=7&after={after}").json()
        names += [row["name"] for row in page["items"]]
        if not (after := page["next"]):
            break
    assert sorted(names) == sorted(Template.objects.filter(deleted_at=None).values_list("name", flat=True))
    assert len(names) == len(set(names)) > 20
    assert {row["kind"] for row in client.get(f"{URL}?kind=static").json()["items"]} == {"static"}
    assert client.get(f"{URL}?kind=custom").json()["items"] == []
    found = [row["name"] for row in client.get(f"{URL}?q=hls-ladd").json()["items"]]
    assert found == ["hls-ladder"]
    assert places(client.get(f"{URL}?kind=magic")) == {("kind",)}
    assert places(client.get(f"{URL}?page=2")) == {("page",)}


def test_get_by_id_and_name(api_of: Any, charlie: User) -> None:
    client = api_of(charlie, "viewer")
    by_name = client.get(f"{URL}/mp4-h264-540p").json()
    assert (by_name["preset"], by_name["kind"], by_name["version"]) == (True, "static", 1)
    assert by_name["params"]["video"]["short_side"] == 540
    assert client.get(f"{URL}/{by_name['id']}").json() == by_name


def test_a_custom_template_from_birth_to_death(api_of: Any, alice: User) -> None:
    client = api_of(alice, "admin")
    made = send(client, "post", URL, {"name": "ours 480", "description": "for phones", "params": PARAMS})
    assert made.status_code == 201, made.content
    first = made.json()
    assert (first["kind"], first["preset"], first["version"], first["description"]) == ("custom", False, 1, "for phones")
    assert first["params"]["video"] == PARAMS["video"]
    patched = send(client, "patch", f"{URL}/{first['id']}", {"description": "", "params": PARAMS | {"video": {"codec": "h265", "short_side": 480}}}).json()
    assert (patched["name"], patched["description"], patched["version"], patched["params"]["video"]["codec"]) == ("ours 480", "", 2, "h265")
    put = send(client, "put", f"{URL}/ours 480", {"name": "ours", "params": PARAMS}).json()
    assert (put["id"], put["name"], put["version"], put["params"]["video"]["codec"]) == (first["id"], "ours", 3, "h264")
    assert TemplateVersion.objects.filter(template=first["id"]).count() == 3, "old versions stay"
    assert places(send(client, "put", f"{URL}/ours", {"name": "ours"})) == {("params",)}
    copy = send(client, "post", f"{URL}/ours/duplicate", {"name": "copy"}).json()
    assert (copy["name"], copy["version"], copy["params"]) == ("copy", 1, put["params"])
    assert copy["id"] != put["id"]
    assert send(client, "delete", f"{URL}/ours").status_code == 204
    assert client.get(f"{URL}/ours").json()["code"] == "TemplateNotFound"


def test_presets_are_copied_not_changed(api_of: Any, alice: User) -> None:
    client = api_of(alice, "admin")
    for response in (send(client, "patch", f"{URL}/mp4-h264-540p", {"description": "x"}), send(client, "delete", f"{URL}/mp4-h264-540p")):
        assert response.status_code in (403, 409), response.content
    copy = send(client, "post", f"{URL}/mp4-h264-540p/duplicate")
    assert copy.status_code == 201
    assert copy.json()["kind"] == "custom"
    assert copy.json()["name"] != "mp4-h264-540p"


def test_every_mistake_is_told_at_once(api_of: Any, alice: User) -> None:
    client = api_of(alice, "admin")
    body = {
        "name": "",
        "colour": 1,
        "params": {"container": {"format": "xyz"}, "video": {"crf": 99, "widht": 640}, "ladder": [{"name": "A", "video": {"width": 1}}]},
    }
    assert places(send(client, "post", URL, body)) == {
        ("name",),
        ("colour",),
        ("params", "container", "format"),
        ("params", "video", "crf"),
        ("params", "video", "widht"),
        ("params", "ladder", 0, "name"),
        ("params", "ladder", 0, "video", "width"),
    }
    impossible = {"name": "x", "params": {"container": {"format": "flv"}, "video": {"codec": "h265"}}}
    response = send(client, "post", URL, impossible)
    assert response.status_code == 400
    assert any("params" in row["loc"] for row in response.json()["errors"])
    assert places(send(client, "post", URL, {"name": "mp4-h264-540p", "params": PARAMS})) == {("name",)}
    assert not Template.objects.filter(kind="custom").exists()


def test_who_may(client_of: Any, api_of: Any, bob: User, charlie: User, dana: User) -> None:
    for url in (URL, f"{URL}/hls-ladder"):
        assert client_of(None).get(url).status_code == 401
        assert client_of(dana).get(url).status_code == 403
        assert client_of(charlie).get(url).status_code == 200
    client = api_of(bob)
    new = {"name": "n", "params": PARAMS}
    calls = (
        ("post", URL, new),
        ("patch", f"{URL}/hls-ladder", {}),
        ("put", f"{URL}/hls-ladder", new),
        ("delete", f"{URL}/hls-ladder", None),
        ("post", f"{URL}/hls-ladder/duplicate", {}),
    )
    for method, url, body in calls:
        response = send(client, method, url, body)
        assert (response.status_code, response.json()["code"]) == (403, "PermissionDenied"), (method, url)
        assert send(client_of(None), method, url, body).status_code == 401


def test_wrong_methods_and_unknown_names(api_of: Any, alice: User) -> None:
    client = api_of(alice, "admin")
    for method, url in (("put", URL), ("delete", URL), ("post", f"{URL}/hls-ladder"), ("get", f"{URL}/hls-ladder/duplicate")):
        assert send(client, method, url).status_code == 405, (method, url)
    for name in ("nothing", "%00", "a" * 3000):
        response = client.get(f"{URL}/{name}")
        assert (response.status_code, response.json()["code"]) == (404, "TemplateNotFound"), name
