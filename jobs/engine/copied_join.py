"""Files joined packet by packet, without encoding. Pure.

It is exact where all parts are whole and alike: the same streams in the same order, the same codecs with the same configuration (what decoders are told
before the first picture: its hash is compared). Then ffmpeg's list reader puts them one behind the other, as though they were one file. Pictures are exact. Most
sound codecs add a lead-in and fill up the last packet: where parts meet, packets that would not fit are left out, so that sound stays in step for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jobs.engine.errors import JobError
from jobs.engine.plan import Source, TextFile

if TYPE_CHECKING:
    from jobs.engine.cut import Piece
    from jobs.engine.plan import Pad
    from jobs.engine.probe import AudioStream, Probe, VideoStream
    from jobs.engine.sound import Sound
    from jobs.engine.sources import Sources

PACKETS = {"aac": 1024, "mp3": 1152, "mp2": 1152, "ac3": 1536, "eac3": 1536}
"""Samples of a packet, of codecs whose first and last packets hold more than the sound."""
SEAMLESS = frozenset({"flac", "alac"})  # and PCM
ROUGH = "Sound may be off by one of its packets where copied parts meet."


@dataclass(frozen=True)
class CopiedJoin:
    """``probe``: as though the parts were one file; ``source``: its position; ``text``: the list that has to lie in the room."""

    probe: Probe
    source: int
    text: TextFile

    def picture_pad(self, pad: Pad) -> Pad:
        """The picture of the list, for that of the first part."""
        return pad.model_copy(update={"source": self.source})


def joined(index: int, pieces: Sequence[Piece], sources: Sources) -> CopiedJoin:
    """Join these whole files in this order. Raises JobError ImpossibleCombination where a part is cut or is not like the first."""
    first = pieces[0].probe
    for number, piece in enumerate(pieces, start=1):
        if piece.span.clipped:
            raise JobError("ImpossibleCombination", f"Part {number} of the join is cut, and copied parts are joined whole: choose a codec.")
        if what := _unlike(first, piece.probe):
            raise JobError(
                "ImpossibleCombination", f"Part {number} of the join has {what} than part 1, so it cannot be joined without encoding: choose a codec."
            )
    probe = _as_file([piece.probe for piece in pieces])
    name = f"join{index}.ffconcat"
    seen = probe.picture
    source = Source(file=name, format="concat", inside=first.format_name, pixels=seen.width * seen.height if seen else 0)
    text = "".join(["ffconcat version 1.0\n", *(f"file {piece.file}\n" for piece in pieces)])
    return CopiedJoin(probe, sources.add(source), TextFile(name=name, content=text))


def in_step(sound: Sound, probe: Probe) -> Sound:
    """A copied track without the packets that do not fit where parts meet. Raises JobError ImpossibleCombination for codecs of whose packets that is not known.

    The expression remembers (0) where the next packet has to begin, if one follows the other without a gap.
    """
    plan = sound.plan
    if plan.codec in SEAMLESS or plan.codec.startswith("pcm_"):
        return sound
    samples = PACKETS.get(plan.codec)
    stream = next((s for s in probe.audio if s.index == plan.pads[0].stream), None)
    if samples is None or stream is None or not plan.sample_rate or (plan.codec == "aac" and stream.profile != "LC"):
        raise JobError("ImpossibleCombination", "This sound cannot be joined without encoding: choose a codec for it; the picture can be copied all the same.")
    if plan.codec in ("mp3", "mp2") and plan.sample_rate < 32000:
        samples = 576 if plan.codec == "mp3" else samples
    packet = samples / plan.sample_rate
    fits = f"if(n*lt(pts*tb,ld(0)-{packet / 2:.6f}),1,0*st(0,if(n,ld(0),pts*tb)+{packet:.9f}))"
    options = (*plan.options, ("bsf", f"noise=amount=0:drop='{fits}'"))
    return replace(sound, plan=plan.model_copy(update={"options": options}), warnings=(*sound.warnings, ROUGH))


def _unlike(first: Probe, other: Probe) -> str:
    """In what a part differs from the first; «» where it does not."""
    if first.format_name != other.format_name:
        return "another container"
    if [(s.index, s.codec) for s in _streams(first)] != [(s.index, s.codec) for s in _streams(other)]:
        return "other streams"
    one, two = first.picture, other.picture
    if one is not None and two is not None:
        if (one.width, one.height, one.sar, one.rotation) != (two.width, two.height, two.sar, two.rotation):
            return "another size"
        if (one.profile, one.pixel_format, one.field_order, one.configuration) != (two.profile, two.pixel_format, two.field_order, two.configuration):
            return "another encoding of its picture"
    for mine, theirs in zip(first.audio, other.audio, strict=True):
        if (mine.sample_rate, mine.channels, mine.configuration) != (theirs.sample_rate, theirs.channels, theirs.configuration):
            return "another encoding of its sound"
    return ""


def _streams(probe: Probe) -> list[VideoStream | AudioStream]:
    return [*([probe.picture] if probe.picture else []), *probe.audio]


def _as_file(probes: Sequence[Probe]) -> Probe:
    """What the join would be if it were a file. Cover pictures, subtitles, data and chapters do not go through."""
    first = probes[0]
    pictures = [p.picture for p in probes if p.picture]
    video: tuple[VideoStream, ...] = ()
    if first.picture is not None:
        frames = [p.frames for p in pictures]
        video = (
            first.picture.model_copy(
                update={
                    "duration": _sum([p.duration for p in pictures]),
                    "frames": None if None in frames else sum(count or 0 for count in frames),
                }
            ),
        )
    audio = tuple(sound.model_copy(update={"duration": _sum([p.audio[at].duration for p in probes])}) for at, sound in enumerate(first.audio))
    about = {"duration": _sum([p.duration for p in probes]), "size": None, "video": video, "audio": audio, "subtitle": (), "other": (), "chapters": 0}
    return first.model_copy(update=about)


def _sum(lengths: Sequence[float | None]) -> float | None:
    return None if None in lengths else sum(length or 0.0 for length in lengths)
