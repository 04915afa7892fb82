"""A text that the worker draws before anything runs, as a picture of its own. Pure data."""

from __future__ import annotations

from pydantic import Field

from jobs.engine.types import Strict


class Drawing(Strict):
    """Letters on nothing, drawn into a PNG with alpha. Its box is as wide as the longest line and as high as its lines, outline included.

    The box is put against ``edge_x`` and ``edge_y`` (px of the output: where its near sides have to lie). So that the overlay can begin at an even
    place, transparent lines fill up what is odd: before the text at the left and top, and before it too where it is measured from the other side.
    """

    file: str
    content: str
    font: str | None = None
    pixels: int = Field(description="px of the letters (the em)")
    color: str = "white"
    opacity: float = 1.0
    outline: int = Field(0, description="px")
    outline_color: str = "black"
    right: bool = Field(description="edge_x is the box's right side; lines end there. Else the left side, where lines begin")
    bottom: bool = Field(description="edge_y is the box's lower side, else the upper one")
    edge_x: int
    edge_y: int
    max_width: int = Field(description="of the output; what lies beyond is not drawn")
    max_height: int
