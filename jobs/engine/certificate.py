"""What a Narrowband output certifies: what was asked for, found, measured and saved. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobs.engine.narrowband import Decision

NAMES = ("vmaf", "vmaf_neg")
SHORT = 1.0  # VMAF below the goal that is kept without a word
CLEARLY = 0.98  # of the twin's bits: what takes less is no best that would have fitted under them


@dataclass(frozen=True)
class Measured:
    """A finished picture. ``scores``: mean and p5 (what 5 % of the pictures are below) of VMAF and VMAF NEG, None where the two sides could not be compared;
    ``every``: each how manyth picture was looked at; ``kbps``: of the picture alone."""

    kbps: float
    scores: Mapping[str, Mapping[str, float]] | None
    every: int = 1
    model: str = ""

    @property
    def vmaf(self) -> float | None:
        """Mean."""
        return self.scores["vmaf"]["mean"] if self.scores else None

    @property
    def neg(self) -> float | None:
        """Mean of the stricter model."""
        return self.scores["vmaf_neg"]["mean"] if self.scores else None


def certificate(
    decision: Decision,
    found: Measured,
    *,
    twin: Measured | None,
    picture_seconds: float,
    encodes: int,
    encoder: str,
    ffmpeg: str,
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    """As it is kept with the output. ``twin``: the regular output, where it was really made; else what the probes let expect of it."""
    regular = twin.kbps if twin else decision.twin.kbps
    ratio = 1 - found.kbps / regular if regular else 0.0
    short = found.vmaf is not None and found.vmaf < decision.goal - SHORT
    capped = short or (decision.capped and (found.vmaf is None or found.vmaf < decision.target))
    return {
        "method": decision.method,
        "codec": decision.codec,
        "target": decision.target,
        "goal": decision.goal,
        "crf": decision.crf,
        "zones": [zone.model_dump(mode="json") for zone in decision.zones],
        "scores": {name: dict(found.scores[name]) for name in NAMES} if found.scores else None,
        "every": found.every,
        "kbps": round(found.kbps, 1),
        "twin": {
            "kbps": round(regular, 1),
            "vmaf": twin.vmaf if twin else decision.twin.vmaf,
            "vmaf_neg": twin.neg if twin else _expected_neg(decision, found),
            "estimated": twin is None,
        },
        "forecast": {"kbps": decision.forecast.kbps, "vmaf": decision.forecast.vmaf},
        "bits_saved": round((regular - found.kbps) * 1000 * picture_seconds),
        "saved_ratio": round(ratio, 4),
        "probes": decision.probes,
        "encodes": encodes,
        "capped": capped,
        "reason": decision.reason,
        "sentence": sentence(decision, found, regular, capped=capped),
        "tools": {"ffmpeg": ffmpeg, "encoder": encoder, "vmaf_model": found.model},
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
        "picture_seconds": round(picture_seconds, 3),
    }


def _expected_neg(decision: Decision, found: Measured) -> float | None:
    """The twin's VMAF NEG: the search does not measure it, but its distance from VMAF hardly differs between twin and output."""
    if found.vmaf is None or found.neg is None:
        return None
    return round(decision.twin.vmaf - (found.vmaf - found.neg), 2)


def sentence(decision: Decision, found: Measured, regular: float, *, capped: bool) -> str:
    """All of it in one line, in plain English."""
    regular = round(regular, 1)  # as it is kept: who rounds that again gets the same number
    kbps, target = f"{round(found.kbps, 1):.0f}", f"{decision.target:g}"
    if found.vmaf is None:
        return f"{kbps} instead of {regular:.0f} kbit/s; the quality could not be measured."
    score = f"{found.vmaf:.1f}"
    beaten = decision.follows and found.kbps < CLEARLY * regular
    as_good = found.vmaf >= decision.goal - SHORT and (decision.reason == "twin" or beaten)
    if capped and not as_good:
        return f"VMAF {score} with {kbps} instead of {regular:.0f} kbit/s: the best within the regular output's bitrate; {target} was asked for."
    if decision.follows:
        goal = f"{decision.goal:.1f}"
        return f"VMAF {score} with {kbps} instead of {regular:.0f} kbit/s: as good as the regular output, which reaches {goal} of the {target} asked for."
    return f"VMAF {score} with {kbps} instead of {regular:.0f} kbit/s; {target} was asked for."
