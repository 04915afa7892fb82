"""Keyset paging: every row once, in order, in both directions, whatever ties there are."""

from __future__ import annotations

import base64
import datetime as dt
import json

import pytest
from django.contrib.auth.models import Group

from console.lib.paging import capped_count, cursor, page
from jobs.engine.errors import Refused
from jobs.models import Job, Pipeline

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def jobs(pipeline: Pipeline) -> list[Job]:
    """23 jobs; several at the very same time."""
    made = [Job.objects.create(kind="k", pipeline=pipeline, spec={}, input_bucket="b", input_key=str(n)) for n in range(23)]
    for number, job in enumerate(made):
        job.created_at = START + dt.timedelta(microseconds=number // 5)
        job.save(update_fields=["created_at"])
    return made


@pytest.mark.parametrize("order", [("-created_at", "-id"), ("created_at", "id"), ("-created_at", "id"), ("pk",), ("input_key", "pk")])
@pytest.mark.parametrize("size", [1, 4, 22, 23, 100])
def test_forward_and_back(jobs: list[Job], order: tuple[str, ...], size: int) -> None:
    rows = Job.objects.order_by(*order)
    wanted = list(rows)
    pages = [page(rows, size=size)]
    while pages[-1].next:
        pages.append(page(rows, after=pages[-1].next, size=size))
    assert [job for p in pages for job in p.items] == wanted
    assert pages[0].previous is None
    for here, before in zip(pages[:0:-1], pages[-2::-1], strict=True):
        back = page(rows, before=here.previous, size=size)
        assert back.items == before.items
        assert back.next
        assert page(rows, after=back.next, size=size).items == here.items
        assert (back.previous is None) == (before is pages[0])


def test_a_page_stands_still_while_rows_come_and_go(jobs: list[Job], pipeline: Pipeline) -> None:
    rows = Job.objects.order_by("-created_at", "-id")
    first = page(rows, size=5)
    second = page(rows, after=first.next, size=5).items
    Job.objects.create(kind="k", pipeline=pipeline, spec={}, input_bucket="b", input_key="new")
    first.items[-1].delete()
    assert page(rows, after=first.next, size=5).items == second


def test_sizes_are_brought_into_range(jobs: list[Job]) -> None:
    rows = Job.objects.order_by("id")
    assert len(page(rows, size=0).items) == 1
    assert len(page(rows, size=10**9).items) == 23


def encoded(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        "!",
        "e",
        "é",
        "e30",
        encoded([]),
        encoded(["2026-01-01"]),
        encoded(["not a time", "x"]),
        encoded(["2026-01-01T00:00:00", "x"]),
        encoded([None, "x"]),
        encoded([["2026-01-01"], "x"]),
        encoded(["2026-01-01T00:00:00+00:00", "x", "y"]),
        encoded(["2026-01-01T00:00:00+00:00", "a\x00"]),
        encoded(["2026-01-01T00:00:00+00:00", "\ud800"]),
        "W" * 5000,
        "[" * 2000,
    ],
)
def test_what_is_no_cursor_is_refused(db: None, text: str) -> None:
    rows = Job.objects.order_by("-created_at", "-id")
    for place in ("after", "before"):
        with pytest.raises(Refused) as caught:
            page(rows, **{place: text})
        assert caught.value.problems[0].loc == (place,)


def test_numbers_beyond_any_column_are_refused(db: None) -> None:
    with pytest.raises(Refused):
        page(Group.objects.order_by("pk"), after=encoded([2**63]))


def test_cursors_are_short_and_safe_in_addresses(jobs: list[Job]) -> None:
    text = cursor(jobs[0], ("-created_at", "-id"))
    assert text.replace("-", "").replace("_", "").isalnum()
    assert len(text) < 150


def test_counting_stops_at_the_cap(jobs: list[Job]) -> None:
    assert capped_count(Job.objects.all()) == (23, False)
    assert capped_count(Job.objects.all(), 23) == (23, False)
    assert capped_count(Job.objects.all(), 22) == (22, True)
    assert capped_count(Job.objects.none()) == (0, False)
