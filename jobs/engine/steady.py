"""Frame rates that a format or a codec insists on: constant ones (AVI, MXF, MPEG-2, MPEG-4), or one of a list (MXF, MPEG-2). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.engine.codecs import VIDEO, container
from jobs.engine.rates import constant_rate, source_fps

if TYPE_CHECKING:
    from jobs.engine.probe import VideoStream

FALLBACK = 25.0  # where a source does not tell its rate
SAME = 0.0005  # share by which two rates may differ and be one


def steady_rate(format_: str, codec: str, wanted: float | None, stream: VideoStream, warnings: list[str]) -> float | None:
    """Frames per second to convert to; None: the source's own timing is kept, which these formats allow only where it fits."""
    held, row = container(format_), VIDEO[codec]
    if not (held.steady or row.steady):
        return wanted
    rate = wanted or _usual(stream)
    for name, rates in ((row.name, row.frame_rates), (held.name, held.frame_rates)):
        if rates:
            nearest = min(rates, key=lambda one: (abs(one - rate), -one))
            if abs(rate - nearest) > SAME * nearest:
                warnings.append(f"{name} cannot use {rate:.5g} frames per second: {nearest:.5g} was used.")
            rate = nearest  # also where it is the same in all but the last digits: encoder and muxer compare exactly
    return rate


def _usual(stream: VideoStream) -> float:
    """The source's rate; of a variable one the nominal, if it is no fantasy."""
    own, nominal = source_fps(stream), stream.nominal_fps
    if own is None:
        return FALLBACK
    return nominal if nominal and not constant_rate(stream) and own <= nominal <= min(60.0, 2 * own) else own
