"""From a Plan to the commands that make it. Pure: argv tuples, never strings, every file name relative and ours."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from jobs.engine import fdk, passes
from jobs.engine.codecs import decoders
from jobs.engine.filters import graph
from jobs.engine.plan import Command, OutputPlan, Pad, Plan, RenditionPlan, Source, Work

# -y: a run alone may follow a shared run that left files in the same (private) folder
GLOBAL = ("-nostdin", "-hide_banner", "-loglevel", "level+info", "-y", "-progress", "pipe:1", "-nostats", "-stats_period", "0.25")
INPUTS_PER_FILE = 4  # an input costs fewer file descriptors and less memory than an output


def works(plan: Plan, only: Collection[int] | None = None, alone: bool = False) -> tuple[Work, ...]:
    """One piece of work per group of outputs, or one per output when ``alone``; ``only`` names the outputs wanted (None: all)."""
    wanted = [o for o in plan.outputs if only is None or o.index in only]
    groups: dict[int, list[OutputPlan]] = {}
    for output in wanted:
        groups.setdefault(output.index if alone else output.group, []).append(output)
    return tuple(_work(plan, outputs) for outputs in groups.values())


def commands(plan: Plan, only: Collection[int] | None = None, alone: bool = False) -> tuple[Command, ...]:
    """The commands of all works in order."""
    return tuple(command for work in works(plan, only, alone) for command in work.commands)


def _work(plan: Plan, outputs: Sequence[OutputPlan]) -> Work:
    before: list[Command] = []
    if any(fdk.wanted(o) for o in outputs):
        before = [_command(plan, fdk.uncompressed(outputs)), *fdk.encodes(outputs)]
        plan, outputs = fdk.copied_in(plan, outputs)
    two = any(passes.twice(r) for o in outputs for r in o.renditions)
    encode = [*before, *(_command(plan, outputs, number) for number in ((1, 2) if two else (0,)))]
    package = [command for output in outputs for command in output.package]
    return Work(commands=(*encode, *package), outputs=tuple(o.index for o in outputs))


def _command(plan: Plan, outputs: Sequence[OutputPlan], number: int = 0) -> Command:
    """The encode of a group. ``number``: 1 and 2 in two passes; the first one only looks at the pictures that need it, and writes no file."""
    if number == 1:
        outputs = passes.first_pass(outputs)
    renditions = [r for o in outputs for r in o.renditions]
    compiled = graph(outputs)
    argv = list(GLOBAL)
    for position in compiled.inputs:
        codecs = dict.fromkeys(pad.codec for o in outputs for pad in o.pads if pad.source == position)
        copies = any(p.source == position for r in renditions for p in _copied(r))
        argv += opened(plan.sources[position], tuple(codecs), copies=copies)
    argv += [word for text in compiled.graphs for word in ("-filter_complex", text)]
    for rendition in renditions:
        argv += [*compiled.maps[rendition.file], *_output(rendition, number)]
        argv += ["-f", "null", "none"] if number == 1 else [*rendition.mux_options, rendition.file]
    seconds = [o.expected_seconds for o in outputs]
    return Command(
        argv=tuple(argv),
        outputs=tuple(o.index for o in outputs),
        expected_seconds=None if None in seconds else max((s for s in seconds if s is not None), default=None),
        pixels=sum(plan.sources[p].pixels for p in compiled.inputs) + sum(r.video.width * r.video.height for r in renditions if r.video),
        files=len(renditions) + len(compiled.inputs) // INPUTS_PER_FILE,
    )


def _copied(rendition: RenditionPlan) -> list[Pad]:
    """Pads that are copied."""
    video = [rendition.video.pad] if rendition.video and rendition.video.encoder == "copy" and rendition.video.pad else []
    return [*video, *(p for a in rendition.audios if a.encoder == "copy" for p in a.pads)]


def opened(source: Source, codecs: Sequence[str], *, copies: bool) -> list[str]:
    """One input, opened as the probe named it and as nothing else: no protocol but file, no other demuxer, no other decoder."""
    names = dict.fromkeys(name for codec in (*codecs, *source.timing) for name in decoders(codec))
    options = [
        "-protocol_whitelist",
        "file",
        "-format_whitelist",
        ",".join(filter(None, (source.format, source.inside))),
        "-codec_whitelist",
        ",".join(names),
        "-f",
        source.format,
    ]
    if copies:
        options += ["-fflags", "+genpts"]  # AVI and MPEG-PS leave times out; decoders fill them in, muxers refuse
    options += source.options
    if source.start:
        options += ["-ss", f"{source.start:.6f}"]
    if source.duration:
        options += ["-t", f"{source.duration:.6f}"]
    return [*options, "-i", source.file]


def _output(rendition: RenditionPlan, turn: int) -> list[str]:
    """Encoders and their options, stream by stream."""
    options: list[str] = []
    if rendition.video is not None:
        options += ["-c:v", rendition.video.encoder, *passes.video_options(rendition.video, rendition.file, turn)]
    for number, audio in enumerate(rendition.audios):
        options += [f"-c:a:{number}", audio.encoder]
        for key, value in audio.options:
            options += [f"-{key}:a:{number}", value]
    for number, subtitle in enumerate(rendition.subtitles):
        options += [f"-c:s:{number}", subtitle.encoder]
    return options
