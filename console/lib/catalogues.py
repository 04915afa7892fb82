"""Message catalogues: .po to .mo with Babel, since a machine that only runs Reelmill has no gettext programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

if TYPE_CHECKING:
    from pathlib import Path


def compile_catalogues(folders: list[Path]) -> list[Path]:
    """Compile every catalogue whose .mo is missing or older; answers what was written. Raises PoFileError for a broken one."""
    written = []
    for folder in folders:
        for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
            target = source.with_suffix(".mo")
            if target.is_file() and target.stat().st_mtime_ns > source.stat().st_mtime_ns:
                continue
            with source.open("rb") as text:
                catalogue = read_po(text, abort_invalid=True)
            fresh = target.with_suffix(".mo.new")
            with fresh.open("wb") as out:
                write_mo(out, catalogue)
            fresh.replace(target)  # a server that starts meanwhile never reads half a file
            written.append(target)
    return written
