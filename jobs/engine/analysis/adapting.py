"""An intelligent preset on one input: whether it fits, and the values that it takes. Quality first, then the bound of its bitrate. Pure.

Size: never enlarged, never above the preset's lines. Rate: the asked CRF; where the forecast is above the preset's bound, as much coarser as it takes to stay below,
so that hard scenes are not left to the rate buffer alone; where it is below the preset's range, finer by a few steps. Never more than the source itself has.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from jobs.engine.analysis.facts import lines_of
from jobs.engine.analysis.looking import forecast
from jobs.engine.analysis.records import Made, Note, note
from jobs.engine.geometry import even

if TYPE_CHECKING:
    from jobs.engine.analysis.records import Complexity, Facts, Limits
    from jobs.engine.probe import AudioStream
    from jobs.engine.spec import AnalysisSpec
    from jobs.engine.template import Template

Values = dict[str, Any]
FINER, COARSER = 4.0, 16.0  # CRF steps from the asked quality at most
FINEST, COARSEST = 14.0, 40.0
LEAST_KBPS = 40
FAST = 31.0  # frames per second that small presets halve
BUFFER_SECONDS = 2
OTHER_CODECS = {"h265": (3.0, 0.62), "av1": (7.0, 0.55)}
"""By codec: CRF steps above H.264's for the same quality, and its bitrate as a share."""
STRONG_GRAIN = 0.8
AVERAGED = 0.6  # of the source's width: below this scaling removes grain by itself
NEARLY = 0.97  # of the lines that a preset asks for: a few that were cut off as border, or that no block of the codec filled, are no other class
LOSSLESS = frozenset({"flac", "alac", "wavpack", "ape", "tta", "truehd", "mlp"})


def unfit(limits: Limits, facts: Facts) -> Note | None:
    """Why the preset does not fit; None: it does."""
    if facts.lines < limits.least_lines * NEARLY:
        return note("SourceSmaller", f"The preset needs at least {limits.least_lines} lines; the source has {facts.lines}.")
    if limits.source_most_lines is not None and facts.lines > limits.source_most_lines:
        return note("SourceLarger", f"The preset is for sources of at most {limits.source_most_lines} lines; this one has {facts.lines}.")
    if facts.h264_kbps is not None and facts.h264_kbps < limits.min_kbps:
        return note("SourceBitrateLower", f"The preset begins at {limits.min_kbps} kbit/s; the source's video is worth {facts.h264_kbps} kbit/s.")
    return None


def adapted(
    template: Template, limits: Limits, facts: Facts, complexity: Complexity, sound: AudioStream | None, spec: AnalysisSpec
) -> tuple[Values, Made, tuple[Note, ...]]:
    """The values (a partial template), what they make, and what should be known about them."""
    notes: list[Note] = []
    width, height = size_of(facts, limits)
    video: Values = {"short_side": min(width, height) if (width, height) != native(facts) else None, "width": None, "height": None}
    fps = _rate(video, facts, limits)
    codec = template.video.codec or "h264"
    rate, kbps = _quality(limits, facts, complexity, spec, codec, (width, height), fps, notes)
    video |= rate | {"deinterlace": _deinterlace(facts), "denoise": _denoise(facts, complexity, width, notes)}
    if facts.crop is not None:
        video["crop"] = facts.crop.model_dump(mode="json")
    if facts.hdr:
        video["hdr"] = "sdr"
        notes.append(note("ToneMapped", f"The source is HDR ({facts.hdr}); its colours are mapped to SDR."))
    if facts.interlaced:
        notes.append(note("Deinterlaced", "The source is interlaced; it is deinterlaced."))
    if facts.crop is not None:
        notes.append(note("BordersCut", f"Only {facts.crop.width}×{facts.crop.height} of the picture are kept: the rest is cut off."))
    if facts.alpha:
        notes.append(note("AlphaLost", "The transparency of the source is lost."))
    values: Values = {"video": {name: value for name, value in video.items() if value is not None or name in ("short_side", "maxrate_kbps", "bufsize_kbit")}}
    if audio := _sound(template, sound):
        values["audio"] = audio
    return values, Made(width=width, height=height, fps=fps or facts.fps, video=codec, kbps=kbps), tuple(notes)


