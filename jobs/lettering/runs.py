"""A line of text cut into runs of one font and one direction, in the order in which they stand on the line.

The order is that of the Unicode Bidirectional Algorithm for plain text: strong characters, numbers, neutral ones between them, and the levels' reversal. Its
explicit embeddings, overrides and isolates are left out (their characters are taken out of the text): in a watermark they would only hide something.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.lettering.fonts import Font


@dataclass(frozen=True)
class Run:
    """Characters in their logical order, drawn with one font from right to left or from left to right."""

    text: str
    font: Font
    right_to_left: bool


def lines(content: str) -> list[str]:
    """The lines of a text: tabs are four spaces; other control characters and direction marks of the explicit kind are taken out."""
    whole = content.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    clean = "".join(
        c
        for c in whole
        if c == "\n" or not (unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
    )
    return clean.split("\n")


def runs(line: str, choose: Callable[[str], Font]) -> list[Run]:
    """The runs of one line from left to right, as they are seen. ``choose`` names the font of a character."""
    if not line:
        return []
    levels = _levels(line)
    chosen: list[Font] = []
    for character in line:  # marks and joiners belong to what they follow
        chosen.append(chosen[-1] if chosen and _follows(character) else choose(character))
    keyed = groupby(range(len(line)), key=lambda at: (levels[at], chosen[at]))
    logical = [(level, Run(line[(places := list(group))[0] : places[-1] + 1], font, level % 2 == 1)) for (level, font), group in keyed]
    for level in range(max(levels), 0, -1):  # rule L2: reverse every stretch at this level or above
        turned: list[tuple[int, Run]] = []
        for high, group in groupby(logical, key=lambda pair: pair[0] >= level):
            stretch = list(group)
            turned += reversed(stretch) if high else stretch
        logical = turned
    return [run for _, run in logical]


def _follows(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me", "Mc", "Cf") or character in "\ufe0e\ufe0f"


def _levels(line: str) -> list[int]:
    """The embedding level of every character: even from left to right, odd from right to left."""
    kinds = [unicodedata.bidirectional(c) for c in line]
    base = next((int(kind in ("R", "AL")) for kind in kinds if kind in ("L", "R", "AL")), 0)
    strong = "R" if base else "L"
    before, last = "L" if not base else "R", strong
    resolved: list[str] = []
    for kind in kinds:  # W1–W7: marks take what they follow; a number after left-to-right letters is one of them
        if kind in ("L", "R", "AL"):
            last = "L" if kind == "L" else "R"
            resolved.append(last)
        elif kind in ("NSM", "BN"):
            resolved.append(resolved[-1] if resolved else before)
        elif kind in ("EN", "AN"):
            resolved.append("L" if last == "L" and kind == "EN" else "N")
        else:
            resolved.append("?")
    for at, kind in enumerate(kinds):  # W4, W5: one separator between two numbers, and signs beside one, belong to it
        if resolved[at] != "?":
            continue
        near = [resolved[at - 1] if at else "", resolved[at + 1] if at + 1 < len(line) else ""]
        if (kind in ("CS", "ES") and near == ["N", "N"]) or (kind == "ET" and "N" in near):
            resolved[at] = "N"
    at = 0
    while at < len(line):  # N1, N2: neutral ones between two of one direction take it, else the line's
        end = at
        while end < len(line) and resolved[end] == "?":
            end += 1
        if end > at:
            left = _side(resolved[at - 1]) if at else strong
            right = _side(resolved[end]) if end < len(line) else strong
            resolved[at:end] = [left if left == right else strong] * (end - at)
        at = max(end, at + 1)
    table = {"L": 2 if base else 0, "R": 1, "N": 2}
    return [table[kind] for kind in resolved]


def _side(kind: str) -> str:
    return "L" if kind == "L" else "R"
