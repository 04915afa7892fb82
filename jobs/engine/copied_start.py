"""Where a clip of a copied picture really begins: at the key frame before its start. Pure.

One file may tell its player what not to show. Segments cannot: Shaka Packager takes no times before zero, and a first segment without sound is one that
players do not start with. So a set begins at that key frame, with picture, sound and texts alike. Where it is has to be looked up before planning.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jobs.engine.argv import GLOBAL, opened
from jobs.engine.errors import JobError
from jobs.engine.packaging import FORMATS
from jobs.engine.plan import Command, Source
from jobs.engine.sampling import Measure, own_clip

if TYPE_CHECKING:
    from jobs.engine.cut import Span
    from jobs.engine.sources import Material
    from jobs.engine.spec import TranscodeSpec
    from jobs.engine.template import Template

_TIME = re.compile(r"\bpt:\s*(-?\d+(?:\.\d+)?)\b")


def wanted(spec: TranscodeSpec, templates: Sequence[Template], material: Material) -> tuple[Measure, ...]:
    """One measurement per start: it reads one packet. A clip that cannot be is left out: it fails later, with its code."""
    probe, stream = material.probe, material.probe.picture
    found: list[Measure] = []
    for template in templates if stream else ():
        with suppress(JobError):
            start = own_clip(spec.input, template.edit, probe.duration).start
            if stream and start and asks(template):
                argv = [*GLOBAL, *opened(Source(format=probe.format_name, start=start), (stream.codec,), copies=True)]
                argv += ["-map", f"0:{stream.index}", "-c", "copy", "-bsf:v", "showinfo", "-frames:v", "1", "-f", "null", "none"]
                found.append(Measure(_name(start), Command(argv=tuple(argv), files=1), read))
    return tuple(found)


def asks(template: Template) -> bool:
    """Whether the output is a set of one copied picture."""
    edit, video = template.edit, template.video
    return template.container.format in FORMATS and video.codec == "copy" and not (video.remove or edit.before or edit.after or edit.after_list)


def read(tail: str) -> float | None:
    """Seconds by which the key frame lies before the start, never too few; 0 where it lies behind it, None where there is none."""
    told = _TIME.search(tail)
    return max(0.0, math.ceil(-float(told[1]) * 1000) / 1000) if told else None


def led(template: Template, span: Span, measured: Mapping[str, Any]) -> float:
    """Seconds by which this output begins before ``span``."""
    return measured.get(_name(span.start)) or 0.0 if span.start and asks(template) else 0.0


def longer(span: Span, by: float) -> Span:
    """The span from so much earlier to the same end."""
    if not by:
        return span
    return replace(
        span,
        start=max(0.0, span.start - by),
        seconds=None if span.seconds is None else span.seconds + by,
        limit=None if span.limit is None else span.limit + by,
    )


def shifted(by: float) -> tuple[str, ...]:
    """Options of the input. It is opened at the asked start, which finds the key frame again, and its times are moved: the key frame comes at zero."""
    return ("-itsoffset", f"{by:.3f}") if by else ()


def _name(start: float) -> str:
    return f"keyframe:input:{start:.6f}"
