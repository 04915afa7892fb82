"""What Narrowband works on: the regular preset's plan (the twin), the source as that plan sees it (the reference), and the bounds. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.engine.codecs import VIDEO
from jobs.engine.errors import JobError
from jobs.engine.plan import Branch
from jobs.engine.rates import exact_rate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jobs.engine.plan import Chain, FilterSpec, OutputPlan, Plan, VideoPlan

TARGET = 93.0
CODECS = {1: ("libx264", "libx265"), 2: ("libx264", "libx265", "libsvtav1")}
KBPS = {"k": 1.0, "M": 1000.0, "": 0.001}
NORMAL_FPS = 25.0
TIMING = frozenset({"fps", "bwdif", "setpts", "select", "framerate"})  # filters after which pictures have other numbers


@dataclass(frozen=True)
class Case:
    """One picture that is to become smaller. ``fps``: of the output, on average; ``cap_kbps``: the twin's average bitrate; None: the twin has a CRF;
    ``pixels``: format of the source's pictures, where known."""

    method: int
    target: float
    plan: Plan
    reference: Plan
    fps: float
    seconds: float | None
    cap_kbps: float | None
    maxrate_kbps: int | None
    bufsize_kbit: int | None
    pixels: str | None = None

    @property
    def output(self) -> OutputPlan:
        """The output that is worked on."""
        return self.plan.outputs[0]

    @property
    def video(self) -> VideoPlan:
        """The twin's picture."""
        return picture(self.plan)

    @property
    def seen(self) -> VideoPlan:
        """The reference's picture."""
        return picture(self.reference)

    @property
    def encoder(self) -> str:
        """ffmpeg's name."""
        return self.video.encoder


def case(
    plan: Plan, reference: Plan, *, method: int, target: float | None = None, fps: float | None, seconds: float | None = None, pixels: str | None = None
) -> Case:
    """``plan``: the twin's, of one output; ``reference``: of its reference template (see ``jobs.engine.quality``); ``fps``: of the output, where known;
    ``seconds``: of the output, where known; ``pixels``: format of the source's pictures.

    Raises JobError: that of a plan that failed; NoVideoStream; NarrowbandNotPossible.
    """
    for made in (plan, reference):
        if made.failed:
            raise JobError(made.failed[0].code, made.failed[0].message)
    if plan.outputs[0].renditions[0].video is None or reference.outputs[0].renditions[0].video is None:
        raise JobError("NoVideoStream")
    video = picture(plan)
    if video.encoder not in CODECS[method]:
        names = ", ".join(row.name for row in VIDEO.values() if row.encoder in CODECS[method])
        raise JobError("NarrowbandNotPossible", f"Narrowband {method} does not make {video.codec}: use {names}.")
    words = dict(zip(video.options[::2], video.options[1::2], strict=True))
    rate, peak, buffer = (kbps(words.get(name)) for name in ("-b:v", "-maxrate:v", "-bufsize:v"))
    return Case(
        method=method,
        target=TARGET if target is None else target,
        plan=plan,
        reference=reference,
        fps=fps or NORMAL_FPS,
        seconds=seconds if seconds is not None else plan.outputs[0].expected_seconds,
        cap_kbps=rate,
        maxrate_kbps=round(peak) if peak else None,
        bufsize_kbit=round(buffer) if buffer else None,
        pixels=pixels,
    )


def picture(plan: Plan) -> VideoPlan:
    """The picture of a plan's first rendition. Raises JobError NoVideoStream."""
    video = plan.outputs[0].renditions[0].video
    if video is None:
        raise JobError("NoVideoStream")
    return video


def kbps(text: str | None) -> float | None:
    """«1800k» as a number."""
    if not text:
        return None
    unit = text[-1] if text[-1] in KBPS else ""
    return float(text.removesuffix(unit)) * KBPS[unit]


def before_scaling(chain: Chain) -> int:
    """How many filters of a chain come before the picture's size is changed. With branches (watermarks, openings): all, because those know the time."""
    if any(isinstance(step, Branch) for step in chain):
        return len(chain)
    return next((at for at, step in enumerate(chain) if not isinstance(step, Branch) and step[0] in ("scale", "zscale", "format", "pad")), len(chain))


def shared(case: Case) -> int | None:
    """How many filters the twin and the reference begin with alike; what comes after these can be sampled once for both. None: their pictures are not picked
    alike (one of them has branches, or begins with another join)."""
    twin, seen = case.video, case.seen
    if twin.pad != seen.pad or case.output.join != case.reference.outputs[0].join:
        return None
    ends = before_scaling(twin.filters), before_scaling(seen.filters)
    alike = 0
    while alike < min(ends) and twin.filters[alike] == seen.filters[alike]:
        alike += 1
    rest = (*twin.filters[alike : ends[0]], *seen.filters[alike : ends[1]])
    return alike if all(not isinstance(step, Branch) and step[0] not in TIMING for step in rest) else None


def picked(ranges: Iterable[tuple[int, int]], fps: float) -> tuple[FilterSpec, ...]:
    """Some pictures, (first, last) each, shown one after the other at ``fps``: whoever comes later sees a clip of constant rate."""
    wanted = "+".join(f"between(n,{first},{last})" for first, last in ranges)
    rate = exact_rate(fps)
    return (
        ("select", (("expr", wanted),)),
        ("settb", (("expr", "1/90000"),)),
        ("setpts", (("expr", f"N*90000/({rate})"),)),
        ("fps", (("fps", rate), ("round", "near"))),
    )


def only(chain: Chain, ranges: Iterable[tuple[int, int]], fps: float) -> Chain:
    """A chain for some of its pictures."""
    at = before_scaling(chain)
    return (*chain[:at], *picked(ranges, fps), *chain[at:])
