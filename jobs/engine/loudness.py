"""Loudness after EBU R128, in two steps: measure what the track will be, then one gain for all of it. Pure.

Planning puts a measuring filter into the track's chain (:func:`loudness_filters`). Before the real plan is made, the same planning runs once without
values, and each chain that holds such a filter becomes a measurement of exactly that chain (:func:`wanted`). With the value, :func:`settled` puts a plain
gain in its place; where a plain gain would push peaks above the true-peak limit, or the loudness range is wider than asked, loudnorm's dynamic mode.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from typing import TYPE_CHECKING, Any

from jobs.engine.plan import Branch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobs.engine.plan import AudioPlan, Chain, FilterSpec, OutputPlan, Plan
    from jobs.engine.template import Loudness

_VALUES = ("input_i", "input_tp", "input_lra", "input_thresh", "target_offset")
_OBJECT = re.compile(r"\{[^{}]*\"input_i\"[^{}]*\}")
SILENCE_LUFS = -70.0  # the gate of R128: what is quieter does not count as sound


def loudness_filters(wanted: Loudness | None) -> tuple[FilterSpec, ...]:
    """The measuring filter, which stands for the gain until that is known. By itself it is loudnorm in one step."""
    if wanted is None:
        return ()
    return (("loudnorm", (("I", wanted.integrated_lufs), ("TP", wanted.true_peak_db), ("LRA", wanted.range_lu), ("print_format", "json"))),)


def read(log: str) -> dict[str, float] | None:
    """The values of loudnorm's JSON in the last lines of a log; None where there is none."""
    blocks = _OBJECT.findall(log)
    if not blocks:
        return None
    try:
        said = json.loads(blocks[-1])
        return {name: float(said[name]) for name in _VALUES}
    except (ValueError, KeyError, TypeError):
        return None


def settled(plan: Plan, measured: Mapping[str, Any]) -> Plan:
    """The plan with a gain in place of each measuring filter whose values are known."""
    return plan.model_copy(update={"outputs": tuple(_output(plan, output, measured) for output in plan.outputs)})


def _output(plan: Plan, output: OutputPlan, measured: Mapping[str, Any]) -> OutputPlan:
    if not any(measuring(a) for r in output.renditions for a in r.audios):
        return output
    renditions = []
    for rendition in output.renditions:
        audios = tuple(
            _unchanged(a) if silent(output, a) else _settled(a, measured, measure_name(plan, output, a)) if measuring(a) else a for a in rendition.audios
        )
        renditions.append(rendition.model_copy(update={"audios": audios}))
    return output.model_copy(update={"renditions": tuple(renditions)})


def _settled(audio: AudioPlan, measured: Mapping[str, Any], name: str) -> AudioPlan:
    if name not in measured:
        return audio
    mixed: list[FilterSpec | Branch] = []
    for step in audio.mixed:
        mixed += _gain(step, measured[name], audio.sample_rate) if not isinstance(step, Branch) and step[0] == "loudnorm" else (step,)
    return audio.model_copy(update={"mixed": tuple(mixed)})


def silent(output: OutputPlan, audio: AudioPlan) -> bool:
    """Whether a chain that is to be measured is silence of our own making: of a join whose parts have no sound, and which has some only behind its end."""
    return measuring(audio) and not audio.pads and output.join is not None and not any(part.sound for part in output.join.parts)


def _unchanged(audio: AudioPlan) -> AudioPlan:
    """Silence stays silence."""
    return audio.model_copy(update={"mixed": tuple(step for step in audio.mixed if isinstance(step, Branch) or step[0] != "loudnorm")})


def _gain(step: FilterSpec, values: Mapping[str, float] | None, sample_rate: int | None) -> tuple[FilterSpec, ...]:
    """What makes it equally loud."""
    back: FilterSpec = ("aresample", (("osr", sample_rate or 48000),))  # loudnorm works at 192 kHz
    asked = {name: float(value) for name, value in step[1] if name != "print_format"}
    plain: FilterSpec = ("loudnorm", tuple((name, value) for name, value in step[1] if name != "print_format"))
    if values is None:
        return plain, back
    loudness, peak, width = values["input_i"], values["input_tp"], values["input_lra"]
    if not math.isfinite(loudness) or loudness <= SILENCE_LUFS:
        return ()  # silence stays silence
    gain = asked["I"] - loudness
    if peak + gain <= asked["TP"] and width <= asked["LRA"]:
        return (("volume", (("volume", f"{gain:.2f}dB"),)),)
    known = {"measured_I": loudness, "measured_TP": peak, "measured_LRA": width, "measured_thresh": values["input_thresh"], "offset": values["target_offset"]}
    limits = {"measured_I": (-99.0, 0.0), "measured_TP": (-99.0, 99.0), "measured_LRA": (0.0, 99.0), "measured_thresh": (-99.0, 0.0), "offset": (-99.0, 99.0)}
    given = tuple((name, round(min(max(value, limits[name][0]), limits[name][1]), 2)) for name, value in known.items())
    return ("loudnorm", (*plain[1], *given)), back


def measuring(audio: AudioPlan) -> bool:
    """Whether the chain waits for a measurement."""
    return any(not isinstance(step, Branch) and step[0] == "loudnorm" and ("print_format", "json") in step[1] for step in audio.mixed)


def upto(audio: AudioPlan) -> Chain:
    """The filters after mixing, up to the measuring one."""
    position = next(n for n, step in enumerate(audio.mixed) if not isinstance(step, Branch) and step[0] == "loudnorm")
    return audio.mixed[: position + 1]


def measure_name(plan: Plan, output: OutputPlan, audio: AudioPlan) -> str:
    """The same for the same sound: what is opened, joined and filtered."""
    pads = [(plan.sources[p.source].model_dump(mode="json"), p.stream) for p in audio.pads]
    join = output.join.model_dump(mode="json") if output.join and not audio.pads else None
    parts = [plan.sources[p.source].model_dump(mode="json") for part in (output.join.parts if output.join else ()) for p in (part.sound,) if p] if join else []
    text = json.dumps([pads, join, parts, audio.filters, [s.model_dump() if isinstance(s, Branch) else s for s in upto(audio)]], sort_keys=True)
    return f"loudness:{hashlib.sha256(text.encode()).hexdigest()[:24]}"
