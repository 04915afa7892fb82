"""The text of the input's subtitle streams, taken out before planning where it is drawn or played at another speed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jobs.engine.argv import GLOBAL, opened
from jobs.engine.plan import Command, Source
from jobs.engine.sampling import Measure
from jobs.engine.subtitles import attached, extracted, extraction_name, font_name

if TYPE_CHECKING:
    from jobs.engine.probe import OtherStream, Probe, SubtitleStream
    from jobs.engine.sources import Material
    from jobs.engine.spec import TranscodeSpec
    from jobs.engine.template import Template


def wanted(spec: TranscodeSpec, templates: Sequence[Template], material: Material) -> tuple[Measure, ...]:
    """One measurement per stream. It reads the whole file, but decodes only texts. Times are the file's own: what ffmpeg takes for the file's beginning
    depends on which decoders it may use."""
    probe = material.probe
    clipped = bool(spec.input.start or spec.input.duration)
    streams = dict.fromkeys(stream for template in templates for stream in extracted(template, probe, clipped=clipped))
    fonts = dict.fromkeys(font for template in templates for font in attached(template, probe))
    return (*(_extraction(probe, stream) for stream in streams), *(_font(probe, stream) for stream in fonts))


def _font(probe: Probe, stream: OtherStream) -> Measure:
    """An attached font: ffmpeg writes it while it opens the file, and nothing else is read."""
    file = f"x{stream.index}.font"
    first = probe.picture or probe.subtitle[0]  # something has to be taken
    source = Source(format=probe.format_name, duration=0.001)
    argv = [*GLOBAL, f"-dump_attachment:{stream.index}", file, *opened(source, (first.codec,), copies=True)]
    argv += ["-map", f"0:{first.index}", "-c", "copy", "-f", "null", "none"]
    return Measure(font_name(stream), Command(argv=tuple(argv), files=1), str, writes=file, charset="latin-1")


def _extraction(probe: Probe, stream: SubtitleStream) -> Measure:
    kind = "ass" if stream.codec in ("ass", "ssa") else "srt"
    file = f"x{stream.index}.{kind}"
    argv = [*GLOBAL, "-copyts", *opened(Source(format=probe.format_name), (stream.codec,), copies=False)]
    argv += ["-map", f"0:{stream.index}", "-c:s", kind, "-f", kind, file]
    return Measure(extraction_name(stream), Command(argv=tuple(argv), expected_seconds=probe.duration), str, writes=file)
