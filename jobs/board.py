"""What the processes of one node tell each other without a database: one page of shared memory, made by the supervisor before it forks.

Each worker group has a seat. Fields are machine words, written by one side each; nobody locks.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import time
from dataclasses import dataclass

from django.conf import settings

from jobs.models import Lane

SEATS = 256


class Seat(ctypes.Structure):
    """One worker group."""

    _fields_ = (
        ("short", ctypes.c_int64),  # 1: of the short lane
        ("pid", ctypes.c_int64),  # of the group and of its first process; 0: nobody lives here
        ("born", ctypes.c_double),  # time.monotonic() of its start
        ("ready", ctypes.c_int64),  # 1: its django-q2 cluster runs
        ("hand", ctypes.c_int64),  # 1: a ring was taken and its work is not over
        ("busy", ctypes.c_int64),  # 1: a step is being worked on
        ("claims", ctypes.c_int64),  # how many steps it has taken
        ("pulse", ctypes.c_double),  # time.monotonic(), written by a thread of the worker as long as it lives
    )


class Page(ctypes.Structure):
    """The whole node."""

    _fields_ = (
        ("draining", ctypes.c_int64),  # 1: claims refuse, rings are left for others
        ("beat", ctypes.c_double),  # the beat's pulse
        ("web_ready", ctypes.c_int64),  # 1: the web process accepts connections
        ("seats", Seat * SEATS),
    )


@dataclass
class _Place:
    """Where this process sits."""

    page: Page
    seat: Seat
    node: str


def _new_page() -> Page:
    return Page.from_buffer(mmap.mmap(-1, ctypes.sizeof(Page)))  # anonymous and shared: children of a fork see the same bytes


_first = _new_page()
_place = _Place(_first, _first.seats[0], settings.REELMILL_NODE)


def reset(node: str) -> Page:
    """A clean page for this process and all that it forks from now on; ``node`` is the name that claims carry."""
    page = _new_page()
    _place.page, _place.seat, _place.node = page, page.seats[0], node
    return page


def sit(index: int, lane: str) -> Seat:
    """This process and its children belong to that seat. To be called before anything can be claimed: who is not on the board is taken for dead."""
    seat: Seat = _place.page.seats[index]
    seat.ready = seat.hand = seat.busy = seat.claims = 0
    seat.short = lane == Lane.SHORT
    seat.pulse, seat.born = 0.0, time.monotonic()
    seat.pid = os.getpid()
    _place.seat = seat
    return seat


def page() -> Page:
    """The node's page."""
    return _place.page


def seat() -> Seat:
    """This process's seat (outside a supervised group: one that belongs to nobody else)."""
    return _place.seat


def lane_of(seat: Seat) -> str:
    """The lane that a group serves."""
    return str(Lane.SHORT if seat.short else Lane.MAIN)


def node() -> str:
    """The node's name."""
    return _place.node


def draining() -> bool:
    """Whether this node is about to stop."""
    return bool(_place.page.draining)


def worker_name(pgid: int | None = None) -> str:
    """What ``Step.worker`` says of a group: node and process group."""
    return f"{_place.node}/{pgid or os.getpgrp()}"


def live_workers() -> set[str]:
    """Names of the groups that live on this node now."""
    return {worker_name(seat.pid) for seat in _place.page.seats if seat.pid}
