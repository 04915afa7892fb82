"""Pages that belong to no app: sign-in, overview, workers, settings, search, keys, and error pages."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory
from django.utils import timezone

from console import views
from console.models import Preference
from jobs.models import Job, Node, Pipeline
from tests.conftest import Buckets

PAGES = ["/console/", "/console/workers/", "/console/settings/me/", "/console/search/", "/console/keys/", "/console/pulse/"]


@pytest.fixture
def node(db: None) -> Node:
    """A node with two groups that was seen just now."""
    now = timezone.now()
    groups = [
        {"lane": "main", "pgid": 4711, "started_at": now.isoformat(), "busy": False},
        {"lane": "short", "pgid": 4712, "started_at": now.isoformat(), "busy": True},
    ]
    return Node.objects.create(
        name="mill-1", groups=groups, capabilities={"encoders": ["libx264", "aac"], "version": "ffmpeg 9"}, version="0.1.0", started_at=now, seen_at=now
    )


@pytest.fixture
def demo(presets: None) -> None:
    """60 jobs in every state."""
    call_command("seed_demo", "--jobs", "60", "--days", "0.5", "--no-logs")


# --- who may see what -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", PAGES)
def test_a_viewer_may_look(path: str, charlie: User, dana: User, client_of: Callable[[User | None], Client]) -> None:
    assert client_of(charlie).get(path).status_code == 200
    assert client_of(dana).get(path).status_code == 403
    assert client_of(None).get(path)["Location"] == f"/console/login/?next={path}"
    if path != "/console/settings/me/":
        assert client_of(charlie).post(path).status_code == 405


def test_every_entry_of_the_navigation_leads_somewhere(charlie: User, pipeline: Pipeline, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(charlie)
    nav = client.get("/console/").content.decode().partition('id="nav"')[2].partition("</nav>")[0]
    links = re.findall(r'<li><a href="([^"]+)"', nav)
    assert len(links) >= 8
    for link in links:
        response = client.get(link)
        assert response.status_code == (403 if link.endswith("/upload/") else 200), link
        if response.status_code == 200:
            text = response.content.decode()
            assert re.search(r"<h1>\s*\S", text), link
            assert re.search(r'l-head__purpose">\s*\S', text), link
            assert nav.count("aria-current") == 1


def test_an_expired_session_tells_htmx_where_to_go(client_of: Callable[[User | None], Client]) -> None:
    response = client_of(None).get("/console/pulse/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/console/jobs/?state=failed"})
    assert response.status_code == 401
    assert response["HX-Redirect"] == "/console/login/?next=/console/jobs/%3Fstate%3Dfailed"


# --- sign-in ------------------------------------------------------------------------------------------------------------------
def test_signing_in_leads_on(bob: User, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(None)
    assert 'value="/console/jobs/?state=failed"' in client.get("/console/login/?next=/console/jobs/%3Fstate%3Dfailed").content.decode()
    response = client.post("/console/login/", {"username": "bob", "password": "password", "next": "/console/jobs/?state=failed"})
    assert response["Location"] == "/console/jobs/?state=failed"
    assert client.get("/console/login/").status_code == 302
    assert client.post("/console/logout/")["Location"] == "/console/login/"
    assert client.get("/console/").status_code == 302


@pytest.mark.parametrize("data", [{}, {"username": "bob"}, {"username": "bob", "password": "wrong"}, {"username": "b\x00", "password": "x"}])
def test_a_wrong_password_is_said(data: dict[str, str], bob: User, client_of: Callable[[User | None], Client]) -> None:
    response = client_of(None).post("/console/login/", data)
    assert response.status_code == 422
    text = response.content.decode()
    assert "data-error-summary" in text
    if data.get("username") == "bob":
        assert 'value="bob"' in text
    assert "wrong" not in text.partition("<form")[2]


def test_signing_in_never_leads_away(bob: User, client_of: Callable[[User | None], Client]) -> None:
    response = client_of(None).post("/console/login/", {"username": "bob", "password": "password", "next": "//evil.example/"})
    assert response["Location"] == "/console/"


def test_signing_out_needs_a_post(bob: User, client_of: Callable[[User | None], Client]) -> None:
    assert client_of(bob).get("/console/logout/").status_code == 405


# --- language and looks ---------------------------------------------------------------------------------------------------------
def test_the_theme_is_in_the_first_html(bob: User, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(bob)
    assert "data-theme" not in client.get("/console/").content.decode().partition(">")[2].partition(">")[0]
    assert client.post("/console/appearance/", {"theme": "dark", "next": "/console/jobs/?q=a"})["Location"] == "/console/jobs/?q=a"
    assert 'data-theme="dark"' in client.get("/console/").content.decode()
    assert Preference.objects.get(user=bob).theme == "dark"
    client.post("/console/appearance/", {"theme": "system"})
    assert 'data-theme="dark"' not in client.get("/console/").content.decode()
    client.post("/console/appearance/", {"theme": "<script>", "language": "xx"})
    assert Preference.objects.get(user=bob).theme == ""


def test_anonymous_people_choose_too(client_of: Callable[[User | None], Client], db: None) -> None:
    client = client_of(None)
    client.post("/console/appearance/", {"theme": "light", "language": "zh-hans"})
    text = client.get("/console/login/").content.decode()
    assert '<html lang="zh-Hans" data-theme="light"' in text


def test_my_settings(charlie: User, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(charlie)
    wrong = client.post("/console/settings/me/", {"language": "xx", "page_size": "7"})
    assert wrong.status_code == 422
    assert not Preference.objects.exists()
    assert client.post("/console/settings/me/", {"language": "en", "theme": "dark", "page_size": "50", "keep_live": "on"}).status_code == 302
    saved = Preference.objects.get(user=charlie)
    assert (saved.language, saved.theme, saved.page_size, saved.keep_live, saved.shortcuts) == ("en", "dark", 50, True, False)
    text = client.get("/console/jobs/").content.decode()
    assert "data-keep-live" in text
    assert "data-shortcuts" not in text


# --- overview ---------------------------------------------------------------------------------------------------------------------
def test_the_overview_shows_what_needs_somebody(charlie: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    text = html.unescape(client_of(charlie).get("/console/").content.decode())
    failed = Job.objects.filter(state="failed", created_at__gte=timezone.now() - dt.timedelta(hours=24))
    assert failed.exists()
    for code in set(failed.values_list("code", flat=True)):
        assert re.search(rf"{failed.filter(code=code).count()} jobs? failed: {code}", text)
        those = failed.filter(code=code)
        list_of_them = f"?state=failed&from=24h&code={code}"
        assert (f'href="/console/jobs/{those[0].id}/">Show' in text, list_of_them in text) == ((True, False) if those.count() == 1 else (False, True))
    assert "No worker is online" in text
    assert "Nothing needs you." not in text


def test_nothing_needs_you(charlie: User, node: Node, pipeline: Pipeline, buckets: Buckets, client_of: Callable[[User | None], Client]) -> None:
    assert "Nothing needs you." in client_of(charlie).get("/console/").content.decode()
    Node.objects.update(seen_at=timezone.now() - dt.timedelta(seconds=60))
    assert "Node mill-1 does not answer" in client_of(charlie).get("/console/").content.decode()


def test_a_pause_is_told_on_the_overview_the_list_and_the_form(bob: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    call_command("seed_demo", "--jobs", "14", "--only", "queued", "--force", "--no-logs")
    client = client_of(bob)
    for path in ("/console/", "/console/jobs/", "/console/jobs/new/transcode/"):
        banner = client.get(path).content.decode().partition("c-banner--paused")[2].partition("</div>")[0]
        assert "night-batch" in banner, path
        assert "disk swap" in banner
        assert "Resume" in banner


def test_a_paused_default_pipeline_is_told_before_anything_waits(bob: User, pipeline: Pipeline, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(bob)
    assert "c-banner--paused" not in client.get("/console/").content.decode()
    Pipeline.objects.create(name="spare", state=Pipeline.State.PAUSED)  # nothing waits in it, and nothing will unless somebody names it
    client.post(f"/console/pipelines/{pipeline.id}/pause/", {"reason": "disk swap"})
    for path in ("/console/", "/console/jobs/new/transcode/"):
        page = client.get(path).content.decode()
        assert page.count("c-banner--paused") == 1, path
        assert "disk swap. New jobs will wait." in page
        assert "spare" not in page.partition("c-banner--paused")[2].partition("</form>")[0]


def test_the_checklist_goes_when_told(charlie: User, bob: User, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(charlie)
    assert "First steps" in client.get("/console/").content.decode()
    client.post("/console/checklist/")
    assert "First steps" not in client.get("/console/").content.decode()
    assert "First steps" in client_of(bob).get("/console/").content.decode()
    assert client.get("/console/checklist/").status_code == 405


def test_news_of_the_overview_are_a_part(charlie: User, client_of: Callable[[User | None], Client]) -> None:
    text = client_of(charlie).get("/console/", headers={"X-Live": "1", "HX-Request": "true"}).content.decode().strip()
    assert text.startswith('<div id="overview"')
    assert "<html" not in text


# --- workers ------------------------------------------------------------------------------------------------------------------------
def test_the_workers_page(charlie: User, node: Node, demo: None, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(charlie)
    text = client.get("/console/workers/").content.decode()
    for said in ("mill-1", "libx264", "4711", "2 groups, 1 free", 'data-state="online"'):
        assert said in text
    assert "2 workers" in client.get("/console/pulse/").content.decode()
    assert "Programs" not in text  # a node of an older version does not tell them
    Node.objects.update(capabilities={"encoders": ["libx264"], "filters": ["zscale"], "programs": ["fdkaac"], "sandbox": {"network": True}})
    text = client.get("/console/workers/").content.decode()
    for said in ("zscale", "fdkaac", "FFmpeg filters", "Programs", "Main lane"):
        assert said in text
    Node.objects.update(seen_at=timezone.now() - dt.timedelta(minutes=5))
    assert 'data-state="offline"' in client.get("/console/workers/").content.decode()
    assert "No worker online" in client.get("/console/pulse/").content.decode()


# --- search -------------------------------------------------------------------------------------------------------------------------
def test_a_whole_id_opens_the_job(charlie: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    job = Job.objects.first()
    assert job
    assert client_of(charlie).get("/console/search/", {"q": job.id.upper()})["Location"] == f"/console/jobs/{job.id}/"


def test_it_finds_pages_jobs_and_media(bob: User, charlie: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(bob)
    headers = {"HX-Request": "true", "HX-Target": "palette-results"}
    text = (
        client.get("/console/search/", {"q": "会议"}, headers=headers).content.decode()
        + client.get("/console/search/", {"q": "第十二集"}, headers=headers).content.decode()
    )
    assert "<html" not in text
    assert "/console/jobs/" in text
    assert "/console/media/" in text
    assert "New transcode job" in client.get("/console/search/", {"q": "transc"}, headers=headers).content.decode()
    assert "New transcode job" not in client_of(charlie).get("/console/search/", {"q": "transc"}, headers=headers).content.decode()
    assert "Nothing found." in client.get("/console/search/", {"q": "\x00zzz\ud800".encode("utf-8", "surrogatepass")}, headers=headers).content.decode()


def test_keys_are_a_page_and_a_dialog(charlie: User, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(charlie)
    assert "<html" in client.get("/console/keys/").content.decode()
    dialog = client.get("/console/keys/", headers={"HX-Request": "true", "HX-Target": "dialog-body"}).content.decode()
    assert "<html" not in dialog
    assert 'id="dialog-title"' in dialog


# --- when something goes wrong ------------------------------------------------------------------------------------------------------
def test_error_pages_differ_and_name_the_request(charlie: User, dana: User, client_of: Callable[[User | None], Client]) -> None:
    missing = client_of(charlie).get("/console/nope/", headers={"X-Request-Id": "abc-123"})
    assert missing.status_code == 404
    assert "abc-123" in missing.content.decode()
    refused = client_of(dana).get("/console/jobs/")
    assert refused.status_code == 403
    assert "viewer" in refused.content.decode().lower()
    titles = {re.search(r"<h1>(.*?)</h1>", page.content.decode(), re.DOTALL)[1].strip() for page in (missing, refused)}  # type: ignore[index]
    assert len(titles) == 2


def test_the_500_page_reads_no_database(rf: RequestFactory, django_assert_num_queries: Any, db: None) -> None:
    request = rf.get("/console/")
    request.id = "deadbeef"  # type: ignore[attr-defined]
    with django_assert_num_queries(0):
        response = views.server_error(request)
    assert response.status_code == 500
    assert "deadbeef" in response.content.decode()


# --- what holds for every page --------------------------------------------------------------------------------------------------------
INLINE = re.compile(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=|javascript:|hx-on|hx-vals=.js:", re.IGNORECASE)


def test_no_page_has_anything_inline(alice: User, demo: None, node: Node, client_of: Callable[[User | None], Client]) -> None:
    """The policy forbids it; a browser would only complain where nobody looks."""
    client = client_of(alice)
    job = Job.objects.filter(state="failed").first()
    assert job
    paths = [
        "/console/",
        "/console/login/",
        "/console/jobs/",
        "/console/jobs/new/transcode/",
        "/console/jobs/new/snapshot/",
        "/console/jobs/new/mediainfo/",
        "/console/workers/",
        "/console/settings/me/",
        "/console/nope/",
    ]
    paths += [f"/console/jobs/{job.id}/{tab}" for tab in ("", "log/", "parameters/", "timeline/", "raw/", "cancel/", "retry/", "priority/")]
    for path in paths:
        response = client.get(path)
        assert not (found := INLINE.search(response.content.decode())), f"{path}: {found and found[0]}"
        assert "script-src 'self'" in response["Content-Security-Policy"]
        assert "unsafe" not in response["Content-Security-Policy"]


def test_every_control_has_a_name(alice: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    """Fields have labels, icon-only buttons and links have words for those who hear the page."""
    client = client_of(alice)
    job = Job.objects.filter(state="failed").first()
    assert job
    for path in (
        "/console/",
        "/console/jobs/",
        "/console/jobs/new/transcode/",
        f"/console/jobs/{job.id}/",
        f"/console/jobs/{job.id}/log/",
        "/console/settings/me/",
    ):
        text = client.get(path).content.decode()
        labelled = set(re.findall(r'<label[^>]* for="([^"]+)"', text))
        for tag in re.findall(r"<(?:input|select|textarea) [^>]*>", text):
            attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
            if attributes.get("type") in ("hidden", "submit") or "aria-label" in attributes:
                continue
            before = text[: text.index(tag)]
            assert attributes.get("id") in labelled or before.rfind("<label") > before.rfind("</label"), f"{path}: {tag}"
        for attributes, inner in re.findall(r"<(?:button|a|summary) ([^>]*)>(.*?)</(?:button|a|summary)>", text, re.DOTALL):
            words = re.sub(r"<svg.*?</svg>|<[^>]+>", "", inner, flags=re.DOTALL).strip()
            assert words or "aria-label=" in attributes, f"{path}: {attributes}"
        ids = re.findall(r'\sid="([^"]+)"', text)
        assert len(ids) == len(set(ids)), f"{path}: {[i for i in ids if ids.count(i) > 1]}"


# --- demonstration data -----------------------------------------------------------------------------------------------------------------
def test_demonstration_data_is_not_mixed_into_real_jobs(demo: None) -> None:
    assert set(Job.objects.values_list("state", flat=True)) == {"queued", "running", "succeeded", "failed", "cancelled"}
    with pytest.raises(CommandError, match="--force"):
        call_command("seed_demo")
    assert Job.objects.count() == 60
