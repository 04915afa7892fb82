"""Names of segments that the caller fixed: patterns such as «{name}-%05d». Pure."""

from __future__ import annotations

import re

from jobs.engine.hls import quote

NUMBER = re.compile(r"%(0[1-9])?d")


def numbered(pattern: str, stem: str, track: str, number: int) -> str:
    """The name of one segment, without its extension. ``stem``: the address's name; ``track``: a track's name, «» in a set of one."""
    left, digits, right = _filled(pattern, stem, track)
    return f"{left}{number:{digits}d}{right}"


def media(pattern: str, stem: str, track: str) -> str:
    """What a DASH manifest calls all segments of a track, without their extension."""
    left, digits, right = _filled(pattern, stem, track)
    return f"{quote(left)}$Number{f'%{digits}d' if digits else ''}${quote(right)}"


def _filled(pattern: str, stem: str, track: str) -> tuple[str, str, str]:
    """What stands before the number, its digits («05», or «»), and what stands behind it. Tracks differ even where the pattern does not say {name}."""
    found = NUMBER.search(pattern)
    if found is None:
        raise ValueError(f"«{pattern}» has no number.")
    left, right = pattern[: found.start()], pattern[found.end() :]
    if "{name}" in pattern:
        name = f"{stem}-{track}" if track else stem
        left, right = left.replace("{name}", name), right.replace("{name}", name)
    elif track:
        left = f"{track}-{left}"
    return left, found[1] or "", right
