"""From spec, templates and probe to the Plan. Pure and repeatable: the same three give the same plan.

What cannot be done is a FailedOutput with its code; the other outputs go on. Metadata: title and languages are kept, chapters where
the container can hold them; everything else (places, devices, dates) is left behind, because an output is usually published.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jobs.engine.codecs import CONTAINERS, FASTSTART, decoders
from jobs.engine.errors import JobError
from jobs.engine.expect import clip_seconds, expected
from jobs.engine.geometry import fit_size, upright
from jobs.engine.origins import parameters
from jobs.engine.picture import SEGMENT_SECONDS, Picture, plan_picture
from jobs.engine.plan import FailedOutput, OutputPlan, Plan, RenditionPlan
from jobs.engine.sound import Sound, plan_sound
from jobs.engine.streams import Chosen, choose
from jobs.engine.template import Rung, Template, Video

if TYPE_CHECKING:
    from jobs.engine.probe import Probe
    from jobs.engine.spec import TranscodeSpec

GROUP_RENDITIONS = 6  # pictures encoded in one process: each costs memory, and they share the cores anyway


def resolve(spec: TranscodeSpec, templates: Sequence[Template], probe: Probe, overrides: Sequence[Mapping[str, Any]] | None = None) -> Plan:
    """Decide everything about every output.

    ``templates[i]`` is output i's effective template, overrides merged. ``overrides`` (default: those of the spec) only tell the
    origin of parameters. Never raises for a source that does not fit: see ``Plan.failed``.
    """
    given = overrides if overrides is not None else [output.overrides for output in spec.outputs]
    done: list[OutputPlan] = []
    failed: list[FailedOutput] = []
    needed: dict[int, str] = {}
    seconds: float | None = None
    for index, template in enumerate(templates):
        try:
            seconds = clip_seconds(probe, spec.input)
            chosen = choose(template, probe)
            done.append(_output(index, template, spec, probe, seconds, chosen, given[index]))
        except JobError as error:
            failed.append(FailedOutput(index=index, code=error.code, message=error.message))
            continue
        for stream in (chosen.picture, chosen.sound, *(s for s, _ in chosen.subtitles)):
            if stream is not None:
                needed[stream.index] = stream.codec
    return Plan(
        input_format=probe.format_name,
        decoders=tuple(dict.fromkeys(name for codec in needed.values() for name in decoders(codec))),
        start=spec.input.start or None,
        duration=spec.input.duration,
        expected_seconds=seconds,
        source_pixels=probe.picture.width * probe.picture.height if probe.picture else 0,
        outputs=_grouped(done),
        failed=tuple(failed),
    )


def _output(
    index: int, template: Template, spec: TranscodeSpec, probe: Probe, seconds: float | None, chosen: Chosen, overrides: Mapping[str, Any]
) -> OutputPlan:
    format_ = template.container.format
    extension = CONTAINERS[format_].extension
    warnings = list(chosen.warnings)
    if spec.input.start and chosen.picture and template.video.codec == "copy":
        warnings.append("The copied picture begins at the key frame before the clip's start.")
    renditions: list[RenditionPlan] = []
    decided: list[tuple[Picture | None, Sound | None]] = []
    rungs = rungs_for(template, probe) if template.ladder and chosen.picture else ()
    variants = [(rung.name, laid_over(template, rung)) for rung in rungs] or [("", template)]
    for name, variant in variants:
        base = f"o{index}-{name}" if name else f"o{index}"
        picture, sound = _streams(variant, probe, chosen)
        decided.append((picture, sound))
        renditions.append(
            RenditionPlan(
                name=name,
                file=f"{base}.{extension}",
                segments=f"{base}-%05d.ts" if format_ == "hls" else None,
                video=picture.plan if picture else None,
                audio=sound.plan if sound else None,
                subtitle_indices=tuple(s.index for s, _ in chosen.subtitles),
                mux_options=_mux(variant, probe, chosen, base),
                bandwidth=bandwidth(picture, sound),
                expected=expected(probe, spec.input, seconds, picture, sound, chosen.picture, chosen.sound, len(chosen.subtitles), format_),
            )
        )
        warnings += [w for part in (picture, sound) if part for w in part.warnings]
    if rungs and len(rungs) < len(template.ladder):
        kept = {rung.name for rung in rungs}
        warnings.append(f"The source is too small for: {', '.join(r.name for r in template.ladder if r.name not in kept)}.")
    first_picture, first_sound = decided[0]
    return OutputPlan(
        index=index,
        format=format_,
        renditions=tuple(renditions),
        master=f"o{index}.m3u8" if rungs else None,
        group=0,
        warnings=tuple(dict.fromkeys(warnings)),
        parameters=parameters(template, overrides, first_picture, first_sound, ladder=bool(rungs)),
    )


def _streams(template: Template, probe: Probe, chosen: Chosen) -> tuple[Picture | None, Sound | None]:
    format_ = template.container.format
    picture = sound = None
    if chosen.picture:
        picture = plan_picture(template.video, template.conditions, format_, template.mux.segment_seconds or SEGMENT_SECONDS, chosen.picture, probe)
    if chosen.sound:
        sound = plan_sound(template.audio, template.conditions, format_, chosen.sound)
    return picture, sound


def rungs_for(template: Template, probe: Probe) -> tuple[Rung, ...]:
    """The rungs that the source can fill (their shorter side is not above the source's), in the template's order; the smallest always."""
    stream = probe.picture
    if stream is None:
        return ()
    source = upright(stream)
    sizes = [(fit_size(source, laid_over(template, rung).video, "convert"), rung) for rung in template.ladder]
    smallest = min(sizes, key=lambda pair: pair[0].width * pair[0].height)[1]
    return tuple(rung for size, rung in sizes if min(size.width, size.height) <= source.short or rung is smallest)


def laid_over(template: Template, rung: Rung) -> Template:
    """The template of one rung: its own values over the template's; a size or a rate control of its own unsays the template's."""
    video = {k: v for k, v in rung.video.model_dump().items() if v is not None and v is not False}
    base = template.video.model_dump()
    if {"width", "height", "short_side"} & video.keys():
        base |= dict.fromkeys(("width", "height", "short_side"))
    if {"crf", "bitrate_kbps"} & video.keys():
        base |= dict.fromkeys(("crf", "bitrate_kbps", "maxrate_kbps", "bufsize_kbit"))
    changes: dict[str, Any] = {"video": Video.model_validate(base | video)}
    if rung.audio is not None:
        audio = {k: v for k, v in rung.audio.model_dump().items() if v is not None and v is not False}
        changes["audio"] = template.audio.model_copy(update=audio)
    return template.model_copy(update=changes)


def bandwidth(picture: Picture | None, sound: Sound | None) -> int | None:
    """bit/s as planned, a tenth for packaging; None with constant quality, where nobody knows before."""
    if picture and not picture.bitrate_kbps:
        return None
    kbps = (picture.bitrate_kbps or 0 if picture else 0) + (sound.bitrate_kbps or 0 if sound else 0)
    return round(kbps * 1100) or None


def _mux(template: Template, probe: Probe, chosen: Chosen, base: str) -> tuple[str, ...]:
    """Packaging options of one file, its muxer included."""
    format_ = template.container.format
    container = CONTAINERS[format_]
    options: list[str] = []
    for position, (_, encoder) in enumerate(chosen.subtitles):
        options += [f"-c:s:{position}", encoder]
    options += ["-map_metadata:g", "-1", "-map_metadata:s", "-1"]
    if not (probe.chapters and container.chapters):
        options += ["-map_chapters", "-1"]
    if container.title and probe.title:
        options += ["-metadata", f"title={probe.title}"]
    if container.language:
        named = [("v:0", chosen.picture), ("a:0", chosen.sound), *((f"s:{n}", s) for n, (s, _) in enumerate(chosen.subtitles))]
        for place, stream in named:
            if stream is not None and stream.language:
                options += [f"-metadata:s:{place}", f"language={stream.language}"]
    if format_ in FASTSTART and template.mux.faststart:
        options += ["-movflags", "+faststart"]
    if format_ == "gif":
        options += ["-loop", str(template.mux.gif_loop)]
    if format_ == "hls":
        seconds = template.mux.segment_seconds or SEGMENT_SECONDS
        options += ["-hls_time", f"{seconds:g}", "-hls_playlist_type", "vod", "-hls_list_size", "0", "-hls_flags", "+independent_segments"]
        options += ["-hls_segment_type", "mpegts", "-start_number", "1", "-hls_segment_filename", f"{base}-%05d.ts"]
    return (*options, *container.options, "-f", container.muxer)


def _grouped(outputs: Sequence[OutputPlan]) -> tuple[OutputPlan, ...]:
    """Outputs that encode the same decoded picture share a process, up to GROUP_RENDITIONS pictures; every other output has its own.

    Copies and sound alone decode no picture, and a palette holds back the whole clip: they would only wait for the others.
    """
    groups: list[OutputPlan] = []
    number, load = -1, GROUP_RENDITIONS
    shared: int | None = None
    for output in outputs:
        if not shares_picture(output):
            number += 1
            groups.append(output.model_copy(update={"group": number}))
            continue
        if shared is None or load + len(output.renditions) > GROUP_RENDITIONS:
            number += 1
            shared, load = number, 0
        load += len(output.renditions)
        groups.append(output.model_copy(update={"group": shared}))
    return tuple(groups)


def shares_picture(output: OutputPlan) -> bool:
    """Whether this output encodes the decoded picture and may do so beside others."""
    return any(r.video is not None and r.video.encoder not in ("copy", "gif") for r in output.renditions)
