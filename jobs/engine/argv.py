"""From a Plan to the commands that make it. Pure: argv tuples, never strings, every file name relative and ours."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from jobs.engine.filters import INPUT, graph
from jobs.engine.plan import Command, OutputPlan, Plan, RenditionPlan

# -y: a run alone may follow a shared run that left files in the same (private) folder
GLOBAL = ("-nostdin", "-hide_banner", "-loglevel", "level+info", "-y", "-progress", "pipe:1", "-nostats", "-stats_period", "0.25")


def commands(plan: Plan, only: Collection[int] | None = None, alone: bool = False) -> tuple[Command, ...]:
    """One command per group of outputs, or one per output when ``alone``; ``only`` names the outputs wanted (None: all)."""
    wanted = [o for o in plan.outputs if only is None or o.index in only]
    groups: dict[int, list[OutputPlan]] = {}
    for output in wanted:
        groups.setdefault(output.index if alone else output.group, []).append(output)
    return tuple(_command(plan, outputs) for outputs in groups.values())


def _command(plan: Plan, outputs: Sequence[OutputPlan]) -> Command:
    renditions = [r for o in outputs for r in o.renditions]
    complex_graph, maps = graph(renditions, plan.expected_seconds)
    copies = any(part is not None and part.encoder == "copy" for r in renditions for part in (r.video, r.audio))
    argv = [*GLOBAL, *_input(plan, copies=copies), *complex_graph]
    for rendition in renditions:
        argv += [*maps[rendition.file], *_output(rendition), rendition.file]
    return Command(
        argv=tuple(argv),
        outputs=tuple(o.index for o in outputs),
        expected_seconds=plan.expected_seconds,
        pixels=plan.source_pixels + sum(r.video.width * r.video.height for r in renditions if r.video),
        files=len(renditions),
    )


def _input(plan: Plan, *, copies: bool) -> list[str]:
    """The input, opened as the probe named it and as nothing else: no protocol but file, no other demuxer, no other decoder."""
    options = ["-protocol_whitelist", "file", "-format_whitelist", plan.input_format, "-codec_whitelist", ",".join(plan.decoders), "-f", plan.input_format]
    if copies:
        options += ["-fflags", "+genpts"]  # AVI and MPEG-PS leave times out; decoders fill them in, muxers refuse
    if plan.start:
        options += ["-ss", f"{plan.start:.6f}"]
    if plan.duration:
        options += ["-t", f"{plan.duration:.6f}"]
    return [*options, "-i", INPUT]


def _output(rendition: RenditionPlan) -> list[str]:
    options: list[str] = []
    if rendition.video is not None:
        options += ["-c:v", rendition.video.encoder, *rendition.video.options]
    if rendition.audio is not None:
        options += ["-c:a", rendition.audio.encoder, *rendition.audio.options]
    return [*options, *rendition.mux_options]
