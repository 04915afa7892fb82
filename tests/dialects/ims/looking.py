"""What comes out, looked at."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np

from jobs.engine.probe import Probe
from jobs.ffmpeg import probe as ffprobe
from jobs.ffmpeg import tools

RATE = 8000


def facts(path: Path) -> Probe:
    return ffprobe.probe(path, tools=tools.find(), cwd=path.parent, count_packets=True, own_playlist=path.suffix == ".m3u8")


def tone(path: Path, track: int, ffmpeg: str) -> int:
    """The frequency that is heard most, Hz."""
    argv = [ffmpeg, "-nostdin", "-v", "error", "-i", str(path), "-map", f"0:a:{track}", "-f", "f32le", "-ar", str(RATE), "-ac", "1", "-"]
    samples = np.frombuffer(subprocess.run(argv, capture_output=True, check=True, timeout=60).stdout, dtype=np.float32)
    return 10 * round(int(np.abs(np.fft.rfft(samples)).argmax()) * RATE / len(samples) / 10)
