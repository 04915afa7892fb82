"""A real HTTP address on loopback that messages are sent to: it keeps what it gets and answers what it is told to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Listener:
    """``answers``: statuses for the next requests, then 200. ``got``: path, headers (lower case) and body of each request."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    wait: float = 0.0
    location: str = ""
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Listener]:
    """Runs one until the block ends."""
    ear = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            ear.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            time.sleep(ear.wait)
            self.send_response(ear.answers.pop(0) if ear.answers else 200)
            if ear.location:
                self.send_header("Location", ear.location)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    ear.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield ear
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
