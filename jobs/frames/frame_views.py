"""A frame of a job's input, to draw areas on. Operators only: it opens the input."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from console.auth import operator
from console.error_texts import translated
from jobs.engine.address import Address
from jobs.engine.errors import JobError, ReelmillError, Refused
from jobs.ffmpeg import sandbox
from jobs.ffmpeg.limits import for_probe
from jobs.media_tools import media_tools
from media_assets.models import Media
from templates_app.marks.grounds import SECONDS, folder, of_media

if TYPE_CHECKING:
    from django.http import HttpRequest

SIDE = 960  # px of the longer side
NAME = "frame.jpg"


@require_GET
@operator
def input_frame(request: HttpRequest) -> HttpResponse:
    """The upright frame of ``input`` at ``at`` seconds, as JPEG; a sentence where there is none."""
    try:
        source = Address.parse(request.GET.get("input", ""))
        at = min(86_400.0, max(0.0, float(request.GET.get("at") or 0.0)))
    except ValueError:
        return HttpResponse(_("There is no such media."), status=404, content_type="text/plain; charset=utf-8")
    media = Media.objects.filter(bucket=source.bucket, key=source.key).first()
    try:
        if media is None:
            raise Refused("NotFound", _("There is no such media."))
        picture = _jpeg(of_media(media.id, at))
    except ReelmillError as error:
        return HttpResponse(translated(error.message), status=404, content_type="text/plain; charset=utf-8")
    response = HttpResponse(picture, content_type="image/jpeg")
    response["Cache-Control"] = "private, max-age=600"
    return response


def _jpeg(ground: Path) -> bytes:
    """The kept frame with square pixels, not larger than the page can show."""
    with tempfile.TemporaryDirectory(dir=folder(), prefix="room-") as name:
        room = Path(name)
        shutil.copyfile(ground, room / "input")
        scale = f"scale=trunc(iw*sar/2)*2:ih,scale={SIDE}:{SIDE}:force_original_aspect_ratio=decrease:force_divisible_by=2,setsar=1"
        argv = ["-nostdin", "-v", "error", "-y", "-protocol_whitelist", "file", "-format_whitelist", "matroska,webm", "-codec_whitelist", "ffv1", "-i", "input"]
        argv += ["-vf", scale, "-frames:v", "1", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "4", NAME]
        answer = sandbox.call(media_tools().ffmpeg, argv, cwd=room, limits=for_probe(SECONDS), timeout=SECONDS)
        if answer.exit_code or not (room / NAME).exists():
            raise JobError("ResourceContentBad", _("There is no picture at this time."))
        return (room / NAME).read_bytes()
