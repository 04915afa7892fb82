"""The one place in the project that starts a media program.

How: argv only, never a shell; stdin closed; a bare environment; no network where the kernel lets us (``unshare``); limits (``prlimit``); dies with
its parent, gains no privileges, and root gives away all capabilities but reading any file (``setpriv``); no core dumps; first choice of the kernel's
out-of-memory killer. The prefixes are util-linux programs that exec each other, so the pid is the media program's own and no Python runs between fork
and exec. It stays in the caller's process group: one kill of the group ends everything. Where the tools are missing (macOS, slim images), it is started
plainly and :func:`protections` says so.

Parent death is per *thread*: a child dies with the thread that started it. So :func:`start` belongs to the main thread, and :func:`call`, which waits for
its child before it returns, may be used from any thread, e.g. in a web request.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.ffmpeg import guard
from jobs.ffmpeg.supervise import supervise

if TYPE_CHECKING:
    from jobs.ffmpeg.limits import Limits

OOM_SCORE = 500
SEARCH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ROOT_KEEPS = ("--bounding-set=-all,+dac_override", "--inh-caps=-all")
"""Root of an ordinary machine may read every file; without this capability, input files of other users could not be opened."""
STDERR_BYTES = 1 << 16
CPU_GRACE = 5
ASKED = frozenset({signal.SIGHUP, signal.SIGINT, signal.SIGTERM})
"""By these people and machines that shut down ask programs to end. Who is ended by one that we did not send has done nothing wrong."""


@dataclass(frozen=True)
class Protections:
    """What is active here. ``network``: none reachable; ``limits``: memory, CPU, file size; ``parent_death``: dies with its parent and gains no
    privileges; ``capabilities``: root's powers given away (also true for an ordinary user, who has none); ``memory_first``: preferred by the out-of-memory killer."""

    network: bool
    limits: bool
    parent_death: bool
    capabilities: bool
    memory_first: bool

    def as_dict(self) -> dict[str, bool]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Called:
    """What a short program answered. ``truncated``: it said more than was kept; ``timed_out``: it was ended by us."""

    exit_code: int
    stdout: bytes
    stderr: str
    timed_out: bool
    truncated: bool


