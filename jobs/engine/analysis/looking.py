"""Sample what the pictures cost: a few windows through small, fast encodes, in one command. Pure.

Five encodes share the decoded windows: the picture made small at the asked quality (a), at half the size (b), at a coarser quality (c), and a piece from its
middle at full size as it is (d) and slightly blurred (e), which nothing but grain minds. Their sizes give the cost, how it grows with size, how it falls with quality, and what grain takes of it.
Windows begin with a key frame that the film need not have there, so key frames count for themselves, at the distance that an output would have them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jobs.engine.analysis.records import Complexity
from jobs.engine.argv import GLOBAL, opened
from jobs.engine.colour import of_source, tagged
from jobs.engine.colour import tone_mapped as tone_map
from jobs.engine.errors import JobError
from jobs.engine.plan import Command, Source
from jobs.engine.rates import source_fps
from jobs.engine.sampling import ANY_KEY_FRAME, WINDOW_MAX, windows

if TYPE_CHECKING:
    from jobs.engine.crop import Area
    from jobs.engine.plan import FilterSpec
    from jobs.engine.probe import Probe, VideoStream

LONG_SIDE = 640  # px of the small picture
PIECE = (640, 360)  # px of the piece at full size
WINDOW_SECONDS = 0.8
WINDOW_FRAMES = 16
COARSER = 6.0  # CRF
KEY_SECONDS = 4.0  # between two key frames of an output, which has one at least
AS_USED = 1.3
"""The encoder as presets use it (medium) over ours (veryfast) at the same CRF: 1.0 to 1.5 on eleven clips."""
GROWTH = (0.35, 1.1)
SLOPE = (4.0, 9.0)
SOFTER = "gblur=sigma=1"  # of nine clips it took 1 to 41 % of the bits, and 62 to 88 % once noise had been added that one sees (noise=alls=12 and 16)
PARTS = ("a", "b", "c", "d", "e")
Part = Literal["a", "b", "c", "d", "e"]
LIGHT = "seen-light.txt"  # the guard of media programs lets filters print into files of such names only


@dataclass(frozen=True)
class Look:
    """What is run, and what has to be known to read it."""

    command: Command
    quality: float
    windows: int
    size: tuple[int, int]
    half: tuple[int, int]
    fps: float
    key_seconds: float

    @property
    def writes(self) -> tuple[str, ...]:
        """Its text files."""
        return (*map(sizes_of, PARTS), LIGHT)


def sizes_of(part: str) -> str:
    """The file with the sizes of one encode's pictures."""
    return f"analysis-{part}.txt"


