"""Watching a child: pipes, stop, status, usage."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from jobs.ffmpeg.supervise import supervise


def python(code: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def never() -> str:
    return ""


def ignore(data: bytes) -> None:
    pass


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_both_pipes_are_drained_at_once():
    out, err = bytearray(), bytearray()
    process = python("import os\nfor n in range(200): os.write(2, b'e' * 20_000); os.write(1, b'o' * 10_000)")
    ended = supervise(process, on_stdout=out.extend, on_stderr=err.extend, tick=never)
    assert (ended.exit_code, ended.stopped, len(out), len(err)) == (0, "", 2_000_000, 4_000_000)


@pytest.mark.parametrize(("code", "status"), [("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 11)", -11)])
def test_the_status_is_told_as_it_was(code, status):
    assert supervise(python(code), on_stdout=ignore, on_stderr=ignore, tick=never).exit_code == status


@pytest.mark.parametrize("size", [30_000_000, 600_000_000])  # smaller and larger than this test run
def test_usage_is_measured(size):
    # half a second of work once the memory is there: filling it may take that long by itself, and it is looked at only now and then
    code = f"import time; a = b'x' * {size}; end = time.process_time() + 0.5\nwhile time.process_time() < end: pass"
    ended = supervise(python(code), on_stdout=ignore, on_stderr=ignore, tick=never)
    assert 0.5 <= ended.cpu_seconds < 30
    assert size < ended.max_rss_bytes < size + 40_000_000


def test_a_stop_that_is_ignored_becomes_a_kill():
    seen = bytearray()
    process = python(
        "import os, signal, time; signal.signal(signal.SIGTERM, lambda *a: os.write(1, b'no')); os.write(1, b'ready'); time.sleep(60); time.sleep(60)"
    )
    ended = supervise(process, on_stdout=seen.extend, on_stderr=ignore, tick=lambda: "stopped" if b"ready" in seen else "")
    assert (ended.stopped, ended.exit_code, bytes(seen)) == ("stopped", -signal.SIGKILL, b"readyno")


def test_a_frozen_child_can_be_stopped():
    process = python("import time; time.sleep(60)")
    os.kill(process.pid, signal.SIGSTOP)
    ended = supervise(process, on_stdout=ignore, on_stderr=ignore, tick=lambda: "stopped")
    assert (ended.stopped, ended.exit_code < 0) == ("stopped", True)
    assert gone(process.pid)


def test_nothing_is_left_when_a_callback_raises():
    def refuse(data: bytes) -> None:
        raise KeyError("mine")

    process = python("import os, time; os.write(1, b'x'); time.sleep(60)")
    with pytest.raises(KeyError, match="mine"):
        supervise(process, on_stdout=refuse, on_stderr=ignore, tick=never)
    assert gone(process.pid)


def test_a_pipe_that_a_grandchild_keeps_open_does_not_hold_us():
    code = "import os, time\nif os.fork() == 0: time.sleep(8)"
    assert supervise(python(code), on_stdout=ignore, on_stderr=ignore, tick=never).exit_code == 0
