"""The charts of the overview: what they count, what they draw, and that they read nothing but indexes."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from console.charts import HEAD, PLOT, ceiling, charts
from console.lib.ids import new_id
from jobs import throughput
from jobs.models import Job, Output, Pipeline
from templates_app.models import Template

OVERVIEW = "/console/"


def ended(pipeline: Pipeline, state: str, ago: dt.timedelta, *, wait: float = 2.0, number: int = 1) -> list[Job]:
    """Jobs in this state, submitted so long ago."""
    at = timezone.now() - ago
    final = state in ("succeeded", "failed", "cancelled")
    jobs = []
    for _ in range(number):
        job = Job.objects.create(kind="transcode", pipeline=pipeline, spec={}, input_bucket="input", input_key="a.mp4", state=state)
        started = at + dt.timedelta(seconds=wait) if state != "queued" else None
        Job.objects.filter(pk=job.pk).update(created_at=at, started_at=started, finished_at=at + dt.timedelta(seconds=wait + 5) if final else None)
        jobs.append(job)
    return jobs


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    cache.clear()


# --- what is counted ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "number", "seconds"), [("24h", 24, 3600), ("7d", 7, 86_400), ("30d", 30, 86_400)])
def test_spans_cover_the_range_without_gaps(name: str, number: int, seconds: int, pipeline: Pipeline) -> None:
    found = throughput.spans(name)
    assert len(found) == number
    assert all(one.end == two.start for one, two in itertools.pairwise(found))
    assert all(span.end.timestamp() - span.start.timestamp() == seconds for span in found)
    assert found[-1].start <= timezone.now() < found[-1].end


@pytest.mark.parametrize("name", throughput.RANGES)
def test_every_job_is_in_the_span_of_its_submission(name: str, pipeline: Pipeline) -> None:
    hour = name == "24h"
    ended(pipeline, "succeeded", dt.timedelta(0), number=3)
    ended(pipeline, "failed", dt.timedelta(hours=5) if hour else dt.timedelta(days=5), number=2)
    ended(pipeline, "cancelled", dt.timedelta(0))
    ended(pipeline, "running", dt.timedelta(0))
    ended(pipeline, "queued", dt.timedelta(0))
    ended(pipeline, "succeeded", dt.timedelta(days=40))
    found = throughput.spans(name)
    assert found[-1].numbers == {"succeeded": 3, "failed": 0, "cancelled": 1}
    assert found[-6].numbers == {"succeeded": 0, "failed": 2, "cancelled": 0}
    assert sum(span.total for span in found) == 6


def test_days_begin_at_midnight_of_the_reader(pipeline: Pipeline) -> None:
    with timezone.override("Asia/Shanghai"):
        assert all((span.start.hour, span.start.utcoffset()) == (0, dt.timedelta(hours=8)) for span in throughput.spans("7d"))


def test_days_of_a_change_of_clocks_have_their_own_length(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    with timezone.override("Europe/Berlin"):
        monkeypatch.setattr(timezone, "localtime", lambda value=None: dt.datetime(2026, 3, 31, 12, tzinfo=timezone.get_current_timezone()))
        lengths = [(span.end.timestamp() - span.start.timestamp()) / 3600 for span in throughput.spans("7d")]
    assert lengths == [24, 24, 24, 24, 23, 24, 24]


def test_a_huge_number_is_counted_no_further(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throughput, "CELL_CAP", 3)
    ended(pipeline, "succeeded", dt.timedelta(0), number=5)
    ended(pipeline, "failed", dt.timedelta(0), number=3)
    last = throughput.spans("24h")[-1]
    assert (last.numbers["succeeded"], last.numbers["failed"], last.capped) == (3, 3, True)
    drawn = charts("24h").throughput
    assert drawn.capped
    assert drawn.columns[-1].numbers[0] == "3+"
    assert drawn.legend[0][2] == "3+"


@pytest.mark.sqlite
def test_counting_reads_only_the_index(pipeline: Pipeline) -> None:
    """With a million jobs this must not touch one row of the table."""
    with CaptureQueriesContext(
        connection,
    ) as caught:
        throughput.spans("30d")
    assert len(caught) == 1
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN QUERY PLAN " + caught[0]["sql"])
        plan = [row[-1] for row in cursor.fetchall() if "jobs_job" in row[-1]]
    assert len(plan) == 90
    assert all("COVERING INDEX job_state_newest (state=? AND" in line for line in plan), set(plan)


# --- pipelines --------------------------------------------------------------------------------------------------------------
def test_queues_tell_depth_and_waits(pipeline: Pipeline) -> None:
    studio = Pipeline.objects.create(name="studio")
    ended(pipeline, "queued", dt.timedelta(minutes=10))
    ended(studio, "queued", dt.timedelta(minutes=3), number=2)
    for wait in range(1, 21):
        ended(pipeline, "succeeded", dt.timedelta(minutes=30), wait=wait)
    ended(pipeline, "succeeded", dt.timedelta(days=3), wait=500)  # before the range
    first, second = throughput.queues(timezone.now() - dt.timedelta(hours=1))
    assert (first.pipeline, first.queued, first.median, first.p95) == (studio, 2, None, None)
    assert (second.pipeline, second.queued, second.median, second.p95) == (pipeline, 1, 10, 19)
    assert second.oldest == pytest.approx(600, abs=60)


def test_only_the_longest_queues_are_drawn(pipeline: Pipeline) -> None:
    for number in range(10):
        ended(Pipeline.objects.create(name=f"p{number}"), "queued", dt.timedelta(0), number=number)
    found = throughput.queues(timezone.now())
    assert [row.pipeline.name for row in found] == ["p9", "p8", "p7", "p6", "p5", "p4"]


@pytest.mark.parametrize(("share", "wanted"), [(0.5, 2.0), (0.95, 4.0), (0.0, 1.0), (1.0, 4.0)])
def test_percentiles_are_values_that_occurred(share: float, wanted: float) -> None:
    assert throughput.percentile([1.0, 2.0, 3.0, 4.0], share) == wanted
    assert throughput.percentile([], share) is None


# --- minutes ----------------------------------------------------------------------------------------------------------------
def test_minutes_of_this_month(pipeline: Pipeline, presets: None, monkeypatch: pytest.MonkeyPatch) -> None:
    version = Template.objects.get(name="mp4-h264-540p").current
    assert version
    good = ended(pipeline, "succeeded", dt.timedelta(0), number=3)
    old, bad = ended(pipeline, "succeeded", dt.timedelta(days=32)), ended(pipeline, "failed", dt.timedelta(0))
    for job in [*good, *old, *bad]:
        common: dict[str, Any] = {"job": job, "template": version, "template_name": "t", "effective": {}, "bucket": "output", "state": job.state}
        Output.objects.create(**common, index=0, key=f"{new_id()}.mp4", media_info={"duration": 90.0})
        Output.objects.create(**common, index=1, key=f"{new_id()}.mp4", media_info={"duration": None})
        Output.objects.create(**common, index=2, key=f"{new_id()}.mp4")
    found = throughput.minutes_this_month()
    assert (found.minutes, found.more) == (4.5, False)
    cache.clear()
    monkeypatch.setattr(throughput, "MINUTES_JOBS", 2)
    found = throughput.minutes_this_month()
    assert (found.minutes, found.more) == (3.0, True)


# --- the drawing ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("number", "wanted"), [(0, 2), (1, 2), (2, 2), (3, 4), (7, 8), (10, 10), (11, 20), (401, 600), (99_999, 100_000)])
def test_the_axis_ends_at_a_round_even_number(number: int, wanted: int) -> None:
    assert ceiling(number) == wanted


def test_the_page_draws_what_was_counted(bob: Any, client_of: Any, pipeline: Pipeline) -> None:
    ended(pipeline, "succeeded", dt.timedelta(0), number=3)
    ended(pipeline, "failed", dt.timedelta(0))
    ended(pipeline, "queued", dt.timedelta(0))
    text = client_of(bob).get(OVERVIEW, {"range": "7d"}).content.decode()
    svgs = [ET.fromstring(svg) for svg in re.findall(r'<svg class="p-chart.*?</svg>', text, re.DOTALL)]  # noqa: S314
    assert len(svgs) == 3
    for svg in svgs:
        labels = svg.attrib["aria-labelledby"].split()
        assert [svg.find("title").attrib["id"], svg.find("desc").attrib["id"]] == labels
        assert svg.find("title").text
        assert svg.find("desc").text
    bars = {bar.attrib["class"].rpartition("--")[2]: bar for bar in svgs[0].iter("rect") if "p-chart__bar--" in bar.attrib["class"]}
    assert set(bars) == {"succeeded", "failed"}
    top = float(bars["failed"].attrib["y"])
    assert top == pytest.approx(HEAD)  # four of at most four: the full height, the failed one on top of the others
    assert float(bars["succeeded"].attrib["y"]) == pytest.approx(HEAD + PLOT / 4)
    assert float(bars["succeeded"].attrib["height"]) == pytest.approx(PLOT * 3 / 4)
    today = timezone.localtime().strftime("%Y-%m-%d")
    assert f"<title>{today}: 3 succeeded, 1 failed, 0 cancelled</title>" in text
    row = re.search(rf"<tr><td[^>]*><a href=\"([^\"]+)\">{today}</a></td>(.*?)</tr>", text)
    assert row
    assert re.findall(r">(\d+)<", row[2]) == ["3", "1", "0"]
    shown = client_of(bob).get(row[1].replace("&amp;", "&")).content.decode()
    assert shown.count("data-row-id=") == 5


@pytest.mark.parametrize(("query", "current"), [({}, "24 hours"), ({"range": "30d"}, "30 days"), ({"range": "<script>"}, "24 hours")])
def test_the_range_is_in_the_address(query: dict[str, str], current: str, charlie: Any, client_of: Any, pipeline: Pipeline) -> None:
    text = client_of(charlie).get(OVERVIEW, query).content.decode()
    assert re.findall(r'href="\?range=\w+#charts" aria-current="true">([^<]+)<', text) == [current]
    assert "No job of this range has ended." in text


def test_a_live_refresh_does_not_count_again(charlie: Any, client_of: Any, pipeline: Pipeline) -> None:
    text = client_of(charlie).get(OVERVIEW, headers={"X-Live": "1"}).content.decode()
    assert 'id="overview"' in text
    assert "p-chart" not in text
    assert "Output minutes this month" in text


def test_the_page_costs_the_same_however_many_jobs_there_are(charlie: Any, client_of: Any, pipeline: Pipeline) -> None:
    client = client_of(charlie)
    client.get(OVERVIEW)
    with CaptureQueriesContext(connection) as few:
        client.get(OVERVIEW)
    for state in ("succeeded", "failed", "cancelled", "queued"):
        ended(pipeline, state, dt.timedelta(minutes=1), number=20)
    client.get(OVERVIEW)
    with CaptureQueriesContext(connection) as many:
        client.get(OVERVIEW)
    assert len(many) <= len(few) + 4  # outputs, pipelines and retries of the rows that are there now
