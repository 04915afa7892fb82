"""What cannot be combined in a template, found all at once and before anything runs. Pure.

Single values are checked by the template's own types; here stand the rules between fields. Places are relative to the template.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jobs.engine import text_outputs
from jobs.engine.codecs import Container, container
from jobs.engine.containers import TEXTS
from jobs.engine.errors import Problem
from jobs.engine.resolve import laid_over
from jobs.engine.rules import edit, marks, narrowband, packaging, subtitles, tracks
from jobs.engine.rules.encoding import check_video
from jobs.engine.rules.picture import check_animation
from jobs.engine.rules.voice import check_audio
from jobs.engine.rules.wording import said

if TYPE_CHECKING:
    from jobs.engine.template import Template, Video

Loc = tuple[str | int, ...]


def check(template: Template, *, native: bool = True) -> tuple[Problem, ...]:
    """Every impossible combination, in the template's order; empty where it can be done. ``native``: our own ranges, not the wider ones of other products."""
    if template.container.format in TEXTS:
        return tuple(text_outputs.check(template))
    found: list[Problem] = []
    for rule in (_streams, _picture, _sound, edit.check, marks.check, check_animation, narrowband.check, tracks.check, subtitles.check):
        found += rule(template)
    found += packaging.check(template, native=native)
    held = holds(template)
    for position, rung in enumerate(template.ladder if held.video else ()):
        whole = laid_over(template, rung)
        place: Loc = ("ladder", position)
        known = {p.message for p in found}
        inner = [*_rung_video(rung.video), *check_video(whole.video, held, template.container.format), *(check_audio(whole.audio, held) if rung.audio else ())]
        found += [Problem((*place, *p.loc), p.message) for p in inner if p.message not in known]
    return tuple(dict.fromkeys(found))


def holds(template: Template) -> Container:
    """What the template's format holds, with the kind of segments that it asks for."""
    return container(template.container.format, template.mux.segment_format)


def _streams(template: Template) -> Iterator[Problem]:
    container = holds(template)
    no_video = template.video.remove or not container.video
    no_audio = template.audio.remove or not container.audio
    if no_video and no_audio:
        place = "audio" if template.audio.remove else "video"
        yield Problem(
            (place, "remove"),
            "Picture and sound are both removed; keep one."
            if container.video and container.audio
            else f"{container.name} has nothing else to hold; do not remove it.",
        )
    elif no_video and container.needs_picture:
        yield Problem(("video", "remove"), f"{container.name} cannot do without a picture; do not remove it.")


def _picture(template: Template) -> Iterator[Problem]:
    container, video = holds(template), template.video
    if video.remove and (named := said(video)):
        yield Problem(("video", named[0]), f"The picture is removed, so «{named[0]}» has no meaning.")
    elif not container.video and (named := said(video)):
        yield Problem(("video", named[0]), f"{container.name} holds sound only, so «{named[0]}» has no meaning.")
    elif container.video and not video.remove:
        yield from check_video(video, container, template.container.format)


def _sound(template: Template) -> Iterator[Problem]:
    container, audio = holds(template), template.audio
    if audio.remove and (named := said(audio)):
        yield Problem(("audio", named[0]), f"The sound is removed, so «{named[0]}» has no meaning.")
    elif not container.audio and (named := said(audio)):
        yield Problem(("audio", named[0]), f"{container.name} holds no sound, so «{named[0]}» has no meaning.")
    elif container.audio and not audio.remove:
        yield from check_audio(audio, container)


def _rung_video(video: Video) -> Iterator[Problem]:
    if video.remove:
        yield Problem(("video", "remove"), "A rung cannot drop the picture.")
    if video.codec == "copy":
        yield Problem(("video", "codec"), "A rung cannot be a copy.")
    if video.narrowband is not None:
        yield Problem(("video", "narrowband"), narrowband.LADDER)
