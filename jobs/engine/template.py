"""What a transcoding template may say: container, video, audio, subtitle, mux, conditions, ladder.

Every field has one name from here to URL, form and column. ``None`` means «not said»: the rule that then holds stands in the
field's description. Overrides of a job are a partial template, merged once by :func:`merge`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from jobs.engine.types import Strict
from jobs.engine.vocabulary.edit import Edit, JoinPart, Slate
from jobs.engine.vocabulary.marks import Delogo, MarkText, Watermark
from jobs.engine.vocabulary.packaging import Conditions, Container, Encryption, Format, Mux, Rung
from jobs.engine.vocabulary.picture import Box, Canvas, Narrowband, Video, VideoCodec
from jobs.engine.vocabulary.sound import Audio, AudioCodec, AudioTrack, Loudness
from jobs.engine.vocabulary.subtitle import Subtitle, SubtitleFile
from jobs.engine.vocabulary.units import Smaller

__all__ = [
    "Audio",
    "AudioCodec",
    "AudioTrack",
    "Box",
    "Canvas",
    "Conditions",
    "Container",
    "Delogo",
    "Edit",
    "Encryption",
    "Format",
    "JoinPart",
    "Loudness",
    "MarkText",
    "Mux",
    "Narrowband",
    "Rung",
    "Slate",
    "Smaller",
    "Subtitle",
    "SubtitleFile",
    "Template",
    "Video",
    "VideoCodec",
    "Watermark",
    "merge",
]


class Template(Strict):
    """All parameters of one transcoding template."""

    container: Container
    video: Video = Video()
    audio: Audio = Audio()
    audios: tuple[AudioTrack, ...] = Field(
        (), max_length=32, description="several audio tracks, in this order; none: one track from the input's first audio stream"
    )
    subtitle: Subtitle = Subtitle()
    edit: Edit = Edit()
    watermarks: tuple[Watermark, ...] = Field((), max_length=20, description="laid over the picture in this order")
    delogos: tuple[Delogo, ...] = Field((), max_length=20, description="areas made unrecognisable, before watermarks")
    mux: Mux = Mux()
    encryption: Encryption | None = Field(None, description="not said: none")
    conditions: Conditions = Conditions()
    ladder: tuple[Rung, ...] = Field(
        (), max_length=12, description="hls, dash, cmaf: a set with these rungs; rungs that the source cannot fill are left out, the smallest always stays"
    )


BITRATE = ("bitrate_kbps", "bitrate_min_kbps", "bitrate_max_kbps", "passes")
# Ways of saying the same thing: naming one in an override unsays the template's other one.
EITHER_OR: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("crf",), BITRATE),
    (("bitrate_kbps",), ("crf",)),
    (("short_side",), ("width", "height", "long_side", "scale_type", "follow_orientation")),
    (("long_side",), ("width", "height", "short_side", "scale_type", "follow_orientation")),
    (("width", "height"), ("short_side", "long_side")),
    (("gop",), ("gop_seconds",)),
    (("gop_seconds",), ("gop",)),
    (("fps",), ("max_fps",)),
    (("max_fps",), ("fps",)),
    (("quality",), ("bitrate_kbps",)),
    (("bitrate_kbps",), ("quality",)),
    (("volume_db",), ("loudness",)),
    (("loudness",), ("volume_db",)),
    (("duration",), ("end",)),
    (("end",), ("duration",)),
)


def merge(template: Template, overrides: dict[str, Any]) -> Template:
    """Lay a job's overrides over a template, field by field.

    Precedence, strongest first: a field in ``overrides``, the template's field, the field's default. An override of ``null`` unsays
    the template's value. ``ladder`` is replaced as a whole. Choosing ``codec: copy`` or ``remove`` in an override unsays the template's
    other fields of that stream that are not overridden too. Of two ways of saying the same (:data:`EITHER_OR`), the one in an override unsays the template's other one.
    Raises pydantic.ValidationError with places relative to the overrides.
    """
    merged = template.model_dump(mode="json")
    for section, given in overrides.items():
        if given is None and section in merged:
            del merged[section]
            continue
        base = merged.get(section)
        if not isinstance(given, dict) or not isinstance(base, dict):
            merged[section] = given
            continue
        if section in ("video", "audio") and (given.get("codec") == "copy" or given.get("remove") is True):
            base = {}
        for one, other in EITHER_OR:
            if any(given.get(name) is not None for name in one):
                base = {name: value for name, value in base.items() if name not in other}
        base = {name: value for name, value in base.items() if name not in outvoted(given, base)}
        merged[section] = {name: value for name, value in (base | given).items() if value is not None}
    return Template.model_validate_json(json.dumps(merged))


def outvoted(given: Mapping[str, Any], base: Mapping[str, Any]) -> frozenset[str]:
    """Fields of ``base`` that a rate control in ``given`` contradicts: a CRF ends «abr», a bitrate ends «crf»."""
    if given.get("rate_control") is not None:
        return frozenset({"crf"} if given["rate_control"] != "crf" else BITRATE)
    if given.get("crf") is not None:
        return frozenset({"rate_control"})
    if any(given.get(name) is not None for name in BITRATE) and base.get("rate_control") == "crf":
        return frozenset({"rate_control"})
    return frozenset()
