"""Colours: what the source's values mean, what the output's do, and how one becomes the other. Pure.

A player that finds no tags guesses by size, so a picture that is scaled from HD to SD without tags changes its colours. Therefore every
encoded picture is tagged, with what its values really are: the source's tags, else what players would guess for the source. Values are
not converted between BT.601 and BT.709 (nothing is gained where the tags are right), only where something must change: full range becomes
studio range, RGB becomes BT.709, HDR becomes SDR where that is asked for or the encoder has 8 bits, and what is encoded without tags
(MPEG-4 in AVI) becomes what players guess for its size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.engine.codecs import FULL_RANGE, HDR_TRANSFERS

if TYPE_CHECKING:
    from jobs.engine.geometry import Arguments
    from jobs.engine.plan import FilterSpec
    from jobs.engine.probe import VideoStream

RGB = ("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "x2rgb", "x2bgr", "pal8")
"""How names of pixel formats without chroma begin."""
UNTAGGED = frozenset({"mpeg4"})
"""Codecs whose streams cannot say what their values mean."""
# BT.2408: what was white in SDR has 203 nits in HDR. Up to 30 % of that nothing changes; what is brighter is rolled off so that 1,000 nits become
# white (203 nits: 234 of 255). Tried on grey and colour patches in PQ and HLG: both give the same picture.
WHITE_NITS = 203
PEAK = 4.93
LINEAR_UP_TO = 0.3


@dataclass(frozen=True)
class Colours:
    """What values mean, in the words of ffprobe and ffmpeg's filters. ``full``: 0–255 and not 16–235; ``rgb``: no chroma, always full."""

    matrix: str
    primaries: str
    transfer: str
    full: bool = False
    rgb: bool = False

    @property
    def hdr(self) -> bool:
        """PQ or HLG."""
        return self.transfer in HDR_TRANSFERS


BT709 = Colours("bt709", "bt709", "bt709")
_PAL = Colours("bt470bg", "bt470bg", "smpte170m")
_NTSC = Colours("smpte170m", "smpte170m", "smpte170m")
_BT2020 = Colours("bt2020nc", "bt2020", "bt2020-10")
_BY_MATRIX = {"bt709": BT709, "bt470bg": _PAL, "smpte170m": _NTSC, "bt2020nc": _BT2020, "bt2020c": _BT2020}
_KNOWN = frozenset({"bt709", "fcc", "bt470bg", "smpte170m", "smpte240m", "bt2020nc", "bt2020c"})
"""Matrices that the scaler knows; others (YCgCo, ICtCp) are treated as if not said."""
_PRIMARIES = frozenset(["bt709", "bt470m", "bt470bg", "smpte170m", "smpte240m", "film", "bt2020", "smpte428", "smpte431", "smpte432", "ebu3213"])
_TRANSFERS = frozenset(
    [
        "bt709",
        "bt470m",
        "bt470bg",
        "smpte170m",
        "smpte240m",
        "linear",
        "log100",
        "log316",
        "iec61966-2-4",
        "bt1361e",
        "iec61966-2-1",
        "bt2020-10",
        "bt2020-12",
        "smpte2084",
        "smpte428",
        "arib-std-b67",
    ]
)
"""What the filters know; «reserved» and newer names are treated as if not said."""


def guessed(width: int, height: int) -> Colours:
    """What players take for granted where nothing is said: HD is BT.709, 576 lines are PAL, less is NTSC."""
    if width >= 1280 or height > 576:
        return BT709
    return _PAL if height == 576 else _NTSC


def of_source(stream: VideoStream) -> Colours:
    """What the source's values mean: its tags, and what follows from them or from its size where they are incomplete."""
    pixel_format = stream.pixel_format or ""
    primaries = stream.color_primaries if stream.color_primaries in _PRIMARIES else None
    transfer = stream.color_transfer if stream.color_transfer in _TRANSFERS else None
    if pixel_format.startswith(RGB) or stream.color_space == "gbr":
        return Colours("gbr", primaries or "bt709", transfer or "bt709", full=True, rgb=True)
    full = stream.color_range == "pc" or pixel_format in FULL_RANGE
    base = _BY_MATRIX.get(stream.color_space or "")
    if base is None:
        if stream.color_transfer in HDR_TRANSFERS or stream.color_primaries == "bt2020":
            base = _BT2020
        elif pixel_format in FULL_RANGE and stream.codec == "mjpeg":
            base = _PAL  # JPEG has BT.601's matrix, whatever its size
        else:
            base = guessed(*sorted((stream.width, stream.height), reverse=True))
    matrix = stream.color_space if stream.color_space in _KNOWN else base.matrix
    return Colours(matrix, primaries or base.primaries, transfer or base.transfer, full)


def of_output(source: Colours, codec: str, width: int, height: int, *, tone_mapped: bool) -> Colours:
    """What the output's values mean. Animations are RGB."""
    if tone_mapped or source.rgb:
        return BT709
    if codec in UNTAGGED:
        return guessed(width, height)
    return Colours(source.matrix, source.primaries, source.transfer)


def tagged(stream: VideoStream, source: Colours) -> tuple[FilterSpec, ...]:
    """Say what the source does not say itself, before anything looks at its values."""
    if source.rgb:
        return ()
    said = (stream.color_space, stream.color_primaries, stream.color_transfer)
    known = (source.matrix, source.primaries, source.transfer)
    if said == known and stream.color_range in ("tv", "pc"):
        return ()
    return (tags(source),)


def in_scaler(source: Colours, output: Colours) -> Arguments:
    """What the scaler does beside scaling: range and matrix."""
    arguments: list[tuple[str, str]] = []
    if source.rgb or source.matrix != output.matrix:
        arguments.append(("out_color_matrix", output.matrix))
    if source.full:
        arguments.append(("out_range", "limited"))
    return tuple(arguments)


def retagged(source: Colours, output: Colours) -> tuple[FilterSpec, ...]:
    """After the scaler, which changes matrix and range only: say what is taken for the rest."""
    return (tags(output),) if source.rgb or source.matrix != output.matrix else ()


def tone_mapped(pixel_format: str, *, odd: bool = False) -> tuple[FilterSpec, ...]:
    """HDR (tagged) to SDR: to light, to the smaller range of colours, the bright parts rolled off, and back. ``odd``: a side is, which zscale
    takes with a chroma sample for each pixel only."""
    return (
        *((("format", (("pix_fmts", "yuv444p10le"),)),) if odd else ()),
        ("zscale", (("transfer", "linear"), ("npl", WHITE_NITS))),
        ("format", (("pix_fmts", "gbrpf32le"),)),
        ("zscale", (("primaries", "bt709"),)),
        ("tonemap", (("tonemap", "mobius"), ("param", LINEAR_UP_TO), ("peak", PEAK))),
        ("zscale", (("transfer", "bt709"), ("matrix", "bt709"), ("range", "limited"))),
        ("format", (("pix_fmts", pixel_format),)),
        # the scene's own limits are no longer true
        ("sidedata", (("mode", "delete"), ("type", "MASTERING_DISPLAY_METADATA"))),
        ("sidedata", (("mode", "delete"), ("type", "CONTENT_LIGHT_LEVEL"))),
    )


def tags(colours: Colours) -> FilterSpec:
    """Say what the values mean."""
    return (
        "setparams",
        (
            ("range", "full" if colours.full else "limited"),
            ("color_primaries", colours.primaries),
            ("color_trc", colours.transfer),
            ("colorspace", colours.matrix),
        ),
    )