def start(
    program: str,
    argv: Sequence[str],
    *,
    cwd: Path,
    limits: Limits,
    stdout: int | None = subprocess.PIPE,
    stderr: int | None = subprocess.PIPE,
    own_playlist: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a media program in ``cwd``; the caller drains, waits and reaps (see :mod:`jobs.ffmpeg.supervise`).

    Raises ValueError for an argv that :mod:`jobs.ffmpeg.guard` refuses, RuntimeError outside the main thread, OSError if the program cannot be run.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("a media program must be started by the main thread: it dies with the thread that started it")
    return _popen(program, argv, cwd=cwd, limits=limits, stdout=stdout, stderr=stderr, own_playlist=own_playlist)


def call(program: str, argv: Sequence[str], *, cwd: Path, limits: Limits, timeout: float, keep: int = 16 << 20, own_playlist: bool = False) -> Called:
    """Run a short program to its end and return what it said; at most ``keep`` bytes of stdout. From any thread.

    Ended by us after ``timeout`` seconds. Raises as :func:`start` does, except for the thread.
    """
    process = _popen(program, argv, cwd=cwd, limits=limits, stdout=subprocess.PIPE, stderr=subprocess.PIPE, own_playlist=own_playlist)
    out, err, truncated = bytearray(), bytearray(), False
    deadline = time.monotonic() + timeout

    def collect(data: bytes) -> None:
        nonlocal truncated
        room = keep - len(out)
        truncated = truncated or len(data) > room
        out.extend(data[:room])

    ended = supervise(
        process,
        on_stdout=collect,
        on_stderr=lambda data: err.extend(data[: STDERR_BYTES - len(err)]),
        tick=lambda: "timeout" if time.monotonic() > deadline else "",
    )
    return Called(ended.exit_code, bytes(out), err.decode(errors="replace"), ended.stopped == "timeout", truncated)


def full_argv(program: str, argv: Sequence[str], limits: Limits) -> list[str]:
    """The whole command line with its protections, as the kernel gets it."""
    return [*_network(), *_limits(limits), *_privileges(), program, *argv]


@cache
def protections() -> Protections:
    """Which protections are active on this machine. Tried once per process, about 20 ms."""
    return Protections(
        network=bool(_network()),
        limits=bool(_prlimit()),
        parent_death=bool(_privileges()),
        capabilities=os.geteuid() != 0 or ROOT_KEEPS[0] in _privileges(),
        memory_first=Path("/proc/self/oom_score_adj").exists(),
    )


def _popen(
    program: str, argv: Sequence[str], *, cwd: Path, limits: Limits, stdout: int | None, stderr: int | None, own_playlist: bool
) -> subprocess.Popen[bytes]:
    """Check and start. The process group is the caller's: no new session."""
    guard.check(program, argv, own_playlist=own_playlist)
    process = subprocess.Popen(
        full_argv(program, argv, limits), cwd=cwd, env=_environment(cwd), stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, close_fds=True
    )
    with suppress(OSError):  # gone already, or not Linux
        Path(f"/proc/{process.pid}/oom_score_adj").write_text(str(OOM_SCORE))
    return process


def _environment(cwd: Path) -> dict[str, str]:
    """Nothing of ours is inherited: no secrets, no proxies, no library paths."""
    home = str(cwd.absolute())
    return {"PATH": SEARCH, "LANG": "C.UTF-8", "HOME": home, "TMPDIR": home}


def _limits(limits: Limits) -> list[str]:
    """The prlimit prefix; never above what we have ourselves, since only root could raise it."""
    program = _prlimit()
    if not program:
        return []
    words = [f"--as={_at_most(resource.RLIMIT_AS, limits.memory_bytes)}", f"--nofile={_at_most(resource.RLIMIT_NOFILE, limits.open_files)}", "--core=0"]
    if limits.file_bytes is not None:
        words.append(f"--fsize={_at_most(resource.RLIMIT_FSIZE, limits.file_bytes)}")
    hard = _at_most(resource.RLIMIT_CPU, limits.cpu_seconds + CPU_GRACE)
    words.append(f"--cpu={max(1, hard - CPU_GRACE)}:{hard}")  # the soft limit ends it by a signal that tells why, the hard one for certain
    return [program, *words]


def _at_most(number: int, wanted: int) -> int:
    """The wanted limit, or our own hard one where that is lower."""
    hard = resource.getrlimit(number)[1]
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)


@cache
def _prlimit() -> str:
    program = shutil.which("prlimit", path=SEARCH) or ""
    return program if program and _works([program, "--core=0"]) else ""


@cache
def _privileges() -> tuple[str, ...]:
    """The setpriv prefix, as far as it works here."""
    program = shutil.which("setpriv", path=SEARCH)
    if not program:
        return ()
    plain = (program, "--pdeathsig", "KILL", "--no-new-privs")
    for prefix in ((*plain, *ROOT_KEEPS) if os.geteuid() == 0 else plain, plain):
        if _works(prefix):
            return prefix
    return ()


@cache
def _network() -> tuple[str, ...]:
    """The unshare prefix that leaves the program without network, or nothing.

    Root: a new network namespace alone, so that files keep their owners. Others: a user namespace around it that maps the same user, or else root.
    """
    program = shutil.which("unshare", path=SEARCH)
    if not program:
        return ()
    kinds = ("-n", "-cn", "-rn") if os.geteuid() == 0 else ("-cn", "-rn")
    return next(((program, kind) for kind in kinds if _works((program, kind, *_privileges()))), ())


def _works(prefix: Sequence[str]) -> bool:
    """Whether a program can be run behind this prefix."""
    target = shutil.which("true", path=SEARCH)
    if not target:
        return False
    try:
        done = subprocess.run(
            [*prefix, target], stdin=subprocess.DEVNULL, capture_output=True, env={"PATH": SEARCH, "LANG": "C.UTF-8"}, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
