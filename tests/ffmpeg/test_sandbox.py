"""The one starter: what a media program gets, and what it does not."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from jobs.ffmpeg import sandbox
from jobs.ffmpeg.limits import MIB, Limits, for_encode, for_probe
from tests.ffmpeg.conftest import PICTURE

ROOT = Path(__file__).resolve().parents[2]
ENDLESS = ("-nostdin", "-v", "error", "-re", "-stream_loop", "-1", *PICTURE, "-i", "input", "-c:v", "libx264", "-preset", "ultrafast", "-f", "null", "none")
needs = sandbox.protections()


@pytest.fixture
def running(room, tools, monkeypatch):
    """An ffmpeg at work, started by the sandbox; ended afterwards."""
    monkeypatch.setenv("REELMILL_SECRET_KEY", "never-to-be-seen")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/nowhere")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    process = sandbox.start(tools.ffmpeg, ENDLESS, cwd=room, limits=Limits(2048 * MIB, 30, 5 * MIB, 80), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{process.pid}/exe").readlink() != Path(tools.ffmpeg).resolve() and time.monotonic() < deadline:
        time.sleep(0.01)
    yield process
    process.kill()
    process.wait(10)


def proc(process, name: str) -> str:
    return Path(f"/proc/{process.pid}/{name}").read_text()


def test_nothing_is_inherited_from_our_environment(running, room):
    found = dict(row.split("=", 1) for row in proc(running, "environ").split("\0") if row)
    assert found == {"PATH": sandbox.SEARCH, "LANG": "C.UTF-8", "HOME": str(room), "TMPDIR": str(room)}


def test_its_input_is_closed_and_it_stays_in_our_group(running):
    assert Path(f"/proc/{running.pid}/fd/0").readlink() == Path("/dev/null")
    assert os.getpgid(running.pid) == os.getpgrp()
    assert os.getsid(running.pid) == os.getsid(0)


@pytest.mark.skipif(not needs.limits, reason="no prlimit here")
def test_the_kernel_holds_its_limits(running):
    rows = {row[:26].strip(): row[26:].split()[:2] for row in proc(running, "limits").splitlines()}
    assert rows["Max address space"] == [str(2048 * MIB)] * 2
    assert rows["Max cpu time"] == ["30", "35"]
    assert rows["Max file size"] == [str(5 * MIB)] * 2
    assert rows["Max open files"] == ["80", "80"]
    assert rows["Max core file size"] == ["0", "0"]


@pytest.mark.skipif(not needs.parent_death, reason="no setpriv here")
def test_it_has_no_powers_and_gains_none(running):
    rows = dict(row.split(":\t", 1) for row in proc(running, "status").splitlines())
    assert rows["NoNewPrivs"].strip() == "1"
    dac_override = 1 << 1
    assert int(rows["CapEff"], 16) & ~dac_override == 0
    assert int(rows["CapBnd"], 16) & ~dac_override == 0 or os.geteuid() != 0


@pytest.mark.skipif(not needs.memory_first, reason="not Linux")
def test_it_is_the_first_to_go_when_memory_ends(running):
    assert int(proc(running, "oom_score_adj")) >= sandbox.OOM_SCORE


@pytest.mark.skipif(not needs.network, reason="unshare does not work here")
def test_it_has_no_network(running, tmp_path):
    assert Path(f"/proc/{running.pid}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        code = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5)"
        assert subprocess.run([sys.executable, "-c", code], check=False, timeout=20).returncode == 0  # without the sandbox it is heard
        listener.accept()[0].close()
        limits = Limits(2048 * MIB, 20)
        inside = subprocess.run(sandbox.full_argv(sys.executable, ["-c", code], limits), capture_output=True, text=True, check=False, timeout=20)
        assert inside.returncode == 1
        assert "OSError" in inside.stderr or "unreachable" in inside.stderr
        listener.settimeout(0.2)
        with pytest.raises(TimeoutError):
            listener.accept()


def test_files_keep_their_owner(room, tools):
    answer = sandbox.call(
        tools.ffmpeg, ("-nostdin", "-v", "error", *PICTURE, "-i", "input", "-f", "rawvideo", "out.yuv"), cwd=room, limits=for_probe(20), timeout=20
    )
    assert (answer.exit_code, answer.stderr) == (0, "")
    facts = (room / "out.yuv").stat()
    assert (facts.st_uid, facts.st_gid, facts.st_size) == (os.geteuid(), os.getegid(), (room / "input").stat().st_size)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of others")
def test_root_can_still_read_the_files_of_others(room, tools):
    os.chown(room / "input", 12345, 12345)
    (room / "input").chmod(0o600)
    answer = sandbox.call(tools.ffmpeg, ("-nostdin", "-v", "error", *PICTURE, "-i", "input", "-f", "null", "none"), cwd=room, limits=for_probe(20), timeout=20)
    assert (answer.exit_code, answer.stderr) == (0, "")


@pytest.mark.skipif(not needs.parent_death, reason="no setpriv here")
def test_it_dies_with_its_parent(room, tools):
    code = (
        "import subprocess, sys, time; from pathlib import Path; from jobs.ffmpeg import sandbox; from jobs.ffmpeg.limits import for_probe\n"
        f"child = sandbox.start({tools.ffmpeg!r}, {ENDLESS!r}, cwd=Path({str(room)!r}), limits=for_probe(60), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline())
        wait_until(lambda: Path(f"/proc/{child}/exe").resolve() == Path(tools.ffmpeg).resolve())
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait(10)
    wait_until(lambda: state(child) in ("", "Z", "X"))


def test_start_belongs_to_the_main_thread_but_call_does_not(room, tools):
    told: list[object] = []

    def other_thread() -> None:
        try:
            sandbox.start(tools.ffmpeg, ("-version",), cwd=room, limits=for_probe(10))
        except RuntimeError as error:
            told.append(error)
        told.append(sandbox.call(tools.ffmpeg, ("-version",), cwd=room, limits=for_probe(10), timeout=10))

    thread = threading.Thread(target=other_thread)
    thread.start()
    thread.join(30)
    refusal, answer = told
    assert isinstance(refusal, RuntimeError)
    assert answer.exit_code == 0
    assert answer.stdout.startswith(b"ffmpeg version")


def test_a_call_ends_at_its_time_limit(room, tools):
    answer = sandbox.call(tools.ffmpeg, ENDLESS, cwd=room, limits=for_probe(30), timeout=0.5)
    assert answer.timed_out
    assert answer.exit_code != 0


def test_a_call_keeps_only_what_it_was_told_to(room, tools):
    answer = sandbox.call(tools.ffmpeg, ("-hide_banner", "-encoders"), cwd=room, limits=for_probe(10), timeout=10, keep=100)
    assert (len(answer.stdout), answer.truncated, answer.exit_code) == (100, True, 0)


@pytest.mark.skipif(not needs.limits, reason="no prlimit here")
def test_a_file_that_grows_too_large_ends_the_program(room, tools):
    argv = ("-nostdin", "-v", "error", "-stream_loop", "-1", *PICTURE, "-i", "input", "-t", "600", "-f", "rawvideo", "out.yuv")
    answer = sandbox.call(tools.ffmpeg, argv, cwd=room, limits=Limits(2048 * MIB, 20, 1 * MIB), timeout=20)
    assert answer.exit_code == -signal.SIGXFSZ
    assert (room / "out.yuv").stat().st_size <= 1 * MIB


@pytest.mark.skipif(not needs.limits, reason="no prlimit here")
def test_a_program_that_wants_too_much_memory_fails_alone(room, tools):
    argv = ("-nostdin", "-v", "error", *PICTURE, "-i", "input", "-vf", "scale=w=7680:h=4320", "-c:v", "libx264", "-f", "null", "none")
    assert sandbox.call(tools.ffmpeg, argv, cwd=room, limits=Limits(400 * MIB, 20), timeout=20).exit_code != 0


def test_no_descriptor_is_left_open(room, tools):
    def descriptors() -> set[str]:
        return {path.name for path in Path("/proc/self/fd").iterdir()}

    sandbox.call(tools.ffmpeg, ("-version",), cwd=room, limits=for_probe(10), timeout=10)
    before = descriptors()
    for program, timeout in ((tools.ffmpeg, 10.0), ("/nonexistent/ffmpeg", 10.0), (tools.ffmpeg, 0.0)):
        with suppress(OSError):
            sandbox.call(program, ("-version",), cwd=room, limits=for_probe(10), timeout=timeout)
    with pytest.raises(OSError, match="nowhere"):
        sandbox.call(tools.ffmpeg, ("-version",), cwd=room / "nowhere", limits=for_probe(10), timeout=10)
    assert len(descriptors()) == len(before)


def test_an_unsafe_command_is_never_started(room, tools):
    with pytest.raises(ValueError, match="addresses"):
        sandbox.call(tools.ffmpeg, ("-i", "http://127.0.0.1:18099/"), cwd=room, limits=for_probe(5), timeout=5)


def test_limits_grow_with_the_picture_and_the_outputs():
    small, large = for_encode(pixels=640 * 360, files=1, wall_seconds=60), for_encode(pixels=7680 * 4320, files=8, wall_seconds=60)
    assert large.memory_bytes - small.memory_bytes == 64 * (7680 * 4320 - 640 * 360) + 7 * 512 * MIB
    assert large.open_files == small.open_files + 56
    assert small.cpu_seconds == 60 * os.cpu_count()
    assert small.file_bytes is None
    assert for_encode(pixels=0, files=1, wall_seconds=1, max_bytes=100 * MIB).file_bytes > 100 * MIB


@pytest.mark.skipif(not needs.limits, reason="no prlimit here")
def test_limits_never_exceed_our_own(monkeypatch):
    ours = {resource.RLIMIT_AS: 1000 * MIB, resource.RLIMIT_NOFILE: 50, resource.RLIMIT_FSIZE: 7 * MIB, resource.RLIMIT_CPU: 9}
    monkeypatch.setattr(resource, "getrlimit", lambda number: (1, ours[number]))
    assert sandbox._limits(Limits(2000 * MIB, 100, 9 * MIB, 64))[1:] == [f"--as={1000 * MIB}", "--nofile=50", "--core=0", f"--fsize={7 * MIB}", "--cpu=4:9"]


def test_it_works_plainly_where_the_tools_are_missing(room, tools, monkeypatch):
    monkeypatch.setattr(sandbox, "SEARCH", "/nonexistent")
    for cached in (sandbox._network, sandbox._privileges, sandbox._prlimit, sandbox.protections):
        cached.cache_clear()
    try:
        assert not any((sandbox.protections().network, sandbox.protections().limits, sandbox.protections().parent_death))
        assert sandbox.full_argv(tools.ffmpeg, ["-version"], for_probe(5)) == [tools.ffmpeg, "-version"]
        assert sandbox.call(tools.ffmpeg, ("-version",), cwd=room, limits=for_probe(5), timeout=60).exit_code == 0
    finally:
        monkeypatch.undo()
        for cached in (sandbox._network, sandbox._privileges, sandbox._prlimit, sandbox.protections):
            cached.cache_clear()


def state(pid: int) -> str:
    """The process's state letter, or nothing if it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return ""


def wait_until(condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
