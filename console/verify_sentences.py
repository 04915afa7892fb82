"""Names and values of what is verified (jobs.engine.verify), and of streams, made known to gettext; see sentences.py."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

VERIFY_SENTENCES = (
    _("file"),
    _("not empty"),
    _("missing"),
    _("mono"),
    _("stereo"),
    _("readable"),
    _("video codec"),
    _("audio codec"),
    _("audio profile"),
    _("streams"),
    _("size"),
    _("pixel format"),
    _("colours"),
    _("colour range"),
    _("sample rate"),
    _("channels"),
    _("duration"),
    _("frames"),
    _("playlist"),
    _("present"),
    _("segments"),
    _("all present"),
    _("sum of segments"),
    _("end of list"),
    _("at least 1"),
    _("unknown"),
    _("none"),
    _("yes"),
    _("no"),
)
