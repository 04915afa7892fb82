"""What the parts of Narrowband hand to each other, and what steps store. Frozen; JSON as it stands. Sizes in kbit/s (1 kbit = 1000 bit), scores 0–100."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jobs.engine.types import Strict

Reason = Literal["target", "twin", "cap", "best_effort"]


class Window(Strict):
    """Pictures that are looked at closely."""

    first: int = Field(ge=0, description="number of the first picture, counted in the output's pictures")
    frames: int = Field(ge=1)


class Shot(Strict):
    """Pictures between two cuts."""

    first: int = Field(ge=0)
    frames: int = Field(ge=1)
    group: int = Field(ge=0, description="which class of similar shots it belongs to")


class Group(Strict):
    """A class of similar shots: probed together, encoded with one CRF."""

    number: int = Field(ge=0)
    frames: int = Field(ge=1, description="pictures of all its shots")
    windows: tuple[Window, ...] = Field(min_length=1)


class Survey(Strict):
    """What one cheap look at the whole clip found."""

    frames: int = Field(ge=1)
    seconds: float = Field(gt=0, description="how long they are shown")
    stride: int = Field(1, ge=1, description="pictures per value in costs")
    costs: tuple[float, ...] = Field(description="bits that a small, fast encode spends, per picture; mean of each ``stride`` pictures")
    keys: int = Field(1, ge=1, description="key frames, with those at cuts")
    shots: tuple[Shot, ...] = Field(min_length=1)
    groups: tuple[Group, ...] = Field(min_length=1)
    sampled: bool = Field(False, description="whether the look wrote the windows' pictures aside as well")

    @property
    def windows(self) -> tuple[Window, ...]:
        """Those of all classes, in order."""
        return tuple(sorted((window for group in self.groups for window in group.windows), key=lambda window: window.first))

    @property
    def fps(self) -> float:
        """Pictures per second, on average."""
        return self.frames / self.seconds


class Ask(Strict):
    """One probe: encode these windows at this CRF and measure."""

    group: int = Field(description="class of shots; -1: all of them at once")
    crf: float
    fast: bool = Field(False, description="with a fast preset, for a forecast only")
    plain: bool = Field(False, description="with the twin's own settings: what it is worth, where the model has not seen its like")
    windows: tuple[Window, ...] = Field(min_length=1)


class Point(Strict):
    """What a probe found."""

    group: int
    crf: float
    fast: bool
    plain: bool = Field(False, description="with the twin's own settings")
    kbit_s: float = Field(ge=0, description="of the windows, first pictures left out, at the pace of the whole clip")
    key_kbit: float = Field(ge=0, description="size of a first picture, on average")
    vmaf: float
    frames: int = Field(ge=1, description="pictures that were encoded")
    measured: int = Field(ge=1, description="pictures that were measured")
    by_window: tuple[tuple[int, float, float, float], ...] = Field((), description="(number of its first picture, kbit/s, VMAF, kbit of the first picture)")


class Figures(Strict):
    """Size and scores of one version of the picture."""

    kbps: float
    vmaf: float
    neg: float | None = Field(None, description="where it was measured")


class Zone(Strict):
    """Pictures that are encoded at another CRF than the rest."""

    first: int = Field(ge=0)
    last: int = Field(ge=0, description="inclusive")
    offset: float = Field(description="added to the CRF")


def follows(goal: float, target: float) -> bool:
    """Whether this goal is the twin's score, and not the target, as far as scores are told apart."""
    return goal < target - 0.05


class Decision(Strict):
    """How the output is encoded, and what is expected of it."""

    method: int
    codec: str
    target: float = Field(description="VMAF that was asked for")
    goal: float = Field(description="VMAF that is aimed at: the target, or the twin's own where that is less")
    crf: float
    zones: tuple[Zone, ...] = ()
    maxrate_kbps: int | None = None
    bufsize_kbit: int | None = None
    bitrate_kbps: int | None = Field(None, description="average bitrate instead of the CRF, where a first try came out too large")
    slope: float = Field(0.0, description="VMAF per CRF around there, as the probes show it; 0: not known")
    forecast: Figures
    twin: Figures = Field(description="forecast of the regular preset's output, or what it really came to")
    guessed: bool = Field(False, description="the goal is what the twin would score, or nearly, and that lies beyond what the model was fitted on")
    known: bool = Field(False, description="the twin was made, and measured")
    cap_kbps: float = Field(description="the picture's most")
    capped: bool = Field(description="the target is out of reach within the twin's bitrate")
    reason: Reason
    why: str
    probes: int = Field(ge=0)

    @property
    def follows(self) -> bool:
        """Whether the twin's score is the goal: it is less than the target."""
        return follows(self.goal, self.target)

    @property
    def saving(self) -> float:
        """Share of the twin's bits that is saved, as forecast."""
        return 1 - self.forecast.kbps / self.twin.kbps if self.twin.kbps else 0.0


class Verdict(Strict):
    """The finished file against the decision."""

    kept: bool = Field(description="not larger than the twin may be, and at most 1 below the goal")
    larger: bool
    short_by: float = Field(description="VMAF below the goal; 0: reached")
    again: Decision | None = Field(None, description="encode once more with this")
