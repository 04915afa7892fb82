"""Inspect: where scenes change, where picture or sound are missing, how loud it is, whether there are fields and borders. Pure.

One command goes through picture and sound once, and its filters write what they find into small text files, one for each kind of finding. Fields and borders
are looked for at a few places only, as a transcode does it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobs.engine import crop, fields
from jobs.engine.argv import GLOBAL, opened
from jobs.engine.errors import JobError
from jobs.engine.kinds.kind import Kind
from jobs.engine.plan import Command, Source
from jobs.engine.sources import Material
from jobs.engine.spec import InputSpec, TranscodeSpec
from jobs.engine.template import Container, Template, Video

if TYPE_CHECKING:
    from jobs.engine.probe import AudioStream, Probe, VideoStream
    from jobs.engine.sampling import Measure
    from jobs.engine.spec import InspectSpec

KIND = Kind(name="inspect", lane="short", makes_outputs=False)
OF_PICTURE = ("scenes", "black", "freeze")
OF_SOUND = ("silence", "loudness")
SAMPLED = ("interlace", "crop")
LOOKED_AT = 7200.0  # s at most: a light job ends in minutes
LISTED = 2000  # findings of one kind
POINTS = 600  # of the loudness curve
QUIET = -70.0  # LUFS: what is quieter is silence to R128
ROUNDING = 0.002  # s, of times in files
WIDTH = 480  # px that the picture is made smaller to before anything looks at it
_KEYS = {
    "black": ("lavfi.black_start", "lavfi.black_end"),
    "freeze": ("lavfi.freezedetect.freeze_start", "lavfi.freezedetect.freeze_end"),
    "silence": ("lavfi.silence_start", "lavfi.silence_end"),
}
_LINE = re.compile(r"^(lavfi\.[\w.]+)=(-?[\d.]+(?:e[-+]?\d+)?|-?inf|-?nan)\s*$", re.MULTILINE)
_SUMMARY = re.compile(r"\b(I|LRA|Peak):\s+(-?[\d.]+|-?inf|-?nan) (?:LUFS|LU|dBFS)")


@dataclass(frozen=True)
class Looking:
    """What will be done. ``command``: goes through the file, None where nothing asks for it; ``writes``: its text files; ``sampled``: by measure; ``skipped``:
    measures that were asked for, and why they are not possible; ``start``, ``seconds`` (None: unknown): what is looked at."""

    command: Command | None
    writes: tuple[str, ...]
    sampled: Mapping[str, Measure]
    skipped: Mapping[str, str]
    start: float
    seconds: float | None
    whole: bool


def plan(spec: InspectSpec, probe: Probe) -> Looking:
    """Decide it. Raises JobError ClipOutOfRange; NoVideoStream or NoAudioStream where nothing that was asked for is possible."""
    picture, sound = probe.picture, probe.sound
    skipped: dict[str, str] = {}
    for measure in spec.measures:
        if measure in OF_SOUND and sound is None:
            skipped[measure] = "The file has no sound."
        elif measure not in OF_SOUND and picture is None:
            skipped[measure] = "The file has only a cover picture, no video." if probe.video else "The file has no video."
    wanted = [measure for measure in spec.measures if measure not in skipped]
    if not wanted:
        raise JobError("NoVideoStream" if any(name not in OF_SOUND for name in skipped) else "NoAudioStream", next(iter(skipped.values())))
    start, seconds, whole = _stretch(spec.input, probe)
    seen = [name for name in wanted if name in OF_PICTURE]
    heard = [name for name in wanted if name in OF_SOUND]
    source = Source(format=probe.format_name, start=start or None, duration=None if whole and not start else (seconds or LOOKED_AT))
    chains, maps, codecs = [], [], []
    if seen and picture is not None:
        chains.append(_seeing(spec, seen, picture))
        maps += ["-map", "[seen]"]
        codecs.append(picture.codec)
    if heard and sound is not None:
        chains.append(_hearing(spec, heard, sound))
        maps += ["-map", "[heard]"]
        codecs.append(sound.codec)
    command = None
    if chains:
        argv = (*GLOBAL, *opened(source, codecs, copies=False), "-filter_complex", ";".join(chains), *maps)
        pixels = picture.width * picture.height if picture else 0
        command = Command(argv=(*argv, "-fps_mode", "passthrough", "-f", "null", "none"), expected_seconds=seconds, pixels=pixels)
    return Looking(command, tuple(re.findall(r"file=([\w.-]+)", ";".join(chains))), _sampled(spec, wanted, probe), skipped, start, seconds, whole)


def _stretch(asked: InputSpec, probe: Probe) -> tuple[float, float | None, bool]:
    """Start and length of what is looked at, and whether that is all that was asked for."""
    start, length = asked.start or 0.0, asked.duration
    if probe.duration is not None:
        if start >= probe.duration:
            raise JobError("ClipOutOfRange", f"The clip starts at {start:g} s; the input is {probe.duration:.2f} s long.")
        left = probe.duration - start
        length = left if length is None else min(length, left)
    if length is None:
        return start, None, True
    return start, min(length, LOOKED_AT), length <= LOOKED_AT and not asked.duration


def _seeing(spec: InspectSpec, wanted: Sequence[str], stream: VideoStream) -> str:
    """The chain of the picture's filters."""
    chain = [f"[0:{stream.index}]scale=w='min(iw,{WIDTH})':h=-2:flags=fast_bilinear", "format=yuv420p"]
    if "black" in wanted:
        chain.append(f"blackdetect=d={spec.black_seconds:g}:pic_th={spec.black_share / 100:g}:pix_th={spec.black_threshold / 100:g}")
    if "freeze" in wanted:
        chain.append(f"freezedetect=n={spec.freeze_noise_db:g}dB:d={spec.freeze_seconds:g}")
    chain += [_written(key, name) for name in ("black", "freeze") if name in wanted for key in _KEYS[name]]
    if "scenes" not in wanted:
        return ",".join(chain) + "[seen]"
    # only pictures that begin a scene are written, with all that is known of them; the others must come out somewhere too, or ffmpeg fails
    cuts = "[all]metadata=mode=select:key=lavfi.scd.time,metadata=mode=print:file=seen-scenes.txt,nullsink"
    return ",".join([*chain, f"scdet=t={spec.scene_threshold:g}", "split=2[seen][all]"]) + ";" + cuts