def native(facts: Facts) -> tuple[int, int]:
    """The source's own size, even."""
    return even(facts.width), even(facts.height)


def size_of(facts: Facts, limits: Limits) -> tuple[int, int]:
    """Inside the 16:9 picture of the preset's lines (9:16, where the source stands), in the source's shape, never enlarged."""
    lines = lines_of(facts.width, facts.height)
    if lines <= limits.most_lines:
        return native(facts)
    scale = limits.most_lines / lines
    short = even(min(facts.width, facts.height) * scale)
    across = even(facts.width * short / facts.height) if facts.width >= facts.height else short
    return (across, short) if facts.width >= facts.height else (short, even(facts.height * short / facts.width))


def _rate(video: Values, facts: Facts, limits: Limits) -> float | None:
    """Frames per second to convert to; None: the source's own timing stays."""
    if facts.fps is None or facts.fps <= limits.max_fps * FAST / 30:
        return None
    halves = math.ceil(facts.fps / (limits.max_fps * FAST / 30) - 1e-6)
    video["fps"] = round(facts.fps / halves, 5) if facts.constant_rate else limits.max_fps
    return float(video["fps"])


def _quality(
    limits: Limits, facts: Facts, complexity: Complexity, spec: AnalysisSpec, codec: str, size: tuple[int, int], fps: float | None, notes: list[Note]
) -> tuple[Values, int]:
    """CRF and, over networks, the rate buffer; and the bitrate that is expected."""
    rate = fps or facts.fps or complexity.fps
    crf, (more, share) = float(spec.quality), OTHER_CODECS.get(codec, (0.0, 1.0))
    if spec.method == "local":
        kbps = round(share * forecast(complexity, *size, rate, crf, spec.quality))
        return {"crf": round(crf + more, 1), "maxrate_kbps": None, "bufsize_kbit": None}, kbps
    most = limits.max_kbps if facts.h264_kbps is None else max(LEAST_KBPS, min(limits.max_kbps, facts.h264_kbps))
    least = min(limits.min_kbps, most)
    wanted = forecast(complexity, *size, rate, crf, spec.quality)
    if wanted > most:
        crf = min(crf + COARSER, max(crf, COARSEST), crf + complexity.slope * math.log2(wanted / most))
    elif wanted < least and not facts.black:
        crf = max(crf - FINER, min(crf, FINEST), crf - complexity.slope * math.log2(least / wanted))
    expected = min(float(most), forecast(complexity, *size, rate, crf, spec.quality))
    if crf - spec.quality >= COARSER / 2:
        notes.append(note("Coarser", f"The pictures are complex: CRF {crf + more:.1f} instead of {spec.quality + more:g} keeps the bitrate in its bounds."))
    peak = max(LEAST_KBPS, round(most * share))
    return {"crf": round(crf + more, 1), "maxrate_kbps": peak, "bufsize_kbit": BUFFER_SECONDS * peak}, max(1, round(expected * share))


def _deinterlace(facts: Facts) -> str:
    """«force» goes by the field order that the container tells; where that is wrong or the pictures are not interlaced at all, the transcode looks itself."""
    if facts.interlaced:
        return "force" if facts.marked else "auto"
    return "auto" if facts.marked else "none"


def _denoise(facts: Facts, complexity: Complexity, width: int, notes: list[Note]) -> str | None:
    if not facts.noisy or width < AVERAGED * facts.width:
        return None
    notes.append(note("Denoised", f"Grain takes {complexity.grain:.0%} of the bits; it is removed gently."))
    return "medium" if complexity.grain >= STRONG_GRAIN else "light"


def _sound(template: Template, sound: AudioStream | None) -> Values:
    """Never more than the source's own sound has."""
    values: Values = {}
    if sound is None:
        return values
    wanted = template.audio.bitrate_kbps
    lossy = sound.codec not in LOSSLESS and not sound.codec.startswith("pcm")
    if wanted and lossy and sound.bitrate_kbps and sound.bitrate_kbps < wanted:
        values["bitrate_kbps"] = max(16, sound.bitrate_kbps)
    if sound.channels == 1 and (template.audio.channels or 2) > 1:
        values["channels"] = 1
    return values
