"""Where a clip of a copied picture really begins: at the key frame before its start. Pure.

A file without an index (MPEG-TS, MPEG-PS, and HLS as it is joined) is opened anywhere, and a copy begins at the next key frame: the one before the start has
to be looked up, and the file is opened there. So is a picture that is encoded beside something copied: it could not be trimmed alone.
One file may tell its player what not to show. Segments cannot: Shaka Packager takes no times before zero, and a first segment without sound is one that
players do not start with. So a set begins at that key frame, with picture, sound and texts alike. Where it is has to be looked up before planning.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from jobs.engine.argv import GLOBAL, opened
from jobs.engine.cut import seeks_badly
from jobs.engine.errors import JobError
from jobs.engine.packaging import FORMATS
from jobs.engine.plan import Command, Source
from jobs.engine.sampling import Measure, own_clip

if TYPE_CHECKING:
    from jobs.engine.cut import Span
    from jobs.engine.probe import Probe
    from jobs.engine.sources import Material
    from jobs.engine.spec import TranscodeSpec
    from jobs.engine.template import Template

LOOK_BACK = 60.0  # s: key frames of broadcasts and recordings are hardly ever further apart, and more would have to be read
NONE_BEFORE = "No key frame was found in the 60 s before the clip's start: the picture begins at the one after it."
_EARLIER = 0.001  # s: less than a frame, more than what is lost by writing milliseconds
_TIME = re.compile(r"\bpt:\s*(-?\d+(?:\.\d+)?)\b")
_TIMES = re.compile(r"\bpt:\s*(-?\d+(?:\.\d+)?)\s+dts:\s*\S+\s+dt:\s*(-?\d+(?:\.\d+)?)\b")


def wanted(spec: TranscodeSpec, templates: Sequence[Template], material: Material) -> tuple[Measure, ...]:
    """One measurement per start: it reads one packet, or LOOK_BACK where there is no index. A clip that cannot be is left out: it fails later, with its code."""
    probe, stream = material.probe, material.probe.picture
    found: list[Measure] = []
    for template in templates if stream else ():
        with suppress(JobError):
            start = own_clip(spec.input, template.edit, probe.duration).start
            if not stream or not start:
                continue
            if looked_back(template, probe):
                back = min(start, LOOK_BACK)
                argv = [*GLOBAL, *opened(Source(format=probe.format_name, start=start - back, duration=back), (stream.codec,), copies=True)]
                argv += ["-map", f"0:{stream.index}", "-c", "copy", "-bsf:v", "noise=drop=not(key),showinfo", "-f", "null", "none"]
                found.append(Measure(_name(start), Command(argv=tuple(argv), files=1), partial(read_back, back=back)))
            elif asks(template):
                argv = [*GLOBAL, *opened(Source(format=probe.format_name, start=start), (stream.codec,), copies=True)]
                argv += ["-map", f"0:{stream.index}", "-c", "copy", "-bsf:v", "showinfo", "-frames:v", "1", "-f", "null", "none"]
                found.append(Measure(_name(start), Command(argv=tuple(argv), files=1), read))
    return tuple(found)


def asks(template: Template) -> bool:
    """Whether the output is a set of one copied picture."""
    return template.container.format in FORMATS and template.video.codec == "copy" and _of_one_file(template)


def looked_back(template: Template, probe: Probe) -> bool:
    """Whether the picture of this file without an index goes beside something that passes no filter, itself perhaps, so that it cannot be opened early and trimmed."""
    return seeks_badly(probe) and _of_one_file(template) and (untrimmed(template) or bool(probe.subtitle))


def untrimmed(template: Template) -> bool:
    """Whether a stream is copied: what passes no filter cannot be trimmed."""
    return "copy" in (template.video.codec, template.audio.codec, *(track.codec for track in template.audios))


def _of_one_file(template: Template) -> bool:
    edit = template.edit
    return not (template.video.remove or edit.before or edit.after or edit.after_list)


def read(tail: str) -> float | None:
    """Seconds by which the key frame lies before the start, never too few; 0 where it lies behind it, None where there is none."""
    told = _TIME.search(tail)
    return max(0.0, math.ceil(-float(told[1]) * 1000) / 1000) if told else None


def read_back(tail: str, back: float) -> tuple[float, float] | None:
    """Seconds by which the last key frame before the start lies before it: in the file, where it has to be opened, and as it is shown. None where there is none."""
    before = [(float(shown), float(stored)) for shown, stored in _TIMES.findall(tail) if float(shown) <= back]
    if not before:
        return None
    shown, stored = before[-1]
    return math.ceil((back - min(shown, stored) + _EARLIER) * 1000) / 1000, max(0.0, math.ceil((back - shown) * 1000) / 1000)


def led(template: Template, span: Span, measured: Mapping[str, Any]) -> float:
    """Seconds by which this output begins before ``span``."""
    if not span.start or not asks(template):
        return 0.0
    found = measured.get(_name(span.start))
    return (found[1] if isinstance(found, tuple) else found) or 0.0


def early(template: Template, probe: Probe, span: Span, measured: Mapping[str, Any]) -> float:
    """Seconds by which a file without an index has to be opened before ``span``."""
    found = measured.get(_name(span.start)) if span.start and looked_back(template, probe) else None
    return min(span.start, found[0]) if isinstance(found, tuple) else 0.0


def missed(template: Template, probe: Probe, span: Span, measured: Mapping[str, Any]) -> bool:
    """Whether the key frame before ``span`` was looked for in vain."""
    return bool(span.start) and looked_back(template, probe) and measured.get(_name(span.start), 0.0) is None


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
    """Options of the input: its times are moved. It is opened at the asked start, which finds the key frame again, and that comes at zero; or it is opened
    earlier by ourselves, and the asked start comes at zero (then ``by`` is negative)."""
    return ("-itsoffset", f"{by:.3f}") if by else ()


def _name(start: float) -> str:
    return f"keyframe:input:{start:.6f}"
