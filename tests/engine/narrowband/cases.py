"""Cases and running them: the engine's own commands, started by the product's starter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jobs.engine import narrowband, quality
from jobs.engine.argv import works
from jobs.engine.narrowband import Case, Decision, Figures, Group, Point, Shot, Survey, Window
from jobs.engine.plan import Command, Plan
from jobs.engine.rates import source_fps
from jobs.engine.resolve import resolve
from jobs.engine.spec import TranscodeSpec
from jobs.engine.template import Template
from jobs.ffmpeg import runner, tools
from jobs.ffmpeg.probe import probe

HD: dict[str, Any] = {"codec": "h264", "preset": "veryfast", "bitrate_kbps": 400, "maxrate_kbps": 600, "bufsize_kbit": 1200, "pixel_format": "yuv420p"}


def made(room: Path, video: dict[str, Any], *, method: int = 2, hdr: bool = False, target: float | None = None, **template: Any) -> Case:
    """The case of ``room/input``."""
    seen = probe(room / "input", tools=tools.find(), cwd=room)
    spec = TranscodeSpec.model_validate({"input": "oss://input/x", "outputs": [{"address": "oss://output/x.mp4"}]}, strict=False)
    regular = Template.model_validate({"container": {"format": "mp4"}, "video": video, "audio": {"remove": True}, **template})
    twin, reference = (resolve(spec, [one], seen, overrides=[{}]) for one in (regular, quality.reference_template(regular, hdr=hdr)))
    return narrowband.case(
        twin,
        reference,
        method=method,
        target=target,
        fps=source_fps(seen.picture) if seen.picture else None,
        pixels=seen.picture.pixel_format if seen.picture else None,
    )


def run(room: Path, command: Command) -> None:
    """To its end."""
    done = runner.run(
        command,
        tools=tools.find(),
        cwd=room,
        log=room / "log.txt",
        on_progress=lambda _: None,
        should_stop=lambda: False,
        stall_seconds=60,
        wall_seconds=300,
        max_bytes=None,
        min_free_bytes=0,
    )
    assert done.exit_code == 0, done.tail


def text(room: Path, name: str) -> str:
    """A log; empty where there is none."""
    path = room / name
    return path.read_text() if path.is_file() else ""


def surveyed(room: Path, case: Case) -> Survey:
    """The first look."""
    run(room, narrowband.survey_command(case))
    return narrowband.read_survey(case, text(room, narrowband.SCENES), text(room, narrowband.COSTS))


def searched(room: Path, case: Case) -> tuple[Survey, list[Point], Decision]:
    """Everything up to the decision."""
    survey = surveyed(room, case)
    points: list[Point] = []
    while asks := narrowband.next_asks(case, survey, points):
        for ask in asks:
            for command in narrowband.probe_commands(case, survey, ask, sampled=survey.sampled):
                run(room, command)
            points.append(narrowband.read_probe(case, survey, ask, text(room, narrowband.SIZES), text(room, narrowband.SCORES)))
    return survey, points, narrowband.decide(case, survey, points)


def encoded(room: Path, plan: Plan) -> Path:
    """The first output."""
    (command,) = works(plan)[0].commands
    run(room, command)
    return room / plan.outputs[0].renditions[0].file


def survey(frames: int = 250, fps: float = 25.0, shots: tuple[tuple[int, int, int], ...] = ()) -> Survey:
    """Made up. ``shots``: (first, frames, class)."""
    parts = tuple(Shot(first=first, frames=count, group=group) for first, count, group in shots or ((0, frames, 0),))
    groups = tuple(
        Group(
            number=number,
            frames=sum(part.frames for part in parts if part.group == number),
            windows=tuple(Window(first=part.first, frames=min(20, part.frames)) for part in parts if part.group == number),
        )
        for number in range(max(part.group for part in parts) + 1)
    )
    return Survey(frames=frames, seconds=frames / fps, costs=(1000.0,) * frames, shots=parts, groups=groups)


def point(crf: float, vmaf: float, kbit_s: float, *, group: int = 0, fast: bool = False, plain: bool = False) -> Point:
    """Made up."""
    return Point(group=-1 if fast else group, crf=crf, fast=fast, plain=plain, kbit_s=kbit_s, key_kbit=100.0, vmaf=vmaf, frames=40, measured=14)


def figures(kbps: float = 1000.0, vmaf: float = 95.0) -> Figures:
    """Made up."""
    return Figures(kbps=kbps, vmaf=vmaf)
