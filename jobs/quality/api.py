"""Quality of outputs as JSON: the same jobs as ``POST /jobs`` makes, with a short way to name an output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ninja import Router

from console.lib.http import read_object
from jobs import short_api
from jobs.engine.spec import QualitySpec
from jobs.quality.admission import of_output

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

router = Router(tags=["quality"])


class QualityRequest(QualitySpec, short_api.Awaited):
    """A quality job; what a job request says, without its kind. ``output`` alone is enough: input and distorted are then the output's own."""


@router.post("/quality", url_name="quality_create", **short_api.taking(QualityRequest))
def quality_create(request: HttpRequest) -> HttpResponse:
    """Measure an output against its source: VMAF, VMAF NEG, SSIM, PSNR, XPSNR, picture by picture. Role operator."""
    data = read_object(request)
    named = data.get("output")
    more = of_output(named) if isinstance(named, str) and not {"input", "distorted"} & data.keys() else {}
    return short_api.create(request, "quality", **more)
