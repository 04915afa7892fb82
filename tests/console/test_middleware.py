"""Language, theme and time zone of the reader; and that every page asks who is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone, translation

from console import middleware
from console.models import Preference

OPEN = {"console:login", "console:logout", "console:appearance"}


def seen(user: Any = None, cookies: dict[str, str] | None = None, **headers: str) -> tuple[str, str, str]:
    """Language, theme and zone that a view sees."""
    found: list[tuple[str, str, str]] = []

    def view(request: HttpRequest) -> HttpResponse:
        found.append((translation.get_language(), request.theme, str(timezone.get_current_timezone())))  # type: ignore[attr-defined]
        return HttpResponse()

    request = RequestFactory().get("/console/", headers=headers)
    request.COOKIES.update({"sessionid": "x"} if user else {}, **(cookies or {}))
    request.user = user or AnonymousUser()
    response = middleware.preferences(view)(request)
    assert response.headers["Content-Language"] == found[0][0]
    return found[0]


def test_the_browsers_language_and_the_servers_zone() -> None:
    assert seen() == ("en", "", "UTC")
    assert seen(**{"Accept-Language": "zh-CN,zh;q=0.9"})[0] == "zh-hans"
    assert seen(**{"Accept-Language": "xx"})[0] == "en"


def test_cookies_come_before_the_browser() -> None:
    cookies = {"django_language": "zh-hans", "theme": "dark", "timezone": "Asia/Shanghai"}
    assert seen(cookies=cookies, **{"Accept-Language": "en"}) == ("zh-hans", "dark", "Asia/Shanghai")


@pytest.mark.parametrize("zone", ["Mars/Base", "../../etc/passwd", "/etc/passwd", "Asia", "a\x00b", "x" * 5000, "é"])
def test_hostile_cookies_are_ignored(zone: str) -> None:
    assert seen(cookies={"django_language": "../x", "theme": '"><script>', "timezone": zone}) == ("en", "", "UTC")


def test_what_a_person_set_comes_first(bob: User) -> None:
    assert seen(bob) == ("en", "", "UTC")
    Preference.objects.create(user=bob, language="zh-hans", theme="dark")
    assert seen(bob, cookies={"django_language": "en", "theme": "light"}) == ("zh-hans", "dark", "UTC")


def test_nothing_of_it_outlives_the_request() -> None:
    with translation.override("en"):
        seen(cookies={"django_language": "zh-hans", "timezone": "Asia/Shanghai"})
        assert translation.get_language() == "en"
        assert str(timezone.get_current_timezone()) == "UTC"


def pages(patterns: Any, prefix: str = "", namespace: str = "") -> Iterator[tuple[str, str, Any]]:
    for entry in patterns:
        if isinstance(entry, URLResolver):
            yield from pages(entry.url_patterns, prefix + str(entry.pattern), entry.namespace or namespace)
        elif isinstance(entry, URLPattern):
            yield f"{namespace}:{entry.name}", prefix + str(entry.pattern), entry.callback


def test_every_page_of_the_console_is_guarded() -> None:
    found = [(name, url, view) for name, url, view in pages(get_resolver().url_patterns) if url.startswith("console/")]
    assert len(found) > 40
    unguarded = [
        name for name, _url, view in found if name not in OPEN and not hasattr(view, "role") and not hasattr(getattr(view, "__wrapped__", None), "role")
    ]
    assert unguarded == []


@pytest.mark.parametrize("path", ["/api/v1/jobs", "/api/v1/pipelines", "/api/v1/me", "/api/v1/openapi.json", "/api/v1/jobs/0123"])
def test_head_is_answered_like_get_without_the_body(path: str, bob: User, api_of: Callable[..., Client], pipeline: object) -> None:
    client = api_of(bob)
    get, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    if path != "/api/v1/jobs/0123":  # its document names the request
        assert head.headers["Content-Length"] == str(len(get.content))
    assert head.headers["Content-Type"] == get.headers["Content-Type"]


def test_head_changes_nothing_and_needs_the_same_rights(client: Client, bob: User, api_of: Callable[..., Client]) -> None:
    assert client.head("/api/v1/jobs").status_code == 401
    assert api_of(bob).head("/api/v1/jobs/0123/cancel").status_code == 405
