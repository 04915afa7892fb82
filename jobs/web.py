"""The web process: uvicorn on a socket that the supervisor holds, so that clients of a killed web process wait for the next one instead of being refused."""

from __future__ import annotations

import socket

import uvicorn

from jobs import board

GRACE_SECONDS = 2


class Server(uvicorn.Server):
    """Says on the board that it serves."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        board.page().web_ready = int(self.started)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError if the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(512)
    except BaseException:
        sock.close()
        raise
    return sock


def run(sock: socket.socket) -> None:
    """Serve until told to stop."""
    config = uvicorn.Config(
        "console.asgi:application",
        lifespan="off",
        ws="none",
        log_level="warning",
        log_config=None,  # Django's logging is set up already
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    Server(config).run(sockets=[sock])
