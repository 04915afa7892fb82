"""Small synthetic sources, made with ffmpeg on demand. Knows no Django, so that pictures and benchmarks can use it too."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Clips:
    """Small synthetic sources, each made once."""

    folder: Path
    ffmpeg: str
    made: dict[str, Path] = field(default_factory=dict)

    def make(
        self,
        seconds: float = 2,
        size: str = "320x180",
        rate: str | int = 25,
        video: bool = True,
        audio: bool = True,
        suffix: str = "mp4",
        more: tuple[str, ...] = (),
    ) -> Path:
        """A moving test picture and a 440 Hz tone; H.264 + AAC unless ``more`` says otherwise (ffmpeg output options)."""
        name = f"{seconds}-{size}-{rate}-{video:d}{audio:d}-{abs(hash(more)):x}.{suffix}".replace("/", "_")
        if name in self.made:
            return self.made[name]
        argv = [self.ffmpeg, "-nostdin", "-v", "error", "-y"]
        if video:
            argv += ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}"]
        if audio:
            argv += ["-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=44100:duration={seconds}"]
        if video and "-c:v" not in more:
            argv += ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
        path = self.folder / name
        subprocess.run([*argv, *more, str(path)], check=True, stdin=subprocess.DEVNULL, timeout=120)
        self.made[name] = path
        return path
