"""What Narrowband cannot be combined with. Pure. Places are relative to the template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.engine.codecs import VIDEO
from jobs.engine.containers import container
from jobs.engine.errors import Problem
from jobs.engine.rules.wording import either

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobs.engine.template import Template

CODECS: dict[int, tuple[str, ...]] = {1: ("h264", "h265"), 2: ("h264", "h265", "av1")}
PLACE = ("video", "narrowband")
LADDER = "Narrowband makes one picture: remove the ladder, or make an output of its own for each size."
BOUND = "Narrowband needs the bound that it stays below: give an average or a peak bitrate."
JOINED = "Narrowband is measured against one source: it cannot be joined from several inputs."


def check(template: Template) -> Iterator[Problem]:
    """Every impossible combination with ``video.narrowband``; that copies and removed pictures have none, say other rules."""
    video, edit = template.video, template.edit
    held = container(template.container.format, template.mux.segment_format)
    codec = video.codec or (held.video[0] if held.video else "copy")
    if video.narrowband is None or video.remove or not held.video or codec == "copy":
        return
    method = video.narrowband.method
    if codec not in CODECS[method]:
        can = either(VIDEO[name].name for name in CODECS[method])
        yield Problem((*PLACE, "method"), f"Narrowband {method} does not make {VIDEO[codec].name}: use {can}.")
    if video.rate_control == "cbr":
        yield Problem(("video", "rate_control"), "A constant bitrate saves nothing: use abr, vbr or crf with Narrowband.")
    if video.passes == 2:
        yield Problem(("video", "passes"), "Narrowband looks at the input by itself: remove «passes».")
    if video.bitrate_kbps is None and video.maxrate_kbps is None:
        yield Problem(PLACE, BOUND)
    if video.scan == "interlaced":
        yield Problem(("video", "scan"), "Narrowband makes progressive pictures: use progressive, or no Narrowband.")
    if edit.before or edit.after or edit.after_list or edit.openings or edit.tails:
        yield Problem(PLACE, JOINED)
    if template.mux.growing_playlist:
        yield Problem(("mux", "growing_playlist"), "Narrowband is checked before it is published: remove «growing_playlist».")
    if template.ladder:
        yield Problem(PLACE, LADDER)
