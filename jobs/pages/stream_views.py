"""What is told instead of asked: that a job has changed, and that its log has grown, as server-sent events.

Only the fact is told; the page then asks as it does without this, so there is one way in which anything is drawn. A stream holds no database
connection between its looks, lives for minutes (the browser comes again by itself), and ends when the node is about to stop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, NamedTuple

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET

from console.auth import viewer
from jobs import board, workspace
from jobs.found import find
from jobs.models import Job
from jobs.pages.job_page import newest_log
from jobs.states import FINAL

if TYPE_CHECKING:
    from django.http import HttpResponseBase

EVERY = 1.0  # s between two looks
STOP_EVERY = 0.25  # s within which a stopping node is noticed
ALIVE_EVERY = 15.0  # s after which something is sent even if there is nothing to tell: proxies end what is silent
LIFE = 300.0  # s


class Seen(NamedTuple):
    """What a look has found."""

    version: int
    final: bool
    log_size: int


@require_GET
@viewer
def job_stream(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """Events «job» (data: its version), «log» (data: bytes of its newest log on this host) and «end». 204 for a job that is over: browsers then stop asking."""
    job = find(job_id)
    if job.is_final or not isinstance(request, ASGIRequest):
        return HttpResponse(status=204)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(_events(job.id), headers=headers, content_type="text/event-stream")


async def _events(job_id: str) -> AsyncIterator[bytes]:
    await sync_to_async(_give_back)()  # the request's own, which would stay open as long as the answer
    now = time.monotonic()
    until, last_word = now + LIFE, now
    before: Seen | None = None
    yield b"retry: 2000\n\n"
    while time.monotonic() < until and not board.draining():
        seen = await sync_to_async(_look, thread_sensitive=False)(job_id)
        if seen is None:
            return  # the job is gone, or the database does not answer: the browser comes again
        told = b""
        if before and seen.version != before.version:
            told += b"event: job\ndata: %d\n\n" % seen.version
        if before and seen.log_size != before.log_size:
            told += b"event: log\ndata: %d\n\n" % seen.log_size
        if seen.final:
            told += b"event: end\ndata: %d\n\n" % seen.version
        if not told and time.monotonic() - last_word > ALIVE_EVERY:
            told = b": still here\n\n"
        if told:
            last_word = time.monotonic()
            yield told
        if seen.final:
            return
        before = seen
        pause = time.monotonic() + EVERY
        while time.monotonic() < pause and not board.draining():
            await asyncio.sleep(STOP_EVERY)


def _give_back() -> None:
    connection.close()  # the connection of the thread that this runs in


def _look(job_id: str) -> Seen | None:
    """In a thread of its own, whose connection ends with the look."""
    try:
        row = Job.objects.filter(pk=job_id).values_list("version", "state").first()
        if row is None:
            return None
        attempt = newest_log(job_id)
        return Seen(row[0], row[1] in FINAL, _size(attempt.log_name) if attempt else 0)
    except DatabaseError:
        return None
    finally:
        connection.close()


def _size(log_name: str) -> int:
    try:
        return workspace.log_path(log_name).stat().st_size
    except OSError:
        return 0
