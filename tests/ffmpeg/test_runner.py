"""Running a command to its end, or to the end that we give it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from jobs.engine.argv import GLOBAL
from jobs.engine.plan import Command
from jobs.ffmpeg import runner
from tests.ffmpeg.conftest import PICTURE, children

MINUTE = 60.0


@pytest.fixture
def run(room, tools, tmp_path):
    """``run(command, **other limits)``; the log is beside the room."""

    def go(command: Command, **more: Any) -> runner.Finished:
        given: dict[str, Any] = {
            "on_progress": lambda progress: None,
            "should_stop": lambda: False,
            "stall_seconds": MINUTE,
            "wall_seconds": MINUTE,
            "max_bytes": None,
            "min_free_bytes": 0,
        }
        finished = runner.run(command, tools=tools, cwd=room, log=tmp_path / "log", **{**given, **more})
        assert children() == []
        return finished

    return go


def test_it_runs_reports_and_measures(run, short, room, tools, tmp_path):
    seen = []
    finished = run(short(), on_progress=seen.append)
    assert (finished.exit_code, finished.stopped, finished.decisive_line, finished.out_of_memory) == (0, "", "", False)
    assert (room / "o0.mp4").stat().st_size > 1000
    assert seen[-1].fraction == pytest.approx(1.0, abs=0.05)
    assert seen[-1].frame == 50
    assert [p.fraction for p in seen] == sorted(p.fraction for p in seen)
    assert finished.cpu_seconds > 0
    assert finished.max_rss_bytes < 4_000_000_000
    assert finished.argv_shown == (tools.ffmpeg, *short().argv)
    log = (tmp_path / "log").read_text()
    assert log.startswith("-- ")
    assert tools.ffmpeg in log.splitlines()[0]
    assert "libx264" in log
    assert log.splitlines()[-1].startswith("-- exit 0; CPU ")
    assert finished.tail.splitlines()[-1] in log


def test_a_failure_names_its_cause(run, short, room):
    finished = run(short("-vf", "scale=w=63:h=63", "-c:v", "libx264", "o0.mp4"))
    assert finished.exit_code > 0
    assert "not divisible by 2" in finished.decisive_line
    assert "@ 0x" not in finished.decisive_line
    assert finished.stopped == ""
    finished = run(short("-c:v", "gif", "o0.mp4"))
    assert finished.exit_code > 0
    assert "gif" in finished.decisive_line


def test_a_crash_is_told_as_the_signal_it_was(run, endless):
    def crash(progress: object) -> None:
        for pid in children():
            os.kill(pid, signal.SIGSEGV)

    finished = run(endless(), on_progress=crash)
    assert (finished.exit_code, finished.decisive_line, finished.stopped) == (-signal.SIGSEGV, "ffmpeg was ended by SIGSEGV", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_is_ended_by_others_is_told_apart_from_who_failed(run, endless, short, number):
    """A machine that shuts down sends the first to all of its processes."""

    def ask(progress: object) -> None:
        for pid in children():
            os.kill(pid, number)

    finished = run(endless(), on_progress=ask)
    assert (bool(finished.exit_code), finished.stopped, finished.interrupted, finished.out_of_memory) == (True, "", True, False)
    assert not run(endless(), should_stop=lambda: True).interrupted  # we asked
    assert not run(short("-c:v", "gif", "o0.mp4")).interrupted


def test_it_stops_when_asked(run, endless):
    wishes: list[float] = []
    ready: list[object] = []

    def should_stop() -> bool:
        if ready:
            wishes.append(time.monotonic())
        return bool(ready)

    finished = run(endless(), on_progress=ready.append, should_stop=should_stop)
    assert finished.stopped == "stopped"
    assert time.monotonic() - wishes[0] < 2


def test_the_wish_to_stop_is_asked_for_several_times_a_second(run, endless):
    asked: list[float] = []

    def should_stop() -> bool:
        asked.append(time.monotonic())
        return len(asked) > 10

    run(endless(), should_stop=should_stop)
    assert asked[10] - asked[0] < 10 * 0.2 + 1


def test_a_frozen_program_is_a_stall(run, endless):
    frozen: list[int] = []

    def freeze(progress: object) -> None:
        if not frozen:
            frozen.extend(children())
            os.kill(frozen[0], signal.SIGSTOP)

    finished = run(endless(), on_progress=freeze, stall_seconds=1.0)
    assert (finished.stopped, finished.exit_code) == ("stalled", -signal.SIGKILL)
    assert not finished.out_of_memory
    assert not Path(f"/proc/{frozen[0]}").exists()


def test_slow_work_is_no_stall(run, endless):
    finished = run(endless(), stall_seconds=1.0, wall_seconds=2.5)
    assert finished.stopped == "timeout"


def test_reading_without_writing_is_no_stall(run, tools, room):
    """A palette is made from the whole input before the first frame comes out."""
    argv = (
        *GLOBAL,
        "-readrate",
        "1",
        *PICTURE,
        "-i",
        "input",
        "-filter_complex",
        "[0:v]split=2[a][b];[a]palettegen[p];[b][p]paletteuse",
        "-c:v",
        "gif",
        "o0.gif",
    )
    (room / "input").write_bytes(os.urandom(64 * 64 * 3 // 2) * 100)
    finished = run(Command(argv=argv, outputs=(0,)), stall_seconds=2.0)
    assert (finished.stopped, finished.exit_code) == ("", 0)


def test_output_that_grows_too_large_is_stopped(run, endless, room):
    (room / "old").write_bytes(b"x" * 500_000)  # what was there before does not count
    argv = (*GLOBAL, "-stream_loop", "-1", *PICTURE, "-i", "input", "-t", "3600", "-c:v", "libx264", "-preset", "ultrafast", "-f", "segment", "o0-%05d.ts")
    finished = run(Command(argv=argv, outputs=(0,)), max_bytes=400_000)
    assert finished.stopped == "size"


def test_it_stops_before_the_disk_is_full(run, endless):
    finished = run(endless(), min_free_bytes=1 << 62)
    assert finished.stopped == "full"


def test_the_log_is_bounded_and_the_run_goes_on_without_it(run, short, room, tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "LOG_BYTES", 2000)
    finished = run(short("-loglevel", "level+debug", "-c:v", "libx264", "-preset", "ultrafast", "o0.mp4"))
    log = (tmp_path / "log").read_text(errors="replace")
    assert finished.exit_code == 0
    assert len(log) < 6000
    assert "the log ends here" in log
    assert finished.tail.splitlines()[-1] not in log
    (tmp_path / "log").unlink()
    (tmp_path / "log").mkdir()  # cannot be written at all
    assert run(short()).exit_code == 0


def test_nothing_is_left_running_when_a_callback_raises(room, tools, tmp_path, endless):
    def refuse(progress: object) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        runner.run(
            endless(),
            tools=tools,
            cwd=room,
            log=tmp_path / "log",
            on_progress=refuse,
            should_stop=lambda: False,
            stall_seconds=9,
            wall_seconds=9,
            max_bytes=None,
            min_free_bytes=0,
        )
    assert children() == []
