"""One row of the bench: twin, baseline, both methods; encoded by the product's own starter and measured as a quality job measures."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.engine import narrowband, quality
from jobs.engine.argv import works
from jobs.engine.narrowband.case import picture
from jobs.engine.plan import Plan, Source
from jobs.engine.rates import source_fps
from jobs.engine.resolve import resolve
from jobs.engine.spec import TranscodeSpec
from jobs.ffmpeg import runner, tools
from jobs.ffmpeg.probe import probe
from tests.bench.narrowband_clips import SECONDS, Row

if TYPE_CHECKING:
    from jobs.engine.plan import Command
    from jobs.engine.probe import Probe

VERSION = 3  # of what is remembered
BISECTED = 6  # encodes of the baseline at most
NEAR = 0.15  # VMAF: the baseline stops this near to its goal


@dataclass
class Made:
    """One finished file. ``seconds``: what the encode took; ``search``: what finding its settings took beforehand; ``check``: measuring it."""

    kbps: float
    vmaf: float = 0.0
    vmaf_low: float = 0.0
    neg: float = 0.0
    neg_low: float = 0.0
    seconds: float = 0.0
    search: float = 0.0
    check: float = 0.0
    certified: float = 0.0  # making the twin for the certificate only: its size was not to be believed
    probes: int = 0
    goal: float = 0.0
    forecast: dict[str, float] = field(default_factory=dict)
    twin: dict[str, float] = field(default_factory=dict)
    reason: str = ""
    crf: float = 0.0
    again: bool = False
    trace: dict[str, Any] = field(default_factory=dict)  # survey and probes: other constants can be tried on them without encoding


@dataclass
class Result:
    """A row with all that was made."""

    row: Row
    twin: Made
    baseline: Made
    first: Made | None  # Narrowband 1 does not make AV1
    second: Made

    @property
    def goal(self) -> float:
        """What is wanted: 93, or the twin's own score."""
        return min(narrowband.TARGET, self.twin.vmaf)


