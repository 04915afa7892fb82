"""The parameter surface, tried row by row: a parameter in, the real engine and ffmpeg run, and what came out is probed, decoded, looked at.

A row is one parameter (or a few that belong together), the seed line that it comes from, and a check of the real output. ``Bench.run`` does what a
worker does (gather, measure, resolve, run, verify), without queue and database, so a row takes a fraction of a second.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from jobs.engine.address import Address
from jobs.engine.argv import works
from jobs.engine.combinations import check
from jobs.engine.encryption import ContentKey
from jobs.engine.errors import JobError
from jobs.engine.measure import Measure, wanted
from jobs.engine.needs import addresses
from jobs.engine.plan import Command, OutputPlan, Plan
from jobs.engine.probe import Probe
from jobs.engine.resolve import resolve
from jobs.engine.sources import Fetched, Material
from jobs.engine.spec import TranscodeSpec
from jobs.engine.template import Template
from jobs.engine.verify import Check, verdict, verify
from jobs.ffmpeg import runner
from jobs.ffmpeg.probe import probe
from jobs.ffmpeg.runner import Finished
from jobs.ffmpeg.sets import look
from jobs.ffmpeg.stills import mark
from jobs.ffmpeg.tools import Tools
from jobs.lettering.plans import drawn
from tests.clips import Clips

INPUT = "oss://input/x"


@dataclass
class Made:
    """One output as it came out. ``output`` is its plan; files lie in ``room``."""

    plan: Plan
    output: OutputPlan
    room: Path
    probe: Probe
    checks: tuple[Check, ...]
    tools: Tools

    @property
    def file(self) -> Path:
        """The first rendition's file."""
        return self.room / self.output.renditions[0].file

    def raw(self, *entries: str, file: Path | None = None) -> dict[str, Any]:
        """ffprobe's own JSON: streams and format, and further ``entries`` («-show_frames» …)."""
        argv = [self.tools.ffprobe, "-v", "error", "-of", "json", "-show_streams", "-show_format", *entries, "-allowed_extensions", "ALL"]
        path = file or self.file
        if path.suffix != ".m3u8":
            argv = argv[:-2]
        done = subprocess.run([*argv, str(path)], capture_output=True, check=True, cwd=self.room, timeout=60)
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def frames(self, *, pixel_format: str = "rgb24", count: int | None = None, at: float | None = None, file: Path | None = None) -> np.ndarray:
        """Decoded pictures: (frames, height, width, 3) of uint8 (rgb24) or (frames, height, width) (gray). ``at``: seconds to begin at."""
        stream = next(s for s in self.raw(file=file)["streams"] if s["codec_type"] == "video")
        width, height = int(stream["width"]), int(stream["height"])
        seek = ["-ss", str(at)] if at else []
        argv = [self.tools.ffmpeg, "-nostdin", "-v", "error", "-allowed_extensions", "ALL", *seek, "-i", str(file or self.file), "-map", "0:v:0"]
        if (file or self.file).suffix != ".m3u8":
            argv = [a for a in argv if a not in ("-allowed_extensions", "ALL")]
        argv += ["-fps_mode", "passthrough", *(["-frames:v", str(count)] if count else []), "-f", "rawvideo", "-pix_fmt", pixel_format, "-"]
        data = subprocess.run(argv, capture_output=True, check=True, cwd=self.room, timeout=120).stdout
        shape = (-1, height, width, 3) if pixel_format == "rgb24" else (-1, height, width)
        return np.frombuffer(data, dtype=np.uint8).reshape(shape)

    def samples(self, track: int = 0, *, rate: int = 8000, channels: int = 1, file: Path | None = None) -> np.ndarray:
        """Decoded sound: float32 of shape (samples, channels), −1 to 1."""
        argv = [
            self.tools.ffmpeg,
            "-nostdin",
            "-v",
            "error",
            "-i",
            str(file or self.file),
            "-map",
            f"0:a:{track}",
            "-f",
            "f32le",
            "-ar",
            str(rate),
            "-ac",
            str(channels),
            "-",
        ]
        data = subprocess.run(argv, capture_output=True, check=True, cwd=self.room, timeout=120).stdout
        return np.frombuffer(data, dtype=np.float32).reshape(-1, channels)


@dataclass(frozen=True)
class Row:
    """One line of the table. ``sections``: of the template, beside the container; ``look``: asserts on what came out."""

    name: str
    seed: str
    format: str
    sections: dict[str, Any]
    look: Callable[[Made], None]
    source: dict[str, Any] = field(default_factory=dict)
    """Arguments of Clips.make, or {"media": name} for a file of the sample media."""
    objects: dict[str, str] = field(default_factory=dict)
    """Further objects: key in the bucket «input» → a media name; addresses in ``sections`` name them as oss://input/KEY."""


