"""Where the boxes and lines of a workflow's picture go: each step in a row of its own, drawn in below the step that it stands under. Pure; px."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

ROW = 52
BOX_HEIGHT = 40
BOX_WIDTH = 248
INDENT = 26
ELBOW = 14  # px from a box's left edge to the line that leads down from it
EDGE = 2  # so that strokes are not cut off
LETTERS = 27  # narrow ones, in a box; wide ones (Chinese) count twice


@dataclass(frozen=True)
class Step:
    """What is drawn of a step. ``under``: name of the step above it, empty for the start; ``note``: small, below the name; ``state``: for the colours."""

    name: str
    icon: str
    note: str = ""
    under: str = ""
    state: str = ""
    url: str = ""


@dataclass(frozen=True)
class Box:
    """A step and where it is. ``line``: the path that leads to it, empty for the first. ``short``: its name as far as it fits."""

    step: Step
    x: int
    y: int
    line: str
    short: str

    @property
    def text_x(self) -> int:
        """Where its words begin."""
        return self.x + 38

    @property
    def icon_y(self) -> int:
        """Where its icon is."""
        return self.y + 12

    @property
    def icon_x(self) -> int:
        """Where its icon is."""
        return self.x + 12

    @property
    def name_y(self) -> int:
        """The base line of its name."""
        return self.y + 17

    @property
    def note_y(self) -> int:
        """The base line of what stands below."""
        return self.y + 33


@dataclass(frozen=True)
class Graph:
    """All of it."""

    boxes: tuple[Box, ...]
    width: int
    height: int
    box_width: int = BOX_WIDTH
    box_height: int = BOX_HEIGHT


def drawn(start: Step, steps: Iterable[Step]) -> Graph:
    """The picture. A step under one that is not there, or under itself, is drawn under the start."""
    rows = list(steps)
    names = {row.name for row in rows}
    below: dict[str, list[Step]] = {}
    for row in rows:
        below.setdefault(row.under if row.under in names else "", []).append(row)
    order: list[tuple[Step, int, int]] = [(start, 0, -1)]
    left = {id(row) for row in rows}
    _walk("", 1, 0, below, order, left)
    for row in rows:  # what stands in a circle is not reached from the start
        if id(row) in left:
            order.append((row, 1, 0))
    boxes = []
    for number, (row, depth, parent) in enumerate(order):
        x, y = EDGE + depth * INDENT, EDGE + number * ROW
        line = ""
        if parent >= 0:
            from_x = EDGE + order[parent][1] * INDENT + ELBOW
            line = f"M{from_x} {EDGE + parent * ROW + BOX_HEIGHT}V{y + BOX_HEIGHT // 2}H{x}"
        boxes.append(Box(row, x, y, line, clipped(row.name)))
    depth = max(depth for _row, depth, _parent in order)
    return Graph(tuple(boxes), depth * INDENT + BOX_WIDTH + 2 * EDGE, (len(order) - 1) * ROW + BOX_HEIGHT + 2 * EDGE)


def _walk(name: str, depth: int, parent: int, below: dict[str, list[Step]], order: list[tuple[Step, int, int]], left: set[int]) -> None:
    for row in below.get(name, ()):
        if id(row) not in left:
            continue
        left.discard(id(row))
        order.append((row, depth, parent))
        _walk(row.name, depth + 1, len(order) - 1, below, order, left)


def clipped(text: str, letters: int = LETTERS) -> str:
    """As much of a text as fits, with «…» where something is left out."""
    room = letters
    for position, letter in enumerate(text):
        room -= 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if room < 0:
            return text[: max(1, position - 1)] + "…"
    return text
