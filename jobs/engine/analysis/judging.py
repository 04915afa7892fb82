"""Every preset against one input: fits or not, and why. Regular presets are planned as a transcode would plan them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobs.engine.abilities import missing_sentence, needs
from jobs.engine.analysis.adapting import LOSSLESS, adapted, unfit
from jobs.engine.analysis.facts import AS_H264
from jobs.engine.analysis.records import Answer, Made, Note, note
from jobs.engine.codecs import HDR_TRANSFERS, container
from jobs.engine.errors import CODES
from jobs.engine.geometry import fit_size
from jobs.engine.picture import seen
from jobs.engine.resolve import laid_over, resolve
from jobs.engine.spec import OutputSpec, TranscodeSpec
from jobs.engine.template import Template, merge

if TYPE_CHECKING:
    from collections.abc import Callable

    from jobs.engine.analysis.records import Complexity, Facts, Limits
    from jobs.engine.plan import OutputPlan, RenditionPlan
    from jobs.engine.probe import Probe
    from jobs.engine.sources import Material
    from jobs.engine.spec import AnalysisSpec

ENLARGED = 1.05  # px that come from rounding are no enlarging
FAMILIES = {"h265": "hevc", "mpeg2": "mpeg2video"}
"""Our name of a codec → ffprobe's, where it is another."""


@dataclass(frozen=True)
class Candidate:
    """One preset. ``limits``: of an intelligent one."""

    id: str
    name: str
    kind: str
    version: int
    template: Template
    limits: Limits | None = None


@dataclass(frozen=True)
class Seen:
    """The input with all that was found; ``facts``, ``complexity``: None where there is no picture. ``lacking``: what of these abilities no worker has."""

    spec: AnalysisSpec
    material: Material
    facts: Facts | None
    complexity: Complexity | None
    lacking: Callable[[frozenset[str]], frozenset[str]]

    @property
    def probe(self) -> Probe:
        """Of the input."""
        return self.material.probe


def judged(candidate: Candidate, found: Seen) -> Answer:
    """What is said of one preset."""
    if candidate.limits is not None:
        return _intelligent(candidate, candidate.limits, found)
    template = _twin(candidate.template)
    planned = _planned(template, found)
    if isinstance(planned, Note):
        return _answer(candidate, planned)
    reason = _enlarged(template, planned, found) or _richer(template, planned, found)
    return _answer(candidate, reason, notes=() if reason else _notes(template, planned, found), made=_made(template, planned))


def _intelligent(candidate: Candidate, limits: Limits, found: Seen) -> Answer:
    if found.facts is None or found.complexity is None:
        return _answer(candidate, _no_picture(found))
    if reason := unfit(limits, found.facts):
        return _answer(candidate, reason)
    values, made, notes = adapted(candidate.template, limits, found.facts, found.complexity, found.probe.sound, found.spec)
    planned = _planned(merge(candidate.template, values), found)
    if isinstance(planned, Note):
        return _answer(candidate, planned)
    first = _first(planned)
    sound = first.audios[0].codec if first is not None and first.audios else None
    if first is not None and first.video is not None:  # as the transcode will make it, to the pixel
        made = made.model_copy(update={"width": first.video.width, "height": first.video.height})
    return _answer(candidate, None, notes=notes, made=made.model_copy(update={"audio": sound}), values=values)


def _answer(candidate: Candidate, reason: Note | None, notes: tuple[Note, ...] = (), made: Made | None = None, values: dict[str, Any] | None = None) -> Answer:
    return Answer(
        id=candidate.id,
        name=candidate.name,
        kind=candidate.kind,
        version=candidate.version,
        container=candidate.template.container.format,
        fits=reason is None,
        code=reason.code if reason else None,
        message=reason.message if reason else "",
        notes=notes,
        made=made,
        values=values,
    )


def _twin(template: Template) -> Template:
    """Narrowband is judged by the regular output that it is held against."""
    return template.model_copy(update={"video": template.video.model_copy(update={"narrowband": None})})


def _no_picture(found: Seen) -> Note:
    return note("NoVideoStream", "The file has only a cover picture, no video." if found.probe.video else "The file has no video.")


def _has_picture(template: Template) -> bool:
    return bool(container(template.container.format, template.mux.segment_format).video) and not template.video.remove


def _planned(template: Template, found: Seen) -> OutputPlan | Note:
    """The plan of this one output, or why there is none."""
    if _has_picture(template) and template.video.codec != "copy" and found.probe.picture is None:
        return _no_picture(found)
    if missing := found.lacking(needs(template)):
        return note("CapabilityMissing", missing_sentence(missing))
    address = found.spec.input.address
    asked = TranscodeSpec.model_construct(input=found.spec.whole, outputs=(OutputSpec.model_construct(address=address, overrides={}),))
    plan = resolve(asked, [template], found.material, overrides=[{}])
    if plan.failed:
        return note(plan.failed[0].code, plan.failed[0].message or CODES[plan.failed[0].code].sentence)
    return plan.outputs[0]


