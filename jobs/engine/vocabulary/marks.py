"""What is laid over the picture or hidden in it: watermarks and delogo areas."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from jobs.engine.address import Address
from jobs.engine.types import Seconds, Strict
from jobs.engine.vocabulary.units import Colour, Corner, Length


class MarkText(Strict):
    """Text of a watermark. It is data: no sequence in it means anything to a filter."""

    content: str | None = Field(None, min_length=1, max_length=1024, description="the text; new lines are kept; may be left to the watermark template")
    font: str | None = Field(
        None,
        min_length=1,
        max_length=64,
        description="name of a font of the worker («Noto Sans CJK SC», «DejaVu Sans Bold»); not said: one that has the characters",
    )
    size: int | float | None = Field(
        None, description="px as a whole number from 4 to 512, or a share of the output's height as a decimal above 0.0 and below 1.0; not said: 16"
    )
    color: Colour | None = Field(None, description="#RRGGBB or a CSS colour name; not said: white")
    opacity: float | None = Field(None, gt=0, le=1, description="of text and outline; 1: opaque; not said: 1")
    outline_width: int | None = Field(None, ge=0, le=64, description="px; not said: 0")
    outline_color: Colour | None = Field(None, description="#RRGGBB or a CSS colour name; not said: black")

    @field_validator("size")
    @classmethod
    def _readable(cls, value: int | float | None) -> int | float | None:
        if isinstance(value, float) and not 0 < value < 1:
            raise ValueError("A decimal number is a share of the output's height, above 0.0 and below 1.0; pixels are whole numbers.")
        if isinstance(value, int) and not 4 <= value <= 512:
            raise ValueError("Pixels are whole numbers from 4 to 512.")
        return value


class Watermark(Strict):
    """An image, a moving image or a text over the picture. With ``template`` the rest is that watermark template's, field by field, unless said here.

    Pixels are those of the output; in a ladder those of its largest rung, and the other rungs have the mark in proportion.
    """

    template: str | None = Field(None, min_length=1, max_length=128, description="id or name of a watermark template")
    image: Address | None = Field(None, description="PNG, JPEG, WebP, GIF, APNG, or WebM or MOV with alpha, at most 16 megapixels; not with text")
    text: MarkText | None = Field(None, description="not with image")
    corner: Corner | None = Field(None, description="the corner that the offsets count from; not said: top_right")
    dx: Length | None = Field(None, description="horizontal offset; px or a share of the output's width; not said: 0")
    dy: Length | None = Field(None, description="vertical offset; px or a share of the output's height; not said: 0")
    width: Length | None = Field(None, description="image: width; one side alone keeps the ratio; neither: 0.12 of the output's width")
    height: Length | None = Field(None, description="image: height; see width")
    opacity: float | None = Field(None, gt=0, le=1, description="image: 1 is as it is; not said: 1; a text has its own")
    start: Seconds | None = Field(None, lt=86_400, description="appears after, s of the output; not said: 0")
    duration: Seconds | None = Field(None, gt=0, lt=86_400, description="is shown for, s; not said: to the end")


class Delogo(Strict):
    """An area that is made unrecognisable. Pixels and shares are those of the upright source picture, before it is cropped, turned or scaled."""

    corner: Corner = Field("top_left", description="the corner that the offsets count from")
    dx: Length = Field(0, description="horizontal offset")
    dy: Length = Field(0, description="vertical offset")
    width: Length = Field(1.0, description="not said: all of the width")
    height: Length = Field(1.0, description="not said: all of the height")
    start: Seconds | None = Field(None, lt=86_400, description="begins after, s of the output; not said: 0")
    duration: Seconds | None = Field(None, gt=0, lt=86_400, description="lasts, s; not said: to the end")
    method: Literal["mosaic", "blur", "delogo"] = Field("mosaic", description="mosaic: large blocks; blur; delogo: filled in from the area's border")
