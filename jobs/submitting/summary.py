"""The summary beside the new-job form: what is known of the input, one line for each output, what is wrong, and the request as a program sends it."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _
from pydantic import ValidationError

from console.error_texts import translated
from jobs.admission import admit
from jobs.analysing.admission import lacks_analysis
from jobs.engine.combinations import check
from jobs.engine.errors import Refused
from jobs.engine.estimate import bytes_per_minute
from jobs.engine.template import Template, merge
from jobs.payloads import read_job_request
from media_assets.models import Media
from media_assets.storage import storage
from templates_app.summary import sentence

if TYPE_CHECKING:
    from django.http import HttpRequest

    from jobs.engine.address import Address
    from jobs.submitting.forms import JobForms
    from jobs.submitting.output_forms import OutputForm


@dataclass
class OutputLine:
    """One output: where it goes, what it will be, and about how large."""

    address: str
    template: str
    sentence: str
    size: int | None = None


@dataclass
class Summary:
    """All of it. ``problems`` are those that submit would refuse."""

    name: str = ""
    facts: list[str] = field(default_factory=list)
    size: int | None = None
    seconds: float | None = None
    known: bool = False
    outputs: list[OutputLine] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    analyse: bool = False
    """Whether an intelligent preset waits for an analysis of the input."""
    request_json: str = ""
    curl: str = ""

    @property
    def total(self) -> int | None:
        """Bytes of all outputs together, if every one could be estimated."""
        sizes = [line.size for line in self.outputs]
        return sum(size for size in sizes if size) if sizes and None not in sizes else None


def summarise(forms: JobForms, request: HttpRequest, *, judge: bool = True) -> Summary:
    """Read the forms as they are. ``judge``: also ask admission what it would refuse. Writes nothing.

    A form that was not sent yet is read through its initial values.
    """
    if not forms.main.is_bound:
        forms = _bound(forms)
    found = Summary()
    source = forms.source
    if source is not None:
        _input(found, source)
        found.analyse = lacks_analysis(source, [form.chosen for form in forms.outputs])
    shapes = forms.is_valid()
    clip = _clip(forms, found.seconds)
    for form in forms.outputs:
        found.outputs.append(_line(form, forms, source, clip))
    if not shapes:
        return found
    document = forms.document()
    found.request_json = json.dumps(document, ensure_ascii=False, indent=2)
    url = request.build_absolute_uri(reverse("api-v1:job_create"))
    found.curl = f"curl {shlex.quote(url)} -H 'Authorization: Bearer TOKEN' -H 'Content-Type: application/json' --data {shlex.quote(json.dumps(document, ensure_ascii=False))}"
    if judge:
        found.problems = _problems(document)
    return found


def _bound(forms: JobForms) -> JobForms:
    """The same forms as if they had been sent as they are drawn."""
    return type(forms)(forms.as_sent())


def _input(found: Summary, source: Address) -> None:
    found.name = source.name
    try:
        stat = storage(source.bucket).stat(source.key)
    except Refused:
        return
    if stat is None:
        return
    found.size = stat.size
    info = Media.objects.filter(bucket=source.bucket, key=source.key).values_list("info", flat=True).first()
    if not info:
        return
    found.known, found.seconds = True, info.get("duration")
    video = next((row for row in info.get("video") or [] if not row.get("attached_picture")), None)
    if video:
        rate = f" · {video['fps']:.5g} fps" if video.get("fps") else ""
        found.facts.append(f"{video['codec']} · {video['width']} × {video['height']}{rate}")
    for audio in (info.get("audio") or [])[:1]:
        found.facts.append(
            " · ".join(
                str(part)
                for part in (audio["codec"], f"{audio['sample_rate']} Hz" if audio.get("sample_rate") else "", audio.get("channel_layout") or "")
                if part
            )
        )


def _clip(forms: JobForms, seconds: float | None) -> float | None:
    """Seconds that will be processed."""
    cleaned = getattr(forms.main, "cleaned_data", {})
    start: float = cleaned.get("start") or 0.0
    duration: float | None = cleaned.get("duration")
    rest = None if seconds is None else max(0.0, seconds - start - (cleaned.get("end") or 0.0))
    if duration is None:
        return rest
    return duration if rest is None else min(rest, duration)


def _line(form: OutputForm, forms: JobForms, source: Address | None, seconds: float | None) -> OutputLine:
    valid = form.is_valid()
    line = OutputLine(form.result(source), form.chosen or _("Without a template"), form.chosen_text)
    params = forms.choices.params(form.chosen)
    if form.opaque or not valid:
        return line
    try:
        overrides = form.overrides()
        effective = merge(Template.model_validate_json(json.dumps(params)), overrides) if params else Template.model_validate_json(json.dumps(overrides))
    except ValidationError:
        return line
    line.sentence = sentence(effective.model_dump(mode="json"))
    if check(effective):
        return line
    length = min(seconds, effective.edit.duration) if seconds and effective.edit.duration else seconds
    if length and (per_minute := bytes_per_minute(effective)):
        line.size = round(per_minute * length / (effective.edit.speed or 1.0) / 60)
    return line


def _problems(document: dict[str, Any]) -> list[str]:
    """What submit would refuse, as sentences."""
    try:
        admit(read_job_request(document).spec, {})
    except Refused as error:
        return [_problem(problem.loc, problem.message) for problem in error.problems] or [translated(error.message)]
    return []


def _problem(loc: tuple[str | int, ...], message: str) -> str:
    text = _("Choose a container.") if loc[-1:] == ("container",) and message == "Field required" else translated(message)
    if len(loc) > 1 and loc[0] == "outputs" and isinstance(loc[1], int):
        return _("Output %(n)s: %(text)s") % {"n": loc[1] + 1, "text": text}
    return text
