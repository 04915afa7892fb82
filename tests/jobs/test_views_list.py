"""The list of jobs: who may see it, filters in the URL and back, pages, live rows, saved views, and many at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from jobs.forms import KINDS
from jobs.models import Job, Pipeline, SavedView

LIST = "/console/jobs/"
HTMX = {"HX-Request": "true", "HX-Target": "results"}


@pytest.fixture
def demo(presets: None) -> None:
    """120 jobs in every state."""
    call_command("seed_demo", "--jobs", "120", "--no-logs")


def rows(response: Any) -> list[str]:
    """Ids of the rows on a page, in order."""
    return re.findall(r'data-row-id="([0-9a-f]{32})"', response.content.decode())


@pytest.mark.parametrize("who", ["alice", "bob", "charlie"])
def test_it_works(who: str, request: pytest.FixtureRequest, demo: None, client_of: Callable[[User | None], Client]) -> None:
    response = client_of(request.getfixturevalue(who)).get(LIST)
    assert response.status_code == 200
    assert len(rows(response)) == 25
    assert "120 jobs" in response.content.decode()


def test_it_sends_strangers_to_the_door(dana: User, client_of: Callable[[User | None], Client]) -> None:
    assert client_of(dana).get(LIST).status_code == 403
    anonymous = client_of(None).get(LIST)
    assert anonymous.status_code == 302
    assert anonymous["Location"] == "/console/login/?next=/console/jobs/"


def test_it_rejects_post(bob: User, client_of: Callable[[User | None], Client]) -> None:
    assert client_of(bob).post(LIST).status_code == 405


def test_a_viewer_sees_no_controls(charlie: User, bob: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    seen, working = client_of(charlie).get(LIST).content.decode(), client_of(bob).get(LIST).content.decode()
    for control in ("data-check-all", 'id="bulk"', reverse("jobs:job_new")):
        assert control in working
        assert control not in seen


def test_filters_go_round(bob: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    """Three filters: the rows are those jobs, the form and the chips show them, and the next page keeps them."""
    response = client_of(bob).get(LIST, {"state": "succeeded", "pipeline": "default", "from": "7d", "size": "25"})
    text = response.content.decode()
    wanted = list(Job.objects.filter(state="succeeded", pipeline__name="default").order_by("-created_at", "-id").values_list("id", flat=True))
    assert rows(response) == wanted[:25]
    assert '<option value="succeeded" selected>' in text
    assert "Last 7 days" in text
    assert text.count('class="c-chip"') == 3
    following = re.search(r'rel="next" href="([^"]+)"', text)
    assert following
    second = client_of(bob).get(LIST + following[1].replace("&amp;", "&"))
    assert rows(second) == wanted[25:50]
    assert second.content.decode().count('class="c-chip"') == 3


def test_paging_forth_and_back_shows_every_job_once(bob: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    client, seen, url = client_of(bob), [], LIST
    for _ in range(10):
        text = client.get(url).content.decode()
        seen += re.findall(r'data-row-id="([0-9a-f]{32})"', text)
        following = re.search(r'rel="next" href="([^"]+)"', text)
        if not following:
            break
        url = LIST + following[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 120
    previous = re.search(r'rel="prev" href="([^"]+)"', text)
    assert previous
    before = client.get(LIST + previous[1].replace("&amp;", "&"))
    assert rows(before) == seen[75:100]


def test_on_phones_the_filters_fold_after_the_search(bob: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    """The fold needs no script: what comes after it is shown while it is open."""
    text = client_of(bob).get(LIST).content.decode()
    bar = text[text.index('class="c-filters c-filters--folded"') : text.index('<div id="results">')]
    places = [bar.index(part) for part in ('name="q"', '<details class="c-filters__fold">', 'name="state"', 'name="from"', 'type="submit"')]
    assert places == sorted(places)


def test_empty_parameters_are_dropped(bob: User, client_of: Callable[[User | None], Client]) -> None:
    response = client_of(bob).get(LIST + "?q=&state=failed&pipeline=&source=")
    assert response.status_code == 302
    assert response["Location"] == "/console/jobs/?state=failed"


@pytest.mark.parametrize("query", ["state=nonsense", "from=yesterday-ish", "after=rubbish", "sort=size", "q=%00", "from=9999999999999999999"])
def test_what_makes_no_sense_is_said(query: str, bob: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    response = client_of(bob).get(f"{LIST}?{query}")
    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()
    assert rows(response) == []


def test_the_fragment_is_a_part_of_the_page(bob: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    response = client_of(bob).get(LIST, {"state": "failed"}, headers=HTMX)
    text = response.content.decode()
    assert text.lstrip().startswith('<div id="results">')
    assert "<html" not in text
    assert {"HX-Request", "HX-Target"} <= {part.strip() for part in response["Vary"].split(",")}


def test_no_match_is_not_first_use(bob: User, pipeline: Pipeline, client_of: Callable[[User | None], Client], presets: None) -> None:
    assert "Nothing processed yet." in client_of(bob).get(LIST).content.decode()
    call_command("seed_demo", "--jobs", "3", "--no-logs")
    text = client_of(bob).get(LIST, {"q": "no such name", "state": "failed"}).content.decode()
    assert "No jobs match these 2 filters." in text
    assert "Nothing processed yet." not in text


def test_it_finds_by_two_chinese_characters(bob: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    found = rows(client_of(bob).get(LIST, {"q": "会议", "size": "100"}))
    assert found
    assert set(found) == set(Job.objects.filter(input_key__contains="会议").values_list("id", flat=True))


def test_held_jobs_say_so(bob: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    call_command("seed_demo", "--jobs", "40", "--only", "queued", "--force", "--no-logs")
    text = client_of(bob).get(LIST, {"pipeline": "night-batch"}).content.decode()
    assert "Held: pipeline paused" in text
    assert 'data-state="queued"' in text


def test_queries_do_not_grow_with_the_page(bob: User, demo: None, client_of: Callable[[User | None], Client], django_assert_max_num_queries: Any) -> None:
    client = client_of(bob)
    client.get(LIST)
    with django_assert_max_num_queries(15 + len(KINDS)):  # each kind has a tab with its number
        assert len(rows(client.get(LIST, {"size": "100"}))) == 100


# --- live rows ------------------------------------------------------------------------------------------------------------
def test_only_changed_rows_come_back(bob: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    first, second = Job.objects.order_by("-created_at")[:2]
    client = client_of(bob)
    known = f"{first.id}.{first.version},{second.id}.{second.version}"
    assert client.get("/console/jobs/rows/", {"rows": known}).status_code == 204
    Job.objects.filter(pk=second.pk).update(version=second.version + 1, state="failed", code="Stalled")
    response = client.get("/console/jobs/rows/", {"rows": known})
    assert response.status_code == 200
    assert rows(response) == [second.id]
    assert "<template>" in response.content.decode()


def test_a_pause_changes_the_rows_it_holds(bob: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    job = Job.objects.filter(state="queued", pipeline__name="default").first()
    assert job
    Pipeline.objects.filter(name="default").update(state="Paused")
    response = client_of(bob).get("/console/jobs/rows/", {"rows": f"{job.id}.{job.version}"})
    assert "Held: pipeline paused" in response.content.decode()


def test_new_jobs_are_counted_and_not_pushed_in(bob: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    newest = Job.objects.order_by("-created_at")[4]
    response = client_of(bob).get("/console/jobs/rows/", {"rows": f"{newest.id}.{newest.version}", "since": newest.created_at.isoformat()})
    assert "4 new jobs." in response.content.decode()
    assert rows(response) == []


@pytest.mark.parametrize("query", [{"rows": "x.y,.,z"}, {"since": "rubbish"}, {"since": "2026-99-99T00:00:00+00:00"}, {"rows": "a" * 5000}])
def test_news_survive_nonsense(query: dict[str, str], bob: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    assert client_of(bob).get("/console/jobs/rows/", query).status_code == 204


# --- saved views ----------------------------------------------------------------------------------------------------------
def test_a_view_is_kept_and_forgotten(charlie: User, bob: User, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(charlie)
    response = client.post("/console/jobs/views/", {"name": "Bad ones", "query": "state=failed&after=abc"})
    assert response["Location"] == "/console/jobs/?state=failed"
    view = SavedView.objects.get(user=charlie)
    assert (view.name, view.query) == ("Bad ones", "state=failed")
    assert 'href="?state=failed"' in client.get(LIST).content.decode()
    assert client_of(bob).post(f"/console/jobs/views/{view.id}/delete/").status_code == 404
    client.post(f"/console/jobs/views/{view.id}/delete/")
    assert not SavedView.objects.exists()


# --- many at once ---------------------------------------------------------------------------------------------------------
def test_bulk_asks_first_and_then_tells(bob: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(bob)
    queued, done = Job.objects.filter(state="queued").first(), Job.objects.filter(state="succeeded").first()
    assert queued
    assert done
    asked = client.post("/console/jobs/bulk/", {"action": "cancel", "id": [queued.id, done.id], "query": "state=queued"})
    assert "Cancel 2 jobs?" in asked.content.decode()
    queued.refresh_from_db()
    assert queued.state == "queued"
    told = client.post("/console/jobs/bulk/", {"action": "cancel", "id": [queued.id, done.id], "query": "state=queued", "confirmed": "1"})
    assert "1 done, 1 refused." in told.content.decode()
    assert 'href="/console/jobs/?state=queued"' in told.content.decode()
    queued.refresh_from_db()
    assert queued.state == "cancelled"


def test_bulk_by_query_resolves_it_anew(bob: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    number = Job.objects.filter(state="queued").count()
    client = client_of(bob)
    asked = client.post("/console/jobs/bulk/", {"action": "priority", "all": "1", "query": "state=queued"})
    assert f"Set the priority of {number} jobs" in asked.content.decode()
    wrong = client.post("/console/jobs/bulk/", {"action": "priority", "all": "1", "query": "state=queued", "confirmed": "1", "priority": "11"})
    assert wrong.status_code == 422
    client.post("/console/jobs/bulk/", {"action": "priority", "all": "1", "query": "state=queued", "confirmed": "1", "priority": "9"})
    assert set(Job.objects.filter(state="queued").values_list("priority", flat=True)) == {9}


@pytest.mark.parametrize("data", [{"action": "cancel"}, {"action": "explode", "id": "x"}, {"action": "cancel", "all": "1", "query": "state=bogus"}])
def test_bulk_without_sense_goes_back(data: dict[str, str], bob: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    response = client_of(bob).post("/console/jobs/bulk/", data)
    assert response.status_code == 302
    assert response["Location"].startswith("/console/jobs/")


def test_bulk_is_for_operators(charlie: User, client_of: Callable[[User | None], Client]) -> None:
    assert client_of(charlie).post("/console/jobs/bulk/", {"action": "cancel"}).status_code == 403
    assert client_of(charlie).get("/console/jobs/bulk/").status_code == 405
