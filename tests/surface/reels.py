"""Clips whose frames and moments can be told apart: a grey level for each frame, a tone for each clip, a flash and a beep at the same time."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tests.surface.harness import Made

FIRST, STEP = 20, 4  # luma of frame 0, and how much each frame adds


@dataclass
class Reels:
    """Makes each clip once."""

    folder: Path
    ffmpeg: str
    made: dict[str, Path] = field(default_factory=dict)

    def __call__(self, name: str) -> Path:
        """A clip by the name of its recipe."""
        if name not in self.made:
            arguments, suffix = RECIPES[name]
            path = self.folder / f"reel-{name}.{suffix}"
            subprocess.run([self.ffmpeg, "-nostdin", "-v", "error", "-y", *arguments, str(path)], check=True, stdin=subprocess.DEVNULL, timeout=60)
            self.made[name] = path
        return self.made[name]


def _picture(luma: str, seconds: float, rate: int, size: str) -> list[str]:
    return ["-f", "lavfi", "-i", f"nullsrc=s={size}:r={rate}:d={seconds},geq=lum='{luma}':cb=128:cr=128,format=yuv420p"]


def _sound(expression: str, seconds: float, rate: int = 44100) -> list[str]:
    return ["-f", "lavfi", "-i", f"aevalsrc=exprs='{expression}':s={rate}:d={seconds}"]


def _tone(hertz: int, seconds: float, rate: int = 44100) -> list[str]:
    return _sound(f"0.5*sin(2*PI*{hertz}*t)", seconds, rate)


_COUNT = f"{FIRST}+{STEP}*N"
_FLASH = "if(between(mod(N\\,{rate})\\,{at}\\,{at}+1)\\,235\\,16)"  # two frames: a faster output may leave out one
_BEEP = "if(between(mod(t\\,1)\\,0.48\\,0.56)\\,0.5*sin(2*PI*1000*t)\\,0)"
_X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "10", "-g", "250"]
_AAC = ["-c:a", "aac", "-b:a", "96k"]


def _flash(rate: int, seconds: float, size: str = "128x72") -> list[str]:
    return [*_picture(_FLASH.format(rate=rate, at=round(0.48 * rate)), seconds, rate, size), *_sound(_BEEP, seconds)]


RECIPES: dict[str, tuple[list[str], str]] = {
    # 50 frames of 25 per second, 440 Hz
    "count": ([*_picture(_COUNT, 2, 25, "128x72"), *_tone(440, 2), *_X264, *_AAC], "mp4"),
    "count-silent": ([*_picture(_COUNT, 2, 25, "128x72"), *_X264], "mp4"),
    "count-gop10": ([*_picture(_COUNT, 2, 25, "128x72"), *_tone(440, 2), *_X264, "-g", "10", *_AAC], "mp4"),
    "count-ts": (
        [*_picture(_COUNT, 2, 25, "128x72"), *_tone(440, 2), *_X264, "-preset", "veryfast", "-g", "10", "-sc_threshold", "0", "-bf", "2", *_AAC],
        "ts",
    ),
    # one second of one grey, others in everything
    "white-30": ([*_picture("235", 1, 30, "72x128"), *_tone(880, 1, 48000), *_X264, *_AAC], "mp4"),
    "grey-silent": ([*_picture("126", 1, 10, "96x96"), *_X264], "mp4"),
    "white": ([*_picture("235", 1, 25, "128x72"), *_tone(880, 1), *_X264, *_AAC], "mp4"),
    "small-white": ([*_picture("235", 1, 25, "64x36"), *_tone(880, 1), *_X264, *_AAC], "mp4"),
    "long-white": ([*_picture("235", 3, 25, "64x36"), *_tone(880, 3), *_X264, *_AAC], "mp4"),
    "wide-pixels": ([*_picture("235", 1, 25, "64x72"), "-vf", "setsar=2", *_X264], "mp4"),
    "anamorphic": ([*_picture("235", 1, 25, "128x72"), "-vf", "setsar=2", *_X264], "mp4"),
    "mpeg2": ([*_picture("235", 1, 25, "128x72"), *_tone(880, 1, 48000), "-c:v", "mpeg2video", "-q:v", "2", "-c:a", "mp2"], "ts"),
    "vp9": ([*_picture("235", 1, 25, "128x72"), *_tone(880, 1, 48000), "-c:v", "libvpx-vp9", "-deadline", "realtime", "-c:a", "libopus"], "webm"),
    "mjpeg": ([*_picture("235", 1, 25, "128x72"), "-vf", "format=yuvj420p", "-c:v", "mjpeg", "-q:v", "2"], "avi"),
    "long-sound": ([*_picture("235", 1, 25, "128x72"), *_tone(880, 1.6), *_X264, *_AAC], "mp4"),
    "tone-1320": ([*_tone(1320, 1), *_AAC], "m4a"),
    "tone-660-51": ([*_tone(660, 1, 48000), "-ac", "6", *_AAC], "m4a"),
    # flash and beep at 0.48 s of every second
    "flash-25": ([*_flash(25, 3), *_X264, *_AAC], "mp4"),
    "flash-50": ([*_flash(50, 2), *_X264, *_AAC], "mp4"),
    "flash-ts": ([*_flash(25, 2), *_X264, "-bf", "2", *_AAC], "ts"),
    "flash-mkv": ([*_flash(25, 2), *_X264, "-c:a", "libopus"], "mkv"),
}


def numbers(made: Made, step: int = STEP) -> list[int]:
    """Which frame of «count» each frame of the output is, by its grey; -1 for white, black is below."""
    luma = made.frames(pixel_format="gray")
    centre = luma[:, luma.shape[1] // 2 - 4 : luma.shape[1] // 2 + 4, luma.shape[2] // 2 - 4 : luma.shape[2] // 2 + 4].mean(axis=(1, 2))
    studio = centre * 219 / 255 + 16
    return [-1 if value > 228 else round((value - FIRST) / step) for value in studio]


def tone(made: Made, begin: float, end: float, track: int = 0) -> int | None:
    """The loudest frequency of a stretch, Hz to the next 20; None where it is silent."""
    samples = made.samples(track, rate=8000)[int(begin * 8000) : int(end * 8000), 0]
    if samples.size == 0 or np.abs(samples).max() < 0.02:
        return None
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    return int(round(np.argmax(spectrum) * 8000 / samples.size / 20) * 20)


def times(made: Made) -> tuple[list[float], list[float]]:
    """When flashes are seen and beeps are heard, s."""
    document = made.raw("-show_frames")
    shown = [float(f["pts_time"]) for f in document["frames"] if f["media_type"] == "video"]
    heard = next(float(s.get("start_time", 0)) for s in document["streams"] if s["codec_type"] == "audio")
    grey = made.frames(pixel_format="gray").mean(axis=(1, 2))
    flashes = [t for t, value, before in zip(shown, grey, [0.0, *grey], strict=False) if value > 150 and before <= 150]
    samples = np.abs(made.samples(rate=48000)[:, 0])
    window = 48  # 1 ms
    loud = samples[: samples.size // window * window].reshape(-1, window).max(axis=1) > 0.15
    beeps, quiet = [], 1000
    for number, is_loud in enumerate(loud):
        if is_loud and quiet >= 100:
            beeps.append(heard + number / 1000)
        quiet = 0 if is_loud else quiet + 1
    return flashes, beeps


def apart(made: Made, frame: float, count: int) -> None:
    """Flashes and beeps come together, to within a frame of so many seconds."""
    flashes, beeps = times(made)
    assert len(flashes) == len(beeps) == count, (flashes, beeps)
    for flash, beep in zip(flashes, beeps, strict=True):
        assert abs(flash - beep) <= frame + 0.001, (flashes, beeps)
