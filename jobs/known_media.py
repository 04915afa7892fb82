"""What earlier jobs found in an object, for those who want to know before a job runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from jobs.engine.probe import Probe
from media_assets.models import Media

if TYPE_CHECKING:
    from jobs.engine.address import Address


def known_probe(address: Address) -> Probe | None:
    """The media info of this object; None where nobody looked into it yet, or one looked who told it in other words."""
    info = Media.objects.filter(bucket=address.bucket, key=address.key).values_list("info", flat=True).first()
    try:
        return Probe.model_validate(info, strict=False) if info else None
    except ValidationError:
        return None
