"""What a sender says of a file, as tus writes it: «filename d29ybGQ=,tags YSwgYg==». Uploads keep it as it was sent."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from jobs.engine.errors import Problem, Refused
from media_assets import editing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from media_assets.models import Upload

METADATA_BYTES = 8192
_COMMA = re.compile(r"\s*[,，、]\s*")


def read(text: str) -> dict[str, str]:
    """Names and texts. Raises Refused."""
    found: dict[str, str] = {}
    try:
        if len(text) > METADATA_BYTES:
            raise ValueError
        for pair in filter(None, (part.strip() for part in text.split(","))):
            name, _sep, value = pair.partition(" ")
            found[name] = base64.b64decode(value, validate=True).decode()
    except (ValueError, binascii.Error):
        raise Refused(
            "InvalidParameter", problems=(Problem(("Upload-Metadata",), _("Names, a space, and the value in Base64, with commas between.")),)
        ) from None
    return found


def write(said: Mapping[str, str]) -> str:
    """The other way round."""
    return ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in said.items() if text)


def tags(text: str) -> list[str]:
    """Tags as people type them, with commas between, full-width ones too. Raises Refused as for a media's tags."""
    return editing.checked_tags([word for word in _COMMA.split(text.strip()) if word])


def tags_of(row: Upload) -> list[str]:
    """The tags that were sent with an upload. They were looked at when it began."""
    try:
        return tags(read(row.metadata).get("tags", ""))
    except Refused:
        return []
