"""Picture sizes: from a source and a template to the size of the output and the filters that make it. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.engine.errors import JobError

if TYPE_CHECKING:
    from jobs.engine.plan import FilterSpec
    from jobs.engine.probe import VideoStream
    from jobs.engine.template import Smaller, Video

SIDE_MAX = 16384  # libx264's and libx265's limit
# Pixels a side that an encoder takes, where that is narrower (tried one by one with the ffmpeg that we ship)
SIDES: dict[str, tuple[int, int]] = {"h265": (16, SIDE_MAX), "mpeg2": (2, 16382), "mpeg4": (2, 8190), "webp": (1, 16383)}
Whole = Callable[[float], int]
Arguments = tuple[tuple[str, str | int | float], ...]
"""Arguments of one filter."""


@dataclass(frozen=True)
class Upright:
    """The source as it is to be seen: rotated, with square pixels. ``width`` and ``height`` may be odd."""

    width: int
    height: int
    square: bool  # whether the pixels are square already

    @property
    def short(self) -> int:
        """px of the shorter side."""
        return min(self.width, self.height)

    @property
    def portrait(self) -> bool:
        """Higher than wide."""
        return self.height > self.width


@dataclass(frozen=True)
class Target:
    """The output's size, and how the picture gets into it."""

    width: int
    height: int
    scaled: tuple[int, int] | None = None  # None: no scaling
    cropped: bool = False
    padded: bool = False
    kept: bool = False  # the source's size was kept though the template asked for more


def upright(stream: VideoStream) -> Upright:
    """The size that people see: the sample aspect ratio stretches the width, then the rotation swaps the sides."""
    across, down = stream.sar
    width = max(1, round(stream.width * across / down))
    if stream.rotation % 180:
        return Upright(stream.height, width, across == down)
    return Upright(width, stream.height, across == down)


def even(value: float) -> int:
    """The nearest even number, a tie going down (161 → 160: nothing is invented), at least 2."""
    return max(2, 2 * int(value / 2 + 0.5 - 1e-9))


def _whole(value: float) -> int:
    return max(1, round(value))


def fit_size(source: Upright, video: Video, if_smaller: Smaller, *, any_size: bool = False) -> Target:
    """The output size.

    1. Nothing asked: the source's size. 2. ``short_side`` or ``long_side``: that, the other one in proportion. 3. One of width and height:
    the other one in proportion. 4. Both: by ``scale_type`` (stretch where not said). With ``follow_orientation`` width and height change places
    for sources that are higher than wide: width means the long side, height the short one.
    Sides that are not asked for are even, for subsampled chroma (``any_size``: GIF and WebP have none). Raises JobError SourceTooSmall, InputTooLarge.
    """
    whole: Whole = _whole if any_size else even
    native = _scaled_if(Target(whole(source.width), whole(source.height)), source)
    wanted = _wanted(source, video, whole)
    if wanted is None:
        wanted = native
    # one more pixel that comes from rounding to even is not enlarging
    elif wanted.width > source.width + 1 or wanted.height > source.height + 1:
        if if_smaller == "fail":
            raise JobError("SourceTooSmall", f"The source is {source.width}×{source.height}, the template asks for {wanted.width}×{wanted.height}.")
        if if_smaller == "keep":
            return Target(native.width, native.height, native.scaled, kept=True)
    if max(wanted.width, wanted.height, *(wanted.scaled or ())) > SIDE_MAX:
        raise JobError("InputTooLarge", f"The picture would be {wanted.width}×{wanted.height}; at most {SIDE_MAX} px a side can be encoded.")
    return wanted


def check_sides(codec: str, name: str, width: int, height: int) -> None:
    """Refuse what the encoder refuses. ``name``: of the codec. Raises JobError ImpossibleCombination, InputTooLarge."""
    least, most = SIDES.get(codec, (1, SIDE_MAX))
    if min(width, height) < least:
        raise JobError("ImpossibleCombination", f"{name} needs at least {least} px a side; this picture would be {width}×{height}.")
    if max(width, height) > most:
        raise JobError("InputTooLarge", f"The picture would be {width}×{height}; at most {most} px a side can be encoded.")
    if codec == "mpeg2" and (width % 4096 == 0 or height % 4096 == 0):  # its headers hold the lower twelve bits apart, and they may not be 0
        raise JobError("ImpossibleCombination", f"{name} cannot have sides of 4096 px or multiples of it; this picture would be {width}×{height}.")


def sides(video: Video, *, portrait: bool) -> tuple[int | None, int | None]:
    """Width and height as they are asked for of a source of this orientation; None: in proportion."""
    width, height = video.width, video.height
    if video.follow_orientation and portrait:
        width, height = height, width
    if video.short_side is not None:
        width, height = (video.short_side, None) if portrait else (None, video.short_side)
    if video.long_side is not None:
        width, height = (None, video.long_side) if portrait else (video.long_side, None)
    return width, height


def _wanted(source: Upright, video: Video, whole: Whole) -> Target | None:
    width, height = sides(video, portrait=source.portrait)
    if width is not None and height is not None:
        return _boxed(source, whole(width), whole(height), video.scale_type or "stretch", whole)
    if width is not None:
        return _scaled_if(Target(whole(width), whole(width * source.height / source.width)), source)
    if height is not None:
        return _scaled_if(Target(whole(height * source.width / source.height), whole(height)), source)
    return None


def _boxed(source: Upright, width: int, height: int, scale_type: str, whole: Whole) -> Target:
    """Both sides given: the box is width × height."""
    if scale_type == "stretch":
        return _scaled_if(Target(width, height), source)
    inside = min(width / source.width, height / source.height)
    cover = max(width / source.width, height / source.height)
    if scale_type == "fit":
        return _scaled_if(Target(min(width, whole(source.width * inside)), min(height, whole(source.height * inside))), source)
    if scale_type == "crop":
        scaled = (max(width, whole(source.width * cover)), max(height, whole(source.height * cover)))
        return Target(width, height, scaled, cropped=scaled != (width, height))
    scaled = (min(width, whole(source.width * inside)), min(height, whole(source.height * inside)))
    return Target(width, height, scaled, padded=scaled != (width, height))


def _scaled_if(target: Target, source: Upright) -> Target:
    """The same target, with scaling only where something changes."""
    if (target.width, target.height) == (source.width, source.height) and source.square:
        return target
    return Target(target.width, target.height, (target.width, target.height), kept=target.kept)


def filters(target: Target, more: Arguments = ()) -> tuple[FilterSpec, ...]:
    """The filters that make the target of the upright picture (ffmpeg turns it upright before them). ``more``: further arguments of the
    scaler, which does them in the same go (colour matrix, range)."""
    chain: list[FilterSpec] = []
    scale: list[tuple[str, str | int | float]] = []
    if target.scaled:
        scale += [("w", target.scaled[0]), ("h", target.scaled[1]), ("flags", "bicubic")]
    scale += more
    if scale:
        chain.append(("scale", tuple(scale)))
    if target.cropped:
        chain.append(("crop", (("w", target.width), ("h", target.height))))
    if target.padded:
        chain.append(("pad", (("w", target.width), ("h", target.height), ("x", "(ow-iw)/2"), ("y", "(oh-ih)/2"), ("color", "black"))))
    if target.scaled:
        chain.append(("setsar", (("sar", "1"),)))  # square pixels: the shape is in the size now
    return tuple(chain)