class Bench:
    """Runs commands in a folder and remembers results in another."""

    def __init__(self, media: Path, room: Path, keep: Path | None, *, every: int, wall: bool) -> None:
        self.media, self.room, self._keep, self._every, self._wall = media, room, keep, every, wall
        self._tools = tools.find()
        self._probes: dict[str, Probe] = {}

    def width(self, file: str) -> int:
        """Of the upright picture as it is shown."""
        stream = self._probe(file).picture
        if stream is None:
            return 0
        wide = round(stream.width * stream.sar[0] / stream.sar[1])
        return stream.height if stream.rotation in (90, 270) else wide

    def result(self, row: Row) -> Result:
        """All four of a row."""
        twin = self._remembered(row, "twin", lambda: self._twin(row))
        goal = min(narrowband.TARGET, twin.vmaf)
        baseline = self._remembered(row, f"baseline {goal:.2f}", lambda: self._bisected(row, goal))
        video = picture(self._plans(row)[0])
        tuning = json.dumps([narrowband.tuned(video, 27, method=number) for number in (1, 2)])
        found = {
            number: self._remembered(row, f"method {number} {tuning} {_code()}", lambda number=number: self._narrowband(row, number))
            for number, encoders in narrowband.CODECS.items()
            if video.encoder in encoders
        }
        return Result(row, twin, baseline, found.get(1), found[2])

    # --- what is made
    def _twin(self, row: Row) -> Made:
        return self._encoded(row, self._plans(row)[0])

    def _bisected(self, row: Row, goal: float) -> Made:
        """The least size that reaches the goal with the twin's own settings, found by whole encodes."""
        plan = self._plans(row)[0]
        whole = row.codec == "av1"
        low, high = (20.0, 60.0) if whole else (14.0, 42.0)
        best: Made | None = None
        spent, tries = 0.0, 0
        while tries < BISECTED and high - low > (1 if whole else 0.2):
            crf = float(round((low + high) / 2)) if whole else round((low + high) / 2, 2)
            made = self._encoded(row, _plain(plan, crf))
            tries += 1
            spent += made.seconds + made.check
            if made.vmaf >= goal - 0.3:
                low = crf
                if best is None or made.kbps < best.kbps:
                    best = made
                if made.vmaf < goal - 0.3 + NEAR:
                    break
            else:
                high = crf
        best = best or made
        best.search, best.probes = spent, tries
        return best

    def _narrowband(self, row: Row, method: int) -> Made:
        plan, reference = self._plans(row)
        stream = self._probe(row.file).picture
        found = narrowband.case(plan, reference, method=method, fps=source_fps(stream) if stream else None, pixels=stream.pixel_format if stream else None)
        room = self._folder(row)
        seconds = self._run(narrowband.survey_command(found), room)
        survey = narrowband.read_survey(found, _text(room / narrowband.SCENES), _text(room / narrowband.COSTS))
        points: list[narrowband.Point] = []
        sampled = survey.sampled
        while asks := narrowband.next_asks(found, survey, points):
            for ask in asks:
                seconds += sum(self._run(command, room) for command in narrowband.probe_commands(found, survey, ask, sampled=sampled))
                sampled = True
                points.append(narrowband.read_probe(found, survey, ask, _text(room / narrowband.SIZES), _text(room / narrowband.SCORES)))
        decision = narrowband.decide(found, survey, points)
        made = self._encoded(row, narrowband.adapted(plan, decision))
        first = {"crf": decision.crf, "kbps": made.kbps, "vmaf": made.vmaf}
        decision = narrowband.settled(decision, kbps=made.kbps, vmaf=made.vmaf)
        certified, again = 0.0, False
        slimmer = narrowband.slimmer(decision, kbps=made.kbps)
        if slimmer is not None:
            seconds, again, decision = seconds + made.seconds, True, slimmer
            made = self._encoded(row, narrowband.adapted(plan, decision))
        if narrowband.doubtful(decision, kbps=made.kbps, vmaf=made.vmaf, seconds=survey.seconds):
            twin = self._remembered(row, "twin", lambda: self._twin(row))
            if decision.reason == "target":
                certified = twin.seconds
            else:
                seconds += twin.seconds
            decision = narrowband.informed(decision, kbps=twin.kbps, vmaf=twin.vmaf, neg=twin.neg)
        for _ in range(narrowband.CORRECTIONS):
            judged = narrowband.verdict(decision, kbps=made.kbps, vmaf=made.vmaf)
            if judged.again is None:
                break
            again, other = True, self._encoded(row, narrowband.adapted(plan, judged.again))
            if not judged.larger and narrowband.verdict(decision, kbps=other.kbps, vmaf=other.vmaf).larger:
                seconds += other.seconds
                break
            seconds += made.seconds
            decision, made = judged.again, other
        made.search, made.certified, made.probes, made.again = seconds, certified, len(points), again
        made.goal, made.reason, made.crf = decision.goal, decision.reason, decision.crf
        made.trace = {"survey": survey.model_dump(), "points": [point.model_dump() for point in points], "first": first}
        made.forecast, made.twin = decision.forecast.model_dump(), decision.twin.model_dump()
        return made

    # --- how
    def _plans(self, row: Row) -> tuple[Plan, Plan]:
        material = self._probe(row.file)
        clip: dict[str, Any] = {"address": "oss://input/clip", "start": row.start or None}
        if (material.duration or 0) - row.start > SECONDS:
            clip["duration"] = SECONDS
        spec = TranscodeSpec.model_validate({"kind": "transcode", "input": clip, "outputs": [{"address": "oss://output/clip.mp4"}]}, strict=False)
        reference = quality.reference_template(row.template, hdr=False)
        twin, seen = (resolve(spec, [template], material, overrides=[{}]) for template in (row.template, reference))
        return twin, seen

    def _encoded(self, row: Row, plan: Plan) -> Made:
        room = self._folder(row)
        (command,) = works(plan)[0].commands
        seconds = self._run(command, room)
        path = room / plan.outputs[0].renditions[0].file
        found = probe(path, tools=self._tools, cwd=room, count_packets=True)
        stream = found.picture
        if stream is None:
            raise ValueError(path)
        _, reference = self._plans(row)
        source = Source(file=path.name, format=found.format_name, pixels=stream.width * stream.height)
        compared = quality.comparison(reference, source, stream, ("vmaf", "vmaf_neg"), frames=stream.frames, every=self._every)
        check = self._run(compared.command, room)
        quality.check_counts(*(quality.counted(_text(room / name)) for name in (quality.COUNTED, quality.GIVEN)))
        series = quality.read(compared, _text(room / quality.VMAF_LOG), "")
        size, shown = path.stat().st_size, found.duration or SECONDS
        vmaf, neg = series["vmaf"].summary, series["vmaf_neg"].summary
        return Made(size * 8 / 1000 / shown, vmaf["mean"], vmaf["low5"], neg["mean"], neg["low5"], seconds=seconds, check=check)

    def _run(self, command: Command, room: Path) -> float:
        done = runner.run(
            command,
            tools=self._tools,
            cwd=room,
            log=room / "log.txt",
            on_progress=lambda _: None,
            should_stop=lambda: False,
            stall_seconds=300,
            wall_seconds=3600,
            max_bytes=None,
            min_free_bytes=0,
        )
        if done.exit_code:
            raise RuntimeError(done.tail)
        return done.wall_seconds if self._wall else done.cpu_seconds

    def _folder(self, row: Row) -> Path:
        folder = self.room / row.file.replace(".", "-")
        if not folder.exists():
            folder.mkdir(parents=True)
            shutil.copy(self.media / row.file, folder / "input")
        return folder

    def _probe(self, file: str) -> Probe:
        if file not in self._probes:
            self._probes[file] = probe(self.media / file, tools=self._tools, cwd=self.room)
        return self._probes[file]

    def _remembered(self, row: Row, what: str, make: Any) -> Made:
        if self._keep is None:
            return make()  # type: ignore[no-any-return]
        self._keep.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(json.dumps([VERSION, asdict(row), what, self._every, self._wall]).encode()).hexdigest()[:24]
        path = self._keep / f"{name}.json"
        if path.exists():
            return Made(**json.loads(path.read_text()))
        made: Made = make()
        path.write_text(json.dumps(asdict(made)))
        return made


def _plain(plan: Plan, crf: float) -> Plan:
    """The twin with a CRF in place of its bitrate."""
    output = plan.outputs[0]
    rendition = output.renditions[0]
    if rendition.video is None:
        raise ValueError("no picture")
    words = rendition.video.options
    pairs = [(name, value) for name, value in zip(words[::2], words[1::2], strict=True) if name not in ("-b:v", "-maxrate:v", "-bufsize:v")]
    options = tuple(word for pair in (*pairs, ("-crf", f"{crf:g}")) for word in pair)
    made = rendition.model_copy(update={"video": rendition.video.model_copy(update={"options": options})})
    return plan.model_copy(update={"outputs": (output.model_copy(update={"renditions": (made,)}),)})


def _code() -> str:
    """The engine's own text: what is remembered counts for this one only."""
    folder = Path(narrowband.__file__).parent
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.glob("*.py")))).hexdigest()[:12]


def _text(path: Path) -> str:
    return path.read_text() if path.is_file() else ""
