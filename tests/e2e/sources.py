"""Inputs that the sample media lack, made here: with ffmpeg, or bit by bit (no encoder for DSD exists in ffmpeg)."""

from __future__ import annotations

import math
import struct
import subprocess
from pathlib import Path

SECONDS = 2
PICTURE = ["-f", "lavfi", "-i", f"testsrc2=size=352x288:rate=25:duration={SECONDS}"]
TONE = ["-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={SECONDS}", "-ac", "2"]
BOTH = [*PICTURE, "-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={SECONDS}", "-ac", "2"]
RECIPES: dict[str, list[str]] = {
    "tone.aiff": [*TONE, "-c:a", "pcm_s16be"],
    "tone-adpcm-ima.wav": [*TONE, "-c:a", "adpcm_ima_wav"],
    "tone-adpcm-ms.wav": [*TONE, "-c:a", "adpcm_ms"],
    "tone.mp2": [*TONE, "-c:a", "mp2"],
    "tone.caf": [*TONE, "-c:a", "alac"],
    "tone-eac3.eac3": [*TONE, "-c:a", "eac3"],
    "test-mpeg2-pcm.mxf": [*BOTH, "-c:v", "mpeg2video", "-b:v", "2M", "-c:a", "pcm_s16le"],
    "test-mpeg1-mp2.mpg": [*BOTH, "-c:v", "mpeg1video", "-b:v", "1M", "-c:a", "mp2", "-f", "mpeg"],
    "test-h263p.avi": [*BOTH, "-c:v", "h263p", "-c:a", "mp3"],
    "test-dv.dv": [
        "-f",
        "lavfi",
        "-i",
        f"testsrc2=size=720x576:rate=25:duration={SECONDS}",
        *TONE[:-2],
        "-ac",
        "2",
        "-pix_fmt",
        "yuv420p",
        "-c:v",
        "dvvideo",
        "-f",
        "dv",
    ],
    "test-prores.mov": [*BOTH, "-c:v", "prores_ks", "-c:a", "pcm_s16le"],
}


def make(ffmpeg: str, folder: Path) -> dict[str, Path]:
    """All of them: name → path."""
    for name, recipe in RECIPES.items():
        subprocess.run([ffmpeg, "-nostdin", "-v", "error", "-y", *recipe, str(folder / name)], check=True, stdin=subprocess.DEVNULL, timeout=60)
    (folder / "tone.dsf").write_bytes(dsf())
    return {path.name: path for path in sorted(folder.iterdir())}


def dsf(seconds: float = 1, frequency: float = 440, channels: int = 2, rate: int = 2_822_400) -> bytes:
    """A DSD64 stream file: a sine through a second-order sigma-delta modulator, one bit per sample, least significant bit first, blocks of 4096 per channel."""
    block = 4096
    samples = int(seconds * rate) // (block * 8) * block * 8
    bits, first, second, out = bytearray(samples // 8), 0.0, 0.0, 0.0
    step = 2 * math.pi * frequency / rate
    for n in range(samples):
        first += 0.4 * math.sin(step * n) - out
        second += first - out
        out = 1.0 if second >= 0 else -1.0
        if out > 0:
            bits[n >> 3] |= 1 << (n & 7)
    data = b"".join(bits[i : i + block] * channels for i in range(0, len(bits), block))
    total = 28 + 52 + 12 + len(data)
    head = b"DSD " + struct.pack("<QQQ", 28, total, 0)
    layout = b"fmt " + struct.pack("<QIIIIIIQII", 52, 1, 0, 2, channels, rate, 1, samples, block, 0)
    return head + layout + b"data" + struct.pack("<Q", 12 + len(data)) + data
