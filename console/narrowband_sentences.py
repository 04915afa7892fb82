"""Fixed sentences of Narrowband, made known to gettext; see sentences.py."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

NARROWBAND_SENTENCES = (
    _("Narrowband makes one picture: remove the ladder, or make an output of its own for each size."),
    _("Narrowband needs the bound that it stays below: give an average or a peak bitrate."),
    _("Narrowband is measured against one source: it cannot be joined from several inputs."),
    _("A constant bitrate saves nothing: use abr, vbr or crf with Narrowband."),
    _("Narrowband looks at the input by itself: remove «passes»."),
    _("Narrowband makes progressive pictures: use progressive, or no Narrowband."),
    _("Without a ladder no rung can be left out: add one, or remove «automatic»."),
    _("Rungs are measured against one source: an automatic ladder cannot be joined from several inputs."),
    _("Narrowband is checked before it is published: remove «growing_playlist»."),
    _("Not one picture could be read."),
)
