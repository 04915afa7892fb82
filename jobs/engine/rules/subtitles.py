"""What cannot be combined in ``subtitle``, and with it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.engine.codecs import container
from jobs.engine.errors import Problem
from jobs.engine.subtitles import TEXT_TRACKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobs.engine.template import Template


def check(template: Template) -> Iterator[Problem]:
    """Every impossible combination of subtitles."""
    subtitle, format_ = template.subtitle, template.container.format
    held = container(format_, template.mux.segment_format)
    if subtitle.streams is not None and subtitle.languages is not None:
        yield Problem(("subtitle", "languages"), "Choose subtitle streams by their numbers or by their languages, not both.")
    if subtitle.remove:
        for field in ("streams", "languages"):
            if getattr(subtitle, field) is not None:
                yield Problem(("subtitle", field), f"The input's subtitles are removed, so «{field}» has no meaning.")
    elif subtitle.streams and not held.subtitles:
        yield Problem(("subtitle", "streams"), f"{held.name} cannot hold subtitles; draw one into the picture, or use MP4, MKV, WebM or HLS.")
    if subtitle.streams is not None and len(set(subtitle.streams)) < len(subtitle.streams):
        yield Problem(("subtitle", "streams"), "A subtitle stream is named twice.")
    shown = False
    for number, file in enumerate(subtitle.files):
        place = ("subtitle", "files", number)
        if not file.burn and format_ not in TEXT_TRACKS:
            yield Problem((*place, "burn"), f"{held.name} cannot hold text tracks; draw the text into the picture, or use MP4, MKV, WebM or HLS.")
        if file.font and not file.burn:
            yield Problem((*place, "font"), "A font is for text that is drawn into the picture; players choose their own.")
        if file.default and not file.burn and shown:
            yield Problem((*place, "default"), "Only one text track can be the default.")
        shown = shown or (file.default and not file.burn)
        if file.burn:
            yield from _drawn(template, (*place, "burn"))
    if subtitle.burn_stream is not None:
        yield from _drawn(template, ("subtitle", "burn_stream"))


def _drawn(template: Template, place: tuple[str | int, ...]) -> Iterator[Problem]:
    held = container(template.container.format, template.mux.segment_format)
    if not held.video:
        yield Problem(place, f"{held.name} holds no picture that text could be drawn into.")
    elif template.video.remove:
        yield Problem(place, "The picture is removed, so no text can be drawn into it.")
    elif template.video.codec == "copy":
        yield Problem(place, "A copied picture cannot be drawn into; choose a codec.")
