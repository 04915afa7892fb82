"""The page that compares two outputs, or an output with its source, and the pictures that it shows."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import FileResponse, Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from console.auth import viewer
from console.error_texts import translated
from jobs.comparing import frames as compare_frames
from jobs.comparing import report
from jobs.comparing import sides as compare
from jobs.comparing.sides import SOURCE, Side
from jobs.engine.errors import ReelmillError
from jobs.models import Output
from jobs.quality.chart import curve
from jobs.states import JobState

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from jobs.comparing.sides import Dip

MODES = ("split", "side", "flicker")


def _output(output_id: str) -> Output:
    """An output that is there and has a picture. Raises Http404."""
    row = Output.objects.select_related("job__pipeline").filter(pk=output_id[:32], state=JobState.SUCCEEDED, job__kind="transcode").first()
    if row is None or not any(not video.get("attached_picture") for video in (row.media_info or {}).get("video") or []):
        raise Http404(_("There is no such output with a picture."))
    return row


def _sides(a: str, b: str) -> tuple[Side, Side]:
    """Both sides. One of them at most is the source, that of the other. Raises Http404."""
    if a == SOURCE:
        other = compare.side("B", _output(b), source=False)
        return compare.side("A", other.output, source=True), other
    first = compare.side("A", _output(a), source=False)
    return first, compare.side("B", first.output if b == SOURCE else _output(b), source=b == SOURCE)


def _seconds(text: str) -> float:
    try:
        value = float(text or 0)
    except ValueError:
        return 0.0
    return value if 0 <= value < 86_400 else 0.0


@require_GET
@viewer
def compare_page(request: HttpRequest) -> HttpResponse:
    """Compare ``a`` with ``b``; ``o`` twice, as two ticks of a list are sent, is the same. One alone is compared with its source."""
    ticked = [one for one in request.GET.getlist("o") if one][:2]
    if ticked:
        chosen = dict(zip("ab", (*ticked, SOURCE), strict=False))
        return redirect(f"{reverse('jobs:compare')}?{urlencode(chosen | {'mode': 'split'})}")
    if not request.GET.get("a"):
        return render(request, "jobs/compare_none.html")
    a, b = _sides(request.GET["a"], request.GET.get("b") or SOURCE)
    return render(request, "jobs/compare.html", _context(request, a, b))


def _context(request: HttpRequest, a: Side, b: Side) -> dict[str, Any]:
    """What the page shows, and the report."""
    mode = request.GET.get("mode", "")
    mode = mode if mode in MODES else MODES[0]
    length = min((one.seconds for one in (a, b) if one.seconds), default=0.0)
    base = b if a.source else a
    last = len(base.course) - 1
    number = base.course.at(_seconds(request.GET.get("t", "")))

    def here(to: int, in_mode: str = mode) -> str:
        return "?" + urlencode({"a": a.id, "b": b.id, "mode": in_mode, "t": f"{base.course.since(max(0, min(last, to))):.3f}"})

    both = urlencode({"a": a.id, "b": b.id})
    seconds = base.course.since(number)
    moment = urlencode({"t": f"{seconds:.3f}"})
    return {
        "a": a,
        "b": b,
        "sides": [
            (
                one,
                f"{reverse('jobs:compare_frame')}?{urlencode({'output': one.output.id, 'source': int(one.source), 't': f'{_moment(base, number, one):.6f}'})}",
            )
            for one in (a, b)
        ],
        "mode": mode,
        "modes": [(name, label, here(number, name)) for name, label in zip(MODES, (_("Split"), _("Side by side"), _("Flicker")), strict=True)],
        "rows": compare.rows(a, b, _source_size(base)),
        "number": number,
        "last": last,
        "seconds": seconds,
        "steps": [(here(number - 1), number > 0), (here(number + 1), number < last)],
        "dips": [(dip, here(dip.number)) for dip in _dips(a, b, length)],
        "curves": [(one, curve(one.series, one.series_times, length)) for one in (a, b) if one.series],
        "rates": report.rates((a, b), length),
        "cursor": compare.share(seconds, length),
        "ticks": [(f"{part}%", length * part / 100, anchor) for part, anchor in ((0, "start"), (50, "middle"), (100, "end"))],
        "length": length,
        "unmeasured": [one for one in (a, b) if not one.source and not one.output.quality],
        "exports": [
            (_("Report to print"), f"{reverse('jobs:compare_report')}?{both}&{moment}", ""),
            ("CSV", f"{reverse('jobs:compare_csv')}?{both}", "compare.csv"),
            ("JSON", f"{reverse('jobs:compare_json')}?{both}", "compare.json"),
            (_("Both pictures as PNG"), f"{reverse('jobs:compare_pair')}?{both}&{moment}", "compare.png"),
        ],
        "page_url": f"{reverse('jobs:compare')}{here(number)}",
    }


def _moment(base: Side, number: int, one: Side) -> float:
    """Where to open the file of a side for its picture that belongs to a picture of ``base``, s."""
    return one.course.moment(number if one is base else compare.partner(base, number, one))


def _dips(a: Side, b: Side, length: float) -> list[Dip]:
    """The lowest moments, by the pictures of the side that is no source."""
    base = b if a.source else a
    return compare.dips([base, *(one for one in (a, b) if one is not base)], length)


@require_GET
@viewer
def compare_report(request: HttpRequest) -> HttpResponse:
    """The same on one page to print, with the pictures of ``t``."""
    a, b = _sides(request.GET.get("a", ""), request.GET.get("b") or SOURCE)
    return render(request, "jobs/compare_report.html", _context(request, a, b))


def _source_size(one: Side) -> int | None:
    size = (one.output.job.probe or {}).get("size")
    return int(size) if size else None


@require_GET
@viewer
def compare_frame(request: HttpRequest) -> HttpResponseBase:
    """The picture of ``output`` (``source=1``: of its source) at ``t`` seconds from the beginning of its file, as PNG; a sentence where there is none."""
    try:
        path = compare_frames.picture(_output(request.GET.get("output", "")), _seconds(request.GET.get("t", "")), source=request.GET.get("source") == "1")
        response = FileResponse(path.open("rb"), content_type="image/png")
    except ReelmillError as error:
        return HttpResponse(translated(error.message), status=404, content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "private, max-age=600"
    return response


@require_GET
@viewer
def compare_csv(request: HttpRequest) -> HttpResponse:
    """VMAF of both sides, picture by picture, with the bitrate of that second."""
    a, b = _sides(request.GET.get("a", ""), request.GET.get("b") or SOURCE)
    response = HttpResponse(content_type="text/csv; charset=utf-8", headers={"Content-Disposition": 'attachment; filename="compare.csv"'})
    csv.writer(response).writerows(report.csv_lines(a, b))
    return response


@require_GET
@viewer
def compare_json(request: HttpRequest) -> HttpResponse:
    """Figures, lowest moments and series of both sides."""
    a, b = _sides(request.GET.get("a", ""), request.GET.get("b") or SOURCE)
    length = min((one.seconds for one in (a, b) if one.seconds), default=0.0)
    found = report.document(a, b, compare.rows(a, b, _source_size(b if a.source else a)), _dips(a, b, length))
    return JsonResponse(found, json_dumps_params={"ensure_ascii": False}, headers={"Content-Disposition": 'attachment; filename="compare.json"'})


@require_GET
@viewer
def compare_pair(request: HttpRequest) -> HttpResponse:
    """The pictures of ``t`` beside each other as one PNG; a sentence where there is none."""
    a, b = _sides(request.GET.get("a", ""), request.GET.get("b") or SOURCE)
    base = b if a.source else a
    number = base.course.at(_seconds(request.GET.get("t", "")))
    try:
        left, right = (compare_frames.picture(one.output, _moment(base, number, one), source=one.source) for one in (a, b))
        made = report.pair(left, right)
    except ReelmillError as error:
        return HttpResponse(translated(error.message), status=404, content_type="text/plain; charset=utf-8")
    return HttpResponse(made, content_type="image/png", headers={"Content-Disposition": 'attachment; filename="compare.png"'})