def _hearing(spec: InspectSpec, wanted: Sequence[str], stream: AudioStream) -> str:
    """The chain of the sound's filters."""
    chain = []
    if "silence" in wanted:
        chain.append(f"silencedetect=noise={spec.silence_db:g}dB:duration={spec.silence_seconds:g}")
        chain += ["a" + _written(key, "silence") for key in _KEYS["silence"]]
    if "loudness" in wanted:
        chain += ["ebur128=peak=true:metadata=1:framelog=quiet", "ametadata=mode=print:key=lavfi.r128.M:file=seen-loudness.txt"]
    return f"[0:{stream.index}]" + ",".join(chain) + "[heard]"


def _written(key: str, name: str) -> str:
    return f"metadata=mode=print:key={key}:file=seen-{name}-{key.rpartition('_')[2]}.txt"


def _sampled(spec: InspectSpec, wanted: Sequence[str], probe: Probe) -> dict[str, Measure]:
    """Measurements at a few places."""
    asking = TranscodeSpec.model_construct(input=spec.input, outputs=())
    template = Template(container=Container(format="mp4"), video=Video(deinterlace="auto", crop="auto"))
    made: dict[str, tuple[Measure, ...]] = {
        "interlace": fields.wanted(asking, [template], Material(probe)),
        "crop": crop.wanted(asking, [template], Material(probe)),
    }
    return {name: measures[0] for name, measures in made.items() if name in wanted and measures}


