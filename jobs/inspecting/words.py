"""What is measured, in words: for the form that asks and the chart that answers."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

MEASURE_NAMES = {
    "scenes": _("Scene cuts"),
    "black": _("Black"),
    "freeze": _("Still picture"),
    "silence": _("Silence"),
    "loudness": _("Loudness (EBU R128)"),
    "interlace": _("Interlacing"),
    "crop": _("Black borders"),
}
