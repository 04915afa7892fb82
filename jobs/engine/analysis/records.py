"""What an analysis knows and answers. Frozen models that go to JSON and back."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from jobs.engine.types import Strict
from jobs.engine.vocabulary.picture import Box


class Limits(Strict):
    """Between what an intelligent preset adapts. ``lines``: the shorter side of a 16:9 picture of that size."""

    definition: str = Field(description="XLD, LD, SD, HD, FHD, 4K")
    least_lines: int = Field(0, ge=0, description="the source must have so many")
    source_most_lines: int | None = Field(None, description="the source must not have more; None: any number")
    most_lines: int = Field(gt=0, description="the output has at most so many")
    min_kbps: int = Field(0, ge=0, description="the source's video must have so much, as H.264; complex pictures get at least this")
    max_kbps: int = Field(gt=0, description="peak of the output's video")
    max_fps: float = Field(60.0, gt=0, description="faster sources are halved")


class Complexity(Strict):
    """What a few seconds cost the encoder. ``kbit_s``: at ``width`` × ``height`` and the asked quality (CRF)."""

    frames: int
    windows: int = Field(description="places that were looked at")
    seconds: float = Field(description="of all places together")
    width: int
    height: int
    fps: float
    kbit_s: float
    growth: float = Field(description="exponent of the bitrate over the number of pixels")
    slope: float = Field(description="steps of CRF that halve the bitrate")
    grain: float = Field(description="share of the bits at full size that a slight blur saves, 0–1; grain and noise above 0.6")
    brightness: float = Field(description="of the brightest picture: what nine tenths of its pixels do not exceed, 0–255")


class Facts(Strict):
    """The input as presets see it. Sizes are upright, with square pixels, after borders are cut off."""

    width: int
    height: int
    lines: int = Field(description="the shorter side of a 16:9 picture that holds it")
    fps: float | None
    constant_rate: bool
    seconds: float | None
    codec: str
    kbps: int | None = Field(description="of the video; None: not told")
    h264_kbps: int | None = Field(description="the same, as H.264 would need it")
    bit_depth: int
    hdr: Literal["PQ", "HLG"] | None
    alpha: bool
    interlaced: bool
    top_first: bool
    marked: bool = Field(description="whether the container says that it is interlaced")
    borders: bool = Field(description="whether black borders were found")
    crop: Box | None = Field(description="what is left of the upright picture; None: all of it")
    black: bool = Field(description="nothing but darkness was seen")
    noisy: bool = Field(description="grain or noise takes so many bits that removing it pays")


class Note(Strict):
    """Something to know about a preset that fits, or the reason why one does not."""

    code: str
    message: str


def note(code: str, message: str) -> Note:
    """One, with a code of docs/template-analysis.md or of jobs.engine.errors."""
    return Note(code=code, message=message)


class Made(Strict):
    """What the output would be."""

    width: int | None = None
    height: int | None = None
    fps: float | None = None
    video: str | None = Field(None, description="codec")
    audio: str | None = Field(None, description="codec")
    kbps: int | None = Field(None, description="video bitrate as forecast or asked for; None: not known")


class Answer(Strict):
    """What is said of one preset."""

    id: str
    name: str
    kind: str
    version: int
    container: str
    fits: bool
    code: str | None = Field(None, description="why not; None: it fits")
    message: str = ""
    notes: tuple[Note, ...] = ()
    made: Made | None = None
    values: dict[str, Any] | None = Field(None, description="of an intelligent preset that fits: a partial template, laid over the preset's own")
