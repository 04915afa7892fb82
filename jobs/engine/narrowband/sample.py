"""The pictures of the windows, written aside once without loss, so that probes need not decode the whole clip again and again. Pure.

What is written is what the twin's and the reference's chains have in common: the output's own pictures before their size is changed. Windows of a long clip are read by
seeking; those of a short one, or of a plan that joins files, are picked by number out of the whole.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from jobs.engine.argv import works
from jobs.engine.narrowband.case import only, picked, shared
from jobs.engine.plan import Branch, Expected, Join, Pad, Part, RenditionPlan, Source, VideoPlan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jobs.engine.narrowband.case import Case
    from jobs.engine.narrowband.records import Survey, Window
    from jobs.engine.plan import Chain, Command, Plan

SAMPLE = "narrowband-sample.mkv"
LONG = 90.0  # s: of a longer clip windows are read by seeking
SHARE = 0.18  # of the pictures that are looked at
SAMPLE_SECONDS = (1.8, 8.0)  # least and most of a class that is looked at
WINDOW_SECONDS = 0.9
# at least: with fewer the encoder sees too little of what is to come, and slow recordings came out 1.5 VMAF above their forecast; and at most: more windows tell more of
# a clip of 60 pictures a second than longer ones
WINDOW_FRAMES = (16, 27)
WINDOWS = 8  # at most in a clip that is sampled while it is surveyed
WITHOUT_LOSS = ("-fps_mode:v", "passthrough")
PLAIN = "yuv420p"  # what is written as it is: a codec without loss costs more to read than a fast encode of it
PLAIN_BYTES = 1 << 30  # at most so much of it


def window_frames(fps: float) -> int:
    """How many pictures a window has."""
    return min(WINDOW_FRAMES[1], max(WINDOW_FRAMES[0], round(WINDOW_SECONDS * fps)))


def beforehand(case: Case) -> tuple[tuple[int, int], ...]:
    """Windows (first, frames) of a clip that nobody has looked at yet, so that one look can write them aside; none: too long, or of unknown length, or not to be sampled."""
    if not case.seconds or case.seconds > LONG or shared(case) is None:
        return ()
    frames = int(case.seconds * case.fps)
    length = window_frames(case.fps)
    wanted = max(round(SAMPLE_SECONDS[0] * case.fps), round(frames * SHARE))
    count = min(WINDOWS, max(1, math.ceil(wanted / length - 0.2)))
    if frames < 1.5 * count * length:
        return ()
    return tuple((frames * (2 * number + 1) // (2 * count) - length // 2, length) for number in range(count))


def aside(case: Case, windows: Iterable[tuple[int, int]]) -> RenditionPlan:
    """Windows written without loss, as a further output of a command that decodes all."""
    ranges = list(windows)
    return _written(case, case.video.pad, (*case.video.filters[: shared(case)], *picked(_ranges(ranges), case.fps)), sum(count for _, count in ranges))


def sample_command(case: Case, survey: Survey) -> Command | None:
    """The windows of all classes, written to SAMPLE. None: this plan cannot be sampled, each probe reads the whole."""
    alike = shared(case)
    if alike is None:
        return None
    windows = [(window.first, window.frames) for window in survey.windows]
    pad = case.video.pad
    if (
        pad is None
        or survey.seconds <= LONG
        or case.output.join is not None
        or any(not isinstance(step, Branch) and step[0] in ("setpts", "fps") for step in case.video.filters[:alike])
    ):
        return _command(case.plan, case, aside(case, windows))
    source, fps = case.plan.sources[pad.source], survey.fps
    sources = tuple(_clipped(source, first / fps, frames / fps) for first, frames in windows)
    parts = tuple(Part(picture=Pad(source=at, stream=pad.stream, codec=pad.codec)) for at in range(len(sources)))
    joined = case.plan.outputs[0].model_copy(update={"join": Join(parts=parts, has_sound=False)})
    # every window has as many pictures as it should, though its borders fall between two
    count = sum(frames for _, frames in windows)
    rendition = _written(case, None, (*case.video.filters[:alike], *picked([(0, count - 1)], fps)), count)
    return _command(case.plan.model_copy(update={"sources": sources, "outputs": (joined,)}), case, rendition)


def from_sample(case: Case, chain: Chain, survey: Survey, windows: Sequence[Window]) -> Chain:
    """The rest of a chain, for pictures that come from SAMPLE."""
    rest = chain[shared(case) :]
    if tuple(windows) == survey.windows:
        return rest
    return (*picked(_ranges(_places(survey, windows)), survey.fps), *rest)


def from_whole(chain: Chain, survey: Survey, windows: Sequence[Window]) -> Chain:
    """A chain for the windows, for pictures of the whole clip."""
    return only(chain, _ranges((window.first, window.frames) for window in windows), survey.fps)


def without_loss(case: Case, frames: int) -> str:
    """The codec of SAMPLE, of so many pictures: none, where Matroska has a name for the pixels and there are not too many; the fast one takes no odd sizes."""
    if case.pixels == PLAIN and frames * case.seen.width * case.seen.height * 1.5 <= PLAIN_BYTES:
        return "rawvideo"
    odd = case.seen.width % 2 or case.seen.height % 2 or (case.video.pad is not None and case.plan.sources[case.video.pad.source].pixels % 4)
    return "ffv1" if odd else "ffvhuff"


def source_of(case: Case) -> Source:
    """SAMPLE as an input."""
    return Source(file=SAMPLE, format="matroska,webm", pixels=case.seen.width * case.seen.height)


def _places(survey: Survey, windows: Sequence[Window]) -> list[tuple[int, int]]:
    """Where these windows are in SAMPLE."""
    found, at = [], 0
    for window in survey.windows:
        if window in windows:
            found.append((at, window.frames))
        at += window.frames
    return found


def _ranges(windows: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(first, first + frames - 1) for first, frames in windows]


def _clipped(source: Source, start: float, seconds: float) -> Source:
    begin = (source.start or 0.0) + start
    return source.model_copy(update={"start": round(begin, 6) or None, "duration": round(seconds + 0.0005, 6)})


def _written(case: Case, pad: Pad | None, chain: Chain, frames: int) -> RenditionPlan:
    codec = without_loss(case, frames)
    if codec == "rawvideo":
        chain = (*chain, ("format", (("pix_fmts", PLAIN),)))
    video = VideoPlan(pad=pad, encoder=codec, codec=codec, filters=chain, options=WITHOUT_LOSS, width=case.seen.width, height=case.seen.height)
    return RenditionPlan(name="sample", file=SAMPLE, video=video, mux_options=("-f", "matroska"), expected=Expected())


def _command(plan: Plan, case: Case, rendition: RenditionPlan) -> Command:
    output = plan.outputs[0].model_copy(update={"renditions": (rendition,), "package": (), "set": None, "expected_seconds": case.seconds})
    (command,) = works(plan.model_copy(update={"outputs": (output,)}))[0].commands
    return command
