"""One cheap look at the whole clip: where it is cut, and how many bits each picture costs. Pure.

The pictures are the output's own (its frame selection), small. A fast encode of them at a fixed CRF tells the cost of each, ``scdet`` the cuts. Shots of
similar cost are gathered in classes; each class is probed on a few windows, spread over its shots.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from jobs.engine.argv import works
from jobs.engine.errors import JobError
from jobs.engine.narrowband.case import before_scaling
from jobs.engine.narrowband.records import Group, Shot, Survey, Window
from jobs.engine.narrowband.sample import SAMPLE_SECONDS, SHARE, aside, beforehand, window_frames
from jobs.engine.plan import Expected, RenditionPlan, VideoPlan

if TYPE_CHECKING:
    from jobs.engine.narrowband.case import Case
    from jobs.engine.plan import Chain, Command

SCENES, COSTS = "seen-narrowband.txt", "narrowband-costs.txt"
WIDTH = 320  # px of the small picture
CUT = 12.0  # scdet's score; its own default of 10 takes flashes and fast pans for cuts
SHOT_SECONDS = 0.8  # a shorter shot belongs to its neighbour: a zone would not pay for it
GROUPS = 4  # classes of shots at most
ALIKE = 1.6  # shots whose costs differ by less than this factor are one class
VALUES = 20_000  # costs that are kept
FIXED = ("-preset", "ultrafast", "-crf", "23", "-threads:v", "2")


def survey_command(case: Case) -> Command:
    """The look: writes SCENES and COSTS into the working folder, and of a short clip some windows to SAMPLE."""
    video = case.video
    chain: Chain = (
        *video.filters[: before_scaling(video.filters)],
        ("scale", (("w", f"max(2,trunc(min({WIDTH},iw)/2)*2)"), ("h", -2), ("flags", "fast_bilinear"))),
        ("format", (("pix_fmts", "yuv420p"),)),
        ("scdet", (("threshold", CUT),)),
        ("metadata", (("mode", "print"), ("key", "lavfi.scd.time"), ("file", SCENES))),
    )
    words = dict(zip(video.options[::2], video.options[1::2], strict=True))
    own = [word for name in ("-g", "-force_key_frames:v") if name in words for word in (name, words[name])]  # key frames where the output has them
    # the metadata filter prints only pictures that have the key: those where a shot begins
    options = (
        *FIXED,
        *own,
        "-fps_mode:v",
        "passthrough",
        "-enc_time_base:v",
        "demux",
        "-stats_enc_post:v",
        COSTS,
        "-stats_enc_post_fmt:v",
        "{fidx} {pts} {tb} {size} {key}",
    )
    small = VideoPlan(pad=video.pad, encoder="libx264", codec="h264", filters=chain, options=options, width=WIDTH, height=WIDTH, pixel_format="yuv420p")
    rendition = RenditionPlan(name="", file="narrowband-survey.none", video=small, mux_options=("-f", "null"), expected=Expected())
    windows = beforehand(case)
    renditions = (rendition, aside(case, windows)) if windows else (rendition,)
    made = case.output.model_copy(update={"renditions": renditions, "package": (), "set": None})
    (command,) = works(case.plan.model_copy(update={"outputs": (made,)}))[0].commands
    return command


def read_survey(case: Case, scenes: str, costs: str) -> Survey:
    """What the look found. Raises JobError NoVideoStream where not one picture came."""
    rows = [_row(line) for line in costs.splitlines() if len(line.split()) == 5]
    if not rows:
        raise JobError("NoVideoStream", "Not one picture could be read.")
    rows.sort()
    bits = [size * 8.0 for _, size, _ in rows]
    seconds = _seconds([time for time, _, _ in rows], case)
    fps = len(rows) / seconds
    taken = tuple(Window(first=first, frames=count) for first, count in beforehand(case))
    sampled = bool(taken) and taken[-1].first + taken[-1].frames <= len(rows)
    cuts = _cuts(scenes, len(rows))
    shots = grouped(_shots(cuts, len(rows), fps), bits)
    groups = _groups(shots, fps, taken if sampled else ())
    # a class of which the look took no window: one more reading, with windows of its own
    sampled = sampled and sum(len(group.windows) for group in groups) == len(taken)
    stride = math.ceil(len(bits) / VALUES)
    kept = bits if stride == 1 else [sum(part) / len(part) for part in (bits[at : at + stride] for at in range(0, len(bits), stride))]
    return Survey(
        frames=len(rows),
        seconds=round(seconds, 6),
        stride=stride,
        costs=tuple(round(cost, 1) for cost in kept),
        keys=max(1, sum(key for _, _, key in rows) + len(cuts)),  # the small encode looks for no cuts
        shots=shots,
        groups=groups,
        sampled=sampled,
    )


def _row(line: str) -> tuple[float, int, bool]:
    _, pts, base, size, key = line.split()
    above, below = base.split("/")
    return int(pts) * int(above) / int(below), int(size), key in ("K", "1")


def _seconds(times: Sequence[float], case: Case) -> float:
    """How long the pictures are shown: the last one as long as the others on average."""
    if len(times) < 2:
        return case.seconds or 1 / case.fps
    whole = (times[-1] - times[0]) * len(times) / (len(times) - 1)
    return whole if whole > 0 else len(times) / case.fps


def _cuts(log: str, frames: int) -> list[int]:
    """Numbers of the pictures where a shot begins. The filter prints «frame:12 pts:…» above each."""
    found = [int(line.split(":", 1)[1].split()[0]) for line in log.splitlines() if line.startswith("frame:")]
    return [number for number in found if 0 < number < frames]


def _shots(cuts: Sequence[int], frames: int, fps: float) -> list[tuple[int, int]]:
    """(first, frames) of each shot, none shorter than SHOT_SECONDS unless it is all there is."""
    least = max(2, round(SHOT_SECONDS * fps))
    borders = [0]
    for cut in cuts:
        if cut - borders[-1] >= least and frames - cut >= least:
            borders.append(cut)
    return [(first, last - first) for first, last in zip(borders, [*borders[1:], frames], strict=True)]


def grouped(shots: Sequence[tuple[int, int]], bits: Sequence[float]) -> tuple[Shot, ...]:
    """Shots in classes by their cost: sorted, and parted where the cost grows by more than ALIKE from the cheapest of a class; the widest gaps, where there would be too many."""
    costs = [max(1.0, sum(bits[first + 1 : first + count]) / max(1, count - 1)) for first, count in shots]
    order = sorted(range(len(shots)), key=lambda at: costs[at])
    spread = math.log(costs[order[-1]] / costs[order[0]])
    step = max(math.log(ALIKE), spread / GROUPS + 1e-9)
    lowest = math.log(costs[order[0]])
    numbers: dict[int, int] = {}
    classes = [min(GROUPS - 1, int((math.log(cost) - lowest) / step)) for cost in costs]
    for at in order:
        numbers.setdefault(classes[at], len(numbers))
    return tuple(Shot(first=first, frames=count, group=numbers[classes[at]]) for at, (first, count) in enumerate(shots))


def _groups(shots: Sequence[Shot], fps: float, taken: Sequence[Window]) -> tuple[Group, ...]:
    """The classes with their windows: those that were taken already, each for the shot that it begins in; else, where a class has none of these, its own."""
    count = max(shot.group for shot in shots) + 1
    mine = [[shot for shot in shots if shot.group == number] for number in range(count)]
    have = [tuple(window for window in taken if any(_within(window, shot) for shot in one)) for one in mine]
    if not all(have):
        have = [windows(one, fps) for one in mine]
    return tuple(Group(number=number, frames=sum(shot.frames for shot in mine[number]), windows=have[number]) for number in range(count))


def _within(window: Window, shot: Shot) -> bool:
    return shot.first <= window.first < shot.first + shot.frames


def windows(shots: Sequence[Shot], fps: float) -> tuple[Window, ...]:
    """Windows spread evenly over the pictures of these shots, none across a cut. Shorter than a sample: everything."""
    frames = sum(shot.frames for shot in shots)
    least, most = (round(seconds * fps) for seconds in SAMPLE_SECONDS)
    wanted = min(max(least, round(frames * SHARE)), most)
    length = window_frames(fps)
    if frames <= max(wanted, length):
        return tuple(Window(first=shot.first, frames=shot.frames) for shot in shots)
    count = max(1, math.ceil(wanted / length - 0.2))
    found: list[Window] = []
    for number in range(count):
        middle = frames * (2 * number + 1) // (2 * count)
        for shot in shots:
            if middle < shot.frames:
                size = min(length, shot.frames)
                first = shot.first + max(0, min(middle - size // 2, shot.frames - size))
                if not found or first >= found[-1].first + found[-1].frames:
                    found.append(Window(first=first, frames=size))
                break
            middle -= shot.frames
    return tuple(found)
