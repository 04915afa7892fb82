"""Less noise, sharper edges: which filter does it, and how strongly. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.engine.plan import FilterSpec
    from jobs.engine.template import Video

# hqdn3d looks at neighbours in space and time, takes 10 bit and is fast; nlmeans is better on stills, but 30 times slower and 8 bit only.
# Spatial luma and chroma, temporal luma and chroma: half, once and twice the filter's own defaults
_DENOISE: dict[str, tuple[float, float, float, float]] = {"light": (2.0, 1.5, 3.0, 2.25), "medium": (4.0, 3.0, 6.0, 4.5), "strong": (8.0, 6.0, 12.0, 9.0)}
# unsharp on brightness alone: sharpened chroma only gives coloured fringes
_SHARPEN = {"light": 0.5, "medium": 1.0, "strong": 1.5}


def denoised(video: Video) -> tuple[FilterSpec, ...]:
    """Before scaling, where noise still has the size of a pixel."""
    if video.denoise is None:
        return ()
    luma, chroma, luma_time, chroma_time = _DENOISE[video.denoise]
    return (("hqdn3d", (("luma_spatial", luma), ("chroma_spatial", chroma), ("luma_tmp", luma_time), ("chroma_tmp", chroma_time))),)


def sharpened(video: Video) -> tuple[FilterSpec, ...]:
    """After scaling, which blurs."""
    if video.sharpen is None:
        return ()
    return (("unsharp", (("luma_msize_x", 5), ("luma_msize_y", 5), ("luma_amount", _SHARPEN[video.sharpen]), ("chroma_amount", 0))),)
