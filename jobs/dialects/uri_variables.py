"""TargetURI templates (``Targets[].URI`` of IMM, ``sys/saveas`` of OSS) as patterns of our addresses. Pure.

Nearly all variables are ours too (``jobs.placeholders``). The values of tags are known when the request comes, and so are filled in here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from jobs.engine.address import SCHEME

_VARIABLE = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_.]*)\}")
_TAG = "tags."


def pattern(bucket: str, key: str, tags: Mapping[str, str] | None = None) -> str:
    """The address pattern of a template. Raises ValueError with one plain sentence for a tag that was not given."""
    known = tags or {}

    def filled(match: re.Match[str]) -> str:
        name = match[1]
        if name is None or not name.startswith(_TAG):
            return match[0]
        if name.removeprefix(_TAG) not in known:
            raise ValueError(f"There is no tag for the variable {{{name}}}.")
        return known[name.removeprefix(_TAG)].replace("{", "{{").replace("}", "}}")

    return f"{SCHEME}{bucket}/{_VARIABLE.sub(filled, key)}"


def has_extension(key: str) -> bool:
    """Whether the last part of a template has an extension; dots inside variables are none."""
    name = _VARIABLE.sub("x", key).rpartition("/")[2]
    stem, _, extension = name.rpartition(".")
    return bool(stem and extension)


def with_extension(key: str) -> str:
    """The template with the output's own extension behind it, unless it has one."""
    return key if has_extension(key) else f"{key}.{{autoext}}"


def numbered(key: str) -> str:
    """The template with ``{index}`` in it, so that several pictures have different names: before the extension, unless it stands somewhere already."""
    if "{index}" in key or "{Count}" in key or "{SnapshotTime}" in key:
        return key
    if not has_extension(key):
        return f"{key}_{{index}}.{{autoext}}"
    stem, _, extension = key.rpartition(".")
    return f"{stem}_{{index}}.{extension}"
