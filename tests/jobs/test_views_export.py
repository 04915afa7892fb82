"""The list of jobs as a file, and moving many jobs to another pipeline."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import AsyncClient, Client

from jobs.models import Job, JobEvent, Pipeline, Step
from jobs.pages import export

EXPORT = "/console/jobs/export/"
BULK = "/console/jobs/bulk/"
Clients = Callable[[User | None], Client]


@pytest.fixture
def demo(presets: None) -> None:
    """120 jobs in every state."""
    call_command("seed_demo", "--jobs", "120", "--no-logs")


def table(response: Any) -> list[dict[str, str]]:
    """The rows of a CSV answer."""
    return list(csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"), newline="")))


def newest(**more: Any) -> list[str]:
    """Ids in the order of the list."""
    return list(Job.objects.filter(**more).order_by("-created_at", "-id").values_list("id", flat=True))


def test_csv_has_the_whole_filter_in_the_order_of_the_list(charlie: User, demo: None, client_of: Clients) -> None:
    response = client_of(charlie).get(EXPORT, {"format": "csv", "state": "succeeded", "size": "25"})
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith('attachment; filename="jobs-')
    assert "first" not in response["Content-Disposition"]
    rows = table(response)
    assert [row["id"] for row in rows] == newest(state="succeeded")
    assert len(rows) > 50
    job = Job.objects.get(pk=rows[0]["id"])
    assert rows[0]["input"] == f"oss://{job.input_bucket}/{job.input_key}"
    assert rows[0]["pipeline"] == job.pipeline.name
    assert float(rows[0]["run_seconds"]) == pytest.approx((job.finished_at - job.started_at).total_seconds())
    assert rows[0]["outputs"].splitlines() == [str(output) for output in job.outputs.order_by("index")]


def test_json_lines_are_what_the_api_tells(bob: User, demo: None, client_of: Clients, api_of: Any) -> None:
    response = client_of(bob).get(EXPORT, {"format": "jsonl", "state": "failed"})
    told = [json.loads(line) for line in response.getvalue().decode().splitlines()]
    assert [one["id"] for one in told] == newest(state="failed")
    assert told[0] == api_of(bob).get(f"/api/v1/jobs/{told[0]['id']}").json()


def test_ids_narrow_it_down(bob: User, demo: None, client_of: Clients) -> None:
    chosen = newest()[3:6]
    assert [row["id"] for row in table(client_of(bob).get(EXPORT, {"format": "csv", "id": chosen}))] == chosen


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_pieces_join_without_gaps_and_stop_at_the_cap(form: str, bob: User, demo: None, client_of: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "PIECE", 7)
    monkeypatch.setattr(export, "CAP", 40)
    response = client_of(bob).get(EXPORT, {"format": form})
    text = response.getvalue().decode("utf-8-sig")
    found = [row["id"] for row in csv.DictReader(io.StringIO(text, newline=""))] if form == "csv" else [json.loads(line)["id"] for line in text.splitlines()]
    assert found == newest()[:40]
    assert f"-first-40.{form}" in response["Content-Disposition"]


def test_nothing_matches(bob: User, demo: None, client_of: Clients) -> None:
    assert table(client_of(bob).get(EXPORT, {"q": "no such name"})) == []
    assert client_of(bob).get(EXPORT, {"format": "jsonl", "q": "no such name"}).getvalue() == b""


def test_a_table_program_computes_nothing(bob: User, demo: None, client_of: Clients) -> None:
    job = Job.objects.first()
    assert job
    Job.objects.filter(pk=job.pk).update(user_data='=HYPERLINK("x")', message="@sum\nand, «more»")
    [row] = table(client_of(bob).get(EXPORT, {"id": job.pk}))
    assert (row["user_data"], row["message"]) == ('\'=HYPERLINK("x")', "'@sum\nand, «more»")


def test_it_streams_under_asgi(bob: User, demo: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "PIECE", 50)
    client = AsyncClient()
    client.force_login(bob)

    async def fetch() -> list[bytes]:
        response = await client.get(EXPORT, {"format": "jsonl"})
        assert response.is_async
        return [piece async for piece in response.streaming_content]

    pieces = async_to_sync(fetch)()
    assert [len(piece.splitlines()) for piece in pieces] == [50, 50, 20]
    assert [json.loads(line)["id"] for line in b"".join(pieces).splitlines()] == newest()


@pytest.mark.parametrize("query", [{"format": "xlsx"}, {"format": "csv", "state": "nonsense"}])
def test_what_makes_no_sense_is_said(query: dict[str, str], bob: User, demo: None, client_of: Clients) -> None:
    response = client_of(bob).get(EXPORT, query, follow=True)
    assert response.redirect_chain[0][0] == "/console/jobs/"
    assert "c-toast--error" in response.content.decode()


def test_who_may(dana: User, bob: User, client_of: Clients) -> None:
    assert client_of(dana).get(EXPORT).status_code == 403
    assert client_of(None).get(EXPORT).status_code == 302
    assert client_of(bob).post(EXPORT).status_code == 405


def test_the_selection_is_sent_on_to_its_address(bob: User, demo: None, client_of: Clients) -> None:
    chosen = newest()[:2]
    response = client_of(bob).post(BULK, {"action": "csv", "id": chosen})
    assert response["Location"] == f"{EXPORT}?id={chosen[0]}&id={chosen[1]}&format=csv"
    response = client_of(bob).post(BULK, {"action": "jsonl", "all": "1", "query": "state=failed&size=50&after=x", "id": chosen})
    assert response["Location"] == f"{EXPORT}?state=failed&format=jsonl"
    assert client_of(bob).post(BULK, {"action": "csv"})["Location"] == "/console/jobs/?"


def test_the_list_offers_it(charlie: User, demo: None, client_of: Clients) -> None:
    text = client_of(charlie).get("/console/jobs/", {"state": "failed", "size": "50"}).content.decode()
    assert f'href="{EXPORT}?state=failed&amp;format=csv"' in text
    assert f'href="{EXPORT}?state=failed&amp;format=jsonl"' in text


# --- moving many ----------------------------------------------------------------------------------------------------------
def test_queued_jobs_move_and_others_stay(bob: User, demo: None, client_of: Clients) -> None:
    target = Pipeline.objects.create(name="other")
    queued, done = newest(state="queued", pipeline__name="default")[:3], newest(state="succeeded")[:1]
    client = client_of(bob)
    asked = client.post(BULK, {"action": "move", "id": queued + done})
    assert asked.status_code == 200
    assert '<option value="other">' in asked.content.decode()
    assert "Move 4 jobs to another pipeline" in asked.content.decode()
    text = client.post(BULK, {"action": "move", "id": queued + done, "confirmed": "1", "pipeline": "other"}).content.decode()
    assert "3 done, 1 refused." in text
    assert "Only a queued job can be moved." in text
    assert set(Job.objects.filter(pipeline=target).values_list("id", flat=True)) == set(queued)
    assert set(Step.objects.filter(pipeline=target).values_list("job_id", flat=True)) == set(queued)
    assert JobEvent.objects.filter(job__in=queued, kind="moved", actor="bob").count() == 3


@pytest.mark.parametrize("pipeline", ["", "nowhere"])
def test_a_pipeline_that_is_not_there_moves_nothing(pipeline: str, bob: User, demo: None, client_of: Clients) -> None:
    before = sorted(Job.objects.values_list("id", "pipeline"))
    response = client_of(bob).post(BULK, {"action": "move", "id": newest(state="queued"), "confirmed": "1", "pipeline": pipeline})
    assert response.status_code == 422
    assert sorted(Job.objects.values_list("id", "pipeline")) == before
