"""A really started Reelmill (``manage.py first_run``, ``manage.py serve``) in a folder of its own; for browser tests, benchmarks and pictures."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TOKEN, PASSWORD = "test-token-4f1c9a", "Test-pass-77!"
KEY_ID, SECRET = "RMAKtestkey4f1c9a", "test-secret-0b7d52e1"
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")
FINAL = {"succeeded", "failed", "cancelled"}


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on just now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@dataclass
class Server:
    """One installation. ``start()`` waits until it is ready; ``stop()`` is Ctrl-C."""

    room: Path
    workers: int = 2
    more: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    ready_seconds: float = 0

    @property
    def data(self) -> Path:
        """Its data folder."""
        return self.room / "data"

    @property
    def base(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What all its processes print."""
        return self.room / "log"

    @property
    def environment(self) -> dict[str, str]:
        """Of the outer shell only what a process needs to run at all."""
        kept = {k: v for k, v in os.environ.items() if k in KEPT}
        ours = {
            "DJANGO_SETTINGS_MODULE": "console.settings",
            "REELMILL_DATA": str(self.data),
            "REELMILL_HOST": "127.0.0.1",
            "REELMILL_PORT": str(self.port),
            "REELMILL_WORKERS": str(self.workers),
            "REELMILL_NODE": "test-node",
            "REELMILL_API_TOKEN": TOKEN,
            "REELMILL_ADMIN_PASSWORD": PASSWORD,
            "REELMILL_ACCESS_KEY_ID": KEY_ID,
            "REELMILL_ACCESS_KEY_SECRET": SECRET,
        }
        return {**kept, **ours, **self.more}

    def manage(self, *arguments: str, seconds: float = 120) -> str:
        """Run one management command to its end; answers what it printed. Raises AssertionError if it fails."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, f"manage.py {' '.join(arguments)}: {done.stdout[-1000:]}{done.stderr[-3000:]}"
        return done.stdout

    def start(self, seconds: float = 180) -> Server:
        """First run (which does nothing the second time), then serve, until /readyz answers 200."""
        begun = time.monotonic()
        self.manage("first_run")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        while self.get_status("/readyz") != 200:
            assert self.process.poll() is None, f"serve ended: {self.tail()}"
            assert time.monotonic() - begun < seconds, f"not ready after {seconds} s: {self.tail()}"
            time.sleep(0.1)
        self.ready_seconds = time.monotonic() - begun
        return self

    def stop(self, seconds: float = 20) -> float:
        """Ctrl-C, as the terminal sends it: SIGINT to the whole group. Answers how long it took, s."""
        if self.process is None:
            return 0
        begun = time.monotonic()
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise AssertionError(f"still running {seconds} s after Ctrl-C: {self.tail()}") from None
        self.process = None
        return time.monotonic() - begun

    def tail(self) -> str:
        """End of its log."""
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""

    # --- its JSON API -----------------------------------------------------------------------------------------------
    def get_status(self, path: str) -> int:
        """Status of a page without signing in; 0 if nobody answers."""
        try:
            with urllib.request.urlopen(self.base + path, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def fetch(self, path: str, *, method: str = "GET", body: Any = None) -> tuple[int, bytes]:
        """(status, bytes) of any path, with the admin's token."""
        request = urllib.request.Request(self.base + path, method=method, headers={"Authorization": f"Bearer {TOKEN}"})
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def api(self, path: str, *, method: str = "GET", body: Any = None) -> tuple[int, Any]:
        """(status, JSON) of a path below /api/v1."""
        status, text = self.fetch(f"/api/v1{path}", method=method, body=body)
        return status, json.loads(text) if text else None

    def put(self, path: Path, key: str = "") -> str:
        """Copy a file into the input bucket by hand; answers its address."""
        target = self.data / "buckets" / "input" / (key or path.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
        return f"oss://input/{key or path.name}"

    def submit(self, source: Any, *outputs: tuple[str, str], **more: Any) -> dict[str, Any]:
        """Submit a transcode, outputs as (template, address). Raises AssertionError unless it was accepted."""
        body = {"kind": "transcode", "input": source, "outputs": [{"template": t, "address": a} for t, a in outputs], **more}
        status, answer = self.api("/jobs", method="POST", body=body)
        assert status == 201, (status, answer)
        return dict(answer)

    def finished(self, job_id: str, seconds: float = 120) -> dict[str, Any]:
        """The job in its final state."""
        end = time.monotonic() + seconds
        while True:
            _, job = self.api(f"/jobs/{job_id}")
            if job["state"] in FINAL:
                return dict(job)
            assert time.monotonic() < end, f"job {job_id} is {job['state']} ({job['phase']}, {job['progress']} %) after {seconds} s: {self.tail()}"
            time.sleep(0.1)

    def object(self, address: str) -> Path:
        """Where an object of a default bucket lies."""
        return self.data / "buckets" / address.removeprefix("oss://")