# --- reading --------------------------------------------------------------------------------------------------------------
def read(spec: InspectSpec, probe: Probe, looking: Looking, written: Mapping[str, str], tail: str, sampled: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as JSON. ``written``: contents of the text files by name; ``tail``: the end of the command's log; ``sampled``: values by measure."""
    curve = _values(written.get("seen-loudness.txt", ""), "lavfi.r128.M")
    end = looking.seconds
    if end is None:  # what was found last is all that is known
        end = max([len(curve) / 10, *(value for name in _KEYS for key in _KEYS[name] for value in _times(written, name, key))], default=0.0)
    answer: dict[str, Any] = {"looked_at": {"start": looking.start, "seconds": round(end, 3), "whole": looking.whole}, "skipped": dict(looking.skipped)}
    asked = [name for name in spec.measures if name not in looking.skipped]
    for name in asked:
        if name == "scenes":
            answer[name] = _scenes(written.get("seen-scenes.txt", ""), looking.start, end)
        elif name in _KEYS:
            starts, ends = (_times(written, name, key) for key in _KEYS[name])
            answer[name] = _stretches(starts, ends, start=looking.start, seconds=end, shortest=getattr(spec, f"{name}_seconds"))
        elif name == "loudness":
            answer[name] = _loudness(tail, curve)
        elif name == "interlace" and probe.picture is not None:
            answer[name] = _interlace(sampled.get(name), probe.picture)
        elif name == "crop" and probe.picture is not None:
            answer[name] = _borders(sampled.get(name), probe.picture)
    return answer


def _values(text: str, key: str) -> list[float]:
    return [float(value) for name, value in _LINE.findall(text) if name == key]


def _times(written: Mapping[str, str], name: str, key: str) -> list[float]:
    return _values(written.get(f"seen-{name}-{key.rpartition('_')[2]}.txt", ""), key)


def _scenes(text: str, start: float, seconds: float) -> dict[str, Any]:
    """Cuts with how different they are; a scene is what lies between two of them."""
    times, scores = _values(text, "lavfi.scd.time"), _values(text, "lavfi.scd.score")
    cuts = [{"time": round(start + time, 3), "score": round(score, 1)} for time, score in zip(times, scores, strict=False)]
    return {"count": len(cuts) + 1, "mean_seconds": round(seconds / (len(cuts) + 1), 3), "cuts": cuts[:LISTED], "more": len(cuts) > LISTED}


def _stretches(starts: Sequence[float], ends: Sequence[float], *, start: float, seconds: float, shortest: float) -> dict[str, Any]:
    """Stretches; one that does not end goes on to the end of what was looked at. blackdetect also writes the beginnings of such as are too short."""
    found: list[dict[str, float]] = []
    total = 0.0
    rest = list(ends)
    for begin in starts:
        while rest and rest[0] < begin:
            rest.pop(0)
        begin, end = max(0.0, begin), min(rest.pop(0) if rest else seconds, seconds)
        if end - begin > shortest - ROUNDING:
            total += end - begin
            found.append({"start": round(start + begin, 3), "end": round(start + end, 3)})
    share = round(100 * min(1.0, total / seconds), 1) if seconds else 0.0
    return {"count": len(found), "seconds": round(total, 3), "share": share, "stretches": found[:LISTED], "more": len(found) > LISTED}


def _loudness(tail: str, curve: Sequence[float]) -> dict[str, Any]:
    """R128's figures; None where there was nothing to hear. ``curve``: the loudest moment (400 ms) of each ``step`` seconds."""
    said = {name: float(value) for name, value in _SUMMARY.findall(tail)}
    per = max(1, math.ceil(len(curve) / POINTS))
    steps = [max(curve[at : at + per]) for at in range(0, len(curve), per)]
    lufs = said.get("I", -math.inf)
    heard = math.isfinite(lufs) and lufs > QUIET
    return {
        "integrated_lufs": lufs if heard else None,
        "range_lu": said.get("LRA") if heard else None,
        "true_peak_db": peak if math.isfinite(peak := said.get("Peak", -math.inf)) else None,
        "curve": {"step": round(per / 10, 1), "lufs": [round(max(QUIET, value), 1) if math.isfinite(value) else QUIET for value in steps]},
    }


def _interlace(counts: fields.Counts | None, stream: VideoStream) -> dict[str, Any]:
    """What the pictures say, what the container says, and two of three."""
    seen = counts or fields.Counts(0, 0, 0)
    done = fields.decided(stream, seen)
    return {
        "interlaced": done.interlaced,
        "top_first": done.top_first if done.interlaced else None,
        "container": stream.field_order,
        "pictures": {"top": seen.top, "bottom": seen.bottom, "whole": seen.whole, "combs": round(seen.combs, 5)},
    }


def _borders(area: tuple[int, int, int, int] | None, stream: VideoStream) -> dict[str, Any]:
    """What lies inside black borders, in px of the upright picture as it is decoded."""
    width, height = crop.decoded(stream)
    inside = area or (width, height, 0, 0)
    return {"borders": area is not None, "of": {"width": width, "height": height}} | dict(zip(("width", "height", "left", "top"), inside, strict=True))