def _first(output: OutputPlan) -> RenditionPlan | None:
    return output.renditions[0] if output.renditions else None


def _made(template: Template, output: OutputPlan) -> Made:
    largest = max(output.renditions, key=lambda r: r.video.width * r.video.height if r.video else 0, default=None)
    if largest is None:
        return Made()
    video, sound = largest.video, largest.audios[0] if largest.audios else None
    return Made(
        width=video.width if video else None,
        height=video.height if video else None,
        fps=largest.expected.fps if video else None,
        video=video.codec if video else None,
        audio=sound.codec if sound else None,
        kbps=template.video.bitrate_kbps if video else None,
    )


def _encoded(output: OutputPlan) -> list[RenditionPlan]:
    return [rendition for rendition in output.renditions if rendition.video is not None and rendition.video.encoder != "copy"]


def _enlarged(template: Template, output: OutputPlan, found: Seen) -> Note | None:
    """A preset that would enlarge the source, or that is meant for larger ones and would keep it as it is."""
    stream, encoded = found.probe.picture, _encoded(output)
    if stream is None or not encoded:
        return None
    variants = [laid_over(template, rung) for rung in template.ladder] or [template]
    sizes = [(fit_size(seen(stream, one.video, None, found.material.measured), one.video, "convert"), one) for one in variants]
    source = seen(stream, template.video, None, found.material.measured)
    wanted, _ = min(sizes, key=lambda one: one[0].width * one[0].height)
    if max(wanted.width / source.width, wanted.height / source.height) <= ENLARGED:
        return None
    made = f"{wanted.width}×{wanted.height}"
    if template.conditions.if_smaller == "convert":
        return note("WouldEnlarge", f"The preset makes {made}; the source has {source.width}×{source.height} and would be enlarged.")
    return note("SourceSmaller", f"The preset is for {made}; the source has {source.width}×{source.height} and would stay as it is.")


def _richer(template: Template, output: OutputPlan, found: Seen) -> Note | None:
    """A bitrate above the source's own: larger without being better."""
    facts, wanted = found.facts, template.video.bitrate_kbps
    if _encoded(output) and facts is not None and facts.h264_kbps is not None and wanted and template.conditions.if_lower_video_bitrate != "keep":
        codec = template.video.codec or "h264"
        worth = round(wanted * AS_H264.get(FAMILIES.get(codec, codec), 1.0))
        if worth > facts.h264_kbps:
            return note(
                "SourceBitrateLower",
                f"The preset makes {wanted} kbit/s; the source's video is worth {facts.h264_kbps} kbit/s as H.264, so the output would be larger, not better.",
            )
    return None if _has_picture(template) else _richer_sound(template, found)


def _richer_sound(template: Template, found: Seen) -> Note | None:
    sound, rate = found.probe.sound, template.audio.bitrate_kbps
    if sound is None or not rate or not sound.bitrate_kbps or sound.codec in LOSSLESS or sound.codec.startswith("pcm"):
        return None
    if template.audio.codec == "copy" or template.conditions.if_lower_audio_bitrate == "keep" or rate <= sound.bitrate_kbps * 1.1:
        return None
    return note(
        "SourceBitrateLower",
        f"The preset makes {rate} kbit/s; the source's sound has {sound.bitrate_kbps} kbit/s, so the output would be larger, not better.",
    )


def _notes(template: Template, output: OutputPlan, found: Seen) -> tuple[Note, ...]:
    """What should be known of a preset that fits."""
    facts, encoded = found.facts, _encoded(output)
    notes = [note("Planned", text) for text in output.warnings]
    if facts is None or not encoded or found.probe.picture is None:
        return tuple(notes)
    if found.probe.picture.color_transfer in HDR_TRANSFERS and any(_tone_mapped(rendition) for rendition in encoded):
        notes.append(note("ToneMapped", f"The source is HDR ({facts.hdr}); its colours are mapped to SDR."))
    if facts.interlaced and not facts.marked and template.video.deinterlace in (None, "none"):
        notes.append(note("FieldsKept", "The source is interlaced though it does not say so; this preset does not deinterlace."))
    if facts.borders and template.video.crop is None:
        notes.append(note("BordersKept", "The source has black borders; this preset keeps them."))
    return tuple(notes)


def _tone_mapped(rendition: RenditionPlan) -> bool:
    return rendition.video is not None and any(isinstance(step, tuple) and step[0] == "tonemap" for step in rendition.video.filters)


def offered(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that fit, by preset id: what a stored result is asked for."""
    return {row["id"]: row for row in answers.get("presets", ()) if row["fits"]}
