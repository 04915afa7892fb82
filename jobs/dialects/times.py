"""Times as the products write them. Pure."""

from __future__ import annotations

import datetime as dt

FORM = "%Y-%m-%dT%H:%M:%SZ"


def utc(moment: dt.datetime | None) -> str | None:
    """``yyyy-MM-ddTHH:mm:ssZ``; None for None."""
    return moment.astimezone(dt.UTC).strftime(FORM) if moment else None


def read_utc(text: str) -> dt.datetime:
    """The moment of such a text; a form without seconds counts too. Raises ValueError."""
    for form in (FORM, "%Y-%m-%dT%H:%MZ"):
        try:
            return dt.datetime.strptime(text, form).replace(tzinfo=dt.UTC)
        except ValueError:
            continue
    raise ValueError("Write the time as yyyy-MM-ddTHH:mm:ssZ.")
