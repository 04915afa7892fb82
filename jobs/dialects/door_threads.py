"""RPC calls under ASGI: answered by a few threads that keep their database connections.

Django gives every request a thread and a connection of its own. For calls that take a few milliseconds, and come by the hundred, opening the connection
would cost as much as the answer.
"""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import structlog
from django.core.handlers.asgi import ASGIRequest
from django.db import DEFAULT_DB_ALIAS, connections

from console.lib.ids import new_id
from jobs.dialects import door_rpc
from jobs.dialects.door import is_rpc

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
LOOK_AFTER = 5.0  # s
THREADS = 12  # some calls wait for a worker; each thread that was ever needed keeps one connection


class DoorThreads:
    """Answers RPC calls, hands everything else on."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="door")
        self._open: dict[int, tuple[BaseDatabaseWrapper, float]] = {}

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["path"] not in ("", "/") or not is_rpc(ASGIRequest(dict(scope), io.BytesIO())):
            await self.app(scope, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return  # nobody is there to be answered, and nothing was done
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        status, headers, answer = await asyncio.get_running_loop().run_in_executor(self._pool, self._answer, dict(scope), body)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def close(self) -> None:
        """End the threads and their connections."""
        self._pool.shutdown(wait=True)
        for kept, _since in self._open.values():
            kept.inc_thread_sharing()
            kept.close()
        self._open.clear()

    def _answer(self, scope: dict[str, Any], body: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """In a thread of the pool: answer with its connection, which is made anew if it broke."""
        self._ready()
        request = ASGIRequest(scope, io.BytesIO(body))
        request.id = new_id()  # type: ignore[attr-defined]
        with structlog.contextvars.bound_contextvars(request_id=request.id):  # type: ignore[attr-defined]
            response = door_rpc.answer(request)
        if response.status_code >= 500:
            connections[DEFAULT_DB_ALIAS].close()  # it may be what failed
        headers = [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
        return response.status_code, headers, response.content

    def _ready(self) -> None:
        """This thread's connection: looked at after a pause, for a server of databases may have ended it."""
        mine, now = threading.get_ident(), time.monotonic()
        kept, since = self._open.get(mine, (connections[DEFAULT_DB_ALIAS], now))
        if now - since > LOOK_AFTER and kept.connection is not None and not kept.is_usable():
            kept.close()
        self._open[mine] = (kept, now)
