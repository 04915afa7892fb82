"""Input and output files of IMS: ``{"Type": "OSS", "Media": "oss://…"}``, or a media by its id. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jobs.dialects.locations import object_at, parts_of
from jobs.engine.address import SCHEME, Address

if TYPE_CHECKING:
    from jobs.dialects.reading import Fields

MediaOf = Callable[[str], Address | None]
"""The source of a media by its id; None: there is none."""


def source(file: Fields, endpoint: str, media_of: MediaOf) -> str:
    """The address of an input. Raises Bad."""
    file.need("Media")
    kind = file.one_of("Type", {"OSS": "oss", "Media": "media", "ExternalURL": "url"}, "oss")
    said = file.text("Media")
    if kind == "url":
        raise file.bad("Type", "Nothing is fetched from elsewhere: put the file into a bucket.")
    if kind == "media":
        found = media_of(said)
        if found is None:
            raise file.bad("Media", f"There is no media {said[:64]}.")
        return str(found)
    try:
        return str(object_at(said, endpoint))
    except ValueError as error:
        raise file.bad("Media", str(error)) from None


def target(file: Fields, endpoint: str) -> str:
    """The address pattern of an output; it may end with a slash, and hold placeholders. Raises Bad."""
    file.need("Media")
    if file.one_of("Type", {"OSS": "oss", "Media": "media"}, "oss") != "oss":
        raise file.bad("Type", "Outputs go to OSS.")
    try:
        bucket, key = parts_of(file.text("Media"), endpoint)
    except ValueError as error:
        raise file.bad("Media", str(error)) from None
    return f"{SCHEME}{bucket}/{key}"
