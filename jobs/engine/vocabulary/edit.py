"""Cut and join: which parts of which inputs, in what order, how fast."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from jobs.engine.address import Address
from jobs.engine.types import Seconds, Strict
from jobs.engine.vocabulary.units import Colour


class JoinPart(Strict):
    """One further input in a row."""

    address: Address
    start: Seconds | None = Field(None, lt=86_400, description="where the part begins, s; not said: 0")
    duration: Seconds | None = Field(None, gt=0, lt=86_400, description="length of the part, s; not said: to the end")


SlateSide = Annotated[
    Annotated[int, Field(ge=1, le=4096)] | Literal["own", "full"], Field(description="px, own: the clip's own size, full: the output's; not said: own")
]


class Slate(Strict):
    """An opening or tail clip. Openings lie over the picture, in the middle and without sound of their own; tails follow the end (MPS OpeningList, TailSlateList)."""

    address: Address
    start: Seconds = Field(0.0, lt=86_400, description="opening: when it appears, s from the beginning; tail: where in the clip it begins, s")
    width: SlateSide = "own"
    height: SlateSide = "own"
    blend_seconds: float = Field(0.0, ge=0, le=10, description="tail: cross-fade from the last picture, s")
    keep_audio: bool = Field(True, description="tail: its sound is heard")
    background: Colour = Field("white", description="tail: colour around a clip that is smaller than the output")


class Edit(Strict):
    """Cut and join. The clip of the job's input (``input.start``, ``input.duration``) is the same for all outputs; this is one output's own."""

    start: Seconds | None = Field(None, lt=86_400, description="where the clip begins, s; not said: 0")
    duration: Seconds | None = Field(None, lt=86_400, description="length of the clip, s; not said or 0: to the end")
    end: Seconds | None = Field(None, lt=86_400, description="how much is cut off the end, s; not with duration")
    clip_first_part: bool = Field(False, description="with joined parts: the clip is cut from the input before joining; not said: from the whole after joining")
    before: tuple[JoinPart, ...] = Field((), max_length=100, description="inputs joined before the job's input; with after at most 20")
    after: tuple[JoinPart, ...] = Field((), max_length=100, description="inputs joined after the job's input (MPS MergeList); with before at most 20")
    after_list: Address | None = Field(
        None, description='a JSON object {"MergeList": [{"MergeURL": …, "Start": …, "Duration": …}]} of up to 100 parts; not with after'
    )
    openings: tuple[Slate, ...] = Field((), max_length=4, description="clips shown over the beginning")
    tails: tuple[Slate, ...] = Field((), max_length=4, description="clips that follow the end")
    speed: float | None = Field(None, ge=0.01, le=100, description="playback speed of picture and sound; 2 is twice as fast; with sound 0.25–4; not said: 1")
