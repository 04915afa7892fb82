"""An output's certificate as pages show it, and what all of them save together. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.db.models import Avg, Count, FloatField, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from jobs.engine.codecs import VIDEO
from jobs.models import Output

if TYPE_CHECKING:
    from collections.abc import Mapping

SUMMED = 20_000  # certificates that are added up
LOOKED_AT = 500  # outputs of one template
KEPT = 60  # s: overviews poll
KEY = "certificates-saved"
PHASES = (("survey", _("Survey")), ("probes", _("Probes")), ("encode", _("Encode")), ("twin", _("Regular output")), ("check", _("Check")))
TOOLS = {"ffmpeg": "FFmpeg", "encoder": _("Encoder"), "vmaf_model": _("VMAF's model"), "libvmaf": "libvmaf"}
NEAR = 1.0  # VMAF: what a goal may be missed by
METRICS = (("vmaf", "VMAF"), ("vmaf_neg", "VMAF NEG"))


@dataclass(frozen=True)
class Score:
    """One metric of the finished file; ``low``: 5 % of the pictures are below it."""

    name: str
    mean: float | None
    low: float | None


@dataclass(frozen=True)
class Certificate:
    """What stands on it. kbit/s of the picture, seconds, bytes; None where the run did not tell. ``share``: saved of the twin's bits, 1 is all of them."""

    method: int
    codec: str
    target: float | None
    goal: float | None
    crf: float | None
    zones: int
    scores: tuple[Score, ...]
    kbps: float | None
    twin_kbps: float | None
    twin_vmaf: float | None
    estimated: bool
    saved_bytes: int | None
    share: float | None
    probes: int
    capped: bool
    sentence: str
    tools: tuple[tuple[str, str], ...]
    phases: tuple[tuple[str, float], ...]

    @property
    def seconds(self) -> float | None:
        """All phases together."""
        return sum(seconds for _name, seconds in self.phases) if self.phases else None

    @property
    def percent(self) -> float | None:
        """Saved of the twin's bits, %."""
        return None if self.share is None else 100 * self.share

    @property
    def rates(self) -> tuple[str, str]:
        """kbit/s of this output and of the regular one, rounded as the sentence does: one page does not say 1248 and 1249."""
        return tuple("–" if rate is None else f"{rate:.0f}" for rate in (self.kbps, self.twin_kbps))  # type: ignore[return-value]  # two

    @property
    def vmaf(self) -> Score | None:
        """The score that its target is about."""
        return next((score for score in self.scores if score.name == "VMAF"), None)

    @property
    def as_good(self) -> bool:
        """Held back, but no worse than the regular output, whose own score was the goal: smaller, and not the best that would have fitted under its bitrate."""
        score = self.vmaf.mean if self.vmaf else None
        if score is None or self.goal is None or self.target is None:
            return False
        return self.capped and self.goal < self.target and score >= self.goal - NEAR

    @property
    def part(self) -> str:
        """Its length beside the twin's, as SVG takes it."""
        if not self.kbps or not self.twin_kbps:
            return "0%"
        return f"{100 * min(1.0, self.kbps / self.twin_kbps):.2f}%"


def of(output: Output) -> Certificate | None:
    """The certificate of an output; None: it has none."""
    found = output.certificate
    return read(found) if isinstance(found, dict) and found.get("method") else None


def read(found: Mapping[str, Any]) -> Certificate:
    """Out of the stored JSON. What is missing stays empty: old certificates outlive what wrote them."""
    twin, scores = found.get("twin") or {}, found.get("scores") or {}
    bits = _number(found.get("bits_saved"))
    return Certificate(
        method=int(found["method"]),
        codec=VIDEO[codec].name if (codec := str(found.get("codec") or "")) in VIDEO else codec,
        target=_number(found.get("target")),
        goal=_number(found.get("goal")),
        crf=_number(found.get("crf")),
        zones=len(found.get("zones") or ()),
        scores=tuple(
            Score(name, _number(scores[key].get("mean")), _number(scores[key].get("p5"))) for key, name in METRICS if isinstance(scores.get(key), dict)
        ),
        kbps=_number(found.get("kbps")),
        twin_kbps=_number(twin.get("kbps")),
        twin_vmaf=_number(twin.get("vmaf")),
        estimated=bool(twin.get("estimated", True)),
        saved_bytes=None if bits is None else int(bits // 8),
        share=_number(found.get("saved_ratio")),
        probes=int(found.get("probes") or 0),
        capped=bool(found.get("capped")),
        sentence=str(found.get("sentence") or ""),
        tools=_tools(found.get("tools")),
        phases=_phases(found.get("seconds")),
    )


@dataclass(frozen=True)
class Saved:
    """What outputs save against their twins, bytes; ``more``: there are more of them than were added up."""

    bytes: int
    outputs: int
    more: bool


def saved() -> Saved:
    """Over all outputs with a certificate. Asked at most once a minute."""
    found: Saved | None = cache.get(KEY)
    if found is None:
        ids = list(Output.objects.filter(certificate__isnull=False).order_by("job_id").values_list("id", flat=True)[: SUMMED + 1])
        rows = Output.objects.filter(certificate__isnull=False)
        if len(ids) > SUMMED:
            rows = rows.filter(pk__in=rows.order_by("job_id").values("id")[:SUMMED])
        bits = rows.order_by().aggregate(total=Sum(Cast(KT("certificate__bits_saved"), FloatField())))["total"] or 0.0
        found = Saved(int(bits // 8), min(len(ids), SUMMED), len(ids) > SUMMED)
        cache.set(KEY, found, KEPT)
    return found


@dataclass(frozen=True)
class History:
    """What one template has saved: the mean share of its twins' bits, %, of so many of its newest outputs."""

    percent: float
    outputs: int


def history(template_id: str) -> History | None:
    """Of the newest outputs of a template; None: it has made none with a certificate."""
    rows = Output.objects.filter(template__template=template_id, certificate__isnull=False).order_by("-published_at", "id")[:LOOKED_AT]
    found = rows.aggregate(share=Avg(Cast(KT("certificate__saved_ratio"), FloatField())), number=Count("id"))
    return History(100 * found["share"], found["number"]) if found["share"] is not None else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _phases(given: object) -> tuple[tuple[str, float], ...]:
    """Seconds by the names of PHASES, in their order."""
    if not isinstance(given, dict):
        return ()
    return tuple((str(label), seconds) for key, label in PHASES if (seconds := _number(given.get(key))) is not None)


def _tools(given: object) -> tuple[tuple[str, str], ...]:
    """Names and versions, however they were written down."""
    if isinstance(given, dict):
        return tuple((str(TOOLS.get(name, name)), str(version)) for name, version in given.items())
    if isinstance(given, list | tuple):
        return tuple((str(one), "") for one in given)
    return ((str(given), ""),) if given else ()
