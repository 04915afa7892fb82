"""Units that several sections share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from jobs.engine.vocabulary.languages import language_code

Smaller = Literal["convert", "keep", "fail"]
Corner = Literal["top_left", "top_right", "bottom_left", "bottom_right"]
Colour = Annotated[str, Field(pattern=r"^(#[0-9a-fA-F]{6}|[A-Za-z]{3,24})$", description="#RRGGBB or a CSS colour name")]
Language = Annotated[str, AfterValidator(language_code), Field(description="ISO 639-2 code of three letters: eng, zho, jpn … und")]


def _title(text: str) -> str:
    """Names of tracks are one line."""
    if not text.isprintable():
        raise ValueError("A title is one line without control characters.")
    return text


Title = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_title)]


def _length(value: int | float) -> int | float:
    """A whole number is px, a decimal number a share of the picture: 1 is one pixel, 1.0 all of it (IMM's rule)."""
    if isinstance(value, float) and not 0 <= value <= 1:
        raise ValueError("A decimal number is a share of the picture, from 0 to 1; pixels are whole numbers.")
    if isinstance(value, int) and not 0 <= value <= 8192:
        raise ValueError("Pixels are whole numbers from 0 to 8192.")
    return value


Length = Annotated[
    int | float, AfterValidator(_length), Field(description="px as a whole number, or a share of the picture's side as a decimal from 0.0 to 1.0")
]
