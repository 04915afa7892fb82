"""Fixed sentences and words of inspections, covers, previews and media info, made known to gettext; see sentences.py."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

ANALYSIS_SENTENCES = (
    _("No picture of the video is good: it is black, blurred or plain throughout. The best of them was taken."),
    _("ffprobe's own document is too long to be kept."),
    _("The sound of this part of the video cannot be read, so the preview has none."),
    _("The file has no sound."),
    _("The file has no video."),
    _("The file has only a cover picture, no video."),
    _("There must be at least as many candidates as shots."),
    _("The source is interlaced; it is deinterlaced."),
    _("The transparency of the source is lost."),
    _("The source is interlaced though it does not say so; this preset does not deinterlace."),
    _("The source has black borders; this preset keeps them."),
    _("The pictures that were looked at are black, so nothing can be said of how complex the others are."),
    _("The input is shorter than one sample: all of it was looked at."),
    _("Not one picture of the input could be read."),
    _("There is no such analysis."),
    _("The input was replaced since it was analysed, and an intelligent preset needs an analysis of the present one."),
    _("sharpness"),
    _("exposure"),
    _("contrast"),
    _("colours"),
    _("black"),
    _("white"),
    _("plain"),
    _("fade"),
)
