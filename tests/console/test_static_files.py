"""Static files and the bodies of answers, as a real server of ours sends them."""

from __future__ import annotations

import asyncio
import re
import warnings
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import AsyncClient, Client, RequestFactory, override_settings

from console import static_files
from console.views import server_error

FILE = "console/app.css"


@pytest.fixture
def served(tmp_path: Path) -> Any:
    """The site with static files that were collected."""
    with override_settings(STATIC_ROOT=str(tmp_path / "static")):
        call_command("collectstatic", interactive=False, verbosity=0)
        yield static_files.StaticFiles


def content() -> bytes:
    return Path(str(finders.find(FILE))).read_bytes()


def test_a_file_is_sent_without_a_warning_under_asgi(served: Any) -> None:
    async def get(**headers: str) -> tuple[int, bytes, str]:
        response: Any = await AsyncClient().get(f"/static/{FILE}", headers=headers)
        body = b"".join([part async for part in response]) if response.streaming else response.content
        response.close()
        return response.status_code, body, response.headers.get("Content-Length", "")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole = asyncio.run(get())
        part = asyncio.run(get(range="bytes=10-19"))
        behind = asyncio.run(get(range=f"bytes={len(content())}-"))
    assert whole == (200, content(), str(len(content())))
    assert part == (206, content()[10:20], "10")
    assert behind[0] == 416


def test_the_other_answers_of_whitenoise_stay(served: Any, client: Client) -> None:
    response = client.get(f"/static/{FILE}")
    assert response.getvalue() == content()
    assert response.headers["Content-Type"].startswith("text/css")
    assert client.get(f"/static/{FILE}", headers={"if-none-match": response.headers["ETag"]}).status_code == 304
    head = client.head(f"/static/{FILE}")
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(content())))
    assert client.post(f"/static/{FILE}").status_code == 405


def test_the_page_for_our_own_faults_names_the_icon(client: Client) -> None:
    page = server_error(RequestFactory().get("/")).content.decode()
    assert re.search(r'<link rel="icon" href="[^"]+icon[^"]*\.svg"', page)


def test_pages_that_name_no_icon_have_one_too(served: Any, client: Client) -> None:
    """Django's admin, for one: browsers ask for this address then."""
    told = client.get("/favicon.ico")
    assert told.status_code == 302
    icon = client.get(told.headers["Location"])
    assert (icon.status_code, icon.headers["Content-Type"]) == (200, "image/svg+xml")
