"""Effective parameters of an output, each with where it comes from: override, template, default or source. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from jobs.engine.picture import SEGMENT_SECONDS, Picture
from jobs.engine.plan import Origin
from jobs.engine.template import Template

if TYPE_CHECKING:
    from jobs.engine.sound import Sound

Where = Literal["override", "template", "default", "source"]


def parameters(template: Template, overrides: Mapping[str, Any], picture: Picture | None, sound: Sound | None, *, ladder: bool) -> tuple[Origin, ...]:
    """All that was said, then what was decided where nothing was said. For a ladder, the first rung speaks for the rest."""
    rows: dict[str, Origin] = {}

    def put(loc: str, value: Any, where: Where) -> None:
        if value is not None and loc not in rows:
            rows[loc] = Origin(loc=loc, value=_shown(value), origin=where)

    defaults = Template(container=template.container).model_dump()
    for section in ("container", "video", "audio", "subtitle", "mux", "conditions"):
        over = overrides.get(section)
        for key, value in getattr(template, section).model_dump().items():
            if isinstance(over, Mapping) and key in over:
                put(f"{section}.{key}", value, "override")
            elif section == "container" or value != defaults[section][key]:
                put(f"{section}.{key}", value, "template")
    if template.ladder:
        put("ladder", ", ".join(r.name for r in template.ladder), "override" if "ladder" in overrides else "template")
    if picture:
        _picture(put, template, picture, ladder)
    if sound:
        _sound(put, template, sound)
    if template.container.format == "hls":
        put("mux.segment_seconds", SEGMENT_SECONDS, "default")
    return tuple(rows.values())


def _picture(put: Any, template: Template, picture: Picture, ladder: bool) -> None:
    plan, video = picture.plan, template.video
    put("video.codec", "copy" if plan.encoder == "copy" else plan.codec, "default")
    if plan.encoder == "copy":
        return
    sized = ladder or video.width or video.height or video.short_side
    if not ladder:
        put("video.size", f"{plan.width}×{plan.height}", "template" if sized else "source")
    if picture.rate_kept and not video.fps:
        put("video.fps", "source's own" if picture.fps is None else f"{picture.fps:.5g}", "source")
    put("video.pixel_format", plan.pixel_format, "source")
    if plan.encoder != "gif":
        if not ladder:
            put("video.crf", picture.crf, "default")
        put("video.gop", picture.gop, "default")
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
    return f"{value:g}" if isinstance(value, float) else str(value)
