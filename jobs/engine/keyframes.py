"""Where key frames are forced, as an expression of ffmpeg. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def forced(seconds: float | None, cut_times: Sequence[float] = ()) -> str | None:
    """Key frames at every multiple of ``seconds`` and at ``cut_times``; None: nowhere.

    Counted from the first picture, as the muxer does: that may come after zero, and then multiples from zero would fall a little
    before the muxer's border and lose every second cut. st and ld are the expression's own memory.
    """
    cuts = [cut for cut in cut_times if cut > 0]
    if not seconds and not cuts:
        return None
    if not cuts:
        return f"expr:if(isnan(prev_forced_t),1+0*st(0,t),gte(t,ld(0)+n_forced*{seconds:g}))"
    # with cuts between, the number of forced frames says nothing: ask whether a border lies between the last forced frame and this one
    asks = [f"gte(t,ld(0)+{cut:g})*lt(prev_forced_t,ld(0)+{cut:g})" for cut in cuts]
    if seconds:
        asks.append(f"gt(floor((t-ld(0))/{seconds:g}+1e-6),floor((prev_forced_t-ld(0))/{seconds:g}+1e-6))")
    return f"expr:if(isnan(prev_forced_t),1+0*st(0,t),{'+'.join(asks)})"
