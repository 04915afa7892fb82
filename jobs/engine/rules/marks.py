"""What cannot be combined in watermarks and hidden areas. Pure. Places are relative to the template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PIL import ImageColor

from jobs.engine.codecs import CONTAINERS
from jobs.engine.errors import Problem

if TYPE_CHECKING:
    from jobs.engine.template import Template
    from jobs.engine.vocabulary.marks import MarkText, Watermark

Loc = tuple[str | int, ...]


def check(template: Template) -> Iterator[Problem]:
    """Every mistake in the watermarks and areas of a template, its rungs included."""
    for section in ("watermarks", "delogos"):
        if getattr(template, section) and (sentence := _no_picture(template)):
            yield Problem((section,), sentence)
    for number, mark in enumerate(template.watermarks):
        yield from _mark(mark, ("watermarks", number))
    for number, area in enumerate(template.delogos):
        for side in ("width", "height"):
            if getattr(area, side) == 0:
                yield Problem(("delogos", number, side), "Use a length above 0.")


def _no_picture(template: Template) -> str | None:
    """Why nothing can be laid over this picture; None: it can."""
    container = CONTAINERS[template.container.format]
    if not container.video:
        return f"{container.name} holds sound only; watermarks and hidden areas need a picture."
    if template.video.remove:
        return "The picture is removed; watermarks and hidden areas need one."
    if (template.video.codec or container.video[0]) == "copy":
        return "A copied picture cannot be changed: remove watermarks and hidden areas, or choose a codec."
    return None


def mark_problems(mark: Watermark) -> tuple[Problem, ...]:
    """Mistakes within one watermark, wherever it stands: in an output, a template or a watermark template."""
    return tuple(_mark(mark, (), complete=False))


def _mark(mark: Watermark, place: Loc, *, complete: bool = True) -> Iterator[Problem]:
    """``complete``: there must be something to lay over, or a template that may have it."""
    if mark.image is not None and mark.text is not None:
        yield Problem((*place, "text"), "Give an image or a text, not both.")
    if complete and mark.template is None and mark.image is None and (mark.text is None or mark.text.content is None):
        yield Problem(place, "A watermark needs an image, a text or a watermark template.")
    for side in ("width", "height"):
        if getattr(mark, side) == 0:
            yield Problem((*place, side), "Use a length above 0.")
    if mark.text is None:
        return
    for field in ("width", "height", "opacity"):
        if getattr(mark, field) is not None:
            yield Problem((*place, field), f"«{field}» is for images; a text has its own size and opacity.")
    yield from _text(mark.text, (*place, "text"))


def _text(text: MarkText, place: Loc) -> Iterator[Problem]:
    if text.content is not None and not text.content.strip():
        yield Problem((*place, "content"), "The text is empty.")
    for field in ("color", "outline_color"):
        value = getattr(text, field)
        if value and not value.startswith("#") and value.lower() not in ImageColor.colormap:
            yield Problem((*place, field), f"There is no colour «{value}»; write #RRGGBB or a CSS colour name.")
