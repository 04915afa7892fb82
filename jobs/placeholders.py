"""Placeholders in output keys: ``{ObjectPrefix}{FileName}-540p`` becomes ``talks/one-540p.mp4``. Pure.

``{ObjectPrefix}``  the input's folder with its last slash, or nothing      ``talks/``
``{FileName}``      the input's name without its extension                  ``one``
``{ExtName}``       the input's extension without the dot, or nothing       ``mov``
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.engine.address import Address

NAMES = ("ObjectPrefix", "FileName", "ExtName")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def expand(pattern: str, source: Address, extension: str = "") -> str:
    """The key that a pattern gives for an input. ``extension`` (without dot) is appended unless the key has it.

    Raises ValueError with one plain sentence for a placeholder that does not exist.
    """
    stem, dot, ext = source.name.rpartition(".")
    if not stem:  # no dot, or a name that begins with its only dot
        stem, dot, ext = source.name, "", ""
    values = {"ObjectPrefix": source.folder, "FileName": stem, "ExtName": ext if dot else ""}

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in values:
            raise ValueError(f"Unknown placeholder {{{name}}}.")
        return values[name]

    return with_extension(_PLACEHOLDER.sub(value, pattern), extension)


def with_extension(key: str, extension: str) -> str:
    """The key with this extension at its end, once."""
    if not extension or key.lower().endswith(f".{extension.lower()}"):
        return key
    return f"{key}.{extension}"
