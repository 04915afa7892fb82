"""The fixed sentences of sprites, made known to gettext; part of :mod:`console.sentences`."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

SPRITE_SENTENCES = (
    _("The mode «average» needs «count»."),
    _("The mode «images» needs «images»."),
    _("Sheets can be JPEG, PNG or WebP."),
    _("Add {TileCount}: several sheets need different names."),
    _("The index must be in the bucket of the sheets."),
    _("The address of the index ends with .vtt."),
    _("There is one index for all sheets: leave {TileCount} out."),
    _("The single pictures must be in the bucket of the sheets."),
    _("The single pictures can be JPEG, PNG or WebP."),
    _("Two objects would have the same name: give sheets, index and single pictures different ones."),
    _("Here it is always sprite."),
)