def look(
    probe: Probe,
    stream: VideoStream,
    upright: tuple[int, int],
    *,
    area: Area | None,
    interlaced: bool,
    top_first: bool,
    quality: float,
    tone_mapped: bool = False,
) -> Look:
    """Plan it. ``upright``: the size that is left, with square pixels; ``area``: the same in decoded pixels, None where nothing is cut off;
    ``tone_mapped``: as outputs of HDR are, whose flat values cost a third less than the same pictures as SDR."""
    fps = source_fps(stream) or 25.0
    length = min(WINDOW_MAX, max(WINDOW_SECONDS, WINDOW_FRAMES / fps))
    places = windows(0.0, probe.duration, length)
    whole = len(places) == 1 and probe.duration is not None
    argv = list(GLOBAL)
    for place in places:
        source = Source(format=probe.format_name, start=place or None, duration=None if whole else length, options=ANY_KEY_FRAME if place else ())
        argv += opened(source, (stream.codec,), copies=False)
    size, half = _fitted(upright, LONG_SIDE), _fitted(upright, LONG_SIDE // 2)
    if half == size:
        half = _fitted(upright, max(upright) // 2)
    argv += ["-filter_complex", _graph(stream, len(places), size, half, upright, area, interlaced=interlaced, top_first=top_first, mapped=tone_mapped)]
    for part, crf in (("a", quality), ("b", quality), ("c", min(51.0, quality + COARSER)), ("d", quality), ("e", quality)):
        argv += ["-map", f"[{part}]", "-c:v", "libx264", "-preset", "veryfast", "-crf", f"{crf:g}", "-g", "1000", "-threads:v", "2"]
        argv += ["-fps_mode:v", "passthrough", "-enc_time_base:v", "demux"]
        argv += ["-stats_enc_post:v", sizes_of(part), "-stats_enc_post_fmt:v", "{fidx} {size} {key}", "-f", "null", "none"]
    pixels = stream.width * stream.height * (len(places) + 2)
    seconds = probe.duration if whole else length * len(places)
    return Look(
        Command(argv=tuple(argv), expected_seconds=seconds, pixels=pixels, files=len(PARTS)),
        quality,
        len(places),
        size,
        half,
        fps,
        min(KEY_SECONDS, probe.duration or KEY_SECONDS),
    )


def _fitted(upright: tuple[int, int], longest: int) -> tuple[int, int]:
    """The same shape with this long side, never larger than it is; even, and no smaller than the encoder likes."""
    scale = min(1.0, longest / max(upright))
    width, height = (max(16, 2 * round(side * scale / 2)) for side in upright)
    return width, height


def _graph(
    stream: VideoStream,
    count: int,
    size: tuple[int, int],
    half: tuple[int, int],
    upright: tuple[int, int],
    area: Area | None,
    *,
    interlaced: bool,
    top_first: bool,
    mapped: bool,
) -> str:
    legs = "".join(f"[{number}:{stream.index}]" for number in range(count))
    chain = [f"{legs}concat=n={count}:v=1:a=0" if count > 1 else f"{legs}null"]
    if interlaced and stream.rotation % 180 == 0:
        chain.append(f"bwdif=mode=send_frame:parity={'tff' if top_first else 'bff'}:deint=all")
    if area is not None:
        width, height, left, top = area
        chain.append(f"crop=w={width}:h={height}:x={left}:y={top}")
    chain += map(_said, tagged(stream, of_source(stream))) if mapped else ["format=yuv420p"]
    chain.append("split=3[x][y][z]")
    last = "".join(f",{_said(step)}" for step in tone_map("yuv420p")) if mapped else ""  # once it is small: the work is by the pixel
    across, down = (max(16, 2 * (min(most, side) // 2)) for most, side in zip(PIECE, upright, strict=True))
    piece = f"crop=w='min({across},iw)':h='min({down},ih)',scale=w='max(16,trunc(iw/2)*2)':h='max(16,trunc(ih/2)*2)'"
    return ";".join(
        (
            ",".join(chain),
            f"[x]scale=w={size[0]}:h={size[1]}:flags=bicubic,setsar=sar=1{last},split=2[a][c]",
            f"[y]scale=w={half[0]}:h={half[1]}:flags=bicubic,setsar=sar=1{last},signalstats,metadata=mode=print:key=lavfi.signalstats.YHIGH:file={LIGHT}[b]",
            f"[z]{piece}{last},split=2[d][f]",
            f"[f]{SOFTER}[e]",
        )
    )


def _said(step: FilterSpec) -> str:
    """A filter in ffmpeg's words; its values are names and numbers."""
    name, arguments = step
    return f"{name}={':'.join(f'{key}={value}' for key, value in arguments)}"


# --- reading --------------------------------------------------------------------------------------------------------------
def read(looked: Look, written: Mapping[str, str]) -> Complexity:
    """What was found. ``written``: contents of the text files by name. Raises JobError ResourceContentBad where not one picture came."""
    sizes = {part: _sizes(written.get(sizes_of(part), "")) for part in PARTS}
    if not sizes["a"]:
        raise JobError("ResourceContentBad", "Not one picture of the input could be read.")
    cost = {part: _per_picture(rows, looked.windows, looked.key_seconds * looked.fps) for part, rows in sizes.items()}
    pixels, fewer = (width * height for width, height in (looked.size, looked.half))
    growth = math.log(cost["a"] / cost["b"]) / math.log(pixels / fewer) if pixels > fewer and cost["b"] else 1.0
    halvings = math.log2(cost["a"] / cost["c"]) if cost["c"] else 0.0
    steps = min(51.0, looked.quality + COARSER) - looked.quality
    slope = steps / halvings if halvings > 0 and steps else SLOPE[1]
    brightness = [float(line.rpartition("=")[2]) for line in written.get(LIGHT, "").splitlines() if line.startswith("lavfi.signalstats.YHIGH=")]
    return Complexity(
        frames=len(sizes["a"]),
        windows=looked.windows,
        seconds=round(len(sizes["a"]) / looked.fps, 3),
        width=looked.size[0],
        height=looked.size[1],
        fps=round(looked.fps, 3),
        kbit_s=round(AS_USED * cost["a"] * looked.fps / 1000, 1),
        growth=round(min(max(growth, GROWTH[0]), GROWTH[1]), 3),
        slope=round(min(max(slope, SLOPE[0]), SLOPE[1]), 2),
        grain=round(min(max(1 - cost["e"] / cost["d"], 0.0), 1.0), 3) if cost["d"] else 0.0,
        brightness=max(brightness, default=255.0),
    )


def _sizes(text: str) -> list[tuple[int, bool]]:
    """Bits of each picture, and whether it is a key frame."""
    rows = (line.split() for line in text.splitlines())
    return [(8 * int(row[1]), row[2] in ("K", "1")) for row in rows if len(row) == 3 and row[1].isdecimal()]


def _per_picture(rows: Sequence[tuple[int, bool]], count: int, apart: float) -> float:
    """Bits of a picture on average, as if key frames came every so many pictures and where the film is cut, and not where our windows begin."""
    keys, others = [bits for bits, key in rows if key], [bits for bits, key in rows if not key]
    if not rows:
        return 0.0
    key = sum(keys) / len(keys) if keys else 0.0
    cuts = max(0, len(keys) - count)
    if not others:
        return key if len(rows) > count else key / max(1.0, apart)
    return (sum(others) + cuts * key) / (len(others) + cuts) + key / max(1.0, apart)


def forecast(complexity: Complexity, width: int, height: int, fps: float, crf: float, quality: float) -> float:
    """kbit/s of an output of this size, rate and CRF, where ``quality`` is the CRF that was measured at. Fewer pictures a second differ more from each other."""
    size = (width * height / (complexity.width * complexity.height)) ** complexity.growth
    rate = (fps / complexity.fps) ** 0.6
    return float(max(1.0, complexity.kbit_s * size * rate * 2 ** ((quality - crf) / complexity.slope)))
