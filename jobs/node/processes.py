"""Bonds between a process and its parent, where the kernel has them (Linux); elsewhere these are no-ops, and a system check says so."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
PR_SET_CHILD_SUBREAPER = 36
_forker = 0


def die_with_parent() -> None:
    """From now on every process forked from this one, and from those, is killed when its parent ends, however that ends."""
    os.register_at_fork(before=_note_forker, after_in_child=_bind)


def adopt_orphans() -> None:
    """Descendants that lose their parent become children of this process, so that it can reap them."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def call_myself(name: str) -> None:
    """What «ps» and «top» show of this process and of those forked from it: 15 characters at most."""
    _prctl(PR_SET_NAME, ctypes.create_string_buffer(name.encode()[:15]))


def kill_group(pgid: int, number: int = signal.SIGKILL) -> None:
    """Send a signal to a whole process group; nothing happens if it is gone. Stopped processes are killed as well."""
    with suppress(ProcessLookupError):
        os.killpg(pgid, number)


def group_lives(pgid: int) -> bool:
    """Whether any process of that group exists on this host."""
    try:
        os.killpg(pgid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _note_forker() -> None:
    global _forker
    _forker = os.getpid()


def _bind() -> None:
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != _forker:  # it ended between the fork and the line above
        os._exit(1)


def _prctl(option: int, value: Any) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
