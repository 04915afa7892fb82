"""Quantities as people read them: times, sizes, rates and counts."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext


def duration(seconds: Any) -> str:
    """Working times: «0.4 s», «42 s», «2 min 5 s», «1 h 4 min». Empty for None."""
    if isinstance(seconds, dt.timedelta):
        seconds = seconds.total_seconds()
    if seconds is None or isinstance(seconds, str):
        return ""
    seconds = max(0.0, seconds)
    if seconds < 10:
        return gettext("%(number)s s") % {"number": number_format(round(seconds, 1), 1)}
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return gettext("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes}
    if minutes:
        return gettext("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": rest}
    return gettext("%(number)s s") % {"number": whole}


def clock(seconds: Any) -> str:
    """Positions in media: «1:02», «1:02:03», with tenths below a minute: «0:04.2». Empty for None."""
    if seconds is None or isinstance(seconds, str):
        return ""
    seconds = max(0.0, float(seconds))
    hours, minutes = int(seconds // 3600), int(seconds % 3600 // 60)
    if hours:
        return f"{hours}:{minutes:02}:{int(seconds % 60):02}"
    if minutes:
        return f"{minutes}:{int(seconds % 60):02}"
    return f"0:{seconds % 60:04.1f}"


def bytes_(size: Any) -> str:
    """Sizes in decimal units: «734 B», «1.4 MB». Empty for None."""
    if size is None or isinstance(size, str):
        return ""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5:
            return f"{number_format(value, 0 if unit == 'B' or value >= 99.95 else 1)} {unit}"
        value /= 1000
    return f"{number_format(value, 1)} TB"


def kbps(bits_per_second: float | None) -> str:
    """Rates: «1,800 kbit/s». Empty for None."""
    return "" if not bits_per_second else f"{number_format(round(float(bits_per_second) / 1000), 0, force_grouping=True)} kbit/s"


def grouped(number: int | None) -> str:
    """A count with grouped digits: «10,000»."""
    return "" if number is None else number_format(number, 0, use_l10n=True, force_grouping=True)
