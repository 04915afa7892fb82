"""What holds for the whole of /api/v1/: tokens, ids of requests, errors of one shape, the OpenAPI document."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from console.api import api
from console.models import ApiToken

TOKENS = "/api/v1/tokens"


def send(client: Client, method: str, url: str, body: Any = None) -> Any:
    return getattr(client, method)(url, "" if body is None else json.dumps(body), content_type="application/json")


# --- tokens ---------------------------------------------------------------------------------------------------------------
def test_tokens_are_made_listed_and_withdrawn(api_of: Any, alice: User) -> None:
    client = api_of(alice, "admin")
    made = send(client, "post", TOKENS, {"name": "ci", "role": "viewer"})
    assert made.status_code == 201
    text = made.json()["token"]
    other = Client(headers={"Authorization": f"Bearer {text}"})
    assert other.get("/api/v1/me").json() == {"user": "alice", "role": "viewer", "token": "ci"}
    assert other.get(TOKENS).status_code == 403
    rows = client.get(TOKENS).json()["items"]
    assert [row["name"] for row in rows] == ["ci", "test"]
    assert text not in json.dumps(rows)
    assert len(client.get(f"{TOKENS}?limit=1").json()["items"]) == 1
    assert send(client, "delete", f"{TOKENS}/{made.json()['id']}").status_code == 204
    assert other.get("/api/v1/me").status_code == 401
    for number in (made.json()["id"], 0, 2**70):
        assert send(client, "delete", f"{TOKENS}/{number}").status_code == 404, number
    bad = send(client, "delete", f"{TOKENS}/x")
    assert (bad.status_code, bad.json()["code"]) == (400, "InvalidParameter")


def test_bad_tokens_are_refused(api_of: Any, alice: User) -> None:
    client = api_of(alice, "admin")
    response = send(client, "post", TOKENS, {"name": "", "role": 3, "user": "bob"})
    assert {tuple(row["loc"]) for row in response.json()["errors"]} == {("name",), ("role",), ("user",)}
    response = send(client, "post", TOKENS, {"name": "x", "role": "root"})
    assert {tuple(row["loc"]) for row in response.json()["errors"]} == {("role",)}
    assert ApiToken.objects.count() == 1


def test_tokens_are_for_admins(client_of: Any, api_of: Any, bob: User) -> None:
    assert client_of(None).get(TOKENS).status_code == 401
    assert api_of(bob).get(TOKENS).status_code == 403
    assert send(api_of(bob), "post", TOKENS, {"name": "x"}).status_code == 403
    assert send(api_of(bob), "delete", f"{TOKENS}/1").status_code == 403


# --- requests -------------------------------------------------------------------------------------------------------------
def test_request_ids_come_back(client: Client) -> None:
    response = client.get("/api/v1/nothing", headers={"X-Request-Id": "trace-7.A_b"})
    assert response.headers["X-Request-Id"] == response.json()["request_id"] == "trace-7.A_b"
    for hostile in ("", "a b", "x" * 65, "<script>", "é"):
        made = client.get("/healthz", headers={"X-Request-Id": hostile}).headers["X-Request-Id"]
        assert re.fullmatch(r"[0-9a-f]{32}", made), hostile
    assert client.get("/healthz").headers["X-Request-Id"] != client.get("/healthz").headers["X-Request-Id"]


def test_a_bug_of_ours_is_told_as_json_without_its_insides(api_of: Any, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: Any) -> None:
        raise RuntimeError("the secret is Zinnia")

    monkeypatch.setattr("console.api.page", broken)
    client = api_of(alice, "admin")
    client.raise_request_exception = False
    response = client.get(TOKENS)
    assert (response.status_code, response.json()["code"]) == (500, "InternalError")
    assert "Zinnia" not in response.content.decode()
    assert response.json()["request_id"] == response.headers["X-Request-Id"]


def test_errors_of_django_itself_are_json_too(client: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["reelmill.example"]
    response = client.get("/api/v1/jobs", headers={"Host": "other.example"})
    assert (response.status_code, response.json()["code"]) == (400, "InvalidParameter")


def test_errors_speak_the_callers_language(client: Client) -> None:
    response = client.get("/api/v1/nothing", headers={"Accept-Language": "zh-hans"})
    assert response.headers["Content-Language"] == "zh-hans"
    assert response.json()["code"] == "NotFound"


# --- the document -----------------------------------------------------------------------------------------------------------
def test_the_document_is_whole(client: Client) -> None:
    response = client.get("/api/v1/openapi.json")
    assert response.status_code == 200
    document = response.json()
    assert document["openapi"].startswith("3.")
    known = document["components"]["schemas"]
    for ref in set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document))):
        assert ref in known, ref
    assert '"#/$defs' not in json.dumps(document)
    job = document["paths"]["/api/v1/jobs"]["post"]
    assert job["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/JobRequest"}
    assert job["security"] == [{"Bearer": []}]
    assert document["components"]["securitySchemes"]["Bearer"] == {"type": "http", "scheme": "bearer"}
    assert {row["name"] for row in document["paths"]["/api/v1/jobs"]["get"]["parameters"]} >= {"state", "kind", "pipeline", "after", "limit"}
    assert {"VideoStream", "Template", "JobAnswer", "Envelope", "TranscodeSpec"} <= set(known)


def test_every_endpoint_says_who_may_and_nobody_anonymous_may(client: Client, db: None) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    seen = 0
    for path, methods in paths.items():
        for method, operation in methods.items():
            assert re.search(r"Role (viewer|operator|admin)|role (operator|admin)", operation["description"]), (method, path)
            assert operation["security"], (method, path)
            url = re.sub(r"\{[^}]+\}", "1", path)
            response = client.generic(method.upper(), url, "{}", content_type="application/json")
            assert response.status_code == 401, (method, path)
            seen += 1
    assert seen >= 35


def test_ids_of_operations_are_unique() -> None:
    document = api.get_openapi_schema()
    ids = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(ids) - len(set(ids)) <= 3, "three endpoints answer to two methods each"


def test_the_page_of_the_document(client: Client) -> None:
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    html = page.content.decode()
    assert "ninja/swagger-ui-bundle.js" in html
    assert "cdn" not in html
    assert not re.search(r"<script(?![^>]*\b(src|type=\"application/json\"))", html), "no inline script under our CSP"
