"""Real S3 servers for tests, started when first asked for, and a line between that can be disturbed.

moto    wide API, knows conditions, checks no signature
rclone  checks signatures, keeps plain files, knows no conditions
"""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

KEY_ID, SECRET = "test-key-id", "test-secret/with+signs-0123456789"
ANSWERS = {"503": (503, "SlowDown"), "expired": (400, "ExpiredToken"), "late": (403, "RequestTimeTooSkewed"), "full": (507, "XMinioStorageFull")}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Server:
    """One server process."""

    def __init__(self, kind: str, folder: Path, port: int = 0, options: Sequence[str] = ()) -> None:
        self.kind, self.folder, self.port, self.options = kind, folder, port or free_port(), options
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        tools = Path(sys.executable).parent
        argv = {
            "moto": [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
            "rclone": [
                str(tools / "rclone"),
                "serve",
                "s3",
                str(self.folder),
                "--addr",
                f"127.0.0.1:{self.port}",
                "--auth-key",
                f"{KEY_ID},{SECRET}",
                *self.options,
            ],
        }[self.kind]
        environment = {"HOME": str(self.folder), "PATH": f"{tools}:/usr/bin:/bin", "RCLONE_CONFIG": str(self.folder / "none.conf")}
        self.process = subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with socket.socket() as trying:
                if trying.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError(f"{self.kind} did not start")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


class Line:
    """A proxy before a server. ``fault(method, path)`` answers «» (pass on), one of ANSWERS, «reset» (half of the answer, then nothing) or «lost» (done, but no answer)."""

    def __init__(self, upstream: int) -> None:
        self.fault: Callable[[str, str], str] = lambda method, path: ""
        self.seen: list[tuple[str, str]] = []
        self.fetched = 0  # bytes of answers to GET
        line = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                if self.headers.get("Expect"):
                    self.send_response_only(100)
                    self.end_headers()
                data = self.rfile.read(length)
                line.seen.append((self.command, self.path))
                fault = line.fault(self.command, self.path)
                if fault in ANSWERS:
                    status, code = ANSWERS[fault]
                    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>the key {KEY_ID}</Message></Error>".encode()
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    if self.command != "HEAD":
                        self.wfile.write(text)
                    return
                upstream_line = http.client.HTTPConnection("127.0.0.1", upstream, timeout=20)
                headers = {name: value for name, value in self.headers.items() if name.lower() not in ("connection", "expect")}
                upstream_line.request(self.command, self.path, body=data, headers=headers)
                answer = upstream_line.getresponse()
                body = answer.read()
                upstream_line.close()
                if fault == "lost":
                    self.close_connection = True
                    self.connection.close()
                    return
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                        self.send_header(name, value)
                shown = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(body))
                self.send_header("Content-Length", shown or "0")
                self.end_headers()
                if fault == "reset":
                    self.wfile.write(body[: len(body) // 2])
                    self.wfile.flush()
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                if self.command != "HEAD":
                    line.fetched += len(body)
                    self.wfile.write(body)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = serve

            def log_message(self, *arguments: Any) -> None:
                """Quiet."""

            def handle(self) -> None:
                try:
                    super().handle()
                except (OSError, ValueError):
                    pass  # the reader went away

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def times(count: int, fault: str, wanted: Callable[[str, str], bool]) -> Callable[[str, str], str]:
    """A fault for the first ``count`` requests that are wanted."""
    left, lock = [count], threading.Lock()

    def decide(method: str, path: str) -> str:
        with lock:
            if left[0] and wanted(method, path):
                left[0] -= 1
                return fault
        return ""

    return decide
