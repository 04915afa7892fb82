"""HE-AAC and the low-delay kinds of AAC, which ffmpeg has no encoder for: ffmpeg writes a WAV, the program fdkaac encodes it, ffmpeg copies the result in. Pure.

The M4A that fdkaac writes tells its encoder's delay in an edit list (-G 1), so picture and sound stay together when it is copied. The delay of HE-AAC's second stage is counted in, as decoders
other than Apple's have it (22 ms at 44.1 kHz).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from jobs.engine.plan import AudioPlan, Branch, Command, Expected, Join, OutputPlan, Pad, Plan, RenditionPlan, Source

if TYPE_CHECKING:
    from jobs.engine.plan import FilterSpec

ENCODER = "fdkaac"
MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
# the WAV begins where the picture does: sound that starts later begins with silence
FROM_ZERO: FilterSpec = ("aresample", (("async", 1), ("first_pts", 0)))
_OF_THE_WAV = frozenset({"ar", "ac", "channel_layout"})


def wanted(output: OutputPlan) -> bool:
    """Whether this output has such sound."""
    return any(audio.encoder == ENCODER for r in output.renditions for audio in r.audios)


def uncompressed(outputs: Sequence[OutputPlan]) -> list[OutputPlan]:
    """The same outputs with nothing but the sound that fdkaac is to encode, as WAV files."""
    found = []
    for output in outputs:
        files = tuple(_wav(name, audio) for _, _, name, audio in _tracks(output))
        if files:
            join = output.join.model_copy(update={"has_picture": False}) if output.join else None
            found.append(output.model_copy(update={"renditions": files, "join": join}))
    return found


def encodes(outputs: Sequence[OutputPlan]) -> tuple[Command, ...]:
    """One run of fdkaac for each track."""
    return tuple(
        Command(program="fdkaac", argv=_argv(name, audio), outputs=(output.index,), expected_seconds=output.expected_seconds)
        for output in outputs
        for _, _, name, audio in _tracks(output)
    )


def copied_in(plan: Plan, outputs: Sequence[OutputPlan]) -> tuple[Plan, list[OutputPlan]]:
    """Plan and outputs with each such track as a copy of the file that fdkaac made."""
    sources = list(plan.sources)
    done = []
    for output in outputs:
        renditions = list(output.renditions)
        for at, number, name, audio in _tracks(output):
            sources.append(Source(file=f"{name}.m4a", format=MP4))
            copy = audio.model_copy(
                update={"encoder": "copy", "pads": (Pad(source=len(sources) - 1, stream=0, codec="aac"),), "filters": (), "mixed": (), "options": ()}
            )
            audios = renditions[at].audios
            renditions[at] = renditions[at].model_copy(update={"audios": (*audios[:number], copy, *audios[number + 1 :])})
        done.append(output.model_copy(update={"renditions": tuple(renditions), "join": _still_heard(output.join, renditions)}))
    return plan.model_copy(update={"sources": tuple(sources)}), done


def _tracks(output: OutputPlan) -> Iterator[tuple[int, int, str, AudioPlan]]:
    """Position of the rendition and of the track, a name for its files, and the track."""
    for at, rendition in enumerate(output.renditions):
        for number, audio in enumerate(rendition.audios):
            if audio.encoder == ENCODER:
                yield at, number, f"{PurePosixPath(rendition.file).stem}-fdk{number}", audio


def _wav(name: str, audio: AudioPlan) -> RenditionPlan:
    options = tuple((key, value) for key, value in audio.options if key in _OF_THE_WAV)
    plain = audio.model_copy(update={"encoder": "pcm_s16le", "codec": "pcm_s16le", "options": options, "mixed": (*audio.mixed, FROM_ZERO)})
    mux = ("-map_metadata", "-1", "-map_chapters", "-1", "-rf64", "auto", "-f", "wav")
    return RenditionPlan(name=name, file=f"{name}.wav", audios=(plain,), mux_options=mux, expected=Expected())


def _argv(name: str, audio: AudioPlan) -> tuple[str, ...]:
    options = dict(audio.options)
    bits = round(float(options["b"].removesuffix("k")) * 1000)
    return ("-S", "-p", options["profile"], "-b", str(bits), "-G", "1", "--include-sbr-delay", "-o", f"{name}.m4a", f"{name}.wav")


def _still_heard(join: Join | None, renditions: Sequence[RenditionPlan]) -> Join | None:
    """The join, without its sound where all of that went to fdkaac."""
    if join is None or any(not audio.pads or _branches(audio) for r in renditions for audio in r.audios):
        return join
    return join.model_copy(update={"has_sound": False})


def _branches(audio: AudioPlan) -> bool:
    return any(isinstance(step, Branch) and step.pad is None for step in audio.mixed)
