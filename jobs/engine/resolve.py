"""From spec, templates and probe to the Plan. Pure and repeatable: the same three give the same plan.

What cannot be done is a FailedOutput with its code; the other outputs go on. Metadata: title and languages are kept, chapters where
the container can hold them; everything else (places, devices, dates) is left behind, because an output is usually published.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jobs.engine.animation import mux_options as animation_options
from jobs.engine.codecs import CONTAINERS, FASTSTART
from jobs.engine.containers import TEXTS
from jobs.engine.copied_start import NONE_BEFORE
from jobs.engine.errors import JobError
from jobs.engine.expect import expected
from jobs.engine.footage import footage
from jobs.engine.geometry import fit_size
from jobs.engine.loudness import settled
from jobs.engine.marks import hidden, marked
from jobs.engine.origins import parameters
from jobs.engine.packaging import packed
from jobs.engine.picture import Picture, plan_picture, seen
from jobs.engine.plan import FailedOutput, OutputPlan, Plan, RenditionPlan
from jobs.engine.request import Request
from jobs.engine.sampling import own_clip
from jobs.engine.scripts import Clock
from jobs.engine.sources import Material, Sources
from jobs.engine.streams import choose
from jobs.engine.subtitles import burnt, expected_texts, plan_subtitles
from jobs.engine.template import Rung, Template, Video, outvoted
from jobs.engine.text_outputs import text_output
from jobs.engine.tracks import Own, heard, pick, plan_tracks, tags

if TYPE_CHECKING:
    from jobs.engine.probe import Probe
    from jobs.engine.sound import Sound
    from jobs.engine.spec import InputSpec, TranscodeSpec

GROUP_RENDITIONS = 6  # pictures encoded in one process: each costs memory, and they share the cores anyway


def resolve(spec: TranscodeSpec, templates: Sequence[Template], material: Material | Probe, overrides: Sequence[Mapping[str, Any]] | None = None) -> Plan:
    """Decide everything about every output.

    ``templates[i]`` is output i's effective template, overrides merged. ``material``: what was fetched and measured; a bare probe is that of
    the job's input. ``overrides`` (default: those of the spec) only tell the
    origin of parameters. Never raises for a source that does not fit: see ``Plan.failed``.
    """
    known = material if isinstance(material, Material) else Material(material)
    given = overrides if overrides is not None else [output.overrides for output in spec.outputs]
    sources = Sources()
    done: list[OutputPlan] = []
    failed: list[FailedOutput] = []
    for index, template in enumerate(templates):
        try:
            done.append(_output(Request(index, template, spec, known, sources), given[index]))
        except JobError as error:
            failed.append(FailedOutput(index=index, code=error.code, message=error.message))
    return settled(Plan(sources=sources.table, outputs=_grouped(done), failed=tuple(failed)), known.measured)


def _output(request: Request, overrides: Mapping[str, Any]) -> OutputPlan:
    index, template, spec = request.index, request.template, request.spec
    if template.container.format in TEXTS:
        return text_output(request)
    taken = footage(request)
    looked = own_clip(spec.input, template.edit, request.probe.duration)  # what measurements are named after
    probe, source, seconds = taken.probe, taken.source, taken.seconds
    request = replace(request, material=replace(request.material, probe=probe))
    tracks = pick(template, spec, request.material, request.sources, Own(probe, source, taken.clip.start, taken.clip.duration))
    chosen = choose(template, probe, tracks)
    format_ = template.container.format
    extension = CONTAINERS[format_].extension
    warnings = [*chosen.warnings, *taken.warnings]
    if (taken.span.start or taken.lead) and chosen.picture and template.video.codec == "copy" and NONE_BEFORE not in warnings:
        warnings.append("The copied picture begins at the key frame before the clip's start.")
    clock = Clock(taken.span.start, taken.speed, seconds, cut=taken.span.clipped)
    texts = plan_subtitles(index, template, request.material, request.sources, chosen.subtitles, source, clock)
    warnings += texts.warnings
    renditions: list[RenditionPlan] = []
    decided: list[tuple[Picture | None, Sound | None]] = []
    rungs = rungs_for(template, probe, looked, request.material.measured) if template.ladder and chosen.picture else ()
    variants = [(rung.name, laid_over(template, rung)) for rung in rungs] or [("", template)]
    for name, variant in variants:
        base = f"o{index}-{name}" if name else f"o{index}"
        picture = plan_picture(variant, chosen.picture, probe, source, looked, request.material.measured, seconds) if chosen.picture else None
        picture = taken.seen(hidden(picture, template, chosen.picture)) if picture and chosen.picture else None
        sounds = tuple(taken.heard(sound) for sound in plan_tracks(variant, tracks))
        decided.append((picture, sounds[0] if sounds else None))
        facts = expected(taken, picture, sounds, chosen.picture, chosen.sound, len(texts.tracks), format_)
        renditions.append(
            RenditionPlan(
                name=name,
                file=f"{base}.{extension}",
                video=picture.plan if picture else None,
                audios=tuple(s.plan for s in sounds),
                subtitles=texts.tracks,
                mux_options=_mux(variant, probe, tags(variant, chosen.picture, [s.plan for s in sounds], texts.tracks), base),
                bandwidth=bandwidth(picture, sounds),
                expected=heard(facts, template, tracks, sounds, taken).model_copy(update={"texts": expected_texts(template, texts.tracks)}),
            )
        )
        warnings += [w for part in (picture, *sounds) if part for w in part.warnings]
    if rungs and len(rungs) < len(template.ladder):
        kept = {rung.name for rung in rungs}
        warnings.append(f"The source is too small for: {', '.join(r.name for r in template.ladder if r.name not in kept)}.")
    first_picture, first_sound = decided[0]
    done = marked(index, template, renditions, request.material, request.sources)
    warnings += done.warnings
    drawn, files, lettering = burnt(index, texts, done.renditions)
    finished = [taken.dressed(r, picture) for r, (picture, _) in zip(drawn, decided, strict=True)]
    plan = OutputPlan(
        index=index,
        format=format_,
        renditions=tuple(finished),
        join=taken.used_join(finished),
        texts=(*((taken.alike.text,) if taken.alike else ()), *texts.texts, *files),
        lettering=lettering,
        drawings=done.drawings,
        expected_seconds=seconds,
        group=0,
        warnings=tuple(dict.fromkeys(warnings)),
        parameters=parameters(template, overrides, first_picture, first_sound, ladder=bool(rungs)),
    )
    return packed(plan, template, request.material, chosen.picture, ladder=bool(rungs))


def rungs_for(template: Template, probe: Probe, clip: InputSpec | None = None, measured: Mapping[str, Any] | None = None) -> tuple[Rung, ...]:
    """The rungs that the source can fill (their shorter side is not above the source's), in the template's order; the smallest always."""
    stream = probe.picture
    if stream is None:
        return ()
    sizes = []
    for rung in template.ladder:
        video = laid_over(template, rung).video
        source = seen(stream, video, clip, measured or {})
        sizes.append((fit_size(source, video, "convert"), source.short, rung))
    smallest = min(sizes, key=lambda found: found[0].width * found[0].height)[2]
    return tuple(rung for size, short, rung in sizes if min(size.width, size.height) <= short or rung is smallest)


def laid_over(template: Template, rung: Rung) -> Template:
    """The template of one rung: its own values over the template's; a size or a rate control of its own unsays the template's."""
    video = {k: v for k, v in rung.video.model_dump().items() if v is not None and v is not False}
    base = template.video.model_dump()
    if {"width", "height", "short_side", "long_side"} & video.keys():
        base |= dict.fromkeys(("width", "height", "short_side", "long_side", "scale_type"))
    if {"crf", "bitrate_kbps"} & video.keys():
        base |= dict.fromkeys(("crf", "bitrate_kbps", "bitrate_min_kbps", "bitrate_max_kbps", "maxrate_kbps", "bufsize_kbit"))
        base |= dict.fromkeys(("passes",) if "crf" in video else ())
    base |= dict.fromkeys(outvoted(video, base))
    changes: dict[str, Any] = {"video": Video.model_validate(base | video)}
    if rung.audio is not None:
        audio = {k: v for k, v in rung.audio.model_dump().items() if v is not None and v is not False}
        changes["audio"] = template.audio.model_copy(update=audio)
    return template.model_copy(update=changes)


def bandwidth(picture: Picture | None, sounds: Sequence[Sound]) -> int | None:
    """bit/s as planned, a tenth for packaging; None with constant quality, where nobody knows before."""
    if picture and not picture.bitrate_kbps:
        return None
    kbps = (picture.bitrate_kbps or 0 if picture else 0) + sum(sound.bitrate_kbps or 0 for sound in sounds)
    return round(kbps * 1100) or None


def _mux(template: Template, probe: Probe, tagged: Sequence[str], base: str) -> tuple[str, ...]:
    """Packaging options of one file, its muxer included."""
    format_ = template.container.format
    container = CONTAINERS[format_]
    options: list[str] = ["-map_metadata:g", "-1", "-map_metadata:s", "-1"]
    if not (probe.chapters and container.chapters):
        options += ["-map_chapters", "-1"]
    if container.title and probe.title:
        options += ["-metadata", f"title={probe.title}"]
    options += tagged
    if format_ in FASTSTART and template.mux.faststart:
        options += ["-movflags", "+faststart"]
    options += animation_options(format_, template.mux)
    return (*options, *container.options, "-f", container.muxer)


def _grouped(outputs: Sequence[OutputPlan]) -> tuple[OutputPlan, ...]:
    """Outputs that encode the same decoded picture (same sources, same join) share a process, up to GROUP_RENDITIONS pictures; every other output has its own.

    Copies and sound alone decode no picture, and a palette holds back the whole clip: they would only wait for the others.
    """
    groups: list[OutputPlan] = []
    number = -1
    shared: dict[object, tuple[int, int]] = {}  # what is decoded → number and load of the group that takes more
    for output in outputs:
        key = (frozenset(p.source for p in output.pads), output.join)
        group, load = shared.get(key, (-1, GROUP_RENDITIONS))
        if not shares_picture(output) or load + len(output.renditions) > GROUP_RENDITIONS:
            number += 1
            group, load = number, 0
        if shares_picture(output):
            shared[key] = group, load + len(output.renditions)
        groups.append(output.model_copy(update={"group": group}))
    return tuple(groups)


def shares_picture(output: OutputPlan) -> bool:
    """Whether this output encodes the decoded picture and may do so beside others. What is shown while it is made has one try, so it runs alone."""
    if output.set is not None and output.set.growing:
        return False
    return any(r.video is not None and r.video.encoder not in ("copy", "gif", "libwebp_anim") for r in output.renditions)
