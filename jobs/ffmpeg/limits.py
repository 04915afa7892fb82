"""How much of the machine one media program may take."""

from __future__ import annotations

import os
from dataclasses import dataclass

MIB = 1 << 20
GIB = 1 << 30
OPEN_FILES = 64
"""One output needs fewer; ffmpeg itself opens about 20."""


@dataclass(frozen=True)
class Limits:
    """Backstops that the kernel enforces. What a person should hear about (stall, wall time, free space) is watched by the runner first.

    memory_bytes: address space, which is about three times the resident size with many threads. cpu_seconds: of all threads together.
    file_bytes: of any one file it writes; None: not limited here. open_files: descriptors.
    """

    memory_bytes: int
    cpu_seconds: int
    file_bytes: int | None = None
    open_files: int = OPEN_FILES


def for_encode(*, pixels: int, files: int, wall_seconds: float, max_bytes: int | None = None) -> Limits:
    """Limits of one encode. ``pixels``: of the largest picture; ``files``: outputs opened at once; ``max_bytes``: wanted size of the outputs.

    Memory: 4 GiB, and 768 MiB per core (glibc reserves 64 MiB for each of up to 8 arenas per core, and threads have stacks), 64 bytes per pixel, 512 MiB per
    further output. Measured on 2 cores: x264 2160p 2.9 GB, SVT-AV1 2160p 3.1 GB, one and six outputs of x265 1080p 1.1 and 2.6 GB, six of x264 3.0 GB.
    The file limit stands a tenth and 64 MiB above ``max_bytes``, so that the runner stops the program in good order before the kernel kills it.
    """
    cores = os.cpu_count() or 1
    return Limits(
        memory_bytes=4 * GIB + 768 * MIB * cores + 64 * pixels + 512 * MIB * max(0, files - 1),
        cpu_seconds=max(1, int(wall_seconds * cores)),
        file_bytes=None if max_bytes is None else max_bytes + max_bytes // 10 + 64 * MIB,
        open_files=OPEN_FILES + 8 * files,
    )


def for_probe(timeout: float) -> Limits:
    """Limits of one ffprobe or one-frame encode: it decodes a few frames in one thread and writes no large file."""
    return Limits(memory_bytes=3 * GIB, cpu_seconds=max(1, int(timeout) + 1), file_bytes=64 * MIB)
