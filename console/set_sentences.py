"""Fixed sentences of sets, of joins without encoding, and of subtitles as files, made known to gettext; see sentences.py."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

SET_SENTENCES = (
    _("Streaming that adapts to the viewer's network: DASH from 360p to 1080p, as far as the source can fill it."),
    _("Streaming that adapts to the viewer's network: one set of segments for HLS and DASH players, from 360p to 1080p, as far as the source can fill it."),
    _("Nothing can follow a copied picture but whole parts that are like it: choose a codec."),
    _("Nothing can follow copied sound but whole parts that are like it: choose a codec."),
    _("Copied sound is joined only with a copied picture: copy that too, or choose a codec."),
    _("Of joined inputs all audio tracks are copied, or none."),
    _("Copied parts are joined whole: choose a codec to take a stretch."),
    _("Sound may be off by one of its packets where copied parts meet."),
    _("This sound cannot be joined without encoding: choose a codec for it; the picture can be copied all the same."),
    _("A segment's name has its number once: %d, or %05d for five digits."),
    _("Besides {name} and the number there may be letters, digits, dots, hyphens and underscores."),
    _("Only HLS can be played while it is made; choose HLS or leave this out."),
    _("cbcs and cenc are packaged after the encode, so nothing can be played before: use AES-128 with TS segments."),
    _("Names of segments that are the same in every attempt cannot be played while they are made: remove «segment_name»."),
    _("A copied picture is there in a moment, and nobody knows how long its segments will be: choose a codec."),
    _("One segment that holds everything does not grow."),
    _("There is something at the address already. It stays until the new set is whole, so nothing could be played before."),
    _("The address names what is known only when the output is whole, so nothing could be played before."),
    _("There is no text within the clip."),
    _("The input has no text subtitles that were asked for."),
)
