"""Lists and look-ups of jobs read an index, not a million rows; and what a search looks through is bounded."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone

from jobs import queries
from jobs.engine.errors import Refused
from jobs.models import Job, Node, Output, Pipeline
from jobs.queries import JobFilter
from tests.jobs.rows import _version as a_version
from tests.jobs.rows import waiting


def asked(query: str) -> JobFilter:
    return JobFilter.from_query(QueryDict(query))


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("", "job_newest"),
        ("sort=created", "job_newest"),
        ("state=failed", "job_state_newest"),
        ("kind=mediainfo", "job_kind_newest"),
        ("source=cli", "job_source_newest"),
        ("code=WorkerLost", "job_code_newest"),
        ("pipeline=default", "job_pipeline_newest"),
        ("pipeline=default&state=queued", "job_pipeline_state_newest"),
        ("from=1h", "job_newest"),
    ],
)
def test_each_filter_is_served_by_its_index(pipeline: Pipeline, query: str, index: str) -> None:
    plan = queries.jobs(asked(query)).explain()
    assert f"USING INDEX {index} " in f"{plan} ".replace("\n", " "), plan


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("state=failed&kind=transcode", "job_state_newest (state=?)"),
        ("state=failed&kind=transcode&source=api&sort=created", "job_state_newest (state=?)"),
        ("state=failed&kind=transcode&from=7d", "job_state_newest (state=? AND created_at>?)"),
        ("state=succeeded&kind=mediainfo", "job_kind_newest (kind=?)"),
        ("state=succeeded&kind=sprite&pipeline=default", "job_kind_newest (kind=?)"),
        ("state=failed&kind=transcode&pipeline=default", "job_pipeline_state_newest (pipeline_id=? AND state=?)"),
        ("source=cli&pipeline=default", "job_source_newest (source=?)"),
        ("code=WorkerLost&state=succeeded", "job_code_newest (code=?)"),
        ("media=none&state=succeeded", "jobs_job_media_id"),
        ("state=succeeded,queued&kind=transcode", "job_kind_newest (kind=?)"),
        ("state=succeeded,queued", "USING INDEX job_newest"),
        ("state=failed,running", "job_state_newest (state=?)"),
    ],
)
@pytest.mark.parametrize("few", [5, 5_000])
def test_of_several_filters_the_narrowest_is_served_by_its_index(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, query: str, index: str, few: int) -> None:
    """Whether it is known by its number, or only that its rows go further back."""
    monkeypatch.setattr(queries, "FEW", few)
    monkeypatch.setattr(queries, "SORTED", 380)
    common: dict[str, Any] = {"pipeline": pipeline, "spec": {}, "input_bucket": "input", "input_key": "a", "source": "api"}
    Job.objects.bulk_create(Job(kind="mediainfo" if n % 10 == 3 else "transcode", state="failed" if n % 20 == 0 else "succeeded", **common) for n in range(400))
    plan = queries.jobs(asked(query)).explain()
    assert index in plan, plan


def test_all_combinations_of_filters_find_what_they_say(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """However they are looked up: by an index, by ids, or row by row."""
    other = Pipeline.objects.create(name="studio")
    version = a_version()
    made = []
    for n in range(48):
        job = waiting((pipeline, other)[n % 3 == 0]).job
        values = {"state": ("queued", "failed", "succeeded")[n % 7 % 3], "kind": ("transcode", "sprite")[n % 5 == 0], "source": ("api", "cli")[n % 4 == 0]}
        values |= {"code": "WorkerLost" if values["state"] == "failed" else "", "media_id": "m" if n % 6 == 0 else "", "user_data": f"order {n % 8}"}
        Job.objects.filter(pk=job.pk).update(**values)
        Output.objects.create(
            job=job,
            index=0,
            template=version if n % 2 else None,
            template_name="",
            effective={},
            bucket="b",
            key="k",
            certificate={"x": 1} if n % 3 == 1 else None,
        )
        job.refresh_from_db()
        made.append((n, job))
    wanted: dict[str, Callable[[int, Job], bool]] = {
        "state=failed": lambda n, job: job.state == "failed",
        "state=failed,queued": lambda n, job: job.state in ("failed", "queued"),
        "kind=sprite": lambda n, job: job.kind == "sprite",
        "kind=transcode": lambda n, job: job.kind == "transcode",
        "source=cli": lambda n, job: job.source == "cli",
        "pipeline=studio": lambda n, job: job.pipeline_id == other.pk,
        "code=WorkerLost": lambda n, job: job.code == "WorkerLost",
        "media=m": lambda n, job: job.media_id == "m",
        "certificate=yes": lambda n, job: n % 3 == 1,
        f"template={version.template_id}": lambda n, job: n % 2 == 1,
        "q=ORDER+3": lambda n, job: n % 8 == 3,
        f"q={made[9][1].pk[:12]}": lambda n, job: n == 9,
        "from=1h": lambda n, job: True,
        "to=2000-01-01": lambda n, job: False,
    }
    for few, some in ((4, 3), (1000, 1000)):
        monkeypatch.setattr(queries, "FEW", few)
        monkeypatch.setattr(queries, "SOME", some)
        for number in (1, 2, 3):
            for names in itertools.combinations(wanted, number):
                if len({name.partition("=")[0] for name in names}) == number:
                    expected = [job.pk for n, job in reversed(made) if all(wanted[name](n, job) for name in names)]
                    assert [job.pk for job in queries.matching(asked("&".join(names)))] == expected, names


@pytest.mark.sqlite
def test_what_submit_counts_is_served_by_an_index(pipeline: Pipeline) -> None:
    rows: QuerySet[Job] = Job.objects.filter(pipeline=pipeline, state="queued").order_by()
    assert "job_pipeline_state_newest (pipeline_id=? AND state=?)" in rows.explain()


def test_a_search_looks_through_the_newest_jobs_only(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "WINDOW", 5)
    jobs = [waiting(pipeline).job for _ in range(9)]
    now = timezone.now()
    for number, job in enumerate(jobs):
        Job.objects.filter(pk=job.pk).update(user_data="needle", created_at=now + dt.timedelta(seconds=number))
    assert [job.pk for job in queries.jobs(asked("q=NEEDLE"))] == [job.pk for job in jobs[:3:-1]]
    assert [job.pk for job in queries.jobs(asked(f"q={jobs[0].pk}"))] == [jobs[0].pk], "by id the whole history is searched"
    for since, found in ((7, jobs[:6:-1]), (1, jobs[:3:-1])):  # the later bound counts: that of the filter, or that of the window
        from_ = (now + dt.timedelta(seconds=since)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        assert [job.pk for job in queries.jobs(asked(f"q=needle&from={from_}"))] == [job.pk for job in found]


def test_dates_are_whole_days_of_the_reader(pipeline: Pipeline) -> None:
    job = waiting(pipeline).job
    Job.objects.filter(pk=job.pk).update(created_at=dt.datetime(2026, 3, 1, 23, 30, tzinfo=dt.UTC))

    def found(query: str) -> bool:
        return queries.jobs(asked(query)).exists()

    assert found("from=2026-03-01&to=2026-03-01")
    assert not found("from=2026-03-02")
    with timezone.override("Asia/Shanghai"):
        assert found("from=2026-03-02&to=2026-03-02")
        assert not found("to=2026-03-01")
    assert found("from=2026-03-01T23:30:00Z&to=2026-03-01T23:30:01Z")
    assert not found("to=2026-03-01T23:30:00Z")


def test_all_bad_filters_are_told_together() -> None:
    with pytest.raises(Refused) as caught:
        asked("state=x&state=queued&from=never&sort=-size&q=%00")
    assert sorted(problem.loc[0] for problem in caught.value.problems) == ["from", "q", "sort", "state"]


def test_pipelines_are_found_by_id_and_name(pipeline: Pipeline) -> None:
    assert queries.find_pipeline("default") == queries.find_pipeline(pipeline.id) == pipeline
    for name in ("", "Default", "\x00", "x" * 5000, "\ud800"):
        with pytest.raises(Refused) as caught:
            queries.find_pipeline(name)
        assert caught.value.code == "PipelineNotFound"


def test_nodes_are_alive_for_ten_seconds(db: None) -> None:
    now = timezone.now()
    for name, age, lane in (("a", 1, "main"), ("b", 1, "short"), ("c", 11, "main")):
        Node.objects.create(name=name, groups=[{"lane": lane}], started_at=now, seen_at=now - dt.timedelta(seconds=age))
    assert [node.name for node in queries.alive_nodes()] == ["a", "b"]
    assert [node.name for node in queries.alive_nodes("main")] == ["a"]


@pytest.mark.sqlite
@pytest.mark.parametrize("analysed", [False, True])
def test_retries_are_found_by_an_index_even_after_analyze(pipeline: Pipeline, analysed: bool) -> None:
    Job.objects.bulk_create(Job(kind="transcode", pipeline=pipeline, spec={}, input_bucket="input", input_key="a") for _ in range(3000))
    some = list(Job.objects.values_list("pk", flat=True)[:25])
    with connection.cursor() as cursor:
        if analysed:
            cursor.execute("ANALYZE")
            cursor.execute("ANALYZE sqlite_schema")  # makes this connection read what was just found
        plan = Job.objects.filter(retry_of__in=some).order_by("created_at").explain()
        if analysed:
            cursor.execute("DELETE FROM sqlite_stat1")
            cursor.execute("ANALYZE sqlite_schema")
    assert "SEARCH" in plan, plan
    assert "retry_of" in plan, plan
