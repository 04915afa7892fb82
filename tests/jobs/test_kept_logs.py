"""Whole logs: files while a program runs, rows afterwards, the same text wherever it is read; and nothing lost or doubled by a crash in between."""

from __future__ import annotations

import os
import random
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import AsyncClient, Client

from jobs import workspace
from jobs.logs import kept as kept_logs
from jobs.logs import reader as log_reader
from jobs.logs.kept import CLAIMED, LEFT_ALONE, PART, KeptLog
from jobs.models import Attempt, LogPart
from jobs.records import Fence
from tests.jobs import rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_logs() -> None:
    """None of an earlier test's."""
    shutil.rmtree(workspace.log_path(""), ignore_errors=True)


def attempt_with(content: bytes, state: str = "succeeded") -> tuple[Attempt, Path, Fence]:
    """An attempt that wrote this log."""
    step = rows.waiting(rows.pipeline())
    name, path = workspace.new_log(step.job_id, 0, 1)
    path.write_bytes(content)
    attempt = Attempt.objects.create(step=step, number=1, worker="n/1", state=state, log_name=name, log_tail=content[-50:].decode(errors="ignore"))
    return attempt, path, Fence(step.job_id, step.pk, 1)


def read(attempt: Attempt) -> bytes:
    with KeptLog(attempt).open() as file:
        return file.read()


def text(lines: int) -> bytes:
    draw = random.Random(5)
    return b"".join(b"[info] line %d %d\r\n" % (n, draw.getrandbits(64)) for n in range(1, lines + 1))


@pytest.mark.parametrize("content", [b"", b"one\ntwo \xff three", text(90_000)])
def test_a_log_reads_the_same_before_and_after_it_was_kept(content: bytes) -> None:
    attempt, path, fence = attempt_with(content)
    before = log_reader.window(KeptLog(attempt)), log_reader.search(KeptLog(attempt), "line 77")
    kept_logs.keep(fence)
    assert not path.exists()
    assert not path.parent.exists()
    if content:
        assert read(attempt) == content
        assert LogPart.objects.count() == -(-len(content) // PART)
        assert (log_reader.window(KeptLog(attempt)), log_reader.search(KeptLog(attempt), "line 77")) == before
        assert not KeptLog(attempt).is_tail
    assert sum(len(part.data) for part in LogPart.objects.all()) <= max(64, len(content))


def test_a_running_attempt_keeps_its_file() -> None:
    attempt, path, fence = attempt_with(b"busy\n", state="running")
    kept_logs.keep(fence)
    os.utime(path, (0, 0))
    kept_logs.tidy()
    assert path.read_bytes() == b"busy\n"
    assert read(attempt) == b"busy\n"


def test_what_a_crash_left_is_kept_by_the_beat_after_a_while() -> None:
    attempt, path, _fence = attempt_with(b"cut off\n", state="lost")
    assert kept_logs.tidy() == 0  # somebody may be about to
    old = time.time() - LEFT_ALONE - 1
    os.utime(path, (old, old))
    assert kept_logs.tidy() == 1
    assert not path.exists()
    assert read(attempt) == b"cut off\n"


@pytest.mark.parametrize("stored", [False, True])
def test_a_crash_while_keeping_loses_and_doubles_nothing(stored: bool) -> None:
    attempt, path, fence = attempt_with(text(100))
    content = path.read_bytes()
    if stored:
        kept_logs.keep(fence)
        path.parent.mkdir()
    claimed = path.with_name(path.name + CLAIMED)
    claimed.write_bytes(content)
    path.unlink(missing_ok=True)
    assert read(attempt) == content
    os.utime(claimed, (0, 0))
    kept_logs.tidy()
    assert read(attempt) == content
    assert not path.parent.exists()


def test_what_a_frozen_worker_writes_later_is_added() -> None:
    attempt, path, fence = attempt_with(b"first\n", state="lost")
    kept_logs.keep(fence)
    path.parent.mkdir()
    path.write_bytes(b"second, longer\n")
    kept_logs.keep(fence)
    assert read(attempt) == b"first\nsecond, longer\n"


def test_logs_of_deleted_jobs_go() -> None:
    attempt, path, _fence = attempt_with(b"x\n")
    attempt.step.job.delete()
    os.utime(path, (0, 0))
    kept_logs.tidy()
    assert not path.parent.exists()
    attempt, path, fence = attempt_with(b"x\n")
    kept_logs.keep(fence)
    attempt.step.job.delete()
    assert not LogPart.objects.exists()


def test_every_host_shows_all_of_it(charlie: User, client_of: Any) -> None:
    content = text(3000)
    attempt, _path, fence = attempt_with(content)
    job = fence.job_id
    kept_logs.keep(fence)
    client: Client = client_of(charlie)
    page = client.get(f"/console/jobs/{job}/log/").content.decode()
    assert "3,000 lines" in page
    assert "Another host" not in page
    download = client.get(f"/console/jobs/{job}/log/download/", {"attempt": attempt.pk})
    assert download.getvalue() == content
    assert download.headers["Content-Length"] == str(len(content))
    part = client.get(f"/api/v1/jobs/{job}/log", {"offset": 10, "limit": 100})
    assert part.content == content[10:110]
    assert part.headers["X-Log-Size"] == str(len(content))


def test_the_download_is_sent_without_a_warning_under_asgi(charlie: User) -> None:
    content = text(3000)
    _attempt, _path, fence = attempt_with(content)
    kept_logs.keep(fence)

    async def download() -> bytes:
        client = AsyncClient()
        await client.aforce_login(charlie)
        response: Any = await client.get(f"/console/jobs/{fence.job_id}/log/download/")
        return b"".join([part async for part in response])

    assert async_to_sync(download)() == content


def test_of_another_hosts_running_program_the_tail_is_shown_and_named_so(charlie: User, client_of: Any) -> None:
    _attempt, path, fence = attempt_with(b"[info] only the end\n", state="running")
    path.unlink()
    page = client_of(charlie).get(f"/console/jobs/{fence.job_id}/log/").content.decode()
    assert "only the end" in page
    assert "Another host is writing this log" in page
