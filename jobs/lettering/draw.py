"""Draws the texts of watermarks into PNG files. What a text costs is bounded by the size of the output: what would lie beyond it is not drawn."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFont, features

from jobs.engine.errors import JobError
from jobs.lettering import fonts
from jobs.lettering.runs import Run, lines, runs

if TYPE_CHECKING:
    from pathlib import Path

    from jobs.engine.drawing import Drawing
    from jobs.lettering.fonts import Font

BASIC = not features.check("raqm")
"""Without libraqm, letters are set one by one: no ligatures, no joined Arabic."""
PIECE = 64  # characters of one run that are measured at once


class _Fonts:
    """Chooses a font for every character, and remembers what has to be told."""

    def __init__(self, wanted: str | None, content: str) -> None:
        """The text's main font: the named one, else the first that has all its characters, else the one that has most of them."""
        known = fonts.fonts()
        if not known:
            raise JobError("FontMissing")
        self._warnings: list[str] = []
        self._missing: dict[str, None] = {}
        shown = [c for c in set(content) if not c.isspace()]
        own = fonts.find(wanted) if wanted else None
        self._main = own or max(known, key=lambda font: sum(font.has(c) for c in shown))  # max keeps the first of equals
        if wanted and own is None:
            self._warnings.append(f"The worker has no font «{wanted}»; «{self._main.name}» was taken.")

    def of(self, character: str) -> Font:
        """The main font, or the first other one that has the character."""
        if self._main.has(character) or character.isspace():
            return self._main
        other = next((font for font in fonts.fonts() if font.has(character)), None)
        if other is None:
            self._missing[character] = None
        return other or self._main

    def told(self) -> tuple[str, ...]:
        """Everything that a person should know."""
        if not self._missing:
            return tuple(self._warnings)
        characters = " ".join(f"U+{ord(c):04X}" for c in self._missing)
        return (*self._warnings, f"No font of the worker has {characters}; an empty box stands for each.")


def draw(wanted: Drawing, folder: Path) -> tuple[str, ...]:
    """Draw one text into its file; returns what a person should know (another font was taken …). Raises JobError FontMissing where there is no font at all."""
    chooser = _Fonts(wanted.font, wanted.content)
    rows = [runs(line, chooser.of) for line in lines(wanted.content)]
    image = _Picture(wanted, rows).drawn()
    image.save(folder / wanted.file, compress_level=1)
    return chooser.told()


class _Picture:
    """One text in its box."""

    def __init__(self, wanted: Drawing, rows: list[list[Run]]) -> None:
        self._wanted = wanted
        self._rows = rows
        faces = {run.font for row in rows for run in row} or {fonts.fonts()[0]}
        metrics = [_face(face.path, face.index, wanted.pixels).getmetrics() for face in faces]
        self._ascent = max(ascent for ascent, _ in metrics) + wanted.outline
        self._line = self._ascent + max(descent for _, descent in metrics) + wanted.outline

    def drawn(self) -> Image.Image:
        """The box with its transparent lines (see Drawing)."""
        wanted = self._wanted
        widths = [self._width(row) for row in self._rows]
        room = 2 * wanted.outline
        width = min(max(widths) + room, wanted.max_width)
        height = min(self._line * len(self._rows), wanted.max_height)
        across, left = _filled(width, wanted.edge_x, far=wanted.right)
        down, top = _filled(height, wanted.edge_y, far=wanted.bottom)
        fill, outline = Image.new("L", (across, down)), Image.new("L", (across, down))
        below = self._line * len(self._rows) - height if wanted.bottom else 0  # lines that are cut off are those farthest from the corner
        for number, (row, row_width) in enumerate(zip(self._rows, widths, strict=True)):
            baseline = top + number * self._line + self._ascent - below
            if baseline + self._line >= 0 and baseline - self._line < down:
                x = left + (width - wanted.outline - row_width if wanted.right else wanted.outline)
                self._row(row, x, baseline, fill, outline)
        return _coloured(wanted, fill, outline)

    def _width(self, row: list[Run]) -> int:
        return sum(self._length(run) for run in row)

    def _length(self, run: Run) -> int:
        return round(_face(run.font.path, run.font.index, self._wanted.pixels).getlength(run.text, direction=_direction(run)))

    def _row(self, row: list[Run], x: int, baseline: int, fill: Image.Image, outline: Image.Image) -> None:
        """Draw run after run. Pieces that lie outside are left out, so a long line costs no memory."""
        for run in row:
            length = self._length(run)
            face = _face(run.font.path, run.font.index, self._wanted.pixels)
            text, at = self._visible(run, x, fill.width)
            if text:
                for image, stroke in ((fill, 0), (outline, self._wanted.outline)):
                    if stroke or image is fill:
                        layer = Image.new("L", image.size)
                        ImageDraw.Draw(layer).text((at, baseline), text, 255, face, anchor="ls", stroke_width=stroke, direction=_direction(run))
                        image.paste(ImageChops.lighter(image, layer))
            x += length

    def _visible(self, run: Run, x: int, width: int) -> tuple[str, int]:
        """The part of a run that may be seen, and where it begins. Short runs whole; of long ones pieces at both ends are dropped."""
        text, at = run.text, x
        spare = 4 * self._wanted.pixels
        face = _face(run.font.path, run.font.index, self._wanted.pixels)
        while len(text) > PIECE:
            head, tail = text[:PIECE], text[PIECE:]
            left, right = (tail, head) if run.right_to_left else (head, tail)
            first = round(face.getlength(left, direction=_direction(run)))
            if at + first < -spare:  # all of the left piece is out of sight
                text, at = right, at + first
                continue
            break
        while len(text) > PIECE and at + round(face.getlength(text, direction=_direction(run))) > width + spare:
            kept = text[PIECE:] if run.right_to_left else text[:-PIECE]
            if run.right_to_left:  # its end is at the left: cutting its beginning moves nothing
                text = kept
            elif at + round(face.getlength(kept, direction=_direction(run))) < width:
                break
            else:
                text = kept
        return text, at


def _filled(size: int, edge: int, *, far: bool) -> tuple[int, int]:
    """Size with transparent lines, and where the text begins: so that the box begins at an even place."""
    odd = (edge - size) % 2 if far else edge % 2
    return size + odd, odd


def _coloured(wanted: Drawing, fill: Image.Image, outline: Image.Image) -> Image.Image:
    """Fill over outline, both in their colours; opacity holds for the two as one."""
    ink, edge = ImageColor.getrgb(wanted.color)[:3], ImageColor.getrgb(wanted.outline_color)[:3]
    alpha = ImageChops.lighter(fill, outline)
    picture = Image.new("RGB", fill.size, edge if wanted.outline else ink)
    if wanted.outline:
        picture.paste(ink, mask=fill)
    picture.putalpha(alpha.point(lambda value: round(value * wanted.opacity)))
    return picture


def _direction(run: Run) -> str | None:
    return None if BASIC else "rtl" if run.right_to_left else "ltr"


@lru_cache(64)
def _face(path: str, index: int, pixels: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, pixels, index=index, layout_engine=ImageFont.Layout.BASIC if BASIC else ImageFont.Layout.RAQM)
