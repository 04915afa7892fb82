"""Effective parameters of an output, each with where it comes from: override, template, default or source. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from jobs.engine.codecs import VIDEO
from jobs.engine.containers import SEGMENTED
from jobs.engine.encoders import SEGMENT_SECONDS
from jobs.engine.plan import Origin
from jobs.engine.template import Template
from jobs.engine.types import Strict

if TYPE_CHECKING:
    from jobs.engine.picture import Picture
    from jobs.engine.sound import Sound

SECRET = frozenset({"key"})
SIZES = ("width", "height", "short_side", "long_side", "crop", "pad")
"""What the size of the picture follows from."""
Where = Literal["override", "template", "default", "source"]


def parameters(template: Template, overrides: Mapping[str, Any], picture: Picture | None, sound: Sound | None, *, ladder: bool) -> tuple[Origin, ...]:
    """All that was said, then what was decided where nothing was said. For a ladder, the first rung speaks for the rest."""
    rows: dict[str, Origin] = {}

    def put(loc: str, value: Any, where: Where) -> None:
        if value is not None and loc not in rows:
            rows[loc] = Origin(loc=loc, value=_shown(value), origin=where)

    defaults = Template(container=template.container)
    for section in Template.model_fields:
        over, said, unsaid = overrides.get(section), getattr(template, section), getattr(defaults, section)
        if not isinstance(said, Strict):
            if said:
                put(section, ", ".join(r.name for r in said) if section == "ladder" else len(said), "override" if over is not None else "template")
            continue
        for key in type(said).model_fields:
            value = getattr(said, key)
            if section == "encryption" and key in SECRET:
                value = value and "set"
            if isinstance(over, Mapping) and key in over:
                put(f"{section}.{key}", value, "override")
            elif section == "container" or unsaid is None or value != getattr(unsaid, key):
                put(f"{section}.{key}", value, "template")
    if picture:
        said = overrides.get("video")
        _picture(put, template, picture, ladder, said if isinstance(said, Mapping) else {})
    if sound:
        _sound(put, template, sound)
    if template.container.format in SEGMENTED:
        put("mux.segment_seconds", SEGMENT_SECONDS, "default")
    return tuple(rows.values())


def _picture(put: Any, template: Template, picture: Picture, ladder: bool, over: Mapping[str, Any]) -> None:
    plan, video = picture.plan, template.video
    put("video.codec", "copy" if plan.encoder == "copy" else plan.codec, "default")
    if plan.encoder == "copy":
        return
    if not ladder:
        where: Where = "override" if any(over.get(name) for name in SIZES) else "template" if any(getattr(video, name) for name in SIZES) else "source"
        put("video.size", f"{plan.width}×{plan.height}", where)
    if picture.rate_kept and not video.fps:
        put("video.fps", "source's own" if picture.fps is None else f"{picture.fps:.5g}", "source")
    put("video.pixel_format", plan.pixel_format, "source")
    if not ladder:
        put("video.crf", picture.crf, "default")
        put("video.bitrate_kbps", picture.bitrate_kbps, "source")
    put("video.gop", picture.gop, "default")
    if any(row.encoder == plan.encoder and row.presets for row in VIDEO.values()):
        put("video.preset", "medium", "default")


def _sound(put: Any, template: Template, sound: Sound) -> None:
    plan = sound.plan
    put("audio.codec", "copy" if plan.encoder == "copy" else plan.codec, "default")
    if plan.encoder == "copy":
        return
    put("audio.sample_rate", plan.sample_rate, "source")
    put("audio.channels", plan.channels, "source")
    put("audio.bitrate_kbps", sound.bitrate_kbps, "default")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Strict):
        return ", ".join(f"{name} {_shown(given)}" for name, given in value if given is not None)
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value) if all(isinstance(item, int | float | str) for item in value) else str(len(value))
    return f"{value:g}" if isinstance(value, float) else str(value)
