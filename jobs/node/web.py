"""The web process: uvicorn on a socket that the supervisor holds, so that clients of a killed web process wait for the next one instead of being refused."""

from __future__ import annotations

import socket
import uuid

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from console.lib.plain_refusal import written
from jobs import board

GRACE_SECONDS = 2
HEAD_BYTES = 128 * 1024  # request line and headers together: SDKs send whole jobs in the query, lines of 64 kB have to go through


DRAIN_BYTES, DRAIN_SECONDS = 32 * 1024 * 1024, 5.0


class Protocol(H11Protocol):
    """Says why it cannot read a request in words that an SDK understands, and lets it finish sending before it hangs up: else the answer would be lost."""

    refused = False
    drained = 0

    def data_received(self, data: bytes) -> None:
        """Forget what comes after a refusal, up to a bound."""
        if not self.refused:
            super().data_received(data)
            return
        self.drained += len(data)
        if self.drained > DRAIN_BYTES:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Called for whatever is not HTTP, and for heads that are too long."""
        held = self.conn.trailing_data[0]
        too_long = len(held) > HEAD_BYTES
        status, code = (414, "RequestURITooLong") if too_long else (400, "InvalidRequest")
        message = f"Request line and headers are longer than {HEAD_BYTES:,} bytes; send parameters in a form." if too_long else msg
        words = held[:2048].split(b" ", 2) if too_long else []
        path = words[1].partition(b"?")[0].decode("latin-1") if len(words) > 1 else "/"
        kind, body = written(path, "", code=code, message=message, request_id=str(uuid.uuid4()).upper())
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
        for event in (h11.Response(status_code=status, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.refused = True
        self.loop.call_later(DRAIN_SECONDS, self.transport.close)


class Server(uvicorn.Server):
    """Says on the board that it serves."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        board.page().web_ready = int(self.started)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError if the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sends small pieces at once only where TCP is named; else 40 ms a request
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(512)
    except BaseException:
        sock.close()
        raise
    return sock


def config() -> uvicorn.Config:
    """How the web process serves."""
    return uvicorn.Config(
        "console.asgi:application",
        http=Protocol,
        lifespan="off",
        ws="none",
        log_level="warning",
        log_config=None,  # Django's logging is set up already
        access_log=False,
        server_header=False,
        h11_max_incomplete_event_size=HEAD_BYTES,
        timeout_graceful_shutdown=GRACE_SECONDS,
        # Otherwise the second request of a kept connection runs in the context of the first, and so in its thread; that thread ends with the first
        # request, and a database connection that the second has opened there is left open.
        reset_contextvars=True,
    )


def run(sock: socket.socket) -> None:
    """Serve until told to stop."""
    Server(config()).run(sockets=[sock])
