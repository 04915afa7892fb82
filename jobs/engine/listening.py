"""Which chains of sound have to be listened to before their loudness can be set: see loudness. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jobs.engine.argv import commands
from jobs.engine.loudness import measure_name, measuring, read, silent, upto
from jobs.engine.plan import Expected, OutputPlan, RenditionPlan
from jobs.engine.resolve import resolve
from jobs.engine.sampling import Measure

if TYPE_CHECKING:
    from jobs.engine.plan import AudioPlan
    from jobs.engine.sources import Material
    from jobs.engine.spec import TranscodeSpec
    from jobs.engine.template import Template


def wanted(spec: TranscodeSpec, templates: Sequence[Template], material: Material) -> tuple[Measure, ...]:
    """Measurements of all tracks that are to be made equally loud: of exactly the chains that will be run. An output that cannot be planned asks for
    none: it fails later, with its code."""
    if not any(_asked(template) for template in templates):
        return ()
    found: list[Measure] = []
    plan = resolve(spec, templates, material)
    for output in plan.outputs:
        for audio in (a for r in output.renditions for a in r.audios if measuring(a) and not silent(output, a)):
            (command,) = commands(plan.model_copy(update={"outputs": (_alone(output, audio),)}))
            found.append(Measure(measure_name(plan, output, audio), command.model_copy(update={"outputs": ()}), read))
    return tuple(found)


def _asked(template: Template) -> bool:
    return any(audio is not None and audio.loudness for audio in (template.audio, *template.audios, *(rung.audio for rung in template.ladder)))


def _alone(output: OutputPlan, audio: AudioPlan) -> OutputPlan:
    """The chain up to the measuring filter, into nothing."""
    chain = audio.model_copy(update={"encoder": "pcm_s16le", "mixed": upto(audio), "options": ()})
    rendition = RenditionPlan(name="", file="none", audios=(chain,), mux_options=("-f", "null"), expected=Expected())
    join = output.join if not audio.pads else None
    if join is not None:
        parts = tuple(part.model_copy(update={"picture": None, "picture_filters": ()}) for part in join.parts)
        join = join.model_copy(update={"parts": parts, "has_picture": False})
    return OutputPlan(index=0, format="wav", renditions=(rendition,), join=join, expected_seconds=output.expected_seconds, group=0)
