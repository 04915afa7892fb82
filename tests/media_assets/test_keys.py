"""Keys: kept sealed, given to those who may read, private ones to players only."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from console.auth import make_token
from console.lib.sealing import CONTENT_KEYS, opened_key, seal, sealed_keys, unseal
from console.models import Role
from jobs.engine.errors import Refused
from media_assets import keys
from media_assets.models import ContentKey

GIVEN = bytes.fromhex("0123456789abcdeffedcba9876543210")


# --- sealing ------------------------------------------------------------------------------------------------------------
def test_what_is_sealed_can_be_opened_here_only(settings: Any) -> None:
    text = seal(GIVEN, CONTENT_KEYS)
    assert GIVEN.hex() not in text
    assert text != seal(GIVEN, CONTENT_KEYS)
    assert unseal(text, CONTENT_KEYS) == GIVEN
    old = settings.SECRET_KEY
    settings.SECRET_KEY = "another"
    with pytest.raises(ValueError, match="another key"):
        unseal(text, CONTENT_KEYS)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert unseal(text, CONTENT_KEYS) == GIVEN


@pytest.mark.parametrize("text", ["", "sealed:", "sealed:AAAA", "0123", "sealed:" + "A" * 64, "sealed:***"])
def test_what_was_not_sealed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        unseal(text, CONTENT_KEYS)


def test_one_changed_letter_or_another_purpose_is_noticed() -> None:
    text = seal(GIVEN, CONTENT_KEYS)
    for changed in (text[:-8] + ("A" if text[-8] != "A" else "B") + text[-7:], text[:20] + ("A" if text[20] != "A" else "B") + text[21:]):
        with pytest.raises(ValueError, match=r".*"):
            unseal(changed, CONTENT_KEYS)
    with pytest.raises(ValueError, match=r".*"):
        unseal(text, "passwords")


def test_parameters_are_sealed_wherever_they_stand() -> None:
    document = {"outputs": [{"overrides": {"encryption": {"method": "cbcs", "key": GIVEN.hex(), "key_id": "ab" * 16}}}], "encryption": {"key": None}}
    sealed = sealed_keys(document)
    assert GIVEN.hex() not in json.dumps(sealed)
    inner = sealed["outputs"][0]["overrides"]["encryption"]
    assert opened_key(inner["key"]) == GIVEN
    assert inner["key_id"] == "ab" * 16
    assert sealed_keys(sealed) == sealed
    with pytest.raises(ValueError, match="sealed"):
        sealed_keys({"encryption": {"key": "sealed:" + "A" * 60}})


# --- rows ---------------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_key_is_made_once_for_each_scope() -> None:
    first = keys.ensure("output:1", bucket="output", private=False)
    assert len(keys.opened(first)) == 16
    assert keys.ensure("output:1", bucket="output", private=False).sealed == first.sealed
    assert keys.opened(keys.ensure("output:2", bucket="output", private=False)) != keys.opened(first)
    given = keys.ensure("output:3", bucket="output", private=False, key=GIVEN, key_id="AB" * 16)
    assert (keys.opened(given), given.key_id) == (GIVEN, "ab" * 16)
    assert GIVEN.hex() not in str(ContentKey.objects.values())


@pytest.mark.django_db
def test_a_key_sealed_elsewhere_is_told(settings: Any) -> None:
    row = keys.ensure("output:1", bucket="output", private=False)
    settings.SECRET_KEY = "another"
    with pytest.raises(Refused, match="another secret"):
        keys.opened(row)


# --- over HTTP ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def plain(db: None) -> ContentKey:
    return keys.ensure("output:1", bucket="output", private=False, key=GIVEN, key_id="ab" * 16)


@pytest.fixture
def private(db: None) -> ContentKey:
    return keys.ensure("media:m:private", bucket="output", private=True, key=GIVEN, key_id="cd" * 16)


@pytest.fixture
def people(django_user_model: Any) -> dict[str, Any]:
    from django.contrib.auth.models import Group

    found = {}
    for name in ("viewer", "nobody"):
        found[name] = django_user_model.objects.create_user(name, password="x")
    found["viewer"].groups.add(Group.objects.get_or_create(name=Role.VIEWER)[0])
    return found


def licence(client: Client, row: ContentKey, kid: str, **more: Any) -> Any:
    coded = base64.urlsafe_b64encode(bytes.fromhex(kid)).decode().rstrip("=")
    return client.post(f"/keys/{row.id}/license", json.dumps({"kids": [coded], "type": "temporary"}), content_type="application/json", **more)


def test_strangers_get_nothing(plain: ContentKey, client: Client) -> None:
    answer = client.get(f"/keys/{plain.id}")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (401, "no-store")
    assert licence(client, plain, "ab" * 16).status_code == 401
    assert client.get("/keys/" + "0" * 32).status_code == 401  # nor do they learn which keys there are


def test_who_may_read_gets_a_plain_key(plain: ContentKey, people: dict[str, Any], client: Client) -> None:
    client.force_login(people["viewer"])
    answer = client.get(f"/keys/{plain.id}")
    assert (answer.status_code, answer.content, answer.headers["Content-Type"]) == (200, GIVEN, "application/octet-stream")
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.head(f"/keys/{plain.id}").status_code == 200
    assert client.post(f"/keys/{plain.id}").status_code == 405
    assert client.get("/keys/" + "0" * 32).status_code == 404
    client.force_login(people["nobody"])
    assert client.get(f"/keys/{plain.id}").status_code == 403


def test_a_bearer_token_will_do(plain: ContentKey, people: dict[str, Any], client: Client) -> None:
    _, text = make_token(people["viewer"], "t", Role.VIEWER)
    assert client.get(f"/keys/{plain.id}", headers={"Authorization": f"Bearer {text}"}).content == GIVEN
    assert client.get(f"/keys/{plain.id}", headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_a_private_key_goes_to_players_only(private: ContentKey, people: dict[str, Any], client: Client) -> None:
    client.force_login(people["viewer"])
    assert client.get(f"/keys/{private.id}").status_code == 403
    token = keys.token(keys.player_scopes("o", "m"))
    assert client.get(f"/keys/{private.id}?token={token}").content == GIVEN
    client.cookies[keys.COOKIE] = token
    assert client.get(f"/keys/{private.id}").content == GIVEN
    client.logout()
    client.cookies[keys.COOKIE] = token
    assert client.get(f"/keys/{private.id}").content == GIVEN


@pytest.mark.parametrize("scopes", [["output:2"], ["media:m"], [], ["media:other:private"]])
def test_a_token_for_something_else_opens_nothing(private: ContentKey, client: Client, scopes: list[str]) -> None:
    assert client.get(f"/keys/{private.id}?token={keys.token(scopes)}").status_code == 401


def test_a_token_ends_and_cannot_be_made_up(private: ContentKey, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    token = keys.token([private.scope])
    assert client.get(f"/keys/{private.id}?token={token}").status_code == 200
    assert client.get(f"/keys/{private.id}?token={token}x").status_code == 401
    assert client.get(f"/keys/{private.id}?token={signing.dumps([private.scope], key='other', salt=keys.SALT)}").status_code == 401
    monkeypatch.setattr(keys, "TOKEN_SECONDS", -1)
    assert client.get(f"/keys/{private.id}?token={token}").status_code == 401


def test_clearkey_gets_a_json_web_key(plain: ContentKey, people: dict[str, Any], client: Client) -> None:
    client.force_login(people["viewer"])
    answer = licence(client, plain, "ab" * 16)
    (key,) = answer.json()["keys"]
    assert base64.urlsafe_b64decode(key["k"] + "==") == GIVEN
    assert base64.urlsafe_b64decode(key["kid"] + "==").hex() == "ab" * 16
    assert (key["kty"], answer.json()["type"]) == ("oct", "temporary")
    assert licence(client, plain, "00" * 16).status_code == 404
    for body in ("", "[]", "{}", '{"kids": "x"}', "no json"):
        assert client.post(f"/keys/{plain.id}/license", body, content_type="application/json").status_code == 400


def test_the_licence_needs_no_csrf_token_but_the_right_to_read(plain: ContentKey, people: dict[str, Any]) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(people["viewer"])
    assert licence(strict, plain, "ab" * 16).status_code == 200


def test_operators_make_tokens_for_players_elsewhere(private: ContentKey, people: dict[str, Any], client: Client, django_user_model: Any) -> None:
    from django.contrib.auth.models import Group

    _, weak = make_token(people["viewer"], "t", Role.VIEWER)
    path = f"/api/v1/keys/{private.id}/token"
    assert client.post(path, headers={"Authorization": f"Bearer {weak}"}).status_code == 403
    operator = django_user_model.objects.create_user("operator")
    operator.groups.add(Group.objects.get_or_create(name=Role.OPERATOR)[0])
    _, text = make_token(operator, "t", Role.OPERATOR)
    made = client.post(path, headers={"Authorization": f"Bearer {text}"})
    assert made.status_code == 201
    assert client.get(made.json()["key_url"]).content == GIVEN
    assert client.get(f"/keys/{private.id}").status_code == 401
    assert client.post("/api/v1/keys/none/token", headers={"Authorization": f"Bearer {text}"}).status_code == 404
