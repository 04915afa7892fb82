"""About the command that a template makes, for people who read ffmpeg: planned by the engine for an ordinary source, 1280×720 at 30 frames a second."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jobs.engine.address import Address
from jobs.engine.argv import GLOBAL, commands
from jobs.engine.codecs import CONTAINERS
from jobs.engine.probe import AudioStream, Probe, VideoStream
from jobs.engine.resolve import resolve
from jobs.engine.spec import InputSpec, OutputSpec, TranscodeSpec
from jobs.engine.types import Strict

if TYPE_CHECKING:
    from jobs.engine.template import Template

SECONDS = 60.0
SOURCE = Probe(
    format_name="mov,mp4,m4a,3gp,3g2,mj2",
    duration=SECONDS,
    start=0.0,
    size=20_000_000,
    bitrate_kbps=2_667,
    video=(
        VideoStream(index=0, codec="h264", width=1280, height=720, pixel_format="yuv420p", fps=30.0, nominal_fps=30.0, bitrate_kbps=2_500, duration=SECONDS),
    ),
    audio=(AudioStream(index=1, codec="aac", sample_rate=48_000, channels=2, channel_layout="stereo", bitrate_kbps=160, duration=SECONDS),),
)


def command_line(template: Template) -> str:
    """The commands, one per line; empty where they depend on other files or on the input itself, which nobody has looked into."""
    if any(_addresses(template)) or template.encryption is not None or template.video.narrowband is not None:
        return ""
    extension = CONTAINERS[template.container.format].extension
    spec = TranscodeSpec(input=InputSpec(address=Address("input", "clip.mp4")), outputs=(OutputSpec(address=Address("output", f"clip.{extension}")),))
    plan = resolve(spec, [template], SOURCE)
    return "\n".join(f"{command.program} {shlex.join(_short(command.argv))}" for command in commands(plan))


def _short(argv: tuple[str, ...]) -> list[str]:
    """Without what stands in every command."""
    words = list(argv)
    if tuple(words[: len(GLOBAL)]) == GLOBAL:
        del words[: len(GLOBAL)]
    shown: list[str] = []
    skip = False
    for name in words:
        if skip:
            skip = False
        elif name in _GUARDS:
            skip = True
        else:
            shown.append(name)
    return shown


_GUARDS = frozenset({"-protocol_whitelist", "-format_whitelist", "-codec_whitelist", "-max_pixels", "-max_streams", "-max_alloc", "-threads", "-err_detect"})


def _addresses(value: Any) -> Iterator[Address]:
    if isinstance(value, Address):
        yield value
    elif isinstance(value, Strict):
        for name in type(value).model_fields:
            yield from _addresses(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _addresses(item)
