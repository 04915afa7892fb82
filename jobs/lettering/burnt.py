"""What burnt subtitles need of the worker's fonts. libass chooses them itself, by name and then by what has a character; here is told what it will not find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.engine.errors import JobError
from jobs.lettering import fonts

if TYPE_CHECKING:
    from jobs.engine.plan import Lettering

CHARACTERS_SHOWN = 20


def missing(needed: Lettering) -> list[str]:
    """Warnings. Raises JobError FontMissing where there is no font at all."""
    known = fonts.fonts()
    if not known:
        raise JobError("FontMissing")
    told = [f"The worker has no font «{name}»; another one was taken." for name in needed.fonts if fonts.find(name) is None]
    if lost := [c for c in needed.characters if c.isprintable() and not any(font.has(c) for font in known)]:
        told.append(f"No font of the worker has {' '.join(f'U+{ord(c):04X}' for c in lost[:CHARACTERS_SHOWN])}; an empty box stands for each.")
    return told
