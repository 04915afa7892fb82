"""Tools, a private folder, and commands that need no sample media."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.engine.argv import GLOBAL
from jobs.engine.plan import Command
from jobs.ffmpeg import tools as tools_module

SIDE = 64
PICTURE = (
    "-f",
    "rawvideo",
    "-pixel_format",
    "yuv420p",
    "-video_size",
    f"{SIDE}x{SIDE}",
    "-framerate",
    "25",
    "-protocol_whitelist",
    "file",
    "-format_whitelist",
    "rawvideo",
)


@pytest.fixture(scope="session")
def tools() -> tools_module.Tools:
    """What this machine would use."""
    return tools_module.find()


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """An attempt's folder, with two seconds of raw picture as «input»."""
    folder = tmp_path / "room"
    folder.mkdir()
    (folder / "input").write_bytes(os.urandom(SIDE * SIDE * 3 // 2) * 50)
    return folder


@pytest.fixture
def endless() -> Callable[..., Command]:
    """A command that goes on in real time until it is ended; ``output`` follows the input."""

    def make(*output: str) -> Command:
        argv = (*GLOBAL, "-re", "-stream_loop", "-1", *PICTURE, "-i", "input", *(output or ("-c:v", "libx264", "-preset", "ultrafast", "o0.mkv")))
        return Command(argv=argv, outputs=(0,))

    return make


@pytest.fixture
def short() -> Callable[..., Command]:
    """A command of two seconds of material; ``output`` follows the input."""

    def make(*output: str, expected_seconds: float | None = 2.0) -> Command:
        argv = (*GLOBAL, *PICTURE, "-i", "input", *(output or ("-c:v", "libx264", "-preset", "ultrafast", "o0.mp4")))
        return Command(argv=argv, outputs=(0,), expected_seconds=expected_seconds)

    return make


def children(name: str = "ffmpeg") -> list[int]:
    """Pids of our own direct children whose program's name starts so."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                comm, rest = (folder / "stat").read_text().split("(", 1)[1].rsplit(")", 1)
            except (OSError, IndexError):
                continue
            if comm.startswith(name) and int(rest.split()[1]) == os.getpid():
                found.append(int(folder.name))
    return found
