"""Placeholders in the addresses of outputs: ``{ObjectPrefix}{FileName}-{resolution}.{autoext}`` becomes ``talks/one-x540.mp4``. Pure.

One resolver for all products: MPS's names (``ObjectPrefix`` …), those of IMM and OSS (``dirname``, ``autoext`` …) and ``label``, the template's name.
``{{`` and ``}}`` are braces. What is no name in braces (``{``, ``{a b``, ``%d``) is ordinary text; a name that does not exist is a mistake. What a value
holds is never read as a pattern. Keys of inputs are no patterns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

    from jobs.engine.address import Address
    from jobs.engine.template import Template

SOURCE_NAMES = ("ObjectPrefix", "FileName", "ExtName")
"""Known from the input alone."""
LATE = ("DestMd5", "DestAvgBitrate")
"""Known only when the output is there."""
OF_PICTURES = ("Count", "SnapshotTime", "index")
"""Names of snapshots; known for each picture only."""
OF_SHEETS = ("TileCount", "index")
"""Of sprites; known for each sheet only."""
OF_WORKFLOWS = ("RunId", "MediaId")
"""Names of what a workflow's jobs make: the execution and the media that it is about; filled in before the job is submitted."""
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_.]*)\}")
_TIMES = (("year", "%Y"), ("mon", "%m"), ("day", "%d"), ("hour", "%H"), ("min", "%M"), ("sec", "%S"))


@dataclass(frozen=True)
class Facts:
    """What names are made of. ``extension``: of the output, without dot; ``resolution``: as the parameters say it; times are UTC; ``tags``: for ``{tags.NAME}``."""

    source: Address
    extension: str = ""
    label: str = ""
    resolution: str = ""
    uploaded: dt.datetime | None = None
    created: dt.datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def values(self) -> dict[str, str]:
        """Every placeholder that can be filled now."""
        stem, extension = parted(self.source.name)
        found = {
            "ObjectPrefix": self.source.folder,
            "FileName": stem,
            "ExtName": extension,
            "bucket": self.source.bucket,
            "key": self.source.key,
            "dirname": self.source.folder.rstrip("/"),
            "basename": self.source.name,
            "barename": stem,
            "ext": extension,
            "autoext": self.extension,
            "label": self.label,
            "resolution": self.resolution,
        }
        for prefix, moment in (("", self.uploaded), ("t_", self.created)):
            if moment is not None:
                found |= {prefix + name: moment.strftime(form) for name, form in _TIMES}
        return found | {f"tags.{name}": value for name, value in self.tags.items()}


def parted(name: str) -> tuple[str, str]:
    """A file's name without its extension, and the extension without its dot: («one.two», «MOV»); («.hidden», «»)."""
    stem, _, extension = name.rpartition(".")
    return (stem, extension) if stem else (name, "")


def fill(pattern: str, facts: Facts, late: tuple[str, ...] = LATE) -> str:
    """The key that a pattern gives. Placeholders in ``late`` stay as they are, and only where there are some stay doubled braces too: see :func:`finish`.

    Raises ValueError with one plain sentence for a placeholder that does not exist.
    """
    values = facts.values()
    later = is_late(pattern, late)

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return match[0] if later else match[0][0]
        if name in late:
            return match[0]
        if name not in values:
            raise ValueError(f"Unknown placeholder {{{name}}}.")
        return escaped(values[name]) if later else values[name]

    if pattern.startswith("{dirname}/") and not values["dirname"]:
        pattern = pattern.removeprefix("{dirname}/")  # an input in the bucket's root has no folder
    return _PLACEHOLDER.sub(value, pattern)


def partly(pattern: str, values: Mapping[str, str]) -> str:
    """The pattern with these placeholders filled in; all others, and doubled braces, stay as they are."""
    return _PLACEHOLDER.sub(lambda match: escaped(values[match[1]]) if match[1] in values else match[0], pattern)


def names(pattern: str) -> frozenset[str]:
    """The placeholders in a pattern, whether they exist or not."""
    return frozenset(match[1] for match in _PLACEHOLDER.finditer(pattern) if match[1])


def is_late(pattern: str, late: tuple[str, ...] = LATE) -> bool:
    """Whether a part of the name is known only when the output is there."""
    return any(match[1] in late for match in _PLACEHOLDER.finditer(pattern))


def finish(key: str, *, md5: str, kbps: int) -> str:
    """Fill what :func:`fill` left: ``DestMd5`` is the MD5 of the output's main file in hexadecimal digits, ``DestAvgBitrate`` its average in kbit/s."""
    return _finished(key, {"DestMd5": md5, "DestAvgBitrate": str(kbps)})


def finish_picture(key: str, *, number: int, seconds: float) -> str:
    """The key of one picture of a snapshot job, of what :func:`fill` left: ``Count`` has five digits and begins with 00001, ``index`` has as many as it
    needs and begins with 1, ``SnapshotTime`` is in ms."""
    return _finished(key, {"Count": f"{number:05d}", "SnapshotTime": str(round(seconds * 1000)), "index": str(number)}) if is_late(key, OF_PICTURES) else key


def finish_sheet(key: str, number: int) -> str:
    """The key of one sheet, of what :func:`fill` left: ``TileCount`` has five digits and begins with 00001, ``index`` has as many as it needs and begins with 1."""
    return _finished(key, {"TileCount": f"{number:05d}", "index": str(number)}) if is_late(key, OF_SHEETS) else key


def _finished(key: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: match[0][0] if match[1] is None else values.get(match[1], match[0]), key)


def escaped(text: str) -> str:
    """A text that, as a pattern, gives itself."""
    return text.replace("{", "{{").replace("}", "}}")


def resolution(template: Template) -> str:
    """``{resolution}``: the size as the parameters say it (``1920x1080``, ``x1080``, ``640x``, ``540p``), not what came out; empty where nothing is said."""
    video = template.video
    if video.short_side is not None:
        return f"{video.short_side}p"
    if video.long_side is not None:
        return f"{video.long_side}w"
    if video.width is None and video.height is None:
        return ""
    return f"{video.width or ''}x{video.height or ''}"


def expand(pattern: str, source: Address, extension: str = "", label: str = "") -> str:
    """The key that a pattern gives for an input; ``extension`` (without dot) is appended unless the key has it. Raises ValueError as :func:`fill` does."""
    return with_extension(fill(pattern, Facts(source, extension, label)), extension)


def with_extension(key: str, extension: str) -> str:
    """The key with this extension at its end, once."""
    if not extension or key.lower().endswith(f".{extension.lower()}"):
        return key
    return f"{key}.{extension}"
