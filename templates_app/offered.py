"""What the page's script has to know of the engine to offer only what can be had: codecs by container, and choices and ranges that hang on another field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jobs.engine.codecs import AUDIO, CONTAINERS, VIDEO, VideoEncoder
from jobs.engine.rules.packaging import SEGMENT_FORMATS

AAC_LOW = "aac_low"
RATES = ("abr", "vbr", "cbr")
CRF_ADVISED, CRF_SCALE = (23, 29), 51  # advised where the scale ends at 51: H.264 and H.265


def offered() -> dict[str, Any]:
    """``codecs``: by container, the usual first: {«mp4»: {«video»: […], «audio»: […]}, …}. ``choices``: {field: [the field that it hangs on, {its value:
    what can be chosen then}]}; a value that is not there narrows nothing. ``ranges``: the same of numbers: {«most»: …, «usual»: what holds where nothing is
    said, «advised»: [from, to] or None}."""
    return {
        "codecs": _codecs(),
        "choices": {field: [by, values] for field, by, values in _choices()},
        "ranges": {"video.crf": ["video.codec", {name: _crf(row) for name, row in VIDEO.items() if row.crf is not None}]},
    }


def _crf(row: VideoEncoder) -> dict[str, Any]:
    return {"most": row.crf_max, "usual": row.crf, "advised": CRF_ADVISED if row.crf_max == CRF_SCALE else None}


def _codecs() -> dict[str, dict[str, list[str]]]:
    return {name: {"video": [*row.video, "copy"] if row.video else [], "audio": [*row.audio, "copy"] if row.audio else []} for name, row in CONTAINERS.items()}


def _choices() -> Iterable[tuple[str, str, Mapping[str, list[str]]]]:
    yield "video.profile", "video.codec", {name: list(row.profiles) for name, row in VIDEO.items() if row.profiles}
    yield "video.level", "video.codec", {name: sorted(row.levels, key=float) for name, row in VIDEO.items() if row.levels}
    yield "video.pixel_format", "video.codec", {name: list(row.pixel_formats) for name, row in VIDEO.items()}
    yield "video.rate_control", "video.codec", {name: [*(["crf"] if row.crf is not None else []), *RATES] for name, row in VIDEO.items()}
    yield "audio.profile", "container.format", {name: [AAC_LOW, *sorted(row.fdk)] for name, row in CONTAINERS.items() if row.audio}
    yield "audio.sample_rate", "audio.codec", {name: [str(rate) for rate in row.sample_rates] for name, row in AUDIO.items() if row.sample_rates}
    yield "mux.segment_format", "container.format", {name: list(formats) for name, formats in SEGMENT_FORMATS.items()}
    yield "encryption.method", "container.format", {name: ["cbcs", "cenc"] for name, formats in SEGMENT_FORMATS.items() if "ts" not in formats}
