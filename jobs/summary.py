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
    from jobs.transcode_forms import JobForms, OutputForm


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
    data: dict[str, Any] = {"outputs-count": str(len(forms.outputs))}
    for form in (forms.main, *forms.outputs):
        for bound in form:
            value = bound.value()
            if value not in (None, "", False):
                data[bound.html_name] = value
            elif not value and (choices := getattr(bound.field, "choices", None)) and bound.field.required:
                data[bound.html_name] = _first(choices)
    return type(forms)(data)


def _first(choices: Any) -> str:
    """What a browser shows of a list in which nothing is chosen."""
    for value, label in choices:
        if isinstance(label, list | tuple):
            return str(label[0][0]) if label else ""
        return str(value)
    return ""


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
        rate = f" · {video['fps']:g} fps" if video.get("fps") else ""
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
    rest = None if seconds is None else max(0.0, seconds - start)
    if duration is None:
        return rest
    return duration if rest is None else min(rest, duration)


def _line(form: OutputForm, forms: JobForms, source: Address | None, seconds: float | None) -> OutputLine:
    form.is_valid()
    name = str(form["template"].value() or "")
    line = OutputLine(form.result(source), forms.choices.name(name), "")
    params = forms.choices.params(name)
    if not params:
        return line
    line.sentence = sentence(params)
    if not form.is_valid():
        return line
    try:
        effective = merge(Template.model_validate_json(json.dumps(params)), form.document(None).get("overrides", {}))
    except ValidationError:
        return line
    line.sentence = sentence(effective.model_dump(mode="json"))
    if seconds and (per_minute := bytes_per_minute(effective)):
        line.size = round(per_minute * seconds / 60)
    return line


def _problems(document: dict[str, Any]) -> list[str]:
    """What submit would refuse, as sentences."""
    try:
        admit(read_job_request(document).spec, {})
    except Refused as error:
        return [_problem(problem.loc, problem.message) for problem in error.problems] or [translated(error.message)]
    return []


def _problem(loc: tuple[str | int, ...], message: str) -> str:
    text = translated(message)
    if len(loc) > 1 and loc[0] == "outputs" and isinstance(loc[1], int):
        return _("Output %(n)s: %(text)s") % {"n": loc[1] + 1, "text": text}
    return text