@dataclass
class Bench:
    """Runs rows."""

    tools: Tools
    clips: Clips
    media: Path
    folder: Path
    number: int = 0

    def source(self, wanted: dict[str, Any]) -> Path:
        """A file of the sample media, or a clip that is made once."""
        return self.media / wanted["media"] if "media" in wanted else self.clips.make(**{"seconds": 1, "size": "128x72", **wanted})

    def row(self, row: Row) -> Made:
        """Run a row and let it look."""
        files = {key: self.media / name for key, name in row.objects.items()}
        made = self.run(self.source(row.source), {"container": {"format": row.format}, **row.sections}, files=files)
        row.look(made)
        return made

    def run(self, source: Path, template: dict[str, Any], *, files: dict[str, Path] | None = None, spec: dict[str, Any] | None = None) -> Made:
        """One output of one input. ``files``: further objects by key in the bucket «input»; ``spec``: further keys of the job (inputs …)."""
        (made,) = self.run_all(source, template, files=files, spec=spec)
        return made

    def run_all(self, source: Path, *templates: dict[str, Any], files: dict[str, Path] | None = None, spec: dict[str, Any] | None = None) -> list[Made]:
        """Outputs of one job. Fails where the engine refuses, an output cannot be planned, a program fails, or verify objects."""
        self.number += 1
        room = self.folder / f"room{self.number}"
        room.mkdir()
        outputs = [{"template": "t", "address": f"oss://output/{n}"} for n in range(len(templates))]
        sent = TranscodeSpec.model_validate_json(json.dumps({"input": INPUT, "outputs": outputs, **(spec or {})}))
        read = [Template.model_validate_json(json.dumps(t)) for t in templates]
        for one in read:
            assert not check(one), check(one)
        plan = drawn(self.plan(room, source, sent, read, files or {}), room)
        assert not plan.failed, plan.failed
        for output in plan.outputs:
            for text in output.texts:
                (room / text.name).write_bytes(text.data)
        for work in works(plan):
            for command in work.commands:
                finished = self._run(command, room)
                assert finished.exit_code == 0, finished.tail
        return [self._made(plan, output, room) for output in plan.outputs]

    def plan(self, room: Path, source: Path, spec: TranscodeSpec, templates: list[Template], files: dict[str, Path]) -> Plan:
        """Gather, measure, resolve."""
        shutil.copyfile(source, room / "input")
        facts = probe(room / "input", tools=self.tools, cwd=room)
        fetched: dict[Address, Fetched] = {spec.input.address: Fetched("input", facts)}
        for _, address, role in addresses(spec, templates):
            if address not in fetched:
                fetched[address] = self._fetched(room, f"{'mark' if role == 'mark' else 'm'}{len(fetched)}", files[address.key], role)
        keys = {
            n: ContentKey(t.encryption.key or "00ff" * 8, t.encryption.key_id or "ab" * 16, t.encryption.key_uri or "/keys/k", "/keys/k/license")
            for n, t in enumerate(templates)
            if t.encryption
        }
        material = Material(facts, fetched, keys=keys)
        measures = wanted(spec, templates, material)
        return resolve(spec, templates, replace(material, measured={m.name: self._measured(m, room) for m in measures}))

    def _measured(self, measure: Measure, room: Path) -> Any:
        finished = self._run(measure.command, room)
        assert finished.exit_code == 0, finished.tail
        return measure.read((room / measure.writes).read_bytes().decode(measure.charset) if measure.writes else finished.tail)

    def _fetched(self, room: Path, name: str, path: Path, role: str) -> Fetched:
        shutil.copyfile(path, room / name)
        if role == "mark":
            try:
                return Fetched(name, mark(room / name, tools=self.tools, cwd=room))
            except JobError as error:
                return Fetched(name, problem=error)
        return Fetched(name, data=path.read_bytes()) if role == "text" else Fetched(name, probe(room / name, tools=self.tools, cwd=room))

    def _run(self, command: Command, room: Path) -> Finished:
        return runner.run(
            command,
            tools=self.tools,
            cwd=room,
            log=room.parent / f"{room.name}.log",
            on_progress=lambda _: None,
            should_stop=lambda: False,
            stall_seconds=60,
            wall_seconds=120,
            max_bytes=None,
            min_free_bytes=0,
        )

    def _made(self, plan: Plan, output: OutputPlan, room: Path) -> Made:
        probes: dict[str, Probe] = {}
        for rendition in output.renditions:
            try:
                probes[rendition.file] = probe(
                    room / rendition.file, tools=self.tools, cwd=room, count_packets=True, own_playlist=rendition.segments is not None
                )
            except JobError:
                continue
        found = look(room, output, probes)
        checks = verify(output, probes, found.texts, found.sizes, found.frames, found.times)
        assert verdict(checks) is None, verdict(checks)
        return Made(plan, output, room, probes[output.renditions[0].file], checks, self.tools)


def problems(format_: str, **sections: Any) -> list[tuple[str, str]]:
    """What is refused at the door: («video.crf», sentence) …"""
    template = Template.model_validate_json(json.dumps({"container": {"format": format_}, **sections}))
    return [(".".join(str(part) for part in p.loc), p.message) for p in check(template)]
