"""Roles, tokens, page guards and the limit on failed sign-ins."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from console import auth, backends
from console.models import ApiToken, Role
from jobs.engine.errors import Refused

ME = "/api/v1/me"


def test_roles(alice: User, bob: User, charlie: User, dana: User) -> None:
    assert [auth.role_of(user) for user in (alice, bob, charlie, dana, AnonymousUser(), None)] == [Role.ADMIN, Role.OPERATOR, Role.VIEWER, None, None, None]
    assert auth.at_least(bob, Role.VIEWER)
    assert auth.at_least(bob, Role.OPERATOR)
    assert not auth.at_least(bob, Role.ADMIN)
    assert not auth.at_least(dana, Role.VIEWER)
    bob.is_active = False
    assert auth.role_of(bob) is None


def test_the_strongest_group_counts_and_a_superuser_is_an_admin(bob: User, charlie: User, dana: User) -> None:
    charlie.groups.add(*bob.groups.all())
    assert auth.role_of(charlie) == Role.OPERATOR
    dana.is_superuser = True
    assert auth.role_of(dana) == Role.ADMIN


# --- tokens ---------------------------------------------------------------------------------------------------------------
def test_only_a_digest_of_a_token_is_kept(bob: User) -> None:
    token, text = auth.make_token(bob, "ci", Role.VIEWER)
    row = ApiToken.objects.get()
    assert len(text) > 40
    assert row.digest == hashlib.sha256(text.encode()).hexdigest()
    assert text not in str(ApiToken.objects.values().get())
    assert (row.hint, row.role, str(token)) == (text[-4:], "viewer", f"ci …{text[-4:]}")
    assert auth.make_token(bob, "given", Role.VIEWER, text="known-text")[1] == "known-text"


def test_a_token_has_no_more_than_its_user(bob: User, dana: User) -> None:
    for user, role in ((bob, Role.ADMIN), (dana, Role.VIEWER), (bob, "root")):
        with pytest.raises(Refused):
            auth.make_token(user, "x", role)
    assert not ApiToken.objects.exists()


def test_a_token_gets_weaker_with_its_user(api_of: Any, bob: User, charlie: User) -> None:
    client = api_of(bob, "operator")
    assert client.get(ME).json() == {"user": "bob", "role": "operator", "token": "test"}
    bob.groups.set(charlie.groups.all())
    assert client.get(ME).json()["role"] == "viewer"
    bob.groups.clear()
    assert client.get(ME).status_code == 403
    bob.is_active = False
    bob.save()
    assert client.get(ME).status_code == 401


def test_a_token_that_is_off_or_gone_is_nobody(api_of: Any, bob: User) -> None:
    client = api_of(bob)
    ApiToken.objects.update(enabled=False)
    response = client.get(ME)
    assert (response.status_code, response.json()["code"], response.headers["WWW-Authenticate"]) == (401, "NotAuthenticated", 'Bearer realm="reelmill"')


def test_a_wrong_token_is_not_helped_by_a_session(bob: User) -> None:
    client = Client()
    client.force_login(bob)
    assert client.get(ME).status_code == 200
    for header in ("Bearer wrong", "Bearer", "Bearer ", "Basic Ym9iOnBhc3N3b3Jk", "bearer é"):
        assert client.get(ME, headers={"Authorization": header}).status_code == 401, header


def test_last_used_is_written_once_a_minute(api_of: Any, bob: User) -> None:
    client = api_of(bob)
    client.get(ME)
    first = ApiToken.objects.get().last_used_at
    client.get(ME)
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=timezone.now() - dt.timedelta(minutes=2))
    client.get(ME)
    assert ApiToken.objects.get().last_used_at >= first


# --- pages ----------------------------------------------------------------------------------------------------------------
def guarded(role: str, user: Any, **headers: str) -> HttpResponse:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("inside")

    request = RequestFactory().get("/console/jobs/?state=failed", headers=headers)
    request.user = user
    return getattr(auth, role)(view)(request)


def test_page_guards(alice: User, bob: User, charlie: User, dana: User) -> None:
    for role, allowed in (("viewer", (alice, bob, charlie)), ("operator", (alice, bob)), ("admin", (alice,))):
        for user in (alice, bob, charlie, dana):
            if user in allowed:
                assert guarded(role, user).content == b"inside"
            else:
                with pytest.raises(PermissionDenied):
                    guarded(role, user)


def test_anonymous_people_are_sent_to_the_sign_in_page_and_back() -> None:
    response = guarded("viewer", AnonymousUser())
    assert (response.status_code, response.headers["Location"]) == (302, "/console/login/?next=/console/jobs/%3Fstate%3Dfailed")
    fragment = guarded("viewer", AnonymousUser(), **{"HX-Request": "true", "HX-Current-URL": "http://evil.example/console/media/?q=1"})
    assert (fragment.status_code, fragment.headers["HX-Redirect"]) == (401, "/console/login/?next=/console/media/%3Fq%3D1")
    assert guarded("viewer", AnonymousUser(), **{"HX-Request": "true"}).headers["HX-Redirect"] == "/console/login/?next=/console/"


# --- failed sign-ins ------------------------------------------------------------------------------------------------------
@pytest.fixture(autouse=True)
def _forget() -> None:
    cache.clear()


def sign_in(password: str, name: str = "bob", address: str = "10.0.0.1") -> bool:
    client = Client(REMOTE_ADDR=address)
    client.post("/console/login/", {"username": name, "password": password})
    return "sessionid" in client.cookies


def test_ten_failures_close_the_door_for_this_name_and_address(bob: User, charlie: User) -> None:
    for _ in range(backends.TRIES):
        assert not sign_in("wrong")
    assert not sign_in("password"), "the right one is refused too"
    assert not sign_in("password", "BOB"), "another spelling is the same name"
    assert sign_in("password", "charlie"), "somebody else may"
    assert sign_in("password", address="10.0.0.2"), "another address may"


def test_a_success_forgets_the_failures(bob: User) -> None:
    for _ in range(3):
        for _ in range(backends.TRIES - 1):
            assert not sign_in("wrong")
        assert sign_in("password")


def test_the_blocked_are_told(bob: User) -> None:
    for _ in range(backends.TRIES):
        sign_in("wrong")
    page = Client(REMOTE_ADDR="10.0.0.1").post("/console/login/", {"username": "bob", "password": "password"})
    assert page.status_code == 422
    assert "too many failed tries" in page.content.decode()


def test_the_admins_own_sign_in_is_limited_too(alice: User) -> None:
    for _ in range(backends.TRIES):
        Client().post("/admin/login/", {"username": "alice", "password": "wrong"})
    client = Client()
    client.post("/admin/login/", {"username": "alice", "password": "password"})
    assert "sessionid" not in client.cookies
