"""Streams of news: what they tell, that they hold nothing, and that they end."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import User
from django.db import connection
from django.test import AsyncClient

from jobs import board, transitions, workspace
from jobs.models import Attempt, Job, Step
from jobs.pages import stream_views
from tests.jobs import rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(stream_views, "EVERY", 0.05)
    monkeypatch.setattr(stream_views, "STOP_EVERY", 0.02)
    yield
    board.page().draining = 0


def running() -> Step:
    step = rows.waiting(rows.pipeline())
    Job.objects.filter(pk=step.job_id).update(state="running")
    return step


async def opened(user: User, job_id: str) -> Any:
    client = AsyncClient()
    await client.aforce_login(user)
    return await client.get(f"/console/jobs/{job_id}/stream/")


def test_changes_growth_and_the_end_are_told(charlie: User) -> None:
    step = running()
    name, path = workspace.new_log(step.job_id, 0, 1)
    path.write_bytes(b"one\n")
    Attempt.objects.create(step=step, number=1, worker="n/1", log_name=name)

    def work() -> None:
        try:
            time.sleep(0.3)
            path.write_bytes(b"one\ntwo\n")
            time.sleep(0.3)
            transitions.change(step.job_id, progress=50)
            time.sleep(0.3)
            transitions.change(step.job_id, state="failed", progress=60)
        finally:
            connection.close()

    async def read() -> list[str]:
        response = await opened(charlie, step.job_id)
        assert response.headers["Content-Type"] == "text/event-stream"
        threading.Thread(target=work).start()
        text = b"".join([part async for part in response]).decode()
        return [line for line in text.split("\n") if line.startswith(("event", "data"))]

    told = async_to_sync(read)()
    assert told == ["event: log", "data: 8", "event: job", "data: 1", "event: job", "data: 2", "event: end", "data: 2"]


def test_a_finished_job_has_no_stream(charlie: User) -> None:
    step = running()
    Job.objects.filter(pk=step.job_id).update(state="failed")
    assert async_to_sync(opened)(charlie, step.job_id).status_code == 204


def test_who_may_not_look_hears_nothing(dana: User) -> None:
    assert async_to_sync(opened)(dana, running().job_id).status_code == 403


def test_a_stopping_node_ends_its_streams(charlie: User) -> None:
    step = running()

    async def read() -> float:
        response = await opened(charlie, step.job_id)
        parts = aiter(response)
        assert (await anext(parts)).startswith(b"retry")
        asyncio.get_running_loop().call_later(0.2, lambda: setattr(board.page(), "draining", 1))
        begun = time.monotonic()
        assert [part async for part in parts] == []
        return time.monotonic() - begun

    assert async_to_sync(read)() < 2


def test_a_stream_holds_no_connection_between_its_looks(charlie: User, monkeypatch: pytest.MonkeyPatch) -> None:
    step = running()
    open_after: list[bool] = []
    look = stream_views._look

    def looking(job_id: str) -> Any:
        try:
            return look(job_id)
        finally:
            open_after.append(connection.connection is not None)
            board.page().draining = int(len(open_after) > 2)

    monkeypatch.setattr(stream_views, "_look", looking)

    async def read() -> bool:
        response = await opened(charlie, step.job_id)
        parts = aiter(response)
        await anext(parts)
        of_request = await sync_to_async(lambda: connection.connection is not None)()
        async for _ in parts:
            pass
        return of_request

    assert async_to_sync(read)() is False
    assert len(open_after) > 2
    assert not any(open_after)


def test_it_comes_again_after_its_life(charlie: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_views, "LIFE", 0.2)
    step = running()

    async def read() -> list[bytes]:
        return [part async for part in await opened(charlie, step.job_id)]

    assert async_to_sync(read)() == [b"retry: 2000\n\n"]
