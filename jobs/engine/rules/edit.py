"""What cannot be combined in the section «edit», and with it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.engine.containers import CONTAINERS
from jobs.engine.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobs.engine.template import Template

COPIED = {
    ("video", "tails"): "Nothing can follow a copied picture but whole parts that are like it: choose a codec.",
    ("audio", "tails"): "Nothing can follow copied sound but whole parts that are like it: choose a codec.",
    ("video", "speed"): "A copied picture cannot be played at another speed: choose a codec.",
    ("audio", "speed"): "Copied sound cannot be played at another speed: choose a codec.",
}
WHOLE = "Copied parts are joined whole: choose a codec to take a stretch."
SOUND = "Copied sound is joined only with a copied picture: copy that too, or choose a codec."
SPEED_MIN, SPEED_MAX = 0.25, 4.0  # of what has sound
PARTS_MAX = 20  # joined inputs that a template or its overrides name; a list object may name 100


def check(template: Template) -> Iterator[Problem]:
    """Every impossible combination of cutting and joining."""
    yield from _clip(template)
    yield from _parts(template)
    yield from _slates(template)
    yield from _copies(template)


def _clip(template: Template) -> Iterator[Problem]:
    edit = template.edit
    if edit.end and edit.duration:
        yield Problem(("edit", "end"), "Give the clip's duration or how much is cut off the end, not both.")
    if edit.speed and not SPEED_MIN <= edit.speed <= SPEED_MAX and CONTAINERS[template.container.format].audio and not template.audio.remove:
        yield Problem(("edit", "speed"), "Sound can be played at 0.25 to 4 times its speed: remove it, or choose a speed within.")


def _parts(template: Template) -> Iterator[Problem]:
    edit = template.edit
    if edit.after and edit.after_list:
        yield Problem(("edit", "after_list"), "Give the joined parts or a list of them, not both.")
    if len(edit.before) + len(edit.after) > PARTS_MAX:
        place = "after" if edit.after else "before"
        yield Problem(("edit", place), f"At most {PARTS_MAX} parts can be joined; name up to 100 in a list object, «after_list».")


def _slates(template: Template) -> Iterator[Problem]:
    container = CONTAINERS[template.container.format]
    for field in ("openings", "tails"):
        if not getattr(template.edit, field):
            continue
        if not container.video:
            yield Problem(("edit", field), f"{container.name} holds sound only, so «{field}» has no meaning.")
        elif template.video.remove:
            yield Problem(("edit", field), f"The picture is removed, so «{field}» has no meaning.")


def _copies(template: Template) -> Iterator[Problem]:
    """Copied packets are neither shown under something, nor played at another speed; joined only whole, and sound and picture alike."""
    edit, container = template.edit, CONTAINERS[template.container.format]
    copies = {
        section
        for section, held, part in (("video", container.video, template.video), ("audio", container.audio, template.audio))
        if held and not part.remove and part.codec == "copy"
    }
    if container.audio and not template.audio.remove and any(track.codec == "copy" for track in template.audios):
        copies.add("audio")
    for section in sorted(copies, reverse=True):
        for field in ("tails", "speed"):
            if getattr(edit, field) and (field != "speed" or edit.speed != 1):
                yield Problem(("edit", field), COPIED[section, field])
    if "video" in copies and edit.openings:
        yield Problem(("edit", "openings"), "Nothing can be laid over a copied picture: choose a codec.")
    if copies and (edit.before or edit.after or edit.after_list):
        yield from _copied_parts(template, copies)


def _copied_parts(template: Template, copies: set[str]) -> Iterator[Problem]:
    """What is known at the door of a join by copying; whether the parts are alike is seen when they are there."""
    edit, container = template.edit, CONTAINERS[template.container.format]
    if "audio" in copies:
        if container.video and not template.video.remove and "video" not in copies:
            yield Problem(("audio", "codec"), SOUND)
        if any((track.codec or template.audio.codec) != "copy" for track in template.audios if not track.remove):
            yield Problem(("audios",), "Of joined inputs all audio tracks are copied, or none.")
    for field in ("start", "duration", "end"):
        if getattr(edit, field):
            yield Problem(("edit", field), WHOLE)
    for name in ("before", "after"):
        for number, cut in enumerate(getattr(edit, name)):
            for field in ("start", "duration"):
                if getattr(cut, field):
                    yield Problem(("edit", name, number, field), WHOLE)
